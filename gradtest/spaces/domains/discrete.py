"""Integers, labels, masks and finite sets: no derivative leads anywhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from gradtest.errors import Misuse

from .domain import Array, Domain, cast_like, number

__all__ = ["Choice", "Integers", "Labels", "Mask"]


@dataclass(frozen=True)
class _Discrete(Domain):
    """What integers, labels, masks and finite sets share: no direction leads anywhere."""

    differentiable: ClassVar[bool] = False

    def tangent(self, point: Array, direction: Array) -> Array:
        """Return zeros: there is no way to move a little."""
        return np.zeros_like(direction)

    def room(self, point: Array, direction: Array) -> float:
        """Return 0 for every direction but the zero one."""
        return 0.0 if np.any(direction) else math.inf


@dataclass(frozen=True)
class Choice(_Discrete):
    """One of a few given numbers, the plainest first; kept in the floating dtype of its neighbours.

    >>> Choice((0, 1)).place(np.array([0.2, 0.9, -7.0]))
    array([0., 1., 0.])
    """

    values: tuple[float, ...] = (0.0, 1.0)

    def __post_init__(self) -> None:
        if not self.values:
            raise Misuse("the domain {} is empty; name at least one value, as in {0, 1}")

    @property
    def name(self) -> str:
        """The values in braces."""
        return "{" + ", ".join(map(number, self.values)) + "}"

    def plain(self) -> Array:
        """Return the values in the order given."""
        return np.array(self.values, dtype=np.float64)

    def contains(self, array: Array) -> bool:
        """Tell whether every entry is one of the values, rounded to the dtype of `array`."""
        return bool(np.all(np.isin(array, self.plain().astype(array.dtype))))

    def place(self, array: Array) -> Array:
        """Take the nearest value."""
        known = self.plain()
        return cast_like(array, known[np.argmin(np.abs(np.asarray(array)[..., None] - known), axis=-1)])


def _whole(array: Array) -> bool:
    return array.dtype.kind in "iu" or (array.dtype.kind == "f" and np.array_equal(array, np.round(array)))


@dataclass(frozen=True)
class Integers(_Discrete):
    """Whole numbers from `low` to `high`, both included, in an integer dtype.

    >>> Integers(-3, 3).place(np.array([2.4, -9.0]))
    array([ 2, -3])
    """

    low: int = -8
    high: int = 8

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise Misuse(f"the domain {self.name!r} is empty; write the smaller end first")

    @property
    def name(self) -> str:
        """The word and both ends."""
        return f"ints {self.low} {self.high}"

    def dtype(self, asked: DTypeLike) -> np.dtype[Any]:
        """Return int64."""
        return np.dtype(np.int64)

    def plain(self) -> Array:
        """Return the whole numbers by size, zero last."""
        order = [1, 2, -1, 3, -2, *(s * k for k in range(3, 129) for s in (1, -1) if (s, k) != (1, 3)), 0]
        inside = [k for k in order if self.low <= k <= self.high]
        return np.array(inside or list(range(self.low, min(self.high, self.low + 255) + 1)))

    def contains(self, array: Array) -> bool:
        """Tell whether all entries are whole numbers between the ends."""
        return _whole(array) and bool(np.all((array >= self.low) & (array <= self.high)))

    def place(self, array: Array) -> Array:
        """Round and cut off at the ends."""
        return np.clip(np.round(array), self.low, self.high).astype(np.int64)


@dataclass(frozen=True)
class Labels(_Discrete):
    """Class labels or indices: whole numbers from 0 to `count` - 1, in an integer dtype.

    Parameters
    ----------
    dim : str
        The dim, or the number, that says how many labels there are.
    repeated : bool
        Whether generated arrays repeat labels on purpose, as gather and scatter need it.
    count : int, optional
        How many labels there are; None until the size of `dim` is known (see `bind`).

    >>> Labels("k").bind({"k": 3}.__getitem__).place(np.array([1.0, 7.0]))
    array([1, 1])
    """

    dim: str = "k"
    repeated: bool = False
    count: int | None = None

    @property
    def name(self) -> str:
        """The word and the dim."""
        return f"{'indices' if self.repeated else 'labels'} {self.dim}"

    def dtype(self, asked: DTypeLike) -> np.dtype[Any]:
        """Return int64."""
        return np.dtype(np.int64)

    def bind(self, size: Callable[[str], int]) -> Labels:
        """Return the labels of a dim whose size is now known, named by that number."""
        count = int(self.dim) if self.dim.isdecimal() else size(self.dim)
        return replace(self, dim=str(count), count=count)

    def plain(self) -> Array:
        """Return the labels in their order, each twice in a row where they are to be repeated."""
        count = self.count or 1
        labels = np.arange(count) if count <= 256 else np.linspace(0, count - 1, 256).astype(np.int64)
        return np.repeat(labels, 2)[:256] if self.repeated else labels

    def contains(self, array: Array) -> bool:
        """Tell whether all entries are labels."""
        below = self.count is None or bool(np.all(array < self.count))
        return _whole(array) and below and bool(np.all(array >= 0))

    def place(self, array: Array) -> Array:
        """Round, and count round the circle of the labels."""
        return np.mod(np.round(array), self.count or 1).astype(np.int64)


@dataclass(frozen=True)
class Mask(_Discrete):
    """Truth values.

    >>> Mask().place(np.array([0.0, 2.0]))
    array([False,  True])
    """

    @property
    def name(self) -> str:
        """The word for it."""
        return "mask"

    def dtype(self, asked: DTypeLike) -> np.dtype[Any]:
        """Return bool."""
        return np.dtype(np.bool_)

    def plain(self) -> Array:
        """Return True, False."""
        return np.array([True, False])

    def contains(self, array: Array) -> bool:
        """Tell whether the dtype is bool."""
        return array.dtype.kind == "b"

    def place(self, array: Array) -> Array:
        """Take zero for False and everything else for True."""
        return np.asarray(array, dtype=np.bool_)
