"""The plain numeric difference of a script that needs no gradtest: written once, here, and copied there."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["plain_difference"]


def plain_difference(phi: Callable[[float], float], scale: float, eps: float) -> tuple[float, float]:
    """Return the slope of phi at 0, and about how far it may be off.

    The five-point stencil at ever smaller steps; where two neighbours agree best.
    """
    best, before = (math.nan, math.inf), math.nan
    for k in range(3, 33, 2):
        h = scale * 2.0**-k
        far, near, back, behind = (phi(t) for t in (2 * h, h, -h, -2 * h))
        slope = (8 * (near - back) - (far - behind)) / (12 * h)
        rounding = 2 * eps * max(map(abs, (far, near, back, behind))) / h
        if abs(slope - before) + rounding < best[1]:
            best = slope, abs(slope - before) + rounding
        before = slope
    return best
