"""Likelihoods and kernels: other parametrisations, partial derivatives, terms of a log-density."""

from __future__ import annotations

import numpy as np

from gradtest import inputs

from .saturation import sigmoid
from .specimen import Specimen


def kernel(x, length):
    return np.exp(-0.5 * ((x[:, None] - x[None, :]) / length) ** 2)


def kernel_with(power):
    def backward(g, x, length):
        d = (x[:, None] - x[None, :]) / length
        k = np.exp(-0.5 * d**2) * g
        dx = -(k * d / length).sum(1) + (k * d / length).sum(0)
        return dx, np.sum(k * d**2) / length**power

    return backward


def gaussian(x, mu, sigma):
    return np.sum(-0.5 * ((x - mu) / sigma) ** 2 - np.log(sigma))


def gaussian_with(log_term=1.0, dmu=None, variance=False, swapped=False):
    def backward(g, x, mu, sigma):
        r = (x - mu) / sigma
        mean = g * r / sigma
        spread = g * (r**2 - log_term) / sigma
        if variance:
            spread = spread / (2 * sigma)
        return (-mean, spread, mean) if swapped else (-mean, mean, spread)

    return backward


def multivariate(x, scale):
    """Log-density with covariance L L^T, L the lower triangle with a positive diagonal."""
    low = np.tril(scale, -1) + np.diag(np.exp(np.diag(scale)))
    y = np.linalg.solve(low, x)
    return -0.5 * y @ y - np.sum(np.diag(scale))


def multivariate_with(log_determinant):
    def backward(g, x, scale):
        low = np.tril(scale, -1) + np.diag(np.exp(np.diag(scale)))
        y = np.linalg.solve(low, x)
        dx = -np.linalg.solve(low.T, y)
        d = -np.outer(dx, y)
        dscale = np.tril(d, -1) + np.diag(np.diag(d) * np.exp(np.diag(scale)) - log_determinant)
        return g * dx, g * dscale

    return backward


def poisson(log_rate, y):
    return np.sum(np.exp(log_rate) - y * log_rate)


def negative_binomial(mu, alpha, y):
    """Score part of a negative binomial likelihood in 1/alpha, elementary functions only."""
    return np.sum(y * np.log(alpha * mu / (1 + alpha * mu)) - np.log1p(alpha * mu) / alpha)


def negative_binomial_with(chain):
    def backward(g, mu, alpha, y):
        odds = 1 + alpha * mu
        dmu = g * (y / mu - y * alpha / odds - 1 / odds)
        dalpha = y / alpha - y * mu / odds + np.log1p(alpha * mu) / alpha**2 - mu / (alpha * odds)
        return dmu, g * dalpha * chain(alpha), None

    return backward


def softplus_scale(raw, x):
    return np.sum(x**2) * np.logaddexp(0, raw)


def regression(w, x, y):
    z = x @ w
    return np.mean(np.logaddexp(0, z) - y * z)


def regression_with(residual):
    return lambda g, w, x, y: g * x.T @ residual(sigmoid(x @ w), y) / len(x)


def beta_like(a, b):
    return a**2 * b + np.sin(b)


def deviance(mu, y):
    return 2 * np.sum(y * np.log(y / mu) - (y - mu))


def entropy(p):
    return -np.sum(p * np.log(p))


def free(x):
    return np.sum(x * np.array([1.0, 2.0, 4.0])[: len(x)] * x) / 2


GAUSS = inputs(x="n", mu="n", sigma="n : positive")

SPECIMENS = [
    Specimen(
        "kernel_by_the_log_length",
        "sklearn",
        kernel,
        kernel_with(0),
        kernel_with(1),
        inputs(x="n", length=": [0.5, 3]", sizes={"n": (2, 4)}),
        "length",
        "GT116",
        "log length",
    ),
    Specimen(
        "partials_swapped",
        "openturns#1556",
        gaussian,
        gaussian_with(swapped=True),
        gaussian_with(),
        GAUSS,
        "mu",
        "GT109",
        "sigma",
    ),
    Specimen(
        "partials_of_two_swapped",
        "openturns#1556",
        beta_like,
        lambda g, a, b: (g * (a**2 + np.cos(b)), 2 * g * a * b),
        lambda g, a, b: (2 * g * a * b, g * (a**2 + np.cos(b))),
        inputs(a="n", b="n"),
        "a",
        "GT109",
        "b",
    ),
    Specimen(
        "log_term_dropped",
        "pyro#685",
        gaussian,
        gaussian_with(log_term=0),
        gaussian_with(),
        GAUSS,
        "sigma",
        "GT113",
        "1 / sigma",
    ),
    Specimen(
        "log_determinant_dropped",
        "GMRFs.jl#193",
        multivariate,
        multivariate_with(0),
        multivariate_with(1),
        inputs(x="n", scale="n n : [-2, 2]", sizes={"n": (1, 3)}),
        "scale",
        "GT124 GT113",
        "diagonal",
    ),
    Specimen(
        "variance_for_deviation",
        "",
        gaussian,
        gaussian_with(variance=True),
        gaussian_with(),
        GAUSS,
        "sigma",
        "GT116",
        "sigma",
    ),
    Specimen(
        "rate_not_exponentiated",
        "",
        poisson,
        lambda g, log_rate, y: (g * (log_rate - y), None),
        lambda g, log_rate, y: (g * (np.exp(log_rate) - y), None),
        inputs(log_rate="n : [-2, 2]", y="n : ints 0 4"),
        "log_rate",
        "GT100",
        "unknown",
    ),
    Specimen(
        "dispersion_on_another_scale",
        "statsmodels#7522",
        negative_binomial,
        negative_binomial_with(lambda a: a),
        negative_binomial_with(lambda a: 1.0),
        inputs(mu="n : [0.5, 4]", alpha="n : [0.25, 2]", y="n : ints 0 4"),
        "alpha",
        "GT116",
        "log alpha",
    ),
    Specimen(
        "softplus_not_chained",
        "",
        softplus_scale,
        lambda g, raw, x: (g * np.sum(x**2), 2 * g * x * np.logaddexp(0, raw)),
        lambda g, raw, x: (g * np.sum(x**2) * sigmoid(raw), 2 * g * x * np.logaddexp(0, raw)),
        inputs(raw=": [-2, 2]", x="n"),
        "raw",
        "GT116 GT111",
        "raw",
    ),
    Specimen(
        "residual_sign",
        "",
        regression,
        regression_with(lambda p, y: y - p),
        regression_with(lambda p, y: p - y),
        inputs(w="k", x="n k", y="n : {0, 1}"),
        "w",
        "GT101",
        "sign",
    ),
    Specimen(
        "label_forgotten",
        "",
        regression,
        regression_with(lambda p, y: p),
        regression_with(lambda p, y: p - y),
        inputs(w="k", x="n k", y="n : {0, 1}"),
        "w",
        "GT117 GT123",
        "y",
    ),
    Specimen(
        "deviance_not_doubled",
        "",
        deviance,
        lambda g, mu, y: (g * (1 - y / mu), None),
        lambda g, mu, y: (2 * g * (1 - y / mu), None),
        inputs(mu="n : positive", y="n : {1, 2, 4}"),
        "mu",
        "GT102",
        "1/2",
    ),
    Specimen(
        "entropy_on_the_simplex_only",
        "",
        entropy,
        lambda g, p: -g * np.log(p),
        lambda g, p: -g * (np.log(p) + 1),
        inputs(p="n : simplex", sizes={"n": (2, 5)}),
        "p",
        "GT113 GT118",
        "constant",
    ),
]
