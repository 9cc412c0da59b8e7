"""Questions with a known answer."""

from datetime import UTC, datetime

import numpy as np

from mart.evaluation.acts import KINDS, Acts
from mart.evaluation.protocols import Split, cut_at

SIZE = 12
CUT = datetime(2026, 3, 1, tzinfo=UTC)

Act = tuple[str, str, str, int, str]  # user, product, kind, pieces, day


def acts(rows: list[Act]) -> Acts:
    """Number acts that are written out."""
    user_ids, users = np.unique([row[0] for row in rows], return_inverse=True)
    product_ids, products = np.unique([row[1] for row in rows], return_inverse=True)
    kinds, pieces = np.array([KINDS.index(row[2]) for row in rows]), np.array([row[3] for row in rows])
    at = np.array([row[4] for row in rows], "datetime64[us]")
    return Acts(user_ids.tolist(), product_ids.tolist(), users, products, kinds, pieces, at)


def checkerboard(day: str = "2026-02-20") -> Acts:
    """Shopper i has bought what product j is where i + j is even; the diagonal was bought after the cut."""
    even = [(i, j) for i in range(SIZE) for j in range(SIZE) if (i + j) % 2 == 0]
    return acts([(f"u{i:02}", f"p{j:02}", "purchase", 1, "2026-03-05" if i == j else day) for i, j in even])


def board() -> Split:
    """Ask for the diagonal of the checkerboard."""
    return cut_at(checkerboard(), CUT)
