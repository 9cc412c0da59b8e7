"""What is played: records in their order, the first part as history, the rest live; and the products that they mention."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path

from mart.replay import FORMATS, Format, generate
from mart.replay.catalogue import Catalogue
from mart.replay.files import find, lines
from mart.replay.record import Record
from mart.replay.send import Source
from mart.replay.stream import Shares
from mart.settings import Settings

HISTORY = 0.8  # share of the records, by position, that has happened before we begin
SHARES = Shares(bad=0.01, late=0.02, duplicates=0.02)
EVENTS = 100_000


@dataclass
class Material:
    """Records that are read once, front to back, so that their number does not matter; `lines` of them, headers counted."""

    told: str
    lines: int
    products: Callable[[], Iterable[bytes]]  # those mentioned so far
    truth: Path | None  # folder of the generator's truth; None for real data
    _left: Iterator[tuple[str, Record]] = field(repr=False)

    def history(self) -> Iterator[Source]:
        """Give the first part, file by file; each must be read to its end before the next is asked for."""
        first = islice(self._left, round(HISTORY * self.lines))
        for name, group in groupby(first, key=itemgetter(0)):
            yield name, (record for _, record in group)

    def live(self) -> Iterator[Record]:
        """Give what is left after the history."""
        return (record for _, record in self._left)


def real(path: Path, format_: Format) -> Material:
    """Take a data set. Raises NoInput."""
    files = find([path], format_.suffixes)
    catalogue = Catalogue()
    told = f"{path.name}, {len(files):,} files of {format_.name}"
    return Material(told, _count(files), catalogue.lines, None, _read(files, format_, catalogue))


def invented(settings: Settings, events: int, seed: int) -> Material:
    """Make a shop with some late, double and broken records, and the truth about it in `<home>/generated`."""
    folder = settings.home / "generated"
    shoppers, products = max(20, events // 100), min(max(20, events // 200), 5_000)
    plan = generate.Plan(shoppers, products, events, seed=seed, shares=SHARES)
    generate.history(plan, folder, None, settings)
    activity, catalogue = folder / "activity.jsonl", folder / "products.jsonl"
    records = _read([activity], FORMATS["jsonl"], Catalogue())  # the catalogue that the shop itself wrote says more
    told = f"an invented shop of {shoppers:,} shoppers and {products:,} products"
    return Material(told, _count([activity]), lambda: _lines(catalogue), folder, records)


def _read(files: Sequence[Path], format_: Format, catalogue: Catalogue) -> Iterator[tuple[str, Record]]:
    for file in files:
        for record in format_.read(file.name, _lines(file), catalogue):
            yield f"{format_.name}-{file.name}", record


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        yield from lines(stream, file.name)


def _count(files: Iterable[Path]) -> int:
    return sum(1 for file in files for _ in _lines(file))
