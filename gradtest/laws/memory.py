"""A law of its own: every gradient has memory of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.exceptions import TooHardError

from gradtest.case import UPSTREAM, own
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.signatures import label
from gradtest.spaces import arrays

from .answer import Answer, agrees, broken, skipped

__all__ = ["memory"]

#: How hard to look whether two arrays overlap, in units of `numpy.shares_memory`.
MOST_WORK = 10_000


def memory(probe: Probe, settings: Settings) -> Answer:
    """Ask whether what comes back can be changed without harm to anything else.

    No gradient lies in the memory of an input or of another gradient, none is overwritten by the
    next call, and the upstream gradient is not worked in.  Much right code does one of these on
    purpose (``return dout, dout`` for a sum), so it is asked for by name only.  Costs 1 evaluation
    and 2 gradients.
    """
    case, derivative = probe.case, label(probe.case.target.derivative)
    if case.target.form == "jvp" or not all(isinstance(case.leaves[i], np.ndarray) for i in probe.blocks):
        return skipped("it is for gradients that are NumPy arrays")
    given = list(map(own, probe.leaves))
    gradients = case.pieces(case.answer(case.call(given), _upstream(probe, 1.0), given=given))
    names = {i: case.names[i] for i in gradients}
    for one, other in _overlaps(gradients, given, names, case.names):
        what = f"{derivative}: the gradient of {one} is in the memory of {other}"
        detail = "to change one in place changes the other"
        return broken(probe, "memory", "GT308", one, what, detail, "seen by numpy.shares_memory")
    if UPSTREAM in case.spoiled:
        what = f"{derivative} changes {UPSTREAM} in place"
        detail = "another branch that needs it afterwards sees other values"
        return broken(probe, "memory", "GT308", case.target.name, what, detail, "compared before and after")
    kept = {i: np.array(g) for i, g in gradients.items()}
    case.answer(case.raw(), _upstream(probe, -3.0), given=list(map(own, probe.leaves)))
    for i, g in gradients.items():
        if not np.array_equal(kept[i], g, equal_nan=True):
            what = f"{derivative}: the next call overwrites the gradient of {names[i]}"
            detail = "whoever keeps a gradient until after the next backward pass finds other values in it"
            return broken(probe, "memory", "GT309", names[i], what, detail, "compared before and after")
    return agrees()


def _upstream(probe: Probe, factor: float) -> Any:
    return probe.whole_cotangent(
        {i: arrays.moved(arrays.zeros(w), w, factor) for i, w in probe.cotangents.items()}
    )


def _overlaps(
    gradients: dict[int, Any], given: list[Any], names: dict[int, str], inputs: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Yield the names of what lies in the same memory: gradient and input, or two gradients."""
    for (i, g), (j, x) in itertools.product(gradients.items(), enumerate(given)):
        if _overlap(g, x):
            yield names[i], f"the input {inputs[j]}"
    for (i, g), (j, other) in itertools.combinations(gradients.items(), 2):
        if _overlap(g, other):
            yield names[i], f"that of {names[j]}"


def _overlap(one: Any, other: Any) -> bool:
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return False
    try:
        return bool(np.shares_memory(one, other, max_work=MOST_WORK))  # type: ignore[arg-type]  # NumPy's stubs know -1 and 0 only
    except TooHardError:
        return False
