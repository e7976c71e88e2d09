"""Other cases of the same target, measured, so that a suspicion is tested before it is said."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtest.case import Case
from gradtest.judgement import Judgement
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.spaces import arrays
from gradtest.verdict import Comparison, Word, compare

from .measured import Measured, Purse, measure
from .suspicion import Cases, seen_of

__all__ = ["MOST", "Others", "pools"]

_LOG = logging.getLogger(__name__)

#: Failing cases that a suspicion is tested on, and right ones that they are held against, at most.
ENOUGH = 40

#: Cases that are drawn, and that are remembered of a run of each kind.
MOST = 120

#: Forward evaluations on other cases for one report; every wrong block has its share of them.
GATHERING = 600
LEAST_SHARE = 100

#: Forward evaluations for a first look at further cases, which says only whether they are right.
LOOKING = 240

#: With fewer failing cases than this, those that the run has seen are measured, too.
TOO_FEW = 6

#: Of other cases those are measured first whose block has about so many entries, last those with more.
TELLING = 4
SMALL = 16

#: Evaluations of the first look at another case: if it agrees then, it is right.
FIRST_LOOK = 8

#: What suspects may spend on asking again, for one block.
ASKING = 400

#: Points around a single one, where there is nothing to draw others from.
AROUND = 4


class Others:
    """Further cases of a target: drawn when they are first asked for, or remembered of the run.

    Parameters
    ----------
    draw : callable
        Returns cases; none where there is nothing to draw them from.
    """

    def __init__(self, draw: Callable[[], Sequence[Case]] = tuple) -> None:
        self._draw = draw
        self._probes: dict[int, Probe | None] = {}
        self._seen: dict[bool, dict[object, tuple[Case, Mapping[str, float]]]] = {True: {}, False: {}}

    def remember(self, case: Case, wrong: Mapping[str, float], right: Mapping[str, float]) -> None:
        """Keep a case that was judged at the point itself; of wrong ones, one of every shape.

        `wrong` and `right` map the names of blocks to the resolution at which that was seen.
        """
        for is_wrong, names in ((True, wrong), (False, right)):
            kept = self._seen[is_wrong]
            key: object = tuple(map(arrays.shape, case.leaves)) if is_wrong else len(kept)
            if names and (is_wrong or len(kept) < ENOUGH) and _entries(case) <= 4096:
                kept.pop(key, None)  # the last of its shape is the smallest
                if len(kept) < MOST:
                    kept[key] = case, names

    def drawn(self, name: str, seed: int) -> Iterator[Probe]:
        """Yield the cases that were drawn, each with a cotangent, in the order in which they tell most.

        One of every combination of shapes, then a second one, and so on; of these first those in
        which the block has a few entries, neither one nor many, and values are plain.
        """
        cases = self._draw()[:MOST]
        alike: dict[object, int] = {}
        ranked = []
        for number, case in enumerate(cases):
            if name in case.names:
                shapes = tuple(map(arrays.shape, case.leaves))
                alike[shapes] = alike.get(shapes, 0) + 1
                size = max(1, arrays.size(case.leaves[case.names.index(name)]))
                far = abs(math.log2(size / TELLING))
                ranked.append((size > SMALL, alike[shapes] // 2 + far / 2 + _extreme(case), number))
        for _, _, number in sorted(ranked):
            if number not in self._probes:
                self._probes[number] = _varied(cases[number], seed, number)
            probe = self._probes[number]
            if probe is not None:
                yield probe

    def seen(self, name: str, *, wrong: bool, share: float = math.inf) -> list[Case]:
        """Return the cases of the run in which a block was wrong, or right; the last come first.

        Only those that would have seen it off by `share`.
        """
        kept = reversed(self._seen[wrong].values())
        return [case for case, names in kept if names.get(name, math.inf) <= share and name in names]


def _extreme(case: Case) -> bool:
    """Whether a case has entries that are zero, large or tiny: many suspicions cannot be told there."""
    sizes = (np.abs(arrays.flat(case.leaves[i])) for i in case.real)
    return any(size.size and not 0.03 <= size.min() <= size.max() <= 5 for size in sizes)


def _entries(case: Case) -> int:
    return sum(map(arrays.size, case.leaves))


def _probe(case: Case, seed: int, number: int) -> Probe | None:
    """Return a probe of a case; None where the target raises: nothing is diagnosed there."""
    try:
        probe = Probe(case.at(case.leaves), np.random.default_rng([seed, number]))
    except Exception:
        _LOG.debug("a further case could not be looked at", exc_info=True)
        return None
    return probe if probe.finite else None


def _varied(case: Case, seed: int, number: int) -> Probe | None:
    """Return a probe of a case whose single real numbers are moved a little, where that may be.

    Strategies give such numbers a few plain values, and a factor that is one of them would look
    like a constant.
    """
    single = [
        i for i in case.real if arrays.size(case.leaves[i]) == 1 and not arrays.is_complex(case.leaves[i])
    ]
    if single and len(case.real) > 1:
        rng, leaves = np.random.default_rng([seed, number]), list(case.leaves)
        for i in single:
            leaves[i] = _shaken(leaves[i], rng)
        probe = _probe(case.at(leaves), seed, number)
        if probe is not None:
            return probe
    return _probe(case, seed, number)


@dataclass
class _Pool:
    """What is known of one block over several cases: failing ones measured, right ones seen."""

    name: str
    settings: Settings
    purse: Purse
    asking: Purse
    looking: Purse
    cases: Cases = field(default_factory=Cases)

    @property
    def share(self) -> float:
        """How far the block is off in the case itself: one that could not have seen so much is not right."""
        here = self.cases[0]
        size = np.maximum(np.abs(here.analytic), np.abs(here.numeric))
        off = np.abs(here.analytic - here.numeric) / np.where(size > 0, size, 1.0)
        return float(np.max(off, initial=0.0, where=np.isfinite(off))) or math.inf

    def is_alike(self, case: Case) -> bool:
        """Whether a name says the same in another case: the last layer of one may be the first of another."""
        return case.names == self.cases[0].probe.case.names

    @property
    def full(self) -> bool:
        """Whether more cases would not tell more, or cost too much."""
        return self.purse.left <= 0 or len(self.cases) >= ENOUGH

    def gather(self, others: Others) -> None:
        """Look at what was drawn; then, where that was little, at what the run has seen."""
        for probe in others.drawn(self.name, self.settings.seed):
            block = self.block_of(probe)
            if block is not None and not self.full:
                self.look(probe, block)
            elif block is not None and self.looking.left > 0:
                self.look_on(probe, block)
        if len(self.cases) < TOO_FEW:
            self.purse.left = max(self.purse.left, LEAST_SHARE)
            for number, case in enumerate(others.seen(self.name, wrong=True)):
                seen = None if self.full else _probe(case, self.settings.seed, number)
                block = None if seen is None else self.block_of(seen)
                if seen is not None and block is not None:
                    self.look(seen, block)
        right = others.seen(self.name, wrong=False, share=self.share)
        self.cases.right += (seen_of(case, self.name) for case in right if self.is_alike(case))
        measured = {_values(one.inputs) for one in self.cases}
        wrong = (seen_of(case, self.name) for case in others.seen(self.name, wrong=True))
        self.cases.failed += (one for one in wrong if _values(one.inputs) not in measured)

    def block_of(self, probe: Probe) -> int | None:
        """Return the number of the block in another case; None where it is not there."""
        names = probe.case.names
        block = names.index(self.name) if self.name in names else None
        return block if block in probe.blocks else None

    def look(self, probe: Probe, block: int, *, around: bool = False) -> None:
        """Measure a block, unless a first look says that it is right."""
        before = probe.case.evaluations
        try:
            looked = self.first_look(probe, block)
            if looked.word is Word.AGREES:
                if self.is_right(looked, probe):
                    self.cases.right.append(seen_of(probe.case, self.name))
            else:
                measured = measure(probe, block, around=around, quick=True, purse=self.asking)
                if measured is not None and measured.failing:
                    self.cases.append(measured)
        except Exception:
            _LOG.debug("a further case could not be measured", exc_info=True)
        self.purse.left -= probe.case.evaluations - before

    def look_on(self, probe: Probe, block: int) -> None:
        """Take note of whether a block is right, without measuring it."""
        before = probe.case.evaluations
        try:
            looked = self.first_look(probe, block)
        except Exception:
            _LOG.debug("a further case could not be looked at", exc_info=True)
            return
        finally:
            self.looking.left -= probe.case.evaluations - before
        if self.is_right(looked, probe):
            self.cases.right.append(seen_of(probe.case, self.name))
        elif looked.word is Word.DISAGREES and self.is_alike(probe.case):
            self.cases.failed.append(seen_of(probe.case, self.name))

    def is_right(self, looked: Comparison, probe: Probe) -> bool:
        """Whether a first look would have seen the error: where the gradient is zero, any factor is right."""
        sharp = looked.word is Word.AGREES and 0 < looked.resolution <= self.share
        return sharp and self.is_alike(probe.case)

    def first_look(self, probe: Probe, block: int) -> Comparison:
        direction = probe.towards(block, np.random.default_rng(block))
        return compare(probe.line(direction), probe.claim(direction), budget=FIRST_LOOK)

    def gather_around(self, probe: Probe, block: int) -> None:
        """Look at points up to a third away, each with another cotangent."""
        for number in range(AROUND):
            rng = np.random.default_rng([self.settings.seed, number])
            leaves = list(probe.leaves)
            for i in probe.case.real:
                leaves[i] = _shaken(leaves[i], rng)
            other = _probe(probe.case.at(leaves), self.settings.seed, number)
            if other is not None and block in other.blocks:
                self.look(other, block, around=True)


def _values(inputs: Mapping[str, NDArray[Any]]) -> Hashable:
    return tuple((name, value.shape, value.tobytes()) for name, value in inputs.items())


def pools(wrong: Sequence[Judgement], others: Others, settings: Settings) -> list[Cases]:
    """Return for each wrong block what several cases show of it; the case itself comes first.

    Where there are no others, points around the case are looked at.

    Costs 8 to 20 evaluations for each entry of the case itself, and `GATHERING` and `LOOKING` for
    all blocks together on other cases.
    """
    share = max(LEAST_SHARE, GATHERING // max(1, len(wrong)))
    found = []
    for judgement in wrong:
        asking = Purse(max(LEAST_SHARE, ASKING // len(wrong)))
        pool = _Pool(judgement.name, settings, Purse(share), asking, Purse(LOOKING // len(wrong)))
        here = _measured(judgement, asking)
        if here is not None:
            pool.cases.append(here)
            pool.gather(others)
            if len(pool.cases) == 1:
                pool.gather_around(judgement.probe, judgement.block)
        found.append(pool.cases)
    return found


def _measured(judgement: Judgement, asking: Purse) -> Measured | None:
    try:
        measured = measure(judgement.probe, judgement.block, purse=asking)
    except Exception:
        _LOG.debug("the block could not be measured", exc_info=True)
        return None
    return measured if measured is not None and measured.failing else None


def _shaken(leaf: object, rng: np.random.Generator) -> object:
    """Return an array with every entry moved by up to a third of itself: no sign changes, no zero moves."""
    row = arrays.flat(leaf)
    factors = 1 + rng.integers(-10, 11, row.size) / 32.0
    return arrays.like(leaf, (row * factors).astype(row.dtype))
