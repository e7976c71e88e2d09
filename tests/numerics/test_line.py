"""A line asks once at each place, counts, and hands out what it knows."""

import math

import pytest

from gradtest.numerics.chebyshev import nodes
from gradtest.numerics.line import Line, highest
from gradtest.numerics.rounding import EPS64


def counting(phi):
    asked = []

    def counted(t):
        asked.append(t)
        return phi(t)

    return counted, asked


def test_every_place_is_asked_once():
    phi, asked = counting(math.sin)
    line = Line(phi)
    assert line(0.5) == line(0.5) == math.sin(0.5)
    assert asked == [0.5]
    assert line.evaluations == 1


def test_nested_nodes_cost_only_what_is_new():
    phi, asked = counting(math.exp)
    line = Line(phi)
    line.around(0.25, 4)
    assert line.evaluations == 5
    line.around(0.25, 8)
    assert line.evaluations == 9
    line.around(0.25, 16)
    assert line.evaluations == 17 == len(set(asked))


def test_an_origin_that_is_known_is_not_asked():
    phi, asked = counting(math.exp)
    line = Line(phi, origin=1.0)
    assert line.around(0.5, 4)[2] == 1.0
    assert 0.0 not in asked
    assert line.evaluations == 4


def test_nan_is_remembered_too():
    phi, asked = counting(lambda t: math.nan)
    line = Line(phi)
    assert math.isnan(line(0.0))
    assert math.isnan(line(0.0))
    assert asked == [0.0]


def test_around_and_beside():
    line = Line(lambda t: t)
    assert line.around(0.5, 8) == [0.5 * node for node in nodes(8)]
    assert line.beside(0.5, 8)[0] == 0.5
    assert line.beside(0.5, 8)[-1] == 0.0
    assert line.beside(-0.5, 8) == [-t for t in line.beside(0.5, 8)]
    assert all(0.0 <= t <= 0.5 for t in line.beside(0.5, 8))


@pytest.mark.parametrize(
    ("options", "widest"),
    [({}, 4.0), ({"scale": 100.0}, 400.0), ({"scale": 1e-9}, 4.0), ({"scale": 5.0, "widest": 0.1}, 0.1)],
)
def test_widest(options, widest):
    assert Line(math.exp, **options).widest == widest


def test_the_grain_is_that_of_the_values_seen():
    line = Line(lambda t: 0.5 if t == 0.0 else 1 / 3)
    line(0.0)
    assert line.grain() == EPS64  # the value that it asks for is not short
    assert Line(lambda t: 0.5).grain() == 2.0**-7  # one short value may be of any format


def test_a_grain_that_is_given_is_asked_when_it_is_wanted_and_never_below_eps():
    asked = []
    line = Line(math.exp, eps=2.0**-23, grain=lambda t: asked.append(t) or EPS64)
    assert asked == []
    assert line.grain(4.0) == 2.0**-23
    assert asked == [math.pi]  # which is no short number


def test_the_highest_places_of_a_narrow_hill_are_found():
    line = Line(lambda t: math.exp(-abs(t - 0.7) * 100))
    assert abs(highest(line, 0.1)[0] - 0.7) < 0.05
    assert line.evaluations < 40
    assert highest(line, 2.0) == []


def test_of_what_is_not_steep_no_more_than_octaves_are_asked():
    line = Line(lambda t: t * t)
    assert highest(line, math.inf) == []
    assert line.evaluations < 20
    assert highest(line, 4.0)[:2] == [-4.0, 4.0]


def test_a_wide_line_is_gone_to_its_end():
    line = Line(lambda t: t if abs(t) < 900 else math.nan, widest=1e6)
    assert abs(highest(line, 100.0)[0]) == 512.0
