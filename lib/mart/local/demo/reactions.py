"""What shoppers did with lists that were shown, and the truth about it: which rows must come of it in which table.

In: events as they were sent. Out, in a folder: tables like the generator's (mart.replay.truth), and recommendation_feedback.
"""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from mart import recommendation_id
from mart.replay import truth

FEEDBACK = """
    SELECT model_version, variant, event_at::DATE AS event_day, position,
           count(*) FILTER (event_type = 'impression') AS impressions, count(*) FILTER (event_type = 'click') AS clicks,
           count(*) FILTER (event_type = 'cart_add') AS cart_adds, count(*) FILTER (event_type = 'purchase') AS purchases,
           coalesce(sum(value) FILTER (event_type = 'purchase'), 0)::DECIMAL(38, 4) AS revenue
    FROM events WHERE position > 0 GROUP BY ALL"""


@dataclass
class Reactions:
    """What was sent, and how long acts took to change a list [s]."""

    events: list[dict[str, Any]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def told(self) -> str:
        kinds = [one["event_type"] for one in self.events]
        seen, clicked, bought = (kinds.count(kind) for kind in ("impression", "click", "purchase"))
        said = f"{seen:,} places seen, {clicked:,} clicked, {bought:,} bought"
        return f"{said}; a list changed {median(self.waits):.2f} s after a click (median)" if self.waits else said

    def write(self, folder: Path) -> None:
        """Write the truth."""
        folder.mkdir()
        (folder / "truth.json").write_text(json.dumps({"events": len(self.events)}))
        truth.fold(folder, pd.DataFrame(map(_row, self.events)), truth.TABLES | {"recommendation_feedback": FEEDBACK})


def _row(event: dict[str, Any]) -> dict[str, Any]:
    """Lay an event out as the truth's queries read it; position is 0 where it answers no list."""
    version, variant = recommendation_id.parse(event.get("recommendation_id", "")) or ("", "")
    return {
        **{name: event[name] for name in ("event_type", "product_id", "user_id")},
        "event_at": pd.Timestamp(event["event_at"]).tz_convert(None),
        "who": event["user_id"],
        "pieces": event.get("quantity", 1),
        "value": Decimal(str(event.get("price", 0))) * event.get("quantity", 1),
        "category": event.get("category"),
        "model_version": version,
        "variant": variant,
        "position": int(event.get("properties", {}).get("position", 0)),
    }
