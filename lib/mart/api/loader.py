"""Load what answers are made from, and load again only what has moved since.

In: the lake and the registry. Out: snapshots, each as new as its newest part; what has not changed is shared between them.
"""

from collections.abc import Collection

from mart.api import base, catalogue, ladder, model
from mart.api.base import Base
from mart.api.catalogue import Catalogue, Numbers
from mart.api.ladder import Popular
from mart.api.model import Model
from mart.api.recommend import Snapshot
from mart.edges import kafka
from mart.edges.registry import CHAMPION
from mart.edges.shards import Stream, numbered
from mart.settings import Settings
from mart.tables import POPULARITY


class Loader:
    """Remembers what it has loaded. Used by one thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._numbers = settings, Numbers()
        self._catalogue: Catalogue | None = None
        self._base: Base | None = None
        self._favour: tuple[int | None, Popular] | None = None
        self._models: dict[str, Model] = {}
        self._guesses: dict[str, tuple[Model, Catalogue, model.Factors]] = {}

    def load(self) -> Snapshot:
        """Give a snapshot of what is there now.

        The catalogue's products are numbered first, then others that the model, histories or popularity name; arrays are laid
        out when all have their number.
        """
        settings, numbers = self._settings, self._numbers
        self._catalogue = catalogue.load(settings, numbers, self._catalogue)
        self._models = self._newest_models()
        self._base = base.load(settings, numbers, self._partitions(), self._base)
        favour = self._popular()
        self._catalogue = catalogue.load(settings, numbers, self._catalogue)
        guesses = {name: self._guessed(name, one, self._catalogue) for name, one in self._models.items()}
        last_at = self._base.history.pairs.newest
        newest = int(last_at.astype("datetime64[us]").astype(int)) if last_at is not None else 0
        return Snapshot(numbers, self._catalogue, favour, self._base, dict(self._models), guesses, newest)

    def _newest_models(self) -> dict[str, Model]:
        """Load the champion, and the models of experiments."""
        names = {CHAMPION} | {name for one in self._settings.experiments.values() for name in one.models.values()}
        found = {
            name: model.load(self._settings, name, self._numbers, self._models.get(name)) for name in sorted(names)
        }
        return {name: one for name, one in found.items() if one is not None}

    def _popular(self) -> Popular:
        """Weigh popularity anew where it, or the number of products, has moved."""
        found = base.freshest(self._settings, POPULARITY)
        stands = found[2] if found else None
        if self._favour is None or self._favour[0] != stands or len(self._favour[1].score) != len(self._numbers):
            rows, stands = base.popularity(self._settings)
            self._favour = stands, ladder.popular(rows, self._numbers)
        return self._favour[1]

    def _guessed(self, name: str, one: Model, shown: Catalogue) -> model.Factors:
        known = self._guesses.get(name)
        if known is None or known[0] is not one or known[1] is not shown:
            self._guesses[name] = known = (one, shown, model.guessed(one, shown))
        return known[2]

    def _partitions(self) -> Collection[int]:
        """Name the partitions of the topic, or the shards, by which the search for their offsets knows its end."""
        place = self._settings.kafka
        if self._settings.kinesis.activity:
            return {numbered(name) for name in Stream.of(self._settings).shards()}
        return range(kafka.partitions(place.brokers, place.activity)) if place.brokers else range(0)
