"""Where in a block the gradient is wrong.

Few entries are measured one by one.  Among many, with e the error of the gradient, the slopes
sum e_i v_i, which is known from the verdict, and sum e_i v_i i/n give the number of a single wrong
entry as a quotient; the interval that the errors allow is searched again, until one entry is left.
Where there are several, the block is halved and the loud halves followed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradtest.judgement import Judgement
from gradtest.numerics.chebyshev import slopes_at_centre
from gradtest.numerics.spectrum import read
from gradtest.probe import Probe
from gradtest.spaces import arrays
from gradtest.verdict import BEYOND, Word, compare

from .evidence import Entry

__all__ = ["Located", "entry_of", "locate"]

#: Blocks up to this size are measured entry by entry; it is what fits on a screen, too.
FEW = 64

#: An entry that is off is shown as measured on one interval if its error is this share of that, or less.
SHARP = 1e-3

#: So few candidates are measured one by one where a quotient does not tell them apart.
FEWEST = 3

#: Wrong entries that are looked for in a larger block before it is called wrong in many places.
MOST = 8


@dataclass(frozen=True, slots=True)
class Located:
    """Entries that were measured, and the slice in which the wrong ones lie.

    Attributes
    ----------
    entries : list of Entry
    complete : bool
        Whether no wrong entry is left outside of `entries` and `slice`.
    slice : str
        As in ``row 3``; empty where the wrong entries form none.
    many : bool
        Whether the block has so many entries that those measured are few of them.
    """

    entries: list[Entry] = field(default_factory=list)
    complete: bool = False
    slice: str = ""
    many: bool = False

    @property
    def named(self) -> str:
        """What is wrong among many, with its verb, if that is known: "row 3 is", "one entry is"."""
        wrong = sum(entry.wrong for entry in self.entries)
        if not (self.many and self.complete and wrong):
            return ""
        return f"{self.slice or 'one entry'} is" if self.slice or wrong == 1 else f"{wrong} entries are"


def locate(judgement: Judgement) -> Located:
    """Return where the block of a disagreement is wrong.

    Costs 5 to 30 evaluations an entry for up to 64 entries.  In a larger block some 60 to 100
    for a single wrong entry, however large the block, and some 20 for every halving where there
    are several.
    """
    probe, block = judgement.probe, judgement.block
    size = arrays.real_size(probe.leaves[block])
    if size <= FEW:
        every = np.ndindex(arrays.real_shape(probe.leaves[block]))
        return Located([entry_of(probe, block, index) for index in every], complete=True)
    return _Search(judgement).run()


def entry_of(probe: Probe, block: int, index: tuple[int, ...]) -> Entry:
    """Return one entry of a block, measured by itself (5 to 30 evaluations)."""
    x = probe.leaves[block]
    direction, step = probe.coordinate(block, index)
    comparison = compare(probe.line(direction), probe.claim(direction))
    estimate = comparison.estimate
    wrong = comparison.word is Word.DISAGREES
    analytic, numeric, error = comparison.claim.value, estimate.value, estimate.error
    return Entry(index, analytic / step, numeric / step, error / step, wrong, arrays.is_complex(x))


class _Slope(NamedTuple):
    """Both sides along one direction, and how far they may be apart."""

    analytic: float
    numeric: float
    error: float

    @property
    def off(self) -> float:
        """The error of the gradient along the direction: sum e_i v_i."""
        return self.analytic - self.numeric

    @property
    def loud(self) -> bool:
        return not abs(self.off) <= BEYOND * self.error

    @property
    def sharp(self) -> bool:
        """Whether the numbers may be shown to people."""
        return self.error < SHARP * abs(self.off)


class _Search:
    """The search for wrong entries in a large block."""

    def __init__(self, judgement: Judgement) -> None:
        self.judgement, self.probe, self.block = judgement, judgement.probe, judgement.block
        self.direction = arrays.flat(judgement.direction[self.block])
        self.x = judgement.probe.leaves[self.block]
        self.size = self.direction.size
        self.slice = ""
        self.step = judgement.comparison.estimate.step or 2.0**-8
        self.found: list[Entry] = []

    def run(self) -> Located:
        comparison = self.judgement.comparison
        total = _Slope(comparison.claim.value, comparison.estimate.value, comparison.tolerance)
        if not self.alone(0, self.size, total):
            samples = [self.entry(i) for i in (self.size // 3, self.size // 2 + 1)]
            if all(entry.wrong for entry in samples):
                return Located(samples, many=True)  # wrong everywhere, or nearly: no use to list the entries
            self.halve(0, self.size)
        self.found.sort(key=lambda entry: entry.index)
        complete = bool(self.slice) or 0 < len(self.found) < MOST
        return Located(self.found, complete, self.slice, many=True)

    def entry(self, flat: int) -> Entry:
        """Return one entry: 8 evaluations if that shows that it is off, else as `entry_of`."""
        index = tuple(int(i) for i in np.unravel_index(flat, arrays.real_shape(self.x)))
        if self.probe.separable(self.block):
            slope, v = self.measure(flat, flat + 1), float(self.direction[flat])
            if slope.loud and slope.sharp:
                sides = slope.analytic / v, slope.numeric / v, abs(slope.error / v)
                return Entry(index, *sides, True, arrays.is_complex(self.x))
        return entry_of(self.probe, self.block, index)

    def number(self, entry: Entry) -> int:
        """Return which of the coordinates of the block an entry is."""
        return int(np.ravel_multi_index(entry.index, arrays.real_shape(self.x)))

    # -- measuring ----------------------------------------------------------------------------

    def measure(self, start: int, stop: int, *, tilted: bool = False) -> _Slope:
        """Return sum e_i v_i over an interval, less what was found already (8 evaluations).

        With `tilted` each term is weighted by 1/2 + (i - start) / n.
        """
        weighted = np.zeros_like(self.direction)
        weighted[start:stop] = self.direction[start:stop]
        if tilted:
            weighted[start:stop] *= 0.5 + np.arange(stop - start, dtype=self.real) / (stop - start)
        for entry in self.found:
            weighted[self.number(entry)] = 0.0
        return self.slope(weighted)

    @property
    def real(self) -> np.dtype[Any]:
        """The precision of the weights: that of the parameters, so that a large block stays small."""
        return np.dtype(np.float32) if self.direction.dtype.itemsize <= 4 else np.dtype(np.float64)

    def slope(self, weighted: NDArray[Any]) -> _Slope:
        direction = {self.block: arrays.like(self.x, weighted)}
        line, claim = self.probe.line(direction), self.probe.claim(direction)
        reading = read(line.around(self.step, 8), self.step, slopes_at_centre(8), line)
        if reading is None or not math.isfinite(claim.value):
            return _Slope(math.inf, math.nan, math.inf)
        return _Slope(claim.value, reading.value, claim.rounding + reading.error)

    # -- searching ----------------------------------------------------------------------------

    def split(self, start: int, stop: int) -> None:
        """Find the wrong entries of an interval: by quotient if it is one, else by halves."""
        if len(self.found) >= MOST or self.in_slice():
            return
        total = self.measure(start, stop)
        if total.loud and not self.alone(start, stop, total):
            self.halve(start, stop)

    def halve(self, start: int, stop: int) -> None:
        if stop - start > 1:
            middle = (start + stop) // 2
            self.split(start, middle)
            self.split(middle, stop)

    def alone(self, start: int, stop: int, total: _Slope) -> bool:
        """Whether one entry that is found is all that is wrong in an interval.

        Then nothing is left of the slope of the whole, which where entries move alone is known already.
        """
        found = self.decode(start, stop, total)
        if not found or not self.probe.separable(self.block):
            return bool(found) and not self.measure(start, stop).loud
        left, error = total.off, total.error
        for entry in found:
            v = float(self.direction[self.number(entry)])
            left -= (entry.analytic - entry.numeric) * v
            error += entry.error * abs(v)
        return abs(left) <= BEYOND * error

    def decode(self, start: int, stop: int, total: _Slope) -> list[Entry]:
        """Read the number of a single wrong entry off its slope and tilted ones; none if it is not wrong.

        A single one makes the same slope in every interval that it is in.
        """
        while stop - start > 1:
            n = stop - start
            moment = self.measure(start, stop, tilted=True)
            share = moment.off / total.off - 0.5
            doubt = (moment.error + abs(share + 0.5) * total.error) / abs(total.off)
            doubt += float(np.finfo(self.real).eps)
            if not (-doubt <= share < 1 + doubt and doubt < 0.25):
                return []
            low, high = (round(start + n * (share + sign * doubt)) for sign in (-1, 1))
            start, stop = max(start, low), min(stop, high + 1)
            if not 0 < stop - start <= n / 2:
                if n > FEWEST:
                    return []
                break
        candidates = [self.entry(i) for i in range(start, stop)]
        wrong = [entry for entry in candidates if entry.wrong and entry not in self.found]
        self.found.extend(wrong)
        return wrong

    def in_slice(self) -> bool:
        """Whether the wrong entries lie in one row, column or channel, outside of which all is right."""
        size = arrays.real_shape(self.x)
        if self.slice or len(self.found) not in (3, 6) or len(size) < 2:
            return bool(self.slice)
        for axis in range(len(size)):
            numbers = {entry.index[axis] for entry in self.found}
            if len(numbers) == 1:
                (number,) = numbers
                rest = self.direction.reshape(size).copy()
                rest[(slice(None),) * axis + (number,)] = 0.0
                if not self.slope(rest.reshape(-1)).loud:
                    self.slice = _slice_name(axis, number, len(size), arrays.is_complex(self.x))
        return bool(self.slice)


def _slice_name(axis: int, number: int, dimensions: int, with_parts: bool) -> str:
    if with_parts and axis == dimensions - 1:
        return f"the {('real', 'imaginary')[number]} parts"
    if dimensions - with_parts == 2:
        return f"{('row', 'column')[axis]} {number}"
    return f"slice along axis {axis}, {number}"
