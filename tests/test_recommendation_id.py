"""Who made a list can be read from its name, and nobody else's name is taken for ours."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mart import recommendation_id

NAMES = st.text("abcXYZ019_-", min_size=1, max_size=63)


@given(NAMES, NAMES, NAMES)
def test_what_was_named_is_read_again(version: str, experiment: str, variant: str) -> None:
    made = recommendation_id.make(version, f"{experiment}:{variant}")
    assert recommendation_id.parse(made) == (version, f"{experiment}:{variant}")
    assert recommendation_id.credit(made, 3) == (version, f"{experiment}:{variant}")


@given(st.text())
def test_a_foreign_id_is_none_of_ours(text: str) -> None:
    assert recommendation_id.parse(text) is None
    assert recommendation_id.credit(text, 1) is None


@pytest.mark.parametrize("part", ["", "a.b", "a b", "ä", "a~b~c", "a\n", "x" * 200])
def test_a_name_that_could_not_be_read_again_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="no recommendation_id"):
        recommendation_id.make("7", part)
    with pytest.raises(ValueError, match="no recommendation_id"):
        recommendation_id.make(part)


def test_no_two_lists_have_one_name_and_later_ones_sort_behind() -> None:
    made = [recommendation_id.unique() for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert {len(one) for one in made} == {26}
    assert [one[:10] for one in made] == sorted(one[:10] for one in made)


def test_a_place_of_an_interleaved_list_is_owed_to_the_team_that_picked_it() -> None:
    owed: Counter[tuple[str, str] | None] = Counter()
    for _ in range(500):
        made = recommendation_id.make("7~8", "rank:control~wide")
        rounds = [
            {recommendation_id.credit(made, place), recommendation_id.credit(made, place + 1)} for place in (1, 3)
        ]
        assert rounds == [{("7", "rank:control"), ("8", "rank:wide")}] * 2
        assert recommendation_id.credit(made, 0) == ("7~8", "rank:control~wide")
        owed[recommendation_id.credit(made, 1)] += 1
    assert 180 < owed["7", "rank:control"] < 320, "a fair coin: 500 tosses, six standard deviations"


def test_one_model_may_play_for_both_teams() -> None:
    made = recommendation_id.make("7", "rank:control~wide")
    assert {recommendation_id.credit(made, place) for place in (1, 2)} == {("7", "rank:control"), ("7", "rank:wide")}
