"""Many targets over generated inputs, one after the other, as a stream of events."""

from __future__ import annotations

import contextlib
import re
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis.errors import FailedHealthCheck, Unsatisfiable

from gradtest.adapters.subjects import Subject
from gradtest.diagnosis.evidence import GROSS, Finding
from gradtest.diagnosis.report import Report
from gradtest.errors import Misuse, nearest
from gradtest.judgement import Place
from gradtest.laws.examination import examine
from gradtest.numerics.estimate import Quality
from gradtest.properties.drawn_domains import within
from gradtest.properties.parameters import point_of
from gradtest.properties.search import case_of, search
from gradtest.properties.tally import Tally
from gradtest.settings import DEFAULT, Method, Settings
from gradtest.spaces.containers import flatten

from .guess import Inputs, inputs_of, parameters_of

__all__ = [
    "Begun",
    "Campaign",
    "Contradiction",
    "Ended",
    "Event",
    "Judged",
    "Known",
    "Plan",
    "Result",
    "accepted",
    "input_of",
]

_HERE = Path(__file__).parent

#: So much is spent on the way from a failing case to the smallest, in cases and in evaluations.
MOST_SHRINKS = 500
MOST_IDLE = 100  # cases in a row that are no smaller
MOST_EVALUATIONS = 100_000
#: Cases that cost at most this many evaluations get a second opinion each, of the others one in four.
CHEAP = 32
ONE_IN = 4


@dataclass(frozen=True)
class Known:
    """A finding that is accepted, and why.

    Attributes
    ----------
    code : str
        "GT101", or "GT1xx" for all of that family.
    reason : str
    input : str
        The input that is wrong; empty for any.
    recorded : bool
        Whether a baseline says so, which keeps account of it (else an override does).
    """

    code: str
    reason: str
    input: str = ""
    recorded: bool = False

    def accepts(self, finding: Finding) -> bool:
        """Whether it is about a finding."""
        family = self.code.removesuffix("xx")
        return finding.code.startswith(family) and self.input in ("", input_of(finding))


def accepted(findings: Iterable[Finding], known: Sequence[Known]) -> dict[str, str]:
    """Return why findings are accepted, by their codes; empty unless all of them are."""
    reasons = {}
    for finding in findings:
        by = next((one for one in known if one.accepts(finding)), None)
        if by is None:
            return {}
        reasons[finding.code] = by.reason
    return reasons


@dataclass(frozen=True)
class Plan:
    """How to look at every target.

    Attributes
    ----------
    settings : Settings
        Its method decides, its seed also says which cases are drawn.
    opinions : tuple of Method
        What else is asked at a share of the same points.  These are shown and do not decide:
        their errors are rougher.
    max_examples : int
        Cases for each target.
    given : mapping of str to str
        What the user says of the inputs.
    known : tuple of Known
        The findings that are accepted.
    skip : str
        Why a target is not looked at; empty if it is.
    seconds : float, optional
        When a target has taken so long, no further case of it is begun.
    """

    settings: Settings = DEFAULT
    opinions: tuple[Method, ...] = ()
    max_examples: int = 100
    given: Mapping[str, str] = field(default_factory=dict)
    known: tuple[Known, ...] = ()
    skip: str = ""
    seconds: float | None = None


@dataclass
class Contradiction:
    """A second opinion that disagrees where the first does not: how often, and the first finding."""

    finding: Finding
    cases: int = 1


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


@dataclass
class Result:
    """What became of one target, or has become of it so far.

    Attributes
    ----------
    subject : Subject
    plan : Plan
        How it is looked at.
    inputs : Inputs or None
        What was drawn; None before that is known.
    tally : Tally
        Over the generated cases (not those of shrinking).
    opinions : dict of str to Tally
        The same for each second opinion.
    contradictions : dict of str to Contradiction
    smallest : dict of str to Failing
        The smallest failing case of each input whose gradient is wrong.
    said : dict of str to str
        What each second opinion says at the smallest failing case.
    resolutions : list of float
        Of the cases that agree and whose gradient is not zero.
    shown : Report or None
        A case that agrees: that which was seen least sharply.
    misuse, crash : str
        Why it cannot be checked, and what went wrong in gradtest itself.
    began, seconds : float
        When it was begun, by `time.perf_counter`, and how long it took.
    done : bool
        Whether it was carried to its end.
    out_of_time : bool
        Whether that came early, because its time was up.
    shrinks, idle, spent : int
        Cases after the first that disagreed, those of them since the last smaller one, evaluations.
    """

    subject: Subject
    plan: Plan = field(default_factory=Plan)
    inputs: Inputs | None = None
    tally: Tally = field(default_factory=Tally)
    opinions: dict[str, Tally] = field(default_factory=dict)
    contradictions: dict[str, Contradiction] = field(default_factory=dict)
    smallest: dict[str, Failing] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    resolutions: list[float] = field(default_factory=list)
    shown: Report | None = None
    misuse: str = ""
    crash: str = ""
    began: float = 0.0
    seconds: float = 0.0
    done: bool = False
    out_of_time: bool = False
    shrinks: int = 0
    idle: int = 0
    spent: int = 0

    def keep(self, point: Mapping[str, Any], report: Report) -> None:
        """Keep a failing case, unless a smaller one of the same input is known."""
        failing = Failing(point, report)
        wrong = {block.input for block in report.blocks if block.verdict == "disagrees"}
        for name in wrong or {""}:
            known = self.smallest.get(name)
            if known is None or failing.size < known.size:
                self.smallest[name] = failing
                self.idle = 0

    @property
    def enough(self) -> bool:
        """Whether looking for smaller cases has cost enough."""
        return self.shrinks > MOST_SHRINKS or self.idle > MOST_IDLE or self.spent > MOST_EVALUATIONS

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """One finding for each input that is wrong, gross ones first (measured when first read)."""
        found: dict[str, Finding] = {}
        for failing in sorted(self.smallest.values(), key=lambda failing: failing.size):
            for finding in failing.report.findings:
                found.setdefault(input_of(finding), finding)
        return tuple(sorted(found.values(), key=lambda finding: not finding.gross))

    @property
    def name(self) -> str:
        """What reports call the target."""
        return self.subject.name

    @property
    def never_finite(self) -> bool:
        """Whether the function was not finite in any case."""
        return self.tally.cases > 0 and self.tally.reasons[Quality.NON_FINITE.value] == self.tally.cases

    @property
    def only_contract(self) -> bool:
        """Whether what was found is that the derivative does not fit, and no wrong number."""
        codes = [finding.code for finding in self.findings]
        return bool(codes) and set(codes) <= {"GT301", "GT302"}

    @property
    def known(self) -> Mapping[str, str]:
        """The codes of what was found, and why they are accepted; empty unless all of them are."""
        return accepted(self.findings, self.plan.known)

    @property
    def verdict(self) -> str:
        """What came of it, in one word (the keys of `MOODS` in `gradtest.surfaces.table`, and others)."""
        if self.plan.skip:
            return "skipped"
        if self.crash:
            return "crashed"
        if self.smallest and self.known:
            return "known"
        if self.smallest:
            return "misfit" if self.only_contract else "disagrees"
        if self.misuse or self.never_finite:
            return "misused"
        if not self.done:
            return "stopped" if self.tally.cases else "waiting"
        return "undecided" if self.tally.vacuous() else "agrees"


def input_of(finding: Finding) -> str:
    """Return the input that a parameter belongs to: weights for weights[3]."""
    return re.split(r"[\[.]", finding.parameter, maxsplit=1)[0]


class _Enough(BaseException):
    """The search has cost enough; as a KeyboardInterrupt it ends Hypothesis at once."""


# -- events ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Begun:
    """A target is about to be looked at."""

    result: Result


@dataclass(frozen=True)
class Judged:
    """One case was judged; while `shrinking`, not one of those that count."""

    result: Result
    report: Report
    shrinking: bool


@dataclass(frozen=True)
class Ended:
    """A target is done with."""

    result: Result


Event = Begun | Judged | Ended


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
    results : list of Result
        One for each target from the beginning; they fill as the campaign goes on, so that an
        interruption loses nothing.
    interrupted : bool
    seconds : float

    Raises
    ------
    Misuse
        If the plan describes an input that no target has.
    """

    def __init__(
        self, subjects: Sequence[Subject], plan: Plan, plan_of: Callable[[Subject], Plan] | None = None
    ) -> None:
        _check_given(subjects, plan.given)
        self.plan = plan
        self.results = [Result(subject, plan_of(subject) if plan_of else plan) for subject in subjects]
        self.interrupted = False
        self.seconds = 0.0
        self.hear: Callable[[Event], None] = lambda event: None

    def run(self) -> Campaign:
        """Look at every target; return when all are done, or at a KeyboardInterrupt."""
        start = time.perf_counter()
        try:
            for result in self.results:
                self.hear(Begun(result))
                self._one(result)
                self.hear(Ended(result))
        except KeyboardInterrupt:
            self.interrupted = True
        self.seconds = time.perf_counter() - start
        return self

    def _one(self, result: Result) -> None:
        result.began = time.perf_counter()
        try:
            with contextlib.suppress(_Enough):
                if not result.plan.skip:
                    self._search(result)
            result.said = self._said(result) if result.smallest else {}
            result.done = True
        except Misuse as misuse:
            result.misuse = str(misuse)
        except Unsatisfiable:
            result.done = True  # no case at all: the tally says so
        except FailedHealthCheck as unhealthy:
            result.misuse = f"the inputs of {result.name} are hard to draw: {str(unhealthy).splitlines()[0]}"
        except SystemExit as error:
            result.misuse = (
                f"{result.name} ended the program (SystemExit: {error}); let it raise or return instead"
            )
        except Exception as error:
            result.crash = _crash(error)
        finally:
            result.seconds = time.perf_counter() - result.began

    def _search(self, result: Result) -> None:
        subject, plan = result.subject, result.plan
        result.inputs = inputs_of(subject.target, subject.inputs, plan.given)
        search(
            within(subject.target, result.inputs.shapes),
            point_of(subject.target, result.inputs.shapes, dtype=subject.dtype),
            max_examples=plan.max_examples,
            seed=plan.settings.seed,
            settings=plan.settings,
            observe=lambda point, report: self._judged(result, point, report),
        )

    def _judged(self, result: Result, point: Mapping[str, Any], report: Report) -> None:
        """Count a case, ask for second opinions, and keep a finding at once: Ctrl-C may come."""
        shrinking = bool(result.smallest)
        if not shrinking:
            result.tally.add(report)
            if report.verdict == "agrees" and report.resolution:
                result.resolutions.append(report.resolution)
                if result.shown is None or report.resolution > result.shown.resolution:
                    result.shown = report
            self._second_opinions(result, point, report)
        if report.verdict == "disagrees":
            result.keep(point, report)
        self.hear(Judged(result, report, shrinking))
        if shrinking:
            result.shrinks += 1
            result.idle += 1
            result.spent += report.evaluations
            if result.enough:
                raise _Enough
        if result.plan.seconds is not None and time.perf_counter() - result.began > result.plan.seconds:
            result.out_of_time = result.tally.cases < result.plan.max_examples
            raise _Enough

    def _second_opinions(self, result: Result, point: Mapping[str, Any], report: Report) -> None:
        if not report.blocks or (report.evaluations > CHEAP and result.tally.cases % ONE_IN != 1):
            return
        for method in result.plan.opinions:
            opinion = self._ask(result, method, point)
            result.opinions.setdefault(method, Tally()).add(opinion)
            if opinion.verdict == "disagrees" != report.verdict:
                known = result.contradictions.get(method)
                if known is None:
                    result.contradictions[method] = Contradiction(opinion.findings[0])
                else:
                    known.cases += 1

    def _ask(self, result: Result, method: Method, point: Mapping[str, Any]) -> Report:
        assert result.inputs is not None
        case = case_of(within(result.subject.target, result.inputs.shapes), point)
        return examine(case, result.plan.settings.but(method=method, laws="derivative"))

    def _said(self, result: Result) -> dict[str, str]:
        """Return what the second opinions say of the smallest case."""
        smallest = result.findings[0]
        if smallest.entry is None:
            return {}  # nothing was measured: there is nothing to differ on
        return {method: self._ask(result, method, smallest.inputs).verdict for method in result.plan.opinions}


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
