"""The gradient of a case judged block by block: at the point, at generic points nearby, as a special point.

A disagreement counts only if it is a property of the function and not of the place: it must be
there again at a generic point nearby, or the function must be smooth at the very point along
directions of the whole space (a special point: the product with one zero factor, ||x||**2 at
0).  A disagreement only where the function has kinks is a convention.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gradtest.kinks import outside_subgradient, smooth_everywhere
from gradtest.case import Raised
from gradtest.numerics.estimate import Quality
from gradtest.probe import Claim, Direction, Probe
from gradtest.settings import Settings
from gradtest.spaces import arrays
from gradtest.verdict import Comparison, Word, compare, resolution_asked

__all__ = ["Judgement", "Place", "judge"]

#: A generic point is this far away, relative to the size of each entry: far beyond rounding and
#: the kinks that integers and ties sit on, near enough to be the same piece of the function.
NEARBY = 2.0**-8

#: With more blocks than this a joint direction is looked along first.
MANY = 4


class Place(enum.StrEnum):
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
    place: Place
    reason: str
    probe: Probe
    direction: Direction

    @property
    def zero(self) -> bool:
        """Whether it agrees, but only that there is no slope (see `Comparison.resolution`)."""
        return self.word is Word.AGREES and self.comparison.resolution == 0.0


def judge(probe: Probe, rng: np.random.Generator, settings: Settings) -> list[Judgement]:
    """Judge every block for which something is claimed.

    Costs 4 to 8 evaluations a block where the function is smooth and the claim right (less where
    there are many: a joint direction comes first); a disagreement is looked at again elsewhere
    before it is believed.
    """
    jointly = _jointly(probe, rng, settings) if len(probe.blocks) > MANY else {}
    judgements = [jointly.get(block) or _judge_block(probe, block, rng, settings) for block in probe.blocks]
    if judgements and all(judgement.zero for judgement in judgements):
        return _beside_stationary(judgements, rng, settings)
    return judgements


# -- one look -------------------------------------------------------------------------------------


def _judge(
    probe: Probe, block: int, direction: Direction, settings: Settings, place: Place
) -> Judgement:
    comparison = _compare(probe, direction, settings)
    name = probe.case.names[block]
    return Judgement(block, name, comparison.word, comparison, place, comparison.reason, probe, direction)


def _compare(probe: Probe, direction: Direction, settings: Settings) -> Comparison:
    line, claim = probe.line(direction), probe.claim(direction)
    asked = {"method": settings.method, "resolution": settings.resolution, "budget": settings.budget}
    comparison = compare(line, claim, **asked)
    tiny = comparison.word is Word.AGREES and comparison.resolution == 0.0 and claim.value != 0.0
    if tiny and _steady(probe, direction, claim):
        return compare(line, claim, tiny_is_zero=False, **asked)
    return comparison


def _steady(probe: Probe, direction: Direction, claim: Claim) -> bool:
    """Whether a claim below the rounding of the function is meant, and not rounding itself.

    A real slope is about the same a little way off; rounding is anything there.
    """
    leaves = list(probe.leaves)
    for i, v in direction.items():
        leaves[i] = arrays.moved(leaves[i], v, NEARBY)
    try:
        beside = probe.at(leaves).claim(direction)
    except Raised:
        return False
    return abs(beside.value - claim.value) < 0.25 * abs(claim.value)


def _jointly(probe: Probe, rng: np.random.Generator, settings: Settings) -> dict[int, Judgement]:
    """Look along all blocks at once; return those for which that was sharp enough."""
    parts = {block: probe.towards(block, rng) for block in probe.blocks}
    direction = {block: part[block] for block, part in parts.items()}
    joint = _compare(probe, direction, settings)
    if joint.word is not Word.AGREES:
        return {}
    asked = settings.resolution or resolution_asked(probe.eps)
    found = {}
    for block, part in parts.items():
        claim = probe.claim(part)
        if joint.tolerance <= asked * abs(claim.value):
            numeric = joint.estimate.value - (joint.claim.value - claim.value)
            comparison = replace(
                joint,
                claim=claim,
                estimate=replace(joint.estimate, value=numeric),
                resolution=joint.tolerance / abs(claim.value),
            )
            name = probe.case.names[block]
            found[block] = Judgement(block, name, joint.word, comparison, Place.HERE, "", probe, part)
    return found


def _judge_block(probe: Probe, block: int, rng: np.random.Generator, settings: Settings) -> Judgement:
    here = _judge(probe, block, probe.towards(block, rng), settings, Place.HERE)
    if here.word is Word.AGREES:
        here = _closer(here, settings)
    if here.word is Word.AGREES:
        return here
    if settings.kinks != "skip":
        decided = _by_policy(here, settings)
        if decided is not None:
            return decided
    return _look_nearby(here, rng, settings)


def _closer(here: Judgement, settings: Settings) -> Judgement:
    """Look again at what the first direction could not see; return the disagreement if there is one.

    Entries whose claimed gradient is zero should not move the function at all; entries much
    smaller than others are drowned by these.  Costs 4 to 8 evaluations, where it is needed.
    """
    probe, block = here.probe, here.block
    for part in probe.unseen(block, here.direction, here.comparison.tolerance):
        again = _judge(probe, block, part, settings, Place.HERE)
        if again.word is Word.DISAGREES:
            return again
    return here


# -- beside the point -----------------------------------------------------------------------------


def _look_nearby(here: Judgement, rng: np.random.Generator, settings: Settings) -> Judgement:
    """Decide what did not agree at the point by what generic points nearby say."""
    others = _nearby(here, rng, settings)
    first = next(others, None)
    if first is None:
        reason = here.reason or "no point nearby where the function is finite"
        return replace(here, word=Word.UNDECIDED, reason=reason)
    if first.word is Word.AGREES and here.word is Word.DISAGREES:
        if smooth_everywhere(here.probe, here.comparison.difference, rng):
            return _unless_inaccurate(replace(here, reason="", place=Place.SPECIAL))
        return replace(first, reason=_skipped(here))
    if first.word is Word.AGREES:
        return replace(first, reason=_skipped(here))
    second = here if _both_disagree(first, here) else next(others, None)
    return _two_of_three(here, first, second)


def _both_disagree(one: Judgement, other: Judgement) -> bool:
    return one.word is Word.DISAGREES and other.word is Word.DISAGREES


def _two_of_three(here: Judgement, first: Judgement, second: Judgement | None) -> Judgement:
    """Decide by a second opinion where the first point nearby did not agree."""
    if second is None:
        return replace(first, word=Word.UNDECIDED, reason=first.reason or here.reason)
    if _both_disagree(first, second):
        return _unless_inaccurate(here if second is here else first)
    if _both_disagree(here, second):
        return _unless_inaccurate(here)
    if second.word is Word.AGREES and first.word is here.word is Word.UNDECIDED:
        return replace(second, reason=_skipped(here))
    reason = first.reason or second.reason or here.reason
    return replace(first, word=Word.UNDECIDED, reason=reason or "points nearby say different things")


def _skipped(here: Judgement) -> str:
    if here.comparison.reason == Quality.NON_FINITE.value:
        return "the function is not finite around the point: judged nearby"
    return "kink at the point: judged nearby"


def _nearby(here: Judgement, rng: np.random.Generator, settings: Settings) -> Iterator[Judgement]:
    """Judge the same block at generic points, each with a direction of its own."""
    for distance in (NEARBY, NEARBY / 2):
        probe = here.probe.nearby(rng, distance)
        if probe is not None and here.block in probe.blocks:
            yield _judge(probe, here.block, probe.towards(here.block, rng), settings, Place.NEARBY)


def _beside_stationary(
    judgements: list[Judgement], rng: np.random.Generator, settings: Settings
) -> list[Judgement]:
    """Look nearby where every gradient is zero: a point at which a wrong factor cannot be seen."""
    disagreeing: dict[int, list[Judgement]] = {}
    for judgement in judgements:
        for other in _nearby(judgement, rng, settings):
            if other.word is not Word.DISAGREES:
                break
            disagreeing.setdefault(judgement.block, []).append(other)
    return [
        _unless_inaccurate(disagreeing[j.block][0]) if len(disagreeing.get(j.block, ())) == 2 else j
        for j in judgements
    ]


# -- inaccurate, not wrong ------------------------------------------------------------------------


def _unless_inaccurate(judgement: Judgement) -> Judgement:
    """Withdraw a disagreement that the rounding of the gradient itself explains.

    A backward pass that adds terms of their usual size loses some eps of that, however small the
    sum (sigma(z) - y near y = 1).  The usual size is the largest slope it claims within about
    the size of the point.  Costs 6 gradients, on the way to a disagreement only.
    """
    comparison, probe = judgement.comparison, judgement.probe
    usual = max((claim.rounding for claim in _claims_around(judgement)), default=0.0)
    if not comparison.difference <= usual + comparison.tolerance:
        return judgement
    share = comparison.difference / max(abs(comparison.claim.value), abs(comparison.estimate.value))
    reason = (
        "inaccurate: the gradient is right in kind but has lost digits "
        f"(it is off by {share:.0e}, where {probe.eps:.0e} is possible)"
    )
    return replace(judgement, word=Word.UNDECIDED, reason=reason)


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


# -- kinks at the point itself --------------------------------------------------------------------


def _by_policy(here: Judgement, settings: Settings) -> Judgement | None:
    """Judge a claim at a kink by its own standard; None where the point is no kink."""
    kinked, outside = outside_subgradient(here.probe, here.block)
    if outside is not None:
        return replace(here, word=Word.DISAGREES, comparison=outside, reason="")
    if not kinked:
        return None
    if settings.kinks == "strict":
        return replace(here, word=Word.UNDECIDED, reason=Quality.KINK.value)
    return replace(here, word=Word.AGREES, reason="kink at the point: the claim is a subgradient")
