"""Shoppers who react: they ask the HTTP service what to show, look, click, put into the cart and buy, and it hears of it.

In: accounts that have a history. Out: what was sent, and how long an act took to change a list. All of it goes through the
service, as from a shop's own pages.
"""

import json
import time
import urllib.request
import uuid
from datetime import UTC, datetime
from typing import Any

import numpy as np

from mart.edges import duck, registry
from mart.local import services
from mart.local.demo.reactions import Reactions
from mart.local.http import DIRECT
from mart.local.storefront.client import Api, Unanswered, Visitor
from mart.local.storefront.service import API
from mart.recommendation_id import NO_MODEL
from mart.settings import Settings

SHOPPERS, PLACES, TIMED = 150, 8, 10
CLICKS, CARTS, SALES = 0.35, 0.5, 0.6  # of what is looked at, divided by the place; of clicks; of carts
PATIENCE = 60.0  # seconds until the service has read the lake; a click must change a list much sooner
SOME = "SELECT user_id FROM serving.interactions GROUP BY user_id ORDER BY hash(user_id) LIMIT {}"


Item = dict[str, Any]  # as the service words it
List = dict[str, Any]


class Shut(RuntimeError):
    """The HTTP service does not get ready, or took less than it was sent; the message says which."""


class Shoppers:
    """Some shoppers in front of the storefront's service."""

    def __init__(self, settings: Settings, seed: int) -> None:
        address = next(one.address for one in services.status(settings.home) if one.name == API.name)
        self._settings, self._api = settings, Api(address.rsplit("/", 1)[0])
        self._dice, self._done = np.random.default_rng(seed), Reactions()

    def react(self) -> Reactions:
        """Play everybody. Raises Shut."""
        self._wait()
        who = [str(row[0]) for row in duck.ask(self._settings, SOME.format(SHOPPERS))[1]]
        for one in who:
            self._visit(one)
        for one in who[:TIMED]:
            self._time(one)
        return self._done

    def _wait(self) -> None:
        """Wait until lists are made by the champion, if there is one."""
        champion, deadline = registry.find(self._settings, registry.CHAMPION), time.monotonic() + PATIENCE
        expected = champion.version if champion else NO_MODEL
        while (found := self._version()) != expected:
            if time.monotonic() > deadline:
                raise Shut(f"the HTTP service recommends by model {found}, and the champion is {expected}: see its log")
            time.sleep(0.2)

    def _version(self) -> str:
        try:
            made = self._api.shown(Visitor(), 1)
        except Unanswered as error:
            return str(error)
        return str(made["model_version"]) if made["made_from_version"] is not None else "(no lake)"

    def _visit(self, who: str) -> None:
        """Show one shopper a list; the further down a place is, the less often it is clicked."""
        made = self._api.shown(Visitor(who), PLACES)
        acts = [self._event("impression", who, one, made) for one in made["items"]]
        for one in made["items"]:
            if self._dice.random() < CLICKS / one["rank"]:
                acts += self._chosen(who, one, made)
        self._send(acts)

    def _chosen(self, who: str, item: Item, made: List) -> list[dict[str, Any]]:
        """Look at a product; perhaps put it into the cart; perhaps buy it, where it has a price."""
        product = self._api.product(item["product_id"])
        known = {"category": product["category"]} if product["category"] else {}
        acts = [self._event("click", who, item, made), self._event("view", who, item, None, **known)]
        if self._dice.random() < CARTS:
            acts.append(self._event("cart_add", who, item, made, quantity=1, **known))
            if self._dice.random() < SALES and product["price"] is not None and product["currency"]:
                sale = {"order_id": uuid.uuid4().hex, "price": product["price"], "currency": product["currency"]}
                acts.append(self._event("purchase", who, item, made, quantity=1, **sale, **known))
        return acts

    def _time(self, who: str) -> None:
        """Put the first product of a list into the cart, and see how soon the list is another."""
        before = self._api.shown(Visitor(who), PLACES)
        if not before["items"]:
            return
        began = time.monotonic()
        self._send(self._chosen(who, before["items"][0], before))
        while time.monotonic() - began < PATIENCE:
            now = self._api.shown(Visitor(who), PLACES)
            if _products(now) != _products(before):
                self._done.waits.append(time.monotonic() - began)
                return

    def _event(self, kind: str, who: str, item: Item, made: List | None, **more: object) -> dict[str, Any]:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        whose = {"user_id": who, "product_id": item["product_id"]}
        event = {"event_id": uuid.uuid4().hex, "event_at": at, "event_type": kind, **whose, **more}
        if made:
            event |= {"recommendation_id": made["recommendation_id"], "properties": {"position": str(item["rank"])}}
        return event

    def _send(self, events: list[dict[str, Any]]) -> None:
        request = urllib.request.Request(f"{self._api.url}/events", json.dumps(events).encode())
        with DIRECT.open(request, timeout=PATIENCE) as answer:
            accepted = json.load(answer)["accepted"]
        if accepted != len(events):
            raise Shut(f"the collector took {accepted} of {len(events)} events")
        self._done.events += events


def _products(made: List) -> list[str]:
    return [one["product_id"] for one in made["items"]]
