"""Targets made whole: what is in them imports in a bare environment, for the target's own Python.

The offers' function is made in `make test`; all targets in `make soak`: they fetch hundreds of megabytes.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner

from mart.cli import main
from mart.packaging import manifest
from mart.packaging.manifest import Manifest

ROOT = Path(__file__).parents[2]
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def make(target: str, out: Path, python: str = "") -> Manifest:
    """Make a target as the command does."""
    done = CliRunner().invoke(main, ["package", "--target", target, "--out", str(out), "--json"])
    assert done.exit_code == 0, done.stderr
    (told,) = json.loads(done.stdout)["targets"]
    made = manifest.read((out / target / "manifest.json").read_text())
    assert json.loads(json.dumps(told)) == json.loads((out / target / "manifest.json").read_text())
    assert made.files == manifest.files(out / target)
    return made


def python(version: str) -> str:
    """Find a Python of a target's version, or skip the test: a wheel with machine code fits one alone."""
    found = sys.executable if version == HERE else shutil.which(f"python{version}")
    told = found and subprocess.run(
        [found, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True
    )
    if not told or told.stdout.strip() != f"({version.replace('.', ', ')})":
        pytest.skip(f"no Python {version} here")
    return str(found)


def bare(program: str, folder: Path, code: str) -> str:
    """Run code where nothing but a folder can be imported, no variable is set, and there is no site."""
    words = [program, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"]
    done = subprocess.run(words, env={}, cwd=folder, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def unzipped(file: Path, to: Path) -> Path:
    with ZipFile(file) as archive:
        archive.extractall(to)
    return to


OFFERS = """
import offers_lambda
from mart.staging.events import NoKafkaEvent
try:
    offers_lambda.handler({"records": {}}, None)
except NoKafkaEvent as error:
    print(error)
assert "pyspark" not in sys.modules
"""
SCRAPE = """
import scrape_lambda, scrapers.crawl, scrapers.spiders.shop
from mart.scraping import NoShop
try:
    scrape_lambda.scraper()({"shop": "nobody"}, 900, "request")
except NoShop as error:
    print(error)
assert "pyspark" not in sys.modules
"""


def test_the_function_that_loads_offers_runs_in_a_bare_environment(tmp_path: Path) -> None:
    made = make("lambda-offers", tmp_path)
    assert "pyspark" not in made.packages
    assert made.packages["product-mart"] == made.version
    folder = unzipped(tmp_path / "lambda-offers" / "lambda-offers.zip", tmp_path / "there")
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 250 * 2**20
    assert "has no records" in bare(python(made.python), folder, OFFERS)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_the_function_that_crawls_runs_in_a_bare_environment(tmp_path: Path) -> None:
    made = make("lambda-scrape", tmp_path)
    folder = unzipped(tmp_path / "lambda-scrape" / "lambda-scrape.zip", tmp_path / "there")
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 250 * 2**20
    said = bare(python(made.python), folder, SCRAPE)
    assert "amazon-in, ebay-de, flipkart" in said, "conf/shops.toml lies beside the code"


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_the_same_clone_makes_the_same_bytes(tmp_path: Path) -> None:
    first, second = (make("lambda-offers", tmp_path / name) for name in ("one", "two"))
    assert first == second


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ["emr", "glue"])
def test_every_job_and_all_that_it_needs_is_in_a_target_and_spark_is_not(name: str, tmp_path: Path) -> None:
    made = make(name, tmp_path)
    jobs = {f"jobs/{file.parent.name}/{file.name}" for file in (ROOT / "jobs").glob("*/*.py")}
    assert {file for file in made.files if file.startswith("jobs/")} == {one for one in jobs if "_lambda" not in one}
    assert {jar.rpartition("-")[0] for jar in made.jars} == {
        *("jars/commons-pool2", "jars/kafka-clients"),
        *("jars/spark-sql-kafka-0-10_2.13", "jars/spark-token-provider-kafka-0-10_2.13"),
    }
    assert "pyspark" not in made.packages
    assert {"delta-spark", "mlflow", "product-mart", "snowflake-connector-python"} <= made.packages.keys()
    if name == "glue":
        with ZipFile(tmp_path / "glue" / "product-mart.gluewheels.zip") as archive:
            wheels = {Path(one).name for one in archive.namelist() if one.endswith(".whl")}
            asked = archive.read("wheels/requirements.txt").decode().split()
        assert len(wheels) == len(asked) == len(made.packages) - 1
        assert not any(one.startswith(("delta", "pyspark")) for one in wheels)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_environment_of_emr_serverless_runs_a_job_with_the_clusters_spark(tmp_path: Path) -> None:
    make("emr-serverless", tmp_path)
    there = tmp_path / "environment"
    with tarfile.open(tmp_path / "emr-serverless" / "environment.tar.gz") as archive:
        archive.extractall(there, filter="fully_trusted")
    program = there / "bin" / "python"
    if not program.exists():
        pytest.skip(f"no {program.readlink()} here")
    assert cluster_help(program, tmp_path / "emr-serverless" / "jobs" / "batch" / "views.py", tmp_path)
    listed = subprocess.run(
        [program, "-c", "from mart.settings import ROOT; print(ROOT)"], capture_output=True, text=True
    )
    assert listed.stdout.strip() == str(there)


def cluster_help(program: Path, job: Path, folder: Path) -> bool:
    """Ask a job for its --help, with a cluster's Python, and pyspark from zips as YARN has it."""
    import pyspark

    zips = sorted((Path(pyspark.__file__).parent / "python" / "lib").glob("*.zip"))
    variables = {"PYTHONPATH": os.pathsep.join(map(str, zips)), "PATH": os.environ["PATH"]}
    done = subprocess.run([program, job, "--help"], env=variables, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return "--available-now" in done.stdout
