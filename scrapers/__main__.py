"""`python -m scrapers`: crawl shops, read saved pages, and measure how well they are read."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from scrapers import evaluate as evaluation
from scrapers.pages import kinds, listing
from scrapers.pages.product import ProductPage
from scrapers.pages.reading import read_page

NO_PRODUCT = 3  # exit code
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
URL = click.option("--url", help="Where the page is from; the shop's address alone will do.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Product pages of other shops: what they say, and how well we read them."""


@main.command()
@click.argument("page", type=FILE)
@URL
def extract(page: Path, url: str | None) -> None:
    """Print the item on a saved PAGE (.html or .html.gz) as one JSON document.

    Exit code 3, with the reason, for a page that is no product.

    Example: python -m scrapers extract page.html.gz --url https://www.amazon.in/
    """
    opened = _opened(page, url)
    if reason := kinds.refusal(opened):
        click.echo(f"{page}: {reason}", err=True)
        sys.exit(NO_PRODUCT)
    _print(opened.item().document())


@main.command("listing")
@click.argument("page", type=FILE)
@URL
def listing_(page: Path, url: str | None) -> None:
    """Print the tiles of a saved listing PAGE, with their prices, and the next page's address."""
    opened = _opened(page, url)
    found = [tile.document() for tile in listing.tiles(opened)]
    _print({"url": opened.url, "tiles": found, "next_page": listing.next_page(opened)})


@main.command()
@click.argument("shop")
@click.option("--start", multiple=True, metavar="URL", help="Begin here instead: a listing or a product page.")
@click.option("--limit", type=click.IntRange(min=1), help="Product pages at most.")
@click.option(
    "--to", metavar="kafka|FILE", help="Where records go; - for stdout  [kafka, else HOME/crawls/SHOP/items.jsonl]."
)
@click.option("--home", type=click.Path(file_okay=False, path_type=Path), help="Home of settings and state  [.mart].")
@click.option("--settings", "file", type=FILE, help="A settings file with the section [shops.SHOP].")
@click.option("--fresh", is_flag=True, help="Forget what earlier crawls have seen, and one that did not end.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def crawl(shop: str, **asked: Any) -> None:  # noqa: ANN401 click's own
    """Crawl SHOP, a name in the settings, or any host with --start; a crawl that was killed is gone on with.

    Exit code 1 when the shop asked for a human, or when nothing could be fetched.

    \b
    Examples:
      python -m scrapers crawl demo-alpha --limit 200
      python -m scrapers crawl shop.example --start https://shop.example/lamps --to lamps.jsonl
    """  # noqa: D301 - click takes \b for "leave these lines as they are"
    from scrapers import command  # reading saved pages needs no Scrapy

    sys.exit(command.crawl(command.Asked(shop, **asked)))


@main.command()
@click.option(
    "--pages",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with ground-truth.json, html/ and output/.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def evaluate(pages: Path | None, as_json: bool) -> None:
    """Measure F1 per field on labelled pages, beside the published systems, and pages a second beside bare extruct."""
    folder = pages or evaluation.FOLDER
    if not (folder / "ground-truth.json").exists():
        raise click.UsageError(f"no ground-truth.json in {folder}: name the folder of the labelled pages with --pages")
    result = evaluation.run(folder)
    _print(result) if as_json else evaluation.show(result)


def _opened(page: Path, url: str | None) -> ProductPage:
    try:
        return read_page(page, url)
    except (OSError, EOFError, ValueError) as error:
        raise click.UsageError(f"{page}: {error}") from None


def _print(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main(prog_name="python -m scrapers")
