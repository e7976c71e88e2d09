"""The plain difference of the scripts: sharp enough for gross errors, and honest about the rest."""

import math

import numpy as np
import pytest

from gradtest.failures.stencil import plain_difference
from gradtest.numerics.rounding import epsilon

CASES = {
    "sine": (math.sin, 1.0),
    "offset": (lambda t: 1e9 + math.sin(t), 1.0),
    "steep": (lambda t: math.exp(30 * t), 30.0),
    "kink 1e-5 away": (lambda t: max(t - 1e-5, 0) + 2 * t, 2.0),
    "flat": (lambda t: 7.25, 0.0),
    "shallow": (lambda t: 1e-30 * t, 1e-30),
}


@pytest.mark.parametrize("name", CASES)
def test_the_truth_is_within_the_error_that_is_stated(name):
    phi, slope = CASES[name]
    value, error = plain_difference(phi, 1.0, epsilon("float64"))
    assert abs(value - slope) <= 3 * error <= 1e-3 * (abs(slope) or 1.0)


def test_float32_is_known_to_be_blunt():
    value, error = plain_difference(lambda t: float(np.sin(np.float32(0.5 + t))), 0.5, epsilon("float32"))
    assert abs(value - math.cos(0.5)) <= 3 * error <= 1e-3


def test_what_is_never_finite_has_no_slope():
    assert math.isnan(plain_difference(lambda t: math.nan, 1.0, 1e-16)[0])
