"""A watch whose messages go to a real receiver, and a clock that can be set."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mart.settings import Route, Settings
from mart.watch.gather import Part, parts
from mart.watch.rounds import Seen, Watch
from tests.receivers import OK, Workspace, slack

RUNBOOK = "https://wiki.example/runbook.md"


@dataclass
class Desk:
    """Somebody who is told: what came since the last look."""

    settings: Settings
    workspace: Workspace
    watch: Watch
    read: int = 0
    seen: list[Seen] = field(default_factory=list)

    def look(self, minutes: float = 0) -> list[str]:
        """Look as if so many minutes had gone by; return the titles of what was told."""
        self.seen.append(self.watch.look(datetime.now(UTC) + timedelta(minutes=minutes)))
        fresh = [one["text"] for one in self.workspace.posted[self.read :]]
        self.read = len(self.workspace.posted)
        return [text.split("*")[1] for text in fresh]

    def last(self) -> str:
        return str(self.workspace.posted[-1]["text"])

    def values(self, name: str) -> dict[tuple[str, ...], float]:
        """Give what the last look has seen of a metric."""
        samples = self.seen[-1].samples
        return {tuple(value for _, value in one.labels): one.value for one in samples if one.metric.name == name}


@contextmanager
def desk(settings: Settings, *names: str) -> Iterator[Desk]:
    """Watch some parts, all of them each time; every alert goes to one Slack, news of the market as well."""
    with slack(OK) as workspace:
        route = Route(severities=("info", "warning", "critical"), to=("slack",))
        alerts = workspace.alerts(routes={"all": route})
        watched = settings.watch.model_copy(update={"runbook": RUNBOOK})
        changed = settings.model_copy(update={"alerts": alerts, "watch": watched})
        yield Desk(changed, workspace, Watch(changed, _chosen(names)))


def _chosen(names: Sequence[str]) -> list[Part]:
    found = [Part(part.name, part.look) for part in parts() if part.name in names]
    assert len(found) == len(names), names
    return found
