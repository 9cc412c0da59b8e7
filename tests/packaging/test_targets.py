"""Targets made whole: what is in them imports in a bare environment, for the target's own Python.

The offers' function is made in `make test`; all targets in `make soak`: they fetch hundreds of megabytes.
"""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pyspark
import pytest

from mart.packaging import make as making
from mart.packaging import manifest
from mart.packaging.manifest import Manifest
from mart.packaging.targets import TARGETS

ROOT = Path(__file__).parents[2]
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def make(name: str, out: Path, python: str = "") -> Manifest:
    """Make a target for this machine's processor; for another Python than its own, if one is said."""
    target = replace(TARGETS[name], python=python or TARGETS[name].python)
    made = making.make(target, ROOT, out, platform.machine(), lambda step, total: None)
    assert manifest.read((out / name / "manifest.json").read_text()) == made
    assert made.files == manifest.files(out / name)
    return made


def python(version: str) -> str:
    """Find a Python of a version, or skip the test: a wheel with machine code fits one alone."""
    found = sys.executable if version == HERE else shutil.which(f"python{version}")
    asked = [found, "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
    if not found or subprocess.run(asked, capture_output=True, text=True).stdout.strip() != version:
        pytest.skip(f"no Python {version} here")
    return found


def bare(program: str, folder: Path, code: str) -> str:
    """Run code where nothing but a folder can be imported, as a function of Lambda's: no other variable is set, and there is no site."""
    words = [program, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"]
    done = subprocess.run(words, env=ON_LAMBDA, cwd=folder, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def unzipped(file: Path, to: Path) -> Path:
    with ZipFile(file) as archive:
        archive.extractall(to)
    return to


ON_LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "function"}  # so a function counts its invocations, as it does there
COUNTED = '"mart_invocation_errors": 1'

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
class Context:
    aws_request_id = "request"
    get_remaining_time_in_millis = lambda self: 900_000
try:
    scrape_lambda.handler({"shop": "nobody"}, Context())
except NoShop as error:
    print(error)
assert "pyspark" not in sys.modules
"""


# A job knows its layer, though its file lies elsewhere, for jobs/ lies beside the code.
NAMES = "from pathlib import Path; from mart import job; print(job.ROOT, job.called(Path('/tmp/x/views.py')))"


@pytest.mark.timeout(900)
def test_the_function_that_loads_offers_runs_in_a_bare_environment(tmp_path: Path) -> None:
    made = make("lambda-offers", tmp_path, HERE)
    assert "pyspark" not in made.packages
    assert made.packages["product-mart"] == made.version
    folder = unzipped(tmp_path / "lambda-offers" / "lambda-offers.zip", tmp_path / "there")
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 250 * 2**20
    said = bare(sys.executable, folder, OFFERS)
    assert "has no records" in said
    assert COUNTED in said


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "code"), [("lambda-offers", OFFERS), ("lambda-scrape", SCRAPE)])
def test_the_functions_run_on_the_python_that_they_are_made_for(name: str, code: str, tmp_path: Path) -> None:
    program = python(TARGETS[name].python)
    make(name, tmp_path)
    assert COUNTED in bare(program, unzipped(tmp_path / name / f"{name}.zip", tmp_path / "there"), code)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_the_function_that_crawls_runs_in_a_bare_environment(tmp_path: Path) -> None:
    make("lambda-scrape", tmp_path, HERE)
    folder = unzipped(tmp_path / "lambda-scrape" / "lambda-scrape.zip", tmp_path / "there")
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 250 * 2**20
    said = bare(sys.executable, folder, SCRAPE)
    assert "amazon-in, ebay-de, flipkart" in said, "conf/shops.toml lies beside the code"
    assert COUNTED in said


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
        *("jars/aws-msk-iam-auth", "jars/commons-pool2", "jars/kafka-clients"),
        *("jars/spark-sql-kafka-0-10_2.13", "jars/spark-token-provider-kafka-0-10_2.13"),
    }
    assert "pyspark" not in made.packages
    assert {"delta-spark", "mlflow", "product-mart", "snowflake-connector-python"} <= made.packages.keys()
    if name == "glue":
        with ZipFile(tmp_path / "glue" / "product-mart.gluewheels.zip") as archive:
            wheels = {Path(one).name for one in archive.namelist() if one.endswith(".whl")}
            asked = archive.read("wheels/requirements.txt").decode().split()
        assert len(wheels) == len(asked) == len(made.packages) - 1
        assert not any(one.startswith(("delta_spark-", "pyspark-")) for one in wheels)


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
    views = tmp_path / "emr-serverless" / "jobs" / "batch" / "views.py"
    assert "--available-now" in on_cluster(program, views, "--help")
    assert on_cluster(program, "-c", NAMES) == f"{there} batch/views\n"


def on_cluster(program: Path, *words: str | Path) -> str:
    """Run a cluster's Python, which has pyspark from the zips of SPARK_HOME, as YARN puts them on its path."""
    zips = sorted((Path(pyspark.__file__).parent / "python" / "lib").glob("*.zip"))
    variables = {"PYTHONPATH": os.pathsep.join(map(str, zips)), "PATH": os.environ["PATH"]}
    done = subprocess.run([program, *words], env=variables, cwd=program.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
