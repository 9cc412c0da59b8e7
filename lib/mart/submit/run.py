"""A job sent to the place that is asked for, and waited for.

In: settings, a job and its words. Out: requests, a run's id, how it ended, and the end of its log where that was badly.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mart.edges.emr import Steps
from mart.edges.emr_serverless import JobRuns
from mart.edges.glue_jobs import GlueRuns
from mart.edges.objects import Objects
from mart.edges.runs import Place, State
from mart.packaging import manifest
from mart.packaging.manifest import Manifest
from mart.settings import Settings
from mart.submit import SubmitError
from mart.submit.requests import Job, Request


@dataclass(frozen=True)
class Run:
    """A run that has been started, and how it was when it was last looked at."""

    id: str
    state: State
    log: list[str] = field(default_factory=list)


def released(settings: Settings, target: str) -> Manifest:
    """Read what there is for a target in the release of the settings. Raises SubmitError where there is none."""
    address = settings.submit.release.rstrip("/")
    if not address:
        raise SubmitError("the settings lack submit.release: say where `mart package --to` has put it")
    found = Objects(settings.aws).read(f"{address}/{target}/{manifest.NAME}")
    if found is None:
        raise SubmitError(
            f"there is no release for {target} at {address}: mart package --target {target} --to {address}"
        )
    return manifest.read(found)


def job(settings: Settings, on: str, name: str, words: tuple[str, ...], file: str) -> Job:
    """Make a job of the release. Raises SubmitError where the release has none of that name."""
    release = released(settings, on)
    if f"jobs/{name}.py" not in release.files:
        raise SubmitError(f"the release at {settings.submit.release} has no job {name}: package and upload it anew")
    return Job(name, words, file, f"{settings.submit.release.rstrip('/')}/{on}", tuple(release.jars))


def send(settings: Settings, on: str, calls: Sequence[Request]) -> tuple[Place, str]:
    """Send the requests; give the place of the run and its id. Raises AwsError."""
    place = _place(settings, on, calls[-1])
    if isinstance(place, GlueRuns):
        place.define(calls[0].arguments)
    return place, place.send(calls[-1].arguments)


def _place(settings: Settings, on: str, call: Request) -> Steps | JobRuns | GlueRuns:
    if on == "emr":
        return Steps(settings.aws, settings.submit.cluster)
    if on == "emr-serverless":
        return JobRuns(settings.aws, settings.submit.application)
    return GlueRuns(settings.aws, str(call.arguments["JobName"]))


def wait(place: Place, run: str, report: Callable[[State], None], seconds: float) -> Run:
    """Look every so many seconds until a run has ended; read its log where it ended badly. Raises AwsError."""
    while not (state := place.look(run)).ended:
        report(state)
        time.sleep(seconds)
    return Run(run, state, [] if state.good else place.log(run))
