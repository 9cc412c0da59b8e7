"""POST /events against a real broker: what is taken, what is refused, and what reaches the topic."""

import json
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from mart import activity
from mart.api.app import app
from mart.edges import kafka
from mart.edges.collecting import Busy, KafkaOutlet
from mart.local import kafka as broker_service
from mart.local import ports, processes, services
from mart.settings import Settings
from tests.api.collecting import (
    KEYS,
    PUBLIC,
    SERVER,
    SHOP,
    Clicked,
    Client,
    Server,
    Standin,
    held,
    server,
    settings_with,
)

HERE = (("127.0.0.1", 50_000), "http://127.0.0.1:8000")
VIEW = {"event_type": "view", "session_id": "s1", "product_id": "p1"}
CART = VIEW | {"event_type": "cart_add", "user_id": "u1"}


@pytest.fixture
def settings(broker: Settings, topic: str) -> Settings:
    return settings_with(broker, topic, largest_body=20_000, most_events=50)


@pytest.fixture
def engine() -> Standin:
    return Standin()


@pytest.fixture
def client(settings: Settings, engine: Standin) -> Iterator[Client]:
    with Client(app(settings, engine, KafkaOutlet(settings)), *HERE) as client:
        yield client


def arrived(settings: Settings) -> list[dict[str, Any]]:
    return held(settings.kafka.brokers, settings.kafka.activity)


def test_an_event_is_filled_in_sent_and_good_for_ingest(client: Client, settings: Settings) -> None:
    before = datetime.now(UTC)
    answer = client.post("/events", json=VIEW)
    assert answer.status_code == 202
    [result] = answer.json()["results"]
    [event] = arrived(settings)
    assert event.items() >= (VIEW | {"properties": {"sender": "local"}, "_key": b"s1"}).items()
    assert (event["event_id"], event["event_at"]) == (result["event_id"], result["event_at"])
    assert before - timedelta(seconds=1) <= datetime.fromisoformat(event["event_at"]) <= datetime.now(UTC)
    activity.read(
        json.dumps({k: v for k, v in event.items() if k[0] != "_"}).encode(), settings.ingest, datetime.now(UTC)
    )


def test_what_a_sender_wrote_goes_through_as_it_was_written(client: Client, settings: Settings) -> None:
    written = {
        "event_id": "e1",
        "event_at": 1762171200123,
        "user_id": "u1",
        "app": {"v": [7, 1.5]},
        "price": 12345678901234.5678,
    }
    text = json.dumps(VIEW | written | {"currency": "EUR", "properties": {"n": 1}}).replace(
        "12345678901234.568", "12345678901234.5678"
    )
    assert client.post("/events", content=text.encode()).status_code == 202
    ends = kafka.ends(settings.kafka.brokers, settings.kafka.activity)
    [partition] = [partition for partition, (_, end) in ends.items() if end]
    record = kafka.record_at(settings.kafka.brokers, settings.kafka.activity, partition, 0)
    assert record is not None
    assert record[0] == b"u1"
    assert activity.pieces((record[1] or b"").decode()) == activity.pieces(text) | {
        "properties": '{"n":1,"sender":"local"}'
    }


@pytest.mark.parametrize("content_type", ["application/json", "text/plain;charset=UTF-8", "image/png", None])
@pytest.mark.parametrize("form", ["{}", "[{}]", '{{"events": [{}]}}', ' \n{{"sent_at": null, "events": [{}] }}\n'])
def test_a_body_is_taken_in_each_form_and_as_any_content_type(
    client: Client, form: str, content_type: str | None
) -> None:
    body = form.format(json.dumps(VIEW))
    answer = client.post("/events", content=body, headers={"Content-Type": content_type} if content_type else {})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)


def test_each_event_of_a_batch_is_judged_by_itself(client: Client, settings: Settings) -> None:
    batch = [VIEW | {"event_id": "1"}, {"event_type": "view"}, 7, VIEW | {"quantity": 0}, VIEW | {"event_id": "5"}]
    answer = client.post("/events", json=batch)
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["refused"]) == (202, 2, 3)
    assert [one["outcome"] for one in told["results"]] == [
        "accepted",
        "missing_field",
        "not_json",
        "out_of_range",
        "accepted",
    ]
    assert [one.get("detail") for one in told["results"]] == [None, "product_id", "7", "quantity: 0", None]
    assert sorted(event["event_id"] for event in arrived(settings)) == ["1", "5"]


def test_a_request_without_any_good_event_is_unprocessable(client: Client, settings: Settings) -> None:
    answer = client.post("/events", json=[VIEW | {"event_type": "teleport"}])
    assert (answer.status_code, answer.json()["refused"]) == (422, 1)
    assert client.post("/events", json=[]).status_code == 202
    assert arrived(settings) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"view p1", b"[{]", b"\xff{}", b"7", b'"x"', b"null", b'{"events": 1}', b'{"a":1,"a":2}', b"[" * 9_000],
)
def test_what_is_no_json_is_a_bad_request(client: Client, body: bytes) -> None:
    answer = client.post("/events", content=body)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_too_much_is_turned_away(client: Client, settings: Settings) -> None:
    assert client.post("/events", content=b" " * 20_001).status_code == 413
    assert client.post("/events", json=[VIEW] * 51).status_code == 413
    assert client.post("/events", json=[VIEW] * 50).status_code == 202
    assert len(arrived(settings)) == 50


@pytest.mark.parametrize(
    ("off", "moved"), [(timedelta(0), 0), (timedelta(minutes=-4), 0), (timedelta(hours=-3), 180), (timedelta(days=2), -2_880)]
)  # fmt: skip
def test_a_page_whose_clock_is_wrong_is_put_right(
    client: Client, settings: Settings, off: timedelta, moved: int
) -> None:
    """Its event happened a minute before it was sent, by its clock."""
    sent_at = datetime.now(UTC) + off
    at = sent_at - timedelta(minutes=1)
    batch = {"sent_at": sent_at.isoformat(), "events": [VIEW | {"event_at": at.isoformat(timespec="milliseconds")}]}
    assert client.post("/events", json=batch).status_code == 202
    [event] = arrived(settings)
    expected = at.replace(microsecond=at.microsecond // 1_000 * 1_000) + timedelta(minutes=moved)
    assert datetime.fromisoformat(event["event_at"]) == expected


def test_a_repeat_is_the_same_event(client: Client, settings: Settings) -> None:
    """Whether its sender's clock is right or not: ingest tells duplicates by event_id and event_at."""
    for off in (timedelta(0), timedelta(hours=-3)):
        sent_at = datetime.now(UTC) + off
        event = VIEW | {"event_id": f"e{off}", "event_at": sent_at.isoformat()}
        for later in (timedelta(0), timedelta(seconds=2)):
            client.post("/events", json={"sent_at": (sent_at + later).isoformat(), "events": [event]})
    assert len({(event["event_id"], event["event_at"]) for event in arrived(settings)}) == 2


def test_a_cart_and_a_purchase_follow_the_last_click(client: Client, settings: Settings, engine: Standin) -> None:
    engine.clicks[("u1", "s1", "p1")] = Clicked("3.-.aaa", 4)
    engine.clicks[(None, "s1", "p2")] = Clicked("3.b.bbb", None)
    own = CART | {"recommendation_id": "3.-.own", "properties": {"position": "9"}}
    events = [CART, CART | {"event_type": "purchase"}, VIEW | {"user_id": "u1"}, own, CART | {"product_id": "p9"}]
    events += [VIEW | {"event_type": "cart_add", "product_id": "p2", "properties": {"position": "1"}}]
    at = "2026-11-20T10:00:00Z"
    sent = [event | {"event_id": str(number), "event_at": at} for number, event in enumerate(events)]
    assert client.post("/events", json=sent).json()["accepted"] == 6
    found = {event["event_id"]: event for event in arrived(settings)}
    said = [(found[str(n)].get("recommendation_id"), found[str(n)]["properties"].get("position")) for n in range(6)]
    assert said == [("3.-.aaa", "4"), ("3.-.aaa", "4"), (None, None), ("3.-.own", "9"), (None, None), ("3.b.bbb", "1")]
    assert set(engine.before) == {datetime.fromisoformat(at)}


def test_a_shoppers_events_stay_in_order(client: Client, settings: Settings) -> None:
    for start in range(0, 100, 50):
        client.post("/events", json=[CART | {"event_id": f"{n:03}"} for n in range(start, start + 50)])
    events = arrived(settings)
    assert {event["_key"] for event in events} == {b"u1"}
    assert [event["event_id"] for event in events] == [f"{n:03}" for n in range(100)]


def test_more_than_may_wait_is_told_to_come_again(settings: Settings) -> None:
    few = settings.model_copy(update={"api": settings.api.model_copy(update={"most_waiting": 60})})
    with Client(app(few, Standin(), KafkaOutlet(few)), *HERE) as client:
        asks = [
            {"method": "POST", "url": "/events", "json": [VIEW | {"event_id": f"{n}-{m}"} for m in range(50)]}
            for n in range(2)
        ]
        answers = sorted(client.at_once(asks), key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [202, 429]
        assert answers[1].headers["retry-after"] == "1"
        assert {one["outcome"] for one in answers[1].json()["results"]} == {"unconfirmed"}
        again = {"events": answers[1].json()["results"]}
        assert len(again["events"]) == 50
        assert client.post("/events", json=VIEW).status_code == 202  # what waited has gone
    assert len(arrived(few)) == 51


def test_no_broker_is_told_at_once_and_so_is_no_topic(broker: Settings) -> None:
    nobody = broker.model_copy(update={"kafka": broker.kafka.model_copy(update={"brokers": "127.0.0.1:1"})})
    no_topic = settings_with(broker, "nowhere")
    for settings, says in ((nobody, "no Kafka broker answers at 127.0.0.1:1"), (no_topic, "has no topic 'nowhere'")):
        with Client(app(settings, Standin(), KafkaOutlet(settings)), *HERE) as client:
            began = time.monotonic()
            answer = client.post("/events", json=VIEW)
            assert time.monotonic() - began < 1
            assert (answer.status_code, says in answer.json()["error"]) == (429, True)
            ready = client.get("/ready")
            assert (ready.status_code, says in ready.json()["collector"][0]) == (503, True)


def test_the_service_comes_back_with_its_broker_and_loses_nothing_that_it_confirmed(
    home: Path, settings: Settings, client: Client
) -> None:
    mark = broker_service.SERVICE.mark(home.resolve())
    confirmed = []
    [process] = processes.find(mark)
    restarted = Thread(target=lambda: (process.kill(), services.up(home, ["kafka"])))
    deadline = time.monotonic() + 60
    seen: list[int] = []
    while seen[-3:] != [202, 202, 202] or 429 not in seen:
        assert time.monotonic() < deadline, seen
        if len(seen) == 3:
            restarted.start()
        event = VIEW | {"event_id": uuid.uuid4().hex}
        seen.append(client.post("/events", json=event).status_code)
        if seen[-1] == 202:
            confirmed.append(event["event_id"])
        time.sleep(0.05)
    restarted.join()
    assert set(seen) == {202, 429}
    assert set(confirmed) <= {event["event_id"] for event in arrived(settings)}


def test_a_server_killed_and_started_again_has_lost_no_event_that_it_confirmed(
    broker: Settings, topic: str, tmp_path: Path
) -> None:
    file, port = tmp_path / "settings.toml", ports.free(tmp_path)
    file.write_text(f'[kafka]\nbrokers = "{broker.kafka.brokers}"\nactivity = "{topic}"\n')
    confirmed: list[str] = []

    def send(running: Server) -> None:
        while running.process.poll() is None:
            ids = [uuid.uuid4().hex for _ in range(20)]
            if running.post(json.dumps([VIEW | {"event_id": one} for one in ids]).encode()) == 202:
                confirmed.extend(ids)

    for _ in range(2):
        with server(tmp_path, file, port) as running:
            senders = [Thread(target=send, args=(running,)) for _ in range(3)]
            for sender in senders:
                sender.start()
            enough = len(confirmed) + 400
            deadline = time.monotonic() + 30
            while len(confirmed) < enough:
                assert time.monotonic() < deadline, running.log.read_text()
                time.sleep(0.01)
            running.kill()
            for sender in senders:
                sender.join()
    assert len(confirmed) >= 800
    assert set(confirmed) <= {event["event_id"] for event in held(broker.kafka.brokers, topic)}
    log = file.with_suffix(".log").read_text()
    assert "POST /events HTTP" in log
    assert "Traceback" not in log


def test_a_stop_waits_for_the_brokers_word(settings: Settings) -> None:
    outlet = KafkaOutlet(settings)
    outlet.start()
    told = outlet.send([(b"k", b"{}")] * 500)
    outlet.stop()
    assert told.done()
    assert told.exception() is None
    assert outlet.waiting == 0
    assert len(arrived(settings)) == 500


def test_a_topic_made_anew_is_written_to_again(settings: Settings, client: Client) -> None:
    brokers, topic = settings.kafka.brokers, settings.kafka.activity
    assert client.post("/events", json=[VIEW] * 5).status_code == 202
    kafka.delete(brokers, topic)
    kafka.create(brokers, topic, partitions=4)
    deadline = time.monotonic() + 30
    while client.post("/events", json=[VIEW] * 5).status_code != 202:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert len(arrived(settings)) >= 5


def test_an_outlet_that_was_not_started_takes_nothing(settings: Settings) -> None:
    with pytest.raises(Busy, match="has not been started"):
        KafkaOutlet(settings).send([(b"k", b"v")])


def test_keys_are_named_as_senders(broker: Settings, topic: str) -> None:
    keyed = settings_with(broker, topic, keys=KEYS)
    with Client(app(keyed, Standin(), KafkaOutlet(keyed)), ("10.0.0.7", 1), "https://api.example") as client:
        client.post(
            f"/events?key={PUBLIC}", json=VIEW, headers={"Origin": SHOP, "User-Agent": "Mozilla/5.0 Firefox/142.0"}
        )
        client.post("/events", json=VIEW, headers={"X-Api-Key": SERVER})
    assert sorted(event["properties"]["sender"] for event in arrived(keyed)) == ["orders", "shop"]
