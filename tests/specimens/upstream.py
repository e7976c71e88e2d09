"""The upstream gradient: ignored, summed, clipped, or one of several forgotten."""

from __future__ import annotations

import numpy as np

from gradtest import inputs

from .activations import softmax_right
from .saturation import softmax
from .specimen import Specimen


def huber(r):
    return np.where(np.abs(r) < 1, 0.5 * r**2, np.abs(r) - 0.5)


def squared_difference(a, b):
    return (a - b) ** 2


def squared_difference_right(g, a, b):
    return 2 * g * (a - b), -2 * g * (a - b)


def mean_square(x, y):
    return ((x - y) ** 2).mean()


def loss_and_logits(x, w):
    logits = x @ w
    return 0.5 * (logits**2).sum(), np.tanh(logits)


def loss_and_logits_with(second):
    def backward(g, x, w):
        logits = x @ w
        delta = g[0] * logits + second * g[1] * (1 - np.tanh(logits) ** 2)
        return delta @ w.T, x.T @ delta

    return backward


def elementwise_with(upstream):
    return lambda g, x: upstream(g) * np.cos(x)


def cell(x, c):
    new = np.tanh(x) + 0.5 * c
    return np.sin(new), new


def cell_without_dc(g, x, c):
    d = g[0] * np.cos(np.tanh(x) + 0.5 * c)
    return d * (1 - np.tanh(x) ** 2), 0.5 * d


def cell_right(g, x, c):
    d = g[0] * np.cos(np.tanh(x) + 0.5 * c) + g[1]
    return d * (1 - np.tanh(x) ** 2), 0.5 * d


SIN = elementwise_with(lambda g: g)
X = inputs(x="n m")

SPECIMENS = [
    Specimen(
        "huber_ignores_upstream",
        "chainer#1175",
        huber,
        lambda g, r: np.clip(r, -1, 1),
        lambda g, r: g * np.clip(r, -1, 1),
        inputs(r="n m"),
        "r",
        "GT110",
        "upstream",
    ),
    Specimen(
        "squared_difference_returns_the_inputs",
        "SciSharp/TF.NET#787",
        squared_difference,
        lambda g, a, b: (a, b),
        squared_difference_right,
        inputs(a="n", b="n"),
        "a",
        "GT110",
        "upstream",
    ),
    Specimen(
        "softmax_passes_upstream_through",
        "darknet#96",
        softmax,
        lambda g, x: g,
        softmax_right,
        inputs(x="n k"),
        "x",
        "GT111",
        "upstream gradient|passes",
    ),
    Specimen(
        "loss_ignores_upstream",
        "",
        mean_square,
        lambda g, x, y: (2 * (x - y) / x.size, -2 * (x - y) / x.size),
        lambda g, x, y: (2 * g * (x - y) / x.size, -2 * g * (x - y) / x.size),
        inputs(x="n m", y="n m"),
        "x",
        "GT110",
        "upstream",
    ),
    Specimen(
        "relu_returns_its_mask",
        "",
        lambda x: np.maximum(x, 0),
        lambda g, x: (x > 0) * 1.0,
        lambda g, x: g * (x > 0),
        X,
        "x",
        "GT110",
        "upstream",
    ),
    Specimen(
        "upstream_summed", "", np.sin, elementwise_with(np.sum), SIN, X, "x", "GT110", "sum of the upstream"
    ),
    Specimen(
        "upstream_averaged",
        "",
        np.sin,
        elementwise_with(np.mean),
        SIN,
        X,
        "x",
        "GT110",
        "mean of the upstream",
    ),
    Specimen(
        "upstream_clipped",
        "",
        np.sin,
        elementwise_with(lambda g: np.clip(g, -1, 1)),
        SIN,
        X,
        "x",
        "GT119",
        "clipped",
    ),
    Specimen(
        "upstream_by_its_sign",
        "",
        np.sin,
        elementwise_with(np.sign),
        SIN,
        X,
        "x",
        "GT110",
        "sign of the upstream",
    ),
    Specimen(
        "upstream_of_the_first_entry",
        "",
        np.sin,
        elementwise_with(lambda g: g.flat[0]),
        SIN,
        X,
        "x",
        "GT110",
        "upstream",
    ),
    Specimen(
        "gradient_clipped",
        "",
        lambda x: np.sum(x**3),
        lambda g, x: np.clip(3 * g * x**2, -5, 5),
        lambda g, x: 3 * g * x**2,
        inputs(x="n"),
        "x",
        "GT119",
        "clipped",
    ),
    Specimen(
        "second_output_ignored",
        "",
        loss_and_logits,
        loss_and_logits_with(0),
        loss_and_logits_with(1),
        inputs(x="n i", w="i o"),
        "w",
        "GT124 GT112",
        "output",
    ),
    Specimen(
        "cell_without_dc",
        "",
        cell,
        cell_without_dc,
        cell_right,
        inputs(x="n", c="n"),
        "c",
        "GT124 GT112",
        "output",
    ),
    Specimen(
        "upstream_twice", "", np.sin, elementwise_with(lambda g: g * g), SIN, X, "x", "GT110", "upstream"
    ),
]
