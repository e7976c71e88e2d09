"""The first law: the claimed slope is the measured one, along lines through the point."""

from __future__ import annotations

import functools
import inspect
import traceback
from pathlib import Path

import numpy as np

from gradtest.case import Case, Raised
from gradtest.diagnosis.evidence import Entry, Finding
from gradtest.diagnosis.localise import locate
from gradtest.diagnosis.mutants import mutants_of
from gradtest.diagnosis.report import BlockReport, Report
from gradtest.diagnosis.suspects import recognise
from gradtest.judgement import Judgement, judge
from gradtest.matching import BrokenContract
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.signatures import label
from gradtest.spaces import arrays
from gradtest.targets import Target
from gradtest.verdict import Word

__all__ = ["examine"]


def examine(case: Case, settings: Settings) -> Report:
    """Hold a case to the law *derivative* (and the shape and dtype part of *contract*).

    Everything random is derived from the case itself and the seed, so that it replays.

    Returns
    -------
    Report
        A target that raises, or whose gradient does not fit, is a finding, not an exception.
    """
    rng = np.random.default_rng([settings.seed, *(arrays.fingerprint(case.leaves[i]) for i in case.real)])
    try:
        with np.errstate(all="ignore"):
            probe = Probe(case, rng)
            judgements = judge(probe, rng, settings)
    except BrokenContract as broken:
        return _single(case, _contract_finding(case, broken))
    except Raised as raised:
        return _single(case, _raised_finding(case, raised))
    return _report(case, judgements)


def _report(case: Case, judgements: list[Judgement]) -> Report:
    undecided = [j for j in judgements if j.word is Word.UNDECIDED]
    if any(j.word is not Word.UNDECIDED for j in judgements):
        undecided = [j for j in undecided if not j.unseen]  # what has no effect does not stop the rest
    if any(j.word is Word.DISAGREES for j in judgements):
        verdict, note = Word.DISAGREES, ""
    elif undecided:
        verdict, note = Word.UNDECIDED, f"{undecided[0].name}: {undecided[0].reason}"
    elif not judgements:
        verdict, note = Word.UNDECIDED, "nothing was compared: no gradient came back for any real input"
    else:
        skipped = [j for j in judgements if j.reason]
        verdict, note = Word.AGREES, skipped[0].reason if skipped else ""
    return Report(
        case.target.name,
        str(verdict),
        note,
        tuple(map(_block_report, judgements)),
        case.evaluations,
        functools.partial(_findings, judgements),
        functools.partial(mutants_of, judgements if verdict is Word.AGREES else ()),
    )


def _findings(judgements: list[Judgement]) -> tuple[Finding, ...]:
    with np.errstate(all="ignore"):
        return tuple(_finding(j, judgements) for j in judgements if j.word is Word.DISAGREES)


def _block_report(judgement: Judgement) -> BlockReport:
    comparison = judgement.comparison
    return BlockReport(
        judgement.name,
        judgement.probe.case.owner(judgement.block),
        arrays.shape(judgement.probe.leaves[judgement.block]),
        str(judgement.word),
        judgement.reason,
        comparison.resolution,
        0.0 if judgement.word is Word.UNDECIDED else comparison.excess,
        judgement.place,
    )


def _finding(judgement: Judgement, all_of_them: list[Judgement]) -> Finding:
    case, comparison = judgement.probe.case, judgement.comparison
    x = judgement.probe.leaves[judgement.block]
    located = locate(judgement)
    measured = located.entries
    wrong = [e for e in measured if e.wrong]
    suspicion = recognise(measured, arrays.shape(x))
    worst = max(wrong or measured, key=_badness, default=None)
    if worst is None:
        worst = Entry((), comparison.claim.value, comparison.estimate.value, comparison.estimate.error, True)
    return Finding(
        code=suspicion.code,
        target=case.target.name,
        parameter=judgement.name,
        what=suspicion.what,
        entry=worst,
        wrong=len(wrong),
        measured=len(measured),
        size=arrays.real_size(x),
        slice=located.slice,
        place=judgement.place,
        why=suspicion.why,
        source=source_of(case.target),
        others=tuple((j.name, _short(j)) for j in all_of_them if j is not judgement),
        inputs=case.point(),
        evaluations=case.evaluations,
        excess=comparison.excess,
    )


def _badness(entry: Entry) -> float:
    return entry.difference if np.isfinite(entry.difference) else np.inf


def _short(judgement: Judgement) -> str:
    return {Word.AGREES: "ok", Word.DISAGREES: "wrong", Word.UNDECIDED: "undecided"}[judgement.word]


def _single(case: Case, finding: Finding) -> Report:
    return Report(case.target.name, str(Word.DISAGREES), "", (), case.evaluations, lambda: (finding,))


def _contract_finding(case: Case, broken: BrokenContract) -> Finding:
    return Finding(
        code=broken.code,
        target=case.target.name,
        parameter=case.target.name,
        what=broken.message.split(";")[0].split(". ")[0],
        source=source_of(case.target),
        inputs=case.point(),
        evaluations=case.evaluations,
        detail=broken.message,
    )


def _raised_finding(case: Case, raised: Raised) -> Finding:
    frames = traceback.extract_tb(raised.error.__traceback__)
    last = frames[-1] if frames else None
    where = f"{Path(last.filename).name}:{last.lineno}  {last.name}" if last else source_of(case.target)
    return Finding(
        code="GT310",
        target=case.target.name,
        parameter=case.target.name,
        what=f"{case.target.name}: {raised.role} raised {type(raised.error).__name__}",
        source=where,
        inputs=case.point(),
        evaluations=case.evaluations,
        detail=f"{type(raised.error).__name__}: {raised.error}",
    )


def source_of(target: Target) -> str:
    """Return file, line and name of the derivative under test, as far as Python knows them."""
    function = inspect.unwrap(target.derivative)
    while isinstance(function, functools.partial):
        function = inspect.unwrap(function.func)
    if not hasattr(function, "__qualname__"):
        function = type(function).__call__  # an object that can be called
    try:
        file = inspect.getsourcefile(function)
        line = inspect.getsourcelines(function)[1]
    except (TypeError, OSError):
        return label(function)
    return f"{Path(file or '?').name}:{line}  {label(function)}"
