"""The AWS API on one machine: moto's server (S3, Kinesis, SNS, CloudWatch, Glue, EMR, CloudFormation)."""

import sys

from mart.local.http import get
from mart.local.service import Place, Service

SERVICE = Service(
    name="aws",
    title="AWS (moto)",
    keeps="nothing",
    keeps_data=False,
    address="http://127.0.0.1:{port}/moto-api/",
    command=lambda place: [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(place.port)],
    check=lambda place: _check(place),
    settings=lambda place: {"aws": {"endpoint_url": place.url(), "region": "eu-central-1"}},
)


def _check(place: Place) -> None:
    """List the buckets. moto's own page of all that it holds is long, and fails where a cluster of EMR has no groups."""
    get(f"{place.url()}/")
