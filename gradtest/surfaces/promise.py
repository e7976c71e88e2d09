"""What the command makes of a baseline: what it accepts, what it says of the changes, and the exit code.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gradtest.baseline.gate import ALL, Gate, read_gate
from gradtest.baseline.keeping import Account, Baseline, covers
from gradtest.baseline.recording import name_of, seen
from gradtest.errors import Misuse
from gradtest.plan import Plan
from gradtest.record import Ledger, Record
from gradtest.subjects.subject import Subject

from .baseline_text import as_data, said
from .exit_codes import ExitCode, exit_code
from .lines import Line, Piece, fill

__all__ = ["Kept", "Promise", "promise"]


def promise(options: Mapping[str, Any], place: str) -> Promise:
    """Return the baseline that options of the command ask for.

    Parameters
    ----------
    options : mapping
        With the keys of `gradtest.surfaces.baseline_options.BASELINE_OPTIONS`.
    place : str
        What is checked; empty for all that there is.

    Raises
    ------
    Misuse
        If no file is named, the file cannot be read, or `fail_on` cannot be understood.
    """
    if options["baseline"] is None:
        asked = next(name for name in ("baseline_update", "baseline_prune", "fail_on") if options[name])
        raise Misuse(f"--{asked.replace('_', '-')} is about a baseline; name it: --baseline FILE")
    gate = read_gate(options["fail_on"] or ALL)
    baseline = Baseline(options["baseline"], datetime.date.today())
    return Promise(baseline, gate, place, options["baseline_update"], options["baseline_prune"])


@dataclass(frozen=True)
class Promise:
    """A baseline, and what to do with it."""

    baseline: Baseline
    gate: Gate
    place: str
    update: bool
    prune: bool

    def plan(self, plan: Plan, subject: Subject) -> Plan:
        """Return a plan with the findings that the baseline accepts, by which is measured what it holds."""
        return replace(plan, known=plan.known + self.baseline.known(name_of(subject)), pin=True)

    def accepting(self, record: Record) -> Record:
        """Return a record with the findings that the baseline accepts."""
        overrides = tuple(known for known in record.excuses if not known.recorded)
        return replace(record, excuses=overrides + self.baseline.known(record.key))

    def kept(self, ledger: Ledger) -> Kept:
        """Compare a campaign with the baseline, and write what is to be written.

        Raises
        ------
        Misuse
            If the file cannot be written, or may not be pruned.
        """
        run = seen(ledger.records)
        held = self.baseline.updated if self.update else self.baseline.compared
        account = held(run, self._whole)
        if self.prune:
            account = self.baseline.pruned(account, run, self._whole)
        return Kept(self, ledger, account)

    def _whole(self, name: str) -> bool:
        return not self.place or covers(self.place, name)


@dataclass(frozen=True)
class Kept:
    """What came of a baseline in one run of the command."""

    promise: Promise
    ledger: Ledger
    account: Account

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with: what is not worse than it was does not fail."""
        code = exit_code(self.ledger, self._settled)
        if code in (ExitCode.INTERRUPTED, ExitCode.INTERNAL):
            return code
        if self.account.born:
            return ExitCode.DISAGREES
        if self.promise.update:
            return ExitCode.AGREES if code is ExitCode.DISAGREES else code
        return ExitCode.DISAGREES if self._failing else code

    def _settled(self, record: Record) -> bool:
        undecided = record.verdict in ("undecided", "misfit", "misused")
        return undecided and record.key in self.account.settled

    @property
    def _failing(self) -> bool:
        return any(map(self.promise.gate.fails, self.account.changes))

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data, for JSON."""
        return as_data(self.account, self.promise.gate)

    def lines(self, width: int | None) -> Iterator[Line]:
        """Yield what is said on a terminal."""
        yield ()
        for text, mood in said(self.account, self.promise.gate):
            indent = "  " if text.startswith("  ") else ""
            yield from ((Piece(line, mood),) for line in fill(text.strip(), width, indent, indent + "  "))
