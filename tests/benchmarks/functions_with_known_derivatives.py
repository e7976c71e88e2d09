"""Real functions of one real variable, in any arithmetic, and their derivatives to 40 digits.

Every function is one expression ``f(x, m)`` where `m` offers ``sin``, ``exp``, ...: the same
formula is evaluated in float64, in a shorter arithmetic, and by mpmath.  Constants are exact
in eleven bits wherever the short arithmetics use them, so that all speak of one function.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np

__all__ = ["BITS", "NOISES", "Case", "Rounded", "Shape", "in_float64", "in_numpy32", "in_short", "slope"]

Phi = Callable[[float], float]
Expression = Callable[[Any, Any], Any]

#: Bits in the significand of the formats that are emulated.
BITS = {"float32": 24, "float16": 11, "bfloat16": 8}

_TRUTH = mpmath.mp.clone() if hasattr(mpmath.mp, "clone") else mpmath.mp
_TRUTH.dps = 40


@dataclass(frozen=True)
class Shape:
    """A function and where it is asked."""

    name: str
    f: Expression
    points: tuple[float, ...]


@dataclass(frozen=True)
class Case:
    """One line with its true slope: what the calibration measures.

    `truth` is NaN where there is no derivative; `sides` are then the two one-sided ones, if there
    are such.  `options` go to `Line`.
    """

    kind: str
    name: str
    phi: Phi
    truth: float
    options: dict[str, Any] = field(default_factory=dict)
    sides: tuple[float, float] | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


# -- arithmetics ------------------------------------------------------------------------------


class _Float64:
    """math, spelt as mpmath spells it."""

    def __getattr__(self, name: str) -> Callable[[float], float]:
        function: Callable[[float], float] = getattr(math, name)
        return function


FLOAT64 = _Float64()


class Rounded:
    """A number that is rounded to so many bits after every operation (no overflow, no subnormals)."""

    __slots__ = ("bits", "value")

    def __init__(self, value: float, bits: int) -> None:
        fraction, exponent = math.frexp(value)
        self.bits = bits
        self.value = math.ldexp(round(math.ldexp(fraction, bits)), exponent - bits)

    def __float__(self) -> float:
        return self.value


def _binary(operation: Callable[[float, float], float]) -> tuple[Any, Any]:
    def forward(self: Rounded, other: Any) -> Rounded:
        return Rounded(operation(self.value, float(Rounded(float(other), self.bits))), self.bits)

    def backward(self: Rounded, other: Any) -> Rounded:
        return Rounded(operation(float(Rounded(float(other), self.bits)), self.value), self.bits)

    return forward, backward


for _name, _operation in (
    ("add", operator.add),
    ("sub", operator.sub),
    ("mul", operator.mul),
    ("truediv", operator.truediv),
    ("pow", operator.pow),
):
    _forward, _backward = _binary(_operation)
    setattr(Rounded, f"__{_name}__", _forward)
    setattr(Rounded, f"__r{_name}__", _backward)
Rounded.__neg__ = lambda self: Rounded(-self.value, self.bits)  # type: ignore[attr-defined]
Rounded.__abs__ = lambda self: Rounded(abs(self.value), self.bits)  # type: ignore[attr-defined]


class _Short:
    """The functions of math on `Rounded` numbers, each correctly rounded."""

    def __getattr__(self, name: str) -> Callable[[Any], Rounded]:
        function = getattr(math, name)
        return lambda x: Rounded(function(x.value), x.bits)


class _Numpy32:
    """numpy's own float32, with whatever errors its functions have; numpy has asin by that name too."""

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        function: Callable[[Any], Any] = getattr(np, name)
        return function


SHORT, NUMPY32 = _Short(), _Numpy32()


def in_float64(f: Expression, x: float, v: float, w: float = 1.0) -> Phi:
    """Return t -> w f(x + t v); NaN where f is not defined."""

    def phi(t: float) -> float:
        try:
            return float(w * f(x + t * v, FLOAT64))
        except (ValueError, OverflowError, ZeroDivisionError, TypeError):  # TypeError: complex
            return math.nan

    return phi


def in_short(f: Expression, x: float, v: float, bits: int, w: float = 1.0) -> Phi:
    """Return the same, computed with `bits` bits from the argument on."""

    def phi(t: float) -> float:
        try:
            return w * float(f(Rounded(x + t * v, bits), SHORT))
        except (ValueError, OverflowError, ZeroDivisionError, TypeError):
            return math.nan

    return phi


def in_numpy32(f: Expression, x: float, v: float, w: float = 1.0) -> Phi:
    """Return the same, computed by numpy in float32, the displacement too (as a probe does it)."""
    x32, v32 = np.float32(x), np.float32(v)

    def phi(t: float) -> float:
        with np.errstate(all="ignore"):
            return w * float(f(x32 + v32 * np.float32(t), NUMPY32))

    return phi


# -- truth ------------------------------------------------------------------------------------


@lru_cache(maxsize=100_000)
def _derivative(f: Expression, x: float) -> Any:
    with _TRUTH.workdps(40):
        return _TRUTH.diff(lambda s: f(s, _TRUTH), _TRUTH.mpf(x))


def slope(f: Expression, x: float, v: float = 1.0, w: float = 1.0) -> float:
    """Return the derivative of w f(x + t v) at t = 0, right to the last bit."""
    return float(_derivative(f, x) * _TRUTH.mpf(v) * _TRUTH.mpf(w))


# -- noise ------------------------------------------------------------------------------------


def _uniform(rng: np.random.Generator) -> float:
    return float(rng.uniform(-1.7, 1.7))


def _normal(rng: np.random.Generator) -> float:
    return float(rng.standard_normal())


def _two_valued(rng: np.random.Generator) -> float:
    return float(rng.integers(0, 2) * 2 - 1)


def _bits_of(t: float) -> int:
    return int(np.float64(t).view(np.uint64))


#: Noise of unit standard deviation, a function of t alone, so that asking again gives the same.
NOISES: dict[str, Callable[[np.random.Generator], float]] = {
    "uniform": _uniform,
    "normal": _normal,
    "two-valued": _two_valued,
}


def noisy(phi: Phi, level: float, noise: str, seed: int) -> Phi:
    """Return `phi` times 1 + `level` times noise that depends on nothing but t and `seed`."""

    def shaken(t: float) -> float:
        rng = np.random.default_rng((seed, _bits_of(t)))
        return phi(t) * (1 + level * NOISES[noise](rng))

    return shaken


def spread_of(points: tuple[float, ...], seed: int, each: int) -> Iterator[tuple[float, float, float]]:
    """Yield (x, v, w): each point with `each` short random directions and cotangents, as a probe has them."""
    rng = np.random.default_rng(seed)
    for x in points:
        size = math.ldexp(1.0, math.frexp(x)[1] - 1) if x else 1.0
        for _ in range(each):
            v = size * float(rng.integers(8, 25)) / 16 * float(rng.integers(0, 2) * 2 - 1)
            w = float(rng.integers(8, 25)) / 16 * float(rng.integers(0, 2) * 2 - 1)
            yield x, v, w
