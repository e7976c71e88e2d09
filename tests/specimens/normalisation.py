"""Normalisation: statistics held fixed, terms left out, gamma and epsilon forgotten."""

from __future__ import annotations

import numpy as np

from gradtest import inputs

from .specimen import Specimen

EPS = 1e-5


def batch_norm(x, gamma, beta, eps=EPS, ddof=0):
    centred = x - x.mean(0)
    var = (centred**2).sum(0) / (len(x) - ddof)
    return gamma * centred / np.sqrt(var + eps) + beta


def batch_norm_with(mean=1.0, deviation=1.0, gamma_in_dx=True, dgamma=None, eps=EPS, ddof=0, extra=0.0):
    """Return the backward pass of `batch_norm`, with its two terms weighted."""

    def backward(g, x, gamma, beta):
        centred = x - x.mean(0)
        inv = 1 / np.sqrt((centred**2).sum(0) / (len(x) - ddof) + eps)
        hat = centred * inv
        up = g * gamma if gamma_in_dx else g
        dx = inv * (up - mean * up.mean(0) - deviation * hat * (up * hat).sum(0) / (len(x) - ddof))
        dx = dx - extra * up.sum(0) / len(x) ** 2
        return dx, (g * (hat if dgamma is None else dgamma(x, hat))).sum(0), g.sum(0)

    return backward


def unbiased_batch_norm(x, gamma, beta):
    return batch_norm(x, gamma, beta, ddof=1)


def batch_norm_eps(x, eps):
    centred = x - x.mean(0)
    return centred / np.sqrt((centred**2).mean(0) + eps)


def batch_norm_eps_with(keep):
    def backward(g, x, eps):
        centred = x - x.mean(0)
        inv = 1 / np.sqrt((centred**2).mean(0) + keep * eps)
        hat = centred * inv
        return inv * (g - g.mean(0) - hat * (g * hat).mean(0)), None

    return backward


def layer_norm(x, gamma):
    centred = x - x.mean(1, keepdims=True)
    return gamma * centred / np.sqrt((centred**2).mean(1, keepdims=True) + EPS)


def layer_norm_with(axis=1, dgamma_axis=0):
    def backward(g, x, gamma):
        centred = x - x.mean(1, keepdims=True)
        inv = 1 / np.sqrt((centred**2).mean(1, keepdims=True) + EPS)
        hat, up = centred * inv, g * gamma
        dx = inv * (up - up.mean(axis, keepdims=True) - hat * (up * hat).mean(axis, keepdims=True))
        return dx, (g * hat).sum(dgamma_axis)

    return backward


def rms_norm(x, gamma):
    return gamma * x / np.sqrt((x**2).mean(1, keepdims=True) + EPS)


def rms_norm_with(through):
    def backward(g, x, gamma):
        r = 1 / np.sqrt((x**2).mean(1, keepdims=True) + EPS)
        up = g * gamma
        return up * r - through * x * r**3 * (up * x).mean(1, keepdims=True), (g * x * r).sum(0)

    return backward


def normalise(x):
    return x / np.sqrt((x**2).sum(1, keepdims=True) + 1e-12)


def normalise_with(through):
    def backward(g, x):
        r = 1 / np.sqrt((x**2).sum(1, keepdims=True) + 1e-12)
        return g * r - through * x * r**3 * (g * x).sum(1, keepdims=True)

    return backward


def weight_norm(x, v, size):
    return x @ (size * v / np.sqrt((v**2).sum()))


def weight_norm_with(through):
    def backward(g, x, v, size):
        norm = np.sqrt((v**2).sum())
        dw = x.T @ g
        dv = size * dw / norm - through * size * v * (dw @ v) / norm**3
        return np.outer(g, size * v / norm), dv, dw @ v / norm

    return backward


def standardise(x):
    return (x - x.mean()) / 4.0


def weighted_mean(x, weight):
    return np.sum(weight * x) / np.sum(weight)


def weighted_mean_with(through):
    def backward(g, x, weight):
        total = np.sum(weight)
        return g * weight / total, g * (x - through * np.sum(weight * x) / total) / total

    return backward


def log_softmax(x):
    top = x.max(1, keepdims=True)
    return x - top - np.log(np.exp(x - top).sum(1, keepdims=True))


def share(x):
    return x / x.sum(1, keepdims=True)


def share_with(through):
    def backward(g, x):
        total = x.sum(1, keepdims=True)
        return g / total - through * (g * x).sum(1, keepdims=True) / total**2

    return backward


BATCH = inputs(x="n k", gamma="k", beta="k", sizes={"n": (2, 6)})
RIGHT = batch_norm_with()
UNIT = inputs(x="n k", gamma="k", sizes={"k": (2, 5)})

SPECIMENS = [
    Specimen(
        "batch_norm_without_its_variance",
        "darknet#1723",
        batch_norm,
        batch_norm_with(deviation=0),
        RIGHT,
        BATCH,
        "x",
        "GT115",
        "deviation|varies with x",
    ),
    Specimen(
        "batch_norm_without_its_mean",
        "mlpack#1923",
        batch_norm,
        batch_norm_with(mean=0),
        RIGHT,
        BATCH,
        "x",
        "GT115",
        "constant along axis 0",
    ),
    Specimen(
        "batch_norm_statistics_fixed",
        "",
        batch_norm,
        batch_norm_with(mean=0, deviation=0),
        RIGHT,
        BATCH,
        "x",
        "GT115",
        "axis 0",
    ),
    Specimen(
        "batch_norm_with_a_term_too_many",
        "mxnet#1053",
        batch_norm,
        batch_norm_with(extra=1),
        RIGHT,
        BATCH,
        "x",
        "GT115",
        "constant along axis 0",
    ),
    Specimen(
        "batch_norm_without_gamma",
        "",
        batch_norm,
        batch_norm_with(gamma_in_dx=False),
        RIGHT,
        BATCH,
        "x",
        "GT116 GT117",
        "gamma",
    ),
    Specimen(
        "batch_norm_gamma_by_the_input",
        "",
        batch_norm,
        batch_norm_with(dgamma=lambda x, hat: x),
        RIGHT,
        BATCH,
        "gamma",
        "GT100",
        "unknown",
    ),
    Specimen(
        "batch_norm_biased_variance",
        "",
        unbiased_batch_norm,
        batch_norm_with(),
        batch_norm_with(ddof=1),
        BATCH,
        "x",
        "GT115 GT103",
        "axis 0",
    ),
    Specimen(
        "batch_norm_without_epsilon",
        "chainer#4191",
        batch_norm_eps,
        batch_norm_eps_with(0),
        batch_norm_eps_with(1),
        inputs(x="n k", eps=": [0.125, 1]", sizes={"n": (2, 6)}),
        "x",
        "GT117",
        "eps",
    ),
    Specimen(
        "layer_norm_means_over_the_batch",
        "",
        layer_norm,
        layer_norm_with(axis=0),
        layer_norm_with(),
        UNIT,
        "x",
        "GT100",
        "unknown",
    ),
    Specimen(
        "layer_norm_gamma_over_the_features",
        "",
        layer_norm,
        layer_norm_with(dgamma_axis=1),
        layer_norm_with(),
        inputs(x="n n", gamma="n", sizes={"n": (2, 4)}),
        "gamma",
        "GT107",
        "wrong axis",
    ),
    Specimen(
        "rms_norm_root_held_fixed",
        "",
        rms_norm,
        rms_norm_with(0),
        rms_norm_with(1),
        UNIT,
        "x",
        "GT115",
        "axis 1",
    ),
    Specimen(
        "normalise_without_projection",
        "",
        normalise,
        normalise_with(0),
        normalise_with(1),
        inputs(x="n k", sizes={"k": (2, 5)}),
        "x",
        "GT115",
        "axis 1",
    ),
    Specimen(
        "weight_norm_without_projection",
        "",
        weight_norm,
        weight_norm_with(0),
        weight_norm_with(1),
        inputs(x="n k", v="k", size="", sizes={"k": (2, 5)}),
        "v",
        "GT113 GT115",
        "term|multiple of v",
    ),
    Specimen(
        "standardise_mean_held_fixed",
        "",
        standardise,
        lambda g, x: g / 4.0,
        lambda g, x: (g - g.mean()) / 4.0,
        inputs(x="n"),
        "x",
        "GT115 GT113",
        "constant",
    ),
    Specimen(
        "weighted_mean_total_held_fixed",
        "",
        weighted_mean,
        weighted_mean_with(0),
        weighted_mean_with(1),
        inputs(x="n", weight="n : positive"),
        "weight",
        "GT115 GT113",
        "constant",
    ),
    Specimen(
        "log_softmax_ignores_the_sum",
        "",
        log_softmax,
        lambda g, x: g - np.exp(log_softmax(x)),
        lambda g, x: g - np.exp(log_softmax(x)) * g.sum(1, keepdims=True),
        inputs(x="n k"),
        "x",
        "GT115 GT113",
        "exp",
    ),
    Specimen(
        "share_total_held_fixed",
        "",
        share,
        share_with(0),
        share_with(1),
        inputs(x="n k : positive"),
        "x",
        "GT115 GT113",
        "constant along axis 1",
    ),
]
