"""Proof of power: wrong versions of a gradient that agreed, held against what it agreed with.

What a mutant claims along a direction is an inner product, and the measurements are there: not one
evaluation of the function more.  A mutant that they would not have contradicted says what the
check is blind to.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradtest.judgement import Judgement
from gradtest.probe import Probe
from gradtest.spaces import arrays, foreign
from gradtest.verdict import Comparison, Word, denies, least_seen

__all__ = ["MUTATIONS", "Fate", "Mutant", "Mutation", "Power", "mutants_of"]

#: In larger blocks, and in those that lie on an accelerator, only the slope as a whole is changed.
MOST_ENTRIES = 1 << 14

Gradient = NDArray[Any]


class Fate(enum.StrEnum):
    """What becomes of a mutant; each outweighs those before it."""

    EQUIVALENT = "equivalent"
    MISSED = "missed"
    CAUGHT = "caught"


class Mutant(NamedTuple):
    """A wrong version of the gradient of one parameter, and what became of it.

    `reason` says why it is equivalent or was missed.
    """

    parameter: str
    mutation: str
    fate: Fate
    reason: str = ""


class Mutation(NamedTuple):
    """A mistake made on purpose.

    Attributes
    ----------
    name : str
        What is wrong with the mutant.
    change : callable
        A gradient that is not zero, and the size of a typical entry -> another gradient of its
        shape, or None where there is none.
    same : str
        Why the mutant is no other gradient, where it is none.
    factor : float or None
        What it is multiplied by, where that is all.
    """

    name: str
    change: Callable[[Gradient, float], Gradient | None]
    same: str
    factor: float | None = None


# -- mistakes -------------------------------------------------------------------------------------

ZERO = "its gradient is zero"


def _times(factor: float, name: str) -> Mutation:
    return Mutation(name, lambda g, typical: factor * g, ZERO, factor)


def _one_entry_off(g: Gradient, typical: float) -> Gradient | None:
    other = g.copy()
    other.reshape(-1)[g.size // 3] += typical
    return other if g.size > 1 else None


def _zeros_filled(g: Gradient, typical: float) -> Gradient | None:
    """A slope is claimed where the function is flat."""
    return np.where(g == 0, typical, g) if (g == 0).any() else None


def _smallest_entry_zeroed(g: Gradient, typical: float) -> Gradient | None:
    moving = np.flatnonzero(g)
    if moving.size < 2:
        return None
    other = g.copy().reshape(-1)
    other[moving[np.argmin(np.abs(g.reshape(-1)[moving]))]] = 0.0
    return other.reshape(g.shape)


def _negative_cut(g: Gradient, typical: float) -> Gradient | None:
    """As by a mask on the wrong side."""
    return np.where(g.real > 0, g, 0.0) if g.size > 1 else None


def _last_missing(g: Gradient, typical: float) -> Gradient | None:
    """As by a range that ends too early."""
    if g.ndim == 0 or len(g) < 2:
        return None
    other = g.copy()
    other[-1] = 0.0
    return other


def _averaged(g: Gradient, typical: float) -> Gradient | None:
    if g.ndim == 0 or len(g) < 2:
        return None
    return np.broadcast_to(g.mean(axis=0), g.shape)


def _transposed(g: Gradient, typical: float) -> Gradient | None:
    """The entries in the order of the transpose; the transpose itself where the shape is square."""
    if g.ndim < 2 or min(g.shape[-2:]) < 2:
        return None
    return np.swapaxes(g, -1, -2).reshape(g.shape)


def _shifted(g: Gradient, typical: float) -> Gradient | None:
    return np.roll(g.reshape(-1), 1).reshape(g.shape) if g.size > 1 else None


def _clipped(g: Gradient, typical: float) -> Gradient | None:
    sizes = np.abs(g)
    half = sizes.max(initial=0.0) / 2
    return g * (half / np.maximum(sizes, half)) if half > 0 else g


#: In the order in which they are shown.
MUTATIONS: tuple[Mutation, ...] = (
    _times(1.001, "1.001 times"),
    _times(2.0, "twice"),
    _times(-1.0, "negated"),
    _times(0.0, "zeroed"),
    Mutation("one entry off", _one_entry_off, "the function is zero"),
    Mutation("not zero where it is", _zeros_filled, "the function is zero"),
    Mutation("smallest entry zeroed", _smallest_entry_zeroed, "its smallest entry is rounding"),
    Mutation("negative entries cut", _negative_cut, "no entry of its gradient is negative"),
    Mutation("last row missing", _last_missing, "the last row of its gradient is zero"),
    Mutation("averaged over its first axis", _averaged, "the rows of its gradient are equal"),
    Mutation("transposed", _transposed, "its gradient is symmetric"),
    Mutation("shifted by one place", _shifted, "the entries of its gradient are equal"),
    Mutation("clipped to half of its largest", _clipped, ZERO),
)


# -- one case -------------------------------------------------------------------------------------


def mutants_of(
    judgements: Iterable[Judgement], done: Container[tuple[str, str]] = frozenset()
) -> tuple[Mutant, ...]:
    """Return what becomes of every mutant of a gradient that agreed.

    Parameters
    ----------
    judgements : iterable of Judgement
        Of one case.
    done : container of (str, str)
        Parameter and mutation of those that need not be tried.

    Returns
    -------
    tuple of Mutant
        Costs no evaluation, and some 5 microseconds each in small blocks.
    """
    return tuple(mutant for judgement in judgements for mutant in _of_block(judgement, done))


def _of_block(judgement: Judgement, done: Container[tuple[str, str]]) -> Iterator[Mutant]:
    name = judgement.name
    waiting = [mutation for mutation in MUTATIONS if (name, mutation.name) not in done]
    if not waiting:
        return
    looks = _looks(judgement)
    if not looks:
        reason = f"not decided: {judgement.reason}"
        yield from (Mutant(name, mutation.name, Fate.MISSED, reason) for mutation in waiting)
        return
    gradient = _gradient(judgement)
    typical = 0.0 if gradient is None else _typical(gradient, judgement.probe, looks[0].v)
    for mutation in waiting:
        changes = _changes(mutation, gradient, typical, looks)
        if changes is not None:
            yield Mutant(name, mutation.name, *_fate(mutation, changes, looks))


class _Look(NamedTuple):
    """A measurement that agreed, and its direction within the block."""

    v: NDArray[Any]
    comparison: Comparison


def _looks(judgement: Judgement) -> list[_Look]:
    """Return what agreed; none where nothing was measured (a subgradient that was let pass)."""
    pairs = [(judgement.direction, judgement.comparison), *judgement.further]
    return [_Look(arrays.entries(v[judgement.block]), c) for v, c in pairs if c.word is Word.AGREES]


def _gradient(judgement: Judgement) -> Gradient | None:
    """Return the gradient of the block, in double precision; None where it is too large, or on a device."""
    g = judgement.probe.gradients.get(judgement.block)
    if g is None or arrays.size(g) > MOST_ENTRIES or foreign.is_remote(g):
        return None
    row = arrays.entries(g)
    wide = row.astype(np.complex128 if row.dtype.kind == "c" else np.float64)
    return wide.reshape(arrays.shape(g))


def _typical(g: Gradient, probe: Probe, v: NDArray[Any]) -> float:
    """Return the size of an entry that is not zero; were all zero, what the function's own size allows."""
    moving = np.abs(g[g != 0])
    if moving.size:
        return float(np.median(moving))
    return max(abs(probe.origin), probe.magnitude) / float(np.abs(v).max(initial=1e-300))


class _Change(NamedTuple):
    """By how much a mutant changes the slope along one direction, and by how much at most."""

    slope: float
    size: float


def _changes(
    mutation: Mutation, g: Gradient | None, typical: float, looks: Sequence[_Look]
) -> list[_Change] | None:
    if g is None:
        if mutation.factor is None:
            return None
        by = mutation.factor - 1
        return [_Change(by * c.claim.value, abs(by) * c.claim.size) for _, c in looks]
    other = mutation.change(g, typical)
    if other is None:
        return None
    difference = (other - g).reshape(-1)
    return [_change(difference, look.v) for look in looks]


def _change(difference: Gradient, v: NDArray[Any]) -> _Change:
    """Return Re <difference, v>, and the sum of the sizes of its terms."""
    terms = np.conj(difference) * v
    return _Change(float(terms.real.sum()), float(np.abs(terms).sum()))


def _fate(mutation: Mutation, changes: Sequence[_Change], looks: Sequence[_Look]) -> tuple[Fate, str]:
    pairs = [(change, comparison) for change, (_, comparison) in zip(changes, looks, strict=True)]
    if any(denies(c, c.claim.value + change.slope) for change, c in pairs):
        return Fate.CAUGHT, ""
    if all(change.size <= c.claim.rounding for change, c in pairs):
        return Fate.EQUIVALENT, mutation.same if looks[0].comparison.claim.size else ZERO
    change, c = max(pairs, key=lambda pair: abs(pair[0].slope) / max(least_seen(pair[1]), 1e-300))
    moved = f"it moves the slope by {abs(change.slope):.0e}"
    return Fate.MISSED, f"{moved}, and {least_seen(c):.0e} would have been seen"


# -- many cases -----------------------------------------------------------------------------------


@dataclass
class Power:
    """What a run of cases is worth: of the mutants of each parameter, which were caught in any case.

    Attributes
    ----------
    mutants : dict of (str, str) to Mutant
        By parameter and mutation, the best of its fates.
    """

    mutants: dict[tuple[str, str], Mutant] = field(default_factory=dict)

    def add(self, mutants: Iterable[Mutant]) -> None:
        """Take in those of another case, or of another worker."""
        for mutant in mutants:
            key = mutant.parameter, mutant.mutation
            known = self.mutants.get(key)
            if known is None or _rank(mutant) > _rank(known):
                self.mutants[key] = mutant

    def __contains__(self, key: object) -> bool:
        """Whether the mutant of that parameter and mutation was caught, and need not be tried again."""
        mutant = self.mutants.get(key)  # type: ignore[call-overload]  # anything may be asked for
        return mutant is not None and mutant.fate is Fate.CAUGHT

    @property
    def caught(self) -> int:
        """How many were contradicted."""
        return self._number(Fate.CAUGHT)

    @property
    def total(self) -> int:
        """How many there are that differ from the gradient beyond its rounding."""
        return self.caught + self._number(Fate.MISSED)

    def _number(self, fate: Fate) -> int:
        return sum(mutant.fate is fate for mutant in self.mutants.values())

    @property
    def survivors(self) -> tuple[Mutant, ...]:
        """Those that were not caught, with the reason: missed ones first, then the equivalent."""
        kept = [mutant for mutant in self.mutants.values() if mutant.fate is not Fate.CAUGHT]
        return tuple(sorted(kept, key=_rank, reverse=True))

    def by_parameter(self) -> dict[str, Power]:
        """Return the same for each parameter by itself."""
        parts: dict[str, Power] = {}
        for key, mutant in self.mutants.items():
            parts.setdefault(mutant.parameter, Power()).mutants[key] = mutant
        return parts

    def blind(self) -> Iterator[str]:
        """Yield what would not have been seen, and why: a sentence for each parameter and reason."""
        for (parameter, fate, reason), mutations in self._groups():
            if fate is Fate.MISSED:
                yield f"{parameter} {', '.join(mutations)}: {reason}"
            elif reason == ZERO and "negated" in mutations:
                yield f"{parameter}: {ZERO} in every case, so that only a wrong zero would have been seen"

    def same(self) -> Iterator[str]:
        """Yield which mutants are no other gradient, and why."""
        for (parameter, fate, reason), mutations in self._groups():
            if fate is Fate.EQUIVALENT and reason != ZERO:
                yield f"{parameter} {' or '.join(mutations)} is the same: {reason} in every such case"

    def _groups(self) -> Iterable[tuple[tuple[str, Fate, str], list[str]]]:
        groups: dict[tuple[str, Fate, str], list[str]] = {}
        for mutant in self.survivors:
            groups.setdefault((mutant.parameter, mutant.fate, mutant.reason), []).append(mutant.mutation)
        return groups.items()


def _rank(mutant: Mutant) -> int:
    return list(Fate).index(mutant.fate)
