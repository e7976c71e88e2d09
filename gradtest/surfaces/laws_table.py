"""Which laws were looked at, in how many cases, and what was skipped: a line for each target.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .lines import Line, Piece, fill
from .table import number_text

if TYPE_CHECKING:
    from gradtest.record import Ledger

__all__ = ["laws_table", "laws_text"]


def laws_text(laws: Mapping[str, Counter[str]], kinds: Sequence[str] = ("undecided", "skipped")) -> str:
    """Return in how many cases each law was held, and which were broken, undecided or skipped, and why.

    `kinds` says of which laws that were not decided to speak.

    >>> laws_text({"purity": Counter(agrees=12), "linearity": Counter({"skipped: no cotangent": 12})})
    'held: purity 12; skipped: linearity (no cotangent)'
    """
    parts = []
    for word, said in (("agrees", "held"), ("disagrees", "broken")):
        counts = [f"{name} {number_text(words[word])}" for name, words in laws.items() if words[word]]
        parts += [f"{said}: {', '.join(counts)}"] if counts else []
    for word in kinds:
        reasons = [
            f"{name} ({kind.removeprefix(word + ': ')})"
            for name, words in laws.items()
            for kind in words
            if kind.startswith(word)
        ]
        parts += [f"{word}: {', '.join(reasons)}"] if reasons else []
    return "; ".join(parts)


def laws_table(ledger: Ledger, width: int | None) -> Iterator[Line]:
    """Yield the laws of every target that was looked at."""
    yield ()
    for record in ledger.records:
        if record.tally.laws:
            for line in fill(f"{record.name}: {laws_text(record.tally.laws)}", width, "", "  "):
                yield (Piece(line),)
