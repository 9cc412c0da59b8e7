"""Where records go: to Kafka, to Kinesis, or as files into the inbox of the landing zone; products always go into the inbox.

In: sources, each a name and its records. Out: `Sent`, which says how much went.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from mart.edges import inbox, kinesis, producing
from mart.edges.inbox import Written
from mart.replay import Format
from mart.replay.catalogue import Catalogue
from mart.replay.files import lines
from mart.replay.record import Record
from mart.settings import Settings

DESTINATIONS = ("kafka", "kinesis", "landing")
_READ_AHEAD = 1 << 20  # bytes

Source = tuple[str, Iterable[Record]]
Watch = Callable[[BinaryIO], BinaryIO]


@dataclass(frozen=True)
class Sent:
    """How much went; `known` of the records lay in the inbox already, from an earlier time."""

    records: int
    products: int
    files: int
    known: int


def replay(
    settings: Settings,
    format_: Format,
    files: Sequence[Path],
    to: str,
    rate: float | None = None,
    watch: Watch = lambda file: file,
) -> Sent:
    """Send the files' records and the products that they mention; `watch` sees what is read of each file.

    Raises NoInput for a broken archive, KafkaError where no broker takes the records, OSError where a file can't be
    read or the inbox can't be written.
    """
    catalogue = Catalogue()
    sources = ((f"{format_.name}-{file.name}", _records(format_, file, catalogue, watch)) for file in files)
    written = send(settings, to, sources, rate)
    products = send_products(settings, format_.name, catalogue.lines())
    return Sent(written.lines, products, len(files), written.known)


def send(settings: Settings, to: str, sources: Iterable[Source], rate: float | None = None) -> Written:
    """Send the records of every source, to a stream at most `rate` a second. Raises KafkaError, NotPublished and OSError."""
    every = (record for _, records in sources for record in records)
    if to == "kafka":
        return Written(producing.publish(settings.kafka.brokers, settings.kafka.activity, every, rate))
    if to == "kinesis":
        return Written(kinesis.publish(settings, every, rate))
    values = ((name, (value for _, value in records)) for name, records in sources)
    return sum((inbox.write(settings, "activity", name, lines_) for name, lines_ in values), Written())


def send_products(settings: Settings, name: str, catalogue: Iterable[bytes]) -> int:
    """Put a catalogue into the inbox; return the number of products. Raises OSError."""
    return inbox.write(settings, "products", name, catalogue).lines


def _records(format_: Format, file: Path, catalogue: Catalogue, watch: Watch) -> Iterator[Record]:
    with file.open("rb", buffering=0) as raw:
        stream = io.BufferedReader(cast(io.RawIOBase, watch(cast(BinaryIO, raw))), _READ_AHEAD)
        yield from format_.read(file.name, lines(cast(BinaryIO, stream), file.name), catalogue)
