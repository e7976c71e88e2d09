"""What a run says to the shell: pytest's numbers.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtest.record import Ledger, Record

__all__ = ["ExitCode", "exit_code"]


class ExitCode(enum.IntEnum):
    """Nothing checked is never success, and a mistake in the call is not a wrong gradient."""

    AGREES = 0
    DISAGREES = 1
    INTERRUPTED = 2
    INTERNAL = 3
    MISUSE = 4
    NOTHING_DECIDED = 5


def exit_code(ledger: Ledger, settled: Callable[[Record], bool] = lambda record: False) -> ExitCode:
    """Return the code of a campaign: what is worst, an interruption first.

    What is known does not fail, nor what is skipped; where nothing else was looked at, known findings
    are something that was decided.  Nor does what is `settled`: no more decided than it was before.
    """
    if ledger.interrupted:
        return ExitCode.INTERRUPTED
    verdicts = {r.verdict for r in ledger.records if not settled(r)} - {"known", "skipped"}
    for verdict, code in (
        ("disagrees", ExitCode.DISAGREES),
        ("crashed", ExitCode.INTERNAL),
        ("misfit", ExitCode.MISUSE),
        ("misused", ExitCode.MISUSE),
        ("undecided", ExitCode.NOTHING_DECIDED),
    ):
        if verdict in verdicts:
            return code
    decided = verdicts == {"agrees"} or (not verdicts and any(r.verdict == "known" for r in ledger.records))
    return ExitCode.AGREES if decided else ExitCode.NOTHING_DECIDED
