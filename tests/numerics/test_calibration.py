"""A small part of the calibration table: the truth lies within the stated error, which is not loose.

The whole table: ``python tests/benchmarks/calibration.py``.
"""

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from gradtest.numerics.differentiate import derivative
from gradtest.numerics.estimate import Quality
from gradtest.numerics.line import Line

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(str(Path(__file__).resolve().parents[1] / "benchmarks"))
    import calibration_cases
    import rough_cases

SMOOTH = (
    "smooth", "near poles", "oscillating", "oscillating fast", "offset", "x near 1e8", "1/x near 1e-3",
    "tiny x", "badly scaled", "tanh network", "relu network",
)  # fmt: skip
NOISY = ("noise", "decimals", "short")
ROUGH = ("kink near", "jump near", "plateau", "edge near")
NOWHERE = ("kink at 0", "cusps", "jump at 0", "edge at 0", "non-finite")
VALUES = (Quality.CLEAN, Quality.NOISE, Quality.EDGE)


@cache
def measured(kind):
    """Return (case, estimate, evaluations) for one line of each kind of line; the same lines every time."""
    make = (calibration_cases.KINDS | rough_cases.KINDS)[kind]
    found = []
    for case in make(1):
        line = Line(case.phi, **case.options)
        found.append((case, derivative(line), line.evaluations))
    return found


def off(case, slope):
    """|numeric - true| in units of the stated error."""
    truths = case.sides or (case.truth,)
    return max(abs(slope.value - truth) for truth in truths) / slope.error


def valued(kinds):
    return [row for kind in kinds for row in measured(kind) if row[1].finite and row[1].quality in VALUES]


def test_the_truth_lies_within_the_error_999_times_in_1000():
    rows = valued(SMOOTH + NOISY + ROUGH)
    outside = [str(case) for case, slope, _ in rows if off(case, slope) > 1]
    assert len(rows) > 1900
    assert len(outside) <= len(rows) / 1000, outside


def test_and_is_never_far_outside():
    """What contradicts a claim is three errors away; so far off is nothing."""
    rows = valued(SMOOTH + NOISY + ROUGH)
    assert max(off(case, slope) for case, slope, _ in rows) < 2


@pytest.mark.parametrize("kind", SMOOTH)
def test_what_is_smooth_has_a_value(kind):
    rows = measured(kind)
    assert len(valued([kind])) == len(rows)


@pytest.mark.parametrize(("kind", "digits"), [("smooth", 11), ("tanh network", 10), ("relu network", 11)])
def test_the_error_is_small(kind, digits):
    relative = [slope.error / abs(case.truth) for case, slope, _ in measured(kind)]
    assert np.median(relative) < 10.0**-digits


@pytest.mark.parametrize("kinds", [("smooth", "offset", "tanh network"), ("noise",), ("short",)], ids=str)
def test_the_error_is_not_loose(kinds):
    """Half of the errors are less than 20 times too large (a sure one is 5 times, for normal noise)."""
    assert np.median([off(case, slope) for case, slope, _ in valued(kinds)]) > 0.05


@pytest.mark.parametrize(
    ("kind", "median", "most"),
    [
        ("smooth", 13, 40),
        ("relu network", 13, 60),
        ("tanh network", 13, 60),
        ("near poles", 45, 90),
        ("noise", 45, 110),
        ("kink at 0", 33, 41),
        ("kink near", 41, 100),
    ],
)
def test_the_cost(kind, median, most):
    cost = [evaluations for _, _, evaluations in measured(kind)]
    assert np.median(cost) <= median
    assert max(cost) <= most


@pytest.mark.parametrize("kind", NOWHERE)
def test_where_there_is_no_derivative_none_is_given(kind):
    for case, slope, _ in measured(kind):
        if math.isnan(case.truth) and case.sides is None:
            assert not slope.finite, case
        elif case.sides is not None:  # a kink too slight to see must hide in the error
            assert not slope.finite or off(case, slope) <= 1, case


def test_low_precision_inside_is_never_taken_for_a_plateau():
    for case, slope, _ in measured("short"):
        assert not (slope.finite and slope.flat and slope.error < abs(case.truth)), case
