"""From disagreements to findings: where, by how much, and what kind of mistake it looks like."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradtest.judgement import Judgement
from gradtest.settings import Settings
from gradtest.spaces import arrays
from gradtest.verdict import Word

from .confirm import Others, pools
from .convention import of_the_other_convention
from .evidence import Entry, Finding
from .localise import Located, locate
from .measured import Measured
from .showing import Shown, shown
from .source import source_of
from .suspects import recognise
from .suspicion import UNKNOWN, Cases, Suspicion, number, simple

__all__ = ["diagnose"]

_LOG = logging.getLogger(__name__)


def diagnose(
    judgements: Sequence[Judgement],
    settings: Settings,
    evaluations: int,
    others: Others | None = None,
) -> tuple[Finding, ...]:
    """Return one finding for each block that disagrees, those whose cause is known first.

    Parameters
    ----------
    judgements : sequence of Judgement
        Of all blocks of one case.
    settings : Settings
    evaluations : int
        What it took to judge them.
    others : Others, optional
        Cases on which suspicions are tested; points around this one by default.

    Notes
    -----
    Costs some 20 evaluations for each entry of a wrong block of up to 36 (more: `locate`), at
    most 840 on other cases, up to 400 for a block whose suspects ask again, and one for each of a
    dozen outputs in up to 8 cases where the claimed Jacobian is asked for.  Of a block of thousands, of
    which `locate` names all that is wrong, no more is asked.
    """
    wrong = [judgement for judgement in judgements if judgement.word is Word.DISAGREES]
    with np.errstate(all="ignore"):
        named = {j.block: located for j in wrong if _many(j) and (located := locate(j)).named}
        rest = [judgement for judgement in wrong if judgement.block not in named]
        cases = dict(zip((j.block for j in rest), pools(rest, others or Others(), settings), strict=True))
        found = [_finding(j, judgements, cases.get(j.block, Cases()), named.get(j.block)) for j in wrong]
    found = [replace(finding, evaluations=evaluations) for finding in found]
    return tuple(sorted(found, key=lambda finding: (not finding.gross, _vagueness(finding))))


#: What says where, or what is missing, but not what was done instead.
_VAGUE = ("GT117", "GT123", "GT124")


def _vagueness(finding: Finding) -> int:
    return 2 if finding.code == "GT100" else int(finding.code in _VAGUE)


#: In more entries than these a few wrong ones are the finding, and suspects could look at hardly any.
MANY = 4096


def _many(judgement: Judgement) -> bool:
    return arrays.real_size(judgement.probe.leaves[judgement.block]) > MANY


def _finding(
    judgement: Judgement, judgements: Sequence[Judgement], cases: Cases, located: Located | None
) -> Finding:
    probe, comparison = judgement.probe, judgement.comparison
    suspicion = of_the_other_convention(judgement) or recognise(cases)
    measured = cases[0] if cases else None
    located = located or _located(judgement, measured)
    if suspicion is UNKNOWN and located.named:
        what = f"only {located.named} wrong{_there(located.entries)}"
        suspicion = Suspicion("GT124", what, "along random lines all others agree")
    wrong = [entry for entry in located.entries if entry.wrong]
    worst = max(wrong or located.entries, key=_badness, default=None)
    if worst is None:
        worst = Entry((), comparison.claim.value, comparison.estimate.value, comparison.estimate.error, True)
    seen = _shown(judgement, worst, measured)
    return Finding(
        code=suspicion.code,
        target=probe.case.target.name,
        parameter=judgement.name,
        what=suspicion.what,
        entry=seen.entry,
        upstream=seen.upstream,
        cotangents=seen.cotangents,
        wrong=len(wrong),
        measured=len(located.entries),
        size=arrays.real_size(probe.leaves[judgement.block]),
        slice=located.slice,
        place=judgement.place,
        why=suspicion.why,
        source=source_of(probe.case.target),
        others=tuple((j.name, _SHORT[j.word]) for j in judgements if j is not judgement),
        inputs=probe.case.point(),
        excess=comparison.excess,
    )


def _there(entries: Sequence[Entry]) -> str:
    """Return by what constant factor several entries are wrong, in words; nothing where they are by none."""
    wrong = [entry for entry in entries if entry.wrong and entry.numeric != 0.0]
    factors = [entry.analytic / entry.numeric for entry in wrong]
    if len(wrong) < 2 or max(factors) - min(factors) > 1e-6 * abs(factors[0]):
        return ""
    if not any(factors):
        return "; there it is 0"
    return f"; there it is {number(factors[0])} times what it should be" if simple(factors[0]) else ""


_SHORT = {Word.AGREES: "ok", Word.DISAGREES: "wrong", Word.UNDECIDED: "undecided"}


def _located(judgement: Judgement, measured: Measured | None) -> Located:
    """Return the entries of a block: those that suspects looked at, if these were all of them."""
    if measured is None or not measured.known.all():
        return locate(judgement)
    pairs = arrays.is_complex(judgement.probe.leaves[judgement.block])
    entries = [
        Entry(
            index,
            measured.analytic[index].item(),
            measured.numeric[index].item(),
            measured.error[index].item(),
            measured.wrong[index].item(),
            pairs,
        )
        for index in np.ndindex(measured.shape)
    ]
    return Located(entries, complete=True)


def _shown(judgement: Judgement, worst: Entry, measured: Measured | None) -> Shown:
    try:
        return shown(judgement.probe, judgement.block, worst, measured)
    except Exception:
        _LOG.debug("no plain cotangent could be tried", exc_info=True)
        return Shown(worst, "", tuple(judgement.probe.cotangents.values()))


def _badness(entry: Entry) -> float:
    return entry.difference if math.isfinite(entry.difference) else math.inf
