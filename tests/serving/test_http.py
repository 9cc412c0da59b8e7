"""The read side over HTTP: what is asked for is answered, and what can't be is told in plain words."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from mart.api.app import app
from mart.api.engine import Engine
from mart.edges.collecting import KafkaOutlet
from mart.settings import Api, ApiKey, Experiment
from tests.api.collecting import Client
from tests.serving.lake import Shop, event, until

KEYS = {"site": ApiKey(key=SecretStr("r" * 20)), "page": ApiKey(key=SecretStr("c" * 20), scopes=("collect",))}
READER = {"X-Api-Key": "r" * 20}


class Site(Client):
    """A site that reads, with its key."""

    def request(self, method: str, path: str, **how: Any) -> httpx.Response:  # noqa: ANN401
        return super().request(method, path, **({"headers": READER} | how))


@pytest.fixture(scope="module")
def engine(shop: Shop) -> Engine:
    now = datetime.now(UTC)
    begin, end = now - timedelta(days=1), now + timedelta(days=1)
    over = Experiment(
        variants={"old": 0.5, "new": 0.5}, models={"new": "1"}, start=begin, end=begin + timedelta(hours=1)
    )
    both = Experiment(variants={"a": 0.5, "b": 0.5}, models={"b": "1"}, start=begin, end=end, interleave=True)
    changed = {"api": Api(keys=KEYS, refresh_seconds=0.2), "experiments": {"trial": over, "both": both}}
    return Engine(shop.settings.model_copy(update=changed))


@pytest.fixture(scope="module")
def client(engine: Engine) -> Iterator[Client]:
    made = app(engine.settings, engine, KafkaOutlet(engine.settings))
    with Site(made, ("127.0.0.1", 1), "http://127.0.0.1") as one:
        until(lambda: not engine.lacks(), lambda: str(engine.lacks()))
        yield one


def test_a_list_has_the_keys_that_are_promised_and_what_was_asked_for(client: Client) -> None:
    answer = client.get("/users/u1/recommendations", params={"n": 5, "variant": "trial:old", "in_stock": True})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == {
        "recommendation_id",
        "model_version",
        "made_from_version",
        "newest_event_at",
        "variant",
        "items",
    }
    assert body["variant"] == "trial:old"
    assert body["recommendation_id"].startswith(f"{body['model_version']}.trial:old.")
    assert [set(item) for item in body["items"]] == [{"product_id", "score", "rank", "reason", "title", "price"}] * 5
    assert [item["rank"] for item in body["items"]] == [1, 2, 3, 4, 5]
    assert all(item["title"] and item["price"] > 0 for item in body["items"])
    assert datetime.fromisoformat(body["newest_event_at"]).tzinfo


def test_parameters_narrow_the_list_each_as_it_says(client: Client) -> None:
    where = {"n": 100, "category": ["kitchen", "toys"], "min_price": 5, "max_price": 60, "exclude": ["p1", "p2"]}
    items = client.get("/users/u2/recommendations", params=where).json()["items"]
    assert items
    assert all(5 <= item["price"] <= 60 and item["product_id"] not in ("p1", "p2") for item in items)
    one = items[0]["product_id"]
    why = client.get(f"/users/u2/why-not/{one}", params=where | {"category": ["garden"]}).json()
    assert (why["filters"], why["shown"]) == (["category"], False)
    assert why["says"] == "it is not in the category that was asked for"


def test_a_visitor_gets_a_list_of_the_products_looked_at_without_them(client: Client) -> None:
    body = client.post("/recommendations", json={"products": ["p3", "p4", "no-such"], "n": 6}).json()
    assert len(body["items"]) == 6
    assert not {"p3", "p4"} & {item["product_id"] for item in body["items"]}
    assert any(item["reason"].startswith("because you looked at") for item in body["items"])


def test_many_shoppers_get_the_lists_that_each_would_get_alone(client: Client) -> None:
    asked = {"user_ids": ["u1", "nobody", "u3"], "n": 4}
    lists = client.post("/recommendations", json=asked).json()["lists"]
    assert [one["user_id"] for one in lists] == ["u1", "nobody", "u3"]
    for one in lists:
        alone = client.get(f"/users/{one['user_id']}/recommendations", params={"n": 4}).json()
        assert {i["product_id"] for i in one["items"]} <= {*_of(alone)} | {*_of(one)}
        assert len(one["items"]) == 4
        assert one["recommendation_id"] != alone["recommendation_id"]


def test_contributions_sum_to_the_score_that_the_list_shows(client: Client, shop: Shop) -> None:
    user, asked = shop.busiest(), {"n": 3, "variant": "trial:old"}
    items = client.get(f"/users/{user}/recommendations", params=asked).json()["items"]
    for item in items:
        found = client.get(f"/users/{user}/because/{item['product_id']}", params=asked).json()
        assert found["score"] == pytest.approx(item["score"], abs=1e-5)
        assert sum(one["contribution"] for one in found["contributions"]) == pytest.approx(found["score"])
        assert len(found["contributions"]) > 1
        assert found["reason"] == item["reason"]
        assert found["reason"].startswith("because you ")
    unknown = client.get("/users/nobody/because/p1").json()
    assert (unknown["score"], unknown["contributions"]) == (None, [])


def test_a_list_of_two_models_names_both_and_each_place_is_owed_to_one(client: Client) -> None:
    body = client.get("/users/u1/recommendations", params={"n": 10}).json()
    assert body["variant"] == "both:a~b"
    assert len({*_of(body)}) == 10
    assert body["recommendation_id"].startswith(f"{body['model_version']}.both:a~b.")


def test_a_shopper_whom_nobody_knows_gets_a_list_and_a_product_that_nobody_knows_is_a_404(client: Client) -> None:
    assert len(client.get("/users/who-is-this/recommendations").json()["items"]) == 10
    for path in ("/products/none/similar", "/users/u1/because/none", "/users/u1/why-not/none"):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert answer.json() == {"error": "no product 'none' is known: neither the catalogue nor the model names it"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"n": 0}, "n: Input should be greater than or equal to 1"),
        ({"n": "many"}, "n: Input should be a valid integer"),
        ({"min_price": 9, "max_price": 3}, "min_price is above max_price"),
        ({"min_price": "nan"}, "min_price: Input should be a finite number"),
        ({"category_mode": "some"}, "category_mode: Input should be 'any' or 'all'"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"variant": "none-such"}, "variant: no experiment of the settings has a variant 'none-such'"),
    ],
)
def test_a_parameter_that_can_not_be_is_told_in_plain_words(client: Client, given: dict[str, str], says: str) -> None:
    answer = client.get("/users/u1/recommendations", params=given)
    assert answer.status_code == 422
    assert says in answer.json()["error"]


@pytest.mark.parametrize(
    "body", [b'{"user_ids": ["\\ud800"]}', b'{"products": ["\\udfff"]}', b"[]", b"{", b'{"n": 1e400}']
)
def test_a_hostile_body_is_refused_not_stumbled_over(client: Client, body: bytes) -> None:
    answer = client.post("/recommendations", content=body, headers=READER | {"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text


def test_similar_products_come_with_their_likeness(client: Client) -> None:
    body = client.get("/products/p7/similar", params={"n": 5}).json()
    assert "p7" not in _of(body)
    assert all(-1 <= item["score"] <= 1.0001 for item in body["items"])
    assert {item["reason"] for item in body["items"]} == {"much like it"}


def test_a_product_is_described_and_categories_are_those_that_lists_can_be_asked_for(client: Client) -> None:
    listed = client.get("/users/u1/recommendations", params={"n": 1}).json()["items"][0]
    found = client.get(f"/products/{listed['product_id']}").json()
    assert {name: found[name] for name in ("product_id", "title", "price")} == {
        name: listed[name] for name in ("product_id", "title", "price")
    }
    assert (found["currency"], found["in_stock"]) == ("EUR", True)
    categories = {one["category"]: one["products"] for one in client.get("/categories").json()}
    assert found["category"] in categories
    department = found["category"].split(".")[0]
    within = sum(count for path, count in categories.items() if path.startswith(f"{department}."))
    assert categories[department] == within
    most = client.post("/recommendations", json={"n": 100, "category": [department], "in_stock": False}).json()["items"]
    assert len(most) == min(100, within)
    assert client.get("/products/nobody-knows").status_code == 404
    assert client.get("/categories", params={"n": 3}).status_code == 422


def test_a_key_that_may_not_read_is_turned_away_and_an_engine_that_is_not_loaded_says_so(
    client: Client, shop: Shop, engine: Engine
) -> None:
    assert client.get("/users/u1/recommendations", headers={"X-Api-Key": "c" * 20}).status_code == 403
    assert client.get("/users/u1/recommendations", headers={"X-Api-Key": "wrong"}).status_code == 401
    cold = Engine(engine.settings)
    asked = Site(app(engine.settings, cold, KafkaOutlet(engine.settings)), ("127.0.0.1", 1), "http://127.0.0.1")
    answer = asked.get("/users/u1/recommendations")
    assert answer.status_code == 503
    assert answer.json() == {"error": "not ready yet: the engine has not been started"}
    assert answer.headers["Retry-After"] == "2"


def test_a_click_sent_over_kafka_is_in_the_next_answer(client: Client, shop: Shop) -> None:
    before = client.get("/users/u8/recommendations").json()
    shop.send([event("view", _of(before)[0], "u8", "s8")])
    until(lambda: _of(before)[0] not in _of(client.get("/users/u8/recommendations").json()), lambda: "never changed")


def _of(body: dict[str, object]) -> list[str]:
    return [item["product_id"] for item in body["items"]]  # type: ignore[attr-defined]
