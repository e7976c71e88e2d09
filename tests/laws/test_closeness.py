"""When two gradients that should be equal are called so, called different, or neither."""

import pytest

from gradtest.laws.closeness import Gap
from gradtest.verdict import BEYOND


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
