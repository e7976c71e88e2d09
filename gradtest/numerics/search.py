"""The search over scales: where to look next, given what was seen.

Start at a scale where four nodes are enough for a smooth function in its own units, and move
on only for a reason: the tail of the coefficients stands above the rounding (`descent`), or
the rounding limits the error (go as wide as the series reaches), or an estimate wants to be
confirmed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from .chebyshev import slopes_at_end
from .descent import Descent
from .estimate import Estimate, Quality
from .line import Line
from .rounding import power_of_two
from .scales import FIRST, LEAST, WIDE
from .smoothness import reach
from .spectrum import Reading, read

__all__ = ["Centre", "Side"]

_FINER = 1 / 4  # the scale that confirms: near enough to be as sharp, far enough to alias otherwise
_MOST_UP = 2.0**12  # further is not trusted to one reading of the noise
_GAIN = 2  # a look at 8 nodes is worth its cost where it promises an error so many times smaller
_LITTLE = 1.5  # and by so much where a line like this one was seen better
_TRIES = 3  # so many looks that promised and did not hold it end the search
_WORTH = 0.01, 0.3  # relative errors between these are worth averaging down


class Centre(Descent):
    """The search on [-h, h]."""

    def run(self) -> Iterator[Estimate]:
        """Yield what is seen, in the order in which it is."""
        first = self.at_most(FIRST)
        opening = self.look(first, 4)
        if opening is None:
            yield self.estimate(None)
            first = self.room(first)
            opening = self.look(first, 4) if first else None
        if opening is None:
            return
        yield self.estimate(opening)
        if opening.runs <= 2:
            yield from self.hardly_moves(first)
        if not self.stepped:
            reading = self.look(first, 8)
            yield self.estimate(reading)
            if reading is not None and self.rough(reading):
                yield from self.explain(reading)
        if not self.bent:
            yield from self.sharpen()
            yield from self.take_the_hint()
            yield from self.make_sure()
            yield from self.average()
            yield from self.make_sure()

    def room(self, step: float) -> float:
        """Return about the widest scale up to `step` at which both ends are finite, 0 if there is none."""
        near, out = LEAST, math.log(step / self.line.scale) / math.log(self.line.eps)
        if not self.reaches(self.at_most(near)):
            return 0.0
        while near - out > 0.02:
            middle = (near + out) / 2
            if self.reaches(self.at_most(middle)):
                near = middle
            else:
                out = middle
        return self.at_most(near)

    def reaches(self, step: float) -> bool:
        return math.isfinite(self.line(step)) and math.isfinite(self.line(-step))

    def hardly_moves(self, first: float) -> Iterator[Estimate]:
        """Tell a function that stands still from one that moves in steps, by looking far out."""
        step, wide, widest = self.at_most(WIDE), None, power_of_two(self.line.widest)
        while wide is None and step > 4 * first:
            wide = self.look(step, 8)
            step /= 4
        while wide is not None and (wide.runs <= 3 or self.steps_are_large(wide)) and wide.step < widest:
            wide = self.look(min(16 * wide.step, widest), 8)
        if wide is None:
            return
        if not wide.flat:
            self.moves_in_steps(self.look(wide.step, 16) or wide)
        yield self.estimate(self.readings[-1])

    # -- sharper and surer --------------------------------------------------------------------

    def need(self, reading: Reading) -> float:
        """Return how many times too large the error is."""
        return reading.error / max(self.wanted * abs(reading.value), 1e-300)

    def sharpen(self) -> Iterator[Estimate]:
        """Go to the width that promises the least error, as far as it holds what it promises."""
        hint: Reading | None = None
        failures = 0
        while failures < _TRIES and (best := self.best()) is not None:
            if self.need(best) <= 1 and not self.confirmed(best):
                yield from self.confirm(best)
                failures += 1
                continue
            aim = self.aim(best, hint or best)
            if aim is None:
                break
            hint = self.look(*aim)
            if hint is not None and hint == self.best() and hint.error < 0.5 * best.error < math.inf:
                yield self.estimate(hint)
                hint = None
            else:
                self.ceiling = min(self.ceiling, aim[0])
                failures += 1
                yield self.estimate(best)  # which the other may have confirmed

    def take_the_hint(self) -> Iterator[Estimate]:
        """Look where a line like this one was seen best, if that is better than what was found."""
        best = self.best()
        if self.line.hint is None or (best is not None and self.need(best) <= 1):
            return
        hint = self.look(*self.line.hint)
        if hint is not None and self.best() is hint:
            yield self.estimate(hint)

    def make_sure(self) -> Iterator[Estimate]:
        """Confirm the best, or the next best that can be."""
        for _ in range(_TRIES):
            best = self.best()
            if best is None or self.confirmed(best):
                return
            yield from self.confirm(best)

    def aim(self, best: Reading, hint: Reading) -> tuple[float, int] | None:
        """Return the width and the number of nodes from which most is to be had, None if little is."""
        noise = max(best.noise, self.noise.of(best.step))
        usual = 0.5 * hint.step / self.line.scale
        for n in (8, 16, 32):
            # the plateau is read from the last third of the terms
            width = min(reach(hint, 3 * n // 4, noise, usual), best.step * _MOST_UP, self.line.widest)
            if width >= self.ceiling:
                width = math.sqrt(best.step * self.ceiling)
            step = power_of_two(max(width, best.step / 4))
            # n terms weigh about n**1.2, and average n samples: 4.6 for 8, see `spectrum`
            promised = 5 * noise * 4.6 * (n / 8) ** 0.7 / step
            enough = self.wanted * abs(best.value) if self.need(best) > 1 else 0.0
            gain = _GAIN * (n / 8) ** 0.6 if self.line.hint is None else _LITTLE
            worth = promised < max(best.error / gain, min(enough, best.error / 2))
            if n >= best.nodes and step > best.step and worth:
                return step, n
        return None

    def confirm(self, best: Reading) -> Iterator[Estimate]:
        """Look at a scale beside that of `best`; doubt it if none says the same."""
        noisy = best.noise <= 4 * self.noise.of(best.step)
        few = min(best.nodes, 16) if noisy else best.nodes // 2
        for factor, n in ((0.5 if noisy else _FINER, few), (_FINER, best.nodes)):
            self.look(best.step * factor, n)
            if self.confirmed(best):
                yield self.estimate(best)
                return
        self.doubted.append(best)

    def average(self) -> Iterator[Estimate]:
        """Take more nodes where noise forbids a useful answer: it goes down as 1/sqrt(n)."""
        for n in (16, 32, 64):
            best = self.best()
            if best is None or not self.need(best) > 1 or best.stairs:
                return
            low, high = max(_WORTH[0], self.wanted), _WORTH[1]
            if not low < best.error / max(abs(best.value), 1e-300) < high:
                return
            if n > best.nodes:
                yield self.estimate(self.look(best.step, n))


class Side(Centre):
    """The search on [0, h] (side +1) or [-h, 0] (side -1)."""

    def __init__(self, line: Line, wanted: float, side: int) -> None:
        super().__init__(line, wanted)
        self.side = side
        self.sides = (side,)

    def samples(self, step: float, n: int) -> list[float]:
        return self.line.beside(self.side * step, n)

    def read(self, step: float, n: int) -> Reading | None:
        # d/dt of T_k(2 t/h - 1) at t = 0 is 2 T'_k(-1) / h: half the width is the unit.
        half = 0.5 * self.side * step
        reading = read(self.samples(step, n), half, slopes_at_end(n), self.line, self.noise.of(step))
        return None if reading is None else reading._replace(step=step)

    def reaches(self, step: float) -> bool:
        return math.isfinite(self.line(self.side * step)) and math.isfinite(self.line(0.0))

    def symmetric(self, reading: Reading) -> bool:
        return False  # there is no other side

    def repeats(self, power: float, reading: Reading) -> bool:
        return False  # it may be t log t

    def singular(self, reading: Reading) -> Quality | None:
        """A power of t from one side is no kink: up to t log t it has no derivative."""
        return None if super().singular(reading) is None else Quality.ROUGH
