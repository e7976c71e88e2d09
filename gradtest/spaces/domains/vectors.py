"""Vectors along the last axis: probabilities, and those of length one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradtest.errors import Misuse

from .domain import Array, Domain, cast_like, shortest

__all__ = ["Simplex", "Sphere"]


@dataclass(frozen=True)
class Simplex(Domain):
    """Probabilities along the last axis: every entry positive, the sum one.

    `place` gives multiples of 1/256 (of 2**-20 where an entry asks for less), so that the sum is
    one exactly in any dtype of 21 bits or more.

    >>> Simplex().place(np.array([1.0, 1.0, 2.0]))
    array([0.25, 0.25, 0.5 ])
    """

    core: ClassVar[int] = 1

    @property
    def name(self) -> str:
        """The word for it."""
        return "simplex"

    def contains(self, array: Array) -> bool:
        """Tell whether all entries are positive and sum to one along the last axis."""
        if array.ndim == 0 or not np.all(array > 0):
            return False
        slack = 4 * float(np.finfo(array.dtype).eps) * max(1, array.shape[-1])
        return bool(np.all(np.abs(array.sum(axis=-1, dtype=np.float64) - 1) <= slack))

    def place(self, array: Array) -> Array:
        """Share one out in the proportions of the absolute values."""
        weights = np.abs(array).astype(np.float64)
        if weights.size == 0 or self.contains(array):
            return array
        weights = np.where(weights.sum(axis=-1, keepdims=True) > 0, weights, 1.0)
        shares = weights / weights.sum(axis=-1, keepdims=True)
        # Of k entries fewer than k grains are given away too much, and the largest has more than 2 k.
        enough = max(2.0**20, 2.0 ** (2 * shares.shape[-1].bit_length() + 1))
        grains = 256.0 if np.min(shares) * 256 >= 1 else enough
        parts = np.maximum(1, np.floor(shares * grains))
        largest = np.argmax(parts, axis=-1, keepdims=True)
        rest = grains - parts.sum(axis=-1, keepdims=True)
        np.put_along_axis(parts, largest, np.take_along_axis(parts, largest, -1) + rest, -1)
        return cast_like(array, parts / grains)

    def tangent(self, point: Array, direction: Array) -> Array:
        """Return `direction` less its sum, taken off in the proportions of `point`: the sum stays one.

        So a small probability moves little, and the way to the edge is not cut short by it.
        """
        total = direction.sum(axis=-1, keepdims=True, dtype=np.float64)
        shares = point / point.sum(axis=-1, keepdims=True, dtype=np.float64)
        return cast_like(direction, direction - total * shares)

    def room(self, point: Array, direction: Array) -> float:
        """Return the step to the first entry that becomes zero."""
        return shortest(point, direction)


@dataclass(frozen=True)
class Sphere(Domain):
    """Vectors of length one along the last axis.

    A straight line leaves the sphere at second order; `moved` goes along (x + t v) / |x + t v|
    instead, which leaves `x` with the same velocity v, and has room without end.

    >>> Sphere().place(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """

    core: ClassVar[int] = 1

    @property
    def name(self) -> str:
        """The word for it."""
        return "unit"

    def contains(self, array: Array) -> bool:
        """Tell whether the vectors along the last axis have length one."""
        if array.ndim == 0 or not np.all(np.isfinite(array)):
            return False
        slack = 4 * float(np.finfo(array.dtype).eps) * max(1, array.shape[-1])
        squares = np.square(array, dtype=np.float64).sum(axis=-1)
        return bool(np.all(np.abs(squares - 1) <= slack))

    def place(self, array: Array) -> Array:
        """Scale each vector to length one; the zero vector becomes the first unit vector."""
        if array.shape[-1] == 0:
            raise Misuse("a unit vector needs at least one entry; give its dim a size from 1 on")
        first = np.zeros(array.shape[-1])
        first[0] = 1
        # The largest entry is divided out first, so that no square overflows or vanishes.
        peak = np.abs(array).max(axis=-1, keepdims=True)
        array64 = np.where(peak > 0, array / np.where(peak > 0, peak, 1), first)
        return cast_like(array, array64 / np.sqrt(np.square(array64).sum(axis=-1, keepdims=True)))

    def tangent(self, point: Array, direction: Array) -> Array:
        """Return the part of `direction` at right angles to `point`."""
        along = (point * direction).sum(axis=-1, keepdims=True)
        return cast_like(direction, direction - along * point)

    def moved(self, point: Array, direction: Array, t: float) -> Array:
        """Return ``point + t direction``, scaled to length one."""
        return self.place(cast_like(point, point + t * direction))
