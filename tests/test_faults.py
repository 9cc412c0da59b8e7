"""A person's mistake and a service that is away are told in one line; a defect keeps its trace."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mart.cli import main
from mart.edges.aws import AwsError
from mart.settings import ROOT


@pytest.mark.parametrize("error", [AwsError("S3: it is away"), ValueError("nobody thought of this")])
def test_an_error_of_ours_is_one_line_and_a_defect_is_not(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("mart.edges.duck.ask", fail)
    done = CliRunner().invoke(main, ["query", "SELECT 1"])
    assert done.exit_code == 1
    if isinstance(error, AwsError):
        assert done.stderr == "Error: S3: it is away\n"
    else:
        assert done.exception is error


def test_a_spark_without_the_jars_of_s3_is_told_which_command_fetches_them(tmp_path: Path) -> None:
    conf = (ROOT / ".spark-conf" / "spark-defaults.conf").read_text()
    (tmp_path / "spark-defaults.conf").write_text(conf.replace(f":{ROOT}/.jars/s3/*", ""))
    place = {
        "MART_LAKE": "s3a://shop/lake",
        "MART_AWS__ENDPOINT_URL": "http://127.0.0.1:1",
        "SPARK_CONF_DIR": str(tmp_path),
    }
    mart = Path(sys.executable).with_name("mart")
    done = subprocess.run(
        [mart, "maintain", "--home", tmp_path], capture_output=True, text=True, env=os.environ | place, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "Error: s3a://shop/lake: this Spark can't reach S3; run `make jars-s3`"
    assert "Traceback" not in done.stderr
