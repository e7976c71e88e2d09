"""Which changes fail a run: ``new``, ``accuracy>10x``, ``unchecked``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gradtest.errors import Misuse, nearest

from .changes import BEYOND, Change, Kind

__all__ = ["ALL", "Gate", "read_gate"]

#: What fails where nothing is said: whatever got worse.
ALL = ("new", "accuracy>10x", "unchecked")

_NEW = {Kind.REGRESSED, Kind.NOT_FOLLOWED, Kind.NEW_FINDING, Kind.EXPIRED}
_UNCHECKED = {Kind.GAVE_UP, Kind.VANISHED, Kind.LOST_POWER}
_ACCURACY = re.compile(r"accuracy>(\d+(?:\.\d+)?)x")


@dataclass(frozen=True)
class Gate:
    """What fails.

    Attributes
    ----------
    new : bool
        A gradient that is wrong and was not, or whose excuse has expired.
    unchecked : bool
        What was checked, and is not any more or less sharply.
    accuracy : float
        A gradient that is worse by more than this factor.
    """

    new: bool = False
    unchecked: bool = False
    accuracy: float = math.inf

    def fails(self, change: Change) -> bool:
        """Whether a change fails the run."""
        if change.kind is Kind.LOST_DIGITS:
            return change.factor > self.accuracy
        return (self.new and change.kind in _NEW) or (self.unchecked and change.kind in _UNCHECKED)


def read_gate(words: Iterable[str]) -> Gate:
    """Return the gate that some words describe, each perhaps several with commas between.

    Raises
    ------
    Misuse
        If a word is unknown, or asks for less than can be told.

    >>> read_gate(["new", "accuracy>100x"])
    Gate(new=True, unchecked=False, accuracy=100.0)
    """
    asked = [word.strip() for words_ in words for word in words_.split(",")]
    accuracy = math.inf
    for word in asked:
        found = _ACCURACY.fullmatch(word)
        if found is None and word not in ("new", "unchecked"):
            raise Misuse(f"--fail-on {word!r} is not known; {nearest(word, ALL)}")
        if found is not None:
            accuracy = min(accuracy, float(found[1]))
    if accuracy < BEYOND:
        raise Misuse(
            f"--fail-on 'accuracy>{accuracy:g}x' cannot be told: accuracies are recorded as powers of ten; "
            f"write accuracy>{BEYOND:g}x or more"
        )
    return Gate("new" in asked, "unchecked" in asked, accuracy)
