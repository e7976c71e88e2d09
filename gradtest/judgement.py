"""One block judged at one point: there, at generic points nearby, and as a special point.

A disagreement counts only if it is a property of the function and not of the place: it must be
there again at a generic point nearby, or the function must be smooth at the very point along
directions of the whole space (a special point: the product with one zero factor, ||x||**2 at
0).  A disagreement only where the function has kinks is a convention.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gradtest.numerics.differentiate import derivative as differentiate
from gradtest.numerics.differentiate import one_sided
from gradtest.numerics.estimate import Estimate, Quality
from gradtest.probe import Claim, Direction, Probe
from gradtest.settings import Settings
from gradtest.spaces import arrays
from gradtest.targets import Raised
from gradtest.verdict import Comparison, Word, compare

__all__ = ["Judgement", "Place", "judge_block"]

#: A generic point is this far away, relative to the size of each entry: far beyond rounding and
#: the kinks that integers and ties sit on, near enough to be the same piece of the function.
NEARBY = 2.0**-8


class Place:
    """Where a judgement rests."""

    HERE = "at the point"
    NEARBY = "at a generic point nearby"
    SPECIAL = "at this special point"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one block of parameters at one point.

    Attributes
    ----------
    block : int
        Leaf number; `name` is its readable name.
    word : Word
    comparison : Comparison
        The evidence, taken at `place` along `direction` by `probe`.
    reason : str
        Why undecided, or what was skipped.
    """

    block: int
    name: str
    word: Word
    comparison: Comparison
    place: str
    reason: str
    probe: Probe
    direction: Direction

    @property
    def inaccurate(self) -> bool:
        """Whether the gradient is right in kind but has lost digits."""
        return self.reason.startswith("inaccurate")


def judge_block(probe: Probe, block: int, rng: np.random.Generator, settings: Settings) -> Judgement:
    """Judge the gradient of one block at the point of `probe`.

    Costs 4 to 8 evaluations where the function is smooth and the claim right; a disagreement is
    looked at again elsewhere before it is believed.
    """
    here = _judge(probe, block, rng, settings, Place.HERE)
    if here.word is Word.AGREES:
        return here
    if settings.kinks != "skip":
        decided = _by_policy(here, settings)
        if decided is not None:
            return decided
    return _look_nearby(here, rng, settings)


def _judge(
    probe: Probe, block: int, rng: np.random.Generator, settings: Settings, place: str
) -> Judgement:
    direction = probe.towards(block, rng)
    comparison = compare(
        probe.line(direction),
        probe.claim(direction),
        method=settings.method,
        resolution=settings.resolution,
        budget=settings.budget,
    )
    name = probe.case.names[block]
    return Judgement(block, name, comparison.word, comparison, place, comparison.reason, probe, direction)


def _again(judgement: Judgement, word: Word, reason: str, place: str | None = None) -> Judgement:
    return Judgement(
        judgement.block,
        judgement.name,
        word,
        judgement.comparison,
        place or judgement.place,
        reason,
        judgement.probe,
        judgement.direction,
    )


def _look_nearby(here: Judgement, rng: np.random.Generator, settings: Settings) -> Judgement:
    """Decide what did not agree at the point by what generic points nearby say."""
    others = _nearby(here, rng, settings)
    first = next(others, None)
    if first is None:
        return _again(here, Word.UNDECIDED, here.reason or "no point nearby where the function is finite")
    if first.word is Word.AGREES:
        if here.word is Word.DISAGREES and _smooth_everywhere(here, rng):
            return _unless_inaccurate(_again(here, Word.DISAGREES, "", Place.SPECIAL))
        return _again(first, Word.AGREES, _skipped(here))
    if first.word is Word.DISAGREES:
        second = here if here.word is Word.DISAGREES else next(others, None)
        if second is not None and second.word is Word.DISAGREES:
            return _unless_inaccurate(second if second is here else first)
        if second is not None and second.word is Word.AGREES:
            return _again(second, Word.UNDECIDED, "two points nearby say different things")
    second = next(others, None)
    if second is None or second.word is Word.UNDECIDED:
        return _again(first, Word.UNDECIDED, first.reason or here.reason or Quality.ROUGH.value)
    if second.word is Word.AGREES and here.word is not Word.DISAGREES:
        return _again(second, Word.AGREES, _skipped(here))
    if second.word is Word.DISAGREES and here.word is Word.DISAGREES:
        return _unless_inaccurate(here)
    return _again(here, Word.UNDECIDED, here.reason or "the disagreement was not found again nearby")


def _skipped(here: Judgement) -> str:
    if here.comparison.reason == Quality.NON_FINITE.value:
        return "the function is not finite around the point: judged nearby"
    return "kink at the point: judged nearby"


def _nearby(here: Judgement, rng: np.random.Generator, settings: Settings) -> Iterator[Judgement]:
    """Judge the same block at generic points, each with a direction of its own."""
    for distance in (NEARBY, NEARBY / 2, NEARBY * 2):
        probe = here.probe.nearby(rng, distance)
        if probe is not None and (here.block in probe.gradients or not here.probe.gradients):
            yield _judge(probe, here.block, rng, settings, Place.NEARBY)


def _smooth_everywhere(here: Judgement, rng: np.random.Generator, directions: int = 3) -> bool:
    """Whether the function is smooth at the point along random directions of the whole space.

    A kink at the point leaves an error of about a tenth of its jump in a slope, at every
    scale; an error below a hundredth of the difference excludes a kink that could explain it
    (where the claim is NaN: below a thousandth of how steep the function is around).
    """
    for _ in range(directions):
        slope = differentiate(here.probe.line(here.probe.everywhere(rng)), budget=60)
        difference = here.comparison.difference
        allowed = difference / 100 if math.isfinite(difference) else slope.steepest / 1000
        if not slope.finite or slope.error > allowed:
            return False
    return True


def _unless_inaccurate(judgement: Judgement) -> Judgement:
    """Withdraw a disagreement that the rounding of the gradient itself explains.

    A backward pass that adds terms of their usual size loses some eps of that, however small the
    sum (sigma(z) - y near y = 1).  The usual size is the largest slope it claims within about
    the size of the point.  Costs 6 gradients, on the way to a disagreement only.
    """
    comparison, probe = judgement.comparison, judgement.probe
    usual = max((claim.rounding for claim in _claims_around(judgement)), default=0.0)
    if comparison.difference > usual + comparison.tolerance:
        return judgement
    share = comparison.difference / max(abs(comparison.claim.value), abs(comparison.estimate.value))
    lost = f"inaccurate: the gradient is right in kind but has lost digits (it is off by {share:.0e}"
    return _again(judgement, Word.UNDECIDED, f"{lost}, where {probe.eps:.0e} is possible)")


def _claims_around(judgement: Judgement) -> Iterator[Claim]:
    """Yield what is claimed along the same direction at points as far away as the point is large."""
    for t in (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0):
        leaves = list(judgement.probe.leaves)
        for i, v in judgement.direction.items():
            leaves[i] = arrays.moved(leaves[i], v, t)
        try:
            yield judgement.probe.at(leaves).claim(judgement.direction)
        except Raised:
            continue


# -- kinks at the point itself ----------------------------------------------------------------


def _by_policy(here: Judgement, settings: Settings) -> Judgement | None:
    """Judge a claim at a kink by its own standard; None where the point is no kink.

    Sound for one coordinate and one output at a time: along a direction through several kinks
    the claim need not lie between the two slopes.  So every entry is looked at, which costs
    some 60 evaluations each; blocks of more than 64 entries are left to the points nearby.
    """
    probe, block = here.probe, here.block
    x = probe.leaves[block]
    if np.size(x) > 64 or probe.case.target.form == "jvp":
        return None
    kinked = False
    for index in np.ndindex(arrays.shape(x)):
        direction = {block: arrays.coordinate(x, index)[0]}
        line, claim = probe.line(direction), probe.claim(direction)
        left, right = one_sided(line, -1), one_sided(line, +1)
        if not (left.finite and right.finite):
            return None
        if left.matches(right):
            continue
        kinked = True
        low, high = min(left.value, right.value), max(left.value, right.value)
        slack = left.error + right.error + claim.rounding
        if not low - slack <= claim.value <= high + slack:
            return _kink_finding(here, direction, claim, low, high, left.error + right.error)
    if not kinked:
        return None
    if settings.kinks == "strict":
        return _again(here, Word.UNDECIDED, Quality.KINK.value)
    return _again(here, Word.AGREES, "kink at the point: the claim is a subgradient")


def _kink_finding(
    here: Judgement, direction: Direction, claim: Claim, low: float, high: float, error: float
) -> Judgement:
    nearest = low if claim.value < low else high
    estimate = Estimate(nearest, error, quality=Quality.KINK)
    comparison = Comparison(
        Word.DISAGREES, claim, estimate, error + claim.rounding, 0.0, "", here.comparison.evaluations
    )
    return Judgement(
        here.block, here.name, Word.DISAGREES, comparison, Place.HERE, "", here.probe, direction
    )
