"""Pictures in plain characters: within the width, the same for the same data, and readable."""

import numpy as np
import pytest

from gradtest.diagnosis.pictures import Coefficients, Entries, HeatMap, Remainder
from gradtest.surfaces.characters import HEIGHT, LEFT, drawn
from gradtest.surfaces.lines import cells, plain

T = 2.0 ** -np.arange(2.0, 26.0)
PICTURES = {
    "coefficients": Coefficients("w", np.maximum(10.0 ** -np.arange(0, 66, 2.0), 1e-16), 1e-16, 0.25),
    "remainder": Remainder("w", T, T**2, 2.0),
    "wrong remainder": Remainder("w", T, T, 1.0),
    "no remainder": Remainder("w", T, 0 * T, np.nan),
    "entries": Entries("w", np.arange(4.0), np.array([0.0, 1, 5, 3]), np.zeros(4), np.arange(4) == 2),
    "one entry": Entries("w", np.ones(1), np.ones(1), np.zeros(1), np.zeros(1, dtype=bool)),
    "entries that are not finite": Entries(
        "w", np.full(2, np.nan), np.ones(2), np.zeros(2), np.ones(2, dtype=bool)
    ),
    "heat map": HeatMap("w", np.array([[0.0, 1e-12, 1e-8], [1e-3, 0.5, np.inf]])),
    "large heat map": HeatMap("w", np.ones((100, 300))),
}


def text(name, width=80):
    return [plain(line) for line in drawn(PICTURES[name], width)]


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_keeps_to_its_width_and_is_plain(name, width):
    lines = text(name, width)
    assert lines[0].startswith("w: ")
    assert max(map(cells, lines)) <= width
    assert all(line.isascii() for line in lines)


def test_the_coefficients_stand_above_the_plateau():
    lines = text("coefficients")
    assert lines[1].startswith("  1e+00 |*")
    assert sum(line.count("*") for line in lines) == 8
    assert "plateau 1e-16" in " ".join(lines)


def test_a_remainder_of_order_two_follows_the_dots_and_another_leaves_them():
    assert "of order 2.0 in t" in text("remainder", 160)[-1]
    lower = text("wrong remainder")[HEIGHT - 2 : HEIGHT + 1]
    assert any("*" in line and "." in line[line.index("*") :] for line in lower)
    assert "nothing but rounding" in text("no remainder", 160)[-1]


def test_wrong_entries_are_crosses_off_the_diagonal():
    lines = text("entries")
    assert sum(line.count("x") for line in lines[1:-1]) == 1
    assert "x wrong (1), o right (3)" in " ".join(lines)


def test_a_heat_map_has_a_shade_for_every_factor_of_ten():
    lines = text("heat map")
    assert [line[LEFT:] for line in lines[1:3]] == ["    ..|", "**@@??|"]
    assert "the first rows and columns of 100 x 300" in "\n".join(text("large heat map"))
