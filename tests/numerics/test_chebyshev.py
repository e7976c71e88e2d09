"""Nodes, coefficients and the derivative in them, held against numpy's own Chebyshev series."""

import doctest
import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import chebyshev as numpy_chebyshev

import gradtest.numerics.chebyshev as chebyshev
from gradtest.numerics.chebyshev import coefficients, node, nodes, slopes_at_centre, slopes_at_end

exactly = settings(deadline=None, derandomize=True, max_examples=60)
SIZES = (4, 8, 16, 32, 64)


@pytest.mark.parametrize("n", SIZES)
def test_nodes_are_chebyshev_points_in_eleven_bits(n):
    found = np.array(nodes(n))
    assert np.abs(found - np.cos(np.pi * np.arange(n + 1) / n)).max() <= 2.0**-12
    assert np.array_equal(found * 2**11, np.round(found * 2**11))


@pytest.mark.parametrize("n", SIZES)
def test_nodes_fall_from_one_to_minus_one_and_are_symmetric(n):
    found = nodes(n)
    assert found[0] == 1.0
    assert found[n // 2] == 0.0
    assert all(a > b for a, b in itertools.pairwise(found))
    assert [-t for t in reversed(found)] == list(found)
    assert math.copysign(1.0, found[n // 2]) == 1.0  # phi is asked at 0.0, never at -0.0


@pytest.mark.parametrize("n", SIZES[:-1])
def test_nodes_are_nested(n):
    assert nodes(2 * n)[::2] == nodes(n)


@exactly
@given(
    st.integers(-(2**20), 2**20).map(lambda k: k / 2**20),
    st.integers(8, 24).map(lambda k: k / 16),
    st.integers(0, 10),
)
def test_displacements_are_exact(x, v, k):
    step = 2.0**-k
    for t in nodes(16):
        assert Fraction(x + step * t * v) == Fraction(x) + Fraction(step) * Fraction(t) * Fraction(v)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("k", [0, 1, 2, 3, 4])
def test_the_coefficients_of_a_chebyshev_polynomial(n, k):
    samples = [float(numpy_chebyshev.chebval(t, [0.0] * k + [1.0])) for t in nodes(n)]
    expected = [0.0] * (n + 1)
    expected[k] = 1.0
    assert coefficients(samples) == pytest.approx(expected, abs=4e-15)


@exactly
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=5), st.sampled_from(SIZES))
def test_polynomials_are_exact(c, n):
    samples = [float(numpy_chebyshev.chebval(t, c)) for t in nodes(n)]
    assert coefficients(samples)[: len(c)] == pytest.approx(c, abs=2e-14)
    assert max(map(abs, coefficients(samples)[len(c) :]), default=0.0) <= 2e-14


@exactly
@given(st.lists(st.floats(-1, 1), min_size=33, max_size=33), st.sampled_from((4, 8, 16, 32)))
def test_the_series_passes_through_its_samples(values, n):
    samples = values[: n + 1]
    assert numpy_chebyshev.chebval(nodes(n), coefficients(samples)) == pytest.approx(samples, abs=1e-12)


@exactly
@given(
    st.lists(st.integers(-(2**20), 2**20).map(float), min_size=17, max_size=17),
    st.integers(-(2**20), 2**20).map(float),
    st.sampled_from((4, 8, 16)),
)
def test_a_constant_rounds_in_no_coefficient_but_its_own(values, constant, n):
    small = [value * 2.0**-30 for value in values[: n + 1]]
    plain, raised = coefficients(small), coefficients([value + constant for value in small])
    assert raised[1:] == plain[1:]


@pytest.mark.parametrize("slopes", [slopes_at_centre, slopes_at_end])
@pytest.mark.parametrize("n", [4, 5, 8, 33])
def test_slopes_of_chebyshev_polynomials(slopes, n):
    at = 0.0 if slopes is slopes_at_centre else -1.0
    expected = [
        float(numpy_chebyshev.chebval(at, numpy_chebyshev.chebder([0.0] * k + [1.0]))) for k in range(n + 1)
    ]
    assert list(slopes(n)) == pytest.approx(expected, abs=1e-9)


def test_nodes_come_one_by_one_too():
    assert [node(j, 8) for j in (0, 1, 8)] == [nodes(8)[j] for j in (0, 1, 8)]


def test_doctests():
    assert doctest.testmod(chebyshev).failed == 0
