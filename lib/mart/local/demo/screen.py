"""What a person sees while the demo is at work: a step at a time with its bar, and the seconds that it took.

Progress goes to stderr. Whatever else writes there meanwhile (jobs, Spark's JVM) goes to a log file, and the last line that a
job says becomes the note of its step.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from io import TextIOBase
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text


@dataclass
class Step:
    """One thing that the demo does, with the seconds that it took; more lines can be added to `progress` meanwhile."""

    title: str
    progress: Progress
    note: str = ""
    seconds: float = 0.0


@dataclass
class Screen:
    """Steps as they are done."""

    console: Console
    said: "Said"
    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show that something is at work and, when it is done, the seconds and the step's note."""
        step, begin = Step(title, self._progress()), time.monotonic()
        self.said.last = ""
        try:
            with step.progress:
                name, _, doing = title.partition(": ")
                step.progress.add_task(name, total=None, note=doing)
                yield step
        except GeneratorExit:  # a Ctrl-C came before the step's body: by now the screen may be gone
            raise
        except BaseException:
            self._done(step, "[red]✗", time.monotonic() - begin)
            raise
        self._done(step, "[green]✓", time.monotonic() - begin)

    @property
    def _quiet(self) -> bool:
        return not self.console.is_terminal

    def _progress(self) -> Progress:
        note = TextColumn("{task.fields[note]}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1))
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(14), note, TimeElapsedColumn())
        return Progress(*columns, console=self.console, transient=True, expand=True, disable=self._quiet)

    def _done(self, step: Step, mark: str, seconds: float) -> None:
        step.seconds = seconds
        step.note = step.note or self.said.last
        self.steps.append(step)
        line = Table.grid(padding=(0, 1), expand=True)
        line.add_column(width=1)
        line.add_column(ratio=1)
        line.add_column(justify="right", width=8)
        line.add_row(mark, step.title, f"{step.seconds:.1f} s")
        if step.note:
            line.add_row("", Text(step.note, "dim"), "")
        self.console.print(line)


class Said(TextIOBase):
    """A stderr that keeps all in a file and remembers the last line."""

    def __init__(self, log: TextIO) -> None:
        self.last = ""
        self._log = log

    def write(self, text: str) -> int:
        self.last = next((line for line in reversed(text.splitlines()) if line.strip()), self.last)
        self._log.write(text)
        self._log.flush()
        return len(text)


@contextmanager
def screen(log: Path) -> Iterator[Screen]:
    """Keep stderr for the steps alone: the file descriptor too, which the JVM inherits."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.flush()
    ours = os.dup(2)
    with log.open("a") as file, os.fdopen(ours, "w") as terminal, redirect_stderr(Said(file)) as said:
        os.dup2(file.fileno(), 2)
        try:
            yield Screen(Console(file=terminal), said)
        finally:
            os.dup2(terminal.fileno(), 2)
