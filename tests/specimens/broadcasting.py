"""Broadcasting, reductions, axes, products of matrices."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from gradtest import inputs

from .specimen import Specimen

SQUARE = {"n": (2, 4)}


def add_bias(x, b):
    return x * x + b


def affine(x, w, b):
    return x @ w + b


def affine_with(db=lambda g: g.sum(0), dw=lambda g, x: x.T @ g, dx=lambda g, w: g @ w.T):
    """Return the backward pass of `affine` with one of its three parts replaced."""
    return lambda g, x, w, b: (dx(g, w), dw(g, x), db(g))


def biased(db):
    return lambda g, x, b: (2 * g * x, db(g))


def variance(x):
    return ((x - x.mean(1, keepdims=True)) ** 2).mean(1)


def variance_with(keepdims):
    def backward(g, x):
        return 2 * g[:, None] * (x - x.mean(1, keepdims=keepdims)) / x.shape[1]

    return backward


def product_along(x, axis):
    return np.prod(x, axis=axis)


def product_of_the_others(x, axis):
    moved = np.moveaxis(x, axis, 0)
    return np.moveaxis(np.array([np.delete(moved, i, 0).prod(0) for i in range(len(moved))]), 0, axis)


def product_along_with(negative):
    def backward(g, x, axis):
        used = negative(axis) if axis < 0 else axis
        return np.expand_dims(g, used) * product_of_the_others(x, used)

    return backward


def centred(x):
    return x - x.mean(0)


def scaled(a, x):
    return a * x


def scaled_with(reduce):
    return lambda g, a, x: (reduce(g * x), g * a)


def outer(a, b):
    return a @ b.T


def bilinear(x, m, z):
    return np.einsum("ni,ij,nj->n", x, m, z)


def bilinear_with(dz):
    def backward(g, x, m, z):
        return g[:, None] * (z @ m.T), np.einsum("n,ni,nj->ij", g, x, z), g[:, None] * dz(x, m)

    return backward


def batch_matmul(x, w):
    return x @ w


def batch_matmul_with(dw):
    return lambda g, x, w: (g @ w.T, dw(np.swapaxes(x, 1, 2) @ g))


def column(x, y):
    return x * y


def column_with(reduce):
    return lambda g, x, y: (reduce(g * y), (g * x))


def row_and_column(x, y):
    return x + y


def mean_of_rows(x):
    return x.mean(1)


def mean_square(x, y):
    return ((x - y) ** 2).mean()


def mean_square_over(count):
    def backward(g, x, y):
        d = 2 * g * (x - y) / count(x)
        return d, -d

    return backward


LAYER = inputs(x="batch in", w="in out", b="out")
CUBE = inputs(x="batch n k", w="k m")

SPECIMENS = [
    Specimen(
        "bias_summed_over_the_wrong_axis",
        "Gen.jl#432",
        add_bias,
        biased(lambda g: g.sum(1)),
        biased(lambda g: g.sum(0)),
        inputs(x="n n", b="n", sizes=SQUARE),
        "b",
        "GT107",
        "wrong axis",
    ),
    Specimen(
        "bias_summed_over_the_wrong_axis_of_a_rectangle",
        "Gen.jl#432",
        add_bias,
        biased(lambda g: g.sum(1)),
        biased(lambda g: g.sum(0)),
        inputs(x="2 3", b="3"),
        "b",
        "GT301",
        "shape",
    ),
    Specimen(
        "column_against_row_misshapen",
        "Zygote#916",
        row_and_column,
        lambda g, x, y: (g.sum(0)[:, None], g.sum(1, keepdims=True)),
        lambda g, x, y: (g.sum(0), g.sum(1, keepdims=True)),
        inputs(x="n", y="n 1", sizes=SQUARE),
        "x",
        "GT301",
        "shape",
    ),
    Specimen(
        "bias_not_summed",
        "",
        affine,
        affine_with(db=lambda g: g),
        affine_with(),
        LAYER,
        "b",
        "GT301",
        "shape",
    ),
    Specimen(
        "bias_gets_a_scalar_axis",
        "",
        add_bias,
        biased(lambda g: g.sum(0)),
        biased(lambda g: g.sum(0, keepdims=True)),
        inputs(x="n m", b="1 m", sizes={"m": (2, 4)}),
        "b",
        "GT301",
        "shape",
    ),
    Specimen(
        "variance_keepdims_missing",
        "SKaiNET#864",
        variance,
        variance_with(False),
        variance_with(True),
        inputs(x="n n", sizes=SQUARE),
        "x",
        "GT100",
        "unknown",
    ),
    Specimen(
        "product_along_negative_axis",
        "tensorflow#10835",
        product_along,
        product_along_with(lambda axis: axis + 1),
        product_along_with(lambda axis: axis),
        inputs(x="n n", axis=st.integers(-2, 1), sizes=SQUARE),
        "x",
        "GT123",
        "axis is negative",
    ),
    Specimen(
        "mean_not_divided",
        "",
        lambda x: x.mean(),
        lambda g, x: np.full_like(x, g),
        lambda g, x: np.full_like(x, g / x.size),
        inputs(x="n m"),
        "x",
        "GT103",
        "size",
    ),
    Specimen(
        "mean_of_rows_divided_by_all",
        "",
        mean_of_rows,
        lambda g, x: np.repeat(g[:, None] / x.size, x.shape[1], 1),
        lambda g, x: np.repeat(g[:, None] / x.shape[1], x.shape[1], 1),
        inputs(x="n m"),
        "x",
        "GT103",
        "x.shape[0]|size",
    ),
    Specimen(
        "mean_over_several_axes_divides_by_one",
        "swift-apis#42",
        lambda x: (x**2).mean((0, 1)),
        lambda g, x: 2 * x * g / x.shape[0],
        lambda g, x: 2 * x * g / (x.shape[0] * x.shape[1]),
        inputs(x="n m k"),
        "x",
        "GT103",
        "x.shape[1]",
    ),
    Specimen(
        "bias_averaged_over_the_batch",
        "",
        affine,
        affine_with(db=lambda g: g.mean(0)),
        affine_with(),
        LAYER,
        "b",
        "GT103",
        "x.shape[0]",
    ),
    Specimen(
        "bias_of_the_first_example",
        "",
        affine,
        affine_with(db=lambda g: g[0]),
        affine_with(),
        LAYER,
        "b",
        "GT107 GT112",
        "axis 0",
    ),
    Specimen(
        "bias_of_the_last_example",
        "",
        affine,
        affine_with(db=lambda g: g[-1]),
        affine_with(),
        LAYER,
        "b",
        "GT107 GT112",
        "axis 0",
    ),
    Specimen(
        "weight_transposed",
        "",
        affine,
        affine_with(dw=lambda g, x: g.T @ x),
        affine_with(),
        inputs(x="batch n", w="n n", b="n", sizes=SQUARE),
        "w",
        "GT104",
        "transposed",
    ),
    Specimen(
        "weight_transposed_rectangle",
        "",
        affine,
        affine_with(dw=lambda g, x: g.T @ x),
        affine_with(),
        inputs(x="batch 2", w="2 3", b="3"),
        "w",
        "GT301",
        "shape",
    ),
    Specimen(
        "input_by_the_untransposed_weight",
        "",
        affine,
        affine_with(dx=lambda g, w: g @ w),
        affine_with(),
        inputs(x="batch n", w="n n", b="n", sizes=SQUARE),
        "x",
        "GT104",
        "transpose",
    ),
    Specimen(
        "weight_averaged_over_the_batch",
        "",
        affine,
        affine_with(dw=lambda g, x: x.T @ g / len(x)),
        affine_with(),
        LAYER,
        "w",
        "GT103",
        "x.shape[0]",
    ),
    Specimen(
        "weight_sign",
        "",
        affine,
        affine_with(dw=lambda g, x: -x.T @ g),
        affine_with(),
        LAYER,
        "w",
        "GT101",
        "sign",
    ),
    Specimen(
        "weight_not_passed_on",
        "",
        affine,
        affine_with(dw=lambda g, x: np.zeros((x.shape[1], g.shape[1]))),
        affine_with(),
        LAYER,
        "w",
        "GT105",
        "zero",
    ),
    Specimen(
        "scalar_factor_averaged",
        "",
        scaled,
        scaled_with(np.mean),
        scaled_with(np.sum),
        inputs(a="", x="n m"),
        "a",
        "GT103",
        "size",
    ),
    Specimen(
        "outer_by_the_transposed_upstream",
        "",
        outer,
        lambda g, a, b: (g.T @ b, g.T @ a),
        lambda g, a, b: (g @ b, g.T @ a),
        inputs(a="n 2", b="n 2", sizes=SQUARE),
        "a",
        "GT104",
        "transpose",
    ),
    Specimen(
        "bilinear_by_the_untransposed_matrix",
        "",
        bilinear,
        bilinear_with(lambda x, m: x @ m.T),
        bilinear_with(lambda x, m: x @ m),
        inputs(x="b n", m="n n", z="b n", sizes=SQUARE),
        "z",
        "GT104",
        "transpose",
    ),
    Specimen(
        "shared_weight_of_the_last_batch",
        "",
        batch_matmul,
        batch_matmul_with(lambda d: d[-1]),
        batch_matmul_with(lambda d: d.sum(0)),
        CUBE,
        "w",
        "GT107 GT112",
        "axis 0",
    ),
    Specimen(
        "shared_weight_averaged",
        "",
        batch_matmul,
        batch_matmul_with(lambda d: d.mean(0)),
        batch_matmul_with(lambda d: d.sum(0)),
        CUBE,
        "w",
        "GT103",
        "x.shape[0]",
    ),
    Specimen(
        "column_takes_the_first",
        "",
        column,
        column_with(lambda d: d[:, :1]),
        column_with(lambda d: d.sum(1, keepdims=True)),
        inputs(x="n 1", y="n m"),
        "x",
        "GT107 GT112",
        "axis 1",
    ),
    Specimen(
        "column_averaged",
        "",
        column,
        column_with(lambda d: d.mean(1, keepdims=True)),
        column_with(lambda d: d.sum(1, keepdims=True)),
        inputs(x="n 1", y="n m"),
        "x",
        "GT103",
        "y.shape[1]",
    ),
    Specimen(
        "centring_forgotten",
        "",
        centred,
        lambda g, x: g,
        lambda g, x: g - g.mean(0),
        inputs(x="n m", sizes=SQUARE),
        "x",
        "GT111 GT113",
        "passes|constant",
    ),
    Specimen(
        "mean_divided_by_the_batch_only",
        "",
        mean_square,
        mean_square_over(len),
        mean_square_over(np.size),
        inputs(x="batch out", y="batch out"),
        "x",
        "GT103",
        "x.shape[1]",
    ),
]
