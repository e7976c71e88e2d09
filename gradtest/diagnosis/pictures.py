"""What there is to draw of a case, as plain numbers; how it is drawn is told elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gradtest.judgement import Judgement
from gradtest.numerics.chebyshev import slopes_at_centre
from gradtest.numerics.spectrum import read
from gradtest.spaces import arrays
from gradtest.verdict import Word

from .evidence import Entry
from .localise import FEW, locate

__all__ = ["Coefficients", "Entries", "HeatMap", "Picture", "Remainder", "pictures_of"]

#: Samples of the line, and how often the step of the remainder is halved.
NODES = 32
HALVINGS = 24

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Picture:
    """Something to draw; `title` says what, `parameter` of what."""

    parameter: str
    title: ClassVar[str] = ""

    def as_data(self) -> dict[str, Any]:
        """Return it as strings, numbers and lists, with its kind: what travels between processes."""
        plain = {name: v.tolist() if isinstance(v, np.ndarray) else v for name, v in vars(self).items()}
        return {"kind": type(self).__name__, **plain}

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> Picture:
        """Return the picture that `as_data` made the data of.

        Raises
        ------
        ValueError
            If it is none.
        """
        kinds = {kind.__name__: kind for kind in (Coefficients, Entries, HeatMap, Remainder)}
        kind: Any = kinds.get(data.get("kind", ""))
        if kind is None or set(data) != {"kind", *(one.name for one in fields(kind))}:
            raise ValueError("it is no picture")
        said = {name: value for name, value in data.items() if name not in ("kind", "parameter")}
        numbers = {name: np.array(value, bool if name == "wrong" else float) for name, value in said.items()}
        plain = {name: value if value.ndim else float(value) for name, value in numbers.items()}
        picture: Picture = kind(str(data["parameter"]), **plain)
        return picture


@dataclass(frozen=True)
class Coefficients(Picture):
    """The Chebyshev coefficients of the line: they fall to a plateau, which is the noise.

    Attributes
    ----------
    sizes : array of shape (n + 1,)
        |c_k|.
    plateau : float
        The height that they fall to.
    step : float
        Half the width of the interval that was sampled.
    """

    sizes: Floats
    plateau: float
    step: float
    title: ClassVar[str] = "Chebyshev coefficients on the line"


@dataclass(frozen=True)
class Entries(Picture):
    """Analytic against numeric, entry by entry.

    Attributes
    ----------
    analytic, numeric, error : array of shape (n,)
    wrong : array of bool
    """

    analytic: Floats
    numeric: Floats
    error: Floats
    wrong: NDArray[np.bool_]
    title: ClassVar[str] = "analytic against numeric"


@dataclass(frozen=True)
class HeatMap(Picture):
    """Where in a matrix the gradient is off: |analytic - numeric|, in units of the largest |numeric|.

    `off` is an array of two dimensions (the leading ones of an array that has more are one).
    """

    off: Floats
    title: ClassVar[str] = "error of the gradient, by place"


@dataclass(frozen=True)
class Remainder(Picture):
    """|phi(t) - phi(0) - t analytic| over t: of order t**2 where the slope is right, else of t.

    Attributes
    ----------
    steps, sizes : array of shape (n,)
    order : float
        The slope of the logarithms, where the remainder stands above the rounding; NaN if it never does.
    """

    steps: Floats
    sizes: Floats
    order: float
    title: ClassVar[str] = "Taylor remainder"


def pictures_of(judgements: Sequence[Judgement]) -> tuple[Picture, ...]:
    """Return what there is to draw of the worst block: one that disagrees, else the one seen least sharply.

    Costs some 60 evaluations, and some 10 for each entry of a block of up to 64.
    """
    if not judgements:
        return ()
    worst = max(judgements, key=lambda j: (j.word is Word.DISAGREES, _doubt(j)))
    with np.errstate(all="ignore"):
        return tuple(_pictures(worst))


def _doubt(judgement: Judgement) -> float:
    resolution = judgement.comparison.resolution
    return resolution if math.isfinite(resolution) else -1.0


def _pictures(judgement: Judgement) -> Iterator[Picture]:
    yield from _coefficients(judgement)
    yield from _remainder(judgement)
    size = arrays.shape(judgement.probe.leaves[judgement.block])
    if math.prod(size) > FEW:
        return
    entries = locate(judgement).entries
    yield _entries(judgement.name, entries)
    if len(size) >= 2 and math.prod(size) > 1:
        off = np.array([entry.difference for entry in entries])
        largest = max((abs(entry.numeric) for entry in entries), default=0.0)
        yield HeatMap(judgement.name, (off / (largest or 1.0)).reshape(-1, size[-1]))


def _coefficients(judgement: Judgement) -> Iterator[Coefficients]:
    step = judgement.comparison.estimate.step or 2.0**-3
    line = judgement.probe.line(judgement.direction)
    reading = read(line.around(step, NODES), step, slopes_at_centre(NODES), line)
    if reading is not None:
        yield Coefficients(judgement.name, np.abs(np.array(reading.c)), reading.plateau, step)


def _entries(name: str, entries: Sequence[Entry]) -> Entries:
    return Entries(
        name,
        np.array([entry.analytic for entry in entries]),
        np.array([entry.numeric for entry in entries]),
        np.array([entry.error for entry in entries]),
        np.array([entry.wrong for entry in entries], dtype=bool),
    )


def _remainder(judgement: Judgement) -> Iterator[Remainder]:
    line = judgement.probe.line(judgement.direction)
    start, slope = line(0.0), judgement.comparison.claim.value
    steps = 2.0 ** -np.arange(2.0, 2.0 + HALVINGS)
    sizes = np.array([abs(line(float(t)) - start - t * slope) for t in steps])
    if np.isfinite(sizes).any():
        yield Remainder(
            judgement.name, steps, sizes, _order(steps, sizes, 16 * line.eps * max(abs(start), 1e-300))
        )


def _order(steps: Floats, sizes: Floats, rounding: float) -> float:
    """Return the slope of log(size) over log(step), fitted where the size is above the rounding."""
    seen = np.isfinite(sizes) & (sizes > 8 * rounding)
    if np.count_nonzero(seen) < 3:
        return math.nan
    chosen = np.flatnonzero(seen)[: max(3, int(seen.sum()) - 2)]  # the last two are the least sure
    return float(np.polyfit(np.log(steps[chosen]), np.log(sizes[chosen]), 1)[0])
