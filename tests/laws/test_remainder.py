"""The Taylor test."""

import numpy as np
import pytest

import gradtest
from gradtest import Settings, target
from gradtest.laws.remainder import order

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
REMAINDER = Settings(laws="remainder")


@pytest.mark.parametrize("factor", [-1, 2, 1.001])
def test_a_wrong_gradient_leaves_a_remainder_of_first_order(factor):
    """As the first law says, too: it is the same statement, measured with less."""
    subject = target(np.sin, vjp=lambda dout, x: factor * dout * np.cos(x))
    report = gradtest.check(subject, X, settings=REMAINDER)
    (finding,) = report.findings
    assert finding.code == "GT134"
    assert finding.headline.endswith("the remainder falls as t**1.0, not as t**2")
    assert finding.detail.startswith("t = 1.2e-01")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_right_gradient_leaves_one_of_second_order(dtype):
    subject = target(np.sin, vjp=lambda dout, x: dout * np.cos(x))
    report = gradtest.check(subject, X.astype(dtype), settings=REMAINDER)
    assert report.ok
    if dtype is np.float64:
        assert report.laws[0].reason in ("it falls as t**2.0", "it falls as t**1.9")


def test_an_affine_function_leaves_nothing():
    subject = target(lambda x: 3 * x + 1, vjp=lambda dout, x: 3 * dout)
    report = gradtest.check(subject, X, settings=REMAINDER)
    assert report.laws[0].reason == "nothing is left beside the tangent"


def test_a_kink_is_no_finding():
    subject = target(np.abs, vjp=lambda dout, x: dout * np.sign(x))
    assert gradtest.check(subject, np.array([0.0, 1.0, -2.0]), settings=REMAINDER).verdict != "disagrees"


def test_the_order_of_a_power():
    for power in (1.0, 1.5, 2.0, 3.0):
        assert order([0.3 * (4.0**-k) ** power for k in range(6)]) == pytest.approx(power)


def test_a_function_that_does_not_resolve_the_step_says_nothing():
    """Near 1e8 the sine is a staircase; the tangent goes on falling as t beside it."""
    offset = target(lambda x: (np.sin(x) + 1e8) - 1e8, vjp=lambda g, x: g * np.cos(x))
    report = gradtest.check(offset, np.array([1e-3]), settings=Settings(laws="remainder"))
    assert report.verdict != "disagrees", report
