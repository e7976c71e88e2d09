"""Functions that move in steps, of their rounding or meant ones, where a claim seems wrong."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from gradtest.claimed_slopes import slope_claimed
from gradtest.numerics.chebyshev import nodes
from gradtest.numerics.line import Line
from gradtest.probe import Direction, Probe
from gradtest.verdict import BEYOND, Comparison

__all__ = ["between_steps", "hidden_where_flat", "right_between_steps"]

#: Steps below this share of the function are its rounding, those of a hidden float32 included, unless
#: all it returns is short in decimals.
STEP = 1e-5


def hidden_where_flat(probe: Probe, line: Line, comparison: Comparison) -> bool:
    """Whether the function does not move, and what is claimed is below the rounding of what it is made of.

    log(1 + e^-99) is 0 as computed, and its slope is not: the terms are as large as the function
    is further out, and so is their rounding.  Costs 2 evaluations where the function is flat, and up to
    64 along lines through the whole space where it stays so along its own: all but one of the terms
    may have vanished, and it takes a line on which that one does.
    """
    if not comparison.estimate.flat or comparison.claim.value == 0.0:
        return False
    rng = np.random.default_rng(0)
    least = abs(comparison.claim.value) * line.widest
    everywhere = [probe.line(probe.everywhere(rng, alike=k % 2 == 1)) for k in range(8)]
    wide = [(other, share * other.widest) for share in (1 / 4, 1 / 2, 1.0, 1 / 8) for other in everywhere]
    lines = itertools.chain([(line, line.widest)], wide)
    far = (abs(one(side * width)) for one, width in lines for side in (-1, 1))
    return any(math.isfinite(size) and least <= line.eps * size for size in far)


def between_steps(probe: Probe, direction: Direction, line: Line, comparison: Comparison) -> bool:
    """Whether the claims move the function by less than a step of its rounding, where it stands still.

    Between two steps of height J nothing moves until the slopes have added up to J, or to a few of them
    where several terms are rounded.  Steps of more than 2**-6 of the function are meant.  Costs up to
    80 evaluations and 18 gradients where the function is flat.
    """
    still = line(0.0)
    if not comparison.estimate.flat or comparison.claim.value == 0.0:
        return False

    def moved(t: float) -> float:
        return line(t) - still

    step = claimed = 0.0
    for side in (-1, 1):
        far = comparison.estimate.step
        while far < line.widest and moved(side * far) == 0.0:
            far *= 2
        near, jump = _first_jump(moved, side * min(far, line.widest), 0.0)
        slopes = [slope_claimed(probe, direction, near * (0.5 + 0.5 * t)) for t in nodes(8)]
        claimed += abs(near) * math.fsum(map(abs, slopes)) / len(slopes)
        step = max(step, jump)
    size = max(abs(still), line.magnitude, abs(line(line.widest)), abs(line(-line.widest)))
    return 0 < step <= 2.0**-6 * size and claimed <= 4 * step


def right_between_steps(probe: Probe, direction: Direction, line: Line, comparison: Comparison) -> bool:
    """Whether the claim holds around the point up to a jump, which explains why it does not further out.

    What is rounded to three decimals has slope 0 almost everywhere, and 1 on the whole.  As a black
    box it is also a function that has lost its digits, for which a claim of 0 is wrong: nobody can
    tell, so that this is no agreement.  Up to the jump nothing may differ by more than rounding, and
    a third of the disagreement would have to be seen there, unless the point itself is where it jumps;
    the jump must be larger than the rounding of any precision that the values show.  Costs up to 140
    evaluations.
    """
    claim, still, wide = comparison.claim, line(0.0), comparison.estimate.step
    size = max(abs(still), line.magnitude)
    steepest = max(claim.size, abs(comparison.estimate.value), comparison.estimate.steepest)
    slack = line.eps * (16 * size + 4 * steepest)  # the argument is rounded, too

    def left(t: float) -> float:
        return line(t) - still - claim.value * t

    # What a mere slope does, seen at once: it leaves the slack before a stretch would be long enough,
    # and has no jump at the point either.
    least = BEYOND * slack / comparison.difference
    steep = 2.0**-30 * max(abs(left(wide)), abs(left(-wide)))  # a slope leaves 2**-40 of that
    if max(abs(left(least)), abs(left(-least))) > slack and not _jumps_at_once(left, wide, slack, steep):
        return False
    ends = [_first_jump(left, side * wide, slack) for side in (-1, 1)]
    narrow, jump = min(abs(near) for near, _ in ends), max(jump for _, jump in ends)
    seen = comparison.difference * narrow > BEYOND * slack and all(
        abs(left(narrow * t)) <= slack for t in nodes(8)
    )
    if not (seen or narrow == 0.0) or not jump > max(slack, steep):
        return False
    places = (2.0**-2, 2.0**-3, 2.0**-4, 2.0**-5)
    meant = jump > STEP * size or all(probe.decimal(direction, math.pi / 4 * t) for t in places)
    rounding = 2 * size * min(line.grain(step) for step in places)
    return meant and (jump > rounding or not probe.of_a_format(direction))


def _jumps_at_once(left: Callable[[float], float], wide: float, slack: float, steep: float) -> bool:
    """Whether the point itself is where the function jumps, to about the same height a little further on.

    Noise beyond the slack, as of a sum of a million terms that cancel, is another one at every place.
    """
    for near in (-wide * 2.0**-40, wide * 2.0**-40):
        height = left(near)
        if abs(height) > max(slack, steep) and all(abs(left(k * near) - height) <= slack for k in (2, 4)):
            return True
    return False


def _first_jump(left: Callable[[float], float], far: float, slack: float) -> tuple[float, float]:
    """Return up to where `left` stays within the slack on the way to `far`, and the jump it makes there.

    Where it has come back on the way (a step up, and one down again) the nearest of the places that
    were looked at is where to go on from.
    """
    near = jump = 0.0
    if abs(left(far)) <= slack:
        return far, 0.0
    for _ in range(4):
        near, far = _bisected(left, far, slack)
        jump = abs(left(far) - left(near))
        off = [t for t in (near * k / 16 for k in range(1, 16)) if not abs(left(t)) <= slack]
        if not off:
            break
        far = off[0]
    return near, jump


def _bisected(left: Callable[[float], float], far: float, slack: float) -> tuple[float, float]:
    """Return two neighbouring places up to `far` of which the nearer alone is within the slack."""
    near = 0.0
    for _ in range(40):
        middle = (near + far) / 2
        if abs(left(middle)) <= slack:
            near = middle
        else:
            far = middle
    return near, far
