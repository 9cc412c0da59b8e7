"""emr/bootstrap.sh as it is, in a clean folder: aws copies from a folder, and sudo has another root."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.test_targets import NAMES, make, on_cluster, python

SCRIPT = Path(__file__).parents[2] / "emr" / "bootstrap.sh"
# s3://bucket/… lies in a folder; nothing else of `aws` is known.
AWS = """#!/usr/bin/env bash
[[ "$1 $2 $3 $4" == "s3 cp --recursive --only-show-errors" ]] || exit 64
mkdir -p "$6" && cp -R "{bucket}/${{5#s3://bucket/}}/." "$6"
"""
SUDO = """#!/usr/bin/env bash
exec "${{@//\\/opt\\/mart/{opt}}}"
"""


def test_the_script_is_clean_for_shellcheck() -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"
    done = subprocess.run([shellcheck, SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_without_a_release_it_says_how_it_is_used() -> None:
    done = subprocess.run(["bash", SCRIPT], capture_output=True, text=True)
    assert done.returncode != 0
    assert "usage: bootstrap.sh s3://BUCKET/RELEASE/emr" in done.stderr


def node(tmp_path: Path, version: str) -> dict[str, str]:
    """Make a machine of a cluster: its programs, and where /opt/mart is."""
    programs = tmp_path / "bin"
    programs.mkdir()
    opt = str(tmp_path / "opt" / "mart").replace("/", "\\/")
    for name, text in (("aws", AWS.format(bucket=tmp_path / "bucket")), ("sudo", SUDO.format(opt=opt))):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (tmp_path / "opt").mkdir()
    return {"PATH": f"{programs}:/usr/bin:/bin", "MART_PYTHON": python(version), "PIP_CONFIG_FILE": "/dev/null"}


def test_a_release_that_is_not_there_fails_the_node(tmp_path: Path) -> None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    words = ["bash", SCRIPT, "s3://bucket/r1/emr"]
    done = subprocess.run(words, env=node(tmp_path, here), capture_output=True, text=True)
    assert done.returncode != 0, "a node without our code must not join the cluster"
    assert not (tmp_path / "opt" / "mart").exists()


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_node_can_run_jobs_afterwards_and_knows_them_by_name(tmp_path: Path) -> None:
    made = make("emr", tmp_path / "dist")
    variables = node(tmp_path, made.python)
    shutil.copytree(tmp_path / "dist" / "emr", tmp_path / "bucket" / "r1" / "emr")
    words = ["bash", tmp_path / "bucket" / "r1" / "emr" / "bootstrap.sh", "s3://bucket/r1/emr"]
    done = subprocess.run(words, env=variables, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    installed = tmp_path / "opt" / "mart"
    program, views = installed / "bin" / "python", installed / "jobs" / "batch" / "views.py"
    assert "--available-now" in on_cluster(program, views, "--help")
    assert on_cluster(program, "-c", NAMES) == f"{installed} batch/views\n"
    code = "from mart.settings import Settings; print(sorted(Settings.read().shops))"
    assert on_cluster(program, "-c", code) == "['amazon-in', 'ebay-de', 'flipkart']\n"
