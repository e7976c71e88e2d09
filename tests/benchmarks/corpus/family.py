"""What the corpus is made of: a family of functions, its inputs, and wrong gradients for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Draw", "Family", "Inputs", "Mutant", "add_at", "build", "floats", "unbroadcast"]

Inputs = dict[str, Any]

_PATTERNS = (
    "integers",
    "sparse",
    "repeated",
    "equal",
    "large",
    "tiny",
    "mixed",
    "zeros",
    "negative",
    "ones",
    "plain",
)


@dataclass(frozen=True)
class Mutant:
    """A wrong derivative of a family.

    Attributes
    ----------
    kind : str
        What mistake it is; the tables count by it.
    derivative : callable
        Takes what the right one takes.
    trigger : str
        What an input must have for the mistake to show.
    float64_only : bool
        Too small to be asked for in lower precision.
    """

    kind: str
    derivative: Callable[..., Any]
    trigger: str = "any"
    float64_only: bool = False


@dataclass(frozen=True)
class Family:
    """A function in NumPy, its hand-written derivative, and how to draw inputs for it.

    Attributes
    ----------
    name : str
    forward : callable
        Computes in the dtype of its inputs.  Where `analytic`, it takes complex inputs too and
        is then the analytic continuation of itself (for the complex step).
    derivative : callable
        ``derivative(g, **inputs)`` if `form` is "vjp", ``derivative(**inputs)`` if it is
        "grad"; returns a tuple, one gradient for each name in `wrt`.
    wrt : tuple of str
        The inputs by which it differentiates.
    draw : callable, Draw -> dict
        The inputs by name.
    mutants : sequence of Mutant
        Mistakes that only this family can have; `families.mutants` adds those of all.
    convention : bool
        At exact ties its derivative is a convention though the function is smooth there, which
        no function of the values can tell from a mistake: such verdicts are counted apart.
    """

    name: str
    forward: Callable[..., Any]
    derivative: Callable[..., Any]
    wrt: tuple[str, ...]
    draw: Callable[[Draw], Inputs]
    mutants: Sequence[Mutant] = ()
    form: str = "vjp"
    analytic: bool = True
    convention: bool = False


class Draw:
    """One draw of inputs: generic numbers, or the nasty ones that bugs and false alarms live on.

    Parameters
    ----------
    rng : numpy.random.Generator
    nasty : bool
        Exact zeros, ties, small integers, repeated entries, axes of size one, large and tiny
        values, blocks that are all zero, all negative or all ones.
    dtype : numpy.dtype
        Of every real array that is drawn.
    """

    def __init__(self, rng: np.random.Generator, nasty: bool, dtype: Any = np.float64) -> None:
        self.rng = rng
        self.nasty = nasty
        self.dtype = np.dtype(dtype)

    def size(self, high: int = 5, low: int = 2) -> int:
        """Draw the length of an axis; nasty ones are often 1."""
        if self.nasty and low > 0 and self.rng.random() < 0.25:
            return 1
        return int(self.rng.integers(low, high + 1))

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def one_of(self, *values: Any) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def integers(self, low: int, high: int, shape: Any) -> Any:
        """Draw integers in [low, high); nasty ones repeat."""
        drawn = self.rng.integers(low, high, size=shape)
        if self.nasty and self.chance(0.5):
            drawn = np.where(self.rng.random(shape) < 0.7, low, drawn)
        return drawn

    def mask(self, *shape: int, share: float = 0.5) -> Any:
        """Draw a mask; nasty ones may be all true."""
        if self.nasty and self.chance(0.2):
            return np.ones(shape, dtype=bool)
        return self.rng.random(shape) < share

    def cast(self, values: Any) -> Any:
        return np.asarray(values).astype(self.dtype)

    def array(self, *shape: int, limit: float = 1e3) -> Any:
        """Draw real numbers; `limit` is about how large the function can bear them."""
        if self.nasty:
            return self.cast(np.clip(self._pattern(shape, limit), -limit, limit))
        values = self.rng.standard_normal(shape)
        return self.cast(np.round(values, 2) if self.chance(0.5) else values)

    def _pattern(self, shape: tuple[int, ...], limit: float) -> Any:
        rng, pattern = self.rng, self.one_of(*_PATTERNS)
        normal = rng.standard_normal(shape)
        top = np.log10(max(limit, 10.0))
        match pattern:
            case "integers":
                return rng.integers(-2, 3, shape).astype(float)
            case "sparse":
                return normal * (rng.random(shape) < 0.5)
            case "repeated":
                return rng.choice(rng.standard_normal(3).round(1), shape)
            case "equal":
                return np.full(shape, rng.standard_normal())
            case "large":
                return normal * 10 ** rng.uniform(0.5, top)
            case "tiny":
                return normal * 10 ** rng.uniform(-6, -2)
            case "mixed":
                return normal * 10 ** rng.uniform(-4, min(top, 3), shape)
            case "zeros":
                return np.zeros(shape)
            case "negative":
                return -np.abs(normal) - 0.01
            case "ones":
                return np.ones(shape)
        return normal

    def positive(self, *shape: int, low: float = 1e-3, high: float = 1e3) -> Any:
        """Draw positive numbers between `low` and `high`."""
        rng = self.rng
        if not self.nasty:
            return self.cast(np.clip(np.exp(0.5 * rng.standard_normal(shape)), low, high))
        pattern = self.one_of("ones", "integers", "mixed", "equal", "repeated", "large", "tiny")
        bottom, top = np.log(low), np.log(high)
        match pattern:
            case "ones":
                values = np.ones(shape)
            case "integers":
                values = rng.integers(1, 4, shape).astype(float)
            case "mixed":
                values = np.exp(rng.uniform(bottom, top, shape))
            case "equal":
                values = np.full(shape, rng.uniform(0.1, 3.0))
            case "repeated":
                values = rng.choice(np.array([0.5, 1.0, 1.7]), shape)
            case "large":
                values = high * rng.uniform(0.1, 1.0, shape)
            case _:
                values = low * rng.uniform(1.0, 10.0, shape)
        return self.cast(np.clip(values, low, high))

    def simplex(self, *shape: int) -> Any:
        """Draw probabilities along the last axis; nasty ones are one-hot or have zeros."""
        p = self.rng.dirichlet(np.ones(shape[-1]), shape[:-1])
        if self.nasty and self.chance(0.6):
            p = np.eye(shape[-1])[self.rng.integers(shape[-1], size=shape[:-1])]
        return self.cast(p)

    def spd(self, n: int) -> Any:
        """Draw a well-conditioned symmetric positive definite matrix; nasty ones are diagonal."""
        if self.nasty and self.chance(0.5):
            return self.cast(np.diag(self.rng.integers(1, 4, n).astype(float)))
        a = self.rng.standard_normal((n, n))
        return self.cast(a @ a.T / n + np.eye(n))

    def square(self, n: int) -> Any:
        """Draw a well-conditioned square matrix; nasty ones are diagonal, permuted or of integers."""
        rng = self.rng
        if self.nasty and self.chance(0.6):
            a = np.eye(n)[rng.permutation(n)] * rng.choice([-2.0, 1.0, 3.0], n)
            return self.cast(
                a if self.chance(0.5) else a + np.triu(rng.integers(-1, 2, (n, n)), 1) @ np.abs(a) / 4
            )
        return self.cast(rng.standard_normal((n, n)) * 0.4 + 2 * np.eye(n))


def floats(value: Any) -> list[Any]:
    """Return the real arrays of a nested value, in order."""
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in floats(part)]
    if isinstance(value, Mapping):
        return [leaf for part in value.values() for leaf in floats(part)]
    return [np.asarray(value)]


def build(value: Any, leaves: list[Any]) -> Any:
    """Return `value` with its real arrays replaced, in order, by those taken off `leaves`."""
    if isinstance(value, (list, tuple)):
        return type(value)(build(part, leaves) for part in value)
    return leaves.pop(0)


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum `g` over the axes along which an array of `shape` was broadcast."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape)))) if g.ndim > len(shape) else g
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    return g.sum(axis=stretched, keepdims=True) if stretched else g


def add_at(like: Any, index: Any, values: Any) -> Any:
    """Return zeros like `like` with `values` added at `index`, repeated places included."""
    out = np.zeros_like(like)
    np.add.at(out, index, values)
    return out
