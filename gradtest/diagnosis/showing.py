"""The entry and the cotangent that show a mistake in numbers that people know.

A derivative is judged with a random cotangent, which no mistake survives by accident; but nobody
knows the number that it makes of a derivative.  Ones make the derivative of the sum of the
outputs, a single one the derivative of one output.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradtest.case import Raised
from gradtest.matching import BrokenContract
from gradtest.probe import Probe
from gradtest.spaces import arrays
from gradtest.verdict import BEYOND

from .entrywise import Array, on_host
from .evidence import Entry
from .localise import entry_of
from .measured import Measured

__all__ = ["Shown", "shown"]

#: Single outputs that are tried, if there are no more.
SINGLE = 8

#: Another cotangent must show this share of the largest gradient as a difference.
PLAIN = 1e-3


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry, with the cotangent that it was measured with.

    Attributes
    ----------
    entry : Entry
    upstream : str
        The cotangent in words; empty where there is no choice (the gradient of a number).
    cotangents : tuple
        One for each real output.
    """

    entry: Entry
    upstream: str
    cotangents: tuple[Any, ...]


def shown(probe: Probe, block: int, worst: Entry, measured: Measured | None) -> Shown:
    """Return `worst`, or the entry that is worst with a plain cotangent, if one shows the mistake.

    Costs a gradient and an evaluation for each cotangent that is tried, and 13 to 30 evaluations
    for each that may show it.
    """
    for upstream, cotangents in _plain(probe):
        try:
            other = probe.at(probe.leaves, cotangents)
        except (Raised, BrokenContract):
            continue
        index = _worst(other, block, measured, worst.index) if other.finite else None
        entry = None if index is None else _entry(other, block, index, probe, worst)
        if entry is not None and entry.wrong:
            return Shown(entry, upstream, tuple(cotangents.values()))
    own = tuple(probe.cotangents.values())
    alone = len(own) == 1 and arrays.real_size(own[0]) == 1 and arrays.flat(own[0])[0] == 1.0
    return Shown(worst, "" if alone else "random, as the case was judged", own)


def _entry(other: Probe, block: int, index: tuple[int, ...], probe: Probe, worst: Entry) -> Entry:
    """Return an entry with another cotangent; of one output the measurement is that of before, scaled."""
    (w, *more), (v, *_) = probe.cotangents.values(), other.cotangents.values()
    single = not more and arrays.real_size(w) == 1 and index == worst.index
    if not (single and block in other.gradients and other.separable(block)):
        return entry_of(other, block, index)
    factor = float(arrays.flat(v)[0]) / float(arrays.flat(w)[0])
    row = arrays.flat(other.gradients[block])
    analytic = float(row[np.ravel_multi_index(index, arrays.real_shape(other.leaves[block])) if index else 0])
    entry = replace(worst, analytic=analytic, numeric=worst.numeric * factor, error=worst.error * abs(factor))
    return replace(entry, wrong=not entry.difference <= BEYOND * entry.error)


def _plain(probe: Probe) -> Iterator[tuple[str, dict[int, Any]]]:
    ones = {i: arrays.zeros(w) + 1 for i, w in probe.cotangents.items()}
    entries = sum(map(arrays.real_size, ones.values()))
    yield ("" if entries == 1 else "ones: the derivative of the sum of the output"), ones
    if 1 < entries <= SINGLE and not any(map(arrays.is_complex, ones.values())):
        for i, w in ones.items():
            several = f" {list(ones).index(i)}" if len(ones) > 1 else ""
            for index in np.ndindex(arrays.shape(w)):
                unit = {j: arrays.zeros(other) for j, other in ones.items()}
                flat = np.zeros(arrays.shape(w))
                flat[index] = 1.0
                unit[i] = arrays.like(w, flat)
                yield f"1 at output{several}{list(index) if index else ''}, 0 elsewhere", unit
    yield "2 everywhere", {i: w * 2 for i, w in ones.items()}


def _worst(
    other: Probe, block: int, measured: Measured | None, index: tuple[int, ...]
) -> tuple[int, ...] | None:
    """Return the entry that is furthest off with another cotangent; None where no entry is."""
    jacobian = None if measured is None else measured.jacobian
    if jacobian is None or block not in other.gradients:
        return index
    row = np.concatenate([on_host(w).reshape(-1) for w in other.cotangents.values()])
    numeric: Array = row @ jacobian
    analytic = on_host(other.gradients[block]).reshape(-1)
    off = np.abs(analytic - numeric)
    off[~np.isfinite(off)] = np.inf
    if off.max() <= PLAIN * max(float(np.abs(numeric).max()), np.finfo(float).tiny):
        return None
    shape = arrays.real_shape(other.leaves[block])
    return tuple(int(i) for i in np.unravel_index(int(off.argmax()), shape))
