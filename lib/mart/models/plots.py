"""Three pictures of a contest: how much of the catalogue is shown, head and tail, and who is served how well.

In: a contest. Out: matplotlib figures, which nobody has drawn anywhere yet.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mart.models.contest import Contest, Floats, Scored

COLOURS = {"challenger": "#1f6f8b", "champion": "#e08e45", "popularity": "#9a9a9a"}  # apart for the colour-blind too
SIZE = (8.0, 4.5)  # inches
SURE = 1.96  # standard errors


def all_of(contest: Contest) -> dict[str, Figure]:
    """Draw all, by the place where the registry keeps them."""
    drawn = {"coverage": coverage(contest), "head_and_tail": head_and_tail(contest), "segments": segments(contest)}
    return {f"plots/{name}.png": figure for name, figure in drawn.items()}


def coverage(contest: Contest) -> Figure:
    """Show the share of places that the most shown products take: the lower the curve, the more of the catalogue is seen."""
    figure, axes = _axes("How the places in lists are shared out")
    for who, one in contest.rivals().items():
        shown = len(one.shown) / contest.products
        x, y = _curve(one.shown, contest.products)
        axes.plot(x, y, color=_colour(who), linewidth=2, label=f"{who}: {shown:.1%} of products shown")
    axes.plot([0, 100], [0, 100], color="#cccccc", linewidth=1, linestyle="--", label="all alike")
    axes.set(xlabel="products, most shown first [%]", ylabel="places in lists [%]", xlim=(0, 100), ylim=(0, 102))
    axes.legend(loc="lower right", frameon=False)
    return figure


def head_and_tail(contest: Contest) -> Figure:
    """Show how many places popular products take, and how well the others are found."""
    figure, axes = _axes("Head and tail: the fifth of the products that most shoppers know, and the rest")
    groups = ("places of head products", "places of tail products", f"nDCG@{contest.k} of tail products")
    rivals = contest.rivals()
    for place, (who, one) in enumerate(rivals.items()):
        heights = (one.head_share, 1 - one.head_share, _mean(one.tail))
        _bars(axes, place, len(rivals), who, np.asarray(heights), None)
    axes.set_xticks(range(len(groups)), groups)
    axes.set_ylabel("share, nDCG")
    axes.legend(frameon=False)
    return figure


def segments(contest: Contest) -> Figure:
    """Show nDCG in each segment, with the interval over its shoppers."""
    figure, axes = _axes("Who is served how well")
    groups, rivals = list(contest.groups()), contest.rivals()
    for place, (who, one) in enumerate(rivals.items()):
        each = [_of(one, score, members) for _, members, score in groups]
        errors = np.asarray([SURE * float(np.std(v)) / np.sqrt(max(1, len(v))) if len(v) else 0.0 for v in each])
        _bars(axes, place, len(rivals), who, np.asarray([_mean(values) for values in each]), errors)
    axes.set_xticks(range(len(groups)), [f"{name}\n({int(members.sum()):,} shoppers)" for name, members, _ in groups])
    axes.set_ylabel(f"nDCG@{contest.k}, 95 % interval")
    axes.legend(frameon=False)
    return figure


def _axes(title: str) -> tuple[Figure, Axes]:
    """Begin a figure of its own: pyplot keeps what it draws, and a job has no screen."""
    figure = Figure(figsize=SIZE, dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=12)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _bars(axes: Axes, place: int, rivals: int, who: str, heights: Floats, errors: Floats | None) -> None:
    width = 0.8 / rivals
    x = np.arange(len(heights)) + (place - (rivals - 1) / 2) * width
    drawn = axes.bar(x, heights, width, yerr=errors, color=_colour(who), label=who, ecolor="#444444", capsize=2)
    axes.bar_label(drawn, fmt="%.3f", fontsize=8, padding=2)


def _colour(who: str) -> str:
    return COLOURS[who.split()[0]]


def _curve(shown: Floats, products: int) -> tuple[Floats, Floats]:
    """Give points of the curve in percent, 200 at most."""
    reached = np.concatenate([[0.0], np.cumsum(shown) / max(1.0, float(shown.sum()))])
    places = np.unique(np.linspace(0, len(shown), 200).astype(int))
    x = np.append(places / products * 100, 100.0)
    return x, np.append(reached[places] * 100, 100.0)


def _of(one: Scored, score: str, members: np.ndarray) -> Floats:
    return np.asarray(getattr(one, score)[members], np.float64)


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0
