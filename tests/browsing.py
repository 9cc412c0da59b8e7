"""A real browser for tests of pages."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from scrapers import chromium

# Who is driven says so, in its name and in navigator.webdriver, and is marked as a bot: tests of shoppers must be people.
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
HUMAN = "--disable-blink-features=AutomationControlled"


@contextmanager
def launched() -> Iterator[Browser]:
    """Launch the system's Chromium, or skip where there is none."""
    try:
        place = chromium.find()
    except chromium.Missing as missing:
        pytest.skip(str(missing))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=place, args=["--no-sandbox", HUMAN])
        yield browser
        browser.close()
