"""What tests of deployment share: an AWS of their own (moto), empty for each test."""

import logging
import urllib.request
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from mart.settings import Aws

REGION = "eu-central-1"


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The address of an AWS that is there for the whole run."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request otherwise
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(moto: str, credentials: None) -> Aws:
    """An AWS that holds nothing."""
    urllib.request.urlopen(urllib.request.Request(f"{moto}/moto-api/reset", method="POST")).close()
    return Aws(endpoint_url=moto, region=REGION)
