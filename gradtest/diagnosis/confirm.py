"""Other cases of the same target, measured, so that a suspicion is tested before it is said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from gradtest.case import Case
from gradtest.judgement import Judgement
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.spaces import arrays
from gradtest.verdict import Word, compare

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

#: With fewer failing cases than this, those that the run has seen are measured, too.
TOO_FEW = 6

#: Of other cases those are measured first whose block has at most so many entries.
SMALL = 6

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
        self._seen: dict[bool, dict[object, tuple[Case, frozenset[str]]]] = {True: {}, False: {}}

    def remember(self, case: Case, wrong: frozenset[str], right: frozenset[str]) -> None:
        """Keep a case that was judged at the point itself; of wrong ones, one of every shape."""
        for is_wrong, names in ((True, wrong), (False, right)):
            kept = self._seen[is_wrong]
            key: object = tuple(map(arrays.shape, case.leaves)) if is_wrong else len(kept)
            if names and (is_wrong or len(kept) < ENOUGH) and _entries(case) <= 4096:
                kept.pop(key, None)  # the last of its shape is the smallest
                if len(kept) < MOST:
                    kept[key] = case, names

    def drawn(self, seed: int) -> Iterator[Probe]:
        """Yield the cases that were drawn, each with a cotangent."""
        for number, case in enumerate(self._draw()[:MOST]):
            if number not in self._probes:
                self._probes[number] = _probe(case, seed, number)
            probe = self._probes[number]
            if probe is not None:
                yield probe

    def seen(self, name: str, seed: int, *, wrong: bool) -> Iterator[Probe]:
        """Yield the cases of the run in which a block was wrong, or right; the last come first."""
        for number, (case, names) in enumerate(reversed(list(self._seen[wrong].values()))):
            probe = _probe(case, seed, number) if name in names else None
            if probe is not None:
                yield probe


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


@dataclass
class _Pool:
    """What is known of one block over several cases: failing ones measured, right ones seen."""

    name: str
    settings: Settings
    purse: Purse
    asking: Purse
    cases: Cases = field(default_factory=Cases)

    @property
    def full(self) -> bool:
        """Whether more cases would not tell more, or cost too much."""
        return self.purse.left <= 0 or len(self.cases) >= ENOUGH

    def gather(self, others: Others) -> None:
        """Look at what was drawn, small blocks first; then, where that was little, at what the run saw."""
        later: list[tuple[int, int, Probe]] = []
        for probe in others.drawn(self.settings.seed):
            if self.full:
                break
            block = self.block_of(probe)
            if block is not None and arrays.size(probe.leaves[block]) > SMALL:
                later.append((arrays.size(probe.leaves[block]), len(later), probe))
            elif block is not None:
                self.look(probe, block)
        if len(self.cases) < TOO_FEW:
            self.purse.left = max(self.purse.left, LEAST_SHARE)
            larger = (probe for _, _, probe in sorted(later)[:MOST])
            for probe in (*others.seen(self.name, self.settings.seed, wrong=True), *larger):
                block = self.block_of(probe)
                if block is not None and not self.full:
                    self.look(probe, block)
        for probe in others.seen(self.name, self.settings.seed, wrong=False):
            block = self.block_of(probe)
            if block is not None and len(self.cases.right) < ENOUGH:
                self.cases.right.append(seen_of(probe, block))

    def block_of(self, probe: Probe) -> int | None:
        """Return the number of the block in another case; None where it is not there."""
        names = probe.case.names
        block = names.index(self.name) if self.name in names else None
        return block if block in probe.blocks else None

    def look(self, probe: Probe, block: int, *, around: bool = False) -> None:
        """Measure a block, unless a first look says that it is right."""
        before = probe.case.evaluations
        try:
            if self.agrees(probe, block):
                self.cases.right.append(seen_of(probe, block))
            else:
                measured = measure(probe, block, around=around, quick=True, purse=self.asking)
                if measured is not None and measured.failing:
                    self.cases.append(measured)
        except Exception:
            _LOG.debug("a further case could not be measured", exc_info=True)
        self.purse.left -= probe.case.evaluations - before

    def agrees(self, probe: Probe, block: int) -> bool:
        direction = probe.towards(block, np.random.default_rng(block))
        looked = compare(probe.line(direction), probe.claim(direction), budget=FIRST_LOOK)
        return looked.word is Word.AGREES

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


def pools(wrong: Sequence[Judgement], others: Others, settings: Settings) -> list[Cases]:
    """Return for each wrong block what several cases show of it; the case itself comes first.

    Where there are no others, points around the case are looked at.

    Costs 8 to 20 evaluations for each entry of the case itself, and `GATHERING` for all blocks
    together on other cases.
    """
    share = max(LEAST_SHARE, GATHERING // max(1, len(wrong)))
    found = []
    for judgement in wrong:
        asking = Purse(max(LEAST_SHARE, ASKING // len(wrong)))
        pool = _Pool(judgement.name, settings, Purse(share), asking)
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
