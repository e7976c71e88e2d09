"""What may be claimed at a kink, and whether there is one: one coordinate and one output at a time."""

from __future__ import annotations

import math

import numpy as np

from gradtest.numerics.differentiate import EASY, derivative, one_sided
from gradtest.numerics.estimate import Estimate, Quality
from gradtest.numerics.line import Line
from gradtest.probe import Direction, Probe
from gradtest.spaces import arrays
from gradtest.verdict import BEYOND, Comparison, Word

__all__ = ["outside_subgradient", "smooth_everywhere"]

#: So many coordinates times outputs are looked at, each by itself (some 60 evaluations).
FEW = 64


def smooth_everywhere(probe: Probe, difference: float, rng: np.random.Generator) -> bool:
    """Whether the function is differentiable at the point, as far as random lines can tell.

    Along three directions of the whole space and along their sums and differences it must be
    smooth, and the slopes must add up: the median of tied entries is linear along every line, and
    has no derivative; a pair of directions misses that where the same entry is the median of both.
    A kink at the point leaves an error of about a tenth of its jump in a slope, at every scale; an
    error below a hundredth of the `difference` excludes a kink that could explain it (where the
    claim is NaN: below a fiftieth of how steep the function is around).  Nor may the point be
    alone with its value, for which no slope is too steep.
    Costs some 20 evaluations a direction, and nine directions where it is smooth.
    """
    slopes: list[Estimate] = []
    directions: list[Direction] = []
    for _ in range(3):
        new = probe.everywhere(rng)
        slope = _smooth_slope(probe, new, difference)
        if slope is None or _alone(probe.line(new), slope.step):
            return False
        for other, known in zip(directions, slopes, strict=True):
            for sign in (1, -1):
                both = {i: arrays.moved(v, new[i], sign) for i, v in other.items()}
                joint = _smooth_slope(probe, both, difference)
                if joint is None or not _adds_up(probe, known, slope, sign, joint):
                    return False
        directions.append(new)
        slopes.append(slope)
    return True


def _smooth_slope(probe: Probe, direction: Direction, difference: float) -> Estimate | None:
    """Return the slope along a line, None where a kink on it might explain `difference`."""
    wanted = max(1e-10, probe.eps**EASY)
    slope = derivative(probe.line(direction), wanted=wanted, budget=60)
    allowed = difference / 100 if math.isfinite(difference) else slope.steepest / 50
    return slope if slope.finite and (slope.error <= allowed or slope.flat) else None


def _alone(line: Line, step: float) -> bool:
    """Whether the value at the point itself is unlike all of those beside it, which are alike.

    The inverse of a matrix that is singular is made of rounding, and of the ordinary size again one
    rounding further.  The mean of both sides comes nearer to the value at the point as the square of
    the distance where the function is smooth, as the distance at a kink, and not at all here.  Costs
    up to 10 evaluations.
    """
    here = line(0.0)
    beside = [(line(step * 2.0**-k) + line(-step * 2.0**-k)) / 2 - here for k in range(5)]
    spread, rounding = max(beside) - min(beside), 64 * line.eps * max(abs(here), line.magnitude)
    return min(map(abs, beside)) > 8 * spread + rounding


def _adds_up(probe: Probe, one: Estimate, other: Estimate, sign: int, both: Estimate) -> bool:
    slopes = (one, other, both)
    slack = math.fsum(slope.error + 64 * probe.eps * abs(slope.value) for slope in slopes)
    return abs(one.value + sign * other.value - both.value) <= slack


def outside_subgradient(probe: Probe, block: int) -> tuple[bool, Comparison | None]:
    """Hold every entry of a block against its one-sided derivatives, for every output by itself.

    Along a direction through several kinks at once, or with several outputs mixed, the claim
    need not lie between the two slopes.

    Returns
    -------
    kinked : bool
        Whether any entry sits on a kink (False also where this cannot be told).
    outside : Comparison or None
        A *disagrees* for the first entry whose claim lies outside its two slopes.
    """
    x = probe.leaves[block]
    single = probe.single_outputs(FEW // max(1, arrays.real_size(x)))
    if block not in probe.gradients:
        return False, None
    kinked = False
    for one in single:
        for index in np.ndindex(arrays.real_shape(x)):
            here, outside = _entry_outside(one, block, index)
            if here is None:
                return False, None
            kinked = kinked or here
            if outside is not None:
                return True, outside
    return kinked, None


def _entry_outside(probe: Probe, block: int, index: tuple[int, ...]) -> tuple[bool | None, Comparison | None]:
    """Return whether one entry sits on a kink (None: cannot be told), and the claim if it is outside."""
    direction, _ = probe.coordinate(block, index)
    line, claim = probe.line(direction), probe.claim(direction)
    left, right = one_sided(line, -1), one_sided(line, +1)
    if not (left.finite and right.finite):
        return None, None
    low, high = min(left.value, right.value), max(left.value, right.value)
    error = left.error + right.error
    slack = BEYOND * (error + claim.rounding)
    outside = None
    if not low - slack <= claim.value <= high + slack:
        nearest = Estimate(low if claim.value < low else high, error, quality=Quality.KINK)
        tolerance = error + claim.rounding
        outside = Comparison(Word.DISAGREES, claim, nearest, tolerance, 0.0, "", line.evaluations)
    return not left.matches(right), outside
