"""What the lake's logs say: outcomes, shares, the ledger, freshness; by counts that are known."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable

from mart.edges import tallies
from mart.settings import Settings
from mart.tables import EVENTS, LANDING_ACTIVITY, SALES
from mart.watch import lake
from mart.watch.metric import Sample
from tests.watch import tables

Values = dict[tuple[str, ...], float]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read(home=tmp_path)


def values(samples: list[Sample], name: str) -> Values:
    return {tuple(value for _, value in one.labels): one.value for one in samples if one.metric.name == name}


def test_a_lake_without_tables_says_nothing(settings: Settings) -> None:
    now = datetime.now(UTC)
    assert [*lake.landings(settings, now), *lake.ledger(settings, now), *lake.freshness(settings, now)] == []


def test_what_landed_is_counted_by_outcome_also_after_small_files_were_joined(settings: Settings) -> None:
    for first in (0, 10, 20):
        tables.land(settings, first, 10)
    tables.land(settings, 30, 4, "not_json")
    counted = {("event", "landing.activity"): 30, ("not_json", "landing.activity"): 4}
    assert values(list(lake.landings(settings, datetime.now(UTC))), "mart_landed_records") == counted
    DeltaTable(f"{settings.lake}/{LANDING_ACTIVITY.path}").optimize.compact()
    assert values(list(lake.landings(settings, datetime.now(UTC))), "mart_landed_records") == counted


def test_the_share_of_rejects_is_that_of_the_last_ten_minutes(settings: Settings) -> None:
    tables.land(settings, 0, 1000)
    later = datetime.now(UTC) + timedelta(minutes=11)

    def share(now: datetime) -> float:
        return values(list(lake.landings(settings, now)), "mart_reject_share")["landing.activity",]

    tables.land(settings, 1000, 50, "bad_type")
    tables.land(settings, 1050, 10, "duplicate")
    assert share(datetime.now(UTC)) == pytest.approx(50 / 1060)
    assert share(later) == 0  # nothing has landed since


def test_few_records_make_no_share(settings: Settings) -> None:
    tables.land(settings, 0, 99, "bad_type")
    assert values(list(lake.landings(settings, datetime.now(UTC))), "mart_reject_share") == {("landing.activity",): 0}


def test_the_ledger_is_that_of_the_version_where_the_master_stands(settings: Settings) -> None:
    stands = tables.land(settings, 0, 10)
    tables.append(settings, EVENTS, tables.events(0, 10), ("landing", stands))
    tables.land(settings, 10, 5)  # has landed and is not taken in yet: no difference
    now = datetime.now(UTC)
    assert values(list(lake.ledger(settings, now)), "mart_ledger_difference_records") == {("processed.events",): 0}
    tables.append(settings, EVENTS, tables.events(90, 2))
    assert values(list(lake.ledger(settings, now)), "mart_ledger_difference_records") == {("processed.events",): 2}


def test_a_table_is_as_old_as_the_oldest_events_that_it_lacks(settings: Settings) -> None:
    first = tables.append(settings, EVENTS, tables.events(0, 10))
    tables.append(settings, SALES.at("serving"), [], ("events", first))
    now = datetime.now(UTC) + timedelta(minutes=30)

    def age() -> float:
        return values(list(lake.freshness(settings, now)), "mart_freshness_seconds")["serving.sales",]

    assert age() == 0
    DeltaTable(f"{settings.lake}/{EVENTS.path}").optimize.compact()
    assert age() == 0  # a version without new events
    tables.append(settings, EVENTS, tables.events(10, 1))
    assert age() == pytest.approx(1800, abs=60)
    tables.append(settings, SALES.at("serving"), [], ("events", first + 2))
    assert age() == 0


def test_counts_as_of_an_instant_are_those_of_the_version_that_stood_then(settings: Settings) -> None:
    tables.land(settings, 0, 10)
    between = datetime.now(UTC)
    tables.land(settings, 10, 5)
    assert tallies.before(settings, LANDING_ACTIVITY, between, ()).total() == 10
    assert tallies.before(settings, LANDING_ACTIVITY, between - timedelta(hours=1), ()).total() == 0
