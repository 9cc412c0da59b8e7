"""What the lake says of itself: what landed, what became of it, whether the ledger balances, how fresh serving is.

Nothing but Delta logs is read, so this costs the same for a thousand rows and for a billion.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mart.edges import delta, tallies
from mart.schema import Table
from mart.settings import Settings
from mart.tables import EVENTS, FOLDABLE, LANDING_ACTIVITY, LANDING_OFFERS, OFFERS
from mart.watch.metric import Sample
from mart.watch.metrics import FRESHNESS, LANDED, LEDGER_DIFFERENCE, REJECT_SHARE

WINDOW = timedelta(minutes=10)
FEW = 100  # records, of which a share says nothing
GOOD = ("event", "duplicate")

FOLLOWS = ((LANDING_ACTIVITY, EVENTS), (LANDING_OFFERS, OFFERS))  # where records land, and what the good ones become


def landings(settings: Settings, now: datetime) -> Iterator[Sample]:
    """Count what has landed by its outcome, and the rejects' share of what landed lately."""
    for table, _ in FOLLOWS:
        landed = tallies.rows(settings, table, ("outcome",))
        if landed is None:
            continue
        for (outcome,), number in landed.items():
            yield LANDED.at(number, table=table.full_name, outcome=outcome)
        fresh = landed - tallies.before(settings, table, now - WINDOW, ("outcome",))
        rejects = sum(number for (outcome,), number in fresh.items() if outcome not in GOOD)
        share = rejects / fresh.total() if fresh.total() >= FEW else 0
        yield REJECT_SHARE.at(share, table=table.full_name)


def ledger(settings: Settings, now: datetime) -> Iterator[Sample]:
    """Compare each master table with its landing, as landing was at the version where the master stands."""
    for landing, master in FOLLOWS:
        stands = delta.standing(settings, master, "landing")
        if stands is None:
            continue
        kept = tallies.rows(settings, master, (), stands.version)
        said = tallies.rows(settings, landing, ("outcome",), stands.frontier) if stands.frontier is not None else None
        difference = (said["event",] if said else 0) - (kept.total() if kept else 0)
        yield LEDGER_DIFFERENCE.at(abs(difference), table=master.full_name)


def freshness(settings: Settings, now: datetime) -> Iterator[Sample]:
    """Tell how long the oldest events have waited that each serving table lacks."""
    for table in FOLDABLE:
        served = table.at("serving")
        stands = delta.standing(settings, served)
        if stands is not None:
            yield FRESHNESS.at(_waited(settings, EVENTS, stands.frontier or 0, now), table=served.full_name)


def _waited(settings: Settings, upstream: Table, version: int, now: datetime) -> float:
    since = tallies.waiting_since(settings, upstream, version)
    return max(0.0, (now - since).total_seconds()) if since else 0.0
