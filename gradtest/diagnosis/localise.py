"""Where in a block the gradient is wrong: entries, one by one or by halves."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtest.judgement import Judgement
from gradtest.probe import Probe
from gradtest.spaces import arrays
from gradtest.verdict import Comparison, Word, compare

from .evidence import Entry

__all__ = ["entries", "halves"]

#: Blocks up to this size are measured entry by entry; it is what fits on a screen, too.
FEW = 64


def entries(judgement: Judgement) -> list[Entry]:
    """Return measured entries of the block: all of them if there are few, else those that are wrong.

    Costs 5 to 30 evaluations for an entry; in a large block some 10 for every halving of every
    wrong entry, up to eight of these.
    """
    probe, block = judgement.probe, judgement.block
    size = int(arrays.size(probe.leaves[block]))
    indices = range(size) if size <= FEW else halves(judgement)
    return [_entry(probe, block, int(i)) for i in indices]


def halves(judgement: Judgement, most: int = 8) -> list[int]:
    """Return the flat indices of wrong entries of a large block, by following the loud halves."""
    probe, block, v = judgement.probe, judgement.block, judgement.direction[judgement.block]
    waiting, found = [(0, int(np.size(v)))], []
    while waiting and len(found) < most:
        start, stop = waiting.pop()
        if stop - start == 1:
            found.append(start)
            continue
        middle = (start + stop) // 2
        loud = [
            part
            for part in ((start, middle), (middle, stop))
            if _compare(probe, block, _only(v, *part)).word is Word.DISAGREES
        ]
        waiting.extend(loud)
    return found


def _only(v: Any, start: int, stop: int) -> Any:
    part = np.zeros(v.size, v.dtype)
    part[start:stop] = v.reshape(-1)[start:stop]
    return part.reshape(v.shape)


def _compare(probe: Probe, block: int, v: Any) -> Comparison:
    return compare(probe.line({block: v}), probe.claim({block: v}))


def _entry(probe: Probe, block: int, flat: int) -> Entry:
    x = probe.leaves[block]
    index = tuple(int(i) for i in np.unravel_index(flat, arrays.shape(x)))
    v, step = arrays.coordinate(x, index)
    comparison = _compare(probe, block, v)
    estimate = comparison.estimate
    return Entry(
        index,
        comparison.claim.value / step,
        estimate.value / step,
        estimate.error / step,
        comparison.word is Word.DISAGREES,
    )
