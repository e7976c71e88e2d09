"""When two gradients that should be equal are called so, called different, or neither."""

import math

import numpy as np
import pytest

from gradtest.laws.closeness import Allowance, Gap, combined, gap
from gradtest.spaces import arrays
from gradtest.verdict import BEYOND

MAY = Allowance(1e-9, 1e-6, {0: 0.0}, 0.0)


@pytest.mark.parametrize(
    ("difference", "equal"),
    [(0.0, True), (1.0, True), ((1 + BEYOND) / 2, None), (1.01 * BEYOND, False), (float("inf"), False)],
)
def test_between_equal_and_different_it_is_too_close_to_call(difference, equal):
    assert Gap(0, (), difference, 0.0, 1.0, 1, 1).equal is equal


def test_of_what_is_noisy_more_is_allowed():
    gap = Gap(0, (), 2 * BEYOND, 0.0, 1.0, 1, 1)
    assert gap.equal is False
    assert gap.noisier(BEYOND).equal is True


@pytest.mark.parametrize("place", [0, 300_000, 599_999])
def test_the_worst_entry_is_found_in_whatever_piece_it_lies(place):
    assert len(list(arrays.pieces(600_000))) == 3
    right = np.ones(600_000)
    left = right.copy()
    left[place] += 0.5
    left[(place + 7) % right.size] += 0.25
    found = gap({0: left.reshape(2, -1)}, {0: right.reshape(2, -1)}, MAY)
    assert found.index == np.unravel_index(place, (2, 300_000))
    assert (found.left, found.right, found.wrong, found.size) == (1.5, 1.0, 2, 600_000)


def test_a_sum_of_gradients_is_what_it_adds_up_to():
    rng = np.random.default_rng(0)
    one, other = {0: rng.normal(size=(3, 4))}, {0: rng.normal(size=(3, 4))}
    parts = (2.0, one), (-0.5, other)
    whole = combined(parts)
    np.testing.assert_array_equal(whole[0], 2.0 * one[0] - 0.5 * other[0])
    assert gap(whole, parts, MAY) is None
    assert gap({0: whole[0] + 1.0}, parts, MAY).equal is False


def test_what_is_no_number_on_the_believed_side_says_nothing():
    found = gap({0: np.array([1.0, 2.0])}, {0: np.array([math.nan, 2.0])}, MAY)
    assert found is None
    found = gap({0: np.array([1.0, math.nan])}, {0: np.array([1.0, 2.0])}, MAY)
    assert (found.index, found.equal) == ((1,), False)


def test_what_is_added_up_of_large_terms_may_be_off_by_their_rounding():
    large, left, right = {0: np.array([1e6])}, {0: np.array([1.001])}, {0: np.array([1.0])}
    assert gap(left, right, MAY).equal is False
    assert gap(left, right, MAY, terms=((1.0, large), (-1.0, large))).equal is True
