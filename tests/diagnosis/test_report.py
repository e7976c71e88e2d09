"""A report, a finding, and their words; numbers and inputs as a person would type them."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradtest
from gradtest.diagnosis.evidence import Entry, Finding
from gradtest.diagnosis.report import BlockReport, Report, message, value_text
from gradtest.errors import GradientError


def block(name="x", verdict="agrees", resolution=1e-10, excess=0.5, reason=""):
    return BlockReport(name, name, (2, 3), verdict, reason, resolution, excess, "at the point")


def report(*blocks, verdict="agrees", note="", findings=()):
    return Report("affine", verdict, note, blocks, 12, lambda *others: tuple(findings))


WRONG = Finding("GT101", "affine", "w", "the sign is flipped", Entry((1, 0), -1.5, 1.5, 2e-15, True), 1, 6, 6)


def test_a_report_sums_up_its_blocks():
    whole = report(block(resolution=1e-9), block("w", resolution=1e-4, excess=0.9))
    assert (whole.ok, whole.resolution, whole.excess, whole.findings) == (True, 1e-4, 0.9, ())


def test_what_is_undecided_has_no_resolution():
    whole = report(
        block(resolution=1e-9), block("w", "undecided", math.inf), verdict="undecided", note="w: kink"
    )
    assert whole.resolution == 1e-9
    assert (whole.ok, whole.reason) == (False, "w: kink")
    assert report(verdict="undecided", note="nothing").resolution == math.inf


def test_findings_are_made_once_and_when_they_are_read():
    made = []

    def diagnose():
        made.append(1)
        return (WRONG,)

    whole = Report("affine", "disagrees", "", (block("w", "disagrees", excess=1e9),), 12, diagnose)
    with pytest.raises(GradientError) as caught:
        whole.raise_if_wrong()
    assert made == []
    assert str(caught.value) == message(WRONG)
    assert whole.findings == (WRONG,)
    assert made == [1]
    assert whole.reason == "the sign is flipped"


@pytest.mark.parametrize("verdict", ["agrees", "undecided"])
def test_only_what_disagrees_is_raised(verdict):
    assert report(block(), verdict=verdict).raise_if_wrong() is None


# -- values as one would type them -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.array([[1.5, 0.25], [0.0, -1.0]]), "[[1.5, 0.25], [0.0, -1.0]]"),
        (np.array([1.5], "f4"), "[1.5]  (float32)"),
        (np.array([0, 1]), "[0, 1]  (int64)"),
        (np.array(2.5), "2.5"),
        (np.float64(2.5), "2.5"),
        (2.5, "2.5"),
        (np.array([np.nan, np.inf]), "[nan, inf]"),
        (np.zeros((9, 9)), "array of shape (9, 9), float64"),
        ([np.array([1.0]), (2.0,)], "[[1.0], (2.0,)]"),
        ((1.0, [np.array([2])]), "(1.0, [[2]  (int64)])"),
        ({"W": np.array([1.0]), 3: None}, "{'W': [1.0], 3: None}"),
        ("relu", "'relu'"),
        (None, "None"),
        ("x" * 300, "'" + "x" * 196 + "..."),
    ],
)
def test_inputs_as_text(value, text):
    assert value_text(value) == text


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_what_is_shown_is_the_very_value(numbers):
    assert eval(value_text(np.array(numbers))) == numbers


@given(
    st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False),
    st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False),
)
def test_two_numbers_that_differ_are_shown_to_differ(analytic, numeric):
    entry = Entry((0,), analytic, numeric, 0.0, True)
    shown = message(dataclasses.replace(WRONG, entry=entry))
    lines = {
        line.split("analytic" if "analytic" in line else "numeric")[1].split()[0]
        for line in shown.splitlines()
        if "analytic  " in line or "±" in line
    }
    assert (len(lines) == 1) == (analytic == numeric) or {float(text) for text in lines} == {0.0}


def test_numbers_are_as_long_as_it_takes():
    def digits(analytic, numeric):
        text = message(dataclasses.replace(WRONG, entry=Entry((0,), analytic, numeric, 1e-12, True)))
        return next(line.split("analytic")[1].split()[0] for line in text.splitlines() if "analytic" in line)

    assert digits(1 / 3, 2 / 3) == "0.3333"
    assert digits(1 / 3 + 1e-6, 1 / 3) == "0.33333433"
    assert digits(math.nan, 1.0) == "nan"


# -- the whole -----------------------------------------------------------------------------------------


def test_a_message_says_where_analytic_numeric_why_and_with_what():
    def wrong(dout, x, w):
        return dout @ w.T, -x.T @ dout

    x, w = np.array([[1.5, 0.25]]), np.array([[2.0], [-1.0]])
    found = gradtest.check(gradtest.target(lambda x, w: x @ w, vjp=wrong), x, w)
    lines = message(found.findings[0]).splitlines()
    assert lines[0] == "gradtest GT101: wrong gradient for w - the sign is flipped"
    assert lines[1].split()[:2] == ["w[0,", "0]"]
    assert "analytic" in lines[1]
    assert "numeric" in lines[2]
    assert "±" in lines[2]
    assert lines[1].endswith("2 of 2 entries")
    assert lines[2].endswith(" evaluations")
    assert any(line.startswith("  others        x ok") for line in lines)
    assert any(line.startswith("  why           analytic / numeric = -1") for line in lines)
    assert any(line.startswith("  where         test_report.py:") for line in lines)
    assert "  inputs        x = [[1.5, 0.25]]" in lines
    assert "                w = [[2.0], [-1.0]]" in lines


def test_an_error_is_never_larger_than_the_difference_it_shows():
    """The numbers beside each other must be a contradiction, not a puzzle."""

    def wrong(dout, w, b, x):
        factor = 1 + 1e-6
        return factor * dout @ x.T, factor * dout.sum(axis=1), factor * w.T @ dout

    forward = gradtest.target(lambda w, b, x: w @ x + b[:, None], vjp=wrong)
    for point in (
        ([[0.5]], [2.0], [[2.0]]),
        ([[0.7]], [1.3], [[-0.8]]),
        ([[1.0, 2.0]], [0.5], [[1.0], [-2.0]]),
    ):
        found = gradtest.check(forward, *map(np.array, point))
        assert len(found.findings) == 3
        for finding in found.findings:
            assert finding.entry.wrong
            assert finding.entry.difference > 3 * finding.entry.error
