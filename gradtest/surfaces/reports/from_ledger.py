"""From the ledger of a run to the document of its reports.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from gradtest import __version__
from gradtest.diagnosis.mutants import Fate
from gradtest.diagnosis.report import message
from gradtest.record import plain_data, text_of

from ..exit_codes import exit_code
from ..report_text import misuse_text
from ..table import notes
from .document import Checked, Document, Kept

if TYPE_CHECKING:
    from gradtest.diagnosis.evidence import Finding
    from gradtest.properties.tally import Tally
    from gradtest.record import Ledger, Record

__all__ = ["checked_of", "counts_of", "document_of", "found_of", "misuse_of"]


def document_of(
    ledger: Ledger,
    place: str,
    *,
    code: int | None = None,
    baseline: Mapping[str, Any] | None = None,
    partial: str = "",
) -> Document:
    """Return the document of a run.

    Parameters
    ----------
    ledger : Ledger
    place : str
        What was asked for.
    code : int, optional
        What the command ends with, if that is not what the ledger says.
    baseline : mapping, optional
        What came of one.
    partial : str
        Why not all was looked at that should have been.
    """
    plan = ledger.plan
    return Document(
        gradtest=__version__,
        checked=text_of(place),
        seed=plan.settings.seed,
        max_examples=plan.max_examples,
        method=plan.settings.method,
        opinions=list(plan.opinions),
        exit_code=int(exit_code(ledger) if code is None else code),
        interrupted=ledger.interrupted,
        seconds=ledger.seconds,
        partial=text_of(partial),
        baseline=UNSET if baseline is None else msgspec.convert(plain_data(baseline), Kept),
        targets=[checked_of(record) for record in ledger.records],
    )


def misuse_of(sentence: str, place: str, code: int) -> Document:
    """Return the document of a run that could not begin."""
    return Document(
        gradtest=__version__,
        checked=text_of(place),
        exit_code=int(code),
        misuse=text_of(sentence),
        targets=[],
    )


def checked_of(record: Record) -> Checked:
    """Return what became of one target."""
    return msgspec.convert(
        plain_data(
            {
                "name": record.name,
                "place": record.place,
                "dtype": record.dtype,
                "key": record.key,
                "verdict": record.verdict,
                "file": record.source and record.source[0],
                "line": record.source and record.source[1],
                "inputs": {name: str(shape) for name, shape in record.inputs.shapes.items()}
                if record.inputs
                else None,
                "inputs_from": record.inputs.origin if record.inputs else None,
                **counts_of(record.tally),
                "resolutions": sorted(record.resolutions),
                "opinions": {method: counts_of(tally) for method, tally in record.opinions.items()},
                "contradictions": {
                    method: {"finding": found_of(c.finding), "cases": c.cases}
                    for method, c in record.contradictions.items()
                },
                "findings": [found_of(finding) for finding in record.findings],
                "others_say": record.said,
                "notes": [text for text, _ in notes(record)],
                "known": record.known,
                "skip": record.skip or None,
                "misuse": misuse_text(record) or None,
                "crash": record.crash or None,
                "again": record.again,
                "pictures": [picture.as_data() for picture in record.pictures],
                "seconds": record.seconds,
            }
        ),
        Checked,
    )


def found_of(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain data, with its words."""
    words = {"headline": finding.headline, "message": message(finding), "gross": finding.gross}
    inputs = {name: value.data for name, value in finding.inputs.items()}
    bare = dataclasses.replace(finding, inputs={})
    plain: dict[str, Any] = plain_data(dataclasses.asdict(bare) | {"inputs": inputs} | words)
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
