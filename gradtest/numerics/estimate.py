"""A number that travels with its error."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

__all__ = ["Estimate", "Quality"]


class Quality(enum.Enum):
    """What was seen of the line on the way; the value is the sentence a user reads."""

    CLEAN = "smooth"
    NOISE = "the function is too noisy here"
    KINK = "the function has a kink at the point itself"
    JUMP = "the function jumps at the point itself"
    ROUGH = "the function is not smooth at any scale that was tried"
    EDGE = "the function ends at the point: a derivative from one side"
    NON_FINITE = "the function is not finite around the point"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A derivative, how far it may be off, and what was seen on the way.

    Attributes
    ----------
    value : float
        The derivative, in units of phi / t.
    error : float
        How far `value` may be off (same units).  An estimate, not a bound: how often it
        holds is measured in ``tests/benchmarks/calibration.py``.
    step : float
        Half-width of the interval that was sampled, in units of t.
    nodes : int
        Samples that the value rests on.
    noise : float
        Absolute noise of one sample of phi, as read off the plateau of its coefficients.
    steepest : float
        About the largest slope of phi inside the interval.
    flat : bool
        Whether phi did not move at all.
    confirmed : bool
        Whether another scale gave the same value within both errors.
    quality : Quality
        Smooth, or why not.
    """

    value: float
    error: float
    step: float = 0.0
    nodes: int = 0
    noise: float = 0.0
    steepest: float = 0.0
    flat: bool = False
    confirmed: bool = False
    quality: Quality = Quality.CLEAN

    @property
    def finite(self) -> bool:
        """Whether there is a value to speak of."""
        return math.isfinite(self.value) and math.isfinite(self.error)

    def matches(self, other: Estimate) -> bool:
        """Whether two estimates lie within both errors of each other (never true of NaN)."""
        return abs(self.value - other.value) <= self.error + other.error
