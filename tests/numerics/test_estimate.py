"""A number and its error; NaN matches nothing."""

import math

import pytest

from gradtest.numerics.estimate import Estimate, Quality


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (Estimate(1.0, 0.1), Estimate(1.05, 0.0), True),
        (Estimate(1.0, 0.1), Estimate(1.25, 0.1), False),
        (Estimate(1.0, 0.25), Estimate(1.5, 0.25), True),  # they touch
        (Estimate(0.0, 0.0), Estimate(-0.0, 0.0), True),
        (Estimate(1.0, 0.1), Estimate(-1.0, 0.1), False),
        (Estimate(math.nan, math.inf), Estimate(1.0, 1.0), False),
        (Estimate(1.0, math.inf), Estimate(1e9, 1.0), True),
        (Estimate(math.inf, 1.0), Estimate(math.inf, 1.0), False),
    ],
)
def test_matches(a, b, expected):
    assert a.matches(b) is expected
    assert b.matches(a) is expected


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [
        (1.0, 0.0, True),
        (math.nan, 1.0, False),
        (1.0, math.inf, False),
        (-math.inf, 1.0, False),
        (0.0, math.nan, False),
    ],
)
def test_finite(value, error, expected):
    assert Estimate(value, error).finite is expected


def test_every_quality_is_a_sentence_of_its_own():
    sentences = [quality.value for quality in Quality]
    assert len(set(sentences)) == len(sentences)
    assert all(sentence == sentence.strip() and not sentence.endswith(".") for sentence in sentences)


def test_an_estimate_does_not_change():
    with pytest.raises(AttributeError):
        Estimate(1.0, 0.1).value = 2.0
