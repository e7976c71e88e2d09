"""Digits that float32 could have kept."""

import numpy as np
import pytest

import gradtest
from gradtest import Settings, target

PRECISION = Settings(laws="precision")
Z = np.array([12.3, 14.7])  # labels are 1: the loss is log(1 + exp(-z))


def loss(z):
    return np.log1p(np.exp(-z))


def cancelling(dout, z):
    return dout * (1 / (1 + np.exp(-z)) - 1)


def careful(dout, z):
    return -dout / (1 + np.exp(z))


def test_only_precision_sees_what_cancels_in_float32():
    subject = target(loss, vjp=cancelling)
    assert gradtest.check(subject, Z).verdict != "disagrees"
    report = gradtest.check(subject, Z, settings=PRECISION)
    (finding,) = report.findings
    assert (finding.code, finding.parameter) == ("GT121", "z")
    assert finding.what.startswith("inaccurate: float32 loses ")
    assert "in float64, of the same numbers" in finding.detail


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_careful_formula_loses_what_it_must(dtype):
    report = gradtest.check(target(loss, vjp=careful), Z.astype(dtype), settings=PRECISION)
    assert report.ok
    assert report.laws[0].reason.startswith("float32 loses ")


def test_a_little_more_than_must_be_is_told_and_no_finding():
    """x + 256 - 256 keeps eight bits less than x."""
    report = gradtest.check(
        target(lambda x: x**2, vjp=lambda g, x: 2 * g * ((x + 256) - 256)), Z / 10, settings=PRECISION
    )
    assert report.ok
    times = float(report.laws[0].reason.split()[2])
    assert 2 < times < 1000


def test_what_is_ill_conditioned_must_lose():
    """Near the zero of the sine, rounding the input itself loses all digits."""
    x = np.pi * np.array([1000.0, 3000.0])
    subject = target(lambda x: -np.cos(x), vjp=lambda dout, x: dout * np.sin(x))
    assert gradtest.check(subject, x, settings=PRECISION).ok


def test_what_cannot_be_asked_is_skipped():
    wide = target(loss, vjp=lambda dout, z: careful(dout, z).astype(np.float64))
    report = gradtest.check(wide, Z, settings=PRECISION)
    assert report.reason == "precision: the gradient of float32 inputs is not float32"


def test_a_gradient_of_zero_has_no_digits_to_lose():
    def forward(w):
        p = np.exp(w - w.max())
        return np.log((p / p.sum()).sum())

    def backward(g, w):
        p = np.exp(w - w.max())
        p = p / p.sum()
        return g * (p / p.sum() - p)

    report = gradtest.check(target(forward, vjp=backward), np.array([1.0, 0.5, 2.0]), settings=PRECISION)
    assert report.verdict == "undecided"
    assert "zero up to the rounding of float64" in report.reason
