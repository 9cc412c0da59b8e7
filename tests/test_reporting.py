"""A job's report says how it goes, and what can't be reported holds no job up."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mart import reporting
from mart.edges import reports
from mart.reporting import Reporter
from mart.settings import Settings
from mart.watch import jobs


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read(home=tmp_path)


def outcomes(settings: Settings, job: str = "batch/views") -> list[str]:
    report = reports.read(settings, job)
    return [run["outcome"] for run in report["runs"]] if report else []


def figures(settings: Settings) -> dict[str, float]:
    return {one.metric.name: one.value for one in jobs.jobs(settings, datetime.now(UTC))}


def test_runs_are_kept_with_what_became_of_them(settings: Settings) -> None:
    first = Reporter(settings)
    first.begin("batch/views")
    assert outcomes(settings) == ["running"]
    first.end("batch/views")
    second = Reporter(settings)
    second.begin("batch/views")
    with pytest.raises(ValueError, match="no such"), second.failing("batch/views"):
        raise ValueError("no such\ncolumn")
    second.end("batch/views")  # a second word on it changes nothing
    report = reports.read(settings, "batch/views")
    assert report
    assert [(run["outcome"], run["said"]) for run in report["runs"]] == [("finished", ""), ("failed", "no such column")]
    assert figures(settings)["mart_job_failed"] == 1


def test_a_process_that_was_killed_is_silent_and_its_run_is_lost_to_the_next(settings: Settings) -> None:
    Reporter(settings).begin("batch/views")
    said = reports.read(settings, "batch/views")
    assert said
    reports.write(settings, "batch/views", said | {"reported_at": "2026-01-01T00:00:00+00:00"})
    assert figures(settings)["mart_job_silent_seconds"] > 1000
    after = Reporter(settings)
    after.begin("batch/views")
    after.end("batch/views")
    assert outcomes(settings) == ["lost", "finished"]
    assert figures(settings) | {"mart_job_duration_seconds": 0, "mart_job_success_age_seconds": 0} == {
        "mart_job_failed": 0, "mart_job_silent_seconds": 0, "mart_job_duration_seconds": 0, "mart_job_success_age_seconds": 0,
    }  # fmt: skip


def test_a_run_at_work_gives_signs_of_life_and_its_queries_figures(settings: Settings) -> None:
    reporter = Reporter(settings, pulse=0.05)
    query = {"batches": 3, "records": 40, "rate": 20, "seconds": 2}
    with reporter.pulsing():
        reporter.begin("streaming/live")
        reporter.follow("streaming/live", lambda: {"activity_kafka": query})
        until(lambda: figures(settings).get("mart_stream_batch_records") == 40)
    assert figures(settings)["mart_job_silent_seconds"] < 5
    reporter.end("streaming/live")
    assert "mart_stream_batch_records" not in figures(settings)


def test_of_many_runs_the_last_ones_are_kept(settings: Settings) -> None:
    for _ in range(reporting.KEPT + 5):
        reporter = Reporter(settings)
        reporter.begin("batch/views")
        reporter.end("batch/views")
    assert len(outcomes(settings)) == reporting.KEPT + 1


def test_a_report_that_can_not_be_written_is_said_and_holds_nobody_up(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(settings.lake).parent.mkdir(exist_ok=True)
    Path(settings.lake).write_text("a file where a folder should be")
    reporter = Reporter(settings)
    reporter.begin("batch/views")
    reporter.end("batch/views")
    assert "batch/views: its report can't be written" in capsys.readouterr().err


def until(come: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not come():
        assert time.monotonic() < deadline
        time.sleep(0.02)
