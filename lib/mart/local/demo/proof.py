"""What the demo itself can prove beyond `mart verify`: nothing sent was lost, and the tables equal the generator's truth."""

import json
from pathlib import Path

from mart.edges import duck
from mart.settings import Settings
from mart.verify import Finding

# Key and counts of what is compared; a span of time is its first and its last instant. Shoppers and buyers are estimates in
# the lake and exact in the truth, so they are left out here.
_COMPARED = {
    "interactions": ("user_id, product_id", ("views", "cart_adds", "purchases", "quantity"), ("first_at", "last_at")),
    "popularity": ("product_id, hour", ("views", "cart_adds", "purchases", "quantity", "revenue"), ()),
    "sales": ("product_id, event_day, currency", ("quantity", "order_lines", "revenue", "refunds"), ()),
    "funnel": ("event_day, category", ("views", "cart_adds", "purchases"), ()),
    "recommendation_feedback": (
        "model_version, variant, event_day, position",
        ("impressions", "clicks", "cart_adds", "purchases", "revenue"),
        (),
    ),
}
_TYPE = {"revenue": "DECIMAL(38, 4)", "refunds": "DECIMAL(38, 4)"}
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


def equals_truth(settings: Settings, generated: Path, reactions: Path) -> list[Finding]:
    """Compare outcomes and serving tables with what must come out of the generated events and the shoppers' reactions."""
    return [
        _outcomes(settings, generated, reactions),
        *(_table(settings, name, generated, reactions) for name in _COMPARED),
    ]


def _outcomes(settings: Settings, generated: Path, reactions: Path) -> Finding:
    told, more = (json.loads((folder / "truth.json").read_text()) for folder in (generated, reactions))
    true = {"events": told["events"] + more["events"], "duplicates": told["duplicates"], **told["rejects_by_reason"]}
    found = outcomes(settings)
    wrong = [
        f"{one}: {found.get(one, 0):,}, not {true.get(one, 0):,}"
        for one in sorted(true.keys() | found.keys())
        if found.get(one, 0) != true.get(one, 0)
    ]
    return Finding("truth", "outcomes", "; ".join(wrong) or "equal the generator's truth", off=bool(wrong))


def _table(settings: Settings, name: str, *folders: Path) -> Finding:
    key, counts, span = _COMPARED[name]
    files = [
        str(folder / f"{name}.parquet").replace("'", "''")
        for folder in folders
        if (folder / f"{name}.parquet").exists()
    ]
    columns = ", ".join((key, *counts, *span))
    both = " UNION ALL ".join(f"SELECT {columns} FROM read_parquet('{file}')" for file in files)
    # A sum is a DECIMAL or a HUGEINT; the table's own type is what is compared.
    folded = [f"sum({one})::{_TYPE.get(one, 'BIGINT')} AS {one}" for one in counts]
    folded += [f"{how}({one}) AS {one}" for how, one in zip(("min", "max"), span, strict=False)]
    true = f"SELECT {key}, {', '.join(folded)} FROM ({both}) GROUP BY {key}"
    ours = f"SELECT {columns} FROM serving.{name}"
    counted = [
        f"SELECT count(*) FROM ({query})" for query in (f"{true} EXCEPT ALL {ours}", f"{ours} EXCEPT ALL {true}", ours)
    ]
    _, ((missing, wrong, rows),) = duck.ask(settings, f"SELECT ({counted[0]}), ({counted[1]}), ({counted[2]})")
    off = bool(missing or wrong)
    said = f"{missing} rows are missing, {wrong} are wrong" if off else f"{rows:,} rows equal the generator's truth"
    return Finding("truth", f"serving.{name}", said, off)
