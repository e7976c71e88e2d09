"""Reports of a session of pytest: what the tests found and counted, from all workers, as one document.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gradtest.diagnosis.report import Report
from gradtest.diagnosis.source import location_of
from gradtest.errors import Misuse
from gradtest.plan import Known, Plan
from gradtest.properties.tally import Identity, Tally, titles
from gradtest.record import Ledger, Record, written

from .config import Config, find_config, read_config
from .pytest_baseline import KEEPER
from .pytest_failure import ours
from .reports.from_ledger import document_of
from .reports.publishing import Wanted, publish, wanted

if TYPE_CHECKING:
    from .reports.document import Checked, Document

__all__ = ["REPORTER", "Reporter", "reporter"]


class Reporter:
    """Gathers what tests found: a worker sends it, and the main process makes reports of it.

    Parameters
    ----------
    reports : Wanted
    """

    def __init__(self, reports: Wanted) -> None:
        self.reports = reports
        self.records: dict[Identity, Record] = {}
        self._begun = time.perf_counter()

    def hear(self, error: BaseException, item: pytest.Item, outcome: pytest.TestReport) -> None:
        """Take what a test ended with; where that was expected, with the reason."""
        errors = ours(error) or (ours(error.__context__) if error.__context__ is not None else [])
        for one in errors:
            report = getattr(one, "report", None)
            if isinstance(report, Report):
                reason = getattr(outcome, "wasxfail", "") or ("expected" if outcome.skipped else "")
                self._add(Identity.of(report), self._record(report, item.nodeid, reason))
            elif isinstance(one, Misuse) and outcome.failed:
                misused = Record(name=item.name, place=item.nodeid, key=item.nodeid, misuse=str(one))
                self._add(Identity(item.nodeid), replace(misused, again=_again(item.nodeid)))

    def _record(self, report: Report, test: str, reason: str) -> Record:
        case = report.judged[0] if report.judged is not None else None
        codes = [finding.code for finding in report.findings]
        return Record(
            name=report.target,
            place=test,
            key=report.target,
            findings=tuple(map(written, report.findings)),
            excuses=tuple(Known(code, reason) for code in codes) if reason else (),
            again=_again(test),
            done=True,
            source=location_of(case.target) if case is not None else None,
            pictures=report.pictures if self.reports.pictures else (),
        )

    def _add(self, identity: Identity, record: Record) -> None:
        """Add what one test found; it is excused only where it was by all tests."""
        known = self.records.get(identity)
        if known is not None:
            excused = known.excuses and record.excuses
            record = replace(
                known.merged(record), excuses=(*known.excuses, *record.excuses) if excused else ()
            )
        self.records[identity] = record

    # -- between processes ------------------------------------------------------------------------

    def as_data(self) -> list[tuple[str, str, str]]:
        """Return what a worker gathered, to be sent to the main process."""
        return [(*identity, record.as_line()) for identity, record in self.records.items()]

    def take(self, gathered: Iterable[tuple[str, str, str]]) -> None:
        """Take what a worker gathered."""
        for name, place, line in gathered:
            self._add(Identity(name, place), Record.from_line(line))

    # -- in the end -------------------------------------------------------------------------------

    def publish(
        self, tallies: Mapping[Identity, Tally], config: pytest.Config, exit_code: int
    ) -> Iterator[str]:
        """Write the reports, and yield what is to be said of them; nothing where nothing was checked."""
        for identity, tally in tallies.items():
            record = self.records.setdefault(identity, Record(name=identity.name, done=True))
            record.tally = tally
        for identity, title in titles(self.records).items():
            record = self.records[identity]
            record.name, record.key = (title if record.name == identity.name else record.name), title
        if self.records:
            kept = config.stash.get(KEEPER, None)
            document = self._document(config, exit_code, kept.told() if kept is not None else None)
            yield from publish(document, self.reports, sys.stderr)

    def _document(
        self, config: pytest.Config, exit_code: int, baseline: Mapping[str, Any] | None
    ) -> Document:
        records = sorted(self.records.values(), key=lambda record: record.key)
        seconds = time.perf_counter() - self._begun
        interrupted = exit_code == pytest.ExitCode.INTERRUPTED
        ledger = Ledger(Plan(), records, interrupted, seconds)
        document = document_of(ledger, f"pytest {_asked(config)}", code=int(exit_code), baseline=baseline)
        seed = config.getoption("hypothesis_seed", None)
        return msgspec.structs.replace(
            document,
            seed=int(seed) if str(seed).isdecimal() else None,
            targets=list(map(_expected, document.targets)),
        )


def _expected(checked: Checked) -> Checked:
    """Return a target that disagreed while no test failed for it as one that is known to do so."""
    if checked.findings or not checked.disagrees:
        return checked
    note = f"disagrees in {checked.disagrees} of {checked.cases} cases, and no test failed for it"
    return msgspec.structs.replace(checked, verdict="known", notes=[*checked.notes, note])


def _asked(config: pytest.Config) -> str:
    """Return which files were asked for, from the root; its name if that is all of them."""
    paths = (os.path.relpath(word, config.rootpath) if os.path.isabs(word) else word for word in config.args)
    return " ".join(path for path in paths if path != ".") or config.rootpath.name


def _again(test: str) -> str:
    return f"python -m pytest '{test}'"


REPORTER = pytest.StashKey[Reporter]()


def reporter(config: pytest.Config) -> Reporter | None:
    """Return what the options ask for, or with ``--gradtest`` `pyproject.toml`; None where nothing is.

    Raises
    ------
    pytest.UsageError
        If a kind is unknown, or is pytest's own.
    """
    kinds, folder = config.getoption("gradtest_report"), config.getoption("gradtest_report_dir")
    try:
        path = find_config(config.rootpath) if config.getoption("gradtest") else None
        named = read_config(path) if path else Config()
        if not kinds:
            kinds = [kind for kind in named.report if kind != "junit"]
        if folder is None and path is not None and named.report_dir:
            folder = path.parent / named.report_dir
        reports = wanted(kinds, config.invocation_params.dir / (folder or Wanted().folder))
        if "junit" in reports.kinds:
            raise Misuse("JUnit is pytest's own here; write --junitxml=FILE beside --gradtest-report")
    except Misuse as misuse:
        raise pytest.UsageError(f"--gradtest-report: {misuse}") from None
    return Reporter(_relative(reports)) if kinds or reports.annotations else None


def _relative(reports: Wanted) -> Wanted:
    """Return the reports with their folder as it is shown: from the current one, if it is below that."""
    folder = Path(os.path.relpath(reports.folder))
    return reports if folder.parts[:1] == ("..",) else replace(reports, folder=folder)
