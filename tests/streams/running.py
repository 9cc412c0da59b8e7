"""The real commands in child processes, killed from outside at named points.

No code knows that it is watched: a commit of a Delta table or of a checkpoint is a file with a known next name, and as soon
as that file is there, on a disk or in S3, the whole process group gets a SIGKILL.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath

from pyarrow import fs

from mart.edges import storage
from mart.schema import Table
from mart.settings import Settings

MART = Path(sys.executable).with_name("mart")
FRONTIER = re.compile(r'"txn":\{"appId":"events","version":(\d+)')
PATIENCE = 300.0  # seconds for a command on a busy machine
MOMENT = 0.005  # seconds between two looks


class NotKilled(AssertionError):
    """The process went on beyond the point at which it was to be killed."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    said: str  # stdout and stderr

    def well(self) -> "Ended":
        assert self.code == 0, self.said
        return self


Condition = Callable[[], bool]  # of the files that steps write


@dataclass(frozen=True)
class Point:
    """A place in a run: reached when all of `after` hold, and passed when all of `before` do, which come later."""

    name: str
    after: tuple[Condition, ...]
    before: tuple[Condition, ...]

    @property
    def reached(self) -> bool:
        return all(condition() for condition in self.after)

    @property
    def passed(self) -> bool:
        return all(condition() for condition in self.before)


@dataclass(frozen=True)
class Home:
    """A home folder with its lake; every command is told the broker and the topic by its environment."""

    settings: Settings

    def command(self, *arguments: str) -> list[str]:
        return [str(MART), *arguments, "--home", str(self.settings.home)]

    @contextmanager
    def running(self, *arguments: str) -> Iterator["Process"]:
        """Start a command in its own process group; whatever is left of it at the end is killed."""
        environment = {
            **os.environ,
            "MART_LAKE": self.settings.lake,
            "MART_KAFKA__BROKERS": self.settings.kafka.brokers,
            "MART_KAFKA__ACTIVITY": self.settings.kafka.activity,
            "MART_KAFKA__PRODUCT_DETAILS": self.settings.kafka.product_details,
            "MART_KAFKA__OFFER_ALERTS": self.settings.kafka.offer_alerts,
            "MART_KINESIS__ACTIVITY": self.settings.kinesis.activity,
            "MART_AWS__ENDPOINT_URL": self.settings.aws.endpoint_url,
        }
        said = self.settings.home / "said"
        with said.open("wb") as file:
            child = subprocess.Popen(
                self.command(*arguments), stdout=file, stderr=file, env=environment, start_new_session=True
            )
        process = Process(child, said)
        try:
            yield process
        finally:
            process.kill()

    def run(self, *arguments: str) -> Ended:
        with self.running(*arguments) as process:
            return process.end()

    def jobs(self, *jobs: str) -> Ended:
        """Let jobs take what is there, and end."""
        return self.run("run", *jobs, "--available-now")

    def killed(self, point: Point, *arguments: str) -> None:
        """Run a command and kill it at a point. Raises NotKilled where it was quicker."""
        assert not point.reached, f"{point.name}: it was there before the run"
        with self.running(*arguments) as process:
            process.kill_at(point)
        if point.passed:
            raise NotKilled(f"{point.name}: what comes after it came before the kill")

    def commit(self, table: Table, ahead: int = 1) -> Condition:
        """Whether a table has one commit more than now, or `ahead`."""
        log = f"{table.path}/_delta_log"
        newest = max((int(file.stem) for file in self.listed(log) if file.suffix == ".json"), default=-1)
        return self.there(f"{log}/{newest + ahead:020}.json")

    def follows(self, table: Table, version: int) -> Condition:
        """Whether a table has reached a version of the events."""
        log = f"{table.path}/_delta_log"
        read: set[PurePath] = set()  # a commit never changes

        def reached() -> bool:
            fresh = {file for file in self.listed(log) if file.suffix == ".json"} - read
            frontiers = [int(found) for file in fresh for found in FRONTIER.findall(self.text(f"{log}/{file}"))]
            if max(frontiers, default=-1) >= version:
                return True
            read.update(fresh)
            return False

        return reached

    def entry(self, query: str, kind: str) -> Condition:
        """Whether a query's checkpoint has an entry more than now; `kind` is offsets or commits."""
        return self.there(f"_checkpoints/{query}/{kind}/{self.newest(query, 'offsets') + 1}")

    def newest(self, query: str, kind: str) -> int:
        return max((int(file.name) for file in self.listed(f"_checkpoints/{query}/{kind}")), default=-1)

    def forget(self, query: str, *kinds: str) -> list[str]:
        """Take the newest entry of each kind out of a query's checkpoint. Returns the kinds that had one."""
        newest = {kind: number for kind in kinds if (number := self.newest(query, kind)) >= 0}
        for kind, number in newest.items():
            self.files.delete_file(f"{self.lake}/_checkpoints/{query}/{kind}/{number}")
        return list(newest)

    def forget_all(self, query: str) -> list[str]:
        """Delete a query's checkpoint."""
        assert self.newest(query, "offsets") >= 0, f"{query} has no checkpoint"
        self.remove(f"_checkpoints/{query}")
        return ["everything"]

    @property
    def lake(self) -> str:
        return storage.find(self.settings, self.settings.lake)[1]

    @cached_property
    def files(self) -> fs.FileSystem:
        return storage.find(self.settings, self.settings.lake)[0]

    def there(self, path: str) -> Condition:
        """Whether a file of the lake is there."""
        files, place = self.files, f"{self.lake}/{path}"
        return lambda: storage.is_there(files, place)

    def listed(self, path: str) -> list[PurePath]:
        """The numbered files of a folder of the lake; none where there is no folder."""
        selector = fs.FileSelector(f"{self.lake}/{path}", allow_not_found=True)
        return [PurePath(file.base_name) for file in self.files.get_file_info(selector) if file.base_name[:1].isdigit()]

    def text(self, path: str) -> str:
        with self.files.open_input_stream(f"{self.lake}/{path}") as stream:
            return bytes(stream.read()).decode()

    def remove(self, path: str) -> None:
        """Delete a folder of the lake."""
        self.files.delete_dir(f"{self.lake}/{path}")

    def verified(self) -> list[dict[str, object]]:
        """Ask `mart verify` what is off."""
        said = self.run("verify", "--json").said
        return [finding for finding in json.loads(said.splitlines()[-1])["findings"] if finding["off"]]


@dataclass(frozen=True)
class Process:
    """A command at work."""

    child: "subprocess.Popen[bytes]"
    log: Path

    def kill_at(self, point: Point) -> None:
        """Kill Java and Python at once, as soon as a point is reached.

        From the first of its steps on they stand still while we look: a look at many tables in S3 takes longer than a step.
        """
        deadline = time.monotonic() + PATIENCE
        while not point.after[0]():
            self._at_work(point.name, deadline)
            time.sleep(MOMENT)
        self._signal(signal.SIGSTOP)
        missing = point.after
        while missing := tuple(condition for condition in missing if not condition()):
            self._signal(signal.SIGCONT)
            time.sleep(MOMENT)
            self._at_work(point.name, deadline)
            self._signal(signal.SIGSTOP)
        self.kill()

    def _signal(self, number: signal.Signals) -> None:
        os.killpg(self.child.pid, number)

    def _at_work(self, point: str, deadline: float) -> None:
        code = self.child.poll()
        if code == 0:
            raise NotKilled(f"{point}: it ended before it was killed")
        assert code is None, f"{point}: it failed:\n{self.said()}"
        assert time.monotonic() < deadline, f"{point}: it did not get there:\n{self.said()}"

    def kill(self) -> None:
        if self.child.poll() is None:
            self._signal(signal.SIGKILL)
        self.child.wait()

    def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert self.child.poll() is None, f"it ended:\n{self.said()}"
            assert time.monotonic() < deadline, f"it did not happen:\n{self.said()}"
            time.sleep(0.05)

    def end(self) -> Ended:
        code = self.child.wait(PATIENCE)
        return Ended(code, self.said())

    def said(self) -> str:
        """What the command said, a line left out that Java says at every start."""
        lines = self.log.read_text(errors="replace").splitlines(keepends=True)
        return "".join(line for line in lines if "incubator modules" not in line)
