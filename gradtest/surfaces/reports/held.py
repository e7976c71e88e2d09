"""What became of each law of each target: the cells of the matrix.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .document import Checked, Document
from .summary import counted

__all__ = ["Cell", "cell", "laws_of"]


class Cell(NamedTuple):
    """One law of one target.

    Attributes
    ----------
    word : {"broken", "held", "undecided", "skipped", ""}
        The worst that happened in some case; held where it was decided at all; empty where it was not
        looked at.
    cases : int
        In how many.
    said : str
        All that happened, with numbers and reasons.
    """

    word: str
    cases: int
    said: str


def laws_of(document: Document) -> list[str]:
    """Return the laws that were looked at, in the order in which they came."""
    return list(dict.fromkeys(law for checked in document.targets for law in checked.laws))


def cell(checked: Checked, law: str) -> Cell:
    """Return what became of a law."""
    counts = checked.laws.get(law, {})
    for word, said in (("disagrees", "broken"), ("agrees", "held")):
        if counts.get(word):
            return Cell(said, counts[word], _said(counts))
    for word in ("undecided", "skipped"):
        number = sum(count for kind, count in counts.items() if kind.startswith(word))
        if number:
            return Cell(word, number, _said(counts))
    return Cell("", 0, "not looked at")


def _said(counts: Mapping[str, int]) -> str:
    words = {"agrees": "held", "disagrees": "broken"}
    return "; ".join(f"{words.get(kind, kind)} in {counted(count, 'case')}" for kind, count in counts.items())
