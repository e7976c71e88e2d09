"""What may be claimed at a kink, and whether there is one: one coordinate and one output at a time."""

from __future__ import annotations

import math

import numpy as np

from gradtest.numerics.differentiate import derivative, one_sided
from gradtest.numerics.estimate import Estimate, Quality
from gradtest.probe import Probe
from gradtest.spaces import arrays
from gradtest.verdict import BEYOND, Comparison, Word

__all__ = ["outside_subgradient", "smooth_everywhere"]

#: So many coordinates times outputs are looked at, each by itself (some 60 evaluations).
FEW = 64


def smooth_everywhere(probe: Probe, difference: float, rng: np.random.Generator) -> bool:
    """Whether the function is differentiable at the point, as far as random lines can tell.

    Along two directions u and v of the whole space and along u + v it must be smooth, and the
    slopes must add up (the median of tied entries is linear along every line, and has no
    derivative).  A kink at the point leaves an error of about a tenth of its jump in a slope,
    at every scale; an error below a hundredth of the `difference` excludes a kink that could
    explain it (where the claim is NaN: below a fiftieth of how steep the function is around).
    Costs some 20 evaluations a direction.
    """
    one, other = probe.everywhere(rng), probe.everywhere(rng)
    both = {i: arrays.moved(v, other[i], 1.0) for i, v in one.items()}
    wanted = max(1e-10, probe.eps**0.64)
    slopes = [derivative(probe.line(v), wanted=wanted, budget=60) for v in (one, other, both)]
    for slope in slopes:
        allowed = difference / 100 if math.isfinite(difference) else slope.steepest / 50
        if not slope.finite or (slope.error > allowed and not slope.flat):
            return False
    error = math.fsum(slope.error for slope in slopes)
    slack = error + 64 * probe.eps * math.fsum(abs(slope.value) for slope in slopes)
    return abs(slopes[0].value + slopes[1].value - slopes[2].value) <= slack


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
