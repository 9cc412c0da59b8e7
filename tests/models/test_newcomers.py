"""A new product lies in the direction of its category and brand, and not too far out."""

import numpy as np
import pytest

from mart.models.newcomers import guess

FACTORS = np.array([[4, 0], [2, 0], [0, 2], [0, 0], [0, 0], [0, 0], [0, 0]], "f4")
KNOWN = np.array([True, True, True, False, False, False, False])
CATEGORY = np.array([0, 0, 1, 0, 1, 2, -1])
BRAND = np.array([0, 1, 1, -1, 0, -1, -1])


def test_a_guess_points_where_category_and_brand_do_and_what_is_known_stays() -> None:
    made = guess(FACTORS, KNOWN, CATEGORY, BRAND)
    assert made.dtype == np.float32
    assert (made[:3] == FACTORS[:3]).all()
    assert made[3] == pytest.approx([2, 0]), "the mean of [4, 0] and [2, 0], no further out than a quarter of the known"
    assert made[4] == pytest.approx([1, 1.5]), "three parts [0, 2], one part [4, 0]"
    assert not made[5:].any(), "a category and a brand that the model knows nothing of"


def test_without_any_known_product_nothing_is_guessed() -> None:
    assert not guess(np.zeros_like(FACTORS), np.zeros_like(KNOWN), CATEGORY, BRAND).any()
