"""What kind of mistake it looks like: plain functions, each of which recognises one or says nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from .evidence import Entry

__all__ = ["SUSPECTS", "UNKNOWN", "Suspicion", "recognise"]


class Suspicion(NamedTuple):
    """A mistake that was recognised: its code, a phrase for the headline, and what was tested."""

    code: str
    what: str
    why: str


UNKNOWN = Suspicion("GT100", "cause unknown", "")

Suspect = Callable[[Sequence[Entry], tuple[int, ...]], Suspicion | None]


def not_a_number(entries: Sequence[Entry], shape: tuple[int, ...]) -> Suspicion | None:
    """NaN or infinity where the function has a derivative."""
    bad = [e for e in entries if not math.isfinite(e.analytic)]
    if not bad:
        return None
    why = f"analytic is not finite in {len(bad)} of {len(entries)} entries"
    return Suspicion("GT106", "it is not finite, the derivative is", why)


def cut_path(entries: Sequence[Entry], shape: tuple[int, ...]) -> Suspicion | None:
    """Zero where the function moves: a path was cut."""
    wrong = [e for e in entries if e.wrong]
    if wrong and all(e.analytic == 0.0 for e in wrong):
        return Suspicion(
            "GT105", "it is zero, the function moves", f"analytic is 0 in all {len(wrong)} wrong entries"
        )
    return None


def constant_factor(entries: Sequence[Entry], shape: tuple[int, ...]) -> Suspicion | None:
    """One factor between analytic and numeric, in every entry that is not zero."""
    moving = [e for e in entries if abs(e.numeric) > 10 * e.error]
    if not moving or any(e.wrong and e not in moving for e in entries):
        return None
    ratios = [e.analytic / e.numeric for e in moving]
    ratio = float(np.median(ratios))
    slack = [1e-9 + 3 * e.error / abs(e.numeric) for e in moving]
    if not all(abs(r - ratio) <= s * max(1.0, abs(ratio)) for r, s in zip(ratios, slack, strict=True)):
        return None
    why = f"analytic / numeric = {ratio:.9g} in {len(moving)} of {len(moving)} entries"
    if abs(ratio + 1) <= max(slack):
        return Suspicion("GT101", "the sign is flipped", why)
    return Suspicion("GT102", f"it is {_named(ratio)} times what it should be", why)


def _named(ratio: float) -> str:
    for n in range(2, 65):
        for value, name in ((n, f"{n}"), (1 / n, f"1/{n}"), (-n, f"-{n}"), (-1 / n, f"-1/{n}")):
            if abs(ratio - value) <= 1e-6 * abs(value):
                return name
    return f"{ratio:.7g}"


def transposed(entries: Sequence[Entry], shape: tuple[int, ...]) -> Suspicion | None:
    """The analytic gradient is the transpose of the numeric one (square, so that the shape fits)."""
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 2 or len(entries) != shape[0] * shape[1]:
        return None
    analytic = np.array([e.analytic for e in entries]).reshape(shape)
    numeric = np.array([e.numeric for e in entries]).reshape(shape)
    error = np.array([e.error for e in entries]).reshape(shape)
    slack = 3 * error.T + 1e-9 * np.abs(numeric).max()
    if np.any(np.abs(analytic - numeric.T) > slack):
        return None
    return Suspicion("GT104", "it is transposed", f"analytic[i, j] = numeric[j, i] in {len(entries)} entries")


#: In order: the first that recognises its mistake is believed.
SUSPECTS: tuple[Suspect, ...] = (not_a_number, cut_path, constant_factor, transposed)


def recognise(entries: Sequence[Entry], shape: tuple[int, ...]) -> Suspicion:
    """Return the first suspicion that fits the measured entries, or `UNKNOWN`."""
    for suspect in SUSPECTS:
        suspicion = suspect(entries, shape)
        if suspicion is not None:
            return suspicion
    return UNKNOWN
