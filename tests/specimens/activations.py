"""Derivatives of activations and losses: forgotten, in the wrong place, cut short, on the wrong side."""

from __future__ import annotations

import numpy as np

from gradtest import inputs

from .saturation import sigmoid, softmax, softplus
from .specimen import Specimen


def elementwise(derivative):
    return lambda g, x: g * derivative(x)


def dense(x, w, b):
    return sigmoid(x @ w + b)


def dense_with(slope, activation=sigmoid):
    """Return the backward pass of ``activation(x @ w + b)``; `slope` takes z and a."""

    def backward(g, x, w, b):
        z = x @ w + b
        delta = g * slope(z, activation(z))
        return delta @ w.T, x.T @ delta, delta.sum(0)

    return backward


def dense_tanh(x, w, b):
    return np.tanh(x @ w + b)


def two_layers(x, w1, b1, w2, b2):
    return np.tanh(x @ w1 + b1) @ w2 + b2


def two_layers_with(slope):
    def backward(g, x, w1, b1, w2, b2):
        h = np.tanh(x @ w1 + b1)
        delta = g @ w2.T * slope(h)
        return delta @ w1.T, x.T @ delta, delta.sum(0), h.T @ g, g.sum(0)

    return backward


def relu_layers(x, w1, b1, w2):
    return np.maximum(x @ w1 + b1, 0) @ w2


def relu_layers_with(mask):
    def backward(g, x, w1, b1, w2):
        z = x @ w1 + b1
        delta = mask(z, g @ w2.T)
        return delta @ w1.T, x.T @ delta, delta.sum(0), np.maximum(z, 0).T @ g

    return backward


def softmax_rows(x):
    return softmax(x)


def softmax_right(g, x):
    y = softmax(x)
    return y * (g - (g * y).sum(1, keepdims=True))


def smoothed_loss(z, kept):
    return np.sum(z**2 * kept[:, None]) / max(1, kept.sum())


def smoothed_loss_over(count):
    return lambda g, z, kept: 2 * g * z * kept[:, None] / count(kept)


def until(x, length):
    return np.sum(np.tanh(x)[:length])


def until_the_end(g, x, length):
    return g * (1 - np.tanh(x) ** 2)


def until_the_length(g, x, length):
    return g * (1 - np.tanh(x) ** 2) * (np.arange(len(x)) < length)


def leaky(x):
    return np.where(x > 0, x, 0.1 * x)


def elu(x, alpha):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def elu_with(negative):
    def backward(g, x, alpha):
        dx = g * np.where(x > 0, 1, negative(alpha) * np.exp(np.minimum(x, 0)))
        return dx, np.sum(g * np.where(x > 0, 0, np.expm1(np.minimum(x, 0))))

    return backward


def selu(x):
    return 1.0507 * np.where(x > 0, x, 1.67326 * np.expm1(np.minimum(x, 0)))


def gelu(x):
    return 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3)))


def gelu_slope(x, inner=True):
    t = np.tanh(0.7978845608 * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + inner * 0.5 * x * (1 - t**2) * 0.7978845608 * (1 + 3 * 0.044715 * x**2)


def swish(x):
    return x * sigmoid(x)


def hard_sigmoid(x):
    return np.clip(0.2 * x + 0.5, 0, 1)


def prelu(x, slope):
    return np.where(x > 0, x, slope * x)


def prelu_with(inside):
    def backward(g, x, slope):
        return g * np.where(x > 0, 1, slope), np.sum(g * inside(x))

    return backward


def hinge(score, label):
    return np.maximum(0, 1 - label * score)


def pinball(prediction, y, tau):
    r = y - prediction
    return np.where(r > 0, tau * r, (tau - 1) * r)


def pinball_with(above):
    def backward(g, prediction, y, tau):
        r = y - prediction
        d = g * np.where(r > 0, -above(tau), 1 - above(tau))
        return d, -g * np.where(r > 0, -tau, 1 - tau), np.sum(g * r)

    return backward


def sigmoid_slope(z, a):
    return a * (1 - a)


LAYER = inputs(x="batch in", w="in out", b="out")
DEEP = inputs(x="batch in", w1="in hidden", b1="hidden", w2="hidden out", b2="out")
X = inputs(x="n m")

SPECIMENS = [
    Specimen(
        "output_slope_forgotten",
        "Bot-Academy#3",
        dense,
        dense_with(lambda z, a: 1.0),
        dense_with(sigmoid_slope),
        LAYER,
        "w",
        "GT111",
        "y (1 - y)|sigmoid",
    ),
    Specimen(
        "output_slope_of_the_output",
        "",
        dense,
        dense_with(lambda z, a: sigmoid(a) * (1 - sigmoid(a))),
        dense_with(sigmoid_slope),
        LAYER,
        "w",
        "GT111",
        "output",
    ),
    Specimen(
        "output_slope_squared_wrongly",
        "",
        dense_tanh,
        dense_with(lambda z, a: 1 - a, np.tanh),
        dense_with(lambda z, a: 1 - a**2, np.tanh),
        LAYER,
        "w",
        "GT111",
        "1 + y|1 - y|tanh",
    ),
    Specimen(
        "tanh_slope_returns_tanh",
        "andersbll/nnet#4",
        np.tanh,
        elementwise(np.tanh),
        elementwise(lambda x: 1 - np.tanh(x) ** 2),
        X,
        "x",
        "GT111",
        "the output itself",
    ),
    Specimen(
        "tanh_slope_of_the_output",
        "",
        np.tanh,
        elementwise(lambda x: 1 - np.tanh(np.tanh(x)) ** 2),
        elementwise(lambda x: 1 - np.tanh(x) ** 2),
        X,
        "x",
        "GT111",
        "at the output",
    ),
    Specimen(
        "sigmoid_slope_of_the_output",
        "",
        lambda x: sigmoid(x),
        elementwise(lambda x: sigmoid(sigmoid(x)) * (1 - sigmoid(sigmoid(x)))),
        elementwise(lambda x: sigmoid(x) * sigmoid(-x)),
        X,
        "x",
        "GT111",
        "at the output",
    ),
    Specimen(
        "sigmoid_slope_of_the_input",
        "",
        lambda x: sigmoid(x),
        elementwise(lambda x: x * (1 - x)),
        elementwise(lambda x: sigmoid(x) * sigmoid(-x)),
        X,
        "x",
        "GT111",
        "x (1 - x)|input",
    ),
    Specimen(
        "hidden_slope_forgotten",
        "",
        two_layers,
        two_layers_with(lambda h: 1.0),
        two_layers_with(lambda h: 1 - h**2),
        DEEP,
        "w1",
        "GT111",
        "tanh|activation",
    ),
    Specimen(
        "hidden_slope_of_a_sigmoid",
        "",
        two_layers,
        two_layers_with(lambda h: h * (1 - h)),
        two_layers_with(lambda h: 1 - h**2),
        DEEP,
        "w1",
        "GT111 GT102",
        "activation|column",
    ),
    Specimen(
        "hidden_mask_forgotten",
        "",
        relu_layers,
        relu_layers_with(lambda z, d: d),
        relu_layers_with(lambda z, d: d * (z > 0)),
        inputs(x="batch in", w1="in hidden", b1="hidden", w2="hidden out"),
        "b1",
        "GT111 GT108",
        "activation|does not move",
    ),
    Specimen(
        "hidden_mask_of_the_gradient",
        "",
        relu_layers,
        relu_layers_with(lambda z, d: d * (d > 0)),
        relu_layers_with(lambda z, d: d * (z > 0)),
        inputs(x="batch in", w1="in hidden", b1="hidden", w2="hidden out"),
        "b1",
        "GT100",
        "unknown",
    ),
    Specimen(
        "softmax_diagonal",
        "pocketpy/cTensor#31",
        softmax_rows,
        lambda g, x: g * softmax(x) * (1 - softmax(x)),
        softmax_right,
        inputs(x="n k"),
        "x",
        "GT114",
        "diagonal",
    ),
    Specimen(
        "softmax_without_its_sum",
        "",
        softmax_rows,
        lambda g, x: g * softmax(x),
        softmax_right,
        inputs(x="n k"),
        "x",
        "GT113 GT115",
        "output",
    ),
    Specimen(
        "loss_counts_ignored_rows",
        "pytorch#73205",
        smoothed_loss,
        smoothed_loss_over(len),
        smoothed_loss_over(lambda kept: max(1, kept.sum())),
        inputs(z="n k", kept="n : mask"),
        "z",
        "GT103 GT123",
        "kept",
    ),
    Specimen(
        "gradient_beyond_the_length",
        "tensorflow#41280",
        until,
        until_the_end,
        until_the_length,
        inputs(x="n", length=": ints 1 5"),
        "x",
        "GT108",
        "does not move",
    ),
    Specimen(
        "relu_of_the_wrong_side",
        "",
        lambda x: np.maximum(x, 0),
        lambda g, x: g * (x < 0),
        lambda g, x: g * (x > 0),
        X,
        "x",
        "GT108",
        "wrong side",
    ),
    Specimen(
        "relu_not_masked",
        "",
        lambda x: np.maximum(x, 0),
        lambda g, x: g,
        lambda g, x: g * (x > 0),
        X,
        "x",
        "GT108",
        "does not move",
    ),
    Specimen(
        "relu_masked_by_upstream",
        "",
        lambda x: np.maximum(x, 0),
        lambda g, x: g * (g > 0),
        lambda g, x: g * (x > 0),
        X,
        "x",
        "GT108 GT110",
        "masked by itself|upstream",
    ),
    Specimen(
        "leaky_sides_swapped",
        "",
        leaky,
        elementwise(lambda x: np.where(x > 0, 0.1, 1)),
        elementwise(lambda x: np.where(x > 0, 1, 0.1)),
        X,
        "x",
        "GT108",
        "wrong side",
    ),
    Specimen(
        "leaky_slope_squared",
        "",
        leaky,
        elementwise(lambda x: np.where(x > 0, 1, 0.2)),
        elementwise(lambda x: np.where(x > 0, 1, 0.1)),
        X,
        "x",
        "GT123 GT102",
        "x is negative",
    ),
    Specimen(
        "elu_without_alpha",
        "",
        elu,
        elu_with(lambda alpha: 1.0),
        elu_with(lambda alpha: alpha),
        inputs(x="n", alpha=": [0.25, 2]"),
        "x",
        "GT123 GT116 GT117",
        "x is negative|alpha",
    ),
    Specimen(
        "selu_without_its_scale",
        "",
        selu,
        elementwise(lambda x: np.where(x > 0, 1, 1.67326 * np.exp(np.minimum(x, 0)))),
        elementwise(lambda x: 1.0507 * np.where(x > 0, 1, 1.67326 * np.exp(np.minimum(x, 0)))),
        X,
        "x",
        "GT102",
        "0.951746",
    ),
    Specimen(
        "gelu_without_its_inner_slope",
        "",
        gelu,
        elementwise(lambda x: gelu_slope(x, False)),
        elementwise(gelu_slope),
        X,
        "x",
        "GT113",
        "y / x|product",
    ),
    Specimen(
        "swish_without_its_second_term",
        "",
        swish,
        elementwise(sigmoid),
        elementwise(lambda x: sigmoid(x) * (1 + x * sigmoid(-x))),
        X,
        "x",
        "GT113",
        "y / x|product",
    ),
    Specimen(
        "softplus_slope_mirrored",
        "",
        softplus,
        elementwise(lambda x: sigmoid(-x)),
        elementwise(sigmoid),
        X,
        "x",
        "GT111",
        "-x",
    ),
    Specimen(
        "hard_sigmoid_not_clipped",
        "",
        hard_sigmoid,
        elementwise(lambda x: 0.2 + 0 * x),
        elementwise(lambda x: 0.2 * (np.abs(x) < 2.5)),
        X,
        "x",
        "GT108",
        "does not move",
    ),
    Specimen(
        "prelu_slope_of_both_sides",
        "",
        prelu,
        prelu_with(lambda x: x),
        prelu_with(lambda x: np.minimum(x, 0)),
        inputs(x="n", slope=": [0.125, 0.5]"),
        "slope",
        "GT123 GT108",
        "x is positive|does not move|positive",
    ),
    Specimen(
        "hinge_of_the_wrong_side",
        "",
        hinge,
        lambda g, score, label: -g * label * (label * score > 1),
        lambda g, score, label: -g * label * (label * score < 1),
        inputs(score="n", label="n : {-1, 1}"),
        "score",
        "GT108",
        "wrong side",
    ),
    Specimen(
        "pinball_quantile_mirrored",
        "",
        pinball,
        pinball_with(lambda tau: 1 - tau),
        pinball_with(lambda tau: tau),
        inputs(prediction="n", y="n", tau=": [0.125, 0.875]"),
        "prediction",
        "GT100 GT116 GT117",
        "unknown|tau",
    ),
    Specimen(
        "square_root_upside_down",
        "",
        np.sqrt,
        elementwise(lambda x: 0.5 * np.sqrt(x)),
        elementwise(lambda x: 0.5 / np.sqrt(x)),
        inputs(x="n : positive"),
        "x",
        "GT116",
        "x",
    ),
    Specimen(
        "exponential_of_a_power",
        "",
        np.exp,
        elementwise(lambda x: x * np.exp(x - 1)),
        elementwise(np.exp),
        inputs(x="n : [-3, 3]"),
        "x",
        "GT116",
        "x",
    ),
    Specimen(
        "softsign_not_squared",
        "",
        lambda x: x / (1 + np.abs(x)),
        elementwise(lambda x: 1 / (1 + np.abs(x))),
        elementwise(lambda x: 1 / (1 + np.abs(x)) ** 2),
        X,
        "x",
        "GT113",
        "y / x",
    ),
]
