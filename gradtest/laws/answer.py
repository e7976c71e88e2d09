"""What a law says of one case, and what it says it with."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradtest.case import Case
from gradtest.diagnosis.evidence import Finding
from gradtest.diagnosis.report import LawReport
from gradtest.diagnosis.source import source_of
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.verdict import Word

from .closeness import Gap

__all__ = ["SKIPPED", "Answer", "Law", "agrees", "broken", "generator", "sides", "skipped", "undecided"]

#: The word of a law that the target cannot take; its reason says why.
SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a law says of one case.

    Attributes
    ----------
    word : {"agrees", "disagrees", "undecided", "skipped"}
    reason : str
        Why it is undecided or was skipped, or what is wrong.
    find : callable, optional
        Returns the evidence, where it disagrees; it may cost something, and is called in the end.
    """

    word: str
    reason: str = ""
    find: Callable[[], Finding] | None = None

    def named(self, law: str) -> LawReport:
        """Return this as a line of a report."""
        return LawReport(law, self.word, self.reason)


#: What every law is: a function of a probe (a case, its cotangent, what is claimed) and the settings.
Law = Callable[[Probe, Settings], Answer]


def agrees(reason: str = "") -> Answer:
    """Return the answer that the law holds."""
    return Answer(str(Word.AGREES), reason)


def skipped(reason: str) -> Answer:
    """Return the answer that the law has nothing to say of this target."""
    return Answer(SKIPPED, reason)


def undecided(reason: str) -> Answer:
    """Return the answer that it cannot be told here."""
    return Answer(str(Word.UNDECIDED), reason)


def broken(
    probe: Probe, law: str, code: str, parameter: str, what: str, detail: str, why: str = ""
) -> Answer:
    """Return the answer that the law is broken, with its evidence.

    Parameters
    ----------
    probe : Probe
    law, code : str
    parameter : str
        The input that is concerned, or the target.
    what : str
        A phrase for the headline.
    detail : str
        What was seen, in lines.
    why : str
        How it was told from what it might have been.
    """
    case = probe.case
    finding = Finding(
        code=code,
        target=case.target.name,
        parameter=parameter,
        what=what,
        why=why,
        source=source_of(case.target),
        inputs=case.point(),
        evaluations=case.evaluations,
        detail=detail,
        law=law,
    )
    return Answer(str(Word.DISAGREES), what, lambda: finding)


def sides(found: Gap, place: str, left: str, right: str, evaluations: int) -> str:
    """Return two sides that should be equal, one below the other, as the evidence of a finding."""
    width = max(len(left), len(right))
    return "\n".join(
        [
            f"{place}:",
            f"{left:<{width}}  = {found.left:.6g}",
            f"{right:<{width}}  = {found.right:.6g} ± {found.allowed:.0e}",
            f"{found.count}; {evaluations} evaluations",
        ]
    )


def generator(case: Case, settings: Settings, law: str = "") -> np.random.Generator:
    """Return the random numbers of one law at one case: derived from both, so that they replay.

    Independent of which other laws are asked.
    """
    words = [zlib.crc32(law.encode())] if law else []
    return np.random.default_rng([settings.seed, *words, *case.fingerprints])
