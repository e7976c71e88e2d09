"""One case held to the laws that were asked for, one after the other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from gradtest.case import Case, Raised
from gradtest.diagnosis.evidence import Finding
from gradtest.diagnosis.report import LawReport, Report
from gradtest.matching import BrokenContract
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.verdict import Word

from . import derivative
from .answer import SKIPPED, Answer, Law, agrees, generator, undecided
from .catalogue import Entry, asked
from .purity import disturbed
from .repetition import repeated

__all__ = ["examine"]

#: Where not every case is looked at by every law, one in so many is.
ONE_IN = 8


def examine(case: Case, settings: Settings, *, sparingly: bool = False) -> Report:
    """Hold a case to the laws that `settings` names.

    Everything random is derived from the case itself and the seed, so that it replays.

    Parameters
    ----------
    case : Case
    settings : Settings
    sparingly : bool
        Whether this is one of many cases: laws that were not asked for by name are then looked
        at in one of eight, which ones the values of the inputs tell.

    Returns
    -------
    Report
        A target that raises, or whose gradient does not fit, is a finding, not an exception.

    Notes
    -----
    Costs what `derivative.hold` costs, and some ten evaluations and gradients more where the other
    laws that every derivative obeys are looked at.  They are not where the gradient is wrong.
    """
    laws = asked(settings, every=not sparingly or case_is_due(case))
    rng = generator(case, settings)
    with np.errstate(all="ignore"):
        try:
            probe = Probe(case, rng)
            measured = _measured(probe, rng, settings, laws)
        except BrokenContract as broken:
            return _single(case, derivative.contract_finding(case, broken))
        except Raised as raised:
            return _single(case, derivative.raised_finding(case, raised))
        if measured is not None and measured.verdict == Word.DISAGREES:
            told = (LawReport("derivative", measured.verdict),)
            pure = any(law.name == "purity" for law in asked(settings))
            diagnose = partial(_by_state_or_form, probe, settings, measured) if pure else measured.diagnose
            return replace(measured, laws=told, diagnose=diagnose)
        return _with(measured, case, list(_answers(probe, settings, laws)))


def _by_state_or_form(
    probe: Probe, settings: Settings, measured: Report, *others: object
) -> tuple[Finding, ...]:
    """Diagnose a wrong gradient: by what its calls leave behind, if it is that, or by its form.

    What is kept from call to call makes a gradient wrong in no form that could be named.  Costs up to
    10 evaluations with their gradients.
    """
    with np.errstate(all="ignore"), contextlib.suppress(Raised, BrokenContract):
        now = probe.at(probe.leaves).at(probe.leaves)  # what was kept is that of this point
        for law in (repeated, disturbed):
            answer = law(now, settings)
            if answer.word == Word.DISAGREES and answer.find is not None:
                return (answer.find(),)
    return measured.diagnose(*others)


def case_is_due(case: Case) -> bool:
    """Whether all laws are looked at in this case, though it is one of many."""
    return sum(case.fingerprints) % ONE_IN == 0


def _measured(
    probe: Probe, rng: np.random.Generator, settings: Settings, laws: Sequence[Entry]
) -> Report | None:
    if all(law.name != "derivative" for law in laws):
        return None
    return derivative.hold(probe, rng, settings)


def _answers(probe: Probe, settings: Settings, laws: Sequence[Entry]) -> Iterator[tuple[str, Answer]]:
    """Yield what each law beside the first says; those that compare calls need calls that repeat."""
    steady: Answer | None = None
    for law in laws:
        if law.hold is None:
            continue
        if not probe.finite:
            yield law.name, undecided("the function is not finite here")
            continue
        if law.repeats and steady is None:
            steady = _guarded(repeated, probe, settings)
        if law.repeats and steady is not None and steady.word != Word.AGREES:
            yield law.name, (steady if law.name == "purity" else undecided(steady.reason))
            continue
        answer = _guarded(law.hold, probe, settings)
        if law.nearby and answer.word == Word.DISAGREES and not _there_again(law.hold, probe, settings):
            answer = agrees("kink at the point: judged nearby")
        yield law.name, answer


def _there_again(hold: Law, probe: Probe, settings: Settings) -> bool:
    """Whether a law is broken at a generic point nearby, too: at a kink it may be so by convention."""
    rng = generator(probe.case, settings, "nearby")
    for distance in (2.0**-7, 2.0**-5):
        beside = probe.nearby(rng, distance)
        if beside is not None and _guarded(hold, beside, settings).word == Word.DISAGREES:
            return True
    return False


def _guarded(hold: Law, probe: Probe, settings: Settings) -> Answer:
    """Return what a law says; a target that raises when the law asks is a finding."""
    try:
        return hold(probe, settings)
    except BrokenContract as broken:
        finding = derivative.contract_finding(probe.case, broken)
    except Raised as raised:
        finding = derivative.raised_finding(probe.case, raised)
    return Answer(str(Word.DISAGREES), finding.what, lambda: finding)


def _with(measured: Report | None, case: Case, answers: Sequence[tuple[str, Answer]]) -> Report:
    """Return one report: what was measured, and what the other laws say."""
    laws = [answer.named(name) for name, answer in answers]
    finds = [answer.find for _, answer in answers if answer.find is not None]

    def diagnose(*others: object) -> tuple[Finding, ...]:
        with np.errstate(all="ignore"):
            return tuple(find() for find in finds)

    if measured is not None:
        laws.insert(0, LawReport("derivative", measured.verdict, measured.note))
        if not finds:
            return replace(measured, laws=tuple(laws), evaluations=case.evaluations)
        return replace(
            measured,
            verdict=str(Word.DISAGREES),
            note="",
            laws=tuple(laws),
            evaluations=case.evaluations,
            diagnose=diagnose,
            mutate=lambda done: (),
        )
    verdict, note = _overall(laws)
    name, evaluations = case.target.name, case.evaluations
    return Report(name, verdict, note, (), evaluations, diagnose, laws=tuple(laws))


def _overall(laws: Sequence[LawReport]) -> tuple[str, str]:
    """Return verdict and note of a case that no derivative was measured in."""
    for word in (Word.DISAGREES, Word.UNDECIDED, Word.AGREES):
        for law in laws:
            if law.verdict == word:
                return str(word), "" if word is Word.AGREES else f"{law.name}: {law.reason}"
    reasons = [f"{law.name}: {law.reason}" for law in laws if law.verdict == SKIPPED]
    return str(Word.UNDECIDED), reasons[0] if reasons else "no law was looked at"


def _single(case: Case, finding: Finding) -> Report:
    return Report(
        case.target.name,
        str(Word.DISAGREES),
        "",
        (),
        case.evaluations,
        lambda *others: (finding,),
        laws=(LawReport("contract", str(Word.DISAGREES), finding.what),),
    )
