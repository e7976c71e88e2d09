"""The table of the mutants: how many of each parameter were caught, and why the others were not.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .lines import Line, Piece, cells, fill, padded

if TYPE_CHECKING:
    from gradtest.diagnosis.mutants import Power
    from gradtest.record import Ledger, Record

__all__ = ["mutants_table"]

TITLE = "Mutants: wrong versions of each gradient that agreed, held against the same measurements."


def mutants_table(ledger: Ledger, width: int | None) -> Iterator[Line]:
    """Yield what was caught, target after target, and what was not, with the reason."""
    shown = [record for record in ledger.records if record.tally.mutants.mutants]
    if not shown:
        return
    yield ()
    yield from ((Piece(line, "strong"),) for line in fill(TITLE, width, "", "  "))
    for record in shown:
        yield from ((Piece(line),) for line in fill(record.name, width, " ", "   "))
        yield from _rows(record, width)


def _rows(record: Record, width: int | None) -> Iterator[Line]:
    parts = record.tally.mutants.by_parameter()
    room = max(map(cells, parts))
    for parameter, power in parts.items():
        mood = "good" if power.total and power.caught == power.total else "doubtful"
        yield (
            Piece(f"   {padded(parameter, room)}  "),
            Piece(f"{power.caught} of {power.total}", mood),
        )
        yield from _reasons(power, width)


def _reasons(power: Power, width: int | None) -> Iterator[Line]:
    for sentence in (*power.blind(), *power.same()):
        yield from ((Piece(line, "faint"),) for line in fill(sentence, width, "     ", "       "))
