"""Pictures as SVG: well formed, every number in its place, and none of those that are no numbers."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradtest.diagnosis.pictures import Coefficients, Entries, HeatMap, Remainder
from gradtest.diagnosis.svg import BOTTOM, LEFT, RIGHT, TOP, caption, svg

DECAY = Coefficients("w", np.array([1.0, 1e-3, 1e-8, 1e-16, 2e-16, 0.0, np.nan]), 1e-16, 0.125)
SQUARE = Remainder("w", 2.0 ** -np.arange(2, 10), 4.0 ** -np.arange(2, 10), 2.0)
PAIRS = Entries(
    "w", np.array([-1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]), np.zeros(3), np.array([1, 0, 0], bool)
)
MAP = HeatMap("w", np.array([[2.0, 1e-5, 0.0], [1e-12, np.nan, 1.0]]))


def paths(picture) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in ET.fromstring(svg(picture)).iter("path"):
        found.setdefault(path.get("class"), []).append(path.get("d"))
    return found


def points(d: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"M(-?[\d.]+) (-?[\d.]+)", d)]


def test_what_stands_above_the_noise_is_told_from_it():
    drawn = paths(DECAY)
    assert len(points(drawn["dot"][0])) == 3
    assert len(points(drawn["dot dim"][0])) == 2, "zero and what is no number stand nowhere"
    heights = [y for _, y in points(drawn["dot"][0])]
    assert heights == sorted(heights), "smaller is lower"


def test_a_remainder_of_order_two_lies_on_its_line():
    drawn = paths(SQUARE)
    dots = points(drawn["dot"][0])
    (x0, y0), (x1, y1) = dots[0], dots[-1]
    (start,) = points(drawn["rule"][1])
    end = tuple(map(float, re.search(r"L([\d.]+) ([\d.]+)", drawn["rule"][1]).groups()))
    assert start == (x0, y0)
    assert (y1 - y0) / (x1 - x0) == pytest.approx((end[1] - start[1]) / (end[0] - start[0]), rel=0.02)


def test_right_entries_stand_on_the_diagonal_and_wrong_ones_are_crossed():
    drawn = paths(PAIRS)
    for x, y in points(drawn["dot"][0]):
        assert (x - LEFT) / (RIGHT - LEFT) == pytest.approx((BOTTOM - y) / (BOTTOM - TOP), abs=2e-3)
    assert len(points(drawn["cross"][0])) == 1


def test_an_error_that_is_wider_than_a_dot_has_a_bar():
    wide = Entries("w", np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.array([0.5, 1e-9]), np.zeros(2, bool))
    assert len(paths(wide)["bar"]) == 1


def test_one_number_stands_in_the_middle():
    (dot,) = points(paths(Entries("x", *np.full((2, 1), 3.0), np.zeros(1), np.zeros(1, bool)))["dot"][0])
    assert dot == pytest.approx(((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2), abs=0.1)


def test_a_map_has_a_shade_for_each_factor_of_ten_and_blank_for_nothing():
    cells = [
        (path.get("fill-opacity"), *points(path.get("d")))
        for path in ET.fromstring(svg(MAP)).iter("path")
        if path.get("class") == "cell"
    ]
    in_the_map = [(shade, len(places)) for shade, *places in cells if places[0][1] < BOTTOM]
    assert in_the_map == [("0.44", 1), ("1.00", 2)], "two entries are blank, and one is no number"
    assert [len(points(d)) for d in paths(MAP)["lost"]] == [1]


def test_pictures_say_what_they_show():
    assert caption(DECAY) == "within 1e-01 of the point they fall to 1e-16"
    assert caption(SQUARE) == "of order 2.0 in t; 2 where the slope is right"
    assert caption(Remainder("w", SQUARE.steps, np.zeros(8), np.nan)) == "nothing but rounding"
    assert caption(PAIRS) == "1 of 3 wrong"
    assert ET.fromstring(svg(PAIRS)).get("aria-label") == "analytic against numeric: 1 of 3 wrong"


ANY = st.floats(allow_nan=True, allow_infinity=True)
VECTORS = hnp.arrays(np.float64, st.integers(1, 9), elements=ANY)


def inside(picture) -> None:
    """It is well formed, and nothing in it is NaN or lies far outside."""
    text = svg(picture)
    ET.fromstring(text)
    assert "nan" not in re.sub(r'<text[^>]*>[^<]*</text>|aria-label="[^"]*"', "", text)
    for d in (d for all_of_them in paths(picture).values() for d in all_of_them):
        assert all(0 <= x <= 340 and 0 <= y <= 210 for x, y in points(d)), d


@given(VECTORS, ANY)
def test_any_coefficients_can_be_drawn(sizes, plateau):
    inside(Coefficients("w", np.abs(sizes), plateau, 0.1))


@given(VECTORS)
def test_any_remainder_can_be_drawn(sizes):
    inside(Remainder("w", 2.0 ** -np.arange(len(sizes)), np.abs(sizes), np.nan))
    inside(Remainder("w", sizes, sizes, np.nan))


@given(st.integers(1, 5).flatmap(lambda n: hnp.arrays(np.float64, (3, n), elements=ANY)), st.booleans())
def test_any_entries_can_be_drawn(rows, wrong):
    inside(Entries("w", *rows, np.full(rows.shape[1], wrong)))


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 64), st.integers(1, 8)), elements=ANY))
def test_any_map_can_be_drawn(off):
    inside(HeatMap("w", off))
