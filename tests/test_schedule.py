"""The schedule of crawls: cron lines here and at EventBridge, what is due, children that run, fail and are stopped."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import boto3
import pytest
from click.testing import CliRunner
from hypothesis import assume, given
from hypothesis import strategies as st

from mart.cli import main
from mart.crawls import Crawls, Ended
from mart.cron import BadCron, Cron
from mart.edges.aws import AwsError
from mart.edges.eventbridge import PREFIX, EventBridge, Rule
from mart.edges.outcomes import AtWork, Outcomes
from mart.rules import rules
from mart.schedule import Runner, due, pause, timetable
from mart.settings import Settings, SettingsError, Shop

ROOT = Path(__file__).parents[1]
MART = Path(sys.executable).with_name("mart")
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:scrape"

# A crawl as the schedule knows it: it notes when it begins and ends, and goes as its shop's name says.
CRAWL = """
import json, os, pathlib, signal, sys, time
shop, words = sys.argv[1], sys.argv[2:]
notes = pathlib.Path(os.environ["NOTES"])
note = lambda what: notes.open("a").write(f"{shop} {what} {os.getpid()}\\n")
def stop(*_):
    note("stopped")
    print(json.dumps({"reason": "shutdown", "items": 1}))
    sys.exit(1)
signal.signal(signal.SIGTERM, stop if shop != "deaf" else lambda *_: note("heard"))
note("begins")
if shop.startswith("broken"):
    print("first line\\n  it is broken  \\n", file=sys.stderr)
    sys.exit(1)
time.sleep({"quick": 0.05, "slow": 1.4}.get(shop.split("-")[0], 60))
note("ends")
print(json.dumps({"reason": "finished", "items": 1234, "words": words}))
"""


def shop(cron: str) -> Shop:
    return Shop(start=("https://shop.example/",), cron=cron)


def table(**crons: str) -> dict[str, Cron]:
    return {name: Cron(line) for name, line in crons.items()}


# Cron lines


@pytest.mark.parametrize(
    ("line", "said"),
    {
        "30 3 * * *": "cron(30 3 * * ? *)",
        "*/15 9-17 * * mon-fri": "cron(0,15,30,45 9-17 ? * 2-6 *)",
        "0 0 1,15 * *": "cron(0 0 1,15 * ? *)",
        "0 0 * * 0": "cron(0 0 ? * 1 *)",
        "0 0 * * 7": "cron(0 0 ? * 1 *)",
        "5 4 * jan,JUL sat,sun": "cron(5 4 ? 1,7 1,7 *)",
        "@daily": "cron(0 0 * * ? *)",
        "@weekly": "cron(0 0 ? * 1 *)",
        "* * * * *": "cron(* * * * ? *)",
    }.items(),
)
def test_eventbridge_says_a_cron_line_in_its_own_way(line: str, said: str) -> None:
    assert Cron(line).eventbridge() == said


LINES = st.tuples(
    *(
        st.one_of(
            st.just("*"),
            st.integers(2, step).map("*/{}".format),
            st.lists(st.integers(low, high), min_size=1, max_size=3).map(lambda some: ",".join(map(str, some))),
            st.tuples(st.integers(low, high), st.integers(low, high)).map(lambda two: f"{min(two)}-{max(two)}"),
        )
        for low, high, step in ((0, 59, 30), (0, 23, 12), (1, 31, 15), (1, 12, 6), (0, 7, 3))
    )
).map(" ".join)


@given(LINES, st.integers(0, 4 * 365 * 86_400).map(lambda seconds: NOON + timedelta(seconds=seconds)))
def test_both_are_due_at_the_same_minutes(line: str, moment: datetime) -> None:
    try:
        cron = Cron(line)
        said = cron.eventbridge()
    except BadCron:
        assume(False)
    turn = cron.after(moment)
    assert matches(said, turn)
    for other in (moment.replace(second=0), turn + MINUTE, turn + 60 * MINUTE, turn + DAY):
        assert matches(said, other) == (cron.latest(other) == other), other


def matches(said: str, moment: datetime) -> bool:
    """Read an expression as EventBridge's manual explains it."""
    fields = re.fullmatch(r"cron\((.*)\)", said)
    assert fields
    minute, hour, day, month, weekday, year = fields[1].split()
    assert year == "*"
    assert (day == "?") != (weekday == "?"), "exactly one of both says ?"
    values = (moment.minute, moment.hour, moment.day, moment.month, moment.isoweekday() % 7 + 1)
    return all(holds(one, value) for one, value in zip((minute, hour, day, month, weekday), values, strict=True))


def holds(field: str, value: int) -> bool:
    ranges = [part.partition("-") for part in field.split(",")]
    return field in ("*", "?") or any(int(low) <= value <= int(high or low) for low, _, high in ranges)


@pytest.mark.parametrize(
    "line",
    ["", "soon", "61 * * * *", "0 0 0 * * *", "0 0 L * *", "0 0 * * 5#2", "H 3 * * *", "0 0 31 2 *", "@reboot", "0 0 ? * *",
     "* * * *", "0 0 * * funday"],
)  # fmt: skip
def test_what_is_no_cron_line_is_refused(line: str) -> None:
    with pytest.raises(BadCron, match=re.escape(repr(line))):
        Cron(line)


def test_a_day_of_the_month_or_a_weekday_is_either_of_both_here_and_refused_for_eventbridge() -> None:
    cron = Cron("0 0 1 * mon")
    assert [turn.day for turn in cron.turns(datetime(2026, 11, 28, tzinfo=UTC), 4)] == [30, 1, 7, 14]
    assert [turn.day for turn in Cron("0 0 */2 * mon").turns(datetime(2026, 11, 1, tzinfo=UTC), 3)] == [9, 23, 7]
    with pytest.raises(BadCron, match="EventBridge can't have both"):
        cron.eventbridge()


# What is due


def test_a_turn_is_due_once_and_of_several_turns_of_a_shop_the_latest() -> None:
    every = table(hourly="0 * * * *", often="*/5 * * * *", nightly="0 3 * * *")
    found = [(turn.shop, turn.at) for turn in due(every, NOON - 90 * MINUTE, NOON + SECOND)]
    assert found == [("hourly", NOON), ("often", NOON)]
    assert due(every, NOON, NOON + SECOND) == []
    assert [turn.shop for turn in due(every, NOON - SECOND, NOON)] == ["hourly", "often"]


def test_nothing_is_due_until_the_pause_is_over_and_something_is_then() -> None:
    every = table(a="*/7 * * * *", b="3 12 * * *")
    now = NOON
    for _ in range(40):
        after = now + timedelta(seconds=pause(every, now))
        assert due(every, now, after - timedelta(microseconds=1)) == []
        assert due(every, now, after) or after - now == 30 * SECOND, "it looks at the clock now and then"
        now = after


def test_shops_without_a_cron_line_have_no_turn_and_wrong_lines_name_their_shops() -> None:
    assert timetable({"a": shop(""), "b": shop(" 0 3 * * * ")}) == table(b="0 3 * * *")
    with pytest.raises(SettingsError, match=r"shops\.b\.cron: '3 Uhr'.*shops\.c\.cron: '99 \* \* \* \*'"):
        timetable({"a": shop("0 3 * * *"), "b": shop("3 Uhr"), "c": shop("99 * * * *")})


# Crawls that run


@dataclass
class Fast:
    """A clock that runs many times as fast, until a signal, or until it is asked to stop."""

    speed: float = 60
    start: datetime = NOON - 2 * SECOND
    asked: list[Event] = field(default_factory=lambda: [Event(), Event()])
    began: float = field(default_factory=time.monotonic)
    leap: timedelta = timedelta()

    def now(self) -> datetime:
        return self.start + timedelta(seconds=(time.monotonic() - self.began) * self.speed) + self.leap

    def wait(self, seconds: float) -> bool:
        if self.asked and self.asked[0].wait(seconds / self.speed):
            self.asked.pop(0)
            return True
        if not self.asked:
            time.sleep(seconds / self.speed)
        return False

    def stop(self) -> None:
        self.asked[0].set()


@dataclass
class Stage:
    """A schedule that runs in a thread, with crawls of this file's making."""

    folder: Path
    clock: Fast = field(default_factory=Fast)
    said: list[str] = field(default_factory=list)
    at_once: int = 2
    failed: list[BaseException] = field(default_factory=list)
    thread: Thread | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "crawl.py").write_text(CRAWL)
        self.command: tuple[str, ...] = (sys.executable, "-S", "-E", str(self.folder / "crawl.py"))

    def begin(self, **crons: str) -> None:
        names = {name.replace("_", "-"): Cron(line) for name, line in crons.items()}
        crawls = Crawls(["--home", "here"], {"NOTES": str(self.folder / "notes")}, self.command)
        runner = Runner(names, crawls, self.outcomes, self.clock, self.said.append, self.at_once)
        self.thread = Thread(target=self._run, args=(runner,))
        self.thread.start()

    def _run(self, runner: Runner) -> None:
        try:
            runner.run()
        except BaseException as error:  # noqa: BLE001 a thread's error is a test's to see
            self.failed.append(error)

    @property
    def outcomes(self) -> Outcomes:
        return Outcomes(self.folder)

    def notes(self) -> list[tuple[str, str]]:
        file = self.folder / "notes"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(line.split()[0], line.split()[1]) for line in lines]

    def pid(self) -> int:
        """The crawl that has made the last note."""
        return int((self.folder / "notes").read_text().split()[-1])

    def until(self, holds: Callable[[], bool], patience: float = 20) -> None:
        deadline = time.monotonic() + patience
        while not holds():
            assert time.monotonic() < deadline, (self.said, self.notes())
            time.sleep(0.02)

    def end(self) -> None:
        assert self.thread
        self.clock.stop()
        self.thread.join(20)
        assert not self.thread.is_alive()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path / "stage")
    yield stage
    while stage.thread and stage.thread.is_alive():
        stage.clock.stop()
        stage.thread.join(0.5)


def test_crawls_begin_when_their_time_has_come_and_their_ends_are_told_and_kept(stage: Stage) -> None:
    stage.begin(quick="* * * * *", broken="0 12 * * *", nightly="0 3 * * *")
    stage.until(
        lambda: sum("quick: crawl finished" in said for said in stage.said) == 2 and len(stage.outcomes.read()) == 2
    )
    kept = stage.outcomes.read()
    stage.end()
    assert "quick: crawl begins" in stage.said
    assert any(re.fullmatch(r"quick: crawl finished after [\d.]+ s, 1,234 items", said) for said in stage.said)
    assert any(re.fullmatch(r"broken: crawl failed after .* exit code 1: it is broken", said) for said in stage.said)
    assert (kept["quick"]["outcome"], kept["quick"]["summary"]["words"]) == ("finished", ["--json", "--home", "here"])
    assert (kept["broken"]["outcome"], kept["broken"]["exit_code"]) == ("failed", 1)
    assert ("nightly", "begins") not in stage.notes()
    assert stage.failed == []


def test_shops_are_crawled_side_by_side_but_so_many_at_once_at_most(stage: Stage) -> None:
    stage.begin(slow_a="0 12 * * *", slow_b="0 12 * * *", slow_c="0 12 * * *")
    stage.until(lambda: sum(what == "ends" for _, what in stage.notes()) == 3)
    stage.end()
    at_work, most = 0, 0
    for _, what in stage.notes():
        at_work += 1 if what == "begins" else -1
        most = max(most, at_work)
    assert most == 2


def test_a_shop_is_never_crawled_twice_at_a_time_and_the_turn_left_out_is_said(stage: Stage) -> None:
    stage.begin(slow="* * * * *")  # a crawl takes 84 s of this clock
    stage.until(lambda: stage.notes().count(("slow", "ends")) >= 2)
    stage.end()
    assert [what for _, what in stage.notes()][:4] == ["begins", "ends", "begins", "ends"]
    assert "slow: its turn at 12:01 is left out: the crawl before it has not ended" in stage.said


def test_what_was_missed_while_the_machine_slept_is_said_and_not_made_up(stage: Stage) -> None:
    stage.begin(quick="30 12 * * *")
    stage.until(lambda: stage.clock.now() > NOON)
    stage.clock.leap = timedelta(hours=2)
    stage.until(lambda: bool(stage.said))
    stage.clock.leap += NOON + 28 * MINUTE - stage.clock.now()  # and a clock that is set back repeats nothing
    stage.until(lambda: stage.clock.now() > NOON + 31 * MINUTE)
    stage.end()
    assert stage.said == ["quick: its turn at 12:30 was missed: this machine slept, or its clock was set"]
    assert stage.notes() == []


def test_a_stop_reaches_crawls_at_work_once_waits_for_them_and_leaves_out_those_that_wait(stage: Stage) -> None:
    stage.at_once = 1
    stage.begin(long_a="0 12 * * *", long_b="0 12 * * *")
    stage.until(lambda: ("long-a", "begins") in stage.notes())
    stage.end()
    assert stage.notes() == [("long-a", "begins"), ("long-a", "stopped")]
    assert "long-b: its turn is left out: it waited for another crawl to end" in stage.said
    assert stage.outcomes.read()["long-a"]["outcome"] == "unfinished"
    assert any(said.startswith("long-a: crawl unfinished after") for said in stage.said)


def test_a_second_stop_reaches_crawls_again(stage: Stage) -> None:
    stage.begin(deaf="0 12 * * *")
    stage.until(lambda: ("deaf", "begins") in stage.notes())
    stage.clock.stop()
    stage.until(lambda: stage.notes().count(("deaf", "heard")) == 1)
    stage.clock.stop()
    stage.until(lambda: stage.notes().count(("deaf", "heard")) == 2)
    os.kill(stage.pid(), signal.SIGKILL)
    assert stage.thread
    stage.thread.join(10)
    assert stage.outcomes.read()["deaf"]["exit_code"] == -signal.SIGKILL


@pytest.mark.parametrize(
    ("exit_code", "reason", "told", "outcome"),
    [
        (0, "finished", True, "finished"),
        (1, "shutdown", True, "unfinished"),
        (1, "failed", True, "unfinished"),  # so a crawl says that was told twice
        (-signal.SIGTERM, None, True, "unfinished"),  # before it could listen
        (-signal.SIGKILL, None, True, "unfinished"),
        (1, "blocked", True, "failed"),
        (1, None, True, "failed"),
        (1, "shutdown", False, "failed"),  # by somebody else
        (-signal.SIGKILL, None, False, "failed"),
    ],
)
def test_a_crawl_is_unfinished_only_where_it_ended_because_it_was_told_to(
    exit_code: int, reason: str | None, told: bool, outcome: str
) -> None:
    summary = {"reason": reason} if reason else None
    assert Ended("a", NOON, NOON, exit_code, "", summary, told).outcome == outcome


def test_a_crawl_that_can_not_be_started_ends_the_schedule(stage: Stage) -> None:
    stage.command = (str(stage.folder / "missing"),)
    stage.begin(quick="* * * * *")
    stage.until(lambda: bool(stage.failed))
    assert isinstance(stage.failed[0], FileNotFoundError)


def test_one_schedule_at_a_time_keeps_a_folder(tmp_path: Path) -> None:
    with Outcomes(tmp_path).alone(), pytest.raises(AtWork, match="another `mart schedule`"), Outcomes(tmp_path).alone():
        pass
    with Outcomes(tmp_path).alone():
        pass


# The command


def command(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["schedule", *words])
    assert not result.exception or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_list_shows_cron_lines_the_next_turns_and_the_last_crawl(tmp_path: Path) -> None:
    (tmp_path / "crawls").mkdir()
    last = {"outcome": "failed", "exit_code": 1, "said": "it is broken", "ended_at": NOON.isoformat()}
    Outcomes(tmp_path / "crawls").note("ebay-de", last)
    (tmp_path / "services.toml").write_text('[shops.corner]\nstart = ["https://corner.example/"]\n')
    code, out = command("--list", "--json", "--home", str(tmp_path))
    shops = {one["shop"]: one for one in json.loads(out)["shops"]}
    assert code == 0
    assert (shops["ebay-de"]["cron"], shops["ebay-de"]["last"]) == ("10 2 * * tue,fri", last)
    turns = [datetime.fromisoformat(turn) for turn in shops["ebay-de"]["next"]]
    assert len(turns) == 3
    assert all(turn > datetime.now(UTC) - DAY and turn.weekday() in (1, 4) and turn.hour == 2 for turn in turns)
    assert shops["corner"] == {"shop": "corner", "cron": None, "next": [], "last": None}
    code, out = command("--list", "--home", str(tmp_path))
    assert code == 0
    assert "exit code 1" in out
    assert "only when asked for" in out


@pytest.mark.parametrize(
    ("words", "says"),
    {
        ("--json",): "--json goes with",
        ("--dry-run",): "--dry-run goes with",
        ("--list", "--aws", FUNCTION): "--list shows what runs here",
        ("--aws", "scrape"): "no function's ARN",
        ("--aws", FUNCTION.replace("eu-central-1", "us-east-1")): "lies in us-east-1",
    }.items(),
)
def test_what_can_not_be_meant_is_refused_in_one_line(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    code, out = command(*words, "--home", str(tmp_path))
    assert code == 2
    assert says in out


def test_a_wrong_cron_line_is_an_error_at_start_that_names_its_shop(tmp_path: Path) -> None:
    (tmp_path / "services.toml").write_text('[shops.ebay-de]\ncron = "at night"\n')
    for words in ((), ("--list",), ("--aws", FUNCTION)):
        code, out = command(*words, "--home", str(tmp_path))
        assert code == 2
        assert "shops.ebay-de.cron: 'at night' is no cron line" in out


def test_a_state_on_s3_is_not_for_a_schedule_on_this_machine(tmp_path: Path) -> None:
    (tmp_path / "services.toml").write_text('[scraping]\nstate = "s3://bucket/crawls"\n')
    code, out = command("--home", str(tmp_path))
    assert code == 2
    assert "s3://bucket/crawls" in out


def test_the_command_runs_until_it_is_asked_to_stop(tmp_path: Path) -> None:
    begin = "from mart.cli.schedule import schedule; schedule()"
    words = [sys.executable, "-c", begin, "--home", str(tmp_path)]
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr
        assert "3 shops" in child.stderr.readline()
        code, out = command("--home", str(tmp_path))
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0
    assert code == 1
    assert "another `mart schedule` is at work" in out


# Rules of EventBridge


@pytest.fixture
def bus(aws_up: Settings) -> Iterator["Bus"]:
    bus = Bus(aws_up)
    yield bus
    for name in bus.names():
        if ids := [one["Id"] for one in bus.targets(name)]:
            bus.client.remove_targets(Rule=name, Ids=ids)
        bus.client.delete_rule(Name=name)


class Bus:
    """EventBridge as a test sees it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.client = boto3.client("events", region_name=settings.aws.region, endpoint_url=settings.aws.endpoint_url)

    def names(self) -> list[str]:
        return [rule["Name"] for rule in self.client.list_rules()["Rules"]]

    def rule(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.describe_rule(Name=name)
        return found

    def targets(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.list_targets_by_rule(Rule=name)["Targets"]
        return found

    def settle(self, dry: bool = False, **crons: str) -> dict[str, str]:
        shops = {name: shop(line) for name, line in crons.items()}
        wanted = rules(self.settings.model_copy(update={"shops": shops}), FUNCTION)
        changes = EventBridge(self.settings.aws, dry).settle(wanted)
        return {change.name.removeprefix(PREFIX): change.what for change in changes}


def test_rules_are_made_changed_and_removed_and_then_stay_as_they_are(bus: Bus) -> None:
    first = {"a": "30 3 * * *", "b": "0 0 * * sun", "c": "@hourly"}
    assert bus.settle(dry=True, **first) == {"a": "created", "b": "created", "c": "created"}
    assert bus.names() == []
    assert bus.settle(**first) == {"a": "created", "b": "created", "c": "created"}
    assert bus.settle(**first) == {"a": "unchanged", "b": "unchanged", "c": "unchanged"}
    assert bus.rule("mart-crawl-b")["ScheduleExpression"] == "cron(0 0 ? * 1 *)"
    assert bus.targets("mart-crawl-b") == [{"Id": "crawl", "Arn": FUNCTION, "Input": '{"shop": "b"}'}]
    then = {"a": "31 3 * * *", "b": "0 0 * * 7", "c": ""}
    assert bus.settle(dry=True, **then) == {"a": "updated", "b": "unchanged", "c": "removed"}
    assert bus.settle(**then) == {"a": "updated", "b": "unchanged", "c": "removed"}
    assert sorted(bus.names()) == ["mart-crawl-a", "mart-crawl-b"]
    assert bus.rule("mart-crawl-a")["ScheduleExpression"] == "cron(31 3 * * ? *)"


def test_rules_of_others_stay_and_one_that_people_have_disabled_stays_disabled(bus: Bus) -> None:
    bus.client.put_rule(Name="somebody-elses", ScheduleExpression="rate(1 day)")
    bus.settle(a="30 3 * * *", b="0 4 * * *")
    bus.client.disable_rule(Name="mart-crawl-a")
    assert bus.settle(a="31 3 * * *") == {"a": "updated", "b": "removed"}
    assert (bus.rule("mart-crawl-a")["State"], bus.rule("mart-crawl-a")["ScheduleExpression"]) == (
        "DISABLED",
        "cron(31 3 * * ? *)",
    )
    assert sorted(bus.names()) == ["mart-crawl-a", "somebody-elses"]


def test_a_rule_left_without_its_target_and_one_with_a_strange_target_are_mended(bus: Bus) -> None:
    bus.settle(a="30 3 * * *", b="30 3 * * *")
    bus.client.remove_targets(Rule="mart-crawl-a", Ids=["crawl"])  # as after a kill between the two calls
    bus.client.put_targets(Rule="mart-crawl-b", Targets=[{"Id": "by-hand", "Arn": FUNCTION}])
    assert bus.settle(a="30 3 * * *", b="30 3 * * *") == {"a": "updated", "b": "updated"}
    assert [one["Id"] for name in ("mart-crawl-a", "mart-crawl-b") for one in bus.targets(name)] == ["crawl", "crawl"]


def test_more_rules_than_a_page_holds_are_all_seen(bus: Bus) -> None:
    many = {f"s{number:03}": "30 3 * * *" for number in range(105)}
    bus.settle(**many)
    assert set(bus.settle(**many).values()) == {"unchanged"}
    assert set(bus.settle().values()) == {"removed"}
    assert bus.names() == []


def test_what_eventbridge_has_no_words_for_names_the_shop(bus: Bus) -> None:
    with pytest.raises(SettingsError, match=r"shops\.a\.cron.*can't have both"):
        bus.settle(a="0 0 1 * mon")
    with pytest.raises(SettingsError, match=r"shops\.a b: EventBridge takes names"):
        bus.settle(**{"a b": "0 0 1 * *"})


def test_an_eventbridge_that_does_not_answer_is_told_in_one_line(bus: Bus) -> None:
    aws = bus.settings.aws.model_copy(update={"endpoint_url": "http://127.0.0.1:9"})
    with pytest.raises(AwsError, match="check the credentials and the aws settings"):
        EventBridge(aws).settle([Rule(f"{PREFIX}x", "cron(0 0 * * ? *)", "", FUNCTION, {})])


def test_the_command_makes_rules_of_the_shops_beside_the_code(bus: Bus, tmp_path: Path) -> None:
    # A home of its own: where the demo's shops run, the shared one holds their schedules too.
    (tmp_path / "services.toml").write_text(f'[aws]\nendpoint_url = "{bus.settings.aws.endpoint_url}"\n')
    assert command("--aws", FUNCTION, "--dry-run", "--json", "--home", str(tmp_path))[0] == 0
    code, out = command("--aws", FUNCTION, "--json", "--home", str(tmp_path))
    assert code == 0
    told = json.loads(out)
    assert {rule["name"]: rule["what"] for rule in told["rules"]} == {
        "mart-crawl-amazon-in": "created", "mart-crawl-ebay-de": "created", "mart-crawl-flipkart": "created"
    }  # fmt: skip
    code, out = command("--aws", FUNCTION, "--home", str(tmp_path))
    assert code == 0
    assert out.count("unchanged") == 3
