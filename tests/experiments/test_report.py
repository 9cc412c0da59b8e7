"""What a report says about shoppers whose behaviour is known, from a lake that Spark never saw."""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner
from deltalake import write_deltalake

from mart import recommendation_id
from mart.cli.experiments import experiments as command
from mart.edges import arrow
from mart.experiments.findings import Report
from mart.experiments.report import report
from mart.schema import Table
from mart.settings import Experiment, Settings
from mart.tables import EVENTS, RATES

START = datetime(2026, 11, 1, tzinfo=UTC)
END = START + timedelta(days=7)
NOW = END + timedelta(days=1)
Event = dict[str, Any]
number = itertools.count()


def settings_for(home: Path, **more: object) -> Settings:
    said: dict[str, Any] = {"variants": {"control": 0.5, "wide": 0.5}, "start": START, "end": END} | more
    return Settings.read(home=home).model_copy(update={"experiments": {"rank": Experiment(**said)}})


def shown(variant: str, version: str = "7") -> str:
    return recommendation_id.make(version, f"rank:{variant}")


def event(kind: str, user: str | None, list_id: str | None, hours: float = 1, **more: object) -> Event:
    at = START + timedelta(hours=hours)
    said = {
        "event_id": f"e{next(number)}",
        "event_at": at,
        "event_type": kind,
        "user_id": user,
        "session_id": f"s-{user}",
        "product_id": "p",
        "recommendation_id": list_id,
        "event_day": at.date(),
    }
    return said | more


def lake(settings: Settings, events: Iterable[Event], rates: Iterable[Event] = ()) -> None:
    for table, rows in ((EVENTS, list(events)), (RATES, list(rates))):
        if rows:
            write_deltalake(f"{settings.lake}/{table.path}", _arrow(table, rows), partition_by=list(table.partition))


def _arrow(table: Table, rows: list[Event]) -> pa.Table:
    schema = pa.schema([(column.name, arrow.of(column.type)) for column in table.columns])
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)


def crowd(variant: str, people: int, click: float, seed: int) -> Iterator[Event]:
    """Shoppers who differ: some look at one list, some at sixty, and each has his own liking for clicks."""
    random = np.random.default_rng(seed)
    for person in range(people):
        liking = random.beta(4 * click, 4 * (1 - click))
        for look in range(random.geometric(0.1)):
            list_id, user = shown(variant), f"{variant}{person}"
            yield event("impression", user, list_id, look / 10)
            if random.random() < liking:
                yield event("click", user, list_id, look / 10)


def made(settings: Settings, effect: float = 0.05) -> Report:
    return report(settings, "rank", effect, NOW)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path)


def test_a_hand_made_experiment_gives_exactly_these_numbers(settings: Settings) -> None:
    one, two = shown("control"), shown("wide")
    sale = {"price": Decimal("2.50"), "currency": "EUR", "quantity": 2}
    lake(
        settings,
        [
            *[event("impression", "a", one)] * 3, event("click", "a", one), event("impression", "b", one),
            event("purchase", "b", None, 0.5, **sale),  # before he saw anything
            event("purchase", "b", None, 2, **sale),
            event("impression", "c", two), event("click", "c", two), event("cart_add", "c", two, 2), event("purchase", "c", two, 3, **sale),
            event("impression", "d", two), event("purchase", "d", two, 2, **sale | {"currency": "USD"}),
            event("purchase", "d", two, 2, **sale | {"currency": "XXX"}),
            event("impression", "e", recommendation_id.make("7"), 1), event("purchase", "e", None, 2, **sale),  # no part of it
            event("impression", "f", one, -1), event("impression", "f", one, 24 * 7),  # not in its time
        ],
        [{"rate_day": date(2026, 10, 1), "currency": "USD", "rate": 0.5}],
    )  # fmt: skip
    found = made(settings)
    control, wide = found.variants
    assert (control.shoppers, control.counts) == (2, {"impressions": 4, "clicks": 1, "cart_adds": 0, "purchases": 0})
    assert (wide.shoppers, wide.counts) == (2, {"impressions": 2, "clicks": 1, "cart_adds": 1, "purchases": 3})
    values = [{name: one and one.value for name, one in variant.measures.items()} for variant in found.variants]
    assert values == [
        {
            "ctr": 0.25,
            "add_to_cart": 0,
            "conversion": 0.5,
            "revenue_per_shopper": 2.5,
            "attributed_revenue_per_shopper": 0,
        },
        {
            "ctr": 0.5,
            "add_to_cart": 0.5,
            "conversion": 1,
            "revenue_per_shopper": 3.75,
            "attributed_revenue_per_shopper": 3.75,
        },
    ]
    assert (found.crossed, found.unpriced, found.share_mismatch) == (0, 1, 1)


def test_intervals_agree_with_a_bootstrap_over_shoppers(settings: Settings) -> None:
    events = [*crowd("control", 400, 0.2, 1), *crowd("wide", 400, 0.3, 2)]
    lake(settings, events)
    found = made(settings)
    (ctr,) = [one for one in found.differences if one.measure == "ctr"]
    random = np.random.default_rng(3)
    resampled = []
    sums = {variant: _sums(events, variant) for variant in ("control", "wide")}
    for _ in range(2_000):
        drawn = {v: each[random.integers(len(each), size=len(each))].sum(axis=0) for v, each in sums.items()}
        resampled.append(drawn["wide"][0] / drawn["wide"][1] - drawn["control"][0] / drawn["control"][1])
    assert (ctr.low, ctr.high) == pytest.approx(np.quantile(resampled, [0.025, 0.975]), abs=0.006)
    assert ctr.high - ctr.low > 0.05, "wider than if impressions were independent (0.028)"
    assert ctr.shown
    assert found.verdict.startswith("a difference is shown: wide has more click-through than control (+")


def _sums(events: list[Event], variant: str) -> np.ndarray:
    people: dict[str, list[int]] = {}
    for one in events:
        if one["user_id"].startswith(variant):
            people.setdefault(one["user_id"], [0, 0])[one["event_type"] == "impression"] += 1
    return np.array(list(people.values()))


def test_without_a_difference_none_is_shown_and_what_it_takes_is_told(settings: Settings) -> None:
    lake(settings, [*crowd("control", 200, 0.2, 1), *crowd("wide", 200, 0.2, 5)])
    found = made(settings, effect=0.1)
    assert found.verdict.startswith("no difference of click-through is shown (")
    needed = next(one.shoppers_needed for one in found.differences if one.measure == "ctr")
    assert needed is not None
    assert found.verdict.endswith(f"to show 10% it takes about {needed:,} shoppers a variant")
    assert needed == pytest.approx(4 * (made(settings, effect=0.2).differences[0].shoppers_needed or 0), rel=0.01)


def test_shoppers_who_got_lost_are_noticed(settings: Settings) -> None:
    lake(
        settings,
        [
            event("impression", f"{v}{n}", shown(v))
            for v, many in (("control", 500), ("wide", 380))
            for n in range(many)
        ],
    )
    found = made(settings)
    assert found.share_mismatch == pytest.approx(5.2e-5, rel=0.1)
    assert not found.trusted
    assert found.verdict.startswith("do not trust this: ")


def test_a_visit_before_the_login_is_its_accounts_and_who_saw_both_counts_for_the_first(settings: Settings) -> None:
    one, two = shown("control"), shown("wide")
    lake(
        settings,
        [
            event("impression", None, one, 1, session_id="s"),
            event("click", "u", one, 2, session_id="s"),
            event("impression", "u", two, 30, session_id="t"),
            event("click", "u", two, 31, session_id="t"),
            event("impression", None, two, 3, session_id="shared"),  # of two accounts: nobody's
            event("view", "v", None, 4, session_id="shared"),
            event("view", "w", None, 5, session_id="shared"),
        ],
    )
    found = made(settings)
    control, wide = found.variants
    assert (control.shoppers, control.counts["impressions"], control.counts["clicks"]) == (1, 2, 2)
    assert (wide.shoppers, wide.counts["impressions"]) == (1, 1)
    assert found.crossed == 1


@pytest.mark.parametrize("favoured", [0.5, 0.8])
def test_an_interleaved_experiment_credits_each_click_to_the_team_that_picked(tmp_path: Path, favoured: float) -> None:
    settings = settings_for(tmp_path, interleave=True)
    random, events, credited = np.random.default_rng(7), [], [0, 0]
    for person in range(300):
        of = f"{person:026}"
        list_id = recommendation_id.make("7~8", "rank:control~wide", of)
        for place in range(1, 9):
            told = {"properties": [("position", str(place))]}
            events.append(event("impression", f"u{person}", list_id, **told))
            team = recommendation_id.team_of(of, place)
            if random.random() < (favoured if team else 1 - favoured) / 2:
                credited[team] += 1
                events.append(event("click", f"u{person}", list_id, **told))
        events.append(event("click", f"u{person}", list_id))  # without a place nobody's
    lake(settings, events)
    found = made(settings)
    assert [one.counts["clicks"] for one in found.variants] == credited
    (clicks,) = [one for one in found.differences if one.measure == "share_of_clicks"]
    assert clicks.value == pytest.approx(credited[1] / sum(credited) - 0.5)
    assert clicks.shown == (favoured == 0.8)


def test_an_empty_lake_says_that_nobody_has_seen_it(settings: Settings, tmp_path: Path) -> None:
    assert made(settings).verdict == "nobody has seen it yet"
    assert made(settings_for(tmp_path, interleave=True)).verdict == "nobody has seen it yet"


def test_a_few_shoppers_who_agree_are_no_certainty(settings: Settings) -> None:
    looks = [event("impression", f"{variant}{n}", shown(variant)) for variant in ("control", "wide") for n in range(40)]
    clicks = [event("click", f"wide{n}", shown("wide")) for n in range(40)]
    lake(settings, [*looks, *clicks])
    found = made(settings)
    assert (found.differences[0].value, found.differences[0].shown) == (1, False)
    assert found.verdict.startswith("no difference of click-through is shown (+100.00 points")


def test_one_shopper_alone_tells_no_difference(settings: Settings) -> None:
    lake(settings, [event("impression", "a", shown("control")), event("click", "b", shown("wide"))])
    assert made(settings).differences == []
    assert made(settings).verdict.startswith("no difference can be told: ")


CONF = """
[experiments.rank]
variants = {control = 0.5, wide = 0.25}
models = {wide = "challenger"}
start = 2026-11-01T00:00:00Z
end = 2026-11-08T00:00:00Z
"""


@pytest.fixture
def ask(tmp_path: Path, settings: Settings) -> Callable[..., Any]:
    file = tmp_path / "mart.toml"
    file.write_text(CONF)
    lake(settings, [*crowd("control", 240, 0.2, 1), *crowd("wide", 120, 0.5, 2)])

    def asked(*words: str) -> Any:  # noqa: ANN401
        return CliRunner().invoke(command, [*words, "--home", str(tmp_path), "--settings", str(file)])

    return asked


def test_the_command_lists_experiments_with_shares_and_models(ask: Callable[..., Any]) -> None:
    (one,) = json.loads(ask("list", "--json").stdout)
    assert (one["experiment"], one["start"]) == ("rank", "2026-11-01T00:00:00+00:00")
    assert one["variants"]["wide"] == {"share": 0.25, "model": "challenger"}
    shown = ask("list").stdout
    assert "wide 25%" in shown
    assert "(challenger)" in shown


def test_the_command_reports_one_document_or_a_page(ask: Callable[..., Any]) -> None:
    done = ask("report", "rank", "--json")
    document = json.loads(done.stdout)
    assert (done.exit_code, done.stderr) == (0, "")
    assert document["variants"][0]["measures"]["ctr"].keys() == {"value", "low", "high"}
    assert document["since"] == "2026-11-01T00:00:00+00:00"
    assert "more click-through than control" in " ".join(ask("report", "rank").stdout.split())
    earlier = json.loads(ask("report", "rank", "--until", "2026-11-01", "--json").stdout)
    assert earlier["verdict"] == "nobody has seen it yet"


def test_an_unknown_experiment_is_wrong_usage(ask: Callable[..., Any]) -> None:
    done = ask("report", "rnak")
    assert done.exit_code == 2
    assert "no experiment rnak: the settings have rank" in done.stderr
