"""`python -m scrapers`: what it prints, and how it ends."""

import json
from pathlib import Path

from click.testing import CliRunner

from scrapers.__main__ import main

PAGES = Path(__file__).parent / "pages"


def test_extract_prints_one_json_document() -> None:
    done = CliRunner().invoke(main, ["extract", str(PAGES / "german-visible-only" / "page.html"), "--url", "lampen.de"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["price"] == "1299.00"


def test_extract_of_no_product_ends_with_3_and_the_reason() -> None:
    done = CliRunner().invoke(main, ["extract", str(PAGES / "a-bot-check" / "page.html")])
    assert (done.exit_code, done.stdout) == (3, "")
    assert "bot check" in done.stderr


def test_listing_prints_tiles_and_the_next_page() -> None:
    done = CliRunner().invoke(
        main, ["listing", str(PAGES / "a-listing" / "page.html"), "--url", "https://shop.example/lamps"]
    )
    document = json.loads(done.stdout)
    assert (len(document["tiles"]), document["next_page"]) == (6, "https://shop.example/lamps?page=2")


def test_a_file_that_is_not_there_is_the_users_mistake(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["extract", str(tmp_path / "none.html")]).exit_code == 2
    (tmp_path / "broken.html.gz").write_bytes(b"\x1f\x8b broken")
    done = CliRunner().invoke(main, ["extract", str(tmp_path / "broken.html.gz")])
    assert (done.exit_code, "Traceback" in done.stderr) == (2, False)


def test_rubbish_is_no_product_and_no_stack_trace(tmp_path: Path) -> None:
    for number, body in enumerate(
        [b"", b"\x00\xff\xfe", b"{}", b"[1, 2]", b"<<<>>>", b"<html>" * 3000, "héé".encode("utf-16")]
    ):
        page = tmp_path / f"{number}.html"
        page.write_bytes(body)
        done = CliRunner().invoke(main, ["extract", str(page)])
        assert done.exit_code == 3, (body[:20], done.output, done.exception)
