"""Whatever is sent to whichever route: an answer, never a fault of the server's. Schemathesis makes it up from the OpenAPI document."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import hypothesis
import pyarrow as pa
import pytest
import schemathesis
from deltalake import write_deltalake
from hypothesis import HealthCheck
from schemathesis import GenerationMode

from mart.api.app import app
from mart.api.engine import Engine
from mart.edges import kafka
from mart.edges.collecting import KafkaOutlet
from mart.settings import Settings
from tests.api.collecting import Served, Standin, settings_with

EXAMPLES = 40  # of each route
ROUTES = [
    (method.upper(), path)
    for path, told in app(Settings(), Standin(), KafkaOutlet(Settings())).openapi()["paths"].items()
    for method in told
]


@pytest.fixture(scope="module")
def served(broker: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The real service over a small lake and a topic of its own."""
    lake, topic = tmp_path_factory.mktemp("lake"), "hostile"
    kafka.create(broker.kafka.brokers, topic, partitions=2)
    rows = [
        {"product_id": one, "title": f"T{one}", "brand": "b", "category": "c/d", "price": Decimal("9.9900"), "currency": "EUR", "in_stock": True}
        for one in ("0", "p1", "é", "a")
    ]  # fmt: skip
    at = pa.array([datetime(2026, 11, 1, tzinfo=UTC)] * len(rows), pa.timestamp("us", "UTC"))
    table = pa.Table.from_pylist(rows).append_column("updated_at", at)
    write_deltalake(str(lake / "processed" / "products"), table)
    settings = settings_with(broker, topic, per_second=1e9, keys={}).model_copy(update={"lake": str(lake)})
    engine = Engine(settings)
    served = Served(settings, engine)
    while engine.lacks():
        time.sleep(0.1)
    yield served
    served.stop()


@pytest.fixture(scope="module")
def schema(served: Served) -> Any:  # noqa: ANN401
    config = schemathesis.Config.discover()
    return schemathesis.openapi.from_url(f"{served.url}/openapi.json", config=config)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_request_makes_a_route_fail(schema: Any, served: Served, method: str, path: str) -> None:  # noqa: ANN401
    seen = set()
    operation = schema[path][method]
    cases = operation.as_strategy(generation_mode=GenerationMode.POSITIVE) | operation.as_strategy(
        generation_mode=GenerationMode.NEGATIVE
    )

    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @hypothesis.given(cases)
    def ask(case: Any) -> None:  # noqa: ANN401
        answer = case.call(timeout=10)
        seen.add(answer.status_code)
        assert answer.status_code < 500, f"{case.as_curl_command()}: {answer.text}"
        if answer.status_code >= 400 and method != "HEAD":
            assert set(json.loads(answer.content)) & {"error", "results"}, answer.text

    ask()
    assert min(seen) < 300, f"nothing that was made up was good: {seen}"


EVENT = b'{"event_type":"view","session_id":"s","product_id":"p","event_at":%s}'


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/events", EVENT % b"1e999", 422),
        ("/events", EVENT % b"1" * 900, 400),
        ("/events", EVENT % (b"1" * 900), 422),
        ("/events", EVENT % b"253402300799999", 422),
        ("/events", EVENT % b'"9999-12-31T23:59:59-18:00"', 422),
        ("/events", EVENT % b'"0000-01-01T00:00:00+18:00"', 422),
        ("/events", EVENT % b'"2025-11-03","event_id":"\\ud800","user_id":"\\udfff","x\\ud800":"\\ud800"', 202),
        ("/events", EVENT % b'"2025-11-03","properties":{"a":{"b":1e999},"\\u0000":"\\u0000"}', 202),
        ("/events", b'{"events":[],"sent_at":"9999-12-31T23:59:59-18:00"}', 400),
        ("/events", b'{"events":[],"sent_at":253402300799999}', 202),
        ("/events", b'{"events":[' + EVENT % b'"9999-12-31"' + b'],"sent_at":"0001-01-01"}', 422),
        ("/events", b'{"events":[' + EVENT % b'"0001-01-01"' + b'],"sent_at":"9999-12-31"}', 422),
        ("/events", b"[" * 400_000, 400),
        ("/events", b"\x00", 400),
        ("/recommendations", b'{"\\ud800": 1}', 422),
        ("/recommendations", b'{"user_ids": ["\\ud800"]}', 422),
        ("/recommendations", b'{"min_price": 1e999}', 422),
        ("/recommendations", b'{"n": NaN}', 422),
        ("/recommendations", b"[" * 100_000, 400),
        ("/recommendations", b"\xff\xfe", 422),
    ],
)  # fmt: skip
def test_what_was_thought_up_by_hand_is_answered_too(served: Served, path: str, body: bytes, status: int) -> None:
    answer = httpx.post(served.url + path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
