"""What a domain is, and the whole space."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["CAUTION", "PLAIN_REALS", "Array", "Complex", "Domain", "Real", "cast_like", "number", "shortest"]

Array = NDArray[Any]

# Rooms are stated this much too small, so that no rounding of point + t direction leaves the domain.
CAUTION = 1 - 2.0**-10


def _plain_reals() -> Array:
    """Return 256 distinct multiples of 1/32, at least 1/8 in size, the plainest first."""
    first = [1, 0.5, 2, -1, 1.5, -0.5, 3, -2, 0.25, -1.5, 2.5, -3, 0.75, -0.25, 4, -2.5]
    magnitudes = [k / 32 for k in range(4, 129)] + [4.5, 5, 6]
    rest = sorted(
        (sign * m for m in magnitudes for sign in (1, -1)),
        key=lambda value: (len(str(abs(value))), abs(value), value < 0),
    )
    return np.array(first + [value for value in rest if value not in first])


PLAIN_REALS = _plain_reals()


@dataclass(frozen=True)
class Domain:
    """A set of arrays: what it holds, how to get into it, and how far one may walk.

    The base class is the whole real space; each domain overrides what it does differently.

    Attributes
    ----------
    differentiable : bool
        Whether a derivative with respect to such an input has a meaning.
    free : bool
        Whether it is a whole space, of which no direction leads out.
    core : int
        Number of trailing axes that are constrained together: 0 for entry by entry, 1 for the last
        axis, 2 for matrices, which must then be square.
    """

    differentiable: ClassVar[bool] = True
    free: ClassVar[bool] = False
    core: ClassVar[int] = 0

    @property
    def name(self) -> str:
        """The words from which `read_domain` makes this domain again."""
        return "real"

    def __str__(self) -> str:
        return self.name

    def dtype(self, asked: DTypeLike) -> np.dtype[Any]:
        """Return the dtype of such an array where floats of dtype `asked` are wanted."""
        return np.dtype(asked)

    def plain(self) -> Array:
        """Return up to 256 plain values of one entry, the plainest first (before `place`)."""
        return PLAIN_REALS

    def window(self) -> tuple[float, float]:
        """Return the ends between which generic entries lie (before `place`)."""
        return -4.0, 4.0

    def contains(self, array: Array) -> bool:
        """Tell whether `array` lies in the domain, up to the rounding of its dtype."""
        return bool(np.all(np.isfinite(array)))

    def place(self, array: Array) -> Array:
        """Map any finite real array into the domain; its members stay where they are if they can."""
        return array

    def tangent(self, point: Array, direction: Array) -> Array:
        """Return the part of `direction` along which `point` can move to both sides.

        A linear projection: what is tangent already stays as it is.

        Parameters
        ----------
        point, direction : array, of one shape
            A member of the domain, and any direction.

        Returns
        -------
        array
            Like `direction`; zero where no derivative exists.
        """
        return direction

    def shortened(self, point: Array, direction: Array) -> Array:
        """Return `direction` with entries that alone would leave the domain cut to the way they have.

        So that one entry close to an end does not hold back all the others.
        """
        return direction

    def on_edge(self, point: Array) -> bool:
        """Whether some entry of `point` sits on an end of the domain, where only one side is open."""
        return False

    def room(self, point: Array, direction: Array) -> float:
        """Return how far one may go: ``point ± t direction`` is a member for all t up to it.

        In units of `direction`, a thousandth below the true distance, so that rounding cannot
        leave the domain; ``inf`` where nothing is in the way. Take `direction` from `tangent`.
        """
        return math.inf

    def moved(self, point: Array, direction: Array, t: float) -> Array:
        """Return the place t along the way that leaves `point` in a tangent `direction`.

        A straight line but where the domain is curved; at t = 0 its velocity is `direction`.
        """
        return cast_like(point, point + t * direction)

    def beside(self, point: Array, direction: Array) -> Array:
        """Return a member near ``point + direction``; one inside, if `point` sits on an end."""
        along = self.tangent(point, direction)
        return self.moved(point, along, min(1.0, self.room(point, along) / 2))

    def bind(self, size: Callable[[str], int]) -> Domain:
        """Return the domain with the sizes of the dims it names filled in."""
        return self


@dataclass(frozen=True)
class Real(Domain):
    """All finite numbers.

    >>> Real().contains(np.array([0.0, -1e300]))
    True
    """

    free: ClassVar[bool] = True


@dataclass(frozen=True)
class Complex(Domain):
    """All finite complex numbers, with real and imaginary parts of the dtype asked for.

    >>> Complex().dtype("float32")
    dtype('complex64')
    """

    free: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """The word for it."""
        return "complex"

    def dtype(self, asked: DTypeLike) -> np.dtype[Any]:
        """Return the complex dtype whose parts have the dtype `asked` (float32 for less)."""
        return np.result_type(asked, np.complex64)


def shortest(distance: Array, direction: Array) -> float:
    """Return the smallest distance / |direction| over the entries that move."""
    moving = direction != 0
    if not np.any(moving):
        return math.inf
    with np.errstate(over="ignore"):
        steps = distance[moving].astype(np.float64) / np.abs(direction[moving]).astype(np.float64)
    return float(CAUTION * max(0.0, float(np.min(steps))))


def cast_like(like: Array, array: Array) -> Array:
    """Return `array` in the dtype of `like`, or in float64 if that holds no fractions."""
    return np.asarray(array, dtype=like.dtype if like.dtype.kind in "fc" else np.float64)


def number(value: float) -> str:
    """Write a number as a person would: 2, not 2.0."""
    return str(int(value)) if math.isfinite(value) and value == int(value) else str(float(value))
