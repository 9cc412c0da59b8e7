"""What the tests of crawls share: a demo shop of their own, and crawls as child processes, as people start them."""

import json
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mart.local import http, ports

ROOT = Path(__file__).parents[2]
PRODUCTS = 24


@dataclass
class Demo:
    """Demo shops that are served for tests."""

    port: int
    child: subprocess.Popen[bytes]

    @classmethod
    def start(cls, home: Path) -> "Demo":
        port = ports.free(home)
        words = ["-m", "mart.local.demoshop", "--port", str(port), "--products", str(PRODUCTS)]
        demo = cls(port, subprocess.Popen([sys.executable, *words], cwd=ROOT))
        deadline = time.monotonic() + 30
        while not ports.answers(port):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return demo

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, method: str = "GET") -> Any:  # noqa: ANN401 whatever JSON holds
        with http.DIRECT.open(urllib.request.Request(self.url + path, method=method), timeout=10) as answer:
            return json.loads(answer.read())

    def mischief(self, prefix: str, kind: str, more: str = "") -> None:
        self.ask(f"/mischief?prefix={prefix}&kind={kind}{more}", "POST")

    def day(self, day: int) -> None:
        self.ask(f"/clock?day={day}", "POST")

    def truth(self, shop: str = "demo-alpha") -> dict[str, dict[str, Any]]:
        """What is on offer, by path."""
        return {one["path"]: one for one in self.ask("/truth.json") if one["shop"] == shop}

    def log(self) -> list[dict[str, Any]]:
        """What was asked since the last look."""
        found: list[dict[str, Any]] = self.ask("/log.json", "DELETE")
        return found


@dataclass
class Ended:
    """How a crawl ended."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    def counts(self, *names: str) -> tuple[int, ...]:
        return tuple(self.summary[name] for name in names)


@dataclass
class Crawls:
    """Crawls of one home; `shop` holds lines of the shop's section beside its start."""

    home: Path
    start: list[str]
    shop: dict[str, Any] = field(default_factory=dict)
    scraping: dict[str, Any] = field(default_factory=dict)
    kafka: dict[str, Any] = field(default_factory=dict)
    name: str = "demo-alpha"

    def words(self, *more: str) -> list[str]:
        settings = self.home / "settings.toml"
        settings.parent.mkdir(parents=True, exist_ok=True)
        shop = {"start": self.start, "private": True, "delay_seconds": 0, "concurrent": 4} | self.shop
        sections = {f"shops.{self.name}": shop, "scraping": {"retries": 1} | self.scraping, "kafka": self.kafka}
        settings.write_text(
            "\n".join(
                f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in section.items())
                for name, section in sections.items()
            )
        )
        words = ["-m", "scrapers", "crawl", self.name, "--settings", str(settings), "--home", str(self.home), "--json"]
        return [sys.executable, *words, *more]

    def begin(self, *more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.words(*more),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *more: str) -> Ended:
        return ended(self.begin(*more))

    @property
    def items(self) -> list[dict[str, Any]]:
        return self.lines("items.jsonl")

    @property
    def rejects(self) -> list[dict[str, Any]]:
        return self.lines("items.rejects.jsonl")

    def lines(self, name: str) -> list[dict[str, Any]]:
        text = (self.home / "crawls" / self.name / name).read_text()
        return [json.loads(line) for line in text.splitlines()]


def ended(child: subprocess.Popen[str], patience: float = 60) -> Ended:
    out, err = child.communicate(timeout=patience)
    return Ended(child.returncode, out, err)


def path(item: dict[str, Any]) -> str:
    """The path of an item's address."""
    return "/" + str(item["url"]).split("/", 3)[3]
