"""The whole network: its recursion against the text's two formulas, its batches, its extremes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import reference

DTYPES = [np.float32, np.float64, np.longdouble]


def network(widths, batch, dtype=np.float64, seed=0, soft=False):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(out, in_)).astype(dtype) for in_, out in pairwise(widths)]
    biases = [rng.normal(size=out).astype(dtype) for out in widths[1:]]
    x = rng.normal(size=(widths[0], batch)).astype(dtype)
    y = rng.uniform(size=(widths[-1], batch)) if soft else rng.integers(0, 2, (widths[-1], batch))
    return weights, biases, x, y


@st.composite
def networks(draw, min_depth=1):
    depth = draw(st.integers(min_depth, 6))
    widths = draw(st.lists(st.integers(1, 4), min_size=depth + 1, max_size=depth + 1))
    return network(
        widths, draw(st.integers(1, 4)), seed=draw(st.integers(0, 2**32 - 1)), soft=draw(st.booleans())
    )


def assert_close(actual, desired):
    """Up to the rounding of a differently ordered sum."""
    np.testing.assert_allclose(actual, desired, rtol=1e-10, atol=1e-12)


def assert_gradients_close(actual, desired):
    assert len(actual.weights) == len(desired.weights)
    assert len(actual.biases) == len(desired.biases)
    for one, other in zip(leaves(actual), leaves(desired), strict=True):
        assert_close(one, other)


def leaves(gradients):
    return [*gradients.weights, *gradients.biases, gradients.x]


@settings(deadline=None, max_examples=60)
@given(networks())
def test_the_way_up_is_the_text(case):
    weights, biases, x, _ = case
    trace = reference.forward(weights, biases, x)
    assert trace.a[0] is x
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True), start=1):
        z = trace.z[layer - 1]
        np.testing.assert_allclose(z, (W @ trace.a[layer - 1] + b[:, None]), rtol=1e-12, atol=1e-14)
        last = layer == len(weights)
        np.testing.assert_array_equal(trace.a[layer], reference.sigmoid(z) if last else np.maximum(z, 0))
    assert len(trace.a) == len(weights) + 1
    np.testing.assert_array_equal(reference.logits(weights, biases, x), trace.z[-1])


@settings(deadline=None, max_examples=60)
@given(networks())
def test_the_loss_is_the_cross_entropy_of_the_last_activation(case):
    weights, biases, x, y = case
    y_hat = reference.forward(weights, biases, x).a[-1]
    assume(((y_hat > 1e-9) & (y_hat < 1 - 1e-9)).all())  # beyond, 1 - ŷ has lost too many digits
    np.testing.assert_allclose(
        reference.summed_loss(weights, biases, x, y), reference.binary_cross_entropy(y_hat, y), rtol=1e-6
    )


@settings(deadline=None, max_examples=60)
@given(networks())
def test_the_recursion_begins_with_part_one(case):
    weights, biases, x, y = case
    trace = reference.forward(weights, biases, x)
    gradients = reference.summed_loss_gradients(weights, biases, x, y)
    assert_close(
        gradients.weights[-1], reference.final_weight_gradient(weights[-1], trace.a[-2], biases[-1], y)
    )
    assert_close(gradients.biases[-1], reference.error_signal(trace.z[-1], y).sum(axis=1))


@settings(deadline=None, max_examples=60)
@given(networks(min_depth=2))
def test_the_recursion_goes_on_with_part_two(case):
    weights, biases, x, y = case
    a = reference.forward(weights, biases, x).a
    assert_close(
        reference.summed_loss_gradients(weights, biases, x, y).weights[-2],
        reference.hidden_weight_gradient(weights[-2], a[-3], biases[-2], weights[-1], biases[-1], y),
    )


@settings(deadline=None, max_examples=60)
@given(networks(min_depth=2))
def test_the_last_line_of_the_text_is_the_product_of_its_three_terms(case):
    weights, biases, x, y = case
    trace = reference.forward(weights, biases, x)
    error = reference.propagated_error(weights[-1], trace.a[-2], biases[-1], y)
    slope = reference.relu_derivative(trace.z[-2])
    assert_close(
        reference.hidden_weight_gradient(weights[-2], trace.a[-3], biases[-2], weights[-1], biases[-1], y),
        reference.weight_pullback(error * slope, weights[-2], trace.a[-3], biases[-2]),
    )


@settings(deadline=None, max_examples=60)
@given(networks(min_depth=2))
def test_every_layer_is_a_last_hidden_layer_to_those_below(case):
    """Cut the network above any layer: what comes down to the cut is all that the layers below need."""
    weights, biases, x, y = case
    whole = reference.summed_loss_gradients(weights, biases, x, y)
    for cut in range(1, len(weights)):
        trace = reference.forward(weights[:cut], biases[:cut], x)
        a = reference.relu(trace.z[-1])
        above = reference.summed_loss_gradients(weights[cut:], biases[cut:], a, y)
        below = reference.backward(
            above.x * reference.relu_derivative(trace.z[-1]), weights[:cut], biases[:cut], trace
        )
        joined = reference.Gradients(below.weights + above.weights, below.biases + above.biases, below.x)
        assert_gradients_close(joined, whole)


@settings(deadline=None, max_examples=60)
@given(networks())
def test_the_recursion_ends_at_layer_one(case):
    weights, biases, x, y = case
    gradients = reference.summed_loss_gradients(weights, biases, x, y)
    assert [g.shape for g in gradients.weights] == [W.shape for W in weights]
    assert [g.shape for g in gradients.biases] == [b.shape for b in biases]
    assert gradients.x.shape == x.shape


@settings(deadline=None, max_examples=60)
@given(networks())
def test_a_batch_is_the_sum_of_its_examples(case):
    weights, biases, x, y = case
    batch = x.shape[1]
    singles = [reference.summed_loss_gradients(weights, biases, x[:, [k]], y[:, [k]]) for k in range(batch)]
    summed = reference.Gradients(
        [sum(g) for g in zip(*(s.weights for s in singles), strict=True)],
        [sum(g) for g in zip(*(s.biases for s in singles), strict=True)],
        np.hstack([s.x for s in singles]),
    )
    assert_gradients_close(reference.summed_loss_gradients(weights, biases, x, y), summed)
    mean = reference.Gradients(
        [g / batch for g in summed.weights], [g / batch for g in summed.biases], summed.x / batch
    )
    assert_gradients_close(reference.mean_loss_gradients(weights, biases, x, y), mean)
    np.testing.assert_allclose(
        reference.mean_loss(weights, biases, x, y) * batch,
        sum(reference.summed_loss(weights, biases, x[:, [k]], y[:, [k]]) for k in range(batch)),
        rtol=1e-12,
    )


@settings(deadline=None, max_examples=30)
@given(networks())
def test_a_trace_can_be_asked_twice(case):
    weights, biases, x, y = case
    trace = reference.forward(weights, biases, x)
    cotangent = reference.error_signal(trace.z[-1], y)
    for read in (cotangent, *trace.a, *trace.z):
        read.flags.writeable = False
    first, second = (reference.backward(cotangent, weights, biases, trace) for _ in range(2))
    for one, other, given_ in zip(leaves(first), leaves(second), [*weights, *biases, x], strict=True):
        np.testing.assert_array_equal(one, other)
        assert not any(np.shares_memory(one, kept) for kept in (other, given_, cotangent, *trace.a, *trace.z))


def test_no_slope_at_the_kink():
    """Everything hidden is exactly zero: ReLU'(0) = 0 lets nothing through but the last bias."""
    weights, biases, x, y = network([3, 4, 4, 2], batch=5)
    biases = [np.zeros_like(b) for b in biases]
    gradients = reference.summed_loss_gradients(weights, biases, np.zeros_like(x), y)
    np.testing.assert_array_equal(gradients.biases[-1], 2.5 - y.sum(axis=1))
    assert not any(g.any() for g in [*gradients.weights, *gradients.biases[:-1], gradients.x])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("depth", [1, 2, 6])
def test_huge_logits_are_quiet_and_finite(depth, dtype):
    widths = [2] * depth + [1]
    weights = [np.eye(2, dtype=dtype)] * (depth - 1) + [np.array([[1, -1]], dtype)]
    biases = [np.zeros(n, dtype) for n in widths[1:]]
    x = np.array([[1e4, 0], [0, 1e4]], dtype)
    for y in ([[0, 1]], [[1, 0]]):
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            loss = reference.summed_loss(weights, biases, x, np.array(y))
            gradients = reference.summed_loss_gradients(weights, biases, x, np.array(y))
        wrong = y == [[0, 1]]
        np.testing.assert_allclose(loss, 2e4 if wrong else 0, rtol=1e-6, atol=1e-300)
        # Both errors are 1 in size where the labels are wrong, and vanish where they are right.
        np.testing.assert_allclose(
            gradients.weights[-1], [[1e4, -1e4]] if wrong else [[0, 0]], rtol=1e-6, atol=1e-300
        )
        assert all(np.isfinite(g).all() for g in leaves(gradients))


def test_as_many_biases_as_weights():
    weights, biases, x, _ = network([2, 2, 1], batch=1)
    with pytest.raises(ValueError, match="argument"):
        reference.forward(weights, biases[:-1], x)
