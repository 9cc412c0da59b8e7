"""Where the files beside the code are, wherever the code has been put; and what a job is called there."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from mart import job
from mart.cli import main
from mart.settings import ROOT
from mart.settings.places import root


@pytest.mark.parametrize("below", ["lib", "lib/python3.11/site-packages", "."], ids=["clone", "cluster", "lambda"])
def test_files_lie_beside_the_code_in_every_form_of_it(below: str, tmp_path: Path) -> None:
    code = tmp_path / below / "mart" / "settings" / "places.py"
    assert root(code) == tmp_path / below, "a wheel alone brings none along"
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "shops.toml").touch()
    assert root(code) == tmp_path


def test_a_job_is_called_by_its_layer_though_a_cluster_puts_its_file_elsewhere() -> None:
    assert job.called(Path("views.py")) == "batch/views"
    assert job.called(Path("/tmp/spark-1/live.py")) == "streaming/live"
    assert job.called(Path("/tmp/spark-1/other.py")) == "other"


def test_a_place_to_upload_to_must_be_one_of_s3_and_is_looked_at_first(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["package", "--to", "my-bucket", "--out", str(tmp_path / "dist")])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--to my-bucket: say s3://BUCKET/RELEASE" in done.stderr
    assert not (tmp_path / "dist").exists()


def test_here_it_is_the_clone() -> None:
    assert (ROOT / "requirements.lock").exists()
