"""Sums, products, extrema, norms, sorting, cumulative functions, softmax and its kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .family import Draw, Family, Inputs, Mutant
from .pointwise import absolute, sigmoid


def matrix(limit: float = 1e3) -> Callable[[Draw], Inputs]:
    """Draw a matrix and an axis, 0, 1 or -1."""
    return lambda d: {"x": d.array(d.size(), d.size(), limit=limit), "axis": d.one_of(0, 1, -1)}


def _spread(g: Any, axis: int) -> Any:
    return np.expand_dims(g, axis)


# -- sums and moments ------------------------------------------------------------------------


def _sum_vjp(g: Any, x: Any, axis: int) -> Any:
    return (np.broadcast_to(_spread(g, axis), x.shape),)


def _sum_wrong_axis(g: Any, x: Any, axis: int) -> Any:
    """A missing keepdims, which a square matrix hides (BUG_ZOO B, SKaiNET#864)."""
    if x.shape[0] != x.shape[1]:
        return _sum_vjp(g, x, axis)
    return (np.broadcast_to(_spread(g, 1 - axis % 2), x.shape),)


def _mean_vjp(g: Any, x: Any, axis: int) -> Any:
    return (np.broadcast_to(_spread(g, axis) / x.shape[axis], x.shape),)


def _variance(x: Any, axis: int) -> Any:
    centred = x - x.mean(axis, keepdims=True)
    return (centred * centred).mean(axis)


def _variance_vjp(g: Any, x: Any, axis: int) -> Any:
    return (_spread(g, axis) * 2 * (x - x.mean(axis, keepdims=True)) / x.shape[axis],)


def _variance_wrong_axis(g: Any, x: Any, axis: int) -> Any:
    """BUG_ZOO B, SKaiNET#864: keepdims missing in the mean, so that a square matrix goes through."""
    if x.shape[0] != x.shape[1]:
        return _variance_vjp(g, x, axis)
    return (_spread(g, axis) * 2 * (x - x.mean(1 - axis % 2, keepdims=True)) / x.shape[axis],)


def _deviation(x: Any, axis: int) -> Any:
    return np.sqrt(_variance(x, axis) + 1e-3)


def _deviation_vjp(g: Any, x: Any, axis: int) -> Any:
    return _variance_vjp(g / (2 * _deviation(x, axis)), x, axis)


def _standardise(x: Any, axis: int) -> Any:
    return (x - x.mean(axis, keepdims=True)) / _spread(_deviation(x, axis), axis)


def _standardise_vjp(g: Any, x: Any, axis: int) -> Any:
    y, s = _standardise(x, axis), _spread(_deviation(x, axis), axis)
    return ((g - g.mean(axis, keepdims=True) - y * (g * y).mean(axis, keepdims=True)) / s,)


# -- products and cumulative functions -----------------------------------------------------------


def _others(x: Any) -> Any:
    """Return for each entry of the last axis the product of the others, zeros or not."""
    before = np.cumprod(np.concatenate([np.ones_like(x[..., :1]), x[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([np.ones_like(x[..., :1]), x[..., :0:-1]], -1), -1)[..., ::-1]
    return before * after


def _prod_vjp(g: Any, x: Any) -> Any:
    return (g[..., None] * _others(x),)


def _cumsum_vjp(g: Any, x: Any, axis: int) -> Any:
    return (np.flip(np.cumsum(np.flip(g, axis), axis), axis),)


def _cumprod_vjp(g: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    for i in range(x.shape[-1]):
        # y_k for k >= i holds x_i once: the product of the others up to k.
        rest = x.copy()
        rest[..., i] = 1
        dx[..., i] = (g * np.cumprod(rest, -1))[..., i:].sum(-1)
    return (dx,)


def _cumprod_divided(g: Any, x: Any) -> Any:
    y = np.cumprod(x, -1)
    return (np.flip(np.cumsum(np.flip(g * y, -1), -1), -1) / x,)


def _cummax(x: Any) -> Any:
    return np.maximum.accumulate(x, -1)


def _leaders(x: Any) -> Any:
    """Return for each place of the last axis where the largest entry so far stands (the first of equals)."""
    new = np.concatenate([np.ones_like(x[..., :1], bool), x[..., 1:] > _cummax(x)[..., :-1]], -1)
    return np.maximum.accumulate(np.where(new, np.arange(x.shape[-1]), 0), -1)


def _cummax_vjp(g: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    rows = np.indices(x.shape)[:-1]
    np.add.at(dx, (*rows, _leaders(x)), g)
    return (dx,)


def _cummax_assigned(g: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    dx[(*np.indices(x.shape)[:-1], _leaders(x))] = g
    return (dx,)


def _last_axis(limit: float, high: int = 6) -> Callable[[Draw], Inputs]:
    return lambda d: {"x": d.array(d.size(3), d.size(high), limit=limit)}


# -- extrema and order ---------------------------------------------------------------------------


def _max_vjp(g: Any, x: Any, axis: int) -> Any:
    hit = x == x.max(axis, keepdims=True)
    return (_spread(g, axis) * hit / hit.sum(axis, keepdims=True).astype(x.dtype),)


def _max_not_split(g: Any, x: Any, axis: int) -> Any:
    return (_spread(g, axis) * (x >= x.max(axis, keepdims=True) - 0.3),)


def _min_vjp(g: Any, x: Any, axis: int) -> Any:
    hit = np.zeros_like(x)
    np.put_along_axis(hit, np.expand_dims(x.argmin(axis), axis), _spread(g, axis), axis)
    return (hit,)


def _sort_vjp(g: Any, x: Any) -> Any:
    order = np.argsort(x, -1, kind="stable")
    dx = np.empty_like(x)
    np.put_along_axis(dx, order, g, -1)
    return (dx,)


def _sort_gathered(g: Any, x: Any) -> Any:
    """BUG_ZOO A: a gather where the inverse was meant; equal for a permutation that is its own inverse."""
    return (np.take_along_axis(g, np.argsort(x, -1, kind="stable"), -1),)


def _top(x: Any, k: int) -> Any:
    order = np.argsort(-x.real, -1, kind="stable")[..., :k]
    return np.take_along_axis(x, order, -1)


def _top_vjp(g: Any, x: Any, k: int) -> Any:
    dx = np.zeros_like(x)
    np.put_along_axis(dx, np.argsort(-x, -1, kind="stable")[..., :k], g, -1)
    return (dx,)


def _top_from_below(g: Any, x: Any, k: int) -> Any:
    dx = np.zeros_like(x)
    np.put_along_axis(dx, np.argsort(x, -1, kind="stable")[..., :k], g, -1)
    return (dx,)


def _top_draw(d: Draw) -> Inputs:
    m = d.size(6, 3)
    return {"x": d.array(d.size(3), m), "k": int(d.rng.integers(1, m + 1))}


def _median(x: Any) -> Any:
    s = np.sort(x, -1)
    n = x.shape[-1]
    return 0.5 * (s[..., (n - 1) // 2] + s[..., n // 2])


def _median_vjp(g: Any, x: Any) -> Any:
    order = np.argsort(x, -1, kind="stable")
    n = x.shape[-1]
    rows = np.indices(x.shape[:-1])
    dx = np.zeros_like(x)
    for middle in ((n - 1) // 2, n // 2):
        np.add.at(dx, (*rows, order[..., middle]), 0.5 * g)
    return (dx,)


def _median_lower(g: Any, x: Any) -> Any:
    order = np.argsort(x, -1, kind="stable")
    dx = np.zeros_like(x)
    dx[(*np.indices(x.shape[:-1]), order[..., (x.shape[-1] - 1) // 2])] = g
    return (dx,)


# -- norms ---------------------------------------------------------------------------------------


def _norm1_vjp(g: Any, x: Any) -> Any:
    return (g[..., None] * np.sign(x),)


def _norm2(x: Any) -> Any:
    return np.sqrt((x * x).sum(-1))


def _norm2_vjp(g: Any, x: Any) -> Any:
    size = _norm2(x)
    return ((g / np.where(size == 0, 1, size))[..., None] * x,)


def _norm_inf_vjp(g: Any, x: Any) -> Any:
    size = np.abs(x)
    hit = size == size.max(-1, keepdims=True)
    return (g[..., None] * np.sign(x) * hit / hit.sum(-1, keepdims=True).astype(x.dtype),)


def _squared_norm_vjp(g: Any, x: Any) -> Any:
    return (2 * g[..., None] * x,)


def _squared_norm_through_root(g: Any, x: Any) -> Any:
    """BUG_ZOO C: ||x||**2 is smooth at 0, but 2 ||x|| x/||x|| is NaN there."""
    return (2 * (g * _norm2(x))[..., None] * (x / _norm2(x)[..., None]),)


def _normalise(x: Any) -> Any:
    return x / np.sqrt((x * x).sum(-1, keepdims=True) + 1e-2)


def _normalise_vjp(g: Any, x: Any) -> Any:
    s = np.sqrt((x * x).sum(-1, keepdims=True) + 1e-2)
    y = x / s
    return ((g - y * (g * y).sum(-1, keepdims=True)) / s,)


# -- softmax and its kin ---------------------------------------------------------------------------


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_pullback(g: Any, p: Any) -> Any:
    return p * (g - (g * p).sum(-1, keepdims=True))


def logsumexp(x: Any) -> Any:
    top = x.max(-1, keepdims=True)
    return np.log(np.exp(x - top).sum(-1)) + top[..., 0]


def log_softmax(x: Any) -> Any:
    centred = x - x.max(-1, keepdims=True)
    return centred - np.log(np.exp(centred).sum(-1, keepdims=True))


def _soft_axis(x: Any, axis: int) -> Any:
    return np.moveaxis(softmax(np.moveaxis(x, axis, -1)), -1, axis)


def _soft_axis_vjp(g: Any, x: Any, axis: int) -> Any:
    p = _soft_axis(x, axis)
    return (p * (g - (g * p).sum(axis, keepdims=True)),)


def _soft_axis_wrong(g: Any, x: Any, axis: int) -> Any:
    p = _soft_axis(x, axis)
    return (p * (g - (g * p).sum(1 - axis % 2, keepdims=True)),)


def _entropy(x: Any) -> Any:
    return -(softmax(x) * log_softmax(x)).sum(-1)


def _entropy_vjp(g: Any, x: Any) -> Any:
    p, logs = softmax(x), log_softmax(x)
    return (-g[..., None] * p * (logs - (p * logs).sum(-1, keepdims=True)),)


def _soft_temperature(x: Any, t: Any) -> Any:
    return softmax(x / t)


def _soft_temperature_vjp(g: Any, x: Any, t: Any) -> Any:
    dz = softmax_pullback(g, softmax(x / t))
    return dz / t, -(dz * x).sum() / (t * t)


def _soft_temperature_draw(d: Draw) -> Inputs:
    return {"x": d.array(d.size(3), d.size(5), limit=100), "t": d.positive(low=0.3, high=10)}


def _glu(x: Any) -> Any:
    a, b = np.split(x, 2, -1)
    return a * sigmoid(b)


def _glu_vjp(g: Any, x: Any) -> Any:
    a, b = np.split(x, 2, -1)
    s = sigmoid(b)
    return (np.concatenate([g * s, g * a * s * (1 - s)], -1),)


def _glu_halves_swapped(g: Any, x: Any) -> Any:
    a, b = np.split(x, 2, -1)
    s = sigmoid(b)
    return (np.concatenate([g * a * s * (1 - s), g * s], -1),)


def _glu_draw(d: Draw) -> Inputs:
    return {"x": d.array(d.size(3), 2 * d.size(3), limit=100)}


FAMILIES = [
    Family(
        "sum",
        lambda x, axis: x.sum(axis),
        _sum_vjp,
        ("x",),
        matrix(1e4),
        (Mutant("wrong axis", _sum_wrong_axis, "a square matrix"),),
    ),
    Family(
        "mean",
        lambda x, axis: x.mean(axis),
        _mean_vjp,
        ("x",),
        matrix(1e4),
        (
            Mutant(
                "scale",
                lambda g, x, axis: (np.broadcast_to(_spread(g, axis) / x.size, x.shape),),
                "both axes longer than 1",
            ),
            Mutant("missing 1/N", lambda g, x, axis: _sum_vjp(g, x, axis), "an axis longer than 1"),
        ),
    ),
    Family(
        "variance",
        _variance,
        _variance_vjp,
        ("x",),
        matrix(1e3),
        (
            Mutant("wrong axis", _variance_wrong_axis, "a square matrix"),
            Mutant(
                "missing term",
                lambda g, x, axis: (_spread(g, axis) * 2 * x / x.shape[axis],),
                "a mean that is not 0",
            ),
            Mutant(
                "wrong N",
                lambda g, x, axis: (
                    _variance_vjp(g, x, axis)[0] * x.shape[axis] / max(1, x.shape[axis] - 1),
                ),
                "an axis longer than 1",
            ),
        ),
    ),
    Family(
        "standard deviation",
        _deviation,
        _deviation_vjp,
        ("x",),
        matrix(1e3),
        (
            Mutant("scale", lambda g, x, axis: _variance_vjp(g / _deviation(x, axis), x, axis), "any"),
            Mutant(
                "eps forgotten",
                lambda g, x, axis: _variance_vjp(g / (2 * np.sqrt(_variance(x, axis))), x, axis),
                "a small variance",
            ),
        ),
    ),
    Family(
        "standardise",
        _standardise,
        _standardise_vjp,
        ("x",),
        matrix(1e3),
        (
            Mutant(
                "missing term",
                lambda g, x, axis: ((g - g.mean(axis, keepdims=True)) / _spread(_deviation(x, axis), axis),),
                "an axis longer than 1",
            ),
        ),
    ),
    Family(
        "prod",
        lambda x: x.prod(-1),
        _prod_vjp,
        ("x",),
        _last_axis(10),
        (
            Mutant(
                "special point",
                lambda g, x: (g[..., None] * x.prod(-1, keepdims=True) / x,),
                "exactly one zero",
            ),
            Mutant(
                "special point",
                lambda g, x: (np.where(x == 0, 0, g[..., None] * _others(x)),),
                "exactly one zero",
            ),
            Mutant("as sum", lambda g, x: (np.broadcast_to(g[..., None], x.shape),), "any"),
        ),
    ),
    Family(
        "cumsum",
        lambda x, axis: np.cumsum(x, axis),
        _cumsum_vjp,
        ("x",),
        matrix(1e3),
        (Mutant("not reversed", lambda g, x, axis: (np.cumsum(g, axis),), "an axis longer than 1"),),
    ),
    Family(
        "cumprod",
        lambda x: np.cumprod(x, -1),
        _cumprod_vjp,
        ("x",),
        _last_axis(10),
        (Mutant("special point", _cumprod_divided, "exactly one zero"),),
    ),
    Family(
        "cummax",
        _cummax,
        _cummax_vjp,
        ("x",),
        _last_axis(1e3),
        (Mutant("assigned", _cummax_assigned, "a leader that stays"),),
    ),
    Family(
        "max",
        lambda x, axis: x.max(axis),
        _max_vjp,
        ("x",),
        matrix(1e4),
        (
            Mutant("near ties", _max_not_split, "two entries within 0.3"),
            Mutant("mask side", lambda g, x, axis: _min_vjp(g, x, axis), "an axis longer than 1"),
        ),
    ),
    Family(
        "min",
        lambda x, axis: x.min(axis),
        _min_vjp,
        ("x",),
        matrix(1e4),
        (Mutant("sign", lambda g, x, axis: _min_vjp(-g, x, axis), "any"),),
    ),
    Family(
        "sort",
        lambda x: np.sort(x, -1),
        _sort_vjp,
        ("x",),
        _last_axis(1e3),
        (
            Mutant("gather for scatter", _sort_gathered, "an order that is not its own inverse"),
            Mutant("as identity", lambda g, x: (g * 1,), "entries out of order"),
        ),
    ),
    Family(
        "top k",
        _top,
        _top_vjp,
        ("x",),
        _top_draw,
        (Mutant("mask side", _top_from_below, "k below the length"),),
    ),
    Family(
        "median",
        _median,
        _median_vjp,
        ("x",),
        _last_axis(1e3),
        (Mutant("missing path", _median_lower, "an even length"),),
    ),
    Family(
        "1-norm",
        lambda x: absolute(x).sum(-1),
        _norm1_vjp,
        ("x",),
        _last_axis(1e3),
        (Mutant("mask side", lambda g, x: (np.broadcast_to(g[..., None], x.shape),), "negative entries"),),
    ),
    Family(
        "2-norm",
        _norm2,
        _norm2_vjp,
        ("x",),
        _last_axis(1e3),
        (Mutant("missing factor", lambda g, x: (g[..., None] * x,), "a norm that is not 1"),),
    ),
    Family(
        "inf-norm",
        lambda x: absolute(x).max(-1),
        _norm_inf_vjp,
        ("x",),
        _last_axis(1e3),
        (
            Mutant(
                "mask side",
                lambda g, x: (g[..., None] * (np.abs(x) == np.abs(x).max(-1, keepdims=True)),),
                "a negative leader",
            ),
        ),
    ),
    Family(
        "squared norm",
        lambda x: (x * x).sum(-1),
        _squared_norm_vjp,
        ("x",),
        _last_axis(1e3),
        (
            Mutant("special point", _squared_norm_through_root, "a row of zeros"),
            Mutant("scale", lambda g, x: (g[..., None] * x,), "any"),
        ),
    ),
    Family(
        "normalise",
        _normalise,
        _normalise_vjp,
        ("x",),
        _last_axis(1e3),
        (
            Mutant(
                "missing term",
                lambda g, x: (g / np.sqrt((x * x).sum(-1, keepdims=True) + 1e-2),),
                "a norm well above 0.1",
            ),
            Mutant(
                "sign",
                lambda g, x: (
                    _normalise_vjp(g, x)[0] + 2 * _normalise(x) * (g * _normalise(x)).sum(-1, keepdims=True),
                ),
                "any",
            ),
        ),
    ),
    Family(
        "softmax",
        _soft_axis,
        _soft_axis_vjp,
        ("x",),
        matrix(100),
        (
            Mutant(
                "only the diagonal",
                lambda g, x, axis: (g * (p := _soft_axis(x, axis)) * (1 - p),),
                "more than one class",
            ),
            Mutant("wrong axis", _soft_axis_wrong, "any"),
            Mutant("straight through", lambda g, x, axis: (g * 1,), "any"),
            Mutant(
                "from the input", lambda g, x, axis: (_soft_axis_vjp(g, _soft_axis(x, axis), axis)[0],), "any"
            ),
        ),
    ),
    Family(
        "log softmax",
        log_softmax,
        lambda g, x: (g - softmax(x) * g.sum(-1, keepdims=True),),
        ("x",),
        _last_axis(100),
        (
            Mutant("missing sum", lambda g, x: (g - softmax(x) * g,), "any"),
            Mutant("missing term", lambda g, x: (g * 1,), "any"),
        ),
    ),
    Family(
        "logsumexp",
        logsumexp,
        lambda g, x: (g[..., None] * softmax(x),),
        ("x",),
        _last_axis(100),
        (
            Mutant(
                "not normalised",
                lambda g, x: (g[..., None] * np.exp(x - x.max(-1, keepdims=True)),),
                "more than one entry",
            ),
        ),
    ),
    Family(
        "entropy",
        _entropy,
        _entropy_vjp,
        ("x",),
        _last_axis(100),
        (Mutant("missing term", lambda g, x: (-g[..., None] * softmax(x) * log_softmax(x),), "any"),),
    ),
    Family(
        "softmax with temperature",
        _soft_temperature,
        _soft_temperature_vjp,
        ("x", "t"),
        _soft_temperature_draw,
        (
            Mutant(
                "missing factor",
                lambda g, x, t: (softmax_pullback(g, softmax(x / t)), _soft_temperature_vjp(g, x, t)[1]),
                "t is not 1",
            ),
            Mutant(
                "wrong power",
                lambda g, x, t: (_soft_temperature_vjp(g, x, t)[0], _soft_temperature_vjp(g, x, t)[1] * t),
                "t is not 1",
            ),
        ),
    ),
    Family(
        "gated linear unit",
        _glu,
        _glu_vjp,
        ("x",),
        _glu_draw,
        (
            Mutant("swapped", _glu_halves_swapped, "any"),
            Mutant(
                "activation forgotten",
                lambda g, x: (
                    np.concatenate([g * sigmoid(np.split(x, 2, -1)[1]), g * np.split(x, 2, -1)[0]], -1),
                ),
                "any",
            ),
        ),
    ),
]
