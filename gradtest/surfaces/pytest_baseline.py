"""A baseline under pytest: what `pytest --gradtest` saw, from all workers, held against the file in the end.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from gradtest.baseline.gate import ALL, Gate, read_gate
from gradtest.baseline.keeping import Account, Baseline
from gradtest.baseline.recording import Seen, entry_of, name_of
from gradtest.baseline.store import as_plain, from_plain
from gradtest.errors import GradientError, Misuse
from gradtest.guess import Inputs
from gradtest.plan import Plan
from gradtest.properties.search import Vacuous
from gradtest.subjects.subject import Subject

from .baseline_text import as_data, said
from .config import Config, find_config, read_config
from .pytest_failure import findings_of

__all__ = ["KEEPER", "Keeper", "keeper"]

_OPTIONS = ("baseline", "baseline_update", "baseline_prune", "fail_on")


class Keeper:
    """The baseline of one session: in a worker it gathers, in the main process it compares.

    Parameters
    ----------
    baseline : Baseline
    gate : Gate
    update, prune : bool
    """

    def __init__(self, baseline: Baseline, gate: Gate, update: bool, prune: bool) -> None:
        self.baseline, self.gate = baseline, gate
        self.update, self.prune = update, prune
        self.run = Seen()
        self.expected: set[str] = set()
        self.account: Account | None = None
        self.refused = ""

    def expect(self, subject: Subject, plan: Plan) -> None:
        """Take note that a target was collected."""
        self.run.targets.add(name_of(subject))
        if not plan.skip:
            self.expected.add(name_of(subject))

    def accepting(self, plan: Plan, subject: Subject) -> Plan:
        """Return a plan with the findings that the baseline accepts."""
        return replace(plan, known=plan.known + self.baseline.known(name_of(subject)))

    def was_undecided(self, subject: Subject) -> bool:
        """Whether nothing was decided of a target when the baseline was written."""
        return self.baseline.verdict(name_of(subject)) == "undecided"

    def recording(
        self, test: Callable[[], None], subject: Subject, inputs: Inputs, plan: Plan
    ) -> Callable[[], None]:
        """Return a test that is recorded as it ends."""

        def record(verdict: str, findings: Sequence[Any] = ()) -> None:
            self.run.add(entry_of(subject, inputs, plan, verdict, findings))

        @functools.wraps(test)
        def run() -> None:
            try:
                test()
            except (GradientError, BaseExceptionGroup) as error:
                record("disagrees", findings_of(error))
                raise
            except Vacuous:
                record("undecided")
                raise
            record("agrees")

        return run

    # -- between processes ------------------------------------------------------------------------

    def as_data(self) -> dict[str, Any]:
        """Return what a worker saw, to be sent to the main process."""
        run = self.run
        return {
            "entries": [as_plain(entry) for entry in run.entries.values()],
            "targets": sorted(run.targets),
            "expected": sorted(self.expected),
        }

    def take(self, data: Mapping[str, Any]) -> None:
        """Take what a worker saw."""
        for entry in data["entries"]:
            self.run.add(from_plain(entry))
        self.run.targets |= set(data["targets"])
        self.expected |= set(data["expected"])

    # -- in the end -------------------------------------------------------------------------------

    def close(self, cut: bool, failing: str) -> bool:
        """Hold what was seen against the file, and write it; return whether the session fails for that.

        Parameters
        ----------
        cut : bool
            Whether the session was stopped.
        failing : str
            Something that failed in it, if anything did.
        """
        if not self.expected:
            return False  # nothing was collected: there is nothing to say
        self.run.cut, self.run.failing = cut, failing
        every = self.expected <= {entry.name for entry in self.run.entries.values()}
        held = self.baseline.updated if self.update else self.baseline.compared
        try:
            self.account = held(self.run, lambda name: True)
            if self.prune:
                self.account = self.baseline.pruned(self.account, self.run, lambda name: every)
        except Misuse as misuse:
            self.refused = str(misuse)
            return True
        worse = any(map(self.gate.fails, self.account.changes))
        return self.account.born or (worse and not self.update)

    def told(self) -> dict[str, Any] | None:
        """Return what came of it, for the document of the session; None where it came to nothing."""
        return None if self.account is None else as_data(self.account, self.gate)

    def lines(self) -> Iterator[str]:
        """Yield what is said in the summary."""
        if self.account is not None:
            for line, _ in said(self.account, self.gate, "--gradtest-baseline"):
                yield line
        if self.refused:
            yield self.refused


KEEPER = pytest.StashKey[Keeper]()


def keeper(config: pytest.Config) -> Keeper | None:
    """Return the baseline that the options or `pyproject.toml` ask for; None if they ask for none.

    Raises
    ------
    pytest.UsageError
        If it cannot be read, before anything is run.
    """
    try:
        return _keeper(config)
    except Misuse as misuse:
        raise pytest.UsageError(f"--gradtest: {misuse}") from None


def _keeper(config: pytest.Config) -> Keeper | None:
    asked = {name: config.getoption(f"gradtest_{name}") for name in _OPTIONS}
    path = find_config(config.rootpath) if config.getoption("gradtest") else None
    named = read_config(path) if path else Config()
    if asked["baseline"] is None and named.baseline and path is not None:
        asked["baseline"] = path.parent / named.baseline
    if asked["baseline"] is None:
        given = next((name for name in _OPTIONS if asked[name]), None)
        if given is None:
            return None
        raise Misuse(
            f"--gradtest-{given.replace('_', '-')} is about a baseline; name it: --gradtest-baseline FILE"
        )
    if not config.getoption("gradtest"):
        raise Misuse("--gradtest-baseline is about the targets of pyproject.toml; add --gradtest")
    gate = read_gate(asked["fail_on"] or named.fail_on or ALL)
    baseline = Baseline(config.invocation_params.dir / asked["baseline"], datetime.date.today())
    return Keeper(baseline, gate, asked["baseline_update"], asked["baseline_prune"])
