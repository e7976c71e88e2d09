"""Correct derivatives that checkers have called wrong."""

from __future__ import annotations

import numpy as np

from gradtest import inputs

from .factors import cross_entropy, cross_entropy_with
from .normalisation import batch_norm, batch_norm_with
from .saturation import sigmoid, softplus
from .specimen import Trap
from .statistics import kernel, kernel_with


def elementwise(derivative):
    return lambda g, x: g * derivative(x)


def largest(x):
    return x.max(1)


def to_all_of_the_largest(g, x):
    return g[:, None] * (x == x.max(1, keepdims=True))


def shared_among_the_largest(g, x):
    tie = x == x.max(1, keepdims=True)
    return g[:, None] * tie / tie.sum(1, keepdims=True)


def to_the_first_of_the_largest(g, x):
    d = np.zeros_like(x)
    d[np.arange(len(x)), x.argmax(1)] = g
    return d


def norm(x):
    return np.sqrt(np.sum(x * x))


def norm_with_zero(g, x):
    return g * x / norm(x) if norm(x) > 0 else 0 * x


def cholesky(a):
    return np.linalg.cholesky(a)


def phi(a):
    low = np.tril(a)
    low[np.diag_indices_from(low)] /= 2
    return low


def cholesky_symmetrised(g, a):
    low = np.linalg.cholesky(a)
    inv = np.linalg.inv(low)
    s = inv.T @ phi(low.T @ g) @ inv
    return (s + s.T) / 2


def cholesky_lower(g, a):
    s = cholesky_symmetrised(g, a)
    return np.tril(s) + np.tril(s, -1)


def eigenvalues(a):
    return np.linalg.eigvalsh(a)


def eigenvalues_symmetrised(g, a):
    vectors = np.linalg.eigh(a)[1]
    return (vectors * g) @ vectors.T


def eigenvalues_of_the_lower_triangle(g, a):
    s = eigenvalues_symmetrised(g, a)
    return np.tril(s) + np.tril(s, -1)


def with_offset(x):
    return x**2 + 1e8


def cancelled(x):
    return (np.sin(x) + 1e8) - 1e8


def batch_norm_in_evaluation(x, mean, var):
    return (x - mean) / np.sqrt(var + 1e-5)


def evaluation_right(g, x, mean, var):
    d = g / np.sqrt(var + 1e-5)
    return d, -d, -0.5 * g * (x - mean) * (var + 1e-5) ** -1.5


def clipped(x):
    return np.clip(x, -1, 1)


def hidden_relu(x, w):
    return np.maximum(x @ w, 0)


def hidden_relu_right(g, x, w):
    d = g * (x @ w > 0)
    return d @ w.T, x.T @ d


def caffe_batch_norm(g, x, gamma, beta):
    """The long form, with the term of the mean of the centred values, which is zero."""
    n = len(x)
    centred = x - x.mean(0)
    inv = 1 / np.sqrt((centred**2).mean(0) + 1e-5)
    dhat = g * gamma
    dvar = (dhat * centred).sum(0) * -0.5 * inv**3
    dmean = -(dhat * inv).sum(0) + dvar * (-2 * centred).sum(0) / n
    return dhat * inv + dvar * 2 * centred / n + dmean / n, (g * centred * inv).sum(0), g.sum(0)


def standard_float(name, dtype):
    return f"{name}_{dtype}" if dtype != "float64" else name


def both(name, forward, derivative, shapes, **more):
    """Return the trap in float64 and in float32."""
    return [
        Trap(standard_float(name, dtype), forward, derivative, inputs(dtype=dtype, **shapes), **more)
        for dtype in ("float64", "float32")
    ]


PAIR = {"x": "n k"}
SPD = {"a": "n n : spd", "sizes": {"n": (1, 3)}}
SYMMETRIC = {"a": "spd"}

TRAPS = [
    *both("relu_at_zero", lambda x: np.maximum(x, 0), elementwise(lambda x: x > 0), PAIR),
    *both("relu_at_zero_is_one", lambda x: np.maximum(x, 0), elementwise(lambda x: x >= 0), PAIR),
    *both(
        "relu_at_zero_is_half", lambda x: np.maximum(x, 0), elementwise(lambda x: np.heaviside(x, 0.5)), PAIR
    ),
    *both("absolute_value", np.abs, elementwise(np.sign), PAIR),
    *both("absolute_value_is_one_at_zero", np.abs, elementwise(lambda x: np.where(x >= 0, 1, -1)), PAIR),
    *both("clip_at_its_boundary", clipped, elementwise(lambda x: np.abs(x) <= 1), PAIR),
    *both("clip_inside_its_boundary", clipped, elementwise(lambda x: np.abs(x) < 1), PAIR),
    *both("clip_half_open", clipped, elementwise(lambda x: (x >= -1) & (x < 1)), PAIR),
    *both("max_to_all", largest, to_all_of_the_largest, PAIR),
    *both("max_shared", largest, shared_among_the_largest, PAIR),
    *both("max_to_the_first", largest, to_the_first_of_the_largest, PAIR),
    *both("norm_with_zero_at_zero", norm, norm_with_zero, {"x": "n"}),
    *both(
        "sort_with_ties",
        np.sort,
        lambda g, x: g[np.argsort(np.argsort(x, kind="stable"), kind="stable")],
        {"x": "n"},
    ),
    *both("hidden_relu", hidden_relu, hidden_relu_right, {"x": "n i", "w": "i o"}),
    *both(
        "median",
        lambda x: np.sort(x)[len(x) // 2],
        lambda g, x: g * (np.arange(len(x)) == np.argsort(x, kind="stable")[len(x) // 2]),
        {"x": "n"},
    ),
    *both("in_terms_of_the_output", sigmoid, lambda g, x: g * sigmoid(x) * sigmoid(-x), PAIR),
    *both("softplus", softplus, lambda g, x: g * sigmoid(x), PAIR),
    *both(
        "cross_entropy_fused",
        cross_entropy,
        cross_entropy_with(lambda z: z.dtype.type(1 / len(z))),
        {"z": "n k", "y": "n : labels k"},
    ),
    *both(
        "dropout_frozen",
        lambda x, mask: x * mask * 2,
        lambda g, x, mask: g * mask * 2,
        {"x": "n", "mask": "n : mask"},
    ),
    *both(
        "batch_norm_training",
        batch_norm,
        batch_norm_with(),
        {"x": "n k", "gamma": "k", "beta": "k", "sizes": {"n": (2, 6)}},
    ),
    *both(
        "batch_norm_with_a_zero_term",
        batch_norm,
        caffe_batch_norm,
        {"x": "n k", "gamma": "k", "beta": "k", "sizes": {"n": (2, 6)}},
    ),
    *both(
        "batch_norm_evaluation",
        batch_norm_in_evaluation,
        evaluation_right,
        {"x": "n", "mean": "n", "var": "n : positive"},
    ),
    *both("square_on_an_offset", with_offset, elementwise(lambda x: 2 * x), {"x": "n"}, mostly=""),
    Trap("sine_through_an_offset", cancelled, elementwise(np.cos), inputs(x="n"), mostly=""),
    *both("square_far_out", lambda x: x**2, elementwise(lambda x: 2 * x), {"x": "n : [9e7, 1.1e8]"}),
    *both(
        "fast_sine",
        lambda x: np.sin(1000 * x),
        elementwise(lambda x: 1000 * np.cos(1000 * x)),
        {"x": "n : [-3, 3]"},
        mostly="",
    ),
    *both(
        "reciprocal_near_zero", lambda x: 1 / x, elementwise(lambda x: -1 / x**2), {"x": "n : [5e-4, 2e-3]"}
    ),
    *both(
        "relu_of_tiny_inputs",
        lambda x: np.maximum(x, 0),
        elementwise(lambda x: x > 0),
        {"x": "n : [-1e-6, 1e-6]"},
    ),
    Trap("kernel_by_its_length", kernel, kernel_with(1), inputs(x="n", length=": [0.5, 3]")),
    Trap("cholesky_lower_triangle", cholesky, cholesky_lower, inputs(**SPD)),
    Trap("cholesky_symmetrised", cholesky, cholesky_symmetrised, inputs(**SPD), domains=SYMMETRIC),
    Trap("eigenvalues_lower_triangle", eigenvalues, eigenvalues_of_the_lower_triangle, inputs(**SPD)),
    Trap("eigenvalues_symmetrised", eigenvalues, eigenvalues_symmetrised, inputs(**SPD), domains=SYMMETRIC),
    Trap(
        "loss_on_the_simplex",
        lambda p: -np.sum(np.log(p)),
        lambda g, p: -g / p + g * len(p),
        inputs(p="n : simplex", sizes={"n": (2, 4)}),
        domains={"p": "simplex"},
    ),
]

#: Derivatives that are meant, and that no measurement can tell from wrong ones: the README says so, too.
MEANT = [
    Trap("straight_through", np.round, lambda g, x: g, inputs(x="n")),
    Trap("sine_through_an_offset_float32", cancelled, elementwise(np.cos), inputs(x="n", dtype="float32")),
]
