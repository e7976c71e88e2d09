"""What a dtype, and an inner product of n terms, can resolve."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = [
    "EPS64",
    "accumulated",
    "coarsest",
    "decimal",
    "epsilon",
    "grain",
    "power_of_two",
    "smallest_normal",
]

EPS64 = float(np.finfo(np.float64).eps)

_EPSILON = {
    "float64": EPS64,
    "complex128": EPS64,
    "longdouble": EPS64,  # the line itself is computed in float64
    "float128": EPS64,
    "complex256": EPS64,
    "float32": 2.0**-23,
    "complex64": 2.0**-23,
    "float16": 2.0**-10,
    "complex32": 2.0**-10,
    "bfloat16": 2.0**-7,
}

#: Bits in the significand, and epsilon, of the formats that are shorter than float64.
_FORMATS = ((8, 2.0**-7), (11, 2.0**-10), (24, 2.0**-23))


def epsilon(dtype: Any) -> float:
    """Return the spacing of numbers next to 1 in a real or complex floating `dtype`.

    Known by name, so that torch's, jax's and ml_dtypes' kinds are covered without importing
    them; integers and anything unknown count as exact in float64.

    >>> epsilon(np.dtype("float32")) == 2.0**-23
    True
    """
    name = getattr(dtype, "name", None) or str(dtype)
    return _EPSILON.get(name.rsplit(".", 1)[-1], EPS64)


def smallest_normal(dtype: Any) -> float:
    """Return the smallest number of a floating `dtype` with all its digits; below it they are lost.

    >>> smallest_normal("float16"), smallest_normal("bfloat16") == smallest_normal("float32")
    (6.103515625e-05, True)
    """
    name = (getattr(dtype, "name", None) or str(dtype)).rsplit(".", 1)[-1]
    if name in ("float16", "complex32"):
        return 2.0**-14
    return 2.0**-126 if epsilon(dtype) > EPS64 else 2.0**-1022


def coarsest(*dtypes: Any) -> float:
    """Return the largest `epsilon` among `dtypes` (that of float64 for none)."""
    return max(map(epsilon, dtypes), default=EPS64)


def grain(values: Any, spare: int = 0) -> float:
    """Return the epsilon of the coarsest format in which all `values` may have been computed.

    A function that returns float64 may compute in less; its values then fit the shorter format,
    or exceed it by the `spare` bits of a short number that they were multiplied by.  So do short
    numbers by chance: this is a hint to be used only where too few distinct values were seen to
    measure the noise itself.

    >>> grain([0.1]) == EPS64, grain([0.75]) == 2.0**-7, grain([np.float32(0.1)]) == 2.0**-23
    (True, True, True)
    """
    longest = max((_bits(value) for value in np.ravel(values).tolist()), default=0)
    return next((eps for bits, eps in _FORMATS if longest <= bits + spare), EPS64)


def decimal(values: Any) -> bool:
    """Return whether all finite `values` have twelve decimal digits or fewer, up to some rounding.

    As numbers have that were rounded to decimals; one that was not does once in a thousand times, and
    float32 below 1000 has more digits than that.

    >>> decimal([0.1 + 0.2, 12.125]), decimal([1 / 3]), decimal(np.float32([0.1]))
    (True, False, False)
    """
    given = [value for value in np.ravel(values).tolist() if math.isfinite(value)]
    return all(abs(value - float(f"{value:.12g}")) <= 4 * EPS64 * abs(value) for value in given)


def of_a_format(values: Any) -> bool:
    """Return whether numbers are as long as those of a format shorter than float64, the small ones too.

    Half of the numbers of a format use its last bit, however small they are; multiples of one unit, as
    whole numbers are, become shorter with their size.  Told by the longest of all, and of the smallest
    quarter; a few numbers alike in size may be taken for either.

    >>> import random
    >>> whole, draw = range(1, 600, 7), random.Random(0)
    >>> of_a_format(whole), of_a_format([np.float16(draw.random()) for _ in range(32)])
    (False, True)
    """
    sizes = sorted({abs(value) for value in np.ravel(values).tolist() if value and math.isfinite(value)})
    bits = [_bits(size) for size in sizes]
    longest, of_small = max(bits, default=0), max(bits[: max(1, len(bits) // 4)], default=0)
    return any(longest == format_ and of_small >= format_ - 1 for format_, _ in _FORMATS)


def _bits(value: float) -> int:
    """Return the number of significant bits of a finite number (0 for any other)."""
    if not math.isfinite(value) or value == 0.0:
        return 0
    whole = int(math.ldexp(math.frexp(value)[0], 53))
    return 53 - (whole & -whole).bit_length() + 1


def accumulated(eps: float, n: int) -> float:
    """Return the relative rounding of a slope that is a sum of `n` terms.

    About 50 eps for the operations of a typical backward pass; sqrt(n) eps where more terms
    than that are added up, each addition rounded as if at random (Higham and Mary 2019).
    """
    return eps * max(50.0, math.sqrt(n))


def power_of_two(size: float) -> float:
    """Return the largest power of two that is at most `size` (> 0)."""
    return math.ldexp(1.0, math.frexp(size)[1] - 1)
