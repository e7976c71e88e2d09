"""Binary cross-entropy and the error signal ŷ - y, against their definitions at fifty digits."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference

DTYPES = [np.float32, np.float64, np.longdouble]
LABELS = [0.0, 1.0, 0.5, 0.25, 2.0**-20, 1 - 2.0**-20]

logit = st.floats(-80, 80, width=32)
label = st.sampled_from(LABELS) | st.floats(0, 1, width=32)


def exact(number):
    """Any NumPy float as an mpmath number, without going through float64."""
    return mpmath.mpf(np.format_float_scientific(number, precision=40, unique=False))


def eps(dtype):
    return exact(np.finfo(dtype).eps)


def true_error_and_loss(z, y):
    """ŷ - y and the loss of one entry; and the size of the two terms between which ŷ - y must cancel."""
    z, y = exact(z), exact(y)
    y_hat, rest = 1 / (1 + mpmath.exp(-z)), 1 / (1 + mpmath.exp(z))
    error = y_hat - y if y_hat < 0.5 else (1 - y) - rest
    return error, -y * mpmath.log(y_hat) - (1 - y) * mpmath.log(rest), (1 - y) * y_hat + y * rest


def assert_error_signal_has_all_digits(error_signal, z, y, dtype):
    z, y = np.array([[z]], dtype), np.array([[y]], dtype)
    (error,) = error_signal(z, y).ravel()
    assert error.dtype == dtype
    with mpmath.workdps(60):
        true, _, terms = true_error_and_loss(z[0, 0], y[0, 0])
        assert abs(exact(error) - true) <= 8 * eps(dtype) * terms, (z, y, error, true)


@pytest.mark.parametrize("dtype", DTYPES)
@settings(deadline=None, max_examples=60)
@given(z=logit, y=label)
def test_the_error_signal_has_all_its_digits(dtype, z, y):
    assert_error_signal_has_all_digits(reference.error_signal, z, y, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("y", [1, 1 - 2.0**-20])
def test_the_usual_error_signal_would_be_caught(dtype, y):
    with pytest.raises(AssertionError):
        assert_error_signal_has_all_digits(lambda z, y: reference.sigmoid(z) - y, 12, y, dtype)


def test_one_at_thirty_five():
    z, y = np.array([[35.0]]), np.array([[1]])
    np.testing.assert_allclose(reference.error_signal(z, y), -np.exp(-35.0), rtol=1e-14)
    assert abs((reference.sigmoid(z) - y) / -np.exp(-35.0) - 1) > 0.03


@pytest.mark.parametrize("dtype", DTYPES)
@settings(deadline=None, max_examples=60)
@given(z=logit, y=label)
def test_the_loss_on_logits_has_all_its_digits(dtype, z, y):
    z, y = np.array([[z]], dtype), np.array([[y]], dtype)
    loss = reference.cross_entropy_on_logits(z, y)
    assert loss.dtype == dtype
    with mpmath.workdps(60):
        _, true, _ = true_error_and_loss(z[0, 0], y[0, 0])
        assert abs(exact(loss) - true) <= 8 * eps(dtype) * true, (z, y, loss, true)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("y", LABELS)
def test_huge_logits_are_quiet(dtype, y):
    z, y = np.array([[-1e4, 1e4]], dtype), np.full((1, 2), y, dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        error, loss = reference.error_signal(z, y), reference.cross_entropy_on_logits(z, y)
    np.testing.assert_allclose(error, [[0, 1]] - y, rtol=1e-6, atol=1e-300)
    np.testing.assert_allclose(loss, 1e4, rtol=1e-6)


@settings(deadline=None, max_examples=60)
@given(
    z=st.lists(st.floats(-10, 10), min_size=1, max_size=6),
    y=st.lists(label, min_size=6, max_size=6),
)
def test_the_logits_say_the_same_as_the_probabilities(z, y):
    z = np.array([z])
    y = np.array([y[: z.size]])
    a = reference.sigmoid(z)
    np.testing.assert_allclose(
        reference.cross_entropy_on_logits(z, y), reference.binary_cross_entropy(a, y), rtol=1e-9
    )
    np.testing.assert_allclose(
        reference.error_signal(z, y),
        reference.binary_cross_entropy_gradient(a, y) * reference.sigmoid_derivative(z),
        rtol=1e-9,
        atol=1e-12,
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_gradient_by_probabilities_has_all_its_digits(dtype):
    # 1 - a is exact for these a, so that nothing but the formula can lose anything.
    a = np.array([2.0**-20, 0.25, 0.5, 0.75, 1 - 2.0**-20], dtype)
    ones, zeros = np.ones(5, int), np.zeros(5, int)
    rtol = 2 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(reference.binary_cross_entropy_gradient(a, ones), -1 / a, rtol=rtol)
    np.testing.assert_allclose(reference.binary_cross_entropy_gradient(a, zeros), 1 / (1 - a), rtol=rtol)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("labels", [bool, np.int8, np.uint8, np.int64, np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize(
    "function",
    [
        reference.binary_cross_entropy,
        reference.binary_cross_entropy_gradient,
        reference.cross_entropy_on_logits,
        reference.error_signal,
    ],
)
def test_labels_decide_no_precision(function, dtype, labels):
    a = np.array([[0.25, 0.75]], dtype)
    value = function(a, np.array([[0, 1]], labels))
    assert value.dtype == dtype
    np.testing.assert_array_equal(value, function(a, np.array([[0, 1]], dtype)))


def test_soft_labels_survive_integer_logits():
    np.testing.assert_array_equal(
        reference.error_signal(np.array([[0, 1]]), np.array([[0.5, 0.25]])),
        reference.error_signal(np.array([[0.0, 1.0]]), np.array([[0.5, 0.25]])),
    )
