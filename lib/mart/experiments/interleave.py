"""Two lists in one by team draft (Radlinski, Kurup, Joachims 2008; doi:10.1145/1458082.1458092).

In: two lists, best first, and the unique part of the recommendation_id that the new list will bear. Out: the new list, each
product with the team that picked it. The coins are those of the id, so that a click's team follows from the click alone.
"""

from collections.abc import Sequence

from mart.recommendation_id import team_of
from mart.tables.feedback import LAST_POSITION


def interleave(first: Sequence[str], second: Sequence[str], most: int, of: str) -> list[tuple[int, str]]:
    """Let the teams 0 and 1 pick in turn, each its best product that is not there yet: (team, product), `most` at most.

    In each round of two a coin says who goes first. It ends where the team whose turn it is has nothing left: two lists of
    `most` products, or of the same ones, are never cut short.
    """
    lists = [iter(first), iter(second)]
    drafted: dict[str, int] = {}
    for position in range(1, min(most, LAST_POSITION) + 1):
        team = team_of(of, position)
        product = next((one for one in lists[team] if one not in drafted), None)
        if product is None:
            break
        drafted[product] = team
    return [(team, product) for product, team in drafted.items()]
