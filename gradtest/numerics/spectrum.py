"""One interval read: coefficients to a slope, its error, and the noise of the samples.

The coefficients of a smooth function fall geometrically until they reach a plateau, whose
height is the noise of the samples (Aurentz and Trefethen, *Chopping a Chebyshev series*,
2017).  What stands before the plateau enters the derivative; the plateau, pushed through the
weights of those few terms, is the error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul
from typing import NamedTuple

from .chebyshev import coefficients
from .line import Line

__all__ = ["Reading", "read"]

#: Standard errors in a stated error, when the noise is known.  This and `FEW` are found by calibration
#: (tests/benchmarks/calibration.py): the least round numbers with which |numeric - true| <= error
#: in 99.9 % of the smooth cases.
SAFETY = 4.0

#: What is added to `SAFETY` for a noise measured on k coefficients, over k (Student's t has 8.6
#: standard errors for 4 of them, 5.0 for 8, where the normal law has 3.3).
FEW = 15.0

#: Five samples hardly show their noise: by so much it is taken to be above the least possible.
_UNSEEN = 2.0

#: A coefficient this many plateau heights high is signal (for 33 normal ones, one in a thousand is).
_SIGNAL = 3.5

#: A plateau this far above the rounding of the samples is no rounding.
ROUGH = 30.0


class Reading(NamedTuple):
    """What one interval says.

    `value` and `error` are a slope; `plateau` and `floor` are heights among the coefficients,
    measured and least possible; `steepest` is about the largest slope inside; `runs` counts the
    stretches of equal neighbours among the samples; `c` holds the coefficients, the last `tail` of
    which the plateau was read from.
    """

    value: float
    error: float
    plateau: float
    floor: float
    steepest: float
    step: float
    nodes: int
    runs: int
    tail: int
    c: Sequence[float]

    @property
    def flat(self) -> bool:
        """Whether the function did not move at all."""
        return self.runs == 1

    @property
    def stairs(self) -> bool:
        """Whether it moved in so few steps that the noise is hardly seen."""
        return self.runs <= 3 * self.nodes // 4

    @property
    def noise(self) -> float:
        """Noise of one sample (the transform averages n of them)."""
        return self.plateau * math.sqrt(self.nodes / 2)

    @property
    def rough(self) -> bool:
        """Whether the tail stands well above the rounding of the samples."""
        return self.plateau > ROUGH * self.floor


def read(
    samples: Sequence[float], step: float, slopes: Sequence[float], line: Line, noise: float = 0.0
) -> Reading | None:
    """Read the slope off `samples` at `chebyshev.nodes`; None if one is not finite.

    `slopes` are T'_k at the place where the slope is wanted, and `step` is half the width of
    the interval, so that the slope is sum(c_k slopes_k) / step.  `line` knows its rounding;
    `noise` is that of one sample where it is known to be more.
    """
    n = len(samples) - 1
    total = sum(samples)
    if total - total != 0.0:  # NaN or infinite
        return None
    runs, before, top = 0, math.nan, line.magnitude
    for value in samples:
        if value != before:
            runs += 1
            before = value
            if value > top or -value > top:
                top = abs(value)
    c = coefficients(samples) if runs > 1 else [samples[0], *[0.0] * n]
    size = [abs(x) for x in c]
    unit = abs(step)
    steepest = max(map(mul, size, range(n + 1))) / unit
    average = math.sqrt(2 / min(n, runs))  # of so many samples; equal neighbours are rounded alike
    sample = rounding(line, top, steepest, runs)
    floor = sample * average
    known = max(floor, noise * average)
    if runs == 1:
        # What is rounded to one number all over moves by less than two halves of its last digit.
        return Reading(0.0, 4 * max(sample, noise) / unit, known, floor, 0.0, step, n, 1, n - 1, c)
    value, error, plateau, tail = (_short if n == 4 else _chopped)(c, size, slopes, floor, known)
    return Reading(value / step, error / unit, plateau, floor, steepest, step, n, runs, tail, c)


def rounding(line: Line, top: float, steepest: float, runs: int) -> float:
    """Return what rounding must be expected to leave of one sample.

    Rounding to nearest leaves up to eps/2 of the largest sample, `top`.  And what is computed on
    the way is no more exact than an argument that is off by eps/2 of itself: the slope times the
    scale.  (Left out, one smooth function in 200 lies outside its error.)  Where nothing moves the
    samples cannot tell their rounding, only how short they are.
    """
    eps = line.eps if runs > 1 else line.grain()
    return 0.5 * eps * max(top, steepest * line.scale) + 1e-300  # so that a line of zeros has an error too


def _short(
    c: list[float], size: list[float], slopes: Sequence[float], floor: float, known: float
) -> tuple[float, float, float, int]:
    """Read five coefficients: too few to see a plateau, so every term counts.

    The first term that was not sampled, c_5, is taken to continue the fall from (c_1, c_2) to
    (c_3, c_4), and folds onto c_3.  Optimistic where the fall is not geometric: good enough to
    agree with a claim that was made without looking, never to contradict one.
    """
    early, late = max(size[1], size[2]), max(size[3], size[4])
    beyond = late * min(1.0, late / early) if early > 0 else late
    # What c_4 is more than the fall of the others explains is noise, seen on one coefficient.
    explained = 2 * size[2] * min(1.0, size[3] / size[1]) if size[1] > 0 else 0.0
    plateau = max(known, size[4] - explained)
    value = c[1] * slopes[1] + c[2] * slopes[2] + c[3] * slopes[3] + c[4] * slopes[4]
    weight = math.hypot(slopes[1], slopes[2], slopes[3], slopes[4])
    height = max(_UNSEEN * SAFETY * known, (SAFETY + FEW) * plateau if plateau > known else 0.0)
    return value, height * weight + 2 * (abs(slopes[3]) + 5) * beyond, plateau, 1


def _chopped(
    c: list[float], size: list[float], slopes: Sequence[float], floor: float, known: float
) -> tuple[float, float, float, int]:
    """Chop the series where its plateau begins, and read the slope off what stands before it."""
    n = len(c) - 1
    plateau = max(known, _rms(size[n - n // 3 :]))
    last = n
    while last > 1 and size[last] <= _SIGNAL * plateau:
        last -= 1
    rest = size[last + 1 :] or size[n - n // 3 :]
    plateau = _rms(rest)
    # The third coefficient always counts at the centre: it weighs little, and leaving it out would
    # bias the slope by three times what hides in the noise.
    last = max(last, 4 if slopes[2] == 0.0 else 2)
    # What was dropped may hide a term at the next weight, as high as the plateau lets it and the
    # fall from pair to pair (odd and even functions have every other term only) explains.
    following = max(map(abs, slopes[last + 1 : last + 3]), default=0.0)
    hidden = _SIGNAL * max(known, plateau)
    if last > 2:
        ends, before = max(size[last - 1 : last + 1]), max(size[last - 3 : last - 1])
        hidden = min(hidden, 4 * ends * ends / before) if before > ends else hidden
    value = math.fsum(map(mul, c[: last + 1], slopes))
    height = SAFETY * known
    if plateau > known or known == floor:  # what is known of the noise rests on more than this tail
        height = max(height, (SAFETY + FEW / len(rest)) * plateau)
    error = height * math.hypot(*slopes[: last + 1]) + hidden * following
    return value, error, max(floor, plateau), len(rest)


def _rms(values: list[float]) -> float:
    return math.hypot(*values) / math.sqrt(len(values))
