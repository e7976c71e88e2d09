"""Numbers between two ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gradtest.errors import Misuse

from .domain import PLAIN_REALS, Array, Domain, cast_like, number, shortest

__all__ = ["Interval"]

# An open end is kept away from by this share of the interval.
_HAIR = 2.0**-10


@dataclass(frozen=True)
class Interval(Domain):
    """Numbers between `low` and `high`, each end taken in or left out.

    >>> Interval(0, 1).contains(np.array([0.0, 0.5]))
    False
    >>> Interval(0, 1, closed_low=True).contains(np.array([0.0, 0.5]))
    True
    """

    low: float = -math.inf
    high: float = math.inf
    closed_low: bool = False
    closed_high: bool = False

    def __post_init__(self) -> None:
        # Written so that NaN fails too.
        if not self.low < self.high:
            raise Misuse(f"the interval {self.name} is empty; write the smaller end first")
        if (self.closed_low and math.isinf(self.low)) or (self.closed_high and math.isinf(self.high)):
            raise Misuse(f"the interval {self.name} takes in infinity; give that end a round bracket")

    @property
    def name(self) -> str:
        """Both ends in the brackets of mathematics."""
        left = "[" if self.closed_low else "("
        right = "]" if self.closed_high else ")"
        return f"{left}{number(self.low)}, {number(self.high)}{right}"

    def window(self) -> tuple[float, float]:
        """Return the interval itself, cut off at 4 from its one finite end."""
        if math.isfinite(self.low):
            return self.low, min(self.high, self.low + 4) if math.isinf(self.high) else self.high
        return (self.high - 4, self.high) if math.isfinite(self.high) else (-4.0, 4.0)

    def plain(self) -> Array:
        """Return the plain reals that lie inside, then fractions of the interval; zero last."""
        return _plain_inside(self)

    def contains(self, array: Array) -> bool:
        """Tell whether every entry lies inside, the ends rounded to the dtype of `array`."""
        return bool(np.all(self._inside(array)))

    def _inside(self, array: Array) -> NDArray[np.bool_]:
        # NumPy rounds a Python float to the dtype of the array that it is compared with. An infinite
        # end is open, so that infinity is outside like NaN.
        above = array >= self.low if self.closed_low else array > self.low
        below = array <= self.high if self.closed_high else array < self.high
        inside: NDArray[np.bool_] = np.asarray(above & below)
        return inside

    def place(self, array: Array) -> Array:
        """Leave members alone, reflect the others at the nearest end, and cut off what is still outside."""
        low, high = self.window()
        hair = _HAIR * (high - low)
        least = self.low + (0 if self.closed_low else hair)
        most = self.high - (0 if self.closed_high else hair)
        reflected = array
        if math.isfinite(self.low):
            reflected = np.where(array < self.low, 2 * self.low - array, array)
        if math.isfinite(self.high):
            reflected = np.where(array > self.high, 2 * self.high - array, reflected)
        placed = np.where(self._inside(reflected), reflected, np.clip(array, least, most))
        return cast_like(array, placed)

    def tangent(self, point: Array, direction: Array) -> Array:
        """Return `direction` with zeros where `point` sits on an end: only one side is open there."""
        return cast_like(direction, np.where(self._way(point) > 0, direction, 0))

    def _way(self, point: Array) -> NDArray[np.float64]:
        """Return how far each entry is from the nearest end, 0 if nothing can be measured on the way.

        A step of h is rounded by eps |x|: next to an end that is not 0, where h is sqrt(eps) |x| at
        most, half of the digits are lost.
        """
        entries = np.asarray(point, np.float64)
        way = np.minimum(entries - self.low, self.high - entries)
        least = math.sqrt(float(np.finfo(point.dtype).eps)) * np.abs(entries)
        return np.where(way > np.where(way < np.abs(entries), least, 0), way, 0.0)

    def on_edge(self, point: Array) -> bool:
        """Whether any entry has no way to one of the sides."""
        return bool(np.any(self._way(point) == 0))

    def shortened(self, point: Array, direction: Array) -> Array:
        """Return `direction` with each entry at most as long as its way, by powers of two."""
        length = np.abs(direction).astype(np.float64)
        way = self._way(point)
        share = np.divide(way, length, out=np.ones_like(length), where=(length > way) & (way > 0))
        return cast_like(direction, direction * np.exp2(np.floor(np.log2(share))))

    def room(self, point: Array, direction: Array) -> float:
        """Return the step to the nearest end."""
        return shortest(self._way(point), np.asarray(direction))

    def beside(self, point: Array, direction: Array) -> Array:
        """Return ``point + direction``, reflected where it is outside."""
        return self.place(cast_like(point, point + direction))


@lru_cache(maxsize=256)
def _plain_inside(interval: Interval) -> Array:
    """Return the table behind `Interval.plain`."""
    low, high = interval.window()
    known = [float(v) for v in PLAIN_REALS if low < v < high]
    fractions = [low + (high - low) * u for u in _bisections(255)]
    values = dict.fromkeys(known + fractions)
    nonzero = [v for v in values if v != 0 and low < v < high]
    return np.array(nonzero[:256])


def _bisections(count: int) -> list[float]:
    """Return `count` points of (0, 1), the plainest fractions first (van der Corput's sequence)."""
    fractions: list[float] = []
    denominator = 2
    while len(fractions) < count:
        fractions += [k / denominator for k in range(1, denominator, 2)]
        denominator *= 2
    return fractions[:count]
