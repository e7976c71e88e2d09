"""Pictures as SVG: numbers and our own words alone, in colours that can be read on light and on dark.

The text of `STYLE` has to stand where they are shown, inside of an element of the class ``gradtest``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .pictures import Coefficients, Entries, HeatMap, Picture, Remainder

__all__ = ["STYLE", "caption", "svg"]

Floats = NDArray[np.float64]

#: Ink is that of the page; the two colours are told from a white and from a black ground (above 3 : 1).
STYLE = """\
.gradtest svg { display: block; width: 100%; max-width: 26rem; height: auto; }
.gradtest svg text { fill: currentColor; fill-opacity: .78; font: 11px system-ui, sans-serif; }
.gradtest svg .end { text-anchor: end; }
.gradtest svg .mid { text-anchor: middle; }
.gradtest svg .axis { fill: none; stroke: currentColor; stroke-opacity: .4; }
.gradtest svg .grid { fill: none; stroke: currentColor; stroke-opacity: .12; }
.gradtest svg .rule { fill: none; stroke: currentColor; stroke-opacity: .55; stroke-dasharray: 4 3; }
.gradtest svg .stem { fill: none; stroke: var(--gt-good, #3a86e8); stroke-opacity: .35; stroke-width: 1.5; }
.gradtest svg .dot { fill: none; stroke: var(--gt-good, #3a86e8); stroke-width: 5; stroke-linecap: round; }
.gradtest svg .dim { stroke: currentColor; stroke-opacity: .3; }
.gradtest svg .bar { fill: none; stroke: currentColor; stroke-opacity: .5; }
.gradtest svg .cross { fill: none; stroke: var(--gt-bad, #e0484f); stroke-width: 2; stroke-linecap: round; }
.gradtest svg .cell { fill: var(--gt-bad, #e0484f); stroke: none; }
.gradtest svg .lost { fill: currentColor; fill-opacity: .55; }
"""

#: The size of a picture, and the frame within it: left, top, right, bottom.
WIDTH, HEIGHT = 340, 210
LEFT, TOP, RIGHT, BOTTOM = 50.0, 12.0, 328.0, 170.0
#: The side of a cell of a map at most.
LARGEST = 72.0
#: Below this share of the largest entry an error is blank; a shade for each factor of ten above it.
BLANK = 1e-9
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def svg(picture: Picture) -> str:
    """Return a picture as an element ``<svg>``.

    Parameters
    ----------
    picture : Picture

    Returns
    -------
    str
        Without any text that is not our own: `Picture.parameter` is left to whoever shows it.
    """
    draw: Callable[[Any], Iterator[str]] = _DRAWN[type(picture)]
    with np.errstate(all="ignore"):
        body = "".join(draw(picture))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{picture.title}: {caption(picture)}">'
        f"{body}</svg>"
    )


def caption(picture: Picture) -> str:
    """Return what a picture shows, in words."""
    said: Callable[[Any], str] = _SAID[type(picture)]
    return said(picture)


# -- on paper -------------------------------------------------------------------------------------


class _Axis:
    """Where values lie between two ends of the frame; what is no number lies nowhere."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high = low, high if high > low else low + 1.0
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self._start + share * (self._end - self._start)

    def powers(self, most: int = 5) -> list[int]:
        """Return whole numbers on the axis, evenly apart, the highest among them."""
        low, high = math.ceil(self.low), math.floor(self.high)
        apart = max(1, math.ceil((high - low) / (most - 1)))
        return list(range(high, low - 1, -apart))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _path(kind: str, points: Iterable[tuple[float, float]], mark: str) -> str:
    """Return a path with a mark at every point that lies somewhere; nothing if none does."""
    d = "".join(
        f"M{_number(x)} {_number(y)}{mark}" for x, y in points if math.isfinite(x) and math.isfinite(y)
    )
    return f'<path class="{kind}" d="{d}"/>' if d else ""


def _line(kind: str, x0: float, y0: float, x1: float, y1: float) -> str:
    if not all(map(math.isfinite, (x0, y0, x1, y1))):
        return ""
    return f'<path class="{kind}" d="M{_number(x0)} {_number(y0)}L{_number(x1)} {_number(y1)}"/>'


def _text(x: float, y: float, words: str, kind: str = "begin") -> str:
    if not (math.isfinite(x) and math.isfinite(y)):
        return ""
    return f'<text class="{kind}" x="{_number(x)}" y="{_number(y)}">{words}</text>'


def _power(exponent: int) -> str:
    """Return a power of ten as it is printed.

    >>> _power(-12)
    '10⁻¹²'
    """
    return f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def _logs(values: Floats) -> Floats:
    logs: Floats = np.log10(np.asarray(values, float))
    return np.where(np.isfinite(logs), logs, np.nan)


def _decades(logs: Floats, *more: float) -> tuple[float, float]:
    """Return whole powers of ten around some logarithms."""
    seen = [float(x) for x in (*logs.ravel(), *more) if math.isfinite(x)] or [0.0]
    return math.floor(min(seen)), max(math.ceil(max(seen)), math.floor(min(seen)) + 1)


def _frame(y: _Axis) -> Iterator[str]:
    """Yield the axes, with powers of ten at the left."""
    for exponent in y.powers():
        yield _line("grid", LEFT, y(exponent), RIGHT, y(exponent))
        yield _text(LEFT - 6, y(exponent) + 4, _power(exponent), "end")
    yield f'<path class="axis" d="M{_number(LEFT)} {_number(TOP)}V{_number(BOTTOM)}H{_number(RIGHT)}"/>'


def _below(words: str) -> str:
    return _text((LEFT + RIGHT) / 2, HEIGHT - 6, words, "mid")


# -- the pictures ---------------------------------------------------------------------------------


def _coefficients(picture: Coefficients) -> Iterator[str]:
    logs, plateau = _logs(picture.sizes), float(_logs(np.array(picture.plateau)))
    y = _Axis(*_decades(logs, plateau), BOTTOM, TOP)
    x = _Axis(-0.5, len(logs) - 0.5, LEFT, RIGHT)
    yield from _frame(y)
    points = [(x(k), y(float(log))) for k, log in enumerate(logs)]
    above = [bool(log > plateau + 0.5) or not math.isfinite(plateau) for log in logs]
    high = [point for point, is_above in zip(points, above, strict=True) if is_above]
    stems = (f"M{_number(px)} {_number(BOTTOM)}V{_number(py)}" for px, py in high if math.isfinite(py))
    yield f'<path class="stem" d="{"".join(stems)}"/>'
    yield _path("dot dim", (p for p, is_above in zip(points, above, strict=True) if not is_above), "h0")
    yield _path("dot", high, "h0")
    if math.isfinite(plateau):
        yield _line("rule", LEFT, y(plateau), RIGHT, y(plateau))
        yield _text(RIGHT, y(plateau) - 5, "noise", "end")
    yield _text(x(0), BOTTOM + 15, "0", "mid")
    yield _text(x(len(logs) - 1), BOTTOM + 15, str(len(logs) - 1), "mid")
    yield _below("k, of the coefficient |c\N{LATIN SUBSCRIPT SMALL LETTER K}|")


def _remainder(picture: Remainder) -> Iterator[str]:
    steps, sizes = _logs(picture.steps), _logs(picture.sizes)
    y = _Axis(*_decades(sizes), BOTTOM, TOP)
    x = _Axis(*_decades(steps), LEFT, RIGHT)
    yield from _frame(y)
    seen = np.flatnonzero(np.isfinite(sizes) & np.isfinite(steps))
    if seen.size:
        first = seen[np.argmax(steps[seen])]
        for order, name in ((1, "t"), (2, "t²")):
            yield from _through(float(steps[first]), float(sizes[first]), order, name, x, y)
    yield _path("dot", zip(map(x, steps.tolist()), map(y, sizes.tolist()), strict=True), "h0")
    for exponent in x.powers(4):
        yield _text(x(exponent), BOTTOM + 15, _power(exponent), "mid")
    yield _below("t, and |φ(t) − φ(0) − t · analytic|")


def _through(step: float, size: float, order: int, name: str, x: _Axis, y: _Axis) -> Iterator[str]:
    """Yield a line of some order, from a point down to the edge of the frame, with its name beside it."""
    end = max(x.low, step - (size - y.low) / order)
    height = size - order * (step - end)
    yield _line("rule", x(step), y(size), x(end), y(height))
    yield _text((x(step) + x(end)) / 2 - 6, (y(size) + y(height)) / 2 - 5, name, "end")


def _entries(picture: Entries) -> Iterator[str]:
    both = np.concatenate([picture.analytic, picture.numeric])
    low, high = _ends(both[np.isfinite(both)])
    room = (high - low) / 16
    x, y = _Axis(low - room, high + room, LEFT, RIGHT), _Axis(low - room, high + room, BOTTOM, TOP)
    yield f'<path class="axis" d="M{_number(LEFT)} {_number(TOP)}V{_number(BOTTOM)}H{_number(RIGHT)}"/>'
    yield _line("grid", x(x.low), y(y.low), x(x.high), y(y.high))
    for value in (low, high):
        yield _text(LEFT - 6, y(value) + 4, f"{value:.3g}", "end")
        yield _text(x(value), BOTTOM + 15, f"{value:.3g}", "mid")
    points = list(zip(map(x, picture.numeric.tolist()), map(y, picture.analytic.tolist()), strict=True))
    yield from _bars(picture, points, x)
    yield _path("dot", (p for p, wrong in zip(points, picture.wrong, strict=True) if not wrong), "h0")
    yield _path("cross", (p for p, wrong in zip(points, picture.wrong, strict=True) if wrong), _CROSS)
    yield _below("numeric to the right, analytic upwards")


def _ends(values: Floats) -> tuple[float, float]:
    """Return the ends of an axis for some values; those that are one value stand in its middle."""
    if not values.size:
        return -1.0, 1.0
    low, high = float(values.min()), float(values.max())
    size = max(abs(low), abs(high))
    return (low, high) if high - low > 1e-3 * size else (low - (size or 1.0) / 2, high + (size or 1.0) / 2)


_CROSS = "m-3.5 -3.5l7 7m0 -7l-7 7"


def _bars(picture: Entries, points: Iterable[tuple[float, float]], x: _Axis) -> Iterator[str]:
    """Yield the errors of the numeric side, where they are wider than a dot."""
    for (_, py), numeric, error in zip(points, picture.numeric.tolist(), picture.error.tolist(), strict=True):
        left, right = x(max(numeric - error, x.low)), x(min(numeric + error, x.high))
        if right - left > 6 and math.isfinite(py):
            yield _line("bar", left, py, right, py)


def _heat_map(picture: HeatMap) -> Iterator[str]:
    rows, columns = picture.off.shape
    wide = min((RIGHT - LEFT) / columns, LARGEST)
    high = min((BOTTOM - TOP) / rows, LARGEST)
    shades: dict[int, list[tuple[float, float]]] = {}
    for (i, j), value in np.ndenumerate(picture.off):
        shades.setdefault(_shade(float(value)), []).append((LEFT + j * wide, TOP + i * high))
    box = f"h{_number(wide - 0.6)}v{_number(high - 0.6)}h-{_number(wide - 0.6)}z"
    for shade, places in sorted(shades.items()):
        kind = "lost" if shade < 0 else f'cell" fill-opacity="{shade / 9:.2f}'
        yield _path(kind, places, box) if shade else ""
    width, height = wide * columns, high * rows
    yield f'<path class="axis" d="M{LEFT} {TOP}h{_number(width)}v{_number(height)}h-{_number(width)}z"/>'
    yield _text(LEFT - 6, TOP + min(high, 12), "0", "end")
    if rows > 1:
        yield _text(LEFT - 6, TOP + height - 2, str(rows - 1), "end")
    yield from _legend()


def _shade(value: float) -> int:
    """Return 0 for nothing, up to 9 for the size of the largest entry or more, -1 for what is no number."""
    if not math.isfinite(value):
        return -1
    return 0 if value <= BLANK else min(9, max(1, math.ceil(math.log10(value)) + 9))


def _legend() -> Iterator[str]:
    y, side = BOTTOM + 12, 14
    for shade in range(1, 10):
        box = f"h{side - 1}v9h-{side - 1}z"
        yield _path(f'cell" fill-opacity="{shade / 9:.2f}', [(LEFT + 40 + side * shade, y)], box)
    yield _text(LEFT + 48, y + 9, _power(-9), "end")
    yield _text(LEFT + 44 + side * 10, y + 9, "1")


_DRAWN: dict[type[Picture], Any] = {
    Coefficients: _coefficients,
    Remainder: _remainder,
    Entries: _entries,
    HeatMap: _heat_map,
}


# -- in words -------------------------------------------------------------------------------------


def _of_coefficients(picture: Coefficients) -> str:
    return f"within {picture.step:.0e} of the point they fall to {picture.plateau:.0e}"


def _of_remainder(picture: Remainder) -> str:
    if not math.isfinite(picture.order):
        return "nothing but rounding"
    return f"of order {picture.order:.1f} in t; 2 where the slope is right"


def _of_entries(picture: Entries) -> str:
    wrong = int(np.count_nonzero(picture.wrong))
    return f"{wrong} of {picture.wrong.size} wrong" if wrong else f"all {picture.wrong.size} right"


def _of_heat_map(picture: HeatMap) -> str:
    rows, columns = picture.off.shape
    return f"{rows} x {columns}; from blank, {BLANK:.0e} of the largest entry, to as much as that or more"


_SAID: dict[type[Picture], Any] = {
    Coefficients: _of_coefficients,
    Remainder: _of_remainder,
    Entries: _of_entries,
    HeatMap: _of_heat_map,
}
