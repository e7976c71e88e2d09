"""The numeric gradient of a block, entry by entry."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtest.numerics.differentiate import looks
from gradtest.numerics.estimate import Estimate, Quality
from gradtest.numerics.line import Line
from gradtest.probe import Probe
from gradtest.spaces import arrays
from gradtest.spaces.containers import Tree

__all__ = [
    "FEW",
    "LARGEST_JACOBIAN",
    "STILL",
    "Array",
    "Numbers",
    "chosen",
    "in_double",
    "numbers",
    "on_host",
    "outputs_of",
]

Array = NDArray[Any]

#: Blocks up to this many entries are measured whole; of larger ones, some entries.
FEW = 36
SOME = 8

#: Jacobians of more entries than this are not looked at.
LARGEST_JACOBIAN = 4096

#: Evaluations that an entry may take, and the relative errors that are wanted of them.
_BUDGET = 48
_SHARP = 1e-9
_QUICK = 1e-7

#: An entry whose error is more than this share of the largest counts as not measured.
_VAGUE = 0.01

#: Where a function that does not move within this share of the point is taken to stand still.
STILL = 2.0**-8


@dataclass(frozen=True)
class Numbers:
    """The numeric gradient of a block: `value` and `error` in its shape (NaN where there is none).

    `step` is how far each entry was moved to measure it, `seen` holds for each entry the whole
    output at every t that it took.
    """

    value: Array
    error: Array
    step: Array
    seen: Mapping[tuple[int, ...], dict[float, Array]]


def numbers(
    probe: Probe, block: int, *, quick: bool = False, only: Sequence[tuple[int, ...]] = ()
) -> Numbers:
    """Measure every entry of a block (some of a large one, or `only` these).

    Costs 10 to 20 evaluations an entry; 8 where `quick`, which takes the first sharp look at a
    smooth function for granted.
    """
    x = probe.leaves[block]
    shape = arrays.real_shape(x)
    value, error, step = np.full(shape, np.nan), np.full(shape, np.inf), np.zeros(shape)
    still, largest = np.zeros(shape, dtype=bool), 0.0
    seen: dict[tuple[int, ...], dict[float, Array]] = {}
    few = arrays.real_size(x) * sum(map(arrays.real_size, probe.cotangents.values())) <= LARGEST_JACOBIAN
    for index in only or chosen(shape):
        direction, unit = probe.coordinate(block, index)
        if unit == 0.0:
            continue  # its domain does not let it move
        outputs = seen.setdefault(index, {})

        def see(t: float, out: Tree, outputs: dict[float, Array] = outputs) -> None:
            outputs[t] = outputs_of(probe, out)

        slope = _slope(probe, probe.line(direction, see if few else None), quick)
        value[index], error[index], step[index] = slope.value / unit, slope.error / unit, slope.step
        still[index] = slope.flat
        largest = max(largest, slope.steepest / unit)
    largest = max(largest, float(np.abs(np.nan_to_num(value)).max(initial=0.0)))
    vague = ~(still | (error <= _VAGUE * largest))  # a kink, or noise: nothing rests on it
    return Numbers(np.where(vague, np.nan, value), np.where(vague, np.inf, error), step, seen)


def outputs_of(probe: Probe, out: Tree) -> Array:
    """Return all real outputs in one row, in double precision."""
    rows = [on_host(out.leaves[i]).reshape(-1) for i in probe.cotangents]
    return rows[0] if len(rows) == 1 else np.concatenate(rows)


def chosen(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield the places of all entries, or of a few spread over a large block."""
    size = math.prod(shape)
    every = range(size) if size <= FEW else np.linspace(0, size - 1, SOME, dtype=int)
    for place in every:
        yield tuple(int(i) for i in np.unravel_index(place, shape))


def _slope(probe: Probe, line: Line, quick: bool) -> Estimate:
    """Measure one slope; where the function stands still, say so as exactly as it can be said."""
    slope = _look(line, quick)
    if slope.flat or not slope.error <= 1e-6 * abs(slope.value):
        # Constant samples do not show how they are rounded, and so are stated to be off by much.
        samples = set(line.around(STILL, 8))
        if len(samples) == 1 and math.isfinite(samples.pop()):
            size = max(abs(probe.origin), probe.magnitude)
            return Estimate(0.0, 4 * probe.eps * size / STILL, step=STILL, nodes=8, flat=True)
    return slope


def _look(line: Line, quick: bool) -> Estimate:
    """Return the sharpest confirmed look, or the first sharp one where that is enough."""
    best = Estimate(math.nan, math.inf)
    for look in looks(line, _SHARP):
        relative = look.error / abs(look.value) if look.value else math.inf
        if quick and look.nodes >= 8 and look.quality is Quality.CLEAN and relative <= _QUICK:
            return look
        if look.confirmed and look.error < best.error:
            best = look
            if relative <= _SHARP:
                break
        if line.evaluations >= _BUDGET:
            break
    return best


def on_host(leaf: Any) -> Array:
    """Return an array of any library, or a number, in double precision: complex ones as pairs."""
    host = np.asarray(leaf) if np.isscalar(leaf) else leaf
    return in_double(arrays.flat(host).reshape(arrays.real_shape(host)))


def in_double(array: Array) -> Array:
    """Return an array of numbers in double precision."""
    return np.asarray(array, dtype=np.float64)
