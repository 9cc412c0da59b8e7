"""A report: a row for each recommender, published ones too, and in one line whether ours is any good.

In: lists of each recommender on the same split. Out: rows for JSON or a table, and a sentence.
"""

from dataclasses import dataclass, field

from mart.evaluation import published
from mart.evaluation.protocols import MOVIELENS, Split
from mart.evaluation.scores import Scored, interval

OURS, POPULARITY = "implicit_als", "popularity"
METRIC = "ndcg@10"


@dataclass(frozen=True)
class Row:
    """A recommender, its lists, what it was told to be, and how long it took to make it and its lists [s]."""

    model: str
    scored: Scored
    params: dict[str, object]
    seconds: float


@dataclass(frozen=True)
class Report:
    """All that an evaluation found."""

    protocol: str
    split: Split
    rows: list[Row]
    left_out: int = 0  # lines or events of the source that are no act of a shopper with an account
    search: dict[str, object] = field(default_factory=dict)  # what was searched and what was chosen

    def document(self) -> dict[str, object]:
        """Give everything as one JSON document; the rows are in order of nDCG."""
        rows = [_document(row) for row in self.rows] + [
            row | {"published": True} for row in published.ROWS.get(self.protocol, [])
        ]
        asked = {"shoppers": len(self.split.shoppers), "products": int(self.split.candidates.sum())}
        return {
            "protocol": self.protocol,
            "split": self.split.told,
            **asked,
            "left_out": self.left_out,
            "verdict": self.verdict(),
            "search": self.search,
            "rows": sorted(rows, key=lambda row: -float(str(row[METRIC]))),
        }

    def verdict(self) -> str:
        """Say whether ours is good, and against what; empty without ours."""
        by_name = {row.model: row for row in self.rows}
        if OURS not in by_name:
            return ""
        ours = by_name.pop(OURS)
        told = [self._against(ours, by_name.pop(POPULARITY))] if POPULARITY in by_name else []
        if by_name:
            told.append(self._against(ours, max(by_name.values(), key=_value)))
        told += self._against_published(ours)
        return f"{OURS} has {METRIC} {_value(ours):.3f} on {len(self.split.shoppers):,} shoppers: {'; '.join(told)}."

    def _against(self, ours: Row, peer: Row) -> str:
        """Compare shopper by shopper: the difference has a narrower interval than either number."""
        difference = ours.scored.each["ndcg"] - peer.scored.each["ndcg"]
        low, high = interval(difference)
        verdict = "better than" if low > 0 else "worse than" if high < 0 else "not to be told from"
        times = f"{_value(ours) / _value(peer):.1f}x, " if peer.model == POPULARITY and _value(peer) else ""
        return f"{verdict} {peer.model} {_value(peer):.3f} ({times}{difference.mean():+.3f}, 95 % {low:+.3f} to {high:+.3f})"

    def _against_published(self, ours: Row) -> list[str]:
        if self.protocol != MOVIELENS:
            return ["compare within this data set only: another one's level says nothing about this one"]
        best = max(published.ROWS[MOVIELENS], key=lambda row: float(str(row[METRIC])))
        number = float(str(best[METRIC]))
        way = "above" if _value(ours) > number else "not above"
        return [f"{way} the best published row, {best['model']} {number:.3f}"]


def _value(row: Row) -> float:
    return float(row.scored.each["ndcg"].mean())


def _document(row: Row) -> dict[str, object]:
    return {
        "model": row.model,
        **row.scored.row(),
        "seconds": round(row.seconds, 2),
        "params": row.params,
        "segments": row.scored.segments(),
        "published": False,
    }
