"""Where Chromium is, and how Scrapy is told to render a shop's pages with it.

In: how many pages at a time. Out: Scrapy's settings, or Missing. Playwright itself is loaded by Scrapy, for shops that need it.
"""

import os
import shutil
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE_MS = 30_000  # that a page may take


class Missing(RuntimeError):
    """There is no Chromium."""


def find() -> str:
    """Find the system's Chromium. Raises Missing."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise Missing("this shop's pages need a browser and there is no Chromium: `make env` installs it")
    return found


def scrapy_settings(concurrent: int) -> dict[str, Any]:
    """Say in Scrapy's words how to render pages. Raises Missing."""
    rootless = [] if os.getuid() else ["--no-sandbox"]  # Chromium's own does not work for root
    return {
        "PLAYWRIGHT_LAUNCH_OPTIONS": {"executable_path": find(), "args": ["--disable-quic", *rootless]},
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": concurrent,
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": PATIENCE_MS,
    }
