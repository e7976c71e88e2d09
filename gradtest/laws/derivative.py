"""The first law: the claimed slope is the measured one, along lines through the point."""

from __future__ import annotations

import functools
import traceback
from pathlib import Path

import numpy as np

from gradtest.case import Case, Raised
from gradtest.diagnosis.diagnose import diagnose
from gradtest.diagnosis.evidence import Finding
from gradtest.diagnosis.mutants import mutants_of
from gradtest.diagnosis.pictures import pictures_of
from gradtest.diagnosis.report import BlockReport, Report
from gradtest.diagnosis.source import source_of
from gradtest.judgement import Judgement, judge
from gradtest.matching import BrokenContract
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.spaces import arrays
from gradtest.verdict import Word

__all__ = ["contract_finding", "hold", "raised_finding"]


def hold(probe: Probe, rng: np.random.Generator, settings: Settings) -> Report:
    """Hold a case to the law *derivative*; its further cost is that of `judge`."""
    return _report(probe.case, judge(probe, rng, settings), settings)


def _report(case: Case, judgements: list[Judgement], settings: Settings) -> Report:
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
        functools.partial(diagnose, judgements, settings, case.evaluations),
        functools.partial(mutants_of, judgements if verdict is Word.AGREES else ()),
        draw=functools.partial(pictures_of, judgements),
    )


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


def contract_finding(case: Case, broken: BrokenContract) -> Finding:
    """Return the finding that what came back does not fit the inputs."""
    return Finding(
        code=broken.code,
        target=case.target.name,
        parameter=case.target.name,
        what=broken.message.split(";")[0].split(". ")[0],
        source=source_of(case.target),
        inputs=case.point(),
        evaluations=case.evaluations,
        detail=broken.message,
        law="contract",
    )


def raised_finding(case: Case, raised: Raised) -> Finding:
    """Return the finding that the target raised: where, and what."""
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
        law="contract",
    )
