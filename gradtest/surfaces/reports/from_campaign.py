"""From a campaign to the document of its reports.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from msgspec import UNSET

from gradtest import __version__
from gradtest.baseline.recording import name_of
from gradtest.diagnosis.mutants import Fate
from gradtest.diagnosis.pictures import Coefficients, Entries, HeatMap, Remainder
from gradtest.diagnosis.report import message
from gradtest.diagnosis.source import location_of

from ..exit_codes import exit_code
from ..report_text import misuse_text, search_again
from ..table import notes
from .document import Checked, Document, Kept

if TYPE_CHECKING:
    from gradtest.campaign import Campaign, Result
    from gradtest.diagnosis.evidence import Finding
    from gradtest.diagnosis.pictures import Picture
    from gradtest.diagnosis.report import Report
    from gradtest.properties.tally import Tally

__all__ = ["checked_of", "counts_of", "document_of", "found_of", "misuse_of", "pictures_of", "plain_data"]

#: Larger arrays are given by shape and dtype.
MOST_ENTRIES = 4096


def document_of(
    campaign: Campaign,
    place: str,
    *,
    code: int | None = None,
    baseline: Mapping[str, Any] | None = None,
    options: Sequence[str] = (),
    pictures: bool = False,
) -> Document:
    """Return the document of a campaign.

    Parameters
    ----------
    campaign : Campaign
    place : str
        What was asked for.
    code : int, optional
        What the command ends with, if that is not the campaign's own.
    baseline : mapping, optional
        What came of one.
    options : sequence of str
        Those with which the same cases are drawn again.
    pictures : bool
        Whether to draw: costs some 60 evaluations for each target, and some 10 for each entry of a
        gradient of up to 64.
    """
    plan = campaign.plan
    return Document(
        gradtest=__version__,
        checked=_text(place),
        seed=plan.settings.seed,
        max_examples=plan.max_examples,
        method=plan.settings.method,
        opinions=list(plan.opinions),
        exit_code=int(exit_code(campaign) if code is None else code),
        interrupted=campaign.interrupted,
        seconds=campaign.seconds,
        baseline=UNSET if baseline is None else msgspec.convert(plain_data(baseline), Kept),
        targets=[checked_of(result, options, pictures) for result in campaign.results],
    )


def misuse_of(sentence: str, place: str, code: int) -> Document:
    """Return the document of a run that could not begin."""
    return Document(
        gradtest=__version__, checked=_text(place), exit_code=int(code), misuse=_text(sentence), targets=[]
    )


def checked_of(result: Result, options: Sequence[str] = (), pictures: bool = False) -> Checked:
    """Return what became of one target."""
    where = location_of(result.subject.target)
    return msgspec.convert(
        plain_data(
            {
                "name": result.name,
                "place": result.subject.place,
                "dtype": result.subject.dtype,
                "key": name_of(result.subject),
                "verdict": result.verdict,
                "file": where and where[0],
                "line": where and where[1],
                "inputs": {name: str(shape) for name, shape in result.inputs.shapes.items()}
                if result.inputs
                else None,
                "inputs_from": result.inputs.origin if result.inputs else None,
                **counts_of(result.tally),
                "resolutions": sorted(result.resolutions),
                "opinions": {method: counts_of(tally) for method, tally in result.opinions.items()},
                "contradictions": {
                    method: {"finding": found_of(c.finding), "cases": c.cases}
                    for method, c in result.contradictions.items()
                },
                "findings": [found_of(finding) for finding in result.findings],
                "others_say": result.said,
                "notes": [text for text, _ in notes(result)],
                "known": result.known,
                "skip": result.plan.skip or None,
                "misuse": misuse_text(result) or None,
                "crash": result.crash or None,
                "again": search_again(result, options),
                "pictures": _drawn(result) if pictures else [],
                "seconds": result.seconds,
            }
        ),
        Checked,
    )


def found_of(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain data, with its words."""
    words = {"headline": finding.headline, "message": message(finding), "gross": finding.gross}
    plain: dict[str, Any] = plain_data(dataclasses.asdict(finding) | words)
    return plain


def counts_of(tally: Tally) -> dict[str, Any]:
    """Return what cases came to as plain data."""
    power = tally.mutants
    killed = {
        name: [mutant.mutation for mutant in part.mutants.values() if mutant.fate is Fate.CAUGHT]
        for name, part in power.by_parameter().items()
    }
    mutants = {
        "caught": power.caught,
        "total": power.total,
        "killed": {name: mutations for name, mutations in killed.items() if mutations},
        "survivors": [mutant._asdict() for mutant in power.survivors],
        "blind": list(power.blind()),
    }
    plain: dict[str, Any] = plain_data(
        tally.as_data() | {"mutants": mutants, "vacuous": tally.vacuous() or None}
    )
    return plain


# -- pictures -------------------------------------------------------------------------------------


def pictures_of(report: Report | None) -> list[dict[str, Any]]:
    """Return what there is to draw of a case; the numbers of a line on which the code raises are NaN."""
    pictures = () if report is None else report.pictures
    return [{"kind": _KINDS[type(picture)], **vars(picture)} for picture in pictures]


_KINDS: dict[type[Picture], str] = {
    Coefficients: "coefficients",
    Entries: "entries",
    HeatMap: "heat map",
    Remainder: "remainder",
}


def _drawn(result: Result) -> list[dict[str, Any]]:
    failing = sorted(result.smallest.values(), key=lambda failing: failing.size)
    return pictures_of(failing[0].report if failing else result.shown)


# -- plain data -----------------------------------------------------------------------------------


def plain_data(value: Any) -> Any:
    """Return a value as what JSON has: dicts, lists, strings, finite numbers, true, false and null.

    >>> plain_data({"x": np.array([1.0, np.nan]), "n": np.int64(3), (1, 2): None})
    {'x': [1.0, 'nan'], 'n': 3, '(1, 2)': None}
    """
    if value is None or isinstance(value, (bool, int)):
        return bool(value) if isinstance(value, bool) else None if value is None else int(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else repr(float(value))
    if isinstance(value, Mapping):
        return {_text(str(key)): plain_data(item) for key, item in value.items()}
    if isinstance(value, np.generic):
        return plain_data(value.item())
    if isinstance(value, np.ndarray):
        if value.size > MOST_ENTRIES:
            return {"shape": list(value.shape), "dtype": str(value.dtype)}
        return plain_data(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_data(item) for item in value]
    return _text(repr(value))


def _text(text: str) -> str:
    r"""Return a text that can be written in UTF-8: half a character becomes visible.

    >>> _text("a\udc80")
    'a\\udc80'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
