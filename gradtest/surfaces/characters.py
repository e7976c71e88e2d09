"""Pictures in plain characters, for a terminal of any width and for logs.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtest.diagnosis.pictures import Coefficients, Entries, HeatMap, Picture, Remainder

from .lines import Line, Piece, fill

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["drawn"]

HEIGHT = 12
#: Columns that the numbers at the left take.
LEFT = 9
#: From nothing to as large as the largest entry of the gradient, a factor of ten each.
SHADES = " .:-=+*#%@"


def drawn(picture: Picture, width: int) -> Iterator[Line]:
    """Yield the lines of a picture, its title first.

    Parameters
    ----------
    picture : Picture
    width : int
        Columns there are; at least 40 are taken.
    """
    draw: Callable[[Any, int], Iterator[str]] = _DRAWN[type(picture)]
    yield (Piece(f"{picture.parameter}: {picture.title}", "strong"),)
    room = max(width, 40) - LEFT
    *rows, caption = draw(picture, room)
    yield from ((Piece(row),) for row in rows)
    yield from ((Piece(line, "faint"),) for line in fill(caption, room + LEFT, " " * LEFT))


# -- a grid of characters -------------------------------------------------------------------------


class _Grid:
    """Characters in columns and rows, from places between 0 and 1."""

    def __init__(self, width: int, height: int = HEIGHT) -> None:
        self.cells = [[" "] * width for _ in range(height)]

    def put(self, x: float, y: float, mark: str) -> None:
        """Put a mark; what lies outside, or nowhere, is left out."""
        height, width = len(self.cells), len(self.cells[0])
        if 0 <= x <= 1 and 0 <= y <= 1:
            self.cells[height - 1 - round(y * (height - 1))][round(x * (width - 1))] = mark

    def lines(self, top: float, bottom: float) -> Iterator[str]:
        """Yield the rows, with the values at the top and at the bottom beside them."""
        for number, row in enumerate(self.cells):
            at = {0: f"{top:.0e}", len(self.cells) - 1: f"{bottom:.0e}"}.get(number, "")
            yield f"{at:>{LEFT - 2}} |{''.join(row)}".rstrip()


def _share(value: float, low: float, high: float) -> float:
    """Return where a value lies between two others, as a number from 0 to 1 (NaN counts as outside)."""
    return (value - low) / (high - low) if high > low else 0.5


def _logs(values: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(all="ignore"):
        logs = np.log10(values)
    return np.where(np.isfinite(logs), logs, np.nan)


def _limits(logs: NDArray[Any], *more: float) -> tuple[float, float]:
    """Return whole powers of ten around some logarithms."""
    all_of_them = [*logs[np.isfinite(logs)].tolist(), *(x for x in more if math.isfinite(x))] or [0.0]
    low, high = math.floor(min(all_of_them)), math.ceil(max(all_of_them))
    return float(low), float(max(high, low + 1))


# -- the pictures ---------------------------------------------------------------------------------


def _coefficients(picture: Coefficients, width: int) -> Iterator[str]:
    logs, plateau = _logs(picture.sizes), float(_logs(np.array([picture.plateau]))[0])
    low, high = _limits(logs, plateau)
    apart = max(1, min(4, width // len(logs)))
    grid = _Grid(apart * (len(logs) - 1) + 1)
    last = len(logs) - 1
    for column in range(apart * last + 1):
        grid.put(column / (apart * last), _share(plateau, low, high), "-")
    for k, value in enumerate(logs):
        grid.put(k / last, _share(value, low, high), "*" if value > plateau + 0.5 else "o")
    yield from grid.lines(10**high, 10**low)
    yield f"k = 0 ... {last}, within {picture.step:.0e} of the point; --- plateau {picture.plateau:.0e}"


def _remainder(picture: Remainder, width: int) -> Iterator[str]:
    x, y = _logs(picture.steps), _logs(picture.sizes)
    low, high = _limits(y)
    left, right = float(x.min()), float(x.max())
    grid = _Grid(min(width, 60))
    first = float(y[np.argmax(x)])
    for share in np.linspace(0, 1, 4 * min(width, 60)):  # t**2, through the largest step
        grid.put(share, _share(first + 2 * (left + share * (right - left) - right), low, high), ".")
    for one, other in zip(x, y, strict=True):
        grid.put(_share(one, left, right), _share(other, low, high), "*")
    yield from grid.lines(10**high, 10**low)
    order = f"of order {picture.order:.1f} in t" if math.isfinite(picture.order) else "nothing but rounding"
    yield f"t = {picture.steps.min():.0e} ... {picture.steps.max():.0e}; {order} (... is t^2)"


def _entries(picture: Entries, width: int) -> Iterator[str]:
    finite = np.isfinite(picture.analytic) & np.isfinite(picture.numeric)
    both = np.concatenate([picture.analytic[finite], picture.numeric[finite]])
    low, high = (float(both.min()), float(both.max())) if both.size else (0.0, 1.0)
    grid = _Grid(min(width, 4 * HEIGHT))
    for share in np.linspace(0, 1, 4 * HEIGHT):
        grid.put(share, share, ".")
    for analytic, numeric, wrong in zip(picture.analytic, picture.numeric, picture.wrong, strict=True):
        grid.put(_share(numeric, low, high), _share(analytic, low, high), "x" if wrong else "o")
    yield from grid.lines(high, low)
    count = np.count_nonzero(picture.wrong)
    yield f"analytic upwards, numeric to the right; x wrong ({count}), o right ({finite.size - count})"


def _heat_map(picture: HeatMap, width: int) -> Iterator[str]:
    rows, columns = picture.off.shape
    room = width - 1
    wide = 2 if 2 * columns <= room else 1
    for i, row in enumerate(picture.off[: 4 * HEIGHT]):
        yield f"{i:>{LEFT - 2}} |{''.join(_shade(value) * wide for value in row[:room])}|"
    part = (
        f"; the first rows and columns of {rows} x {columns}" if rows > 4 * HEIGHT or columns > room else ""
    )
    yield f"blank: 1e-9 of the largest entry or less, . to @: a factor of ten each{part}"


def _shade(value: float) -> str:
    if not math.isfinite(value):
        return "?"
    return (
        SHADES[0] if value <= 1e-9 else SHADES[min(len(SHADES) - 1, max(1, math.ceil(math.log10(value)) + 9))]
    )


_DRAWN: dict[type[Picture], Callable[[Any, int], Iterator[str]]] = {
    Coefficients: _coefficients,
    Remainder: _remainder,
    Entries: _entries,
    HeatMap: _heat_map,
}
