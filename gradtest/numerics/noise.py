"""What is known of the noise of one sample, from every tail that showed it."""

from __future__ import annotations

import math

from .spectrum import FEW, SAFETY, Reading

__all__ = ["Noise"]

_GROWING = 4.0  # noise that grows with the step is carried by the outermost samples only
_STEPPED = 1.5  # of steps a tail shows less than there is


class Noise:
    """Pooled over the tails of several intervals: the more there are, the less is added for doubt."""

    def __init__(self) -> None:
        self._squares = 0.0
        self._count = 0
        self._least = 0.0
        self._growing = self._stepped = False

    @property
    def heard(self) -> bool:
        """Whether there is any."""
        return self._count > 0

    def hear(self, *readings: Reading, growing: bool = False) -> None:
        """Take the tails of `readings` for noise, in proportion to the step if `growing`."""
        self._growing = growing
        for reading in readings:
            self.add(reading)

    def hear_steps(self, height: float, *readings: Reading) -> None:
        """Take for noise steps of about this height, or whatever the tails show.

        Neighbours are rounded alike, and some tails show less than there is: the largest counts.
        """
        self._stepped, self._least = True, height
        for reading in readings:
            self.add(reading)

    def add(self, reading: Reading) -> None:
        """Add one more tail to what was heard."""
        noise = reading.noise / reading.step if self._growing else reading.noise
        self._squares += reading.tail * noise * noise
        self._count += reading.tail
        if self._stepped:
            self._least = max(self._least, _STEPPED * noise)

    def of(self, step: float) -> float:
        """Return the noise of one sample on this scale, as large as it may well be; 0 if none is known."""
        if not self._count:
            return 0.0
        doubt = 1 + FEW / (SAFETY * self._count)
        level = max(self._least, doubt * math.sqrt(self._squares / self._count))
        return _GROWING * level * step if self._growing else level
