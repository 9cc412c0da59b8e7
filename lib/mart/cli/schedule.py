"""`mart schedule`: crawls when their time has come, here or by rules of AWS EventBridge."""

import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from mart.cli.options import home_option, json_option, settings_of
from mart.settings import Settings, SettingsError

if TYPE_CHECKING:
    from mart.edges.eventbridge import Change

SHOWN = 3  # turns of each shop


@click.command()
@home_option
@click.option(
    "--settings", "file", type=click.Path(path_type=Path), help="Settings file; conf/shops.toml shows a shop's."
)
@click.option(
    "--list", "listed", is_flag=True, help="Only show each shop, its next turns, and how its last crawl went."
)
@click.option(
    "--at-once",
    type=click.IntRange(1, 32),
    default=2,
    show_default=True,
    help="Crawls of different shops side by side.",
)
@click.option(
    "--aws", "function", metavar="LAMBDA_ARN", help="Make EventBridge rules that start this function instead."
)
@click.option("--dry-run", "dry", is_flag=True, help="With --aws: only say what would change.")
@json_option
def schedule(
    home: Path, file: Path | None, listed: bool, at_once: int, function: str | None, dry: bool, as_json: bool
) -> None:
    """Start each shop's crawl when its cron line (UTC) says so, until stopped.

    A shop is never crawled twice at a time: a turn that comes too soon is left out, and said. What was missed while this did
    not run is not made up. SIGTERM (or Ctrl-C) lets crawls close, a second one hastens them; they go on with their next turn.

    With --aws there is a rule mart-crawl-SHOP for each shop that has a cron line, and rules of shops that have none any more
    are removed. One that was disabled by hand stays so.

    \b
    Examples:
      mart schedule --list
      mart schedule --at-once 4
      mart schedule --aws arn:aws:lambda:eu-central-1:123456789012:function:scrape --dry-run
    """
    _check(listed, function, dry, as_json)
    settings = settings_of(home, file)
    try:
        if function:
            _rules(settings, function, dry, as_json)
        elif listed:
            _list(settings, as_json)
        else:
            _run(settings, file, at_once)
    except SettingsError as error:
        raise click.UsageError(str(error)) from None


def _check(listed: bool, function: str | None, dry: bool, as_json: bool) -> None:
    if listed and function:
        raise click.UsageError("--list shows what runs here; --aws with --dry-run shows what runs there")
    if dry and not function:
        raise click.UsageError("--dry-run goes with --aws")
    if as_json and not (listed or function):
        raise click.UsageError("--json goes with --list or --aws")


def _run(settings: Settings, file: Path | None, at_once: int) -> None:
    from mart import crawls
    from mart.edges.outcomes import Outcomes
    from mart.schedule import Runner, timetable

    table = timetable(settings.shops)
    if not table:
        raise SettingsError('no shop has a cron line: add one, as in [shops.NAME] cron = "30 3 * * *"')
    more = ["--home", str(settings.home), *(["--settings", str(file.absolute())] if file else [])]
    outcomes, wall = Outcomes(crawls.folder(settings)), Wall()  # who reads that it runs may at once ask it to stop
    with outcomes.alone():
        _say(f"{len(table)} shops; next {min((c.after(datetime.now(UTC)), s) for s, c in table.items())[1]}")
        Runner(table, crawls.Crawls(more), outcomes, wall, _say, at_once).run()


def _list(settings: Settings, as_json: bool) -> None:
    from mart import crawls
    from mart.edges.outcomes import Outcomes
    from mart.schedule import timetable

    table, now = timetable(settings.shops), datetime.now(UTC)
    last = Outcomes(crawls.folder(settings)).read()
    shops: list[dict[str, Any]] = [
        {
            "shop": name,
            "cron": table[name].line if name in table else None,
            "next": [turn.isoformat() for turn in table[name].turns(now, SHOWN)] if name in table else [],
            "last": last.get(name),
        }
        for name in sorted(settings.shops)
    ]
    print(json.dumps({"shops": shops})) if as_json else _show(shops)


def _show(shops: list[dict[str, Any]]) -> None:
    table = Table("shop", "cron", "next turns, UTC", "last crawl")
    for one in shops:
        turns = "\n".join(f"{datetime.fromisoformat(turn):%a %d %b %H:%M}" for turn in one["next"])
        table.add_row(one["shop"], one["cron"] or "only when asked for", turns, _last(one["last"]))
    Console(file=sys.stdout).print(table)


def _last(document: dict[str, Any] | None) -> str:
    if document is None:
        return "none by this schedule"
    ended = f"{document['outcome']}, {datetime.fromisoformat(document['ended_at']):%a %d %b %H:%M}"
    return (
        ended if document["outcome"] != "failed" else f"{ended}\nexit code {document['exit_code']}: {document['said']}"
    )


def _rules(settings: Settings, function: str, dry: bool, as_json: bool) -> None:
    from mart.edges.eventbridge import EventBridge
    from mart.rules import rules

    wanted = rules(settings, function)
    changes = EventBridge(settings.aws, dry).settle(wanted)
    if as_json:
        print(json.dumps({"dry_run": dry, "rules": [asdict(change) for change in changes]}))
    else:
        _show_rules(changes, dry)


def _show_rules(changes: Sequence["Change"], dry: bool) -> None:
    table = Table("rule", "schedule", "", title="mart schedule --aws, a dry run" if dry else "mart schedule --aws")
    for change in changes:
        table.add_row(change.name, change.expression, change.what)
    Console(file=sys.stdout).print(table)


class Wall:
    """The clock on the wall; SIGTERM and SIGINT ask to stop. A queue is what a signal's handler may safely put into."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[int] = SimpleQueue()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _: self._asked.put(number))

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: float) -> bool:
        try:
            self._asked.get(timeout=seconds)
        except Empty:
            return False
        return True


def _say(what: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {what}\n")  # print writes a line's end apart from it
    sys.stderr.flush()


COMMANDS = (schedule,)
