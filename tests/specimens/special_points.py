"""Exact zeros, ties, negative bases: where a formula fails, or holds only there."""

from __future__ import annotations

import numpy as np

from gradtest import inputs

from .specimen import Specimen


def product(x):
    return np.prod(x)


def product_by_division(g, x):
    return g * np.prod(x) / x


def product_of_the_others(g, x):
    return g * np.array([np.delete(x, i).prod() for i in range(len(x))])


def product_skips_zeros(g, x):
    rest = np.where(x == 0, 1.0, x).prod()
    return g * np.where(x == 0, rest, np.prod(x) / np.where(x == 0, 1.0, x))


def cumulative_product_by_division(g, x):
    return np.cumsum((g * np.cumprod(x))[::-1])[::-1] / x


def cumulative_product_right(g, x):
    dx = np.zeros_like(x)
    for i in range(len(x)):
        without = x.copy()
        without[i] = 1.0
        dx[i] = (g[i:] * np.cumprod(without)[i:]).sum()
    return dx


def squared_norm(x):
    return np.sum(x * x)


def squared_norm_through_the_norm(g, x):
    norm = np.sqrt(np.sum(x * x))
    return 2 * g * norm * (x / norm)


def monomials(x):
    return x[:, None] ** np.arange(3)


def monomials_naive(g, x):
    k = np.arange(3)
    return (g * k * x[:, None] ** (k - 1.0)).sum(1)


def monomials_right(g, x):
    return g[:, 1] + 2 * g[:, 2] * x


def sinc(x):
    safe = np.where(x == 0, 1.0, x)
    return np.where(np.abs(x) < 1e-3, 1 - x**2 / 6 + x**4 / 120, np.sin(safe) / safe)


def sinc_by_quotient(g, x):
    return g * (x * np.cos(x) - np.sin(x)) / x**2


def sinc_right(g, x):
    safe = np.where(x == 0, 1.0, x)
    return g * np.where(np.abs(x) < 0.02, -x / 3 + x**3 / 30, (x * np.cos(x) - np.sin(x)) / safe**2)


def signed_square(x):
    return x * np.abs(x)


def dropout(x, mask):
    return x * mask / 0.5


def dropout_infers_the_mask(g, x, mask):
    return g * (x * mask != 0) / 0.5


def geometric_mean_square(x, y):
    return x * x * y


def distance_squared(x, y):
    return np.sum((x - y) ** 2, 1)


def distance_squared_through_the_distance(g, x, y):
    d = np.sqrt(np.sum((x - y) ** 2, 1, keepdims=True))
    dx = 2 * g[:, None] * d * ((x - y) / d)
    return dx, -dx


def distance_squared_right(g, x, y):
    dx = 2 * g[:, None] * (x - y)
    return dx, -dx


def gaussian(x):
    return np.exp(-(np.abs(x) ** 2))


def second_zero(x):
    return x**2 * np.cos(x)


def kernel(x, y):
    return np.exp(-((x[:, None] - y[None, :]) ** 2))


def kernel_skips_equal_points(g, x, y):
    d = x[:, None] - y[None, :]
    dx = np.where(d == 0, 1.0, -2 * d) * kernel(x, y) * g
    return dx.sum(1), -np.where(d == 0, 0.0, dx).sum(0)


def kernel_right(g, x, y):
    dx = -2 * (x[:, None] - y[None, :]) * kernel(x, y) * g
    return dx.sum(1), -dx.sum(0)


SPECIMENS = [
    Specimen(
        "product_by_division",
        "HIPS/autograd#93",
        product,
        product_by_division,
        product_of_the_others,
        inputs(x="n"),
        "x",
        "GT106",
        "x is 0",
    ),
    Specimen(
        "product_with_two_zeros",
        "pytorch#773",
        product,
        product_skips_zeros,
        product_of_the_others,
        inputs(x="n", sizes={"n": (2, 5)}),
        "x",
        "GT123 GT108",
        "does not move|x has zeros|x is 0",
    ),
    Specimen(
        "cumulative_product_by_division",
        "tensorflow#3862",
        lambda x: np.cumprod(x),
        cumulative_product_by_division,
        cumulative_product_right,
        inputs(x="n"),
        "x",
        "GT106",
        "x is 0",
    ),
    Specimen(
        "squared_norm_through_the_norm",
        "pytorch#2421",
        squared_norm,
        squared_norm_through_the_norm,
        lambda g, x: 2 * g * x,
        inputs(x="n"),
        "x",
        "GT106",
        "x is 0",
    ),
    Specimen(
        "distance_squared_through_the_distance",
        "jax#3058",
        distance_squared,
        distance_squared_through_the_distance,
        distance_squared_right,
        inputs(x="b n", y="b n"),
        "x",
        "GT106",
        "x equals y|equal",
    ),
    Specimen(
        "power_with_exponent_zero",
        "jax#14397",
        monomials,
        monomials_naive,
        monomials_right,
        inputs(x="n"),
        "x",
        "GT106",
        "x is 0",
    ),
    Specimen(
        "power_of_a_negative_base",
        "tt-metal#54439",
        lambda x: x**2,
        lambda g, x: 2 * np.abs(x) * g,
        lambda g, x: 2 * x * g,
        inputs(x="n"),
        "x",
        "GT123 GT111",
        "x is negative|size|abs(x)",
    ),
    Specimen(
        "signed_square_unsigned",
        "",
        signed_square,
        lambda g, x: 2 * x * g,
        lambda g, x: 2 * np.abs(x) * g,
        inputs(x="n"),
        "x",
        "GT123 GT116 GT111",
        "x is negative|sign(x)|2 x",
    ),
    Specimen(
        "sinc_by_quotient",
        "",
        sinc,
        sinc_by_quotient,
        sinc_right,
        inputs(x="n : {0, 0.5, 1, -1, 2, -0.5, 3, 0.25}"),
        "x",
        "GT106",
        "x is 0",
    ),
    Specimen(
        "mask_inferred_from_zeros",
        "kaldi#3890",
        dropout,
        dropout_infers_the_mask,
        lambda g, x, mask: g * mask / 0.5,
        inputs(x="n", mask="n : mask"),
        "x",
        "GT123 GT105",
        "x is 0|zero",
    ),
    Specimen(
        "absolute_square_by_the_sign",
        "",
        gaussian,
        lambda g, x: -2 * np.abs(x) * g * gaussian(x),
        lambda g, x: -2 * x * g * gaussian(x),
        inputs(x="n : [-2, 2]"),
        "x",
        "GT123 GT111 GT116",
        "x is negative|abs(x)|sign(x)",
    ),
    Specimen(
        "kernel_skips_equal_points",
        "",
        kernel,
        kernel_skips_equal_points,
        kernel_right,
        inputs(x="n : {0, 0.5, 1, -1, 1.5}", y="m : {0, 0.5, 1, -1, 1.5}"),
        "x",
        "GT123",
        "equal",
    ),
    Specimen(
        "power_by_logarithms",
        "",
        lambda x: x**3,
        lambda g, x: 3 * g * np.exp(2 * np.log(x)),
        lambda g, x: 3 * g * x**2,
        inputs(x="n"),
        "x",
        "GT106",
        "x is 0|x is negative|not positive",
    ),
]
