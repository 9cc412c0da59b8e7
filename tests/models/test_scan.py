"""The quick search finds what sorting every score finds: few products and many, with and without what is left out."""

import numpy as np
import pytest

from mart.models import scan

SEED, RANK, N = 17, 8, 10


def drawn(products: int, shoppers: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Give factors of products and shoppers, what is allowed, and what each has seen (shoppers, products)."""
    rng = np.random.default_rng(SEED + products)
    items, users = (rng.normal(size=(size, RANK)).astype("f4") for size in (products, shoppers))
    return items, users, rng.random(products) < 0.7, rng.random((shoppers, products)) < 0.1


def sorted_out(scores: np.ndarray, n: int) -> np.ndarray:
    return np.sort(scores)[::-1][:n]


@pytest.mark.parametrize("products", [1, 9, 500, 5_119, 5_120, 20_001, 63_000, 70_001])
def test_the_best_of_all_are_found_whatever_is_left_out(products: int) -> None:
    items, users, allowed, seen = drawn(products, 70)
    positions, scores = scan.best_many(items, users, allowed, N, np.nonzero(seen))
    exact = np.where(allowed & ~seen, users @ items.T, -np.inf)
    for row, wanted in enumerate(exact):
        left = np.isfinite(scores[row])
        assert left.sum() == min(N, np.isfinite(wanted).sum()), "N where N are left"
        assert scores[row][left] == pytest.approx(sorted_out(wanted, left.sum()), abs=1e-5)
        assert wanted[positions[row][left]] == pytest.approx(scores[row][left], abs=1e-5)
        assert len(set(positions[row][left])) == left.sum()


@pytest.mark.parametrize("products", [1, 500, 70_001])
def test_one_shopper_gets_the_same_as_among_many(products: int) -> None:
    items, users, allowed, _ = drawn(products, 5)
    positions, scores = scan.best_many(items, users, allowed, N)
    for row, user in enumerate(users):
        found, theirs = scan.best(items, user, allowed, N)
        left = np.isfinite(scores[row])
        assert found.tolist() == positions[row][left].tolist()
        assert theirs == pytest.approx(scores[row][left], abs=1e-5)


def test_without_a_mask_everything_is_allowed() -> None:
    items, users, _, _ = drawn(6_000, 2)
    assert scan.best(items, users[0], None, 3)[0].tolist() == np.argsort(-(items @ users[0]))[:3].tolist()
    assert scan.best_many(items, users, None, 3)[0].tolist() == np.argsort(-(users @ items.T), axis=1)[:, :3].tolist()


def test_equal_scores_stand_in_order() -> None:
    items = np.ones((40, 1), "f4")
    items[[7, 3, 20]] = 2
    assert scan.best(items, np.ones(1, "f4"), None, 3)[0].tolist() == [3, 7, 20]


def test_nothing_allowed_gives_nothing() -> None:
    items, users, allowed, _ = drawn(70_000, 2)
    assert scan.best(items, users[0], np.zeros_like(allowed), N)[0].size == 0
    assert not np.isfinite(scan.best_many(items, users, np.zeros_like(allowed), N)[1]).any()
