"""`python -m scrapers crawl`: from what a person asks for to an order, its progress, and how it ended.

In: a shop's name in the settings, or any host with --start. Out: the exit code; the summary on stderr, or as JSON on stdout.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from scrapy import signals
from scrapy.crawler import Crawler

from mart.edges.kafka import KafkaError
from mart.settings import Settings, SettingsError, Shop
from scrapers import chromium
from scrapers import crawl as crawling
from scrapers.crawl import AtWork, Order, Summary
from scrapers.item import shop as host_of
from scrapers.manners import BLOCKED
from scrapers.publishing import Destination, Lines, Topics


class Asked(NamedTuple):
    """What the command line says."""

    shop: str
    start: tuple[str, ...]
    limit: int | None
    to: str | None
    home: Path | None
    file: Path | None
    fresh: bool
    as_json: bool


def crawl(asked: Asked) -> int:
    """Run the crawl and tell what became of it; return the exit code. Raises UsageError and ClickException."""
    if asked.to == "-" and asked.as_json:
        raise click.UsageError("--to - and --json both write to stdout: leave one of them out")
    try:
        settings = Settings.read(asked.file, asked.home)
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    called, shop = _shop(asked, settings)
    try:
        order = Order(called, shop, settings, _destination(asked, settings, called), asked.fresh)
        with _bar(called, shop.limit) as watch:
            summary = crawling.run(order, watch)
    except (AtWork, KafkaError, OSError, chromium.Missing) as error:
        raise click.ClickException(str(error)) from None
    _tell(summary, order, asked)
    return 0 if summary.well else 1


def _shop(asked: Asked, settings: Settings) -> tuple[str, Shop]:
    """Find the shop in the settings; one that is not there needs a start."""
    called, known = asked.shop, settings.shops.get(asked.shop)
    if known is None and not asked.start:
        names = ", ".join(sorted(settings.shops)) or "none"
        raise click.UsageError(
            f"no shop {called!r} in the settings (there: {names}): add [shops.{called}], or say --start URL"
        )
    if wrong := [url for url in asked.start if not url.startswith(("http://", "https://"))]:
        raise click.UsageError(f"--start {wrong[0]}: not an http or https address")
    shop = known or Shop(start=asked.start)
    given = {"start": asked.start or None, "limit": asked.limit}
    return called if known else host_of(called), shop.model_copy(update={k: v for k, v in given.items() if v})


def _destination(asked: Asked, settings: Settings, called: str) -> Destination:
    to = asked.to or ("kafka" if settings.kafka.brokers else None)
    if to == "kafka":
        return Topics(settings.kafka)
    folder = crawling.folder(settings, called)
    if to == "-":
        return Lines("-", folder / "rejects.jsonl")
    return Lines.beside(Path(to) if to else folder / "items.jsonl")


def _tell(summary: Summary, order: Order, asked: Asked) -> None:
    if asked.as_json:
        click.echo(json.dumps(summary.document()))
    else:
        click.echo(summary.sentence(), err=True)
    if summary.reason == BLOCKED:
        click.echo(f"{summary.shop} asks for a human: leave it alone for a day, and crawl it more slowly", err=True)
    elif summary.reason not in crawling.OVER:
        click.echo(f"it did not end: the same command goes on with it; see {order.folder / 'crawl.log'}", err=True)
    elif not summary.well:
        click.echo(f"nothing could be fetched; see {order.folder / 'crawl.log'}", err=True)


@contextmanager
def _bar(called: str, limit: int) -> Iterator[crawling.Watch]:
    """Show how many products have been read, to a person only."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"crawling {called}", total=limit)

        def watch(crawler: Crawler) -> None:
            crawler.signals.connect(lambda: bar.advance(task), signals.item_scraped, weak=False)

        yield watch
