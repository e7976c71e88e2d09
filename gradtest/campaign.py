"""Many targets over generated inputs, one after the other, as a stream of events."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis.errors import FailedHealthCheck, Unsatisfiable

from gradtest.diagnosis.evidence import GROSS, Finding
from gradtest.diagnosis.pictures import Picture
from gradtest.diagnosis.report import Report
from gradtest.diagnosis.source import location_of
from gradtest.errors import Misuse, nearest
from gradtest.failures.keep import keep
from gradtest.judgement import Place
from gradtest.laws.examination import examine
from gradtest.properties.drawn_domains import within
from gradtest.properties.search import case_of, search
from gradtest.properties.tally import Tally
from gradtest.settings import USUAL_DTYPE, Method
from gradtest.spaces.containers import flatten
from gradtest.subjects.subject import Subject

from .baseline.recording import name_of, pinned_of
from .baseline.store import as_plain
from .extremes import drawn_farther, refusal
from .guess import Inputs, inputs_of, parameters_of
from .plan import Plan, input_of
from .record import Contradiction, Ledger, Record, written

__all__ = ["Begun", "Campaign", "Ended", "Event", "Judged", "look"]

_HERE = Path(__file__).parent

#: So much is spent on the way from a failing case to the smallest, beside what the search itself allows.
MOST_SHRINKS = 500
MOST_IDLE = 100  # cases in a row that are no smaller
#: Cases that cost at most this many evaluations get a second opinion each, of the others one in four.
CHEAP = 32
ONE_IN = 4


# -- events ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Begun:
    """A target is about to be looked at."""

    name: str


@dataclass(frozen=True)
class Judged:
    """One case was judged; while `shrinking`, not one of those that count."""

    name: str
    shrinking: bool


@dataclass(frozen=True)
class Ended:
    """A target is done with."""

    record: Record


Event = Begun | Judged | Ended
Hear = Callable[[Event], None]


# -- all targets ----------------------------------------------------------------------------------


class Campaign:
    """All targets, in turn.

    Parameters
    ----------
    subjects : sequence of Subject
    plan : Plan
    plan_of : callable, optional
        The plan for one subject in particular; by default that for all.

    Attributes
    ----------
    hear : callable
        Is told every event.
    ledger : Ledger
        A record for each target from the beginning; they are replaced as the campaign goes on, so
        that an interruption loses nothing.

    Raises
    ------
    Misuse
        If the plan describes an input that no target has.
    """

    def __init__(
        self, subjects: Sequence[Subject], plan: Plan, plan_of: Callable[[Subject], Plan] | None = None
    ) -> None:
        _check_given(subjects, plan.given)
        self.subjects = list(subjects)
        self.plans = [plan_of(subject) if plan_of else plan for subject in subjects]
        looks = map(_Look, self.subjects, self.plans)
        self.ledger = Ledger(plan, [look.record() for look in looks])
        self.hear: Hear = lambda event: None

    def run(self) -> Ledger:
        """Look at every target; return when all are done, or at a KeyboardInterrupt."""
        start, ledger = time.perf_counter(), self.ledger
        try:
            for i, (subject, plan) in enumerate(zip(self.subjects, self.plans, strict=True)):
                self.hear(Begun(subject.name))
                look = _Look(subject, plan, self.hear)
                try:
                    look.carry_out()
                finally:
                    ledger.records[i] = look.record()
                self.hear(Ended(ledger.records[i]))
        except KeyboardInterrupt:
            ledger.interrupted = True
        ledger.seconds = time.perf_counter() - start
        return ledger


def look(subject: Subject, plan: Plan) -> Record:
    """Return what becomes of one target; an interruption is not caught."""
    one = _Look(subject, plan)
    one.carry_out()
    return one.record()


# -- one target -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Failing:
    """A case that failed, and its report."""

    point: Mapping[str, Any]
    report: Report

    @cached_property
    def size(self) -> tuple[bool, bool, int, int]:
        """By what the smallest case is told: gross, seen at the point itself, few entries, short to write."""
        leaves = [np.asarray(leaf) for leaf in flatten(dict(self.point)).leaves]
        return (
            self.report.excess <= GROSS,
            any(b.place == Place.NEARBY for b in self.report.blocks if b.verdict == "disagrees"),
            sum(leaf.size for leaf in leaves),
            sum(len(str(leaf.tolist())) for leaf in leaves),
        )


class _Look:
    """One target while it is looked at."""

    def __init__(self, subject: Subject, plan: Plan, hear: Hear = lambda event: None) -> None:
        self.subject, self.plan, self.hear = subject, plan, hear
        self.name = subject.name
        self.inputs: Inputs | None = None
        self.tally = Tally()
        self.opinions: dict[str, Tally] = {}
        self.contradictions: dict[str, Contradiction] = {}
        #: The smallest failing case of each input whose gradient is wrong.
        self.smallest: dict[str, Failing] = {}
        self.said: dict[str, str] = {}
        self.resolutions: list[float] = []
        #: A case that agrees: that which was seen least sharply.
        self.shown: Report | None = None
        self.skip, self.misuse, self.crash = plan.skip, "", ""
        #: When it was begun, by `time.perf_counter`, and how long it took.
        self.began = self.seconds = 0.0
        #: Whether it was carried to its end, and whether that came early because its time was up.
        self.done = self.out_of_time = False
        #: Cases after the first that disagreed, those of them since the last smaller one, evaluations.
        self.shrinks = self.idle = 0

    # -- looking ----------------------------------------------------------------------------------

    def carry_out(self) -> None:
        """Look at all cases; whatever goes wrong is written down."""
        self.began = time.perf_counter()
        try:
            with contextlib.suppress(_Enough):
                if not self.skip:
                    self._search()
            self.said = self._said() if self.smallest else {}
            self.done = True
        except Misuse as misuse:
            self.misuse = str(misuse)
        except Unsatisfiable:
            self.done = True  # no case at all: the tally says so
        except FailedHealthCheck as unhealthy:
            self.misuse = f"the inputs of {self.name} are hard to draw: {str(unhealthy).splitlines()[0]}"
        except SystemExit as error:
            self.misuse = (
                f"{self.name} ended the program (SystemExit: {error}); let it raise or return instead"
            )
        except Exception as error:
            self.crash = _crash(error)
        finally:
            self.seconds = time.perf_counter() - self.began

    def _search(self) -> None:
        target, plan = self.subject.target, self.plan
        self.inputs = inputs_of(target, self.subject.inputs, plan.given)
        dtype, shapes = self.subject.dtype, self.inputs.shapes
        if plan.lenient and dtype != USUAL_DTYPE and (why := refusal(target, shapes, dtype)):
            self.skip = f"it does not take {dtype} ({why})"
            return
        search(
            within(target, shapes),
            drawn_farther(target, shapes, dtype, plan.width, plan.scale),
            max_examples=plan.max_examples,
            seed=plan.settings.seed,
            settings=plan.settings,
            observe=self._judged,
        )

    def _judged(self, point: Mapping[str, Any], report: Report) -> None:
        """Count a case, ask for second opinions, and keep a finding at once: Ctrl-C may come."""
        shrinking = bool(self.smallest)
        if not shrinking:
            self.tally.add(report)
            if report.verdict == "agrees" and report.resolution:
                self.resolutions.append(report.resolution)
                if self.shown is None or report.resolution > self.shown.resolution:
                    self.shown = report
            self._second_opinions(point, report)
        if report.verdict == "disagrees":
            self._keep(point, report)
        self.hear(Judged(self.name, shrinking))
        if shrinking:
            self.shrinks += 1
            self.idle += 1
            if self.shrinks > MOST_SHRINKS or self.idle > MOST_IDLE:
                raise _Enough
        if self.plan.seconds is not None and time.perf_counter() - self.began > self.plan.seconds:
            self.out_of_time = self.tally.cases < self.plan.max_examples
            raise _Enough

    def _keep(self, point: Mapping[str, Any], report: Report) -> None:
        """Keep a failing case, unless a smaller one of the same input is known."""
        failing = Failing(point, report)
        wrong = {block.input for block in report.blocks if block.verdict == "disagrees"}
        for name in wrong or {""}:
            known = self.smallest.get(name)
            if known is None or failing.size < known.size:
                self.smallest[name] = failing
                self.idle = 0

    # -- second opinions --------------------------------------------------------------------------

    def _second_opinions(self, point: Mapping[str, Any], report: Report) -> None:
        if not report.blocks or (report.evaluations > CHEAP and self.tally.cases % ONE_IN != 1):
            return
        for method in self.plan.opinions:
            opinion = self._ask(method, point)
            self.opinions.setdefault(method, Tally()).add(opinion)
            if opinion.verdict == "disagrees" != report.verdict:
                known = self.contradictions.get(method) or Contradiction(opinion.findings[0], 0)
                self.contradictions[method] = replace(known, cases=known.cases + 1)

    def _ask(self, method: Method, point: Mapping[str, Any]) -> Report:
        assert self.inputs is not None
        case = case_of(within(self.subject.target, self.inputs.shapes), point)
        return examine(case, self.plan.settings.but(method=method, laws="derivative"))

    def _said(self) -> dict[str, str]:
        """Return what the second opinions say of the smallest case."""
        smallest = self.findings[0]
        if smallest.entry is None:
            return {}  # nothing was measured: there is nothing to differ on
        return {method: self._ask(method, smallest.inputs).verdict for method in self.plan.opinions}

    # -- what is left of it -----------------------------------------------------------------------

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """One finding for each input that is wrong, gross ones first (measured when first read)."""
        found: dict[str, Finding] = {}
        for failing in sorted(self.smallest.values(), key=lambda failing: failing.size):
            for finding in failing.report.findings:
                found.setdefault(input_of(finding), finding)
        return tuple(sorted(found.values(), key=lambda finding: not finding.gross))

    def record(self) -> Record:
        """Return what became of it so far as plain data, and what else the plan wants."""
        try:
            return self._record()
        except Exception as error:
            self.smallest, self.contradictions, self.crash = {}, {}, _crash(error)
            self.__dict__.pop("findings", None)
            return self._record()

    def _record(self) -> Record:
        subject, plan = self.subject, self.plan
        record = Record(
            name=self.name,
            place=subject.place,
            dtype=subject.dtype,
            key=name_of(subject),
            asked=plan.max_examples,
            inputs=self.inputs and Inputs(_in_words(self.inputs.shapes), self.inputs.origin),
            contradictions={
                method: replace(one, finding=written(one.finding))
                for method, one in self.contradictions.items()
            },
            findings=tuple(map(written, self._kept())),
            said=self.said,
            resolutions=self.resolutions,
            excuses=plan.known,
            skip=self.skip,
            again=plan.command(subject.place),
            source=location_of(subject.target),
            misuse=self.misuse,
            crash=self.crash,
            seconds=self.seconds,
            done=self.done,
            out_of_time=self.out_of_time,
            tally=self.tally,
            opinions=self.opinions,
        )
        if plan.pin and record.verdict not in ("skipped", "stopped", "waiting", "crashed"):
            record.pinned = as_plain(pinned_of(subject, self.inputs, plan, self.misuse.split(";")[0]))
        if plan.draw:
            record.pictures = self._pictures()
        return record

    def _kept(self) -> tuple[Finding, ...]:
        """Return the findings, having written them to where `gradtest replay` finds them."""
        if not self.plan.keep or not self.findings:
            return self.findings
        subject, settings = self.subject, self.plan.settings
        return keep(subject.target, self.findings, settings=settings, place=subject.place)

    def _pictures(self) -> tuple[Picture, ...]:
        """Return the pictures of the smallest failing case, or of a case that agrees."""
        failing = sorted(self.smallest.values(), key=lambda failing: failing.size)
        report = failing[0].report if failing else self.shown
        return report.pictures if report is not None else ()


def _in_words(shapes: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(shape) for name, shape in shapes.items()}


class _Enough(BaseException):
    """The search has cost enough; as a KeyboardInterrupt it ends Hypothesis at once."""


def _check_given(subjects: Sequence[Subject], given: Mapping[str, str]) -> None:
    known = [name for s in subjects for name in (s.inputs or parameters_of(s.target))]
    for name in given:
        if name not in known:
            whose = subjects[0].target.name if len(subjects) == 1 else "any derivative here"
            raise Misuse(
                f"--inputs names {name!r}, which is not an input of {whose}; {nearest(name, set(known))}"
            )


def _crash(error: BaseException) -> str:
    """Return what failed and through which of our own lines, the innermost first."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _HERE in Path(f.filename).parents]
    places = [f"{Path(f.filename).relative_to(_HERE)}:{f.lineno}  {f.name}" for f in reversed(frames)]
    return "\n".join([f"{type(error).__name__}: {error}", *places])
