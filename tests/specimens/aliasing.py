"""One value used twice, paths that meet, and state that outlives a call."""

from __future__ import annotations

import numpy as np

from gradtest import inputs

from .specimen import Specimen


def residual(x, w):
    return x + np.tanh(x @ w)


def residual_with(direct=1.0, branch=1.0):
    def backward(g, x, w):
        delta = g * (1 - np.tanh(x @ w) ** 2)
        return direct * g + branch * delta @ w.T, x.T @ delta

    return backward


def two_uses(x, y):
    return x * y + np.sin(x)


def shared_weight(x, w):
    return x @ w @ w


def shared_weight_with(first, second):
    def backward(g, x, w):
        return g @ w.T @ w.T, first * (x.T @ (g @ w.T)) + second * ((x @ w).T @ g)

    return backward


def squared_matrix(a):
    return a @ a


def diamond(x):
    u = x**2
    return np.sin(u) + u**3


def diamond_visited_depth_first(g, x):
    u = x**2
    du = g * np.cos(u)
    dx = du * 2 * x
    du = du + g * 3 * u**2
    return dx + du * 2 * x


def diamond_right(g, x):
    u = x**2
    return g * (np.cos(u) + 3 * u**2) * 2 * x


def skip_of_two(x):
    return x**2 * 0.5 + 3 * x


def weighted_square(x, y):
    return x * y**2


class Remembers:
    """A layer whose backward pass uses what the forward pass before the last one left."""

    def __init__(self):
        self.stale = self.last = None

    def forward(self, x):
        self.stale, self.last = self.last, np.array(x)
        return x**2

    def backward(self, g, x):
        kept = self.last if self.stale is None or self.stale.shape != np.shape(x) else self.stale
        return 2 * g * kept


REMEMBERS = Remembers()


def accumulate_into(buffer):
    def backward(g, x):
        key = np.shape(x)
        buffer[key] = buffer.get(key, 0) + 2 * g * x
        return buffer[key]

    return backward


def by_identity(g, x, y):
    """Keep gradients in a dictionary by identity: where y is x, one overwrites the other."""
    grads = {id(x): g * y**2}
    grads[id(y)] = g * 2 * x * y
    return grads[id(x)], grads[id(y)]


def changes_upstream(g, x):
    g *= 2 * x
    return g


SPECIMENS = [
    Specimen(
        "residual_path_forgotten",
        "",
        residual,
        residual_with(direct=0),
        residual_with(),
        inputs(x="n d", w="d d"),
        "x",
        "GT113",
        "upstream gradient",
    ),
    Specimen(
        "residual_branch_forgotten",
        "",
        residual,
        residual_with(branch=0),
        residual_with(),
        inputs(x="n d", w="d d"),
        "x",
        "GT111 GT113",
        "passes|upstream",
    ),
    Specimen(
        "second_use_overwrites",
        "stan#1248",
        two_uses,
        lambda g, x, y: (g * np.cos(x), g * x),
        lambda g, x, y: (g * (y + np.cos(x)), g * x),
        inputs(x="n", y="n"),
        "x",
        "GT113",
        "y",
    ),
    Specimen(
        "shared_weight_second_use_forgotten",
        "mxnet#18499",
        shared_weight,
        shared_weight_with(1, 0),
        shared_weight_with(1, 1),
        inputs(x="n d", w="d d", sizes={"d": (1, 3)}),
        "w",
        "GT100 GT113",
        "unknown|term",
    ),
    Specimen(
        "matrix_square_one_factor",
        "",
        squared_matrix,
        lambda g, a: g @ a.T,
        lambda g, a: g @ a.T + a.T @ g,
        inputs(a="n n", sizes={"n": (1, 4)}),
        "a",
        "GT113",
        "a.T @ upstream",
    ),
    Specimen(
        "diamond_visited_depth_first",
        "pocketpy/cTensor#5",
        diamond,
        diamond_visited_depth_first,
        diamond_right,
        inputs(x="n : [-2, 2]"),
        "x",
        "GT100",
        "unknown",
    ),
    Specimen(
        "skip_forgotten",
        "",
        skip_of_two,
        lambda g, x: g * x,
        lambda g, x: g * (x + 3),
        inputs(x="n"),
        "x",
        "GT113",
        "upstream gradient",
    ),
    Specimen(
        "dictionary_by_identity",
        "warp#202",
        weighted_square,
        by_identity,
        lambda g, x, y: (g * y**2, g * 2 * x * y),
        inputs(x="n", y="n"),
        "x",
        "GT307",
        "same array",
    ),
    Specimen(
        "stale_cache",
        "SimpleChains#144",
        REMEMBERS.forward,
        REMEMBERS.backward,
        lambda g, x: 2 * g * x,
        inputs(x="n"),
        "x",
        "GT306",
        "stale cache",
    ),
    Specimen(
        "gradient_accumulates",
        "mxnet#9497",
        lambda x: x**2,
        accumulate_into({}),
        lambda g, x: 2 * g * x,
        inputs(x="n"),
        "x",
        "GT305",
        "every call adds",
    ),
    Specimen(
        "upstream_changed_in_place",
        "",
        lambda x: x**2,
        changes_upstream,
        lambda g, x: 2 * g * x,
        inputs(x="n"),
        "x",
        "GT308",
        "in place",
        law="memory",
    ),
]
