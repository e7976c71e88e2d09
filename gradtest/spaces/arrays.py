"""The verbs of one array or scalar: can it be differentiated, how large is it, move, inner product."""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtest.numerics.rounding import epsilon

__all__ = [
    "coordinate",
    "cotangent",
    "direction",
    "fingerprint",
    "inner",
    "is_array",
    "is_real",
    "largest",
    "moved",
    "precision",
    "scales",
    "shape",
]

_STILL = 2.0**-40  # an entry this much smaller than its block is as good as zero


def is_array(leaf: Any) -> bool:
    """Whether `leaf` is something that holds numbers: an array or a number."""
    return isinstance(leaf, (np.ndarray, np.generic, float, int, complex)) and not isinstance(leaf, str)


def is_real(leaf: Any) -> bool:
    """Whether `leaf` is real and of floating point, so that a derivative by it means something."""
    return isinstance(leaf, float) or (
        isinstance(leaf, (np.ndarray, np.generic)) and _is_floating(leaf.dtype)
    )


def _is_floating(dtype: np.dtype[Any]) -> bool:
    # ml_dtypes' bfloat16 and float8 are of kind "V"; they are known by their name.
    return dtype.kind == "f" or dtype.name.startswith(("bfloat", "float"))


def shape(leaf: Any) -> tuple[int, ...]:
    """Return the shape of `leaf`; a number has shape ()."""
    return tuple(getattr(leaf, "shape", ()))


def precision(leaf: Any) -> float:
    """Return the epsilon of the precision of `leaf`; integers count as exact in float64."""
    return epsilon(getattr(leaf, "dtype", "float64"))


def largest(leaf: Any) -> float:
    """Return max |leaf| (NaN if any entry is), 0 for an empty array."""
    a = np.abs(np.asarray(leaf, dtype=np.float64))
    return float(a.max()) if a.size else 0.0


def scales(x: Any) -> NDArray[np.float64]:
    """Return for every entry of `x` the step that changes it by about its own size.

    A power of two near |x_i|, so that no probe steps over the edge of a domain of positive
    numbers; the mean of the block for entries that are zero, 1 where the whole block is.
    """
    size = np.abs(np.asarray(x, dtype=np.float64))
    mean = float(size.mean())
    if mean == 0.0:
        return np.ones_like(size)
    size = np.where(size < _STILL * mean, mean, size)
    return np.ldexp(1.0, np.frexp(size)[1] - 1)


def direction(x: Any, rng: np.random.Generator, *, along: Any = None) -> Any:
    """Return a random direction in the space of `x`: entries +-[1/2, 3/2] times `scales(x)`.

    No entry is ever ignored, and errors that cancel along one direction do not along the next.
    The numbers are short (multiples of 1/16), see `chebyshev.nodes`.

    With `along`, a claimed gradient, three signs in four are those of the gradient, so that
    the slope does not cancel away and drown in the noise of the function.
    """
    scale = scales(x)
    v = rng.integers(8, 25, size=scale.shape) / 16.0 * scale
    signs = rng.integers(0, 2, size=scale.shape) * 2.0 - 1.0
    if along is not None:
        g = np.nan_to_num(np.asarray(along, dtype=np.float64))
        uphill = np.where(g == 0.0, signs, np.sign(g))
        signs = np.where(rng.integers(0, 4, size=scale.shape) > 0, uphill, signs)
        terms = g * v
        if abs(float((terms * signs).sum())) < 0.25 * float(np.abs(terms).sum()):
            signs = uphill
    return _like(x, v * signs)


def coordinate(x: Any, index: tuple[int, ...]) -> tuple[Any, float]:
    """Return the direction that moves one entry of `x` by about its size, and that size."""
    step = float(scales(x)[index])
    v = np.zeros(shape(x))
    v[index] = step
    return _like(x, v), step


def cotangent(out: Any, rng: np.random.Generator) -> Any:
    """Return a random cotangent for `out`: entries +-[1/2, 3/2], never all ones."""
    size = shape(out)
    w = rng.integers(8, 25, size=size) / 16.0 * (rng.integers(0, 2, size=size) * 2.0 - 1.0)
    return _like(out, w)


def _like(x: Any, values: NDArray[np.float64]) -> Any:
    if isinstance(x, np.ndarray):
        return np.asarray(values, dtype=x.dtype)
    if isinstance(x, np.generic):
        return x.dtype.type(values)
    return float(values)


def moved(x: Any, v: Any, t: float) -> Any:
    """Return x + t v, of the kind, shape and dtype of `x`, in memory of its own."""
    if isinstance(x, np.ndarray):
        if x.ndim == 0:
            return np.asarray(x + t * v, dtype=x.dtype)
        step = v * x.dtype.type(t)
        step += x
        return step
    return type(x)(x + t * v)


def inner(a: Any, b: Any) -> float:
    """Return the inner product of two arrays of one shape, in float64."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.dtype == b.dtype == np.float64:
        return float(np.dot(a.reshape(-1), b.reshape(-1)))
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return float(np.dot(left.reshape(-1), right.reshape(-1)))


def fingerprint(leaf: Any) -> int:
    """Return a number that depends on shape and values (on 4096 of them where there are more)."""
    a = np.asarray(leaf)
    flat = a.reshape(-1)
    stride = max(1, math.ceil(flat.size / 4096))
    return zlib.crc32(np.ascontiguousarray(flat[::stride]).tobytes(), zlib.crc32(repr(a.shape).encode()))
