"""The verbs of one array or number: can it be differentiated, how large is it, move, inner product.

A complex number is a pair of real ones: a complex array of n entries is a point of a real space of
2n dimensions, whose coordinates are the real and imaginary parts side by side (`flat`).  The inner
product is therefore Re(conj(a) b), and the gradient of a real function of z = x + iy is
df/dx + i df/dy (the convention of PyTorch; JAX gives its conjugate).  Arrays of other libraries are
seen through NumPy where they lie in this machine's own memory; those on an accelerator have the same
verbs in `foreign`.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtest.numerics.rounding import epsilon

from . import foreign

__all__ = [
    "conjugated",
    "coordinate",
    "cotangent",
    "direction",
    "entries",
    "evened",
    "few",
    "fingerprint",
    "flat",
    "inner",
    "is_array",
    "is_complex",
    "is_differentiable",
    "largest",
    "least_scale",
    "like",
    "magnitude",
    "moved",
    "pieces",
    "precision",
    "real_part",
    "real_shape",
    "real_size",
    "scaled",
    "scales",
    "shape",
    "size",
    "sizes",
    "spread",
    "upwards",
    "zeros",
]

_STILL = 2.0**-40  # an entry this much smaller than its block is as good as zero
_PIECE = 1 << 18  # entries handled at a time, so that large arrays need no large temporaries

_NUMBERS = (np.ndarray, np.generic, float, int, complex)


# -- what a value is ------------------------------------------------------------------------------


def is_array(leaf: Any) -> bool:
    """Whether `leaf` is something that holds numbers: an array or a number."""
    return isinstance(leaf, _NUMBERS) or foreign.is_array(leaf)


def is_differentiable(leaf: Any) -> bool:
    """Whether `leaf` is real or complex and of floating point, so that it has a derivative."""
    if isinstance(leaf, (float, complex)):
        return True
    if isinstance(leaf, (np.ndarray, np.generic)):
        # ml_dtypes' bfloat16 and float8 are of kind "V"; they are known by their name.
        return leaf.dtype.kind in "fc" or leaf.dtype.name.startswith(("bfloat", "float"))
    return foreign.is_array(leaf) and foreign.is_floating(leaf)


def is_complex(leaf: Any) -> bool:
    """Whether `leaf` holds complex numbers."""
    dtype = getattr(leaf, "dtype", None)
    if dtype is None:
        return isinstance(leaf, complex)
    kind = getattr(dtype, "kind", None)  # torch's dtypes have none
    return kind == "c" if kind else "complex" in str(dtype)


def shape(leaf: Any) -> tuple[int, ...]:
    """Return the shape of `leaf`; a number has shape ()."""
    return tuple(getattr(leaf, "shape", ()))


def size(leaf: Any) -> int:
    """Return the number of entries of `leaf`."""
    return math.prod(shape(leaf))


def real_shape(leaf: Any) -> tuple[int, ...]:
    """Return the shape of the real coordinates of `leaf`: complex ones have a last axis (real, imaginary).

    >>> real_shape(np.zeros(3)), real_shape(np.zeros(3, complex))
    ((3,), (3, 2))
    """
    return (*shape(leaf), 2) if is_complex(leaf) else shape(leaf)


def real_size(leaf: Any) -> int:
    """Return the dimension of the space of `leaf` as a real one: twice its size if it is complex."""
    return math.prod(real_shape(leaf))


def precision(leaf: Any) -> float:
    """Return the epsilon of the precision of `leaf`; integers count as exact in float64."""
    return epsilon(getattr(leaf, "dtype", "float64"))


def few(leaf: Any) -> NDArray[Any]:
    """Return the coordinates of 4096 of the entries of `leaf`, spread over it, or of all."""
    row = leaf.reshape(-1) if hasattr(leaf, "reshape") else np.asarray(leaf).reshape(-1)
    return flat(row[:: max(1, math.ceil(row.shape[0] / 4096))])


def fingerprint(leaf: Any) -> int:
    """Return a number that depends on shape and values (on `few` of them)."""
    values = np.ascontiguousarray(few(leaf))
    return zlib.crc32(values.tobytes(), zlib.crc32(repr(shape(leaf)).encode()))


# -- how large ------------------------------------------------------------------------------------


def pieces(n: int) -> Iterator[slice]:
    """Yield the slices in which a row of `n` entries is handled, so that nothing else is as large."""
    return (slice(start, start + _PIECE) for start in range(0, n, _PIECE))


def _wide(a: NDArray[Any]) -> NDArray[Any]:
    """Return `a` in double precision."""
    return a.astype(np.complex128 if a.dtype.kind == "c" else np.float64, copy=False)


def largest(leaf: Any) -> float:
    """Return the largest coordinate of `leaf` in size (NaN if any is), 0 for an empty array."""
    if foreign.is_remote(leaf):
        return foreign.largest(leaf)
    row = flat(leaf)
    return max((float(np.abs(_wide(row[s])).max()) for s in pieces(row.size)), default=0.0)


def magnitude(w: Any, out: Any) -> float:
    """Return the Euclidean norm of the products w_i out_i."""
    if foreign.is_remote(out):
        return foreign.magnitude(w, out)
    a, b = _paired(w, out)
    return math.hypot(*(float(np.linalg.norm(_wide(a[s]) * _wide(b[s]))) for s in pieces(a.size)))


def _mean(row: NDArray[Any]) -> float:
    return math.fsum(float(np.abs(_wide(row[s])).sum()) for s in pieces(row.size)) / row.size


def _scales(row: NDArray[Any], mean: float) -> NDArray[np.float64]:
    own = np.abs(_wide(row))
    if not 0.0 < mean < math.inf:
        return np.ones(own.shape)
    own = np.where(own < _STILL * mean, mean, own)
    powers: NDArray[np.float64] = np.ldexp(1.0, np.frexp(own)[1] - 1)
    return powers


def scales(x: Any) -> NDArray[np.float64]:
    """Return for every entry of `x` the step that changes it by about its own size.

    A power of two near |x_i|, so that no probe steps over the edge of a domain of positive
    numbers; the mean of the block for entries that are zero, 1 where the whole block is.
    """
    row = entries(x)
    return _scales(row, _mean(row)).reshape(shape(x))


def least_scale(x: Any) -> float:
    """Return the least of `scales(x)`."""
    row = entries(x)
    mean = _mean(row)
    return min(float(_scales(row[s], mean).min()) for s in pieces(row.size))


# -- directions -----------------------------------------------------------------------------------


def direction(x: Any, rng: np.random.Generator, *, along: Any = None) -> Any:
    """Return a random direction in the space of `x`: coordinates +-[1/2, 3/2) times `scales(x)`.

    No coordinate is ever ignored, and errors that cancel along one direction do not along the next.
    The numbers are short (12 bits in float64, 8 in float32, else 4), see `chebyshev.nodes`.

    With `along`, a claimed gradient, three signs in four are those of the gradient, so that
    the slope does not cancel away and drown in the noise of the function.
    """
    if foreign.is_remote(x):
        return foreign.direction(x, rng, along)
    row = entries(x)
    fold = 2 if row.dtype.kind == "c" else 1  # coordinates of an entry
    v, mean = np.empty_like(_reals(row)), _mean(row)
    gradient = None if along is None else _paired(along, row)[0]
    bits = {8: 12, 4: 8}.get(v.dtype.itemsize, 4)
    for s in pieces(row.size):
        scale = _scales(row[s], mean)
        own = slice(fold * s.start, fold * s.stop)
        v[own] = _steps(
            scale if fold == 1 else np.repeat(scale, fold),
            rng,
            None if gradient is None else gradient[own],
            bits,
        )
    return like(x, v)


def _steps(
    scale: NDArray[np.float64], rng: np.random.Generator, gradient: NDArray[Any] | None, bits: int = 12
) -> NDArray[np.float64]:
    """Draw two bytes an entry: twelve bits of length, one of sign, two that say whether to go uphill."""
    drawn = rng.integers(0, 1 << 15, size=scale.size, dtype=np.uint16)
    length = (drawn & 4095) >> (12 - bits)
    v = (0.5 + length / (1 << bits)) * scale
    signs = ((drawn >> 12) & 1) * 2.0 - 1.0
    if gradient is None:
        return v * signs
    g = np.nan_to_num(_wide(gradient))
    uphill = np.where(g == 0.0, signs, np.sign(g))
    signs = np.where((drawn >> 13) > 0, uphill, signs)
    terms = g * v
    if abs(float((terms * signs).sum())) < 0.25 * float(np.abs(terms).sum()):
        signs = uphill
    return v * signs


def coordinate(x: Any, index: tuple[int, ...]) -> tuple[Any, float]:
    """Return the direction that moves one coordinate of `x` by about the size of its entry, and that size.

    `index` is one into `real_shape(x)`.
    """
    if foreign.is_remote(x):
        return foreign.coordinate(x, index)
    row, places = entries(x), real_shape(x)
    at = int(np.ravel_multi_index(index, places)) if index else 0
    entry = at // 2 if is_complex(x) else at
    step = float(_scales(row[entry : entry + 1], _mean(row))[0])
    v = np.zeros(math.prod(places))
    v[at] = step
    return like(x, v), step


def cotangent(out: Any, rng: np.random.Generator) -> Any:
    """Return a random cotangent for `out`: coordinates +-[1/2, 3/2), never all ones."""
    if foreign.is_remote(out):
        return foreign.cotangent(out, rng)
    return like(out, _steps(np.ones(real_size(out)), rng, None))


def like(x: Any, values: NDArray[Any]) -> Any:
    """Return coordinates (`flat`) in the shape, kind and dtype of `x`."""
    if is_complex(x):
        values = values.view(np.result_type(values.dtype, np.complex64))
    return _like(x, values.reshape(shape(x)))


def _like(x: Any, values: NDArray[Any]) -> Any:
    if isinstance(x, np.ndarray):
        return np.asarray(values, dtype=x.dtype)
    if isinstance(x, np.generic):
        return x.dtype.type(values)
    return foreign.like(x, values) if foreign.is_array(x) else type(x)(values)


def upwards(v: Any) -> Any:
    """Return a direction with all its coordinates made positive."""
    return like(v, np.abs(flat(v))) if is_complex(v) else abs(v)


# -- moving and measuring -------------------------------------------------------------------------


def moved(x: Any, v: Any, t: float) -> Any:
    """Return x + t v, of the kind, shape and dtype of `x`, in memory of its own."""
    if isinstance(x, np.ndarray):
        if x.ndim == 0:
            return np.asarray(x + t * v, dtype=x.dtype)
        step = v * x.dtype.type(t)
        step += x
        return step
    if foreign.is_array(x):
        return x + v * t
    return type(x)(x + t * v)


def conjugated(leaf: Any) -> Any:
    """Return the complex conjugate of `leaf`; what is real as it is."""
    if not is_complex(leaf):
        return leaf
    return foreign.conjugated(leaf) if foreign.is_array(leaf) else np.conj(leaf)


def real_part(leaf: Any) -> Any:
    """Return the real part of a complex array, in memory of its own."""
    return foreign.real_part(leaf) if foreign.is_array(leaf) else np.real(leaf).copy()


def zeros(x: Any) -> Any:
    """Return the zero of the space of `x`."""
    if foreign.is_array(x):
        return x * 0
    return _like(x, np.zeros(shape(x)))


def inner(a: Any, b: Any) -> float:
    """Return the inner product Re(conj(a) b) of two arrays of one shape, summed in double precision."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.dtype == b.dtype == np.float64:
        return float(np.dot(a.reshape(-1), b.reshape(-1)))
    if foreign.is_remote(a) or foreign.is_remote(b):
        return foreign.inner(a, b)
    left, right = _paired(a, b)
    return math.fsum(float(np.dot(_wide(left[s]), _wide(right[s]))) for s in pieces(left.size))


def sizes(a: Any, b: Any) -> float:
    """Return sum |a_i| |b_i| over the coordinates: the inner product, had nothing cancelled."""
    if foreign.is_remote(a) or foreign.is_remote(b):
        return foreign.sizes(a, b)
    left, right = _paired(a, b)
    return math.fsum(
        float(np.dot(np.abs(_wide(left[s])), np.abs(_wide(right[s])))) for s in pieces(left.size)
    )


def flat(a: Any) -> NDArray[Any]:
    """Return the real coordinates of `a` in one row, on the host; a view where that can be.

    >>> flat(np.array([1 + 2j, 3 - 1j]))
    array([ 1.,  2.,  3., -1.])
    """
    return _reals(entries(a))


def entries(a: Any) -> NDArray[Any]:
    """Return the entries of `a` in one row, on the host."""
    return foreign.to_host(a).reshape(-1)


def _reals(row: NDArray[Any]) -> NDArray[Any]:
    """Return the real and imaginary parts of complex entries side by side; real ones as they are."""
    return np.ascontiguousarray(row).view(row.real.dtype) if row.dtype.kind == "c" else row


def _paired(a: Any, b: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the coordinates of two arrays of one shape; a real one beside a complex one is complex too."""
    left, right = entries(a), entries(b)
    if left.dtype.kind != right.dtype.kind:
        if left.dtype.kind == "c":
            right = right.astype(np.complex128)
        elif right.dtype.kind == "c":
            left = left.astype(np.complex128)
    return _reals(left), _reals(right)


def spread(g: Any, v: Any) -> tuple[float, float]:
    """Return a typical and the largest size of the products g_i v_i that are not zero.

    The typical one is the median of 4096 of them; 0 and 0 where all are zero.
    """
    a, b = _paired(g, v)
    stride = max(1, a.size // 4096) | 1  # odd, so that imaginary parts are among them
    few = np.abs(_wide(a[::stride]) * _wide(b[::stride]))
    largest = max((float(np.abs(_wide(a[s]) * _wide(b[s])).max()) for s in pieces(a.size)), default=0.0)
    moving = few[few > 0]
    return (float(np.median(moving)) if moving.size else largest), largest


def evened(v: Any, g: Any, typical: float) -> Any:
    """Return `v` with its coordinates shrunk, by powers of two, to where |g_i v_i| is at most `typical`."""
    a, b = _paired(g, v)
    out = np.empty_like(b)
    for s in pieces(b.size):
        size = np.abs(_wide(a[s]) * _wide(b[s]))
        out[s] = b[s] * np.exp2(np.floor(np.log2(typical / np.maximum(size, typical))))
    return like(v, out)


def scaled(v: Any, factors: NDArray[Any]) -> Any:
    """Return `v` with its coordinates multiplied by `factors` (flat)."""
    row = flat(v)
    return like(v, row * factors.astype(row.dtype))
