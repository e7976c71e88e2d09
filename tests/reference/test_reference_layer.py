"""The weighted sum and its pullbacks, against the whole Jacobians that nobody writes down."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import reference

sizes = st.integers(0, 4)


@st.composite
def layers(draw):
    """Small integers, for which every sum and product is exact: no tolerance anywhere."""
    out, in_, batch = draw(sizes), draw(sizes), draw(sizes)

    def integers(*shape):
        return draw(hnp.arrays(np.float64, shape, elements=st.integers(-9, 9)))

    return integers(out, batch), integers(out, in_), integers(in_, batch), integers(out)


@settings(deadline=None, max_examples=60)
@given(layers())
def test_every_column_of_a_batch_is_an_example_of_its_own(layer):
    _, W, a, b = layer
    z = reference.weighted_sum(W, a, b)
    assert z.shape == (W.shape[0], a.shape[1])
    for k in range(a.shape[1]):
        np.testing.assert_array_equal(z[:, k], np.dot(W, a[:, k]) + b)


@settings(deadline=None, max_examples=60)
@given(layers())
def test_pullbacks_are_contractions_with_the_whole_jacobian(layer):
    cotangent, W, a, b = layer
    rows, batch = np.eye(W.shape[0]), np.eye(a.shape[1])
    # z_ik = Σ_j W_ij a_jk + b_i
    z_by_W = np.einsum("ip,qk->ikpq", rows, a)
    z_by_a = np.einsum("iq,kr->ikqr", W, batch)
    z_by_b = np.einsum("ip,k->ikp", rows, np.ones(a.shape[1]))
    np.testing.assert_array_equal(
        np.einsum("ikpq,pq->ik", z_by_W, W) + np.einsum("ikp,p->ik", z_by_b, b),
        reference.weighted_sum(W, a, b),
    )
    for pullback, jacobian in (
        (reference.weight_pullback, z_by_W),
        (reference.input_pullback, z_by_a),
        (reference.bias_pullback, z_by_b),
    ):
        np.testing.assert_array_equal(
            pullback(cotangent, W, a, b), np.einsum("ik,ik...->...", cotangent, jacobian)
        )


def test_the_side_of_W():
    """The text's (ŷ - y) · W^L is the transpose of what is meant, with the batch in rows."""
    rng = np.random.default_rng(0)
    W, a, b, y = rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=3), np.eye(3)[:, :2]
    error = reference.error_signal(reference.weighted_sum(W, a, b), y)
    np.testing.assert_allclose(reference.propagated_error(W, a, b, y), (error.T @ W).T, rtol=1e-14)
    np.testing.assert_array_equal(
        reference.propagated_error(W, a, b, y), reference.input_pullback(error, W, a, b)
    )
