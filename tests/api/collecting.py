"""What tests of the collector share: an engine that knows nothing, settings with keys, and what a topic holds."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple, Self

import confluent_kafka as ck
import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from mart.api.app import Engine, app
from mart.edges import kafka
from mart.edges.collecting import KafkaOutlet
from mart.local.http import DIRECT
from mart.settings import Api, ApiKey, Settings

SHOP = "https://shop.example"
PUBLIC, READER, SERVER, ADMIN = "pub-1111", "read-2222", "srv-3333", "adm-4444"
KEYS = {
    "shop": ApiKey(key=SecretStr(PUBLIC), scopes=("collect",), origins=(SHOP,)),
    "site": ApiKey(key=SecretStr(READER), scopes=("read",)),
    "orders": ApiKey(key=SecretStr(SERVER), scopes=("collect",)),
    "ops": ApiKey(key=SecretStr(ADMIN), scopes=("admin",)),
}


class Clicked(NamedTuple):
    """A click on a list."""

    recommendation_id: str
    position: int | None


@dataclass
class Standin:
    """An engine without data: it knows the clicks that it is told of."""

    missing: list[str] = field(default_factory=list)
    clicks: dict[tuple[str | None, str | None, str], Clicked] = field(default_factory=dict)
    before: list[datetime] = field(default_factory=list)

    def start(self) -> None:
        """There is nothing to load."""

    def stop(self) -> None:
        """There is nothing to end."""

    def lacks(self) -> list[str]:
        return self.missing

    def last_click(
        self, user_id: str | None, session_id: str | None, product_id: str, before: datetime
    ) -> Clicked | None:
        self.before.append(before)
        return self.clicks.get((user_id, session_id, product_id))


def settings_with(broker: Settings, topic: str, **api: Any) -> Settings:  # noqa: ANN401
    """Settings of a broker whose activity goes to a topic."""
    to_topic = broker.kafka.model_copy(update={"activity": topic})
    return broker.model_copy(update={"kafka": to_topic, "api": Api(**api)})


def held(brokers: str, topic: str) -> list[dict[str, Any]]:
    """Every event that a topic holds, with its key and partition beside it."""
    consumer = ck.Consumer({"bootstrap.servers": brokers, "group.id": topic, "enable.auto.commit": False})
    found = []
    for partition, (begin, end) in kafka.ends(brokers, topic).items():
        consumer.assign([ck.TopicPartition(topic, partition, begin)])
        for _ in range(end - begin):
            message = consumer.poll(10)
            assert message is not None
            assert not message.error()
            found.append(json.loads(message.value() or b"") | {"_key": message.key(), "_partition": partition})
    consumer.close()
    return found


class Client:
    """Ask an application in this process, whose lifespan it opens and closes; a defect is an answer of 500."""

    def __init__(self, asked: FastAPI, client: tuple[str, int], url: str) -> None:
        self._runner = asyncio.Runner()
        self._life = asked.router.lifespan_context(asked)
        transport = httpx.ASGITransport(asked, raise_app_exceptions=False, client=client)
        self._client = httpx.AsyncClient(transport=transport, base_url=url)

    def __enter__(self) -> Self:
        self._runner.run(self._life.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._client.aclose())
        self._runner.run(self._life.__aexit__(None, None, None))
        self._runner.close()

    def request(self, method: str, path: str, **how: Any) -> httpx.Response:  # noqa: ANN401
        return self._runner.run(self._client.request(method, path, **how))

    def get(self, path: str, **how: Any) -> httpx.Response:  # noqa: ANN401
        return self.request("GET", path, **how)

    def post(self, path: str, **how: Any) -> httpx.Response:  # noqa: ANN401
        return self.request("POST", path, **how)

    def at_once(self, asks: list[dict[str, Any]]) -> list[httpx.Response]:
        """Send requests side by side."""

        async def all_of_them() -> list[httpx.Response]:
            return await asyncio.gather(*[self._client.request(**ask) for ask in asks])

        return self._runner.run(all_of_them())


class Served:
    """The service on a port of its own, in this process."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings = settings
        config = uvicorn.Config(app(settings, engine, KafkaOutlet(settings)), port=0, log_level="warning")
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    def events(self, count: int) -> list[dict[str, Any]]:
        """Wait until the topic holds so many events; give all of them, the earliest first."""
        deadline, found = time.monotonic() + 15, list[dict[str, Any]]()
        while len(found) < count and time.monotonic() < deadline:
            found = held(self.settings.kafka.brokers, self.settings.kafka.activity)
            time.sleep(0.1)
        return sorted(found, key=lambda event: event["event_at"])


SERVER_OF = """
import sys
from pathlib import Path
from threading import Thread
import uvicorn
from mart.api.app import app
from mart.cli.serve import log_config
from mart.edges.collecting import KafkaOutlet
from mart.settings import Settings
from tests.api.collecting import Standin
settings = Settings.read(Path(sys.argv[1]), Path(sys.argv[2]))
uvicorn.run(app(settings, Standin(), KafkaOutlet(settings)), host="127.0.0.1", port=int(sys.argv[3]), log_config=log_config())
"""


@dataclass
class Server:
    """The service in a process of its own."""

    process: "subprocess.Popen[bytes]"
    url: str
    log: Path

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def post(self, body: bytes, timeout: float = 10) -> int:
        """Send events; the status, or 0 where there was no answer."""
        try:
            with DIRECT.open(urllib.request.Request(f"{self.url}/events", body), timeout=timeout) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


@contextmanager
def server(home: Path, file: Path, port: int) -> Iterator[Server]:
    """Start the service, and wait until it answers."""
    log = file.with_suffix(".log")
    with log.open("ab") as output:
        command = [sys.executable, "-c", SERVER_OF, str(file), str(home), str(port)]
        root = Path(__file__).parents[2]
        environment = os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{root / 'lib'}"}
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, cwd=file.parent)
    running = Server(process, f"http://127.0.0.1:{port}", log)
    try:
        _await(running)
        yield running
    finally:
        process.terminate()
        process.wait(20)


def _await(running: Server) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with DIRECT.open(f"{running.url}/health", timeout=5):
                return
        except OSError:
            assert running.process.poll() is None, running.log.read_text()
            assert time.monotonic() < deadline, running.log.read_text()
            time.sleep(0.1)
