"""The card says what a reader wants to know, and the plots can be looked at."""

import io
from datetime import UTC, datetime

import numpy as np
import pytest
from matplotlib.image import imread

from mart.models import card, plots
from mart.models.contest import Contest, Scored
from mart.settings import Als, Taste

LINEAGE = card.Lineage(41, "9.9", "2026-01-01 to 2026-02-01", datetime(2026, 2, 1, 12, tzinfo=UTC), 1234, 56, 7890)
ALS = Als(rank=17, taste=Taste(half_life_days=30))
CHECKS = [("popularity", True, "a | b"), ("champion", False, "worse")]


def rival(ndcg: list[float], shown: list[float]) -> Scored:
    values = np.array(ndcg)
    tail = np.array([np.nan, values[1], np.nan])
    return Scored(values, values / 2, values / 4, tail, np.array(shown), head_share=0.25, scoring_ms=1.0)


@pytest.fixture
def contest() -> Contest:
    new = np.array([True, False, False])
    return Contest(
        protocol="Known: all before.",
        k=10,
        products=4,
        segments={"new shoppers": new, "light shoppers": ~new, "heavy shoppers": np.zeros(3, bool)},
        challenger=rival([0.9, 0.6, 0.3], [5, 3, 1]),
        popularity=rival([0.1, 0.1, 0.1], [9]),
        champion=rival([0.5, 0.5, 0.5], [5, 4]),
        champion_version="7",
    )


def test_a_card_says_where_a_model_comes_from_how_good_it_is_for_whom_and_what_it_cant_do(contest: Contest) -> None:
    text = card.markdown(LINEAGE, ALS, contest, CHECKS)
    for line in (
        "# Recommender from version 41 of processed.events",
        "| events | 2026-01-01 to 2026-02-01 |",
        "| shoppers | 1,234 |",
        "| pairs of both | 7,890 |",
        "| code | 9.9 |",
        "| rank | 17 |",
        "| taste.half_life_days | 30.0 |",
        "| challenger | 0.6000 | 0.3000 | 0.1500 | 75.0% | 25.0% |",
        "| champion (version 7) | 0.5000 | 0.2500 | 0.1250 | 50.0% | 25.0% |",
        "| new shoppers | 1 | 0.9000 | 0.5000 | 0.1000 |",
        "| light shoppers | 2 | 0.4500 | 0.5000 | 0.1000 |",
        "| heavy shoppers | 0 |  |  |  |",
        "| tail products | 1 | 0.6000 | 0.5000 | 0.1000 |",
        "| popularity | passed | a / b |",
        "| champion | FAILED | worse |",
        "## Limits",
    ):
        assert line in text.splitlines(), line


def test_a_model_that_could_not_be_measured_says_so() -> None:
    text = card.markdown(LINEAGE, ALS, None, CHECKS)
    assert "Not measured: nothing could be held out, since no shopper has two products." in text


def test_promotions_are_told_once_however_often_the_card_is_written(contest: Contest) -> None:
    text = card.markdown(LINEAGE, ALS, contest, CHECKS)
    once = card.with_promotions(text, ["first"])
    twice = card.with_promotions(once, ["first", "second"])
    assert once == f"{text}\n## Promotions\n\n- first\n"
    assert twice == f"{text}\n## Promotions\n\n- first\n- second\n"


def test_every_hyper_parameter_is_named() -> None:
    flat = card.flat(ALS)
    assert flat["taste.purchases"] == ALS.taste.purchases
    assert set(flat) == (set(Als.model_fields) - {"taste"}) | {f"taste.{name}" for name in Taste.model_fields}


def test_plots_show_each_rival_and_name_their_axes(contest: Contest) -> None:
    drawn = plots.all_of(contest)
    assert list(drawn) == ["plots/coverage.png", "plots/head_and_tail.png", "plots/segments.png"]
    for place, figure in drawn.items():
        (axes,) = figure.axes
        legend = [text.get_text() for text in axes.get_legend().get_texts()]
        assert [name.split(":")[0] for name in legend][:3] == ["challenger", "champion (version 7)", "popularity"], (
            place
        )
        assert axes.get_title(loc="left")
        assert axes.get_ylabel()
        file = io.BytesIO()
        figure.savefig(file, format="png")
        file.seek(0)
        pixels = imread(file)
        assert pixels.shape[:2] == (540, 960)
        assert len(np.unique(pixels[..., 0])) > 10, "something is drawn"


def test_the_curve_of_coverage_ends_at_all_places_and_all_products(contest: Contest) -> None:
    (axes,) = plots.coverage(contest).axes
    ours = next(line for line in axes.get_lines() if line.get_label() == "challenger: 75.0% of products shown")
    assert [tuple(np.round(point, 1)) for point in ours.get_xydata()] == [
        (0.0, 0.0), (25.0, 55.6), (50.0, 88.9), (75.0, 100.0), (100.0, 100.0)
    ]  # fmt: skip
