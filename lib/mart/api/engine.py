"""The engine: what the HTTP service knows, kept fresh by two threads, and asked by any number of them.

In: the champion's factors, the catalogue, histories and popularity from the lake; shoppers' acts from the topic. Out: answers,
each made from one snapshot. One thread follows the topic (tail); one looks for newer versions of everything and puts a whole
new snapshot in the old one's place (loader), so that no request waits for it or sees half of it. No Spark.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event as Signal
from threading import Thread

from mart import experiments, recommendation_id
from mart.api import explain, filters, ladder, measures, recommend, shelf
from mart.api.answers import Answer, Because, NotReady, WhyNot
from mart.api.base import lately, micros
from mart.api.ladder import Place
from mart.api.loader import Loader
from mart.api.recent import Click, Recent
from mart.api.recommend import Ask, Shopper, Snapshot
from mart.api.tail import Tail
from mart.api.variants import assigned, interleaved
from mart.edges import landed
from mart.edges.registry import CHAMPION
from mart.experiments import Assignment
from mart.recommendation_id import NO_MODEL
from mart.settings import Settings
from mart.tables.feedback import BOTH

log = logging.getLogger(__name__)
HOUR, MINUTE = 3_600_000_000, 60_000_000  # microseconds
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_LOOKS = 2.0  # seconds between two looks while nothing could be loaded yet


class Engine:
    """Answers from the newest snapshot."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        experiments.check(settings.experiments)
        api = settings.api
        self._recent = Recent(round(api.session_minutes * MINUTE), round(api.attribution_hours * HOUR))
        self._tail = Tail(settings, self._recent)
        self._loader = Loader(settings)
        self._snapshot: Snapshot | None = None
        self._fault = "the engine has not been started"
        self._stopped = Signal()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin to load; `lacks` says when it can answer."""
        self._fault = "the lake is being read"
        self._thread = Thread(target=self._keep_fresh, name="engine", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()
        self._tail.stop()

    def lacks(self) -> list[str]:
        """Say what is missing until it can answer; empty when ready."""
        if self._snapshot is None:
            return [self._fault]
        if not len(self._snapshot.catalogue):
            return [
                "there is nothing to recommend: no product is known yet (`mart run batch/products`, then batch/views)"
            ]
        return self._tail.lacks() if self._follows else []

    @property
    def _follows(self) -> bool:
        """Whether there is a topic or a stream to follow."""
        return bool(self.settings.kafka.brokers or self.settings.kinesis.activity)

    @property
    def faults(self) -> list[str]:
        """Say what could not be refreshed last time: answers are made from what was there before."""
        return [self._fault] if self._snapshot and self._fault else []

    @property
    def model_version(self) -> str:
        champion = self._snapshot.models.get(CHAMPION) if self._snapshot else None
        return champion.version if champion else NO_MODEL

    @property
    def made_from_version(self) -> int | None:
        return self._snapshot.base.version if self._snapshot else None

    @property
    def newest_event_at(self) -> datetime | None:
        """Tell when the newest event happened that answers are made with."""
        newest = max(self._recent.newest, self._snapshot.newest if self._snapshot else 0)
        return EPOCH + timedelta(microseconds=newest) if newest else None

    def sizes(self) -> dict[str, int]:
        """Count what is held in memory."""
        snapshot = self.snapshot()
        pairs, users = len(snapshot.base.history.pairs), len(snapshot.base.history.users)
        return {"products": len(snapshot.numbers), "pairs": pairs, "users": users} | self._recent.sizes()

    def recommend(self, ask: Ask) -> Answer:
        """Make a list. Raises NotReady, UnknownVariant."""
        snapshot, who, arms = self._look(ask)
        lists = [recommend.ranked(snapshot, one, who, ask, self.settings.api) for one in arms.models]
        return self._answer(snapshot, who, lists, arms, ask.n)

    def similar(self, product_id: str, ask: Ask) -> Answer:
        """List products like one. Raises NotReady, UnknownProduct, UnknownVariant."""
        snapshot, who, arms = self._look(ask)
        product = shelf.number(snapshot, product_id)
        lists = [recommend.similar(snapshot, one, product, who, ask) for one in arms.models]
        return self._answer(snapshot, who, lists, arms, ask.n)

    def because(self, product_id: str, ask: Ask) -> Because:
        """Take a product's score for a shopper apart. Raises NotReady, UnknownProduct, UnknownVariant."""
        snapshot, who, arms = self._look(ask)
        product, model = shelf.number(snapshot, product_id), snapshot.models.get(arms.models[0])
        known = (snapshot.numbers, snapshot.catalogue)
        parts = explain.contributions(model, who.acts, product, *known) if model else []
        place = Place(product, 0.0, "fold_in" if parts else "popular")
        (reason,) = explain.reasons(model, who.acts, [place], *known)
        score = sum(one.contribution for one in parts) if parts else None
        return Because(model.version if model else NO_MODEL, score, reason, parts)

    def why_not(self, product_id: str, ask: Ask) -> WhyNot:
        """Say why a product is not in a shopper's list. Raises NotReady, UnknownProduct, UnknownVariant."""
        snapshot, who, arms = self._look(ask)
        product = shelf.number(snapshot, product_id)
        if names := filters.against(snapshot.catalogue, ask.wish, who.own, product):
            return WhyNot(False, names, None, "; ".join(filters.SAID[name] for name in names))
        all_of_them = replace(ask, n=len(snapshot.catalogue))
        without_quota = self.settings.api.model_copy(update={"warm_up_share": 0})
        places = recommend.ranked(snapshot, arms.models[0], who, all_of_them, without_quota)
        rank = next(number for number, place in enumerate(places, start=1) if place.product == product)
        beyond = f"no filter keeps it out: it stands at place {rank}, beyond the {ask.n} asked for"
        return WhyNot(rank <= ask.n, [], rank, f"it is shown, at place {rank}" if rank <= ask.n else beyond)

    def last_click(
        self, user_id: str | None, session_id: str | None, product_id: str, before: datetime
    ) -> Click | None:
        """Find the click on a list that a shopper came from to a product, at most `api.attribution_hours` before."""
        return self._recent.last_click(user_id, session_id, product_id, micros(before))

    def snapshot(self) -> Snapshot:
        """Give what answers are made from. Raises NotReady."""
        snapshot = self._snapshot
        if snapshot is None:
            raise NotReady(self._fault)
        return snapshot

    def _look(self, ask: Ask) -> tuple[Snapshot, Shopper, Assignment]:
        """Find what an answer is made from: the newest snapshot, what is known of the shopper, and the variant."""
        snapshot, now = self.snapshot(), datetime.now(UTC)
        doings = self._recent.of(ask.user_id, ask.session_id, micros(now))
        arms = assigned(self.settings.experiments, ask, doings, now)
        return snapshot, recommend.shopper(snapshot, doings, ask, self.settings.api, now), arms

    def _answer(
        self, snapshot: Snapshot, who: Shopper, lists: Sequence[list[Place]], arms: Assignment, n: int
    ) -> Answer:
        """Word a list, two of them interleaved, and number it."""
        models, unique = [snapshot.models.get(name) for name in arms.models], recommendation_id.unique()
        worded = [recommend.items(snapshot, model, who, one) for model, one in zip(models, lists, strict=True)]
        made = worded[0] if len(worded) == 1 else interleaved(worded, n, unique)
        versions = [model.version if model else NO_MODEL for model in models]
        version = versions[0] if len({*versions}) == 1 else BOTH.join(versions)
        if steps := [place.step for places in lists for place in places]:
            measures.FALLBACKS.labels(max(steps, key=ladder.STEPS.index)).inc()
        number = recommendation_id.make(version, arms.variant, unique)
        return Answer(number, version, snapshot.base.version, self.newest_event_at, arms.variant, made)

    def _keep_fresh(self) -> None:
        """Look for newer versions until told to stop."""
        while not self._stopped.is_set():
            try:
                self._refresh()
                self._fault = ""
            except Exception as error:  # whatever it was, answers go on from what is there, and `faults` tells
                log.exception("could not refresh")
                self._fault = f"{type(error).__name__}: {error}"
            self._stopped.wait(self.settings.api.refresh_seconds if self._snapshot else FIRST_LOOKS)

    def _refresh(self) -> None:
        """Put a newer snapshot in place; the first time, remember the last hours and begin to follow the topic."""
        first, snapshot = self._snapshot is None, self._loader.load()
        now = datetime.now(UTC)
        if first and snapshot.base.version is not None:
            api = self.settings.api
            session, kept = timedelta(minutes=api.session_minutes), timedelta(hours=api.attribution_hours)
            self._recent.take(lately(self.settings, snapshot.base.version, now, session, kept), micros(now))
        self._snapshot = snapshot
        if first and self._follows:
            version = snapshot.base.version
            self._tail.start(snapshot.base.ends, lambda: landed.stream_places(self.settings, version))
        self._recent.forget(snapshot.base.ends, micros(now))
