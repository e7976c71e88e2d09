"""Chebyshev nodes, the coefficients of what was sampled there, and the derivative in them.

Trefethen, *Approximation Theory and Approximation Practice* (2013), chapters 3 and 21.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["coefficients", "node", "nodes", "slopes_at_centre", "slopes_at_end"]

Floats = NDArray[np.float64]

_BITS = 11  # nodes are multiples of 2**-11, see `nodes`


def node(j: int, n: int) -> float:
    """Return the j-th of n + 1 Chebyshev points, cos(j pi / n), rounded to 11 bits."""
    return float(np.ldexp(np.round(np.ldexp(np.cos(np.pi * j / n), _BITS)), -_BITS))


@lru_cache(maxsize=32)
def nodes(n: int) -> tuple[float, ...]:
    """Return the n + 1 Chebyshev points of [-1, 1], from 1 down to -1, rounded to 11 bits.

    Short numbers, so that x + t v with a short v and a step that is a power of two is
    *exact* wherever x has the bits to spare: the displacement really taken is then the one
    meant, and no rounding of the argument enters.  The points of n are among those of 2 n.

    >>> nodes(4)
    (1.0, 0.70703125, 0.0, -0.70703125, -1.0)
    """
    return tuple(0.0 if 2 * j == n else node(j, n) for j in range(n + 1))


@lru_cache(maxsize=32)
def _interpolation(n: int) -> Floats:
    """Return the matrix from samples at `nodes(n)` to coefficients (a DCT-I but for the rounding)."""
    grid = np.arccos(np.array(nodes(n)))
    return np.ascontiguousarray(np.linalg.inv(np.cos(np.outer(grid, np.arange(n + 1)))))


def coefficients(samples: Sequence[float] | Floats) -> list[float]:
    """Return the Chebyshev coefficients c_0 ... c_n of n + 1 samples at `nodes(n)`.

    >>> [round(c, 9) + 0.0 for c in coefficients([t**2 for t in nodes(4)])]  # t**2 = (1 + T_2) / 2
    [0.5, 0.0, 0.5, 0.0, 0.0]
    """
    if len(samples) == 5:  # by hand in a quarter of the time, since the first look has five
        return _five(*samples)
    values = np.asarray(samples)
    centre = samples[len(samples) // 2]
    # Of the differences, so that a large constant does not round in every coefficient.
    found: list[float] = (_interpolation(len(samples) - 1) @ (values - centre)).tolist()
    found[0] += float(centre)
    return found


_A = node(1, 4)
_A2 = _A * _A


def _five(right: float, near: float, centre: float, far: float, left: float) -> list[float]:
    """Solve for five coefficients: the odd part of the samples gives the odd ones, the even part the rest.

    With a = nodes(4)[1]: the odd part is c_1 + c_3 at 1 and a c_1 + T_3(a) c_3 at a; the even
    part less the centre is 2 c_2 at 1 and 2 a**2 c_2 + (T_4(a) - 1) c_4 at a.
    """
    odd, odd_near = 0.5 * (right - left), 0.5 * (near - far)
    even, even_near = 0.5 * (right + left) - centre, 0.5 * (near + far) - centre
    c3 = (odd_near - _A * odd) / (4 * _A * (_A2 - 1))  # T_3(a) - a
    c4 = (even_near - _A2 * even) / (8 * _A2 * (_A2 - 1))  # T_4(a) - 1
    c2 = 0.5 * even
    return [centre + c2 - c4, odd - c3, c2, c3, c4]


@lru_cache(maxsize=32)
def slopes_at_centre(n: int) -> tuple[float, ...]:
    """Return T'_k(0) for k = 0 ... n: zero for even k, +k and -k in turn for odd k.

    >>> slopes_at_centre(5)
    (0.0, 1.0, 0.0, -3.0, 0.0, 5.0)
    """
    return tuple(0.0 if k % 2 == 0 else float(k if k % 4 == 1 else -k) for k in range(n + 1))


@lru_cache(maxsize=32)
def slopes_at_end(n: int) -> tuple[float, ...]:
    """Return T'_k(-1) for k = 0 ... n: -k**2 for even k, +k**2 for odd k.

    >>> slopes_at_end(3)
    (0.0, 1.0, -4.0, 9.0)
    """
    return tuple(float(k * k if k % 2 else -k * k) for k in range(n + 1))
