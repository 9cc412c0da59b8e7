"""A dashboard that is served as people start it, over the demo's lake, over one that tests write to, and over none."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from mart.local import ports
from mart.local.http import DIRECT
from mart.settings import Settings
from tests import demolake
from tests.browsing import launched

COMMAND = [sys.executable, "-c", "from mart.cli import main; main()", "dashboard"]


class Served(NamedTuple):
    """Where a dashboard is, and the home that it shows."""

    url: str
    settings: Settings
    pid: int


@contextmanager
def serving(home: Path) -> Iterator[Served]:
    """Start a dashboard of a home."""
    port = ports.free(home)
    with (home / "dashboard.log").open("w") as log:
        child = subprocess.Popen([*COMMAND, "--home", str(home), "--port", str(port)], stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        while not _answers(url):
            assert child.poll() is None, (home / "dashboard.log").read_text()
            time.sleep(0.1)
        yield Served(url, Settings.read(home=home), child.pid)
    finally:
        child.terminate()
        child.wait(20)


def _answers(url: str) -> bool:
    try:
        with DIRECT.open(urllib.request.Request(f"{url}/_stcore/health"), timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo's lake, which no test changes."""
    home = tmp_path_factory.mktemp("demo")
    demolake.make(Settings.read(home=home))
    with serving(home) as one:
        yield one


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A home without a lake at first; tests may write to it."""
    with serving(tmp_path_factory.mktemp("bare")) as one:
        yield one


@pytest.fixture(scope="module")  # its event loop is the process's: tests of asyncio in other files want none to run
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page; nothing may go wrong on it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    wrong: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: wrong.append(message.text) if _is_fault(message) else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert wrong == []


def _is_fault(message: ConsoleMessage) -> bool:
    """Streamlit looks for its own address one step above each page, and hears 404 there first."""
    return message.type == "error" and "/_stcore/" not in message.location["url"]


@pytest.fixture
def opened(page: Page) -> Callable[[Served, str], Page]:
    """Open a page of a dashboard, and wait until it is drawn."""

    def open_(served: Served, path: str) -> Page:
        page.goto(f"{served.url}/{path}")
        drawn(page)
        return page

    return open_


def drawn(page: Page) -> None:
    """Wait until the script has come to a page's last line, and every chart is there."""
    page.get_by_text("Looked again every").wait_for()
    page.wait_for_function(
        "[...document.querySelectorAll('.stVegaLiteChart')].every(one => one.querySelector('canvas, svg'))"
    )
