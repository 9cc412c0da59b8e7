"""Two lists in one: nothing twice, each team its best, and neither favoured."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mart import recommendation_id
from mart.experiments import interleave

LISTS = st.lists(st.integers(0, 30).map(str), unique=True, max_size=25)
OF = st.integers(0, 10**9).map(lambda number: f"{number:026}")


@given(LISTS, LISTS, st.integers(1, 30), OF)
def test_no_product_comes_twice_and_each_pick_is_its_teams_best_that_was_left(
    first: list[str], second: list[str], most: int, of: str
) -> None:
    drafted = interleave(first, second, most, of)
    assert len(drafted) <= most
    there: list[str] = []
    for position, (team, product) in enumerate(drafted, start=1):
        assert team == recommendation_id.team_of(of, position)
        assert product == next(one for one in (first, second)[team] if one not in there)
        there.append(product)
    assert len(set(there)) == len(there)


@given(LISTS, LISTS, OF)
def test_no_team_is_ever_more_than_one_pick_ahead(first: list[str], second: list[str], of: str) -> None:
    teams = [team for team, _ in interleave(first, second, 30, of)]
    assert all(abs(teams[:upto].count(0) - teams[:upto].count(1)) <= 1 for upto in range(len(teams) + 1))


@given(LISTS, st.randoms(use_true_random=False), OF)
def test_two_orders_of_the_same_products_show_all_of_them(products: list[str], choose: object, of: str) -> None:
    other = products[:]
    choose.shuffle(other)  # type: ignore[attr-defined]
    assert {product for _, product in interleave(products, other, 128, of)} == set(products)


@given(LISTS, OF)
def test_two_equal_lists_are_the_list(products: list[str], of: str) -> None:
    assert [product for _, product in interleave(products, products, 128, of)] == products


def test_a_product_that_both_rank_first_is_credited_to_either_as_often() -> None:
    owners = Counter(interleave(["p", "a"], ["p", "b"], 2, recommendation_id.unique())[0] for _ in range(1_000))
    assert owners.keys() == {(0, "p"), (1, "p")}
    assert 400 < owners[0, "p"] < 600


def test_a_click_on_an_interleaved_list_is_owed_to_the_team_that_picked_the_product() -> None:
    of = recommendation_id.unique()
    shown = recommendation_id.make("7~8", "rank:control~wide", of)
    for position, (team, _) in enumerate(interleave(list("abcdef"), list("fedcba"), 6, of), start=1):
        owed = (("7", "rank:control"), ("8", "rank:wide"))[team]
        assert recommendation_id.credit(shown, position) == owed
