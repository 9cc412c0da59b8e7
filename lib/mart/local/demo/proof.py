"""What the demo itself can prove beyond `mart verify`: nothing sent was lost, and the tables equal the generator's truth."""

import json
from pathlib import Path

from mart.edges import duck
from mart.settings import Settings
from mart.verify import Finding

# Shoppers and buyers are estimates in the lake and exact in the truth, so they are left out here.
_COMPARED = {
    "interactions": "user_id, product_id, views, cart_adds, purchases, quantity, first_at, last_at",
    "popularity": "product_id, hour, views, cart_adds, purchases, quantity, revenue",
    "sales": "product_id, event_day, currency, quantity, order_lines, revenue, refunds",
    "funnel": "event_day, category, views, cart_adds, purchases",
}
_OUTCOMES = "SELECT CASE WHEN outcome IN ('event', 'duplicate') THEN outcome || 's' ELSE outcome END, count(*) FROM landing.activity GROUP BY 1"


def outcomes(settings: Settings) -> dict[str, int]:
    """Count what landed by outcome: events, duplicates, and each reason of a reject."""
    return {str(name): int(str(count)) for name, count in duck.ask(settings, _OUTCOMES)[1]}


def landed(settings: Settings) -> str:
    """Say in a line what became of the records."""
    found = outcomes(settings)
    events, duplicates = found.pop("events", 0), found.pop("duplicates", 0)
    return f"{events:,} events, {duplicates:,} duplicates, {sum(found.values()):,} rejects"


def everything_landed(settings: Settings, sent: int) -> Finding:
    """Check that as many records landed as were sent."""
    there = sum(outcomes(settings).values())
    return Finding(
        "nothing lost", "landing.activity", f"{sent:,} records were sent, {there:,} landed", off=sent != there
    )


def equals_truth(settings: Settings, folder: Path) -> list[Finding]:
    """Compare outcomes and serving tables with what the generator says must come out."""
    return [_outcomes(settings, folder), *(_table(settings, folder, name) for name in _COMPARED)]


def _outcomes(settings: Settings, folder: Path) -> Finding:
    told = json.loads((folder / "truth.json").read_text())
    true = {"events": told["events"], "duplicates": told["duplicates"], **told["rejects_by_reason"]}
    found = outcomes(settings)
    wrong = [f"{one}: {found.get(one, 0):,}, not {true.get(one, 0):,}" for one in sorted(true.keys() | found.keys())]
    wrong = [
        line
        for line, one in zip(wrong, sorted(true.keys() | found.keys()), strict=True)
        if found.get(one, 0) != true.get(one, 0)
    ]
    return Finding("truth", "outcomes", "; ".join(wrong) or "equal the generator's truth", off=bool(wrong))


def _table(settings: Settings, folder: Path, name: str) -> Finding:
    columns, file = _COMPARED[name], str(folder / f"{name}.parquet").replace("'", "''")
    ours, true = f"SELECT {columns} FROM serving.{name}", f"SELECT {columns} FROM read_parquet('{file}')"
    counts = [
        f"SELECT count(*) FROM ({query})" for query in (f"{true} EXCEPT ALL {ours}", f"{ours} EXCEPT ALL {true}", ours)
    ]
    _, ((missing, wrong, rows),) = duck.ask(settings, f"SELECT ({counts[0]}), ({counts[1]}), ({counts[2]})")
    off = bool(missing or wrong)
    said = f"{missing} rows are missing, {wrong} are wrong" if off else f"{rows:,} rows equal the generator's truth"
    return Finding("truth", f"serving.{name}", said, off)
