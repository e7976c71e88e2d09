"""What a dtype, and an inner product of n terms, can resolve."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["EPS64", "accumulated", "coarsest", "epsilon", "grain", "power_of_two"]

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


def epsilon(dtype: Any) -> float:
    """Return the spacing of numbers next to 1 in a real or complex floating `dtype`.

    Known by name, so that torch's, jax's and ml_dtypes' kinds are covered without importing
    them; integers and anything unknown count as exact in float64.

    >>> epsilon(np.dtype("float32")) == 2.0**-23
    True
    """
    name = getattr(dtype, "name", None) or str(dtype)
    return _EPSILON.get(name.rsplit(".", 1)[-1], EPS64)


def coarsest(*dtypes: Any) -> float:
    """Return the largest `epsilon` among `dtypes` (that of float64 for none)."""
    return max(map(epsilon, dtypes), default=EPS64)


def grain(values: Any) -> float:
    """Return the epsilon of the coarsest IEEE format in which all `values` are exact.

    A function that returns float64 may compute in less; its values then fit the smaller
    format.  So do short numbers by chance: this is a hint to be used only where too few
    distinct values were seen to measure the noise itself.

    >>> grain([0.1]) == EPS64, grain([0.5]) == 2.0**-10
    (True, True)
    """
    exact = np.asarray(values, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore"):
        for name in ("float16", "float32"):
            if bool(np.all(exact == exact.astype(name))):
                return _EPSILON[name]
    return EPS64


def accumulated(eps: float, n: int) -> float:
    """Return the relative rounding of a slope that is a sum of `n` terms.

    About 50 eps for the operations of a typical backward pass; sqrt(n) eps where more terms
    than that are added up, each addition rounded as if at random (Higham and Mary 2019).
    """
    return eps * max(50.0, math.sqrt(n))


def power_of_two(size: float) -> float:
    """Return the largest power of two that is at most `size` (> 0)."""
    return math.ldexp(1.0, math.frexp(size)[1] - 1)
