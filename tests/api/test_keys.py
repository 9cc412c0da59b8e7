"""Who may call, and what for; how often; who is taken for a bot."""

import json
import logging
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from mart.api.app import app
from mart.api.bots import is_bot
from mart.api.limits import Limits
from mart.cli import main
from mart.cli.serve import WithoutQuery
from mart.edges.collecting import Lot
from mart.settings import Api, ApiKey, Settings
from tests.api.collecting import ADMIN, KEYS, PUBLIC, READER, SERVER, SHOP, Client, Standin

VIEW = {"event_type": "view", "session_id": "s1", "product_id": "p1"}
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


class Sink:
    """An outlet whose broker is a list."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, bytes]] = []
        self.waiting = 0

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def lacks(self) -> list[str]:
        return []

    def send(self, lot: Lot) -> "Future[None]":
        self.taken += lot
        told: Future[None] = Future()
        told.set_result(None)
        return told


def client_of(
    outlet: Sink | None = None,
    client: tuple[str, int] = ("10.0.0.7", 50_000),
    url: str = "http://api.example",
    **api: Any,  # noqa: ANN401
) -> Client:
    settings = Settings(api=Api(**{"keys": KEYS} | api))
    return Client(app(settings, Standin(), outlet or Sink()), client, url)


@pytest.fixture
def keyed() -> Iterator[Client]:
    with client_of() as client:
        yield client


@pytest.mark.parametrize(
    ("query", "headers", "status", "says"),
    [
        (f"?key={PUBLIC}", {"Origin": SHOP}, 202, None),
        (f"?key={PUBLIC}", {"Origin": "https://shop.example.evil"}, 403, "bound to other pages"),
        (f"?key={PUBLIC}", {"Origin": "null"}, 403, "bound to other pages"),
        (f"?key={PUBLIC}", {}, 403, "bound to other pages"),
        ("", {"X-Api-Key": SERVER}, 202, None),
        ("", {"Authorization": f"Bearer {SERVER}"}, 202, None),
        ("", {"Authorization": f"bearer {SERVER}"}, 202, None),
        ("", {"Authorization": f"Basic {SERVER}"}, 401, "a key is needed"),
        (f"?key={SERVER}", {"Origin": SHOP}, 403, "not meant for an address"),
        ("", {"X-Api-Key": READER}, 403, "it needs the scope collect"),
        (f"?key={READER}", {}, 403, "it needs the scope collect"),
        ("", {"X-Api-Key": "srv-3334"}, 401, "no such key"),
        ("", {"X-Api-Key": "s\u00fcv"}, 401, "no such key"),
        ("?key=", {"X-Api-Key": SERVER}, 401, "a key is needed"),
        ("", {}, 401, "a key is needed"),
    ],
)  # fmt: skip
def test_a_key_does_what_its_scope_and_its_pages_allow(
    keyed: Client, query: str, headers: dict[str, str], status: int, says: str | None
) -> None:
    raw = {name: value.encode() for name, value in headers.items()}
    answer = keyed.post(f"/events{query}", json=VIEW, headers=raw)
    assert answer.status_code == status, answer.text
    assert says is None or says in answer.json()["error"]
    assert not any(key in answer.text for key in (PUBLIC, SERVER, READER, ADMIN))


def test_only_an_admin_sees_the_figures(keyed: Client) -> None:
    for key, status in ((PUBLIC, 403), (READER, 403), (SERVER, 403), (ADMIN, 200)):
        assert keyed.get("/metrics", headers={"X-Api-Key": key}).status_code == status
    assert keyed.get(f"/metrics?key={ADMIN}").status_code == 403
    assert "mart_events_total" in keyed.get("/metrics", headers={"X-Api-Key": ADMIN}).text


def test_a_page_of_a_listed_origin_may_read_answers_and_another_may_not(keyed: Client) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    allowed = keyed.request("OPTIONS", "/events", headers={"Origin": SHOP} | asked)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, SHOP)
    other = keyed.request("OPTIONS", "/events", headers={"Origin": "https://evil.example"} | asked)
    assert "access-control-allow-origin" not in other.headers
    answer = keyed.post(f"/events?key={PUBLIC}", json=VIEW, headers={"Origin": SHOP})
    assert answer.headers["access-control-allow-origin"] == SHOP


@pytest.mark.parametrize(
    ("client", "url", "origin", "status"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000", None, 202),
        ("::1", "http://localhost:8000", None, 202),
        ("127.0.0.1", "http://localhost:8000", "http://localhost:5000", 202),
        ("10.0.0.7", "http://127.0.0.1:8000", None, 403),
        ("127.0.0.1", "http://rebound.example:8000", None, 403),
        ("127.0.0.1", "http://127.0.0.1:8000", "https://evil.example", 403),
        ("127.0.0.1", "http://127.0.0.1:8000", "null", 403),
    ],
)
def test_without_keys_this_machine_alone_is_served(client: str, url: str, origin: str | None, status: int) -> None:
    with client_of(client=(client, 50_000), url=url, keys={}) as local:
        answer = local.post("/events", json=VIEW, headers={"Origin": origin} if origin else {})
    assert answer.status_code == status, answer.text


def test_without_keys_nobody_listens_elsewhere() -> None:
    done = CliRunner().invoke(main, ["serve", "--host", "0.0.0.0"])
    assert done.exit_code == 2
    assert "without keys only this machine is served" in done.output


def test_a_key_that_asks_too_often_is_told_when_to_come_again() -> None:
    slow = {"slow": ApiKey(key=SecretStr(SERVER), scopes=("collect",), per_second=0.5), "fast": KEYS["site"]}
    with client_of(keys=slow) as client:
        first, second = (client.post("/events", json=VIEW, headers={"X-Api-Key": SERVER}) for _ in range(2))
        assert (first.status_code, second.status_code) == (202, 429)
        assert second.headers["retry-after"] == "2"
        assert (
            client.post("/events", json=VIEW, headers={"X-Api-Key": READER}).status_code == 403
        )  # a bucket of its own


def test_a_bucket_fills_up_steadily_and_no_further_than_a_second() -> None:
    now = [0.0]
    limits = Limits(lambda: now[0])
    assert [limits.take("a", 3) > 0 for _ in range(5)] == [False, False, False, True, True]
    assert limits.take("b", 3) == 0
    now[0] = 0.4
    assert [limits.take("a", 3) > 0 for _ in range(2)] == [False, True]
    now[0] = 1_000
    assert [limits.take("a", 3) > 0 for _ in range(4)] == [False, False, False, True]


@pytest.mark.parametrize(
    ("agent", "bot"),
    [
        (BROWSER, False),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1", False),
        ("Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/139.0.0.0 Mobile Safari/537.36", False),
        ("Mozilla/5.0 (Windows NT 10.0; rv:142.0) Gecko/20100101 Firefox/142.0", False),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/140.0.0.0 Safari/537.36", True),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36", True),
        (BROWSER.replace("Chrome", "HeadlessChrome"), True),
        ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)", True),
        ("facebookexternalhit/1.1", True),
        ("python-requests/2.32", True),
        ("", True),
    ],
)  # fmt: skip
def test_obvious_bots_are_known_by_name(agent: str, bot: bool) -> None:
    assert is_bot({"user-agent": agent}) == bot


def test_a_bot_on_a_page_is_marked_and_a_server_with_a_secret_key_never_is() -> None:
    sink = Sink()
    with client_of(sink) as client:
        for agent in (BROWSER, "Googlebot/2.1"):
            client.post(f"/events?key={PUBLIC}", json=VIEW, headers={"Origin": SHOP, "User-Agent": agent})
        client.post("/events", json=VIEW, headers={"X-Api-Key": SERVER, "User-Agent": "python-requests/2.32"})
    notes = [json.loads(payload)["properties"] for _, payload in sink.taken]
    assert notes == [{"sender": "shop"}, {"sender": "shop", "bot": "true"}, {"sender": "orders"}]


def test_the_access_log_holds_no_query() -> None:
    args = ("127.0.0.1:5", "POST", f"/events?key={PUBLIC}", "1.1", 202)
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, '%s - "%s %s HTTP/%s" %d', args, None)
    assert WithoutQuery().filter(record)
    assert record.getMessage() == '127.0.0.1:5 - "POST /events HTTP/1.1" 202'
