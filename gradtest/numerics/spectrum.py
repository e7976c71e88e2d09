"""One interval read: coefficients to a slope, its error, and the noise of the samples.

The coefficients of a smooth function fall geometrically until they reach a plateau, whose
height is the noise of the samples (Aurentz and Trefethen, *Chopping a Chebyshev series*,
2017).  What stands before the plateau enters the derivative; the plateau, pushed through the
weights of those few terms, is the error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .chebyshev import coefficients
from .line import Line

__all__ = ["Reading", "read"]

#: Standard errors in a stated error.  Found by calibration (tests/benchmarks/calibration.py):
#: the least round number with which |numeric - true| <= error in 99.9 % of the smooth cases.
SAFETY = 4.0

#: A coefficient this many plateau heights high is signal (for 33 normal ones, one in a thousand is).
SIGNAL = 3.5


class Reading(NamedTuple):
    """What one interval says.

    `value` and `error` are a slope; `plateau` and `floor` are heights among the coefficients,
    measured and least possible; `steepest` is about the largest slope inside; `distinct`
    counts the values seen.
    """

    value: float
    error: float
    plateau: float
    floor: float
    steepest: float
    step: float
    nodes: int
    distinct: int

    @property
    def flat(self) -> bool:
        """Whether the function did not move at all."""
        return self.distinct == 1

    @property
    def stairs(self) -> bool:
        """Whether it moved in so few steps that only its grain can be told."""
        return self.distinct <= self.nodes // 2 + 1

    @property
    def noise(self) -> float:
        """Noise of one sample (the transform averages n of them)."""
        return self.plateau * math.sqrt(self.nodes / 2)

    @property
    def rough(self) -> bool:
        """Whether the tail stands well above the rounding of the samples."""
        return self.plateau > 30 * self.floor


def read(
    samples: NDArray[np.float64], step: float, slopes: Sequence[float], line: Line
) -> Reading | None:
    """Read the slope off `samples` at `chebyshev.nodes`; None if one is not finite.

    `slopes` are T'_k at the place where the slope is wanted, and `step` is half the width of
    the interval, so that the slope is sum(c_k slopes_k) / step.  `line` knows its rounding.
    """
    n = len(samples) - 1
    top = float(np.abs(samples).max())
    if not math.isfinite(top):
        return None
    c: list[float] = coefficients(samples).tolist()
    size = [abs(x) for x in c]
    # Rounding to nearest leaves about eps/2 of each sample; the transform averages n of them.
    # (tiny: so that a line of zeros has an error too)
    distinct = len(set(samples.tolist()))
    # Few values where there should be many: stairs, whose height the samples cannot tell.
    eps = line.eps if distinct > n // 2 + 1 else line.grain()
    floor = (0.5 * eps * max(top, line.magnitude) + 5e-324) * math.sqrt(2 / n)
    steepest = max(k * height for k, height in enumerate(size)) / step
    if n == 4:
        value, error, plateau = _short(c, size, slopes, floor)
    else:
        value, error, plateau = _chopped(c, size, slopes, floor)
    return Reading(value / step, error / abs(step), plateau, floor, abs(steepest), step, n, distinct)


def _short(
    c: list[float], size: list[float], slopes: Sequence[float], floor: float
) -> tuple[float, float, float]:
    """Read five coefficients: too few to see a plateau, so every term counts.

    The first term that was not sampled, c_5, is taken to continue the fall from (c_1, c_2) to
    (c_3, c_4), and folds onto c_3.  Optimistic where the fall is not geometric: good enough to
    agree with a claim that was made without looking, never to contradict one.
    """
    plateau = max(floor, size[4])
    early, late = max(size[1], size[2]), max(size[3], size[4])
    beyond = late * min(1.0, late / early) if early > 0 else late
    value = c[1] * slopes[1] + c[2] * slopes[2] + c[3] * slopes[3] + c[4] * slopes[4]
    weight = math.hypot(*slopes[:5])
    return value, SAFETY * plateau * weight + 2 * (abs(slopes[3]) + 5) * beyond, plateau


def _chopped(
    c: list[float], size: list[float], slopes: Sequence[float], floor: float
) -> tuple[float, float, float]:
    """Chop the series where its plateau begins, and read the slope off what stands before it."""
    n = len(c) - 1
    plateau = max(floor, _rms(size[n - n // 3 :]))
    last = 1
    for k in range(n, 1, -1):
        if size[k] > SIGNAL * plateau:
            last = k
            break
    if last < n:
        plateau = max(floor, _rms(size[last + 1 :]))
    # What was dropped may hide a term as high as the plateau, at the next weight.
    following = max(map(abs, slopes[last + 1 : last + 3]), default=0.0)
    value = math.fsum(map(float.__mul__, c[: last + 1], slopes[: last + 1]))
    weight = math.hypot(*slopes[: last + 1], following)
    return value, SAFETY * plateau * weight, plateau


def _rms(values: list[float]) -> float:
    return math.hypot(*values) / math.sqrt(len(values))
