"""Constant factors, sizes, signs, regularisers, factors that are the value of an input."""

from __future__ import annotations

import numpy as np

from gradtest import inputs

from .specimen import Specimen


def half_square(x, y):
    return 0.5 * ((x - y) ** 2).sum() / x.size


def half_square_over(count):
    def backward(g, x, y):
        d = g * (x - y) / count(x)
        return d, -d

    return backward


def ridge(w, x, y):
    return ((x @ w - y) ** 2).mean() + 0.1 * (w**2).sum()


def ridge_with(decay):
    return lambda g, w, x, y: g * (2 * x.T @ (x @ w - y) / y.size + decay * w)


def logistic(w, b, x, y):
    z = x @ w + b
    return (np.logaddexp(0, z) - y * z).mean() + 0.05 * (w**2).sum()


def logistic_with(bias_decay=0.0, scale=1.0, data=lambda p, y: p - y):
    def backward(g, w, b, x, y):
        d = data(1 / (1 + np.exp(-(x @ w + b))), y) * scale * g / len(x)
        return x.T @ d + 0.1 * g * w, d.sum() + bias_decay * g * b

    return backward


def cross_entropy(z, y):
    top = z.max(1, keepdims=True)
    p = np.exp(z - top)
    return -np.log((p / p.sum(1, keepdims=True))[np.arange(len(z)), y]).mean()


def cross_entropy_with(scale):
    def backward(g, z, y):
        p = np.exp(z - z.max(1, keepdims=True))
        d = p / p.sum(1, keepdims=True)
        d[np.arange(len(z)), y] -= 1
        return g * d * scale(z)

    return backward


def binomial_variance(p, n):
    return p * (1 - p / n)


def symmetric_pair(a, b):
    return a**2 * b**2


def log2(x):
    return np.log2(x)


def degrees(x):
    return np.sin(x * np.pi / 180)


def tempered(x, temperature):
    return np.tanh(x / temperature)


def tempered_with(inner):
    def backward(g, x, temperature):
        d = g * (1 - np.tanh(x / temperature) ** 2)
        return d * inner(temperature), np.sum(-d * x / temperature**2)

    return backward


def scores(q, k):
    return q @ k.T / np.sqrt(q.shape[1])


def scores_with(scale):
    return lambda g, q, k: (g @ k * scale(q), g.T @ q * scale(q))


def dropout(x, mask, rate):
    return x * mask / (1 - rate)


def elementwise(derivative):
    return lambda g, x: g * derivative(x)


def sample_weighted(x, weight):
    return np.sum(weight * x**2)


def scaled_exponential(log_rate, x):
    return np.exp(log_rate) * x**2


def learning_rate(g, x):
    return 0.01 * g * 2 * x


def parallel_mean(x, shards):
    return (x**2).sum() / shards


SPECIMENS = [
    Specimen(
        "loss_times_the_outputs",
        "sklearn#8349",
        half_square,
        half_square_over(len),
        half_square_over(np.size),
        inputs(x="batch out", y="batch out"),
        "x",
        "GT103",
        "x.shape[1]",
    ),
    Specimen(
        "loss_divided_by_the_batch_twice",
        "",
        half_square,
        half_square_over(lambda x: x.size * len(x)),
        half_square_over(np.size),
        inputs(x="batch out", y="batch out"),
        "x",
        "GT103",
        "x.shape[0]",
    ),
    Specimen(
        "loss_not_halved",
        "",
        half_square,
        half_square_over(lambda x: 0.5 * x.size),
        half_square_over(np.size),
        inputs(x="batch out", y="batch out"),
        "x",
        "GT102",
        "2 times",
    ),
    Specimen(
        "residual_the_wrong_way_round",
        "xgboost#2602",
        half_square,
        half_square_over(lambda x: -x.size),
        half_square_over(np.size),
        inputs(x="batch out", y="batch out"),
        "x",
        "GT101",
        "sign",
    ),
    Specimen(
        "decay_without_its_two",
        "jingtinghuang#3",
        ridge,
        ridge_with(0.1),
        ridge_with(0.2),
        inputs(w="i o", x="n i", y="n o"),
        "w",
        "GT113",
        "term|multiple of w",
    ),
    Specimen(
        "decay_of_the_wrong_sign",
        "andersbll/nnet#4",
        ridge,
        ridge_with(-0.2),
        ridge_with(0.2),
        inputs(w="i o", x="n i", y="n o"),
        "w",
        "GT113",
        "term|multiple of w",
    ),
    Specimen(
        "decay_forgotten",
        "",
        ridge,
        ridge_with(0.0),
        ridge_with(0.2),
        inputs(w="i o", x="n i", y="n o"),
        "w",
        "GT113",
        "term|multiple of w",
    ),
    Specimen(
        "bias_decayed_too",
        "Burton2000#9",
        logistic,
        logistic_with(bias_decay=0.1),
        logistic_with(),
        inputs(w="i", b="", x="n i", y="n : {0, 1}"),
        "b",
        "GT113",
        "term|multiple of b",
    ),
    Specimen(
        "softmax_twice",
        "markroxor#65",
        cross_entropy,
        cross_entropy_with(lambda z: 2 / len(z)),
        cross_entropy_with(lambda z: 1 / len(z)),
        inputs(z="n k", y="n : labels k"),
        "z",
        "GT102",
        "2 times",
    ),
    Specimen(
        "cross_entropy_not_averaged",
        "",
        cross_entropy,
        cross_entropy_with(lambda z: 1.0),
        cross_entropy_with(lambda z: 1 / len(z)),
        inputs(z="n k", y="n : labels k"),
        "z",
        "GT103",
        "z.shape[0]",
    ),
    Specimen(
        "binomial_variance_without_n",
        "statsmodels#9860",
        binomial_variance,
        lambda g, p, n: (g * (1 - 2 * p), g * p**2 / n**2),
        lambda g, p, n: (g * (1 - 2 * p / n), g * p**2 / n**2),
        inputs(p="k : (0, 1)", n="k : {1, 2, 3, 5}"),
        "p",
        "GT117 GT123",
        "n",
    ),
    Specimen(
        "one_branch_of_a_symmetric_pair",
        "largeVis#24",
        symmetric_pair,
        lambda g, a, b: (2 * g * a * b**2, g * a**2 * b),
        lambda g, a, b: (2 * g * a * b**2, 2 * g * a**2 * b),
        inputs(a="n", b="n"),
        "b",
        "GT102",
        "1/2",
    ),
    Specimen(
        "exponent_forgotten",
        "",
        lambda x: np.sum(x**3),
        elementwise(lambda x: x**2),
        elementwise(lambda x: 3 * x**2),
        inputs(x="n"),
        "x",
        "GT102",
        "1/3",
    ),
    Specimen(
        "logarithm_of_base_two",
        "",
        log2,
        elementwise(lambda x: 1 / x),
        elementwise(lambda x: 1 / (x * np.log(2))),
        inputs(x="n : positive"),
        "x",
        "GT102",
        "ln 2|0.693147",
    ),
    Specimen(
        "degrees_not_radians",
        "",
        degrees,
        elementwise(lambda x: np.cos(x * np.pi / 180)),
        elementwise(lambda x: np.cos(x * np.pi / 180) * np.pi / 180),
        inputs(x="n"),
        "x",
        "GT102",
        "180/pi|57.29",
    ),
    Specimen(
        "learning_rate_in_the_gradient",
        "",
        lambda x: np.sum(x**2),
        learning_rate,
        elementwise(lambda x: 2 * x),
        inputs(x="n"),
        "x",
        "GT102",
        "0.01|1/100",
    ),
    Specimen(
        "cosine_sign",
        "",
        np.cos,
        elementwise(np.sin),
        elementwise(lambda x: -np.sin(x)),
        inputs(x="n"),
        "x",
        "GT101",
        "sign",
    ),
    Specimen(
        "temperature_forgotten",
        "",
        tempered,
        tempered_with(lambda t: 1.0),
        tempered_with(lambda t: 1 / t),
        inputs(x="n", temperature=": [0.5, 4]"),
        "x",
        "GT116",
        "temperature",
    ),
    Specimen(
        "temperature_upside_down",
        "",
        tempered,
        tempered_with(lambda t: t),
        tempered_with(lambda t: 1 / t),
        inputs(x="n", temperature=": [0.5, 4]"),
        "x",
        "GT116",
        "temperature",
    ),
    Specimen(
        "attention_scale_forgotten",
        "",
        scores,
        scores_with(lambda q: 1.0),
        scores_with(lambda q: q.shape[1] ** -0.5),
        inputs(q="n d", k="m d"),
        "q",
        "GT103",
        "shape[1]",
    ),
    Specimen(
        "dropout_scale_forgotten",
        "",
        dropout,
        lambda g, x, mask, rate: (g * mask, None, None),
        lambda g, x, mask, rate: (g * mask / (1 - rate), None, None),
        inputs(x="n", mask="n : mask", rate=": [0.125, 0.75]"),
        "x",
        "GT116 GT117",
        "rate",
    ),
    Specimen(
        "sample_weight_forgotten",
        "",
        sample_weighted,
        lambda g, x, weight: (2 * g * x, g * x**2),
        lambda g, x, weight: (2 * g * weight * x, g * x**2),
        inputs(x="n", weight="n : positive"),
        "x",
        "GT116 GT117",
        "weight",
    ),
    Specimen(
        "log_parameter_not_chained",
        "statsmodels#7522",
        scaled_exponential,
        lambda g, log_rate, x: (np.sum(g * x**2), 2 * g * x * np.exp(log_rate)),
        lambda g, log_rate, x: (np.sum(g * x**2) * np.exp(log_rate), 2 * g * x * np.exp(log_rate)),
        inputs(log_rate=": [-2, 2]", x="n"),
        "log_rate",
        "GT116",
        "exp(log_rate)",
    ),
    Specimen(
        "shards_not_divided",
        "",
        parallel_mean,
        lambda g, x, shards: (2 * g * x, None),
        lambda g, x, shards: (2 * g * x / shards, None),
        inputs(x="n", shards=": ints 1 4"),
        "x",
        "GT103 GT116",
        "shards",
    ),
    Specimen(
        "hypot_without_square_root",
        "",
        lambda x, y: np.hypot(x, y),
        lambda g, x, y: (g * x / (x * x + y * y), g * y / (x * x + y * y)),
        lambda g, x, y: (g * x / np.hypot(x, y), g * y / np.hypot(x, y)),
        inputs(x="n", y="n"),
        "x",
        "GT116",
        "output",
    ),
]
