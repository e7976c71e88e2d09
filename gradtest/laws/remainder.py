"""The tenth law: what is left of the function beside its tangent falls as the square of the step."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from gradtest.numerics.rounding import smallest_normal
from gradtest.probe import Direction, Probe
from gradtest.settings import Settings

from .answer import Answer, agrees, broken, generator, undecided

__all__ = ["order", "remainder"]

#: Steps fall by this factor, this many times; the first is an eighth of the size of the inputs.
RATIO = 4.0
MOST_STEPS = 14
FIRST = 0.125
#: A remainder below so many roundings of the function is not counted.
FLOOR = 256.0


def remainder(probe: Probe, settings: Settings) -> Answer:
    """Ask how |phi(t) - phi(0) - t analytic| falls: as t for a wrong gradient, as t**2 for a right one.

    The Taylor test of adjoint codes, along one direction a block.  It sees less than the first law
    (it has no error of its own), and is here for those who know its picture.  Costs at most 14
    evaluations a block.
    """
    rng = generator(probe.case, settings, "remainder")
    orders, doubts = [], []
    for block in probe.blocks:
        direction = probe.towards(block, rng)
        steps, left = _remainders(probe, probe.claim(direction).value, direction)
        found = order(left)
        name = probe.case.names[block]
        if found is None or found >= 1.8:
            orders += [found] if found is not None else []
        elif _steadily_linear(left):
            detail = "\n".join(f"t = {t:.1e}   {value:.1e}" for t, value in zip(steps, left, strict=True))
            what = f"the remainder falls as t**{found:.1f}, not as t**2"
            why = "|f(x + t v) - f(x) - t analytic| along one direction v"
            return broken(probe, "remainder", "GT134", name, what, detail, why)
        else:
            doubts.append(f"unsteady: the remainder of {name} falls as t**{found:.1f}")
    if doubts:
        return undecided(doubts[0])
    return agrees(f"it falls as t**{min(orders):.1f}" if orders else "nothing is left beside the tangent")


def _remainders(probe: Probe, analytic: float, direction: Direction) -> tuple[list[float], list[float]]:
    """Return steps and remainders, down to where rounding is all that is left of them."""
    line = probe.line(direction)
    origin = line(0.0)
    tiny = max(smallest_normal(getattr(out, "dtype", "float64")) for out in probe.out.leaves)
    steps, left = [], []
    for k in range(MOST_STEPS):
        t = FIRST / RATIO**k
        value = line(t)
        if value == origin and analytic != 0.0:
            break  # the step is below what the function resolves
        rest = abs(value - origin - t * analytic)
        rounding = FLOOR * line.eps * max(line.magnitude, abs(origin), abs(value), tiny)
        if not math.isfinite(rest) or rest <= rounding:
            break
        steps.append(t)
        left.append(rest)
    return steps, left


def order(left: Sequence[float]) -> float | None:
    """Return the power of t with which remainders fall, by the last three of them; None for fewer.

    >>> order([1e-2 / 16**k for k in range(4)]), order([1.0])
    (2.0, None)
    """
    if len(left) < 3:
        return None
    return math.log(left[-3] / left[-1], RATIO) / 2


def _steadily_linear(left: Sequence[float]) -> bool:
    """Whether the last five remainders fall as t, each of them: noise does not."""
    if len(left) < 5:
        return False
    return all(abs(a / b / RATIO - 1) < 0.1 for a, b in itertools.pairwise(left[-5:]))
