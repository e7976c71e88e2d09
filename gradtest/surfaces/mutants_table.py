"""The table of the mutants: how many of each parameter were caught, and why the others were not.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .lines import Line, Piece, cells, fill, padded

if TYPE_CHECKING:
    from gradtest.campaign import Campaign, Result
    from gradtest.diagnosis.mutants import Power

__all__ = ["mutants_table"]

TITLE = "Mutants: wrong versions of each gradient that agreed, held against the same measurements."


def mutants_table(campaign: Campaign, width: int | None) -> Iterator[Line]:
    """Yield what was caught, target after target, and what was not, with the reason."""
    shown = [result for result in campaign.results if result.tally.mutants.mutants]
    if not shown:
        return
    yield ()
    yield from ((Piece(line, "strong"),) for line in fill(TITLE, width, "", "  "))
    for result in shown:
        yield from ((Piece(line),) for line in fill(result.name, width, " ", "   "))
        yield from _rows(result, width)


def _rows(result: Result, width: int | None) -> Iterator[Line]:
    parts = result.tally.mutants.by_parameter()
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
