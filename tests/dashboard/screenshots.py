"""Make docs/screenshots: `python -m tests.dashboard.screenshots [FOLDER]`, each page of the dashboard as Chromium shows it.

In: the demo's lake as tests make it, and a registry of two versions that are made up. Out: a PNG a page, 1280 pixels wide, and the first page
on a phone; longer pages end where a reader has seen enough. Look at every one before you commit it.
"""

import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
from PIL import Image
from playwright.sync_api import Browser, Page

from mart.edges import recording, registry
from mart.local import CLONE
from mart.settings import Settings
from tests import demolake
from tests.browsing import launched
from tests.dashboard.conftest import drawn, serving

FOLDER = CLONE / "docs" / "screenshots"
PAGES = ("trending", "recommendations", "market", "product", "alerts", "health", "models")
WIDE, TOP, PHONE = (1280, 1700), (1280, 1150), (390, 1540)  # pixels: width, and the height at most
BOTTOMS = "[...document.querySelectorAll('.stMain .stElementContainer')].map(one => one.getBoundingClientRect().bottom)"
BELOW = 14  # pixels below the last thing, where the next does not begin yet
VERSIONS = (("failed", 0.1714, ""), ("passed", 0.2132, registry.CHAMPION))  # made up: verdict, nDCG@10, alias
POPULAR = 0.1819  # popularity's nDCG@10 on the same cut


def main(folder: Path) -> None:
    """Make every picture anew."""
    with TemporaryDirectory() as place:
        settings = Settings.read(home=Path(place))
        demolake.make(settings)
        train(settings)
        with serving(settings.home) as served, launched() as browser:
            shoot(browser, served.url, TOP, folder / "sales.png")
            for name in PAGES:
                shoot(browser, f"{served.url}/{name}", WIDE, folder / f"{name}.png")
            shoot(browser, served.url, PHONE, folder / "phone.png")


def train(settings: Settings) -> None:
    """Record versions as a training does, but for the models themselves, which no page loads."""
    for verdict, ndcg, alias in VERSIONS:
        metrics = {"ndcg_at_10": ndcg, "popularity_ndcg_at_10": POPULAR}
        about = {"params": {}, "metrics": metrics, "tags": {registry.VERDICT: verdict}}
        version = recording.register(settings, lambda: mlflow.log_text("", "model/MLmodel"), 0, **about)
        if alias:
            registry.release(settings, version, alias)


def shoot(browser: Browser, address: str, size: tuple[int, int], file: Path) -> None:
    """Take a picture of a page down to the last thing that fits into `size` as a whole."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(address)
    settle(page)
    lowest = max(bottom for bottom in page.evaluate(BOTTOMS) if bottom <= size[1] - BELOW)
    page.set_viewport_size({"width": size[0], "height": round(lowest) + BELOW})
    settle(page)
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(file, optimize=True)
    context.close()
    print(f"{file}: {file.stat().st_size // 1024} kB")


def settle(page: Page) -> None:
    """Wait until everything is drawn, and then until nothing moves any more."""
    drawn(page)
    page.wait_for_timeout(2_000)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else FOLDER)
