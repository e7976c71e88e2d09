"""The derivative of an activation: forgotten, taken at the wrong place, or of another function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from gradtest.spaces import arrays

from .entrywise import Array
from .measured import Measured
from .paths import parts_along
from .suspicion import Cases, Suspicion, holds

__all__ = [
    "arguments_swapped",
    "elementwise_slope",
    "gate_slope",
    "hidden_slope",
    "output_slope",
    "slope_elsewhere",
]


#: Slopes smaller than this are too inexact to divide by.
_SATURATED = 1e-3


def _sigmoid(z: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * z)))


def _between(low: float, high: float) -> Callable[[Array], bool]:
    return lambda y: bool(np.all((y >= low) & (y <= high)))


#: Slopes in terms of the output y: their name, where y must lie, the slope, and what the slope
#: becomes when it is taken at the output once more.
SLOPES: tuple[tuple[str, str, Callable[[Array], bool], Callable[[Array], Array]], ...] = (
    ("sigmoid", "y (1 - y)", _between(0, 1), lambda y: y * (1 - y)),
    ("tanh", "1 - y**2", _between(-1, 1), lambda y: 1 - y * y),
    ("relu", "y > 0", _between(0, np.inf), lambda y: np.asarray(y > 0, dtype=float)),
    ("exp", "y", _between(0, np.inf), lambda y: y),
    ("softplus", "1 - exp(-y)", _between(0, np.inf), lambda y: -np.expm1(-y)),
    ("elu", "min(y, 0) + 1", _between(-1, np.inf), lambda y: np.minimum(y, 0) + 1),
    ("sin", "sqrt(1 - y**2)", _between(-1, 1), lambda y: np.sqrt(np.maximum(1 - y * y, 0))),
    ("sqrt", "1 / (2 y)", _between(0, np.inf), lambda y: 0.5 / y),
)

#: What was put in its place: 1, the same formula at another place, another formula.
_INSTEAD: dict[str, tuple[tuple[str, Callable[[Array], Array]], ...]] = {
    "sigmoid": (
        ("at the output", lambda y: _sigmoid(y) * _sigmoid(-y)),
        ("as that of tanh, 1 - y**2", lambda y: 1 - y * y),
        ("twice", lambda y: (y * (1 - y)) ** 2),
        ("as 1 - y", lambda y: 1 - y),
        ("as y", lambda y: y),
    ),
    "tanh": (
        ("at the output", lambda y: 1 - np.tanh(y) ** 2),
        ("as that of sigmoid, y (1 - y)", lambda y: y * (1 - y)),
        ("twice", lambda y: (1 - y * y) ** 2),
        ("as 1 - y", lambda y: 1 - y),
        ("as y", lambda y: y),
    ),
    "relu": (("on the wrong side", lambda y: np.asarray(y <= 0, dtype=float)),),
    "exp": (("at the output", lambda y: np.exp(y)), ("twice", lambda y: y * y)),
    "softplus": (("at the output", _sigmoid), ("as that of relu", lambda y: np.ones_like(y))),
}


def output_slope(cases: Cases) -> Suspicion | None:
    """The slope of the last activation, in terms of the output, is forgotten or another one."""
    y = cases[0].y
    if y is None:
        return None
    for name, formula, domain, slope in SLOPES:
        if not all(m.y is not None and domain(m.y) for m in cases):
            continue
        words = holds(cases, lambda m, slope=slope: _divided(m, slope, np.ones_like))  # type: ignore[misc]
        if words:
            return Suspicion(
                "GT111",
                f"the slope {formula} at the output is missing",
                f"analytic * ({formula}) = numeric, as for {name}, {words}",
            )
        for phrase, other in _INSTEAD.get(name, ()):
            words = holds(cases, lambda m, slope=slope, other=other: _divided(m, slope, other))  # type: ignore[misc]
            if words:
                return Suspicion(
                    "GT111",
                    f"the slope of {name} is taken {phrase}",
                    f"analytic = numeric with that in place of {formula} {words}",
                )
    return None


def _divided(m: Measured, slope: Callable[[Array], Array], other: Callable[[Array], Array]) -> bool | None:
    """Whether the upstream gradient times other / slope explains the analytic gradient."""
    if m.y is None or m.g is None:
        return False
    if m.jacobian is None:
        return None
    with np.errstate(all="ignore"):
        steep = np.abs(slope(m.y)) >= _SATURATED
        weight = other(m.y) / slope(m.y)
    if not steep.all():
        masked = _without(m, ~steep)
        if masked is None or masked.g is None or masked.jacobian is None:
            return None
        m = masked
    upstream = m.g * np.where(steep, weight, 0.0)
    return (
        m.fits((upstream.reshape(-1) @ m.jacobian).reshape(m.shape)) if np.isfinite(upstream).all() else None
    )


def _without(m: Measured, outputs: Array) -> Measured | None:
    """Return a case with a cotangent that leaves some outputs out; None where that is not to be had."""
    if m.g is None or m.jacobian is None or outputs.all() or m.probe.case.target.form != "vjp":
        return None
    kept = np.where(outputs, 0.0, m.g)
    analytic = m.back(kept)
    if analytic is None:
        return None
    numeric = (kept.reshape(-1) @ m.jacobian).reshape(m.shape)
    cotangents = {i: arrays.like(w, kept) for i, w in m.probe.cotangents.items()}
    return replace(m, probe=m.probe.at(m.probe.leaves, cotangents), analytic=analytic, numeric=numeric)


# -- maps of every entry by itself ----------------------------------------------------------------

Formula = tuple[str, Callable[[Array, Array, Array], Array]]

#: What a claimed slope may have been instead of n, at input x and output y.
_FORMULAS: tuple[Formula, ...] = (
    ("the output itself", lambda x, y, n: y),
    ("the input itself", lambda x, y, n: x),
    ("y / x: a slope inside is missing", lambda x, y, n: y / x),
    ("y (1 - y), of sigmoid", lambda x, y, n: y * (1 - y)),
    ("1 - y**2, of tanh", lambda x, y, n: 1 - y * y),
    ("x (1 - x), of the input", lambda x, y, n: x * (1 - x)),
    ("1 - x**2, of the input", lambda x, y, n: 1 - x * x),
    ("1 - y", lambda x, y, n: 1 - y),
    ("1 / numeric: upside down", lambda x, y, n: 1 / n),
    ("numeric squared: taken twice", lambda x, y, n: n * n),
    ("the size of numeric", lambda x, y, n: np.abs(n)),
    ("that of relu: 1 where x is positive", lambda x, y, n: np.asarray(x > 0, dtype=float)),
    ("that of tanh, 1 - tanh(x)**2", lambda x, y, n: 1 - np.tanh(x) ** 2),
    ("that of sigmoid", lambda x, y, n: _sigmoid(x) * _sigmoid(-x)),
    ("that of softplus, sigmoid(x)", lambda x, y, n: _sigmoid(x)),
    ("that of exp", lambda x, y, n: np.exp(x)),
    ("that of log, 1 / x", lambda x, y, n: 1 / x),
    ("that of sin, cos(x)", lambda x, y, n: np.cos(x)),
    ("that of cos, -sin(x)", lambda x, y, n: -np.sin(x)),
    ("that of the square, 2 x", lambda x, y, n: 2 * x),
)


def elementwise_slope(cases: Cases) -> Suspicion | None:
    """For a map of every entry by itself: a known formula in place of the slope."""
    return _formula(cases, "")


def gate_slope(cases: Cases) -> Suspicion | None:
    """The same beside a factor that is another input, as in a gate."""
    for name in _alike(cases[0]):
        suspicion = _formula(cases, name)
        if suspicion is not None:
            return suspicion
    return None


def _formula(cases: Cases, beside: str) -> Suspicion | None:
    cases = _by_entries(cases)
    for phrase, formula in _FORMULAS:
        words = holds(cases, lambda m, formula=formula: _claimed(m, formula, beside))  # type: ignore[misc]
        if words:
            code = "GT113" if phrase.startswith("y / x") else "GT111"
            times = f"{beside} times " if beside else ""
            return Suspicion(
                code,
                f"the slope is {times}{phrase}",
                f"analytic / upstream = {times}{phrase.split(':')[0]} {words}",
            )
    return None


def _alike(m: Measured) -> list[str]:
    """Return the other inputs of the shape of the block."""
    return [name for name, value in m.reals.items() if name != m.name and value.shape == m.shape]


def _claimed(m: Measured, formula: Callable[[Array, Array, Array], Array], beside: str) -> bool | None:
    assert m.y is not None
    assert m.g is not None
    times: Array | float = m.reals[beside] if beside else 1.0
    with np.errstate(all="ignore"):
        return m.fits(m.g * times * formula(m.x, m.y, m.numeric / m.g))


def _by_entries(cases: Cases) -> Cases:
    """Return the cases, if the map works on every entry by itself in all in which that can be told."""
    told = [(m, _elementwise(m)) for m in cases]
    wholly = all(answer is not False for _, answer in told)
    return Cases(m for m, answer in told if answer) if wholly else Cases()


def _elementwise(m: Measured) -> bool | None:
    """Whether the map works on every entry by itself; None where an entry could not be measured."""
    if m.y is None or m.y.shape != m.shape:
        return False
    if m.x.size == 1:
        return True
    return None if m.jacobian is None else not np.any(m.jacobian - np.diag(np.diag(m.jacobian)))


def slope_elsewhere(cases: Cases) -> Suspicion | None:
    """For a map of every entry by itself: the right slope at another place."""
    cases = _by_entries(cases)
    places: tuple[tuple[str, Callable[[Measured], Array | None]], ...] = (
        ("at the output", lambda m: m.y),
        ("at -x", lambda m: -m.x),
        ("at abs(x)", lambda m: np.abs(m.x)),
        ("at 0", lambda m: 0 * m.x),
    )
    for phrase, place in places:
        words = holds(cases[:10], lambda m, place=place: _slope_at(m, place(m)))  # type: ignore[misc]
        if not words:
            continue
        if phrase == "at -x" and all(map(_few_slopes, cases)):
            return Suspicion(
                "GT108", "its two sides are swapped: the wrong side", f"analytic = numeric at -x {words}"
            )
        return Suspicion("GT111", f"the slope is taken {phrase}", f"analytic = numeric {phrase} {words}")
    return None


def _slope_at(m: Measured, place: Array | None) -> bool | None:
    if place is None or np.array_equal(place, m.x):
        return False if place is None else None
    return m.fits(m.numeric_at({m.name: place}))


def _few_slopes(m: Measured) -> bool:
    """Whether the slope takes at most two values: a map made of straight pieces."""
    assert m.g is not None
    return len(set(np.round((m.numeric / m.g)[m.known], 9))) <= 2


def arguments_swapped(cases: Cases) -> Suspicion | None:
    """For a map of every entry by itself: right with two arguments in each other's place, x**a for a**x."""
    cases = _by_entries(cases)
    for name in _alike(cases[0]) if cases else ():

        def swapped(m: Measured, name: str = name) -> bool | None:
            if name not in _alike(m):
                return False
            other = m.numeric_swapped(name)
            if other is None or not m.fits(other):
                return None if other is None else m.fits(other)
            return None if _of_the_difference(m, name) else True

        words = holds(cases[:12], swapped)
        if words:
            return Suspicion(
                "GT109",
                f"it is right with {cases[0].name} and {name} swapped in the function",
                f"analytic = numeric for {name} where the two change places {words}",
            )
    return None


def _of_the_difference(m: Measured, name: str) -> bool:
    """Whether the map depends on the difference of two inputs alone: then to swap them is to mirror it."""
    other = m.numeric_of(name)
    if other is None:
        return True  # nothing is left to ask with
    asked = m.known & np.isfinite(other)
    return bool(np.allclose(other[asked], -m.numeric[asked], rtol=1e-6))


# -- the first layer of a network -----------------------------------------------------------------


def hidden_slope(cases: Cases) -> Suspicion | None:
    """The slope of a hidden activation is missing or another, behind an affine layer that the inputs name."""
    for layer in _layers(cases[0]):
        where = " @ ".join(layer[:2]) + "".join(f" + {b}" for b in layer[2:])
        for name, activation, slope in _ACTIVATIONS:
            for phrase, other in (("", _one), *_INSTEAD[name]):

                def weight(
                    z: Array,
                    activation: Callable[[Array], Array] = activation,
                    slope: Callable[[Array], Array] = slope,
                    other: Callable[[Array], Array] = other,
                ) -> Array:
                    return other(activation(z)) / slope(activation(z))

                words = holds(cases, lambda m, layer=layer, weight=weight: _with_slope(m, layer, weight))  # type: ignore[misc]
                if words and phrase:
                    return Suspicion(
                        "GT111",
                        f"the slope of the hidden activation ({name}) is taken {phrase}",
                        f"analytic = numeric with that in place of the slope at {where} {words}",
                    )
                if words:
                    return Suspicion(
                        "GT111",
                        f"the slope of the activation is missing ({name})",
                        f"analytic / numeric = 1 / the slope of {name} at {where} {words}",
                    )
    return None


def _one(y: Array) -> Array:
    return np.ones_like(y)


_ACTIVATIONS: tuple[tuple[str, Callable[[Array], Array], Callable[[Array], Array]], ...] = (
    ("tanh", np.tanh, lambda h: 1 - h * h),
    ("sigmoid", _sigmoid, lambda h: h * (1 - h)),
    ("relu", lambda z: np.maximum(z, 0), lambda h: np.asarray(h > 0, dtype=float)),
)


def _layers(m: Measured) -> Iterator[tuple[str, ...]]:
    """Yield names (a, b) or (a, b, bias) of inputs that make an affine layer of which the block is part."""
    matrices = [name for name, value in m.reals.items() if value.ndim == 2]
    for a in matrices:
        for b in matrices:
            if a == b or m.reals[a].shape[1] != m.reals[b].shape[0]:
                continue
            for bias, value in m.reals.items():
                if value.ndim == 1 and value.shape[0] == m.reals[b].shape[1] and m.name in (a, b, bias):
                    yield a, b, bias
            if m.name in (a, b):
                yield a, b


def _with_slope(m: Measured, layer: tuple[str, ...], other: Callable[[Array], Array]) -> bool | None:
    """Whether each example's share of the analytic gradient is that of numeric times `other` of the layer."""
    if any(name not in m.reals for name in layer) or m.g is None or m.g.ndim != 2:
        return False
    x, w = m.reals[layer[0]], m.reals[layer[1]]
    if x.ndim != 2 or w.ndim != 2 or x.shape[1] != w.shape[0] or len(m.g) != len(x):
        return False
    parts = parts_along(m, 0)
    if parts is None:
        return None
    bias = m.reals[layer[2]] if len(layer) > 2 else np.zeros(w.shape[1])
    if bias.shape != (w.shape[1],):
        return False
    z = x @ w + bias
    with np.errstate(all="ignore"):
        weight = other(z)
        steep = np.all(np.abs(weight) < 1 / _SATURATED, axis=0)
    if not steep.any():
        return None
    weight = np.where(steep, weight, 0.0)
    m = replace(m, error=np.where(steep, m.error, np.inf))  # a unit that is saturated tells nothing
    if m.name == layer[1]:
        return m.fits((parts * weight[:, None, :]).sum(0))
    if m.name == layer[0]:  # dx = (delta * slope) @ w.T: undo and redo where w can be undone
        return None
    return m.fits((parts * weight).sum(0)) if parts.shape == weight.shape else False
