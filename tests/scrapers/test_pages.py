"""Pages of our own making, a folder each: page.html and what must come out of it, item.json (or the reason in refusal.txt)."""

import json
from pathlib import Path

import pytest

from scrapers.pages import kinds, listing
from scrapers.pages.reading import read_page

PAGES = Path(__file__).parent / "pages"
FOLDERS = sorted(folder for folder in PAGES.iterdir() if folder.is_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_page_says_what_its_folder_holds(folder: Path) -> None:
    url = (folder / "url.txt").read_text().strip()
    page = read_page(folder / "page.html", url)
    refused = folder / "refusal.txt"
    if refused.exists():
        assert refused.read_text().strip() in (kinds.refusal(page) or "taken for a product")
        return
    assert kinds.refusal(page) is None
    expected = json.loads((folder / "item.json").read_text())
    found = page.item().document()
    assert {name: found[name] for name in expected} == expected


def test_a_listing_gives_its_tiles_and_the_next_page() -> None:
    page = read_page(PAGES / "a-listing" / "page.html", "https://shop.example/lamps")
    tiles = listing.tiles(page)
    assert [(tile.title, tile.url, str(tile.price)) for tile in tiles][:2] == [
        ("Lamp 1", "https://shop.example/p/1", "11.50"),
        ("Lamp 2", "https://shop.example/p/2", "12.50"),
    ]
    assert len(tiles) == 6
    assert listing.next_page(page) == "https://shop.example/lamps?page=2"
