"""Large inputs: overflow, and digits that are lost."""

from __future__ import annotations

import numpy as np

from gradtest import inputs

from .specimen import Specimen


def sigmoid(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))


def tanh_by_exponentials(g, x):
    up, down = np.exp(x), np.exp(-x)
    return g * (1 - ((up - down) / (up + down)) ** 2)


def softplus(x):
    return np.logaddexp(0, x)


def logsumexp(x):
    top = x.max(1, keepdims=True)
    return (top + np.log(np.exp(x - top).sum(1, keepdims=True)))[:, 0]


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def naive_softmax(x):
    e = np.exp(x)
    return e / e.sum(1, keepdims=True)


def log_softmax(x):
    return x - logsumexp(x)[:, None]


def log_cosh(x):
    return np.logaddexp(x, -x)


def binary_cross_entropy(z, y):
    return np.logaddexp(0, z) - y * z


def naive_binary_cross_entropy(g, z, y):
    p = 1 / (1 + np.exp(-z))
    return g * (-y / p + (1 - y) / (1 - p)) * p * (1 - p)


WIDE = inputs(x="n")
ROWS = inputs(x="n k")

SPECIMENS = [
    Specimen(
        "tanh_by_exponentials",
        "jax#764",
        np.tanh,
        tanh_by_exponentials,
        lambda g, x: g / np.cosh(np.clip(x, -300, 300)) ** 2,
        WIDE,
        "x",
        "GT106",
        "x is large|x is very large",
    ),
    Specimen(
        "sigmoid_overflows",
        "",
        lambda x: sigmoid(x),
        lambda g, x: g * np.exp(-x) / (1 + np.exp(-x)) ** 2,
        lambda g, x: g * sigmoid(x) * sigmoid(-x),
        WIDE,
        "x",
        "GT106",
        "x is large|x is very large",
    ),
    Specimen(
        "softplus_overflows",
        "",
        softplus,
        lambda g, x: g * np.exp(x) / (1 + np.exp(x)),
        lambda g, x: g * sigmoid(x),
        WIDE,
        "x",
        "GT106",
        "x is large|x is very large",
    ),
    Specimen(
        "logsumexp_overflows",
        "",
        logsumexp,
        lambda g, x: g[:, None] * naive_softmax(x),
        lambda g, x: g[:, None] * softmax(x),
        ROWS,
        "x",
        "GT106",
        "x is large|x is very large",
    ),
    Specimen(
        "log_softmax_overflows",
        "jax#40409",
        log_softmax,
        lambda g, x: g - naive_softmax(x) * g.sum(1, keepdims=True),
        lambda g, x: g - softmax(x) * g.sum(1, keepdims=True),
        ROWS,
        "x",
        "GT106",
        "x is large|x is very large",
    ),
    Specimen(
        "log_cosh_overflows",
        "",
        log_cosh,
        lambda g, x: g * (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)),
        lambda g, x: g * np.tanh(x),
        WIDE,
        "x",
        "GT106",
        "x is large|x is very large",
    ),
    Specimen(
        "cross_entropy_saturates",
        "",
        binary_cross_entropy,
        naive_binary_cross_entropy,
        lambda g, z, y: g * np.where(y == 1, -sigmoid(-z), sigmoid(z)),
        inputs(z="n", y="n : {0, 1}"),
        "z",
        "GT106",
        "z is large|z is very large",
    ),
    Specimen(
        "norm_overflows_in_half",
        "jax#39899",
        lambda x: np.sqrt(np.sum(x.astype(np.float64) ** 2)),
        lambda g, x: (g * x / np.sqrt(np.sum(x * x))).astype(x.dtype),
        lambda g, x: (g * x / np.sqrt(np.sum(x.astype(np.float64) ** 2))).astype(x.dtype),
        inputs(x="n", dtype="float16"),
        "x",
        "GT106 GT100",
        "large|unknown",
    ),
]
