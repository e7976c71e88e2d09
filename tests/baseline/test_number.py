"""Numbers that another machine finds again."""

import math
import random

import pytest

from gradtest.baseline.number import Number, level, recorded, sharpness
from gradtest.numerics.rounding import EPS64


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.23456789, 1e-9, "1.234567890 ± 1e-09"),
        (-0.75, 3e-4, "-0.750 ± 1e-03"),
        (123456789.0, 20.0, "1.234568E+8 ± 1e+02"),
        (0.0, 1e-5, "0 ± 1e-05"),
        (-1e-9, 1e-5, "0 ± 1e-05"),
        (1e300, 1e290, "1.0000000000E+300 ± 1e+290"),
        (0.5, 0.0, "0.5 ± 0.0"),
        (math.nan, 1e-5, "nan ± nan"),
        (math.inf, 1e-5, "inf ± nan"),
        (1.0, math.inf, "nan ± nan"),
    ],
)
def test_a_number_is_written_to_the_place_of_its_error_and_read_again(value, unit, text):
    number = recorded(value, unit)
    assert str(number) == text
    again = Number.read(text)
    assert str(again) == text
    assert math.isnan(number.value) or again.value == number.value


def test_every_number_that_is_written_is_read_as_itself():
    draw = random.Random(0)
    for _ in range(500):
        value = draw.uniform(-1, 1) * 10.0 ** draw.randint(-200, 200)
        number = recorded(value, abs(value) * 10.0 ** draw.uniform(-12, 1))
        again = Number.read(str(number))
        assert (again.value, again.error) == (number.value, number.error)
        assert abs(number.value - value) <= number.error


@pytest.mark.parametrize("text", ["", "1.25", "1.25 ± ", "1.25 +- 1e-9", "one ± 1", "1 ± 1 ", "1,2 ± 1"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match="expected a number with its error"):
        Number.read(text)


def test_numbers_agree_within_both_errors_and_never_where_there_is_none():
    assert recorded(1.0, 0.01).agrees(recorded(1.01, 0.01))
    assert not recorded(1.0, 0.01).agrees(recorded(1.03, 0.01))
    assert recorded(0.0, 0.0).agrees(recorded(0.0, 0.0))
    assert not recorded(0.0, 0.0).agrees(recorded(1e-300, 0.0))
    for odd in (math.nan, math.inf):
        assert not recorded(odd, 1e-9).agrees(recorded(odd, 1e-9))
        assert not recorded(odd, 1e-9).agrees(recorded(1.0, 1.0))


def test_rounding_noise_changes_no_digit_but_for_a_value_between_two():
    """A value within its noise of a boundary may fall on either side: then the two still agree."""
    draw = random.Random(1)
    flipped = 0
    for _ in range(2000):
        value = draw.uniform(-2, 2)
        one = recorded(value, sharpness(EPS64) * abs(value))
        other = recorded(value * (1 + 8 * EPS64), sharpness(EPS64) * abs(value))
        assert one.agrees(other)
        flipped += str(one) != str(other)
    assert flipped == 0


def test_a_tie_goes_the_same_way_on_every_machine():
    """Values of polynomials at short decimals are ties, and rounding puts them on either side."""
    for value in (0.0000000005, -0.0000000015, 115.5096558500):
        texts = {str(recorded(value * (1 + k * EPS64), 1e-9 if value < 1 else 1e-7)) for k in range(-20, 21)}
        assert len(texts) == 1


def test_levels_are_powers_of_ten_and_no_less_than_what_is_recorded():
    assert level(2e-8, 1e-10) == 1e-7
    assert level(1e-7, 1e-10) == 1e-7
    assert level(0.0, sharpness(EPS64)) == level(1e-14, sharpness(EPS64)) == 1e-10
    assert level(0.0, sharpness(2.0**-23)) == 1e-4
    assert level(math.inf, 1e-10) is None
    assert level(math.nan, 1e-10) is None
