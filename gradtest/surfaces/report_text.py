"""What a campaign came to, in words: the same on a terminal, in a log, without colour.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gradtest.diagnosis.report import TEXT_AT, also_rows, message

from .lines import Line, Piece, cells, fill
from .reports.summary import conclusion, counted, figures, verdicts_of

if TYPE_CHECKING:
    from gradtest.diagnosis.evidence import Finding
    from gradtest.plan import Plan
    from gradtest.record import Ledger, Record

    from .reports.document import Document

__all__ = ["findings", "misuse_text", "opening", "summary"]


def opening(place: str, count: int, plan: Plan, version: str, width: int | None) -> list[Line]:
    """Return the first lines: what is about to be checked, and by what."""
    targets = counted(count, "derivative")
    cases = f"{counted(plan.max_examples, 'case')}{' each' if count > 1 else ''}"
    beside = f", second opinions: {' and '.join(plan.opinions)}" if plan.opinions else ""
    text = f"gradtest {version} checks {place}: {targets}, {cases}; method: {plan.settings.method}{beside}"
    return [(Piece(line, "strong" if not i else ""),) for i, line in enumerate(fill(text, width, "", "  "))]


# -- findings -------------------------------------------------------------------------------------


def findings(ledger: Ledger, width: int | None) -> Iterator[Line]:
    """Yield what was found, target after target."""
    for record in ledger.records:
        if record.findings and record.verdict != "known":  # the table says why that one is accepted
            yield ()
            yield from _finding(record.findings[0], width)
            yield from _extra(record, width)
        for method, contradiction in record.contradictions.items():
            yield ()
            yield from _lines(
                f"{record.name}: this is what {method} says, and it does not decide:", width, "doubtful"
            )
            yield from _finding(contradiction.finding, width, "")
        if record.crash:
            yield ()
            yield from _lines(f"gradtest itself failed on {record.name}; please report it:", width, "bad")
            yield from ((Piece("  " + line),) for line in record.crash.splitlines()[:6])
            yield from _rows([("again", record.again)], width)
        elif not record.findings and misuse_text(record):
            yield ()
            yield from _lines(f"gradtest: {misuse_text(record)}", width, "bad")


def _finding(finding: Finding, width: int | None, mood: str = "bad") -> Iterator[Line]:
    headline, *rows = message(finding).splitlines()
    yield from _lines(headline, width, mood)
    for row in rows:
        yield from ((Piece(line),) for line in _row(row, width))


def _row(row: str, width: int | None) -> list[str]:
    """Break a row of a finding under its own text, not under its label."""
    label, text = row[:TEXT_AT], row[TEXT_AT:]
    if width is None or cells(row) <= width or cells(label) > TEXT_AT:
        return [row]
    return fill(text, width, label, " " * TEXT_AT)


def _extra(record: Record, width: int | None) -> Iterator[Line]:
    """Yield what is known beside the smallest case: who agrees, what else is wrong, how to see it again."""
    finding, *others = record.findings
    rows = []
    if not any(record.name in text for text in (finding.headline, finding.parameter, finding.source)):
        rows.append(("derivative", record.name))
    if record.said:
        rows.append(("others say", "   ".join(f"{method} {word}" for method, word in record.said.items())))
    yield from _rows([*rows, *also_rows(finding, others), (_label(finding), record.again)], width)


def _label(finding: Finding) -> str:
    return "search again" if finding.again else "again"


def _rows(rows: Sequence[tuple[str, str]], width: int | None) -> Iterator[Line]:
    for label, text in rows:
        yield from ((Piece(line),) for line in _row(f"  {label:<13} {text}", width))


def misuse_text(record: Record) -> str:
    """Return why a target cannot be checked, and what to write; empty where it can."""
    if record.misuse or not record.never_finite:
        return record.misuse
    names = list(record.inputs.shapes.items()) if record.inputs else [("x", "n")]
    name, shape = names[0]
    dims = str(shape).split(" : ")[0]
    return (
        f"{record.name} was not finite at any of {counted(record.tally.cases, 'point')}; "
        f'restrict its inputs to where it is, for example --inputs "{name}: {dims} : positive"'
    )


def _lines(text: str, width: int | None, mood: str) -> Iterator[Line]:
    for line in fill(text, width, "", "  "):
        yield (Piece(line, mood),)


# -- summary --------------------------------------------------------------------------------------


def summary(document: Document, width: int | None) -> Iterator[Line]:
    """Yield the last lines: how many of what, what would have been seen, the cost, the seed."""
    yield ()
    verdicts = verdicts_of(document)
    mood = "good" if set(verdicts) == {"agrees"} else "bad" if verdicts["disagrees"] else "doubtful"
    yield from _lines(conclusion(document), width, mood)
    for label, text in figures(document):
        first = f"  {label:<12}"
        yield from ((Piece(line),) for line in fill(text, width, first, " " * len(first)))
    yield (Piece(f"Seed: {document.seed}"),)
