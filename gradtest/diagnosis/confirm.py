"""Other cases of the same target, measured, so that a suspicion is tested before it is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from gradtest.case import Case, Raised
from gradtest.errors import Misuse
from gradtest.judgement import Judgement, judge
from gradtest.matching import BrokenContract
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.spaces import arrays
from gradtest.verdict import Word

from .measured import Measured, leaves_of, measure, sizes_of
from .suspicion import Cases, Seen

__all__ = ["Others", "Pool", "pools"]

#: Failing cases that a suspicion is tested on.
ENOUGH = 24

#: Cases that are looked at for them.
MOST = 120

#: Cases that are looked at, and right ones that are wanted, when there are enough failing ones.
CONTRAST = 72
RIGHT = 6

#: Forward evaluations for one finding (judging and measuring), beside those for Jacobians.
BUDGET = 4000

#: Points around a single one, where there is nothing to draw others from.
AROUND = 4


class Others:
    """Further cases of a target, drawn when they are first asked for, each judged and measured once.

    Parameters
    ----------
    draw : callable
        Returns the cases; none where there is nothing to draw them from.
    """

    def __init__(self, draw: Callable[[], Sequence[Case]] = tuple) -> None:
        self._draw = draw
        self._judged: dict[int, list[Judgement]] = {}
        self._measured: dict[tuple[int, int], Measured | None] = {}

    def judged(self, settings: Settings) -> Iterator[list[Judgement]]:
        """Yield the judgements of one case after the other."""
        for number, case in enumerate(self._draw()[:MOST]):
            if number not in self._judged:
                self._judged[number] = _judged(case, settings, number)
            yield self._judged[number]

    def measured(self, judgement: Judgement) -> Measured | None:
        """Return the block of a judgement, measured."""
        key = id(judgement.probe), judgement.block
        if key not in self._measured:
            self._measured[key] = measure(judgement.probe, judgement.block)
        return self._measured[key]


def _judged(case: Case, settings: Settings, number: int) -> list[Judgement]:
    rng = np.random.default_rng([settings.seed, number])
    try:
        return judge(Probe(case, rng), rng, settings)
    except (BrokenContract, Raised, Misuse):
        return []


@dataclass
class Pool:
    """What is known of one block over several cases: failing ones measured, right ones seen."""

    cases: Cases = field(default_factory=Cases)
    spent: int = 0

    @property
    def full(self) -> bool:
        """Whether more failing cases would not tell more."""
        return len(self.cases) >= ENOUGH or self.spent >= BUDGET

    def satisfied(self, number: int) -> bool:
        """Whether `number` cases are enough."""
        return self.full and (len(self.cases.right) >= RIGHT or number >= CONTRAST or self.spent >= BUDGET)

    def add(self, judgement: Judgement, measure: Callable[[Judgement], Measured | None]) -> None:
        """Measure the block of a judgement if it disagrees, remember the case if it agrees."""
        before = judgement.probe.case.evaluations
        if judgement.word is Word.DISAGREES and not self.full:
            measured = measure(judgement)
            if measured is not None and (measured.wrong.any() or not np.isfinite(measured.analytic).all()):
                self.cases.append(measured)
        elif judgement.word is Word.AGREES:
            probe = judgement.probe
            inputs = leaves_of(probe)
            outputs = [Measured.host(probe.out.leaves[i]) for i in probe.cotangents]
            self.cases.right.append(Seen(inputs, sizes_of(inputs, outputs)))
        self.spent += judgement.probe.case.evaluations - before


def pools(wrong: Sequence[Judgement], others: Others, settings: Settings) -> dict[str, Pool]:
    """Return for each wrong block, by name, what other cases show of it; the case itself comes first.

    Where there are no others, points around the case are looked at.
    """
    found = {judgement.name: Pool() for judgement in wrong}
    for judgement in wrong:
        found[judgement.name].add(judgement, lambda j: measure(j.probe, j.block))
    for number, judgements in enumerate(others.judged(settings)):
        for judgement in judgements:
            if judgement.name in found:
                found[judgement.name].add(judgement, others.measured)
        if all(pool.satisfied(number) for pool in found.values()):
            break
    for judgement in wrong:
        pool = found[judgement.name]
        if len(pool.cases) == 1:
            for other in _around(judgement, settings):
                pool.add(other, lambda j: measure(j.probe, j.block, around=True))
    return found


def _around(judgement: Judgement, settings: Settings) -> Iterator[Judgement]:
    """Yield the same block at points up to a third away, each with another upstream gradient."""
    probe = judgement.probe
    for number in range(AROUND):
        rng = np.random.default_rng([settings.seed, number])
        leaves = list(probe.leaves)
        for i in probe.case.real:
            leaves[i] = _shaken(leaves[i], rng)
        try:
            other = Probe(probe.case.at(leaves), rng)
            if other.finite and judgement.block in other.gradients:
                other.gradients = {judgement.block: other.gradients[judgement.block]}
                yield from judge(other, rng, settings)
        except (BrokenContract, Raised, Misuse):
            continue


def _shaken(leaf: object, rng: np.random.Generator) -> object:
    """Return an array with every entry moved by up to a third of itself: no sign changes, no zero moves."""
    row = arrays.flat(leaf)
    factors = 1 + rng.integers(-10, 11, row.size) / 32.0
    return arrays.like(leaf, (row * factors).astype(row.dtype))
