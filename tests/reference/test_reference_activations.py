"""ReLU, the sigmoid and their derivatives, against their definitions at fifty digits."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import reference

DTYPES = [np.float32, np.float64, np.longdouble]
LOGITS = [0.0, 2.0**-30, 0.5, 1.0, 5.0, 16.5, 17.0, 35.0, 36.75, 37.0, 50.0, 87.0]
LOGITS += [-z for z in LOGITS]


def exact(number):
    """Any NumPy float as an mpmath number, without going through float64."""
    return mpmath.mpf(np.format_float_scientific(number, precision=40, unique=False))


def assert_all_digits(function, truth, dtype):
    z = np.array(LOGITS, dtype)
    values = function(z)
    assert values.dtype == dtype
    with mpmath.workdps(50):
        for logit, value in zip(z, values, strict=True):
            true = truth(exact(logit))
            # Below the normal numbers no dtype has all its digits.
            allowed = 8 * exact(np.finfo(dtype).eps) * abs(true) + exact(np.finfo(dtype).smallest_subnormal)
            assert abs(exact(value) - true) <= allowed, (logit, value, true)


def true_sigmoid(z):
    return 1 / (1 + mpmath.exp(-z))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_sigmoid_has_all_its_digits(dtype):
    assert_all_digits(reference.sigmoid, true_sigmoid, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_derivative_of_the_sigmoid_has_all_its_digits(dtype):
    def true_derivative(z):
        return true_sigmoid(z) * true_sigmoid(-z)

    assert_all_digits(reference.sigmoid_derivative, true_derivative, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_usual_derivative_of_the_sigmoid_would_be_caught(dtype):
    def usual(z):
        return reference.sigmoid(z) * (1 - reference.sigmoid(z))

    with pytest.raises(AssertionError):
        assert_all_digits(usual, lambda z: true_sigmoid(z) * true_sigmoid(-z), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", [reference.sigmoid, reference.sigmoid_derivative])
def test_huge_logits_are_quiet(function, dtype):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        values = function(np.array([-1e4, 1e4], dtype))
    limits = [0, 1] if function is reference.sigmoid else [0, 0]
    np.testing.assert_allclose(values, limits, rtol=0, atol=1e-300)


@settings(deadline=None, max_examples=50)
@given(
    hnp.arrays(
        st.sampled_from(DTYPES[:2]),
        hnp.array_shapes(min_dims=0, min_side=0),
        elements=st.floats(-1e4, 1e4, width=32),
    )
)
def test_relu_is_its_definition(z):
    np.testing.assert_array_equal(reference.relu(z), np.where(z > 0, z, 0))
    np.testing.assert_array_equal(reference.relu_derivative(z), np.where(z > 0, 1, 0))


def test_relu_has_slope_zero_at_the_kink():
    assert reference.relu_derivative(np.array([0.0, -0.0])).tolist() == [0, 0]
    assert reference.relu_derivative(np.array([5e-324, -5e-324])).tolist() == [1, 0]


def test_nan_is_not_hidden():
    for function in (
        reference.relu,
        reference.relu_derivative,
        reference.sigmoid,
        reference.sigmoid_derivative,
    ):
        assert np.isnan(function(np.array([np.nan]))).all()
