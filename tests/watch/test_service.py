"""The service's latency is read from its own /metrics, since the last look, by its key."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import start_http_server

from mart.api import measures
from mart.edges.exposition import NotShown, scrape
from mart.settings import Settings, Watch
from mart.watch.service import Service


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Settings that name what this process shows, as the service does."""
    server, thread = start_http_server(0, "127.0.0.1")
    address = f"http://127.0.0.1:{server.server_port}"
    yield Settings.read(home=tmp_path).model_copy(update={"watch": Watch(service=address)})
    server.shutdown()
    server.server_close()
    thread.join()


def answered(route: str, seconds: float, times: int = 1) -> None:
    for _ in range(times):
        measures.LATENCY.labels("GET", route, "200").observe(seconds)


def test_latency_is_that_since_the_last_look(settings: Settings) -> None:
    now, service, route = datetime.now(UTC), Service(), "/test/{id}"
    answered(route, 0.004, 100)

    def bound() -> float | None:
        found = {dict(one.labels)["route"]: one.value for one in service(settings, now)}
        return found.get(route)

    assert bound() == 0.005
    assert bound() is None  # nothing was asked since
    answered(route, 0.004, 98)
    answered(route, 0.7, 2)
    assert bound() == 1  # 99 of 100 are within it
    answered(route, 99)
    assert bound() == 10  # the last bucket has no bound


def test_a_service_that_is_not_named_is_not_looked_at(tmp_path: Path) -> None:
    assert list(Service()(Settings.read(home=tmp_path), datetime.now(UTC))) == []


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:1", "does not answer .* start `mart serve`"),
        ("ftp://here", "is no http address: see watch.service"),
    ],
)
def test_what_can_not_be_read_is_said_with_what_to_do_and_without_the_key(address: str, said: str) -> None:
    with pytest.raises(NotShown, match=said) as raised:
        scrape(address, "s3cret")
    assert "s3cret" not in str(raised.value)
