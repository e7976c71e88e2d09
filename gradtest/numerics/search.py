"""The search over scales: where to look next, given what was seen.

Start at a scale where four nodes are enough for a smooth function in its own units, and move
on only for a reason: the tail of the coefficients stands above the rounding (a kink or a pole
inside, an oscillation, noise), or the rounding limits the error (go as wide as the series
reaches), or an estimate wants to be confirmed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from .chebyshev import slopes_at_centre, slopes_at_end
from .estimate import Estimate, Quality
from .line import Line
from .rounding import EPS64, power_of_two
from .smoothness import exponent, fall, noise_like, reach, slight, step_height, symmetric
from .spectrum import ROUGH, Reading, read

__all__ = ["Centre", "Side"]

# Scales are powers of the rounding, in units of the scale of the line; for float64:
_FIRST = 0.19  # 2**-10: the fifth term of a smooth function meets the rounding here
_FAR = 0.54  # 2**-29: an oscillation of 1e8 is smooth here, and 7 digits are left
_LEAST = 0.77  # 2**-41: 3 digits are left
_WIDE = 0.058  # 2**-4: where to look whether something moves at all, and in which steps

_CLOSER = 1 / 16  # a kink inside is most likely not as near as that
_FINER = 1 / 4  # the scale that confirms: near enough to be as sharp, far enough to alias otherwise
_BLUNTER = 64  # an estimate is confirmed by one at most this many times blunter
_MOST_UP = 2.0**12  # further is not trusted to one reading of the noise
_STAYS = 1 / 10  # noise measured twice on a few coefficients differs by less, 999 times in 1000
_STEPS = 2.0**-6  # steps up to this size, relative, are rounding (bfloat16: 2**-8); larger ones are meant
_COARSE = 2.0**-16  # where all values are as short as that they were computed in low precision
_BENT = 1.2  # |t|**a with a above this is told from a kink, and has a derivative
_GAIN = 2  # a look is worth its cost where it promises an error so many times smaller
_TRIES = 3  # so many looks that promised and did not hold it end the search
_SEEN = 4e-3, 0.3  # of the slope: an error between is worth averaging down
_USUAL = 0.64  # the relative error to be had without effort, as a power of the rounding


class Centre:
    """The search on [-h, h]; `Side` shares it, with another interval and other weights."""

    def __init__(self, line: Line, wanted: float) -> None:
        self.line = line
        self.wanted = max(wanted, line.eps**_USUAL if line.eps > EPS64 else 0.0)
        self.first = self.at_most(_FIRST)
        self.readings: list[Reading] = []
        self.doubted: list[Reading] = []  # another scale said something else
        self.noise = 0.0  # of one sample, once it is known to be noise and not structure
        self.growing = 0.0  # the same, of noise that grows with the step, by unit of it
        self.stepped = False  # whether the function is seen to move in steps of rounding
        self.power: float | None = None  # of |t|, once the tail looks the same at two scales
        self.grown = 0  # how often the tail shrank with the interval and never looked the same
        self.edge = math.inf  # no interval this wide is finite
        self.ceiling = math.inf  # nor is one this wide smooth

    def at_most(self, power: float) -> float:
        line = self.line
        return power_of_two(min(line.scale * line.eps**power, line.widest))

    # -- one look -----------------------------------------------------------------------------

    def samples(self, step: float, n: int) -> list[float]:
        return self.line.around(step, n)

    def read(self, step: float, n: int) -> Reading | None:
        return read(self.samples(step, n), step, slopes_at_centre(n), self.line, self.heard(step))

    def heard(self, step: float) -> float:
        return self.noise + self.growing * step

    def look(self, step: float, n: int) -> Reading | None:
        reading = self.read(step, n)
        if reading is None:
            self.edge = min(self.edge, step)
            self.ceiling = min(self.ceiling, step)
        else:
            self.readings.append(reading)
        return reading

    def rough(self, reading: Reading) -> bool:
        """Whether the tail stands above rounding and noise."""
        return reading.rough and reading.noise > 4 * self.heard(reading.step)

    def symmetric(self, reading: Reading) -> bool:
        return symmetric(reading)

    def quality(self, reading: Reading) -> Quality:
        if not reading.rough and not self.stepped:
            return Quality.CLEAN
        return Quality.ROUGH if self.rough(reading) else Quality.NOISE

    def confirmed(self, reading: Reading) -> bool:
        """Whether another scale, itself not much blunter, says the same (this catches aliasing)."""
        if reading.nodes == 4 or (self.rough(reading) and not self.bent):
            return False
        return any(
            other.step != reading.step
            and (other.error <= _BLUNTER * reading.error or (other.flat and reading.flat))
            and abs(other.value - reading.value) <= other.error + reading.error
            for other in self.readings
        )

    def estimate(self, reading: Reading | None, quality: Quality | None = None) -> Estimate:
        if reading is None:
            return Estimate(math.nan, math.inf, quality=Quality.NON_FINITE)
        return Estimate(
            reading.value,
            reading.error,
            reading.step,
            reading.nodes,
            reading.noise,
            reading.steepest,
            reading.flat,
            quality is None and self.confirmed(reading),
            quality or self.quality(reading),
        )

    # -- the search ---------------------------------------------------------------------------

    def run(self) -> Iterator[Estimate]:
        opening = self.look(self.first, 4)
        if opening is None:
            yield self.estimate(None)
            self.first = self.room()
            opening = self.look(self.first, 4) if self.first else None
        if opening is None:
            return
        yield self.estimate(opening)
        if opening.runs <= 2:
            yield from self.hardly_moves()
        if not self.stepped:
            reading = self.look(self.first, 8)
            yield self.estimate(reading)
            if reading is not None and self.rough(reading):
                yield from self.explain(reading)
        yield from self.sharpen()
        yield from self.average()

    def room(self) -> float:
        """Return about the widest step at which both ends are finite, 0 if there is none."""
        near, out = _LEAST, math.log(self.first / self.line.scale) / math.log(self.line.eps)
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

    def hardly_moves(self) -> Iterator[Estimate]:
        """Tell a function that stands still from one that moves in steps, by looking far out."""
        line = self.line
        step = self.at_most(_WIDE)
        wide = self.look(step, 8)
        while wide is None and step > 16 * self.first:
            step /= 16
            wide = self.look(step, 8)
        if wide is not None and wide.flat:
            yield self.estimate(wide)
            wide = self.look(power_of_two(line.widest), 8)
        if wide is not None and not wide.flat:
            self.moves_in_steps(wide)
            yield self.estimate(wide)

    def moves_in_steps(self, reading: Reading) -> None:
        """Take for noise what moves in steps no larger than those of a short arithmetic.

        Where the steps have no common height (sums of such), they are told from a kink by
        being small beside what the function moves.
        """
        samples = self.samples(reading.step, reading.nodes)
        height = step_height(samples)
        size = max(map(abs, samples))
        if reading.runs > 3:
            size = max(size, reading.steepest * self.line.scale)
        rounding = 0.0 < height <= _STEPS * size
        if rounding or slight(reading) or (reading.runs > 3 and self.line.grain() >= _COARSE):
            self.stepped = True
            self.hear(max(reading.noise, height / 2 if rounding else 0.0))

    def hear(self, noise: float, growing: float = 0.0) -> None:
        """Take `noise` for that of one sample, and read again what was read without knowing it."""
        self.noise, self.growing, self.ceiling = noise, growing, self.edge
        again = [self.read(reading.step, reading.nodes) for reading in self.readings]
        self.readings = [reading for reading in again if reading is not None]

    def explain(self, reading: Reading) -> Iterator[Estimate]:
        """Go nearer, to tell a kink at the point from one nearby, from noise, from an oscillation."""
        before = reading
        for step in self.descent(reading):
            if self.drowned(before, step):
                return
            nearer = self.look(step, 8)
            if nearer is None:
                continue
            if self.is_noise(before, nearer):
                return
            self.ceiling = min(self.ceiling, before.step)
            if self.bent:
                nearer = self.extrapolated(before, nearer)
            yield self.estimate(nearer, self.singular(nearer))
            if not self.rough(nearer):
                return
            before = nearer

    def descent(self, reading: Reading) -> Iterator[float]:
        """Yield the scales to look at below that of `reading`."""
        far = self.at_most(_FAR)
        before = reading.step
        if not noise_like(reading) and not self.symmetric(reading):
            before = reading.step * _CLOSER
            if fall(reading) < 0.02:  # as a smooth series does: go where it reaches
                usual = 0.5 * reading.step / self.line.scale
                smooth = reach(reading, 6, reading.floor * math.sqrt(reading.nodes / 2), usual)
                before = power_of_two(min(max(smooth, before), reading.step / 2))
            yield before
        for step in (far, far * _CLOSER, self.at_most(_LEAST)):
            if step < before:
                before = step
                yield step

    def drowned(self, before: Reading, step: float) -> bool:
        """Whether a tail that falls with the interval would no longer be seen at `step`."""
        if self.power is None or self.bent:
            return False
        left: float = before.plateau * (step / before.step) ** max(self.power, 0.0)
        return left < 3 * ROUGH * before.floor

    def is_noise(self, before: Reading, nearer: Reading) -> bool:
        """Whether the tail of `before` is noise, by what is left of it in `nearer`."""
        if nearer.flat:
            wider = self.look(self.at_most(_WIDE), 8) if before.stairs else None
            self.moves_in_steps(wider or before)
            return self.stepped
        if self.rough(nearer):
            self.compare_tails(before, nearer)
        elif noise_like(before) and abs(nearer.value - before.value) <= nearer.error + before.error:
            # Rounding inside may stand still on a small interval.  (Had it been an oscillation
            # that is resolved now, the slope would be another one.)
            self.hear(before.noise)
        return self.heard(1.0) > 0.0

    def compare_tails(self, before: Reading, nearer: Reading) -> None:
        """Learn whether the two tails are noise, or what is singular at the point."""
        ratio, left = nearer.step / before.step, nearer.noise / before.noise
        power = exponent(before, nearer)
        if slight(nearer) and abs(self.line(0.0)) <= nearer.steepest * nearer.step:
            # Noise in proportion to a function that is zero at the point; rounding even repeats
            # with every power of two (and is not even about the point, as a kink is).
            proportional = ratio / 4 < left < 4 * ratio
            repeated = power is not None and abs(power - 1) < 0.1 and not self.symmetric(nearer)
            self.grown += repeated or (power is None and proportional)
            if self.grown == 2:
                self.hear(0.0, 2 * max(before.noise / before.step, nearer.noise / nearer.step))
            if repeated:
                return
        if power is not None:
            self.power = power
        elif self.power is None and left > max(_STAYS, 1.6 * ratio) and nearer.step <= self.at_most(_FAR):
            self.hear(math.hypot(before.noise, nearer.noise) / math.sqrt(2))

    @property
    def bent(self) -> bool:
        """Whether the function is rough at every scale, but has a derivative."""
        return self.power is not None and self.power > _BENT

    def extrapolated(self, before: Reading, nearer: Reading) -> Reading:
        """Widen the error of `nearer` by what a slope that goes as |t|**(power - 1) has still to go."""
        assert self.power is not None
        left = (nearer.step / before.step) ** (self.power - 1)
        to_go = 2 * abs(nearer.value - before.value) * left / (1 - left)
        wider = nearer._replace(error=max(nearer.error, to_go))
        self.readings[-1] = wider
        return wider

    def singular(self, reading: Reading) -> Quality | None:
        """Name what is rough as |t|**power at the point, None if it is not or has a derivative."""
        if self.power is None or self.bent or not self.rough(reading) or reading.step > self.at_most(_FAR):
            return None
        if abs(self.power) < 0.1:
            return Quality.JUMP
        return Quality.KINK if abs(self.power - 1) < 0.1 else Quality.ROUGH

    def best(self) -> Reading | None:
        """Return the sharpest reading that is not rough, nor doubted, nor of too few nodes."""
        sound = [
            reading
            for reading in self.readings
            if reading.nodes > 4 and not self.rough(reading) and reading not in self.doubted
        ]
        return min(sound, key=_error, default=None)

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
            good = hint is not None and not self.rough(hint) and hint not in self.doubted
            if hint is not None and good and hint.error < 0.5 * best.error < math.inf:
                yield self.estimate(hint)
                hint = None
            else:
                self.ceiling = min(self.ceiling, aim[0])
                failures += 1
                yield self.estimate(best)  # which the other may have confirmed
        for _ in range(_TRIES):
            best = self.best()
            if best is None or self.confirmed(best):
                break
            yield from self.confirm(best)

    def aim(self, best: Reading, hint: Reading) -> tuple[float, int] | None:
        """Return the width and the number of nodes from which most is to be had, None if little is."""
        noise = max(best.noise, self.noise)
        for n in (8, 16, 32):
            usual = 0.5 * hint.step / self.line.scale
            # of the last third of the terms the plateau is read
            width = min(reach(hint, 3 * n // 4, noise, usual), best.step * _MOST_UP, self.line.widest)
            if width >= self.ceiling:
                width = math.sqrt(best.step * self.ceiling)
            step = power_of_two(max(width, best.step / 4))
            # n terms weigh about n**1.2, and average n samples: 4.6 for 8, see `spectrum`
            promised = 5 * noise * 4.6 * (n / 8) ** 0.7 / step
            if n >= best.nodes and step > best.step and promised * _GAIN < best.error:
                return step, n
        return None

    def confirm(self, best: Reading) -> Iterator[Estimate]:
        """Look at a scale beside that of `best`; doubt it if none says the same."""
        noisy = best.noise <= 4 * self.heard(best.step)
        few = best.nodes if noisy else best.nodes // 2
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
            if best is None or not self.need(best) > 1:
                return
            low, high = (share * abs(best.value) for share in _SEEN)
            if self.need(best) > 3 and not low < best.error < high:
                return
            if n > best.nodes:
                yield self.estimate(self.look(best.step, n))


class Side(Centre):
    """The search on [0, h] (side +1) or [-h, 0] (side -1)."""

    def __init__(self, line: Line, wanted: float, side: int) -> None:
        super().__init__(line, wanted)
        self.side = side

    def samples(self, step: float, n: int) -> list[float]:
        return self.line.beside(self.side * step, n)

    def read(self, step: float, n: int) -> Reading | None:
        # d/dt of T_k(2 t/h - 1) at t = 0 is 2 T'_k(-1) / h: half the width is the unit.
        half = 0.5 * self.side * step
        reading = read(self.samples(step, n), half, slopes_at_end(n), self.line, self.heard(step))
        return None if reading is None else reading._replace(step=step)

    def reaches(self, step: float) -> bool:
        return math.isfinite(self.line(self.side * step)) and math.isfinite(self.line(0.0))

    def symmetric(self, reading: Reading) -> bool:
        return False  # there is no other side


def _error(reading: Reading) -> float:
    return reading.error
