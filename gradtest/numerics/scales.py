"""One line looked at on several scales: what was read on each, and what it is worth."""

from __future__ import annotations

import math

from .chebyshev import slopes_at_centre
from .estimate import Estimate, Quality
from .line import Line
from .noise import Noise
from .rounding import power_of_two
from .spectrum import Reading, read

__all__ = ["FAR", "FIRST", "LEAST", "WIDE", "Scales"]

# Scales are powers of the rounding, in units of the scale of the line; for float64:
WIDE = 0.058  # 2**-4: where to look whether something moves at all, and in which steps
FIRST = 0.19  # 2**-10: the fifth term of a smooth function meets the rounding here
FAR = 0.54  # 2**-29: an oscillation of 1e8 is smooth here, and 7 digits are left
LEAST = 0.77  # 2**-41: 3 digits are left

_BLUNTER = 64  # an estimate is confirmed by one at most this many times blunter
_LOUDER = 4  # a tail this many times above the noise is more than noise


class Scales:
    """The intervals [-h, h] that were read so far; `search.Side` has others, with other weights."""

    def __init__(self, line: Line, wanted: float) -> None:
        self.line = line
        self.wanted = wanted
        self.readings: list[Reading] = []
        self.doubted: list[Reading] = []  # another scale said something else
        self.noise = Noise()
        self.stepped = False  # the function moves in steps of rounding
        self.bent = False  # it is rough at every scale, but has a derivative
        self.edge = math.inf  # no interval this wide is finite
        self.ceiling = math.inf  # nor is one this wide smooth

    def at_most(self, power: float) -> float:
        """Return the scale that is this power of the rounding, as a power of two."""
        line = self.line
        return power_of_two(min(line.scale * line.eps**power, line.widest))

    def samples(self, step: float, n: int) -> list[float]:
        return self.line.around(step, n)

    def read(self, step: float, n: int) -> Reading | None:
        return read(self.samples(step, n), step, slopes_at_centre(n), self.line, self.noise.of(step))

    def look(self, step: float, n: int) -> Reading | None:
        """Read one interval and keep what was read; None if it is not finite."""
        reading = self.read(step, n)
        if reading is None:
            self.edge = min(self.edge, step)
            self.ceiling = min(self.ceiling, step)
            return None
        self.readings.append(reading)
        if self.noise.heard and n > 4 and not self.rough(reading):
            self.noise.add(reading)
        return reading

    def read_again(self) -> None:
        """Read again what was read without knowing the noise."""
        self.ceiling = self.edge
        again = [self.read(reading.step, reading.nodes) for reading in self.readings]
        self.readings = [reading for reading in again if reading is not None]

    def rough(self, reading: Reading) -> bool:
        """Whether the tail stands above rounding and noise."""
        return reading.rough and reading.noise > _LOUDER * self.noise.of(reading.step)

    def confirmed(self, reading: Reading) -> bool:
        """Whether another scale, itself not much blunter, says the same (this catches aliasing).

        Where the function is bent the scales are known to differ, and by how much.
        """
        blunter = math.inf if self.bent else _BLUNTER
        if reading.nodes == 4 or (self.rough(reading) and not self.bent):
            return False
        return any(
            other.step != reading.step
            and (other.error <= blunter * reading.error or (other.flat and reading.flat))
            and abs(other.value - reading.value) <= other.error + reading.error
            for other in self.readings
        )

    def best(self) -> Reading | None:
        """Return the sharpest reading that is not rough, nor doubted, nor of too few samples."""
        sound = [
            reading
            for reading in self.readings
            if reading.nodes > 4 and not self.rough(reading) and reading not in self.doubted
        ]
        if self.stepped:  # few steps say little
            sound = [reading for reading in sound if not reading.stairs] or sound
        return min(sound, key=_error, default=None)

    def quality(self, reading: Reading) -> Quality:
        if self.rough(reading):
            return Quality.ROUGH
        return Quality.NOISE if reading.rough or self.stepped else Quality.CLEAN

    def estimate(self, reading: Reading | None, quality: Quality | None = None) -> Estimate:
        """Return the estimate that rests on one reading; one of a `quality` given is never confirmed."""
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


def _error(reading: Reading) -> float:
    return reading.error
