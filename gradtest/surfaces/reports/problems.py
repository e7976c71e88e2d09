"""What a run is worth looking into for: one problem for each finding, and for each target without a verdict.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from .document import Checked, Document, Kept
from .summary import VERDICTS

__all__ = ["Problem", "problems", "problems_of", "problems_of_run"]


@dataclass(frozen=True)
class Problem:
    """Something that is said where the user reads.

    Attributes
    ----------
    code : str
        That of a finding, else the verdict.
    headline, message : str
    path : str
        A file, from the root of the project where it is known.
    line : int
    fails : bool
        Whether the run fails for it.
    placed : bool
        Whether file and line are those of the derivative.
    key : str
        What tells it from others, and is the same in the next run.
    """

    code: str
    headline: str
    message: str
    path: str
    line: int
    fails: bool
    placed: bool
    key: str


def problems(document: Document) -> Iterator[Problem]:
    """Yield what is wrong in a run, target after target, and then what is worse than in its baseline."""
    yield from problems_of_run(document)
    for checked in document.targets:
        yield from problems_of(checked, document)
    if isinstance(document.baseline, Kept):
        places = {checked.key: checked for checked in document.targets}
        for change in document.baseline.changes:
            if change.fails:
                headline = f"gradtest: since the baseline: {change.kind}"
                key = f"{change.target}, {change.parameter}: {change.kind}"
                yield _problem(places.get(change.target), "baseline", headline, change.said, True, key)


def problems_of_run(document: Document) -> Iterator[Problem]:
    """Yield why there is no run, or only a part of one."""
    if isinstance(document.misuse, str):
        yield _problem(None, "misused", "gradtest could not begin", document.misuse, True, "misuse")
    if document.partial:
        yield _problem(None, "partial", "gradtest: not all was looked at", document.partial, True, "partial")


def problems_of(checked: Checked, document: Document) -> Iterator[Problem]:
    """Yield what is wrong with one target; what is accepted, skipped or was not reached is no problem."""
    fails = document.exit_code != 0
    baseline = document.baseline
    if isinstance(baseline, Kept) and checked.key in baseline.settled:
        fails = False
    if checked.verdict in ("disagrees", "misfit"):
        for finding in checked.findings:
            key = f"{checked.key}: {finding.code} {finding.parameter}"
            yield _problem(checked, finding.code, finding.headline, finding.message, fails, key)
    elif sentence := _sentence(checked):
        first = f"gradtest: {checked.name} {VERDICTS[checked.verdict][0]}"
        yield _problem(checked, checked.verdict, first, sentence, fails, f"{checked.key}: {checked.verdict}")


def _sentence(checked: Checked) -> str:
    if checked.verdict == "crashed":
        return f"gradtest itself failed on {checked.name}; please report it: {checked.crash}"
    if checked.verdict == "misused":
        return checked.misuse or f"{checked.name} cannot be checked"
    if checked.verdict == "undecided":
        return f"{checked.name}: {checked.vacuous or 'nothing was decided'}"
    return ""


def _problem(
    checked: Checked | None, code: str, headline: str, message: str, fails: bool, key: str
) -> Problem:
    placed = checked is not None and checked.file is not None and checked.line is not None
    path, line = _place(checked)
    return Problem(code, headline, message, path, line, fails, placed, key)


def _place(checked: Checked | None) -> tuple[str, int]:
    """Return where a problem is shown: at the derivative, else in the file that was named."""
    if checked is None:
        return "pyproject.toml", 1
    if checked.file is not None:
        return checked.file, checked.line or 1
    where = checked.place.partition("::")[0].partition(":")[0]
    if where.endswith(".py"):
        return PurePosixPath(where).as_posix(), 1
    return (where.replace(".", "/") + ".py" if where else "pyproject.toml"), 1
