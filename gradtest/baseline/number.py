"""A number that another machine will find again: rounded well above its error, and written with it."""

from __future__ import annotations

import decimal
import math
import re
from decimal import Decimal

__all__ = ["Number", "level", "recorded", "sharpness"]

_NUMBER = r"[+-]?(?:nan|inf|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_WRITTEN = re.compile(f"({_NUMBER}) ± ({_NUMBER})")


class Number:
    """A value and how far it may be off, as in ``1.25 ± 1e-09``.

    >>> Number.read("1.25 ± 1e-09").agrees(Number(1.2500000004, 1e-9))
    True
    >>> Number.read("nan ± nan").agrees(Number.read("nan ± nan"))
    False
    """

    # No dataclass: msgspec would write its parts, and NaN as null.
    __slots__ = ("error", "value")

    def __init__(self, value: float, error: float) -> None:
        self.value = value
        self.error = error

    @classmethod
    def read(cls, text: str) -> Number:
        """Return the number that a text stands for.

        Raises
        ------
        ValueError
            If it stands for none.
        """
        found = _WRITTEN.fullmatch(str(text))
        if found is None:
            raise ValueError(f"expected a number with its error such as '1.25 ± 1e-09', got {text!r}")
        return cls(float(found[1]), float(found[2]))

    def __str__(self) -> str:
        """Return the value to the decimal place of the error, which is a power of ten."""
        if not math.isfinite(self.value) or not 0.0 < self.error < math.inf:
            return f"{self.value!r} ± {self.error!r}"
        with decimal.localcontext(prec=400):
            value = Decimal(self.value).quantize(_power(self.error))
        return f"{value if value else 0} ± {self.error:.0e}"

    __repr__ = __str__

    def agrees(self, other: Number) -> bool:
        """Whether the two differ by no more than both errors; NaN and the infinities never agree."""
        return abs(self.value - other.value) <= self.error + other.error


def _power(error: float) -> Decimal:
    return Decimal((0, (1,), math.ceil(math.log10(error) - 1e-9)))


def recorded(value: float, unit: float) -> Number:
    """Return a value rounded to the power of ten at or above `unit`, which is its error from then on.

    The unit has to be far above what the value may differ by from one machine to the next: then
    it is rounded to the same digits there, but for the rare value that lies between two of them.

    >>> str(recorded(1.23456789, 3e-4))
    '1.235 ± 1e-03'
    """
    if not math.isfinite(value) or not math.isfinite(unit):
        return Number(value if math.isfinite(unit) else math.nan, math.nan)
    if unit <= 0.0:
        return Number(value, 0.0)
    with decimal.localcontext(prec=400):
        power = _power(unit)
        # Polynomials of short decimals lie exactly between two numbers: such ties go up everywhere.
        nudged = Decimal(value) + power / 1024
        return Number(float(nudged.quantize(power)), float(power))


def sharpness(eps: float) -> float:
    """Return the relative error below which nothing is recorded: about two thirds of the digits.

    1e-10 in float64, 4e-5 in float32.  That is where a probe that agrees stops looking
    (`gradtest.verdict.compare`), and far above what the order of a sum changes.
    """
    return float(eps**0.64)


def level(error: float, least: float) -> float | None:
    """Return the power of ten at or above a relative error, but no less than `least`; None for none.

    >>> level(3e-7, 1e-10), level(1e-15, 1e-10)
    (1e-06, 1e-10)
    """
    return float(_power(max(error, least))) if math.isfinite(error) else None
