"""The gradient of a case judged block by block: at the point, at generic points nearby, as a special point.

A disagreement counts only if it is a property of the function and not of the place: it must be
there again at a generic point nearby, or the function must be smooth at the very point along
directions of the whole space (a special point: the product with one zero factor, ||x||**2 at
0).  A disagreement only where the function has kinks is a convention.
"""

from __future__ import annotations

import enum
import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gradtest.claimed_slopes import erratic, right_at_large, rounding_claimed, scatters, turns
from gradtest.kinks import outside_subgradient, smooth_everywhere
from gradtest.numerics.chebyshev import slopes_at_centre
from gradtest.numerics.estimate import Quality
from gradtest.numerics.line import highest
from gradtest.numerics.rounding import power_of_two
from gradtest.numerics.spectrum import read
from gradtest.probe import Claim, Direction, Probe
from gradtest.settings import Settings
from gradtest.steps import between_steps, hidden_where_flat, right_between_steps
from gradtest.verdict import BEYOND, Comparison, Word, coarsest_accepted, compare, resolution_asked

__all__ = ["Judgement", "Place", "judge"]

#: Points nearby that are looked at before one that disagrees alone is not believed.
USUAL = 3


#: With more blocks than this a joint direction is looked along first.
MANY = 4


#: Why a block is left undecided whose claimed slope is meant, but below the rounding of the function.
UNSEEN = "too small to be seen: the slope that is claimed is below the rounding of the function"


#: Why a point at the edge of a domain is not judged itself.
EDGE = "at the edge of its domain"


#: Why a disagreement is withdrawn that only a wide interval shows.
TURNS = "the function is too noisy here: its slope changes within the interval that it takes to see one"


#: Why a disagreement is withdrawn that only narrow intervals show.
STEPS = "the function moves in steps here, and on the whole as the gradient says"


#: Why a disagreement is withdrawn that is below what the function rounds away.
LOST = "the difference is below the rounding of the function further out, where the gradient is right"


#: Why a disagreement is withdrawn with a function that stands still between steps of its rounding.
COARSE = "the function moves in steps here, too large for the slope that is claimed to be seen"


#: Why a disagreement is withdrawn that a staircase explains.
STAIRS = "the function moves in steps, and between them as the gradient says"


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
    further : tuple of (Direction, Comparison)
        What else agreed at the same place, along directions that show what the first does not.
    """

    block: int
    name: str
    word: Word
    comparison: Comparison
    place: Place
    reason: str
    probe: Probe
    direction: Direction
    further: tuple[tuple[Direction, Comparison], ...] = ()

    @property
    def unseen(self) -> bool:
        """Whether the block has no effect that the function's precision could show."""
        return self.reason == UNSEEN

    @property
    def zero(self) -> bool:
        """Whether it agrees, but only that there is no slope (see `Comparison.resolution`)."""
        return self.word is Word.AGREES and self.comparison.resolution == 0.0


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What a disagreement makes one look for elsewhere.

    `share` is how far the claim is off, relative to the larger side: a place that could not have
    seen so much does not say that it is right.  `seen` is the interval that showed it.
    """

    share: float = math.inf
    seen: tuple[float, int] | None = None


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
    probe: Probe,
    block: int,
    direction: Direction,
    settings: Settings,
    place: Place,
    suspicion: Suspicion | None = None,
) -> Judgement:
    comparison = _compare(probe, direction, settings, suspicion)
    name = probe.case.names[block]
    found = Judgement(block, name, comparison.word, comparison, place, comparison.reason, probe, direction)
    if found.word is Word.DISAGREES and turns(probe, direction, comparison):
        return replace(found, word=Word.UNDECIDED, reason=TURNS)
    return found


def _compare(
    probe: Probe, direction: Direction, settings: Settings, suspicion: Suspicion | None = None
) -> Comparison:
    suspicion = suspicion or Suspicion()
    line, claim = probe.line(direction, hint=suspicion.seen), probe.claim(direction)
    held = functools.partial(
        compare,
        line,
        claim=claim,
        method=settings.method,
        resolution=settings.resolution,
        budget=settings.budget,
        sight=suspicion.share,
    )
    comparison = held()
    if comparison.word is Word.DISAGREES:
        rounded = probe.claim_as_rounded(direction, claim)
        if rounded is not None and comparison.difference <= rounded.rounding:
            claim = rounded
            comparison = held(claim=claim)
    if comparison.word is Word.DISAGREES and hidden_where_flat(probe, line, comparison):
        return replace(comparison, word=Word.UNDECIDED, reason=UNSEEN)
    if comparison.word is Word.DISAGREES and between_steps(probe, direction, line, comparison):
        return replace(comparison, word=Word.UNDECIDED, reason=COARSE)
    if comparison.word is Word.DISAGREES and right_between_steps(probe, direction, line, comparison):
        return replace(comparison, word=Word.UNDECIDED, reason=STAIRS)
    tiny = comparison.word is Word.AGREES and comparison.resolution == 0.0 and claim.value != 0.0
    if tiny and _steady(probe, direction, claim):
        strict = held(tiny_is_zero=False)
        return replace(strict, reason=UNSEEN) if strict.word is Word.UNDECIDED else strict
    return comparison


def _steady(probe: Probe, direction: Direction, claim: Claim) -> bool:
    """Whether a claim below the rounding of the function is meant, and not rounding itself.

    A real slope is about the same a little way off; rounding is anything there.
    """
    beside = probe.along(direction, 2.0**-7)
    if beside is None:
        return False
    return abs(beside.claim(direction).value - claim.value) < 0.25 * abs(claim.value)


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
        if probe.on_edge(block):
            continue
        claim = probe.claim(part)
        if 0 < joint.tolerance <= asked * abs(claim.value):
            numeric = joint.estimate.value - (joint.claim.value - claim.value)
            comparison = replace(
                joint,
                claim=claim,
                estimate=replace(joint.estimate, value=numeric),
                resolution=joint.resolution * max(1.0, abs(joint.claim.value) / abs(claim.value)),
            )
            name = probe.case.names[block]
            found[block] = Judgement(block, name, joint.word, comparison, Place.HERE, "", probe, part)
    return found


def _judge_block(probe: Probe, block: int, rng: np.random.Generator, settings: Settings) -> Judgement:
    here = _judge(probe, block, probe.towards(block, rng), settings, Place.HERE)
    if probe.on_edge(block):
        return _look_nearby(replace(here, word=Word.UNDECIDED, reason=EDGE), rng, settings)
    if here.word is Word.AGREES:
        here = _closer(here, settings)
    if here.word is Word.AGREES or here.unseen:
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
    further = []
    for part in probe.unseen(block, here.direction, here.comparison.tolerance):
        again = _judge(probe, block, part, settings, Place.HERE)
        if again.word is Word.DISAGREES:
            return again
        if again.word is Word.AGREES:
            further.append((part, again.comparison))
    return replace(here, further=tuple(further))


# -- beside the point -----------------------------------------------------------------------------


def _distances(eps: float) -> tuple[float, ...]:
    """Return how far away generic points are, relative to the size of each entry.

    First near enough to be the same piece of the function; then eight times the first step of a
    probe, so that the kinks that integers and ties sit on are outside of it; then nearer still.  After
    these `USUAL` ones far ones, for a disagreement that nothing contradicts: there ties are well apart.
    """
    near = 2.0**-7
    far = max(4 * near, power_of_two(min(8 * eps ** (1 / 5), 0.25)))
    return near, far, near / 2, 1 / 4, 1 / 8, 1 / 4


def _look_nearby(here: Judgement, rng: np.random.Generator, settings: Settings) -> Judgement:
    """Decide what did not agree at the point by what generic points nearby say."""
    others = _telling(here, _nearby(here, rng, settings))
    first = next(others, None)
    if first is None:
        reason = here.reason or "no point nearby where the function is finite"
        return replace(here, word=Word.UNDECIDED, reason=reason)
    alone = here.word is Word.DISAGREES and first.word is not Word.DISAGREES
    special = alone and smooth_everywhere(here.probe, here.comparison.difference, rng)
    if special and not _right_closer(here):
        return _unless_in_steps(replace(here, reason="", place=Place.SPECIAL), [here], settings)
    if first.word is Word.AGREES:
        return _in_place_of(here, first)
    return _by_majority(here, first, others, settings)


def _right_closer(here: Judgement) -> bool:
    """Whether a claim so steep that it could only hold nearer than anybody looked does hold there.

    x / max(||x||, 1e-12) is steep as 1e12 at 0, and further out a jump.  The step is far below the
    rounding of a generic argument, so that the error says nothing; but no claim made without looking
    agrees by chance to three digits.  Costs 10 evaluations.
    """
    comparison = here.comparison
    line, claim = here.probe.line(here.direction), comparison.claim
    moved = max(abs(line(t) - line(0.0)) for t in (-(2.0**-5), 2.0**-5))
    if not (0 < moved < math.inf and 0 < abs(claim.value) < math.inf):
        return False
    step = power_of_two(moved / abs(claim.value) / 8)
    reading = read(line.around(step, 8), step, slopes_at_centre(8), line) if step > 0 else None
    if reading is None or step >= comparison.estimate.step:
        return False
    return abs(claim.value - reading.value) <= 2.0**-10 * abs(claim.value)


def _by_majority(
    here: Judgement, first: Judgement, others: Iterator[Judgement], settings: Settings
) -> Judgement:
    """Decide by further points where the first one nearby did not agree: two that disagree are enough."""
    seen = [here, first]
    while True:
        wrong = [judgement for judgement in seen if judgement.word is Word.DISAGREES]
        right = [judgement for judgement in seen if judgement.word is Word.AGREES]
        if len(wrong) >= 2:
            return _unless_in_steps(wrong[0], wrong[:2], settings)
        if right and not wrong:
            return _in_place_of(here, right[0])
        alone = bool(wrong) and not right  # what disagrees, and nothing says otherwise
        another = next(others, None) if len(seen) <= USUAL or alone else None
        if another is None:
            reason = "points nearby say different things" if wrong else first.reason or here.reason
            return replace(first, word=Word.UNDECIDED, reason=reason)
        seen.append(another)


def _in_place_of(here: Judgement, nearby: Judgement) -> Judgement:
    """Return what was judged nearby, no sharper than the look at the point itself.

    Had the claim been off by what is too close to call there, it would have agreed there, unless that
    look is too blunt for any agreement (the difference itself is up to a quarter of its resolution).
    """
    seen, limit = here.comparison.resolution, coarsest_accepted(here.probe.eps)
    if here.word is Word.UNDECIDED and seen <= limit * 4 / 3 and nearby.comparison.resolution > 0:
        blunter = max(nearby.comparison.resolution, min(seen, limit))
        nearby = replace(nearby, comparison=replace(nearby.comparison, resolution=blunter))
    return replace(nearby, reason=_skipped(here))


def _skipped(here: Judgement) -> str:
    if here.reason == EDGE:
        return f"{EDGE}: judged nearby"
    if here.comparison.reason == Quality.NON_FINITE.value:
        return "the function is not finite around the point: judged nearby"
    return "kink at the point: judged nearby"


def _suspicion(here: Judgement) -> Suspicion:
    if here.word is not Word.DISAGREES:
        return Suspicion()
    estimate, claim = here.comparison.estimate, here.comparison.claim
    share = here.comparison.difference / max(abs(claim.value), abs(estimate.value))
    return Suspicion(share if share > 0 else math.inf, (estimate.step, estimate.nodes))


def _nearby(here: Judgement, rng: np.random.Generator, settings: Settings) -> Iterator[Judgement]:
    """Judge the same block at generic points, each with a direction of its own."""
    suspicion = _suspicion(here)
    for distance in _distances(here.probe.eps):
        probe = here.probe.nearby(rng, distance)
        if probe is not None and here.block in probe.blocks:
            direction = probe.towards(
                here.block, rng, like=here.probe if here.word is Word.DISAGREES else probe
            )
            judgement = _judge(probe, here.block, direction, settings, Place.NEARBY, suspicion)
            if math.isinf(suspicion.share):
                suspicion = _suspicion(judgement)
            yield judgement


def _telling(here: Judgement, others: Iterator[Judgement]) -> Iterator[Judgement]:
    """Leave out what agrees that there is no slope, where that takes no disagreement back.

    On another branch of a maximum no factor can be seen; where there is nothing else, that will do.
    And a slope of zero that is claimed has to be flat to a third of the slope that was seen.
    """
    if here.word is not Word.DISAGREES:
        yield from others
        return
    branch, silent, told = here.comparison.claim.value != 0.0, None, False
    for other in others:
        if other.zero and (branch or BEYOND * other.comparison.tolerance >= here.comparison.difference):
            silent = other
        else:
            told = True
            yield other
    if silent is not None and not told:
        yield silent if branch else replace(silent, word=Word.UNDECIDED, reason=Quality.NOISE.value)


def _beside_stationary(
    judgements: list[Judgement], rng: np.random.Generator, settings: Settings
) -> list[Judgement]:
    """Look nearby where every gradient is zero: a point at which a wrong factor cannot be seen."""
    disagreeing: dict[int, list[Judgement]] = {}
    for judgement in judgements:
        for other in itertools.islice(_nearby(judgement, rng, settings), 2):
            if other.word is not Word.DISAGREES:
                break
            disagreeing.setdefault(judgement.block, []).append(other)
    return [
        _unless_lost(disagreeing[j.block][0], settings) if len(disagreeing.get(j.block, ())) == 2 else j
        for j in judgements
    ]


# -- inaccurate, not wrong ------------------------------------------------------------------------


def _unless_in_steps(judgement: Judgement, wrong: list[Judgement], settings: Settings) -> Judgement:
    """Withdraw a disagreement that steps of the function explain at one of the places that show it."""
    if any(right_at_large(one.probe, one.direction, one.comparison) for one in wrong):
        return replace(judgement, word=Word.UNDECIDED, reason=STEPS)
    return _unless_lost(judgement, settings)


def _unless_lost(judgement: Judgement, settings: Settings) -> Judgement:
    """Withdraw a disagreement that lost digits explain, those of the function or of the gradient."""
    judgement = _unless_inaccurate(judgement)
    if judgement.word is Word.DISAGREES and _lost_in_function(judgement, settings):
        return replace(judgement, word=Word.UNDECIDED, reason=LOST)
    return judgement


def _unless_inaccurate(judgement: Judgement) -> Judgement:
    """Withdraw a disagreement that the rounding of the gradient itself explains.

    A backward pass that adds terms of their usual size loses some eps of that, however small the
    sum (sigma(z) - y near y = 1): the difference must be within the rounding of the slopes that
    are claimed about as far away as the point is large (entries move by a quarter of their size at
    least), and it must be erratic.  Or slopes that should be the same are not (`scatters`).  Costs 8
    gradients, and some 50 more where one of the first conditions holds.
    """
    comparison = judgement.comparison
    looked_at = judgement.probe, judgement.direction
    if not scatters(*looked_at, comparison):
        usual = max(rounding_claimed(*looked_at, side * t) for t in (1.0, 2.0, 4.0) for side in (-1, 1))
        if not comparison.difference <= usual + comparison.tolerance:
            return judgement
        if comparison.claim.value != 0.0 and not erratic(*looked_at, comparison):
            return judgement
    share = comparison.difference / max(abs(comparison.claim.value), abs(comparison.estimate.value))
    reason = (
        "inaccurate: the gradient is right in kind but has lost digits "
        f"(it is off by {share:.0e}, where {judgement.probe.eps:.0e} is possible)"
    )
    return replace(judgement, word=Word.UNDECIDED, reason=reason)


def _lost_in_function(judgement: Judgement, settings: Settings) -> bool:
    """Whether the difference is below the rounding of the function further out, where the claims are right.

    Of p log p for all p the largest is computed as 1 log 1 = 0 while the others vanish: the sum is
    smooth there, and off by what 1 is rounded by.  A wrong factor is as wrong where the function is
    large.  What would be lost to a term a thousand times as large as the function (as 1, where that is
    less) is not believed lost.  Where its own line does not get so far, one through the whole space may:
    two of them are tried, eight where one of the three grows a thousandfold.  Costs some 16 evaluations a
    line where the disagreement is no gross one, and a look at up to three places of a line that gets there.
    """
    probe, direction, comparison = judgement.probe, judgement.direction, judgement.comparison
    size = max(abs(comparison.claim.value), abs(comparison.estimate.value))
    if not 4 * comparison.difference < size:
        return False
    line, near = probe.line(direction), comparison.estimate.step
    around = max(abs(line(t)) for t in (-near, 0.0, near))
    length = min(1.0, around / size)  # on which the function changes by its own size
    large = comparison.difference * length / (2 * probe.eps)
    if large > 1024 * max(1.0, around):
        return False
    suspicion = Suspicion(comparison.difference / size)
    rng, grown = np.random.default_rng(0), False
    others = (probe.everywhere(rng, alike=k % 2 == 1) for k in range(8))
    for k, one in enumerate((direction, *others)):
        along = probe.line(one)
        for t in highest(along, large):
            place, stretch = probe.along(one, t), power_of_two(max(1.0, abs(t)))
            if place is not None:  # where the entries are larger, and the direction with them
                wide = {i: v * stretch for i, v in direction.items()}
                look = _compare(place, wide, settings, suspicion)
                if look.word is Word.AGREES and look.resolution > 0:
                    return True
        grown = grown or along.top > 1024 * around
        if k == 2 and not grown:
            break
    return False


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
