"""What a target is at pinned points: values and slopes with their errors, and what the check makes of them.

Whether a gradient became worse is asked at the same few points in every run: pinned inputs, a
fixed cotangent, and one fixed direction for each parameter.  The direction must not know of the
claimed gradient, whose sign it would follow.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtest.case import Raised
from gradtest.errors import Misuse
from gradtest.judgement import Judgement, judge
from gradtest.matching import BrokenContract
from gradtest.numerics.rounding import coarsest, epsilon, grain
from gradtest.probe import Claim, Direction, Probe
from gradtest.properties.pinned import pinned
from gradtest.properties.points import in_kind_of, parameters_alike, placed
from gradtest.properties.search import case_of
from gradtest.settings import Settings
from gradtest.spaces import arrays
from gradtest.targets import Target
from gradtest.verdict import Word

from .entries import Parameter
from .number import Number, level, recorded, sharpness

__all__ = ["POINTS", "Fingerprint", "Unpinned", "fingerprint"]

POINTS = 3
#: What a target holds has seeds of its own: equal weights and inputs would be a special case.
HELD = 32
#: Inputs are moved by so many epsilons of their size to see what rounding does to a number, ...
NUDGE = 4.0
#: ... and a number is recorded to so many times that.
SPARE = 256.0

_WORST_FIRST = (Word.DISAGREES, Word.UNDECIDED, Word.AGREES)


class Unpinned(Exception):
    """There is nothing to compare at pinned points; the message says why."""


@dataclass(frozen=True)
class Fingerprint:
    """A target at the pinned points, as `gradtest.baseline.entries.Entry` holds it."""

    drawn: Number
    values: list[Number]
    parameters: dict[str, Parameter]


def fingerprint(
    target: Target, shapes: Mapping[str, Any], settings: Settings, dtype: str = "float64"
) -> Fingerprint:
    """Return what a target is at the pinned points.

    Parameters
    ----------
    target : Target
    shapes : mapping
        How its inputs look, by name.
    settings : Settings
        How it is judged there; its seed is not used.
    dtype : str
        The precision of the inputs.

    Raises
    ------
    Unpinned
        If its inputs are drawn by a strategy, if it raises there, or if it does not give the same
        value twice.

    Notes
    -----
    Costs at each of 3 points four values and gradients, and one verdict for each block: 4 to 8
    evaluations where that agrees.
    """
    try:
        with np.errstate(all="ignore"):
            return _at_points(target, shapes, settings, dtype)
    except Raised as raised:
        raise Unpinned(f"{raised.role} raised {type(raised.error).__name__} at a pinned point") from None
    except (BrokenContract, Misuse) as error:
        raise Unpinned(str(error).splitlines()[0]) from None


def _at_points(target: Target, shapes: Mapping[str, Any], settings: Settings, dtype: str) -> Fingerprint:
    looks = [_Look(target, _point(target, shapes, seed, dtype), seed) for seed in range(POINTS)]
    judged = [look.judged(settings) for look in looks]
    names = [name for name in judged[0] if all(name in one for one in judged)]
    return Fingerprint(
        _drawn(looks),
        [look.value() for look in looks],
        {name: _parameter(name, looks, [one[name] for one in judged]) for name in names},
    )


def _point(target: Target, shapes: Mapping[str, Any], seed: int, dtype: str) -> dict[str, Any]:
    """Return one pinned point; what the target holds itself may be random, and is pinned, too."""
    point = pinned(shapes, seed, dtype)
    held = target.beside(*placed(target, point)).parameters
    rest = {name: value for name, value in held.items() if name not in point}
    drawn = pinned(parameters_alike(rest), seed + HELD, dtype)
    return point | {name: in_kind_of(rest[name], value) for name, value in drawn.items()}


def _generator(*seeds: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(list(seeds)))


@dataclass(frozen=True)
class _Seen:
    """A number, the size of its terms, and that of the terms that may have cancelled before."""

    value: float
    size: float
    natural: float

    def unit(self, eps: float) -> float:
        """Return to what it is recorded."""
        return max(sharpness(eps) * self.size, SPARE * NUDGE * eps * self.natural)


class _Look:
    """One pinned point: the probe there, and two a few roundings beside it."""

    def __init__(self, target: Target, point: Mapping[str, Any], seed: int) -> None:
        self.seed = seed
        self.probe = Probe(case_of(target, point), _generator(seed))
        if not self.probe.finite:
            raise Unpinned("it is not finite at a pinned point")
        self.eps = _epsilon(self.probe)
        self.around = self.probe.everywhere(_generator(seed, 1))
        nudged = (self.probe.along(self.around, side * NUDGE * self.eps) for side in (-1.0, 1.0))
        self.beside = [probe for probe in nudged if probe is not None]
        self._check_repeats()

    def _check_repeats(self) -> None:
        again = self.probe.at(list(self.probe.leaves))
        pairs = [(self._value(), again.origin)]
        pairs += [(self._slope(v), again.claim(v).value) for v in self.tangents]
        if any(abs(one.value - other) > one.unit(self.eps) for one, other in pairs):
            raise Unpinned("it is not the same when it is called twice with the same inputs")

    @property
    def tangents(self) -> list[Direction]:
        """The fixed direction of each block."""
        return [self.tangent(block) for block in self.probe.blocks]

    def tangent(self, block: int) -> Direction:
        """Return the fixed direction of one block, with entries ±[½, 1½)."""
        return {block: arrays.cotangent(self.probe.leaves[block], _generator(self.seed, 2, block))}

    def row(self) -> NDArray[np.float64]:
        """Return all that was drawn: the point, the cotangent and the directions."""
        pieces = [leaf for leaf in self.probe.leaves if arrays.is_array(leaf)]
        pieces += [piece for v in self.tangents for piece in v.values()]
        pieces += self.probe.cotangents.values()
        flat = [arrays.flat(piece) for piece in pieces]
        return np.concatenate([part.astype(np.float64) for one in flat for part in (one.real, one.imag)])

    def value(self) -> Number:
        """Return the value along the fixed cotangent."""
        return self._recorded(self._value(), [beside.origin for beside in self.beside])

    def slope(self, v: Direction) -> Number:
        """Return the claimed slope along one of the fixed directions."""
        return self._recorded(self._slope(v), [beside.claim(v).value for beside in self.beside])

    def _recorded(self, seen: _Seen, beside: Sequence[float]) -> Number:
        """Round a number far above what rounding does to it, as a hair's breadth beside the point shows."""
        noise = max((abs(value - seen.value) for value in beside), default=0.0)
        return recorded(seen.value, max(seen.unit(self.eps), SPARE * noise))

    def _value(self) -> _Seen:
        """Return the value, with the terms that may cancel inside of the function.

        How large they are is seen by how far it reaches when its inputs change by their own size.
        """
        probe = self.probe
        size = math.fsum(arrays.sizes(w, probe.out.leaves[i]) for i, w in probe.cotangents.items())
        return _Seen(probe.origin, size, probe.claim(self.around).size)

    def _slope(self, v: Direction) -> _Seen:
        claim = self.probe.claim(v)
        return _Seen(claim.value, claim.size, self._natural(v))

    def _natural(self, v: Direction) -> float:
        """Return the slope of a function of this size that changes by that where its input does."""
        widest = max(arrays.largest(piece) for piece in v.values())
        largest = max(arrays.largest(self.probe.leaves[block]) for block in v)
        return self.probe.magnitude * widest / largest if largest > 0 else self.probe.magnitude

    def judged(self, settings: Settings) -> dict[str, Judgement]:
        """Return the verdict on each block, by name."""
        judgements = judge(self.probe, _generator(self.seed, 4), settings)
        return {judgement.name: judgement for judgement in judgements}

    def block(self, name: str) -> int:
        """Return the block of that name."""
        return self.probe.case.names.index(name)


def _epsilon(probe: Probe) -> float:
    """Return the precision of the target: by its dtypes, or coarser where its values are those of float32."""
    dtypes = coarsest(*(getattr(g, "dtype", "float64") for g in probe.gradients.values()))
    seen = min((grain(arrays.few(probe.out.leaves[i])) for i in probe.cotangents), default=0.0)
    return max(probe.eps, dtypes, min(seen, epsilon("float32")))


def _drawn(looks: Sequence[_Look]) -> Number:
    """Return all points as one number, by which they are known again."""
    row = np.concatenate([look.row() for look in looks])
    terms = row * _generator(0).random(row.size)
    eps = max(look.eps for look in looks)
    return recorded(math.fsum(terms), sharpness(eps) * math.fsum(np.abs(terms)))


def _parameter(name: str, looks: Sequence[_Look], judged: Sequence[Judgement]) -> Parameter:
    """Return what a block is; that a check would have seen more than half of the digits says no more."""
    eps = max(look.eps for look in looks)
    return Parameter(
        verdict=str(min((j.word for j in judged), key=_WORST_FIRST.index)),
        accuracy=level(max(map(_accuracy, judged)), sharpness(eps)),
        resolution=level(max(j.comparison.resolution for j in judged), math.sqrt(eps) / 2),
        slopes=[look.slope(look.tangent(look.block(name))) for look in looks],
    )


def _accuracy(judgement: Judgement) -> float:
    """Return how far the claim may be off, relative to its size; 0 where it is zero, and that is right."""
    comparison = judgement.comparison
    if judgement.zero:
        return 0.0
    return _share(comparison.difference + comparison.estimate.error, comparison.claim)


def _share(error: float, claim: Claim) -> float:
    return error / claim.size if claim.size > 0 and not math.isnan(error) else math.inf
