"""Second opinions have the shape of the first, and honest errors."""

import math

import pytest

from gradtest.numerics.difference import central, scipy_forward
from gradtest.numerics.estimate import Quality
from gradtest.numerics.line import Line

TRUTHS = [
    ("sin", math.sin, 1.0),
    ("exp", math.exp, 1.0),
    ("exp(3 t)", lambda t: math.exp(3 * t), 3.0),
    ("tanh", lambda t: math.tanh(t + 0.5), 1 - math.tanh(0.5) ** 2),
    ("offset", lambda t: 1e6 + math.sin(t), 1.0),
    ("line", lambda t: 3 - 2 * t, -2.0),
]


@pytest.mark.parametrize(("method", "cost"), [(central, 4), (scipy_forward, 3)])
@pytest.mark.parametrize(("phi", "truth"), [row[1:] for row in TRUTHS], ids=[row[0] for row in TRUTHS])
def test_the_truth_lies_within_the_error(method, cost, phi, truth):
    line = Line(phi)
    (estimate,) = method(line)
    assert abs(estimate.value - truth) <= estimate.error
    assert estimate.confirmed
    assert estimate.quality is Quality.CLEAN
    assert line.evaluations <= cost + 1


@pytest.mark.parametrize("method", [central, scipy_forward])
def test_the_error_is_not_loose(method):
    (estimate,) = method(Line(math.sin))
    assert estimate.error < 1e-6


@pytest.mark.parametrize("method", [central, scipy_forward])
def test_what_is_not_finite_has_no_value(method):
    (estimate,) = method(Line(lambda t: math.nan if t > 0 else t))
    assert not estimate.finite
    assert not estimate.confirmed
    assert estimate.quality is Quality.NON_FINITE


def test_a_step_that_is_too_large_is_seen():
    (estimate,) = central(Line(lambda t: math.sin(1e5 * t)))
    assert estimate.quality is Quality.ROUGH
    assert not estimate.confirmed


def test_the_precision_sets_the_step():
    (estimate,) = central(Line(math.sin, eps=2.0**-23))
    assert estimate.step == pytest.approx(2.0 ** (-23 / 3))
    assert abs(estimate.value - 1) <= estimate.error < 1e-3
