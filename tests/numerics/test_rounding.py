"""What a dtype, and the values themselves, say of the rounding."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtest.numerics.rounding as rounding
from gradtest.numerics.rounding import EPS64, coarsest, epsilon, grain, power_of_two

exactly = settings(deadline=None, derandomize=True, max_examples=100)


class Named:
    """A dtype of a library that is not installed."""

    def __init__(self, name):
        self.name = name


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.dtype("float64"), 2.0**-52),
        (np.dtype("float32"), 2.0**-23),
        (np.dtype("float16"), 2.0**-10),
        (np.dtype("complex64"), 2.0**-23),
        (np.dtype("int32"), 2.0**-52),
        ("float32", 2.0**-23),
        ("torch.bfloat16", 2.0**-7),
        (Named("bfloat16"), 2.0**-7),
        (Named("float8_unheard_of"), 2.0**-52),
    ],
)
def test_epsilon(dtype, expected):
    assert epsilon(dtype) == expected


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_epsilon_is_the_spacing_next_to_one(name):
    assert epsilon(np.dtype(name)) == np.finfo(name).eps


def test_coarsest():
    assert coarsest() == EPS64
    assert coarsest("float64", "float16", "float32") == 2.0**-10


@pytest.mark.parametrize(("name", "bits"), [("float16", 11), ("float32", 24)])
def test_grain_of_values_of_a_short_format(name, bits):
    values = np.random.default_rng(1).standard_normal(40).astype(name).astype(np.float64)
    assert grain(values) == 2.0 ** (1 - bits)
    assert grain(0.8125 * values, spare=4) == 2.0 ** (1 - bits)
    assert grain(0.8125 * values) < 2.0 ** (1 - bits)


@exactly
@given(st.integers(1, 2**53 - 1), st.integers(-300, 300), st.sampled_from((-1.0, 1.0)))
def test_grain_counts_the_bits_of_the_longest(whole, exponent, sign):
    while whole % 2 == 0:
        whole //= 2
    bits = whole.bit_length()
    expected = 2.0**-7 if bits <= 8 else 2.0**-10 if bits <= 11 else 2.0**-23 if bits <= 24 else EPS64
    assert grain([sign * math.ldexp(whole, exponent), 1.0]) == expected


@pytest.mark.parametrize("values", [[], [0.0], [math.nan], [math.inf, -math.inf]])
def test_grain_of_what_has_no_bits_is_the_coarsest(values):
    assert grain(values) == 2.0**-7


@exactly
@given(st.floats(1e-300, 1e300))
def test_power_of_two(size):
    power = power_of_two(size)
    assert power <= size < 2 * power
    assert math.frexp(power)[0] == 0.5


def test_doctests():
    assert doctest.testmod(rounding).failed == 0
