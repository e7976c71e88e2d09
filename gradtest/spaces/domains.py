"""Domains: where the values of an input may lie, and which directions stay there."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gradtest.errors import Misuse, nearest

__all__ = [
    "NAMED",
    "READERS",
    "Choice",
    "Domain",
    "Integers",
    "Interval",
    "Labels",
    "LowerTriangular",
    "Mask",
    "PositiveDefinite",
    "Real",
    "Simplex",
    "Sphere",
    "Symmetric",
    "read_domain",
]

Array = NDArray[Any]

# Rooms are stated this much too small, so that no rounding of point + t direction leaves the domain.
_CAUTION = 1 - 2.0**-10
# An open end is kept away from by this share of the interval.
_HAIR = 2.0**-10


def _plain_reals() -> Array:
    """Return 256 distinct multiples of 1/32, at least 1/8 in size, the plainest first."""
    first = [1, 0.5, 2, -1, 1.5, -0.5, 3, -2, 0.25, -1.5, 2.5, -3, 0.75, -0.25, 4, -2.5]
    magnitudes = [k / 32 for k in range(4, 129)] + [4.5, 5, 6]
    rest = sorted(
        (sign * m for m in magnitudes for sign in (1, -1)),
        key=lambda value: (len(str(abs(value))), abs(value), value < 0),
    )
    return np.array(first + [value for value in rest if value not in first])


_PLAIN_REALS = _plain_reals()


def _bisections(count: int) -> list[float]:
    """Return `count` points of (0, 1), the plainest fractions first (van der Corput's sequence)."""
    fractions: list[float] = []
    denominator = 2
    while len(fractions) < count:
        fractions += [k / denominator for k in range(1, denominator, 2)]
        denominator *= 2
    return fractions[:count]


@dataclass(frozen=True)
class Domain:
    """A set of arrays: what it holds, how to get into it, and how far one may walk.

    The base class is the whole real space; each domain overrides what it does differently.

    Attributes
    ----------
    differentiable : bool
        Whether a derivative with respect to such an input has a meaning.
    core : int
        Number of trailing axes that are constrained together: 0 for entry by entry, 1 for the last
        axis, 2 for matrices, which must then be square.
    """

    differentiable: ClassVar[bool] = True
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
        return _PLAIN_REALS

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

    def room(self, point: Array, direction: Array) -> float:
        """Return how far one may go: ``point ± t direction`` is a member for all t up to it.

        In units of `direction`, a thousandth below the true distance, so that rounding cannot
        leave the domain; ``inf`` where nothing is in the way. Take `direction` from `tangent`.
        """
        return math.inf

    def bind(self, size: Callable[[str], int]) -> Domain:
        """Return the domain with the sizes of the dims it names filled in."""
        return self


@dataclass(frozen=True)
class Real(Domain):
    """All finite numbers.

    >>> Real().contains(np.array([0.0, -1e300]))
    True
    """


def _number(value: float) -> str:
    """Write a number as a person would: 2, not 2.0."""
    return str(int(value)) if math.isfinite(value) and value == int(value) else str(float(value))


def _shortest(distance: Array, direction: Array) -> float:
    """Return the smallest distance / |direction| over the entries that move."""
    moving = direction != 0
    if not np.any(moving):
        return math.inf
    with np.errstate(over="ignore"):
        steps = distance[moving].astype(np.float64) / np.abs(direction[moving]).astype(np.float64)
    return float(_CAUTION * max(0.0, float(np.min(steps))))


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
        return f"{left}{_number(self.low)}, {_number(self.high)}{right}"

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
        return _as(array, placed)

    def tangent(self, point: Array, direction: Array) -> Array:
        """Return `direction` with zeros where `point` sits on an end: only one side is open there."""
        return np.where((point <= self.low) | (point >= self.high), 0, direction)

    def room(self, point: Array, direction: Array) -> float:
        """Return the step to the nearest end."""
        return _shortest(np.minimum(point - self.low, self.high - point), np.asarray(direction))


@lru_cache(maxsize=256)
def _plain_inside(interval: Interval) -> Array:
    """Return the table behind `Interval.plain`."""
    low, high = interval.window()
    known = [float(v) for v in _PLAIN_REALS if low < v < high]
    fractions = [low + (high - low) * u for u in _bisections(255)]
    values = dict.fromkeys(known + fractions)
    nonzero = [v for v in values if v != 0 and low < v < high]
    return np.array(nonzero[:256])


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
        return _as(array, parts / grains)

    def tangent(self, point: Array, direction: Array) -> Array:
        """Return `direction` with its mean along the last axis taken off: the sum stays one."""
        return _as(direction, direction - direction.mean(axis=-1, keepdims=True))

    def room(self, point: Array, direction: Array) -> float:
        """Return the step to the first entry that becomes zero."""
        return _shortest(point, direction)


def _as(like: Array, array: Array) -> Array:
    """Return `array` in the dtype of `like`, or in float64 if that holds no fractions."""
    return np.asarray(array, dtype=like.dtype if like.dtype.kind == "f" else np.float64)


@dataclass(frozen=True)
class Sphere(Domain):
    """Vectors of length one along the last axis.

    A straight line leaves the sphere at second order, whatever its direction: the map must be
    defined beside the sphere too, and `room` is therefore infinite.

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
        return _as(array, array64 / np.sqrt(np.square(array64).sum(axis=-1, keepdims=True)))

    def tangent(self, point: Array, direction: Array) -> Array:
        """Return the part of `direction` at right angles to `point`."""
        along = (point * direction).sum(axis=-1, keepdims=True)
        return _as(direction, direction - along * point)


def _transposed(matrix: Array) -> Array:
    return np.swapaxes(matrix, -1, -2)


def _square(array: Array) -> bool:
    return array.ndim >= 2 and array.shape[-1] == array.shape[-2]


def _diagonal(matrix: Array) -> Array:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


@dataclass(frozen=True)
class Symmetric(Domain):
    """Symmetric matrices in the last two axes.

    >>> Symmetric().place(np.array([[1.0, 2.0], [4.0, 1.0]]))
    array([[1., 3.],
           [3., 1.]])
    """

    core: ClassVar[int] = 2

    @property
    def name(self) -> str:
        """The word for it."""
        return "symmetric"

    def contains(self, array: Array) -> bool:
        """Tell whether each matrix equals its transpose, exactly."""
        finite = _square(array) and bool(np.all(np.isfinite(array)))
        return finite and np.array_equal(array, _transposed(array))

    def place(self, array: Array) -> Array:
        """Take the mean of each matrix and its transpose."""
        return _as(array, (array + _transposed(array)) / 2)

    def tangent(self, point: Array, direction: Array) -> Array:
        """Return the symmetric part of `direction`."""
        return _as(direction, (direction + _transposed(direction)) / 2)


@dataclass(frozen=True)
class PositiveDefinite(Symmetric):
    """Symmetric positive definite matrices in the last two axes.

    `place` gives diagonally dominant ones, which are exact in short decimals and well conditioned.

    >>> PositiveDefinite().place(np.array([[1.0, 2.0], [4.0, 1.0]]))
    array([[4., 3.],
           [3., 4.]])
    """

    @property
    def name(self) -> str:
        """The word for it."""
        return "spd"

    def contains(self, array: Array) -> bool:
        """Tell whether the matrices are symmetric and have a Cholesky factor."""
        if not super().contains(array):
            return False
        try:
            np.linalg.cholesky(array.astype(np.float64))
        except np.linalg.LinAlgError:
            return False
        return True

    def place(self, array: Array) -> Array:
        """Symmetrise, and add the size of the rest of its row to each diagonal entry."""
        if self.contains(array):
            return array
        placed = super().place(array).astype(np.float64)
        k = placed.shape[-1]
        diagonal = np.abs(_diagonal(placed))
        beside = np.abs(placed).sum(axis=-1) - diagonal
        # A margin that rounding to float16 leaves standing.
        diagonal = np.maximum(np.where(diagonal > 0, diagonal, 1.0), beside / 32)
        placed[..., range(k), range(k)] = diagonal + beside
        return _as(array, placed)

    def room(self, point: Array, direction: Array) -> float:
        """Return the step at which the first eigenvalue vanishes.

        With X = C Cᵀ, X + tD is positive definite while 1 + tλ > 0 for every eigenvalue λ of C⁻¹DC⁻ᵀ.
        """
        factor = np.linalg.cholesky(point.astype(np.float64))
        half = np.linalg.solve(factor, direction.astype(np.float64))
        whole = np.linalg.solve(factor, _transposed(half))
        largest = float(np.max(np.abs(np.linalg.eigvalsh((whole + _transposed(whole)) / 2)), initial=0.0))
        return _CAUTION / largest if largest > 0 else math.inf


@dataclass(frozen=True)
class LowerTriangular(Domain):
    """Invertible lower-triangular matrices in the last two axes: zeros above, none on the diagonal.

    >>> LowerTriangular().place(np.array([[0.0, 2.0], [4.0, 3.0]]))
    array([[1., 0.],
           [4., 3.]])
    """

    core: ClassVar[int] = 2

    @property
    def name(self) -> str:
        """The word for it."""
        return "lower"

    def contains(self, array: Array) -> bool:
        """Tell whether all is zero above the diagonal and nothing on it."""
        if not _square(array) or not np.all(np.isfinite(array)):
            return False
        return np.array_equal(array, np.tril(array)) and bool(np.all(_diagonal(array) != 0))

    def place(self, array: Array) -> Array:
        """Put zeros above the diagonal, and ones for zeros on it."""
        identity = np.eye(array.shape[-1], dtype=bool)
        return _as(array, np.where(identity & (array == 0), 1, np.tril(array)))

    def tangent(self, point: Array, direction: Array) -> Array:
        """Return `direction` with zeros above the diagonal."""
        return np.tril(direction)

    def room(self, point: Array, direction: Array) -> float:
        """Return the step to the first zero on the diagonal."""
        return _shortest(np.abs(_diagonal(point)), _diagonal(direction))


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
        return "{" + ", ".join(map(_number, self.values)) + "}"

    def plain(self) -> Array:
        """Return the values in the order given."""
        return np.array(self.values, dtype=np.float64)

    def contains(self, array: Array) -> bool:
        """Tell whether every entry is one of the values, rounded to the dtype of `array`."""
        return bool(np.all(np.isin(array, self.plain().astype(array.dtype))))

    def place(self, array: Array) -> Array:
        """Take the nearest value."""
        known = self.plain()
        return _as(array, known[np.argmin(np.abs(np.asarray(array)[..., None] - known), axis=-1)])


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


NAMED: dict[str, Domain] = {
    "real": Real(),
    "positive": Interval(0, math.inf),
    "nonnegative": Interval(0, math.inf, closed_low=True),
    "negative": Interval(-math.inf, 0),
    "probability": Interval(0, 1),
    "simplex": Simplex(),
    "unit": Sphere(),
    "symmetric": Symmetric(),
    "spd": PositiveDefinite(),
    "lower": LowerTriangular(),
    "integers": Integers(),
    "mask": Mask(),
}
"""The domains that are one word. Add a line here, or a function to `READERS`."""


def _read_named(text: str) -> Domain | None:
    return NAMED.get(text)


_BRACKETS = re.compile(r"([\[(])([^,\[\](){}]*),([^,\[\](){}]*)([\])])")


def _read_interval(text: str) -> Domain | None:
    found = _BRACKETS.fullmatch(text)
    if found is None:
        return None
    left, low, high, right = found.groups()
    return Interval(_read_number(low, text), _read_number(high, text), left == "[", right == "]")


def _read_choice(text: str) -> Domain | None:
    if not (text.startswith("{") and text.endswith("}")):
        return None
    return Choice(tuple(_read_number(word, text) for word in text[1:-1].split(",") if word.strip()))


def _read_ints(text: str) -> Domain | None:
    found = re.fullmatch(r"ints\s+([+-]?\d+)\s+([+-]?\d+)", text)
    return Integers(int(found[1]), int(found[2])) if found else None


def _read_labels(text: str) -> Domain | None:
    found = re.fullmatch(r"(labels|indices)\s+(\w+(?:\[(?:L|\d+)\])?)", text)
    return Labels(found[2], found[1] == "indices") if found else None


READERS: list[Callable[[str], Domain | None]] = [
    _read_named,
    _read_interval,
    _read_choice,
    _read_ints,
    _read_labels,
]
"""Asked in order: each makes a domain of the words, or answers None."""


def _read_number(word: str, text: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise Misuse(
            f"the domain {text!r} has {word.strip()!r} where a number should stand; "
            "write [-2, 2], (0, inf) or {0, 1}"
        ) from None


def read_domain(text: str) -> Domain:
    """Return the domain that a few words describe.

    Parameters
    ----------
    text : str
        A name (`NAMED`), an interval such as ``(0, 1)`` or ``[0, inf)``, a set such as ``{0, 1}``,
        ``ints -3 3``, ``labels k`` or ``indices k``.

    Returns
    -------
    Domain
        Equal words give equal domains.

    Raises
    ------
    Misuse
        If the words describe none; the message names the nearest one that exists.

    >>> read_domain("[-2, 2]").name
    '[-2, 2]'
    >>> read_domain("positive") == read_domain("(0, inf)")
    True
    """
    text = text.strip()
    for reader in READERS:
        domain = reader(text)
        if domain is not None:
            return domain
    if text[:1] in ("(", "[", "{"):
        raise Misuse(
            f"the domain {text!r} has unbalanced or empty brackets; write [-2, 2], (0, inf) or {{0, 1}}"
        )
    word = text.split()[0] if text else text
    known = [*NAMED, "ints", "labels", "indices"]
    if word in known:
        raise Misuse(f"the domain {text!r} is incomplete; write 'ints -3 3', 'labels k' or 'indices k'")
    raise Misuse(f"the domain {text!r} is unknown; {nearest(word, known)}")
