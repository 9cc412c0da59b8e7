"""The seeds' ETL from the landing to the processed zone, as AWS Glue calls it: a script, arguments, a settings file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from mart import job
from mart.settings import Settings
from tests import bucket
from tests.streams.truth import Source, assert_exact, assert_verified

ARGUMENTS = [
    *("--JOB_NAME", "ingest-activity", "--JOB_ID", "j_1", "--JOB_RUN_ID", "jr_1", "--TempDir", "s3://logs/temporary/"),
    *("--job-bookmark-option", "job-bookmark-disable", "--enable-metrics", "true", "--enable-spark-ui", "true"),
    *(
        "--spark-event-logs-path",
        "s3://logs/spark/",
        "--datalake-formats",
        "delta",
        "--extra-files",
        "s3://conf/g.toml",
    ),
]  # what Glue says by itself; an argument of a job has a value there, be it an empty one


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_landed_files_become_events_in_a_job_that_glue_calls(spark: SparkSession, home: Path, tmp_path: Path) -> None:
    with bucket.moved(Settings.read(home=tmp_path), home) as settings:
        source = Source.make(tmp_path / "made", events=300, seed=31)
        source.send(settings, source.rest(), to="inbox")
        settings_file = (tmp_path / "services.toml").rename(tmp_path / "glue.toml")
        words = [
            *ARGUMENTS,
            "--settings",
            str(settings_file),
            "--home",
            str(tmp_path / "driver"),
            "--available-now",
            "",
        ]
        script = job.ROOT / "jobs" / "streaming" / "ingest_activity.py"
        done = subprocess.run(
            [sys.executable, script, *words], capture_output=True, text=True, check=False, cwd=tmp_path, env=os.environ
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
        assert_exact(source, settings)
        assert_verified(spark, settings)
