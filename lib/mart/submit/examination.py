"""Whether AWS is as our jobs need it: account, release, versions, connector jars, rights.

In: settings. Out: findings, each with what to do. Nothing is written: services are asked how they are, IAM what a role may.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from botocore.client import BaseClient

from mart.edges import aws
from mart.edges.aws import AwsError
from mart.edges.objects import Objects
from mart.finding import Finding
from mart.packaging.manifest import Manifest
from mart.settings import Settings
from mart.submit import SubmitError, run
from mart.submit.rights import lacking, wanted
from mart.submit.spark import EMR_RELEASE, GLUE_RELEASE, LINE

CONNECTORS = (
    "spark-sql-kafka-0-10_2.13",
    "spark-token-provider-kafka-0-10_2.13",
    "kafka-clients",
    "commons-pool2",
    "aws-msk-iam-auth",
)


class Wrong(ValueError):
    """Something is there, and not as it should be."""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything that the settings name."""
    found = [_asked("account", lambda: _account(settings), "give this machine credentials, and set aws.region")]
    if not found[0].ok:
        return found  # nobody else would answer
    at = settings.submit
    for place, why_not, look in (
        ("emr", "" if at.cluster else "no submit.cluster", _cluster),
        ("emr-serverless", "" if at.application else "no submit.application", _application),
        ("glue", "" if at.role and _packaged(settings, "glue") else "no submit.role, or no release for it", _jobs),
    ):
        if why_not:
            found.append(Finding(place, True, f"not used: {why_not}", ""))
        else:
            found += [*_release(settings, place), look(settings)]
    return [*found, *_rights(settings)]


def _packaged(settings: Settings, target: str) -> bool:
    """Tell whether there is a release for a target: Glue, whose jobs are made when submitted, is used if so."""
    try:
        return bool(run.released(settings, target))
    except AwsError:
        return True  # what S3 refuses is told as a finding of the release
    except SubmitError:
        return False


def _asked(name: str, look: Callable[[], str], remedy: str) -> Finding:
    """Look at one thing; what a service refuses is a finding too."""
    try:
        return Finding(name, True, look(), remedy)
    except (AwsError, SubmitError, Wrong) as error:
        return Finding(name, False, str(error), remedy)


def _account(settings: Settings) -> str:
    who = aws.ask(aws.client("sts", settings.aws), "get_caller_identity")
    return f"{who['Account']} in {settings.aws.region}, as {who['Arn']}"


def _release(settings: Settings, target: str) -> Iterator[Finding]:
    """Look at a target's release, and whether S3 has each of its jars as it was made."""
    remedy = f"mart package --target {target} --to {settings.submit.release or 's3://BUCKET/RELEASE'}"
    yield _asked(f"{target} release", lambda: _told(run.released(settings, target)), remedy)
    yield _asked(f"{target} connector jars", lambda: _jars(settings, target), remedy)


def _told(release: Manifest) -> str:
    return f"{release.version} at {release.commit[:12]}, Python {release.python}, {release.architecture}"


def _jars(settings: Settings, target: str) -> str:
    release = run.released(settings, target)
    there = Objects(settings.aws).sizes(f"{settings.submit.release.rstrip('/')}/{target}")
    whole = [jar for jar in release.jars if there.get(jar) == release.files[jar]["bytes"]]
    if missing := [name for name in CONNECTORS if not any(jar.startswith(f"jars/{name}-") for jar in whole)]:
        raise Wrong(f"missing or cut short: {', '.join(missing)}")
    return f"{len(whole)} jars"


def _cluster(settings: Settings) -> Finding:
    name = settings.submit.cluster
    remedy = f"make a cluster of {EMR_RELEASE} with Spark and Delta, and set submit.cluster"
    return _asked("emr", lambda: _cluster_told(settings, name), remedy)


def _cluster_told(settings: Settings, name: str) -> str:
    found = aws.ask(aws.client("emr", settings.aws), "describe_cluster", ClusterId=name)["Cluster"]
    versions = {one["Name"].lower(): one.get("Version", "unknown") for one in found.get("Applications", [])}
    label, state, spark = found.get("ReleaseLabel"), found["Status"]["State"], versions.get("spark", "none")
    told = f"{label}, {state}, Spark {spark}"
    if label != EMR_RELEASE or state not in ("WAITING", "RUNNING"):
        raise Wrong(f"{told}: {EMR_RELEASE} is wanted, and WAITING or RUNNING")
    if spark != "unknown" and not spark.startswith(LINE):
        raise Wrong(f"{told}: wheels and jars are for Spark {LINE}x")
    return told


def _application(settings: Settings) -> Finding:
    name = settings.submit.application
    remedy = f"make an application of {EMR_RELEASE}, type SPARK, and set submit.application"
    return _asked("emr-serverless", lambda: _application_told(settings, name), remedy)


def _application_told(settings: Settings, name: str) -> str:
    client = aws.client("emr-serverless", settings.aws)
    found = aws.ask(client, "get_application", applicationId=name)["application"]
    return application(found, run.released(settings, "emr-serverless").architecture)


def application(found: Mapping[str, Any], made_for: str) -> str:
    """Tell of an application, as boto3 has it. Raises Wrong for another release or processor than ours is made for."""
    label, state = found["releaseLabel"], found["state"]
    processor = {"X86_64": "x86_64", "ARM64": "aarch64"}[found.get("architecture", "X86_64")]
    told = f"{label}, {state}, {processor}"
    if label != EMR_RELEASE or state in ("TERMINATED", "STOPPING"):
        raise Wrong(f"{told}: {EMR_RELEASE} is wanted, and not one that ends")
    if processor != made_for:
        raise Wrong(f"{told}: the release is for {made_for}; mart package --arch {processor}")
    return told


def _jobs(settings: Settings) -> Finding:
    return _asked("glue", lambda: _jobs_told(settings), f"mart submit brings a job to Glue {GLUE_RELEASE}")


def _jobs_told(settings: Settings) -> str:
    found = list(aws.pages(aws.client("glue", settings.aws), "get_jobs", "Jobs"))
    ours = {job["Name"]: job.get("GlueVersion", "none") for job in found if job["Name"].startswith("mart-")}
    if old := [f"{name} ({version})" for name, version in ours.items() if version != GLUE_RELEASE]:
        raise Wrong(f"of another release than Glue {GLUE_RELEASE}: {', '.join(old)}")
    return f"{len(ours)} jobs of ours, Glue {GLUE_RELEASE}"


def _rights(settings: Settings) -> Iterator[Finding]:
    """Ask IAM what the jobs' role may; to try it out would change things."""
    role = settings.submit.role
    if not role:
        yield Finding(
            "rights", False, "no submit.role: nothing to look at", "set submit.role to the role that jobs take on"
        )
        return
    client = aws.client("iam", settings.aws, tries=1)
    for resource, actions in wanted(settings).items():
        remedy = f"let {role} do so on {resource}; or let yourself iam:SimulatePrincipalPolicy, to see"
        yield _asked(f"rights on {resource}", partial(_may, client, role, resource, actions), remedy)


def _may(client: BaseClient, role: str, resource: str, actions: tuple[str, ...]) -> str:
    if denied := lacking(client, role, resource, actions):
        raise Wrong(f"denied: {', '.join(denied)}")
    return ", ".join(actions)
