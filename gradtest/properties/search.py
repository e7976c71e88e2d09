"""Draw, judge, shrink: a target over generated inputs, as a real Hypothesis test."""

from __future__ import annotations

import contextlib
import functools
import inspect
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase
from hypothesis.control import current_build_context
from hypothesis.errors import FailedHealthCheck, Unsatisfiable
from hypothesis.strategies import SearchStrategy

from gradtest.case import Case
from gradtest.diagnosis.confirm import Others
from gradtest.diagnosis.evidence import Finding
from gradtest.diagnosis.report import Report, error_class, joined
from gradtest.errors import GradientError, Misuse
from gradtest.failures.keep import keeping
from gradtest.judgement import Place
from gradtest.laws.examination import examine
from gradtest.settings import DEFAULT, Settings
from gradtest.signatures import signature_of
from gradtest.targets import Target

from .drawn_domains import within
from .further import further
from .points import placed, point_of
from .tally import Identity, Tally, session

__all__ = ["Outcome", "Vacuous", "as_test", "case_of", "search", "searching", "tell"]

Point = Mapping[str, Any]


#: What is said where no input was left.
FILTERED = (
    "nothing was checked: every input that was drawn was filtered out; draw inputs that fit instead of "
    "filtering for them"
)


#: So many evaluations are spent on the way from the first failing case to the smallest.
MOST_EVALUATIONS = 30_000


class _Examiner:
    """Examines the points of a search, and remembers those that failed.

    Many choices of Hypothesis lead to the same point, which is judged once.  When
    `MOST_EVALUATIONS` are spent on the way from the first failing case to the smallest, a case that
    is not known to fail passes without a look: Hypothesis soon has nothing left to try, and shows
    the smallest that it has.
    """

    def __init__(self, target: Target, settings: Settings, others: Others) -> None:
        self._target, self._settings, self._others = target, settings, others
        self.forget()

    def forget(self) -> None:
        """Begin anew: each run has failures of its own."""
        self._spent, self._first = 0, True
        self._failed: dict[Hashable, Report] = {}

    def report(self, point: Point) -> Report | None:
        """Return the report of a point; None where enough was spent, and it is not known to fail."""
        case = case_of(self._target, point)
        known = self._failed.get(_key(case)) if self._failed else None
        if known is not None or self._spent > MOST_EVALUATIONS:
            return known
        # The first case is examined in full, and all from the first failure on: shrinking needs it.
        full = self._first or bool(self._failed)
        report = self._examined(case, sparingly=not full)
        self._first = False
        if report.verdict == "disagrees":
            self._failed[_key(case)] = report
        if self._failed:
            self._spent += report.evaluations
        return report

    def _examined(self, case: Case, *, sparingly: bool) -> Report:
        """Examine a case, and remember it: suspicions are tested on what the run has seen."""
        examined = examine(case, self._settings, sparingly=sparingly)
        report = replace(examined, judged=(case, self._settings))
        here = [block for block in report.blocks if block.place == Place.HERE]
        wrong = {block.name: block.resolution for block in here if block.verdict == "disagrees"}
        right = {b.name: b.resolution for b in here if b.verdict == "agrees" and b.resolution > 0}
        self._others.remember(case, wrong, right)
        return report.beside(self._others)


def _key(case: Case) -> Hashable:
    """Return what two cases share that are the same point."""
    return tuple(
        (leaf.shape, leaf.dtype.str, leaf.strides, leaf.tobytes())
        if isinstance(leaf, np.ndarray) and leaf.dtype != object
        else repr(leaf)
        for leaf in case.leaves
    )


class _TimeIsUp(BaseException):
    """No further case is to be looked at; as a KeyboardInterrupt it ends Hypothesis at once."""


class Vacuous(AssertionError):
    """A property that was not wrong, but decided nothing: as red as a wrong one."""


def _quiet(base: hypothesis.settings) -> dict[str, Any]:
    """Return the Hypothesis settings that every gradtest property needs.

    No deadline (compilation and large arrays take their time), no explain phase (it would
    report the lines of NumPy), and no complaint about what networks are like.
    """
    return {
        "deadline": None,
        "phases": [phase for phase in base.phases if phase is not Phase.explain],
        "suppress_health_check": [
            *base.suppress_health_check,
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.differing_executors,
        ],
    }


def as_test(
    target: Target,
    shapes: Mapping[str, Any],
    *,
    settings: Settings = DEFAULT,
    max_examples: int | None = None,
    seconds: float | None = None,
    **how: Any,
) -> Callable[[], None]:
    """Return a Hypothesis test that holds a target to its laws; see `gradtest.property_of`.

    `max_examples` is that of the Hypothesis profile by default; after `seconds` no further case is
    looked at, but those that failing ones are made smaller by; `how` is what `gradtest.inputs` is
    told besides the shapes.

    Raises
    ------
    Misuse
        If the shapes cannot be understood.
    """
    described = _named(target, shapes)
    point = point_of(target, described, **how)
    target, tally, began = within(target, described), Tally(), 0.0
    examiner = _Examiner(target, settings, further(functools.partial(case_of, target), point))

    def gradients_agree(point: Point) -> None:
        nonlocal began
        if tally.cases == 0:
            examiner.forget()
            began = time.monotonic()
        elif seconds is not None and not tally.disagrees and time.monotonic() - began > seconds:
            raise _TimeIsUp
        report = examiner.report(point)
        if report is None:
            return
        tally.add(report)
        tell(report)
        report.raise_if_wrong(searching=True)  # diagnosed when the search is over

    test: Any = hypothesis.given(point=point)(gradients_agree)
    before = test._hypothesis_internal_use_settings
    count = before.max_examples if max_examples is None else max_examples
    # Set, not decorated with: Hypothesis takes one `@settings`, which is left to the user.
    test._hypothesis_internal_use_settings = hypothesis.settings(before, max_examples=count, **_quiet(before))
    return _named_test(test, target, tally)


def _named_test(test: Callable[..., Any], subject: Target, tally: Tally) -> Callable[[], None]:
    """Wrap the Hypothesis test so that a run that decided nothing fails too."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        _hand_down(run, test)
        tally.__init__()  # type: ignore[misc]  # each run is counted by itself
        with keeping():
            try:
                with contextlib.suppress(_TimeIsUp):
                    test(*args, **kwargs)
            except (GradientError, BaseExceptionGroup) as raised:
                wrong = _wrong(raised)
                if not wrong:
                    raise
                raise _diagnosed(wrong, notes=getattr(raised, "__notes__", ())) from None
            except (Unsatisfiable, FailedHealthCheck):
                if tally.cases:
                    raise
                raise Vacuous(f"gradtest: {subject.name}: {FILTERED}") from None
        vacuous = tally.vacuous()
        if vacuous:
            raise Vacuous(f"gradtest: {subject.name}: {vacuous}")

    run.__doc__ = f"Gradients of {subject.name} agree with what is measured."
    run.gradtest_target = subject  # type: ignore[attr-defined]  # `gradtest replay` finds it here
    run.__signature__ = inspect.signature(test)  # type: ignore[attr-defined]  # pytest reads it
    return run


def _hand_down(run: Any, test: Any) -> None:
    """Give the wrapped test what `@seed`, `@example` and `@settings` left on its wrapper, as attributes."""
    vars(test).update({name: value for name, value in vars(run).items() if "hypothesis_" in name})
    chosen = run._hypothesis_internal_use_settings
    test._hypothesis_internal_use_settings = hypothesis.settings(chosen, **_quiet(chosen))


def _named(subject: Target, shapes: Mapping[str, Any]) -> dict[str, Any]:
    """Check that shapes are given, and for inputs that exist."""
    if not shapes:
        raise Misuse(f'no inputs are described for {subject.name}; say how they look, e.g. x="batch in"')
    signature = signature_of(subject.forward)
    if signature is None:
        return dict(shapes)
    parameters = signature.parameters
    kinds = {p.kind for p in parameters.values()}
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return dict(shapes)
    own = [name for name, p in parameters.items() if p.kind is not p.VAR_KEYWORD]
    unknown = [name for name in shapes if name not in own and name not in subject.parameters]
    if unknown and (subject.parameters or inspect.Parameter.VAR_KEYWORD not in kinds):
        raise Misuse(
            f"{unknown[0]!r} is not an input of {subject.name}; its inputs are "
            f"{', '.join(dict.fromkeys((*own, *subject.parameters)))}"
        )
    return {name: shapes[name] for name in dict.fromkeys((*own, *shapes)) if name in shapes}


def case_of(target: Target, point: Point) -> Case:
    """Return the case of a target at a point; what it holds itself is given by name."""
    return Case(target, *placed(target, point))


def tell(report: Report) -> bool:
    """Count a report, and feed Hypothesis with it; False where none of its tests is running."""
    session.setdefault(Identity.of(report), Tally()).add(report)
    if not hypothesis.currently_in_test_context():
        return False
    hypothesis.event(f"gradtest: {report.verdict}")
    if report.verdict == "undecided":
        hypothesis.event(f"gradtest: undecided: {report.reason.split(':')[-1].strip()}")
    _climb(report)
    return True


def _climb(report: Report) -> None:
    """Let Hypothesis look for a worse disagreement."""
    if report.blocks:
        hypothesis.target(min(report.excess, 1e9), label="gradient error / tolerance")


@dataclass(frozen=True)
class Outcome:
    """What a search over one target came to.

    Attributes
    ----------
    tally : Tally
        Over the generated cases (not those of shrinking).
    findings : tuple of Finding
        Of the smallest failing cases, gross ones first.
    """

    tally: Tally
    findings: tuple[Finding, ...]


def search(
    target: Target,
    point: SearchStrategy[Any],
    *,
    max_examples: int = 100,
    seed: int = 0,
    settings: Settings = DEFAULT,
    observe: Callable[[Point, Report], None] | None = None,
) -> Outcome:
    """Search for a case that disagrees, and shrink it.

    Parameters
    ----------
    target : Target
    point : SearchStrategy
        Yields inputs by name.
    max_examples, seed : int
        How many cases, and which.
    settings : Settings, optional
    observe : callable, optional
        Called with every case and its report (shrinking included): progress, second opinions.

    Returns
    -------
    Outcome

    Raises
    ------
    Misuse
        If the target cannot be checked on such inputs.
    """
    tally = Tally()
    examiner = _Examiner(target, settings, further(functools.partial(case_of, target), point, seed))

    def gradients_agree(point: Point) -> None:
        report = examiner.report(point)
        if report is None:
            return
        if not tally.disagrees:
            tally.add(report)
        if observe is not None:
            observe(point, report)
        _climb(report)
        report.raise_if_wrong(searching=True)

    base = hypothesis.settings.get_profile("default")
    chosen = hypothesis.settings(
        base,
        max_examples=max_examples,
        database=None,
        derandomize=False,
        verbosity=hypothesis.Verbosity.quiet,
        print_blob=False,
        **_quiet(base),
    )
    test = hypothesis.seed(seed)(chosen(hypothesis.given(point=point)(gradients_agree)))
    try:
        test()
    except (GradientError, BaseExceptionGroup) as raised:
        wrong = _wrong(raised)
        if not wrong:
            raise
        return Outcome(tally, joined([error.report for error in wrong]).findings)
    return Outcome(tally, ())


# -- what a search found --------------------------------------------------------------------------


def _wrong(raised: BaseException) -> list[Any]:
    """Return the wrong gradients that a Hypothesis test ended with; none if it ended otherwise, too."""
    if isinstance(raised, GradientError):
        return [raised]
    if isinstance(raised, BaseExceptionGroup):
        wrong = list(map(_wrong, raised.exceptions))
        if all(wrong):
            return [error for errors in wrong for error in errors]
    return []


def _diagnosed(wrong: Sequence[GradientError], notes: Sequence[str]) -> GradientError:
    """Return one error for all that was found, diagnosed when it is read, with what Hypothesis noted."""
    report = joined([error.report for error in wrong if isinstance(error.report, Report)])
    error = error_class(report)(report)
    for note in dict.fromkeys([*notes, *(note for one in wrong for note in getattr(one, "__notes__", ()))]):
        error.add_note(note)
    return error


def searching() -> bool:
    """Whether Hypothesis is on its way to the smallest case, rather than showing it."""
    return hypothesis.currently_in_test_context() and not current_build_context().is_final
