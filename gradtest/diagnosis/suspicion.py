"""A mistake that was recognised, and on how many cases it was tested before it is said."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from gradtest.case import Case

from .entrywise import Array
from .measured import Measured, leaves_of, sizes_of

__all__ = [
    "UNKNOWN",
    "Cases",
    "Seen",
    "Suspect",
    "Suspicion",
    "constant",
    "counted",
    "holds",
    "number",
    "seen_of",
    "simple",
    "where_wrong",
]


@dataclass(frozen=True, eq=False)
class Seen:
    """A case in which a block is right: its inputs and sizes, by the names that `Measured` has for them."""

    name: str
    inputs: Mapping[str, Array]
    sizes: Mapping[str, float]

    @property
    def x(self) -> Array:
        """The value of the block."""
        return self.inputs[self.name]

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return self.x.shape

    @property
    def reals(self) -> Mapping[str, Array]:
        """The inputs that can be differentiated by."""
        return {name: value for name, value in self.inputs.items() if value.dtype.kind == "f"}


def seen_of(case: Case, name: str) -> Seen:
    """Return what is known of a case whose block is not measured (no evaluation)."""
    inputs = leaves_of(case)
    return Seen(name, inputs, sizes_of(inputs, []))


class Cases(list[Measured]):
    """The cases in which a block is wrong, measured, the smallest first.

    In those of `right` it is right; in those of `failed` it is wrong, too, but was not measured.
    """

    def __init__(self, failing: Iterable[Measured] = ()) -> None:
        super().__init__(failing)
        self.right: list[Seen] = []
        self.failed: list[Seen] = []

    @property
    def mostly_right(self) -> bool:
        """Whether it is right in as many cases as it is wrong: then one factor is not what is wrong."""
        return len(self.right) >= max(3, len(self))


def where_wrong(cases: Cases) -> Cases:
    """Return the same cases with nothing known but the wrong entries, and none that is right."""
    return Cases(replace(m, error=np.where(m.wrong, m.error, np.inf)) for m in cases if m.wrong.any())


class Suspicion(NamedTuple):
    """A mistake: its code, a phrase for the headline, and what was tested on how many cases."""

    code: str
    what: str
    why: str


UNKNOWN = Suspicion("GT100", "cause unknown", "")

#: Recognises one mistake, or says nothing.
Suspect = Callable[[Cases], Suspicion | None]

#: In at least this share of the cases a test must have been able to tell.
TOLD = 0.25

#: In at most this share of the cases it may fail: errors are estimates, and some are too small.
#: Of five cases or more one may, if five others hold for it.
SPARED = 0.1
FIVE = 5

#: A suspicion that rests on fewer cases must have been tested on this many entries.
ENTRIES = 3


def holds(cases: Sequence[Measured], test: Callable[[Measured], bool | None], least: float = TOLD) -> str:
    """Return in how many cases a test holds, in words; "" where it does not hold.

    `test` says None where a case cannot tell; at least a share `least` of the cases must.
    """
    told: list[Measured] = []
    failed = 0
    for measured in cases:
        answer = test(measured)
        if answer:
            told.append(measured)
        elif answer is False:
            failed += 1
            if failed > _spared(cases):
                return ""
    return counted(cases, told, failed, least)


def counted(cases: Sequence[Measured], told: Sequence[Measured], failed: int = 0, least: float = TOLD) -> str:
    """Return in how many cases something was seen, in words; "" if in too few."""
    if not told or len(told) < max(least * len(cases), FIVE * failed):
        return ""
    around = sum(measured.around for measured in told)
    if around:
        entries = int(told[0].known.sum())
        alone = "in the only entry" if entries == 1 else f"in {entries} of {entries} entries"
        return f"{alone}, and at {around} of {around + failed} points around"
    if len(told) >= ENTRIES:
        return f"in {len(told)} of {len(told) + failed} cases"
    entries = sum(int(measured.known.sum()) for measured in told)
    return f"in {entries} of {entries} entries" if entries >= ENTRIES else ""


def constant(
    cases: Sequence[Measured], factor: Callable[[Measured], tuple[float, float] | None], least: float = TOLD
) -> tuple[float, str] | None:
    """Return a factor that is the same in all cases, and in how many, in words.

    `factor` returns the factor of one case and its slack, None where it has none, and a slack
    of infinity where it cannot tell.
    """
    seen: list[tuple[float, float, Measured]] = []
    failed = 0
    for measured in cases:
        found = factor(measured)
        if found is None:
            failed += 1
            if failed > _spared(cases):
                return None
        elif math.isfinite(found[1]):
            seen.append((*found, measured))
    if not seen:
        return None
    middle = sorted(seen, key=lambda one: one[0])[len(seen) // 2][0]
    best, slack, _ = min(
        (one for one in seen if abs(one[0] - middle) <= one[1] + 1e-3 * abs(middle)), key=lambda one: one[1]
    )
    told = [measured for value, own, measured in seen if abs(value - best) <= own + slack]
    if any(abs(value - best) > 1e-3 * abs(best) + 2 * (own + slack) for value, own, _ in seen):
        return None  # another factor, as sharp: not a measurement that failed, but a contradiction
    failed += len(seen) - len(told)
    words = counted(cases, told, failed, least) if failed <= _spared(cases) else ""
    return (best, words) if words else None


def _spared(cases: Sequence[Measured]) -> float:
    return max(SPARED * len(cases), 1 if len(cases) > FIVE else 0)


def simple(value: float) -> bool:
    """Whether a constant is one that a person would have written: 2, 1/3, pi, not 8.5e-58."""
    name = number(value)
    return 1e-3 <= abs(value) <= 1e3 and (name != f"{value:.7g}" or name.lstrip("-").isdigit())


#: Constants that are better named than printed.
_NAMED = {
    math.pi: "pi",
    math.e: "e",
    1 / math.e: "1/e",
    2 * math.pi: "2 pi",
    math.pi / 180: "pi/180",
    180 / math.pi: "180/pi",
    math.log(2): "ln 2",
    1 / math.log(2): "1/ln 2",
    math.log(10): "ln 10",
    1 / math.log(10): "1/ln 10",
    1 / math.pi: "1/pi",
    1 / (2 * math.pi): "1/(2 pi)",
    math.pi / 2: "pi/2",
    math.sqrt(math.pi): "sqrt pi",
    math.sqrt(2 * math.pi): "sqrt(2 pi)",
    1 / math.sqrt(2 * math.pi): "1/sqrt(2 pi)",
    math.sqrt(2): "sqrt 2",
    1 / math.sqrt(2): "1/sqrt 2",
}


def number(value: float) -> str:
    """Return a constant as a person would write it.

    >>> number(0.5), number(-2.0), number(0.6931471806), number(0.37)
    ('1/2', '-2', 'ln 2', '0.37')
    """
    size = abs(value)
    sign = "-" if value < 0 else ""
    for known, name in _NAMED.items():
        if abs(size - known) <= 1e-7 * known:
            return sign + name
    for top, bottom in ((n, 1) for n in range(1, 1025)):
        if abs(size - top) <= 1e-7 * top:
            return f"{sign}{top // bottom}"
        if abs(size - 1 / top) <= 1e-7 / top:
            return f"{sign}1/{top}"
    for bottom in range(2, 13):
        top = round(size * bottom)
        if top and abs(size - top / bottom) <= 1e-7 * size:
            return f"{sign}{top}/{bottom}"
    return f"{value:.7g}"
