"""Annotations of GitHub: what is wrong, at the line of the user's own backward function.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Iterator

from gradtest.diagnosis.visible import one_line, visible

from .document import Document
from .problems import Problem, problems

__all__ = ["MOST", "annotated"]

#: GitHub shows ten of a kind from one step.
MOST = 10


def annotated(document: Document) -> Iterator[str]:
    """Yield at most ten workflow commands, what fails first; where there are more, the last says how many."""
    found = sorted(problems(document), key=lambda problem: not problem.fails)
    shown = found if len(found) <= MOST else found[: MOST - 1]
    yield from map(_annotation, shown)
    if len(found) > len(shown):
        rest = len(found) - len(shown)
        yield f"::error title={_value('gradtest')}::{_data(f'and {rest} more: see the report of this run')}"


def _annotation(problem: Problem) -> str:
    where = f"file={_value(problem.path)},line={problem.line}," if problem.placed else ""
    kind = "error" if problem.fails and problem.code != "undecided" else "warning"
    first, _, rest = problem.message.partition("\n")
    said = rest if first == problem.headline and rest else problem.message  # the title says the first line
    return f"::{kind} {where}title={_value(problem.headline)}::{_data(said)}"


def _data(text: str) -> str:
    """Escape as the runner reads it (actions/toolkit, packages/core/src/command.ts, `escapeData`)."""
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    """Escape a property (`escapeProperty` there): its ends are marked by colons and commas."""
    return _data(one_line(text)).replace(":", "%3A").replace(",", "%2C")
