"""Activations and other functions of each entry by itself, and arithmetic with broadcasting.

A row of `UNARY` is a function and its derivative; the pullback multiplies by the cotangent.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from .family import Draw, Family, Inputs, Mutant, unbroadcast

# -- functions that also take complex inputs: numpy orders complex numbers by their real part ------


def absolute(x: Any) -> Any:
    return np.where(x < 0, -x, x)


def relu(x: Any) -> Any:
    return np.where(x > 0, x, 0)


def step(x: Any) -> Any:
    return (x > 0).astype(x.dtype)


def sigmoid(x: Any) -> Any:
    small = np.exp(-absolute(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def softplus(x: Any) -> Any:
    return relu(x) + np.log1p(np.exp(-absolute(x)))


def tanh_slope(x: Any) -> Any:
    return 1 - np.tanh(x) ** 2


def sigmoid_slope(x: Any) -> Any:
    y = sigmoid(x)
    return y * (1 - y)


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_ROOT2, _ROOT2PI = math.sqrt(2.0), math.sqrt(2.0 * math.pi)
_C = math.sqrt(2.0 / math.pi)


def elu(x: Any) -> Any:
    return np.where(x > 0, x, np.expm1(np.where(x > 0, 0, x)))


def elu_slope(x: Any) -> Any:
    return np.where(x > 0, 1, np.exp(np.where(x > 0, 0, x)))


def gelu(x: Any) -> Any:
    return 0.5 * x * (1 + special.erf(x / _ROOT2))


def gelu_slope(x: Any) -> Any:
    return 0.5 * (1 + special.erf(x / _ROOT2)) + x * np.exp(-0.5 * x * x) / _ROOT2PI


def gelu_tanh(x: Any) -> Any:
    return 0.5 * x * (1 + np.tanh(_C * (x + 0.044715 * x**3)))


def gelu_tanh_slope(x: Any) -> Any:
    t = np.tanh(_C * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * _C * (1 + 3 * 0.044715 * x * x)


def mish_slope(x: Any) -> Any:
    t = np.tanh(softplus(x))
    return t + x * (1 - t * t) * sigmoid(x)


def hidden_float32(x: Any) -> Any:
    narrow = np.complex64 if x.dtype.kind == "c" else np.float32
    return np.sin(x.astype(narrow)).astype(x.dtype)


def offset_sine(x: Any) -> Any:
    """Lose the last half of the digits; in float32 1e8 would swallow the sine whole."""
    big = 1e8 if x.real.dtype == np.float64 else 1e4
    return (np.sin(x) + big) - big


# -- inputs ------------------------------------------------------------------------------------


def _anything(limit: float) -> Callable[[Draw], Inputs]:
    return lambda d: {"x": d.array(d.size(), d.size(), limit=limit)}


def _positive(low: float = 1e-3, high: float = 1e3) -> Callable[[Draw], Inputs]:
    return lambda d: {"x": d.positive(d.size(), d.size(), low=low, high=high)}


def _signed(d: Draw) -> Inputs:
    x = d.positive(d.size(), d.size())
    return {"x": x * d.rng.choice(np.array([-1, 1], x.dtype), x.shape)}


def _around(centre: float, spread: float) -> Callable[[Draw], Inputs]:
    def draw(d: Draw) -> Inputs:
        noise = d.rng.integers(-2, 3, 4) if d.nasty else d.rng.standard_normal(4)
        return {"x": d.cast(centre + spread * noise)}

    return draw


def _open_unit(d: Draw) -> Inputs:
    x = d.rng.uniform(0.05, 0.95, (d.size(), d.size()))
    return {"x": d.cast(np.round(x, 1) * 0.9 + 0.05 if d.nasty else x)}


# -- the table ---------------------------------------------------------------------------------


class Unary(NamedTuple):
    """A function of each entry, its derivative, its inputs and wrong derivatives of it."""

    name: str
    function: Callable[[Any], Any]
    slope: Callable[[Any], Any]
    draw: Callable[[Draw], Inputs]
    wrong: tuple[tuple[str, Callable[[Any], Any], str], ...] = ()


UNARY = (
    Unary(
        "relu",
        relu,
        step,
        _anything(1e4),
        (
            ("mask side", lambda x: (x < 0).astype(x.dtype), "any"),
            ("mask side", lambda x: (x > -1).astype(x.dtype), "entries in (-1, 0)"),
            ("activation forgotten", np.ones_like, "negative entries"),
        ),
    ),
    Unary(
        "relu of tiny",
        relu,
        step,
        _around(0.0, 1e-6),
        (("mask side", lambda x: (x > 1e-5).astype(x.dtype), "any"),),
    ),
    Unary(
        "leaky relu",
        lambda x: np.where(x > 0, x, 0.1 * x),
        lambda x: np.where(x > 0, 1, x.dtype.type(0.1)),
        _anything(1e4),
        (
            ("wrong slope", lambda x: np.where(x > 0, 1, x.dtype.type(0.2)), "negative entries"),
            ("mask side", lambda x: np.where(x > 0, x.dtype.type(0.1), 1), "any"),
        ),
    ),
    Unary(
        "elu",
        elu,
        elu_slope,
        _anything(30),
        (("from the output", lambda x: np.where(x > 0, 1, elu(x)), "negative entries"),),
    ),
    Unary(
        "selu",
        lambda x: _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.where(x > 0, 0, x))),
        lambda x: _SELU_SCALE * np.where(x > 0, 1, _SELU_ALPHA * np.exp(np.where(x > 0, 0, x))),
        _anything(30),
        (
            (
                "missing factor",
                lambda x: np.where(x > 0, 1, _SELU_ALPHA * np.exp(np.where(x > 0, 0, x))),
                "any",
            ),
        ),
    ),
    Unary(
        "gelu",
        gelu,
        gelu_slope,
        _anything(100),
        (
            ("missing term", lambda x: 0.5 * (1 + special.erf(x / _ROOT2)), "moderate entries"),
            ("wrong constant", gelu_tanh_slope, "any (3e-4)"),
        ),
    ),
    Unary(
        "gelu tanh",
        gelu_tanh,
        gelu_tanh_slope,
        _anything(100),
        (
            (
                "missing factor",
                lambda x: (
                    gelu_tanh_slope(x)
                    - 0.5 * x * (1 - np.tanh(_C * (x + 0.044715 * x**3)) ** 2) * _C * 3 * 0.044715 * x * x
                ),
                "entries near 1",
            ),
        ),
    ),
    Unary(
        "silu",
        lambda x: x * sigmoid(x),
        lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x))),
        _anything(100),
        (("missing term", sigmoid, "any"),),
    ),
    Unary(
        "softplus",
        softplus,
        sigmoid,
        _anything(1e3),
        (
            ("as relu", step, "moderate entries"),
            ("special point", lambda x: np.where(x == 0, 0, sigmoid(x)), "an entry that is exactly 0"),
        ),
    ),
    Unary(
        "mish",
        lambda x: x * np.tanh(softplus(x)),
        mish_slope,
        _anything(100),
        (("missing term", lambda x: np.tanh(softplus(x)), "any"),),
    ),
    Unary(
        "hardtanh",
        lambda x: np.where(x > 1, 1, np.where(x < -1, -1, x)),
        lambda x: (absolute(x) < 1).astype(x.dtype),
        _anything(1e3),
        (
            ("mask side", lambda x: (x < 1).astype(x.dtype), "entries below -1"),
            ("straight through", np.ones_like, "entries beyond 1"),
        ),
    ),
    Unary(
        "hardsigmoid",
        lambda x: np.where(x > 3, 1, np.where(x < -3, 0, x / 6 + 0.5)),
        lambda x: (absolute(x) < 3) / x.dtype.type(6),
        _anything(1e3),
        (("wrong slope", lambda x: (absolute(x) < 3) / x.dtype.type(5), "entries within 3"),),
    ),
    Unary(
        "hardswish",
        lambda x: x * np.where(x > 3, 1, np.where(x < -3, 0, x / 6 + 0.5)),
        lambda x: np.where(x > 3, 1, np.where(x < -3, 0, x / 3 + 0.5)),
        _anything(1e3),
        (
            (
                "missing term",
                lambda x: np.where(x > 3, 1, np.where(x < -3, 0, x / 6 + 0.5)),
                "entries within 3",
            ),
        ),
    ),
    Unary(
        "sigmoid",
        sigmoid,
        sigmoid_slope,
        _anything(1e3),
        (
            ("from the output", lambda x: sigmoid_slope(sigmoid(x)), "any"),
            ("as the function", sigmoid, "any"),
        ),
    ),
    Unary(
        "log sigmoid",
        lambda x: -softplus(-x),
        lambda x: sigmoid(-x),
        _anything(1e3),
        (("mask side", sigmoid, "any"),),
    ),
    Unary(
        "tanh",
        np.tanh,
        tanh_slope,
        _anything(1e3),
        (
            ("as the function", np.tanh, "any"),
            (
                "saturation",
                lambda x: 1 - ((np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))) ** 2,
                "entries beyond 710 (float32: 90)",
            ),
        ),
    ),
    Unary(
        "softsign",
        lambda x: x / (1 + absolute(x)),
        lambda x: 1 / (1 + absolute(x)) ** 2,
        _anything(1e3),
        (("missing factor", lambda x: 1 / (1 + absolute(x)), "any"),),
    ),
    Unary(
        "soft shrink",
        lambda x: np.where(x > 0.5, x - 0.5, np.where(x < -0.5, x + 0.5, 0)),
        lambda x: (absolute(x) > 0.5).astype(x.dtype),
        _anything(1e3),
        (("mask side", lambda x: (x > 0.5).astype(x.dtype), "entries below -1/2"),),
    ),
    Unary(
        "squared relu",
        lambda x: relu(x) ** 2,
        lambda x: 2 * relu(x),
        _anything(1e3),
        (("scale", relu, "positive entries"),),
    ),
    Unary(
        "abs",
        absolute,
        np.sign,
        _anything(1e4),
        (("mask side", lambda x: np.where(x > 0, 1, 0).astype(x.dtype), "negative entries"),),
    ),
    Unary(
        "clip",
        lambda x: np.where(x > 1, 1, np.where(x < -0.5, -0.5, x)),
        lambda x: ((x >= -0.5) & (x <= 1)).astype(x.dtype),
        _anything(1e3),
        (
            ("mask side", lambda x: ((x < -0.5) | (x > 1)).astype(x.dtype), "any"),
            ("straight through", np.ones_like, "entries outside"),
        ),
    ),
    Unary(
        "x |x|",
        lambda x: x * absolute(x),
        lambda x: 2 * absolute(x),
        _anything(1e3),
        (("mask side", lambda x: 2 * x, "negative entries"),),
    ),
    Unary(
        "square",
        lambda x: x * x,
        lambda x: 2 * x,
        _anything(1e3),
        (
            ("mask side", lambda x: 2 * absolute(x), "negative entries"),
            ("special point", lambda x: 2 * x * x / x, "an entry that is exactly 0"),
        ),
    ),
    Unary(
        "cube",
        lambda x: x**3,
        lambda x: 3 * x * x,
        _anything(1e3),
        (("wrong power", lambda x: 3 * x, "any"),),
    ),
    Unary("exp", np.exp, np.exp, _anything(30), (("as identity", np.ones_like, "any"),)),
    Unary("expm1", np.expm1, np.exp, _anything(30), (("from the output", np.expm1, "any"),)),
    Unary(
        "log",
        np.log,
        lambda x: 1 / x,
        _positive(),
        (("wrong power", lambda x: 1 / (x * x), "entries that are not 1"),),
    ),
    Unary("log1p", np.log1p, lambda x: 1 / (1 + x), _positive(), (("missing term", lambda x: 1 / x, "any"),)),
    Unary(
        "sqrt",
        np.sqrt,
        lambda x: 0.5 / np.sqrt(x),
        _positive(),
        (("scale", lambda x: 1 / np.sqrt(x), "any"),),
    ),
    Unary(
        "rsqrt",
        lambda x: 1 / np.sqrt(x),
        lambda x: -0.5 / (x * np.sqrt(x)),
        _positive(),
        (("sign", lambda x: 0.5 / (x * np.sqrt(x)), "any"),),
    ),
    Unary(
        "reciprocal",
        lambda x: 1 / x,
        lambda x: -1 / (x * x),
        _signed,
        (("sign", lambda x: 1 / (x * x), "any"),),
    ),
    Unary(
        "reciprocal near 1e-3",
        lambda x: 1 / x,
        lambda x: -1 / (x * x),
        _around(1e-3, 1e-4),
        (("wrong power", lambda x: -1 / x, "any"),),
    ),
    Unary("sin", np.sin, np.cos, _anything(10), (("sign", lambda x: -np.cos(x), "any"),)),
    Unary(
        "sin 1000 x",
        lambda x: np.sin(1000 * x),
        lambda x: 1000 * np.cos(1000 * x),
        _anything(3),
        (("missing factor", lambda x: np.cos(1000 * x), "any"),),
    ),
    Unary(
        "arctan",
        np.arctan,
        lambda x: 1 / (1 + x * x),
        _anything(1e3),
        (("missing term", lambda x: 1 / (x * x), "any"),),
    ),
    Unary(
        "erf",
        special.erf,
        lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x),
        _anything(10),
        (("missing factor", lambda x: np.exp(-x * x), "any"),),
    ),
    Unary(
        "logit",
        lambda x: np.log(x) - np.log1p(-x),
        lambda x: 1 / (x * (1 - x)),
        _open_unit,
        (("missing term", lambda x: 1 / x, "any"),),
    ),
    Unary(
        "log gamma",
        special.loggamma,
        special.digamma,
        _positive(1e-2, 100),
        (("as identity", np.log, "any"),),
    ),
    Unary(
        "square far off",
        lambda x: x * x,
        lambda x: 2 * x,
        _around(1e8, 1e6),
        (("scale", lambda x: x, "any"),),
    ),
    Unary("log far off", np.log, lambda x: 1 / x, _around(1e8, 1e6), (("sign", lambda x: -1 / x, "any"),)),
    Unary(
        "x² + 1e8", lambda x: x * x + 1e8, lambda x: 2 * x, _anything(1e3), (("scale", lambda x: x, "any"),)
    ),
    Unary("(sin x + big) - big", offset_sine, np.cos, _anything(10), (("as the function", np.sin, "any"),)),
    Unary("sin in float32", hidden_float32, np.cos, _anything(10), (("sign", lambda x: -np.cos(x), "any"),)),
    Unary(
        "kink beside zero",
        lambda x: np.where(x > 0.3, x, 0.3 * x + 0.21),
        lambda x: np.where(x > 0.3, 1, x.dtype.type(0.3)),
        _anything(1e3),
        (("mask side", lambda x: np.where(x > 0, 1, x.dtype.type(0.3)), "entries in (0, 0.3)"),),
    ),
)


def _pullback(slope: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda g, x: (g * slope(x),)


def _unary(row: Unary) -> Family:
    wrong = [Mutant(kind, _pullback(slope), trigger) for kind, slope, trigger in row.wrong]
    return Family(row.name, lambda x: row.function(x), _pullback(row.slope), ("x",), row.draw, wrong)


# -- two arguments and more ----------------------------------------------------------------------


def _pair(limit: float = 1e3) -> Callable[[Draw], Inputs]:
    """Draw two arrays that broadcast: (n, m) with (n, m), (m,), (1, m) or (n, 1)."""

    def draw(d: Draw) -> Inputs:
        n, m = d.size(), d.size()
        shape = d.one_of((n, m), (m,), (1, m), (n, 1), ())
        return {"a": d.array(n, m, limit=limit), "b": d.array(*shape, limit=limit)}

    return draw


def _pair_nonzero(d: Draw) -> Inputs:
    drawn = _pair()(d)
    drawn["b"] = d.positive(*drawn["b"].shape) * d.cast(d.one_of(-1.0, 1.0))
    return drawn


def _add_vjp(g: Any, a: Any, b: Any) -> Any:
    return unbroadcast(g, a.shape), unbroadcast(g, b.shape)


def _mul_vjp(g: Any, a: Any, b: Any) -> Any:
    return unbroadcast(g * b, a.shape), unbroadcast(g * a, b.shape)


def _div_vjp(g: Any, a: Any, b: Any) -> Any:
    return unbroadcast(g / b, a.shape), unbroadcast(-g * a / (b * b), b.shape)


def _bias_of_wrong_axis(g: Any, x: Any, bias: Any) -> Any:
    """BUG_ZOO B, Gen.jl#432: summed over the wrong axis, which a square matrix hides in the shape."""
    n, m = x.shape
    return g, g.sum(axis=1 if n == m else 0)


def _maximum_vjp(g: Any, a: Any, b: Any) -> Any:
    share = (a > b) + 0.5 * (a == b)
    share = share.astype(g.dtype)
    return unbroadcast(g * share, a.shape), unbroadcast(g * (1 - share), b.shape)


def _where_vjp(g: Any, mask: Any, a: Any, b: Any) -> Any:
    return unbroadcast(np.where(mask, g, 0), a.shape), unbroadcast(np.where(mask, 0, g), b.shape)


def _where_draw(d: Draw) -> Inputs:
    drawn = _pair()(d)
    return {"mask": d.mask(*drawn["a"].shape), **drawn}


def _power_vjp(g: Any, x: Any, p: Any) -> Any:
    less = np.where(p == 0, 1, p - 1)
    return (g * np.where(p == 0, 0, p * x**less),)


def _power_draw(d: Draw) -> Inputs:
    n = d.size()
    return {"x": d.array(n, 4, limit=10), "p": d.cast(np.arange(4))}


def _power_both_vjp(g: Any, x: Any, p: Any) -> Any:
    return g * p * x ** (p - 1), g * x**p * np.log(x)


def _power_both_draw(d: Draw) -> Inputs:
    n = d.size()
    return {"x": d.positive(n, low=0.01, high=20), "p": d.array(n, limit=3)}


def _logaddexp(a: Any, b: Any) -> Any:
    return np.where(a > b, a, b) + np.log1p(np.exp(-absolute(a - b)))


def _logaddexp_vjp(g: Any, a: Any, b: Any) -> Any:
    return unbroadcast(g * sigmoid(a - b), a.shape), unbroadcast(g * sigmoid(b - a), b.shape)


def _min_plus(a: Any, b: Any) -> Any:
    return (a[:, :, None] + b[None, :, :]).min(axis=1)


def _min_plus_vjp(g: Any, a: Any, b: Any) -> Any:
    total = a[:, :, None] + b[None, :, :]
    hit = np.zeros_like(total)
    np.put_along_axis(hit, total.argmin(axis=1)[:, None, :], g[:, None, :], axis=1)
    return hit.sum(axis=2), hit.sum(axis=0)


def _min_plus_max(g: Any, a: Any, b: Any) -> Any:
    total = a[:, :, None] + b[None, :, :]
    hit = np.zeros_like(total)
    np.put_along_axis(hit, total.argmax(axis=1)[:, None, :], g[:, None, :], axis=1)
    return hit.sum(axis=2), hit.sum(axis=0)


def _min_plus_draw(d: Draw) -> Inputs:
    n, k, m = d.size(4), d.size(4), d.size(4)
    return {"a": d.array(n, k), "b": d.array(k, m)}


def _relu_difference_vjp(g: Any, x: Any) -> Any:
    return (g * (step(x) + step(-x)),)


def _diamond(x: Any) -> Any:
    y = np.sin(x)
    return y * np.exp(0.1 * y) + y * y


def _diamond_vjp(g: Any, x: Any) -> Any:
    y = np.sin(x)
    return (g * (np.exp(0.1 * y) * (1 + 0.1 * y) + 2 * y) * np.cos(x),)


def _diamond_once(g: Any, x: Any) -> Any:
    """BUG_ZOO K: the last path assigns where it should add."""
    y = np.sin(x)
    return (g * 2 * y * np.cos(x),)


def _diamond_twice(g: Any, x: Any) -> Any:
    """BUG_ZOO K, cTensor#5: a node visited before all its consumers are done counts twice."""
    y = np.sin(x)
    return (g * (2 * np.exp(0.1 * y) * (1 + 0.1 * y) + 2 * y) * np.cos(x),)


def _with_bias(d: Draw) -> Inputs:
    n = d.size()
    m = d.one_of(n, d.size())
    return {"x": d.array(n, m), "bias": d.array(m)}


BINARY = (
    Family(
        "add",
        lambda a, b: a + b,
        _add_vjp,
        ("a", "b"),
        _pair(),
        (
            Mutant(
                "missing sum",
                lambda g, a, b: (
                    g,
                    np.broadcast_to(unbroadcast(g, b.shape) / max(1, g.size // b.size), b.shape),
                ),
                "b was broadcast",
            ),
        ),
    ),
    Family(
        "add bias",
        lambda x, bias: x + bias,
        lambda g, x, bias: (g, g.sum(0)),
        ("x", "bias"),
        _with_bias,
        (Mutant("wrong axis", _bias_of_wrong_axis, "a square matrix"),),
    ),
    Family(
        "multiply",
        lambda a, b: a * b,
        _mul_vjp,
        ("a", "b"),
        _pair(),
        (
            Mutant(
                "swapped",
                lambda g, a, b: (unbroadcast(g * a, a.shape), unbroadcast(g * b, b.shape)),
                "a is not b",
            ),
            Mutant(
                "other factor",
                lambda g, a, b: (unbroadcast(g * b, a.shape), unbroadcast(g * b, b.shape)),
                "a is not b",
            ),
        ),
    ),
    Family(
        "divide",
        lambda a, b: a / b,
        _div_vjp,
        ("a", "b"),
        _pair_nonzero,
        (
            Mutant(
                "sign",
                lambda g, a, b: (unbroadcast(g / b, a.shape), unbroadcast(g * a / (b * b), b.shape)),
                "a is not 0",
            ),
            Mutant(
                "wrong power",
                lambda g, a, b: (unbroadcast(g / b, a.shape), unbroadcast(-g * a / b, b.shape)),
                "b is not 1",
            ),
        ),
    ),
    Family(
        "squared difference",
        lambda a, b: (a - b) ** 2,
        lambda g, a, b: (unbroadcast(2 * g * (a - b), a.shape), unbroadcast(2 * g * (b - a), b.shape)),
        ("a", "b"),
        _pair(),
        (Mutant("inputs returned", lambda g, a, b: (a * 1, b * 1), "any"),),
    ),
    Family(
        "maximum",
        lambda a, b: np.where(a > b, a, b),
        _maximum_vjp,
        ("a", "b"),
        _pair(),
        (
            Mutant(
                "mask side",
                lambda g, a, b: tuple(
                    unbroadcast(g * m, s) for m, s in ((a < b, a.shape), (b <= a, b.shape))
                ),
                "any",
            ),
            Mutant(
                "both sides",
                lambda g, a, b: (unbroadcast(g, a.shape), unbroadcast(g * (b > a), b.shape)),
                "b is larger",
            ),
        ),
    ),
    Family(
        "where",
        lambda mask, a, b: np.where(mask, a, b),
        _where_vjp,
        ("a", "b"),
        _where_draw,
        (
            Mutant("mask side", lambda g, mask, a, b: _where_vjp(g, ~mask, a, b), "any"),
            Mutant(
                "mask forgotten",
                lambda g, mask, a, b: (unbroadcast(g, a.shape), unbroadcast(np.where(mask, 0, g), b.shape)),
                "the mask is not all true",
            ),
        ),
    ),
    Family(
        "power",
        lambda x, p: x**p,
        _power_vjp,
        ("x",),
        _power_draw,
        (
            Mutant("special point", lambda g, x, p: (g * p * x ** (p - 1),), "x = 0 where p = 0"),
            Mutant(
                "mask side",
                lambda g, x, p: (g * np.where(p == 0, 0, p * np.abs(x) ** np.where(p == 0, 1, p - 1)),),
                "negative x with even p",
            ),
        ),
    ),
    Family(
        "x to the y",
        lambda x, p: x**p,
        _power_both_vjp,
        ("x", "p"),
        _power_both_draw,
        (Mutant("missing factor", lambda g, x, p: (g * p * x ** (p - 1), g * x**p), "x is not e"),),
    ),
    Family(
        "logaddexp",
        _logaddexp,
        _logaddexp_vjp,
        ("a", "b"),
        _pair(),
        (
            Mutant(
                "swapped",
                lambda g, a, b: (
                    unbroadcast(g * sigmoid(b - a), a.shape),
                    unbroadcast(g * sigmoid(a - b), b.shape),
                ),
                "a is not b",
            ),
        ),
    ),
    Family(
        "min plus",
        _min_plus,
        _min_plus_vjp,
        ("a", "b"),
        _min_plus_draw,
        (Mutant("mask side", _min_plus_max, "more than one inner index"),),
    ),
    Family(
        "relu(x) - relu(-x)",
        lambda x: relu(x) - relu(-x),
        _relu_difference_vjp,
        ("x",),
        _anything(1e3),
        (Mutant("mask side", lambda g, x: (g * (step(x) - step(-x)),), "negative entries"),),
        convention=True,
    ),
    Family(
        "diamond",
        _diamond,
        _diamond_vjp,
        ("x",),
        _anything(10),
        (
            Mutant("missing path", _diamond_once, "any"),
            Mutant("counted twice", _diamond_twice, "any"),
        ),
    ),
    Family(
        "f(x, x)",
        lambda x: x * np.roll(x, 1, axis=-1),
        lambda g, x: (g * np.roll(x, 1, -1) + np.roll(g, -1, -1) * np.roll(x, -1, -1),),
        ("x",),
        _anything(1e3),
        (
            Mutant("missing path", lambda g, x: (g * np.roll(x, 1, -1),), "any"),
            Mutant(
                "wrong shift",
                lambda g, x: (g * np.roll(x, 1, -1) + np.roll(g, 1, -1) * np.roll(x, 1, -1),),
                "more than two columns",
            ),
        ),
    ),
)


FAMILIES = [*map(_unary, UNARY), *BINARY]
