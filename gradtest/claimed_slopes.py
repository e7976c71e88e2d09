"""The slope that is claimed along a line, as a function: what it says of a disagreement at one point."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np

from gradtest.numerics.chebyshev import coefficients, nodes, slopes_at_centre
from gradtest.numerics.line import Line, highest
from gradtest.numerics.rounding import power_of_two
from gradtest.numerics.scales import FIRST
from gradtest.numerics.spectrum import SAFETY, read
from gradtest.probe import Direction, Probe
from gradtest.spaces import arrays
from gradtest.verdict import Comparison

__all__ = ["erratic", "right_at_large", "rounding_claimed", "scatters", "slope_claimed", "turns"]

#: Slopes that show whether they scatter.
_MANY = 16


def slope_claimed(probe: Probe, direction: Direction, t: float, of: Direction | None = None) -> float:
    """Return the slope that is claimed at x + t v, along v or another direction; NaN where there is none."""
    claim = probe.claim_along(direction, t, of)
    return claim.value if claim is not None else math.nan


def rounding_claimed(probe: Probe, direction: Direction, t: float) -> float:
    """Return the rounding of the slope that is claimed at x + t v, 0 where there is none."""
    claim = probe.claim_along(direction, t)
    return claim.rounding if claim is not None else 0.0


def turns(probe: Probe, direction: Direction, comparison: Comparison) -> bool:
    """Whether the claimed slope is broken within the interval that the noise made so wide.

    A kink inside, hidden by the noise, explains a disagreement d where the slope jumps by 2 d or
    more.  A jump J leaves about 2 J / (pi k) in the k-th Chebyshev coefficient of the claims
    along the interval, of which a smooth gradient has nothing left where as many nodes were enough for
    the function itself.  Costs 17 to 65 gradients.
    """
    estimate, difference = comparison.estimate, comparison.difference
    if not difference * estimate.step < 1000 * estimate.noise:
        return False  # the interval could have been narrower: noise is not what limits it
    n = max(16, estimate.nodes)
    tail = coefficients([slope_claimed(probe, direction, estimate.step * t) for t in nodes(n)])[n - n // 3 :]
    return math.hypot(*tail) / math.sqrt(len(tail)) > 0.5 * difference / n


def right_at_large(probe: Probe, direction: Direction, comparison: Comparison) -> bool:
    """Whether the claims add up to what the function moves on intervals wider than the first look.

    Of a sum of a smooth term and one that rounding holds back for a while, narrow intervals show
    the first alone, and as smooth as can be (1 - p in float32, p near 1e-8); or nothing at all, between
    two steps of its rounding.  Costs up to 136 gradients, where the disagreement is no gross one, or the
    function hardly moves, on an interval no wider than the first.
    """
    size = max(abs(comparison.claim.value), abs(comparison.estimate.value))
    narrow = comparison.estimate.step <= power_of_two(probe.eps**FIRST)
    still = abs(comparison.estimate.value) <= comparison.difference / 4
    gross = 4 * comparison.difference >= size and not still
    if not narrow:
        return False
    if gross:
        return _moves_by_rounding(probe, direction, comparison)
    line, right = probe.line(direction), 0
    for width in (2.0**-k for k in range(1, 9)):  # as wide as the claims are smooth
        if right and width < 2.0**-3:
            break
        whole = _added_up(probe, direction, line, width, comparison.difference)
        # Where the slopes cancel (an oscillation) a mistake in all of them would not show.
        if not abs(whole) > width * size:
            continue
        if not abs(line(width) - line(-width) - whole) < width * comparison.difference / 4:
            return False
        right += 1
        if right == 2:  # one may be by chance
            break
    return right > 0


def _moves_by_rounding(probe: Probe, direction: Direction, comparison: Comparison) -> bool:
    """Whether the claims leave no more than rounding of what the function moves, far less than it seems to.

    Of exp(x) - x near 0 a narrow interval shows the second term alone, where the slope of both is 0.
    What is left must be below the rounding of the function further out: so little an oscillation about
    the claims would leave, too.  Costs 6 evaluations where hardly a slope is claimed, and where the
    function does not move as the narrow interval says up to 30 more and 51 gradients.
    """
    line, seems = probe.line(direction), abs(comparison.estimate.value)
    if not 4 * abs(comparison.claim.value) < seems:
        return False
    around = max(1.0, abs(line(0.0)))
    widest = max(2.0**-1, power_of_two(256 * probe.eps * around / comparison.difference))
    if not widest <= line.widest:
        return False
    widths = (widest, widest / 2, widest / 4)  # on which more than steps of rounding would have to be seen
    if not all(abs(line(width) - line(-width)) < width * seems / 4 for width in widths):
        return False
    highest(line, math.inf)
    rounding = 4 * probe.eps * min(line.top, 1024 * around)
    wholes = [(width, _added_up(probe, direction, line, width, comparison.difference)) for width in widths]
    left = [(width, abs(line(width) - line(-width) - whole)) for width, whole in wholes]
    return all(off <= rounding and off < width * comparison.difference / 8 for width, off in left)


def _added_up(probe: Probe, direction: Direction, line: Line, width: float, difference: float) -> float:
    """Return the integral of the slopes claimed within `width`; NaN where they are too rough for one.

    A Chebyshev series that is resolved far below `difference`.  Five or nine slopes will do to see
    that the integral is off by about what the disagreement makes, once twice as many hardly change it.
    """
    claims = Line(lambda t: slope_claimed(probe, direction, t))
    allowed, before = width * difference / 8, math.nan
    for n in (4, 8, 16):
        c = coefficients(claims.around(width, n))
        resolved = math.hypot(*c[n - n // 3 :]) < difference / 8
        whole = width * _integral(c)
        settled = resolved or abs(whole - before) < allowed
        off = abs(line(width) - line(-width) - whole)
        if resolved if n == 16 else settled and off > 4 * allowed:
            return whole
        before = whole
    return math.nan


def _integral(c: Sequence[float]) -> float:
    """Return the integral of a Chebyshev series over [-1, 1]; that of T_k is 2 / (1 - k**2) for even k."""
    return math.fsum(2 * ck / (1 - k * k) for k, ck in enumerate(c) if k % 2 == 0)


def erratic(probe: Probe, direction: Direction, comparison: Comparison) -> bool:
    """Whether the claimed slope is as noisy as it is off, where the function itself is smooth."""
    line = probe.line(direction)
    claims = Line(lambda t: slope_claimed(probe, direction, t), eps=probe.eps)
    for step in (2.0**-3, 2.0**-5, 2.0**-7, comparison.estimate.step):
        smooth = read(line.around(step, 16), step, slopes_at_centre(16), line)
        if smooth is None or (smooth.rough and not smooth.error < comparison.difference / 4):
            continue
        reading = read(claims.around(step, 16), step, slopes_at_centre(16), claims)
        if reading is not None and comparison.difference <= 2 * SAFETY * reading.noise:
            return True
    return False


def scatters(probe: Probe, direction: Direction, comparison: Comparison) -> bool:
    """Whether slopes that should change steadily scatter about the numeric one, as far as the claim is off.

    A pullback is linear in its cotangent but for its rounding: one in logarithms, log w - z, rounds log w
    to a digit of z, and is as smooth in the inputs as if it were right.  And within a few roundings of
    all inputs nothing else changes: 0 as the mean of x - x is rounding there.  Second differences leave
    out what changes steadily, by a mistake too (a gradient that is clipped, or squared); on each side
    by itself, so that what jumps at the point, where two entries tie, is no noise.  Costs 2 gradients
    where the function is flat or the disagreement no gross one, and 16 more where they show rounding.
    """
    claimed, least = comparison.claim.value, comparison.difference / 32
    size = max(abs(claimed), abs(comparison.estimate.value))
    if 4 * comparison.difference >= size and not comparison.estimate.flat:
        return False
    rng = np.random.default_rng(0)
    turned = {i: arrays.direction(w, rng) for i, w in probe.cotangents.items()}
    everywhere, few = probe.everywhere(rng), probe.eps**0.75

    def of_another(s: float, towards: Direction = turned) -> float:
        other = {i: arrays.moved(w, towards[i], s) for i, w in probe.cotangents.items()}
        return probe.at(probe.leaves, other).claim(direction).value

    def beside(s: float) -> float:
        return slope_claimed(probe, everywhere, few * s, of=direction)

    if probe.case.target.form == "vjp":  # else it is here that it is contracted with the cotangent
        multiple = of_another(1.5, probe.cotangents) / 2.5
        if abs(multiple - claimed) > least and _scattered(of_another, comparison):
            return True
    return abs(beside(0.5) - claimed) > least and _scattered(beside, comparison)


def _scattered(slope: Callable[[float], float], comparison: Comparison) -> bool:
    """Whether slopes at s in (-1/2, 1/2) scatter about the numeric one, by as much as that at 0 is off."""
    difference, tolerance = comparison.difference, comparison.tolerance
    sides = [[slope(side * (k + 0.5) / _MANY) for k in range(_MANY // 2)] for side in (-1, 1)]
    bends = [a - 2 * b + c for one in sides for a, b, c in zip(one, one[1:], one[2:], strict=False)]
    noise = SAFETY * math.hypot(*bends) / math.sqrt(6 * len(bends))
    off = abs(math.fsum(itertools.chain(*sides)) / _MANY - comparison.estimate.value)
    return difference <= noise + tolerance and off <= noise / math.sqrt(_MANY) + tolerance
