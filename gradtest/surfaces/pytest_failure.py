"""How a finding looks in pytest: its own words, and none of our frames or Hypothesis's.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

import gradtest
from gradtest.diagnosis.evidence import Finding
from gradtest.diagnosis.report import TEXT_AT, Report, message

from .lines import cells, fill

__all__ = ["drop_our_lines", "findings_of", "fold", "hide_our_frames", "keep", "ours", "place_of", "rewrite"]


def ours(error: BaseException) -> list[BaseException]:
    """Return the errors of gradtest that a test ended with, gross ones first; none if it ended otherwise."""
    if isinstance(error, BaseExceptionGroup):
        parts = [part for inner in error.exceptions for part in ours(inner)]
        all_ours = len(parts) >= len(error.exceptions) and all(map(ours, error.exceptions))
        return sorted(parts, key=lambda part: type(part).__name__) if all_ours else []
    search = sys.modules.get("gradtest.properties.search")
    vacuous = (search.Vacuous,) if search is not None else ()
    return [error] if isinstance(error, (gradtest.GradientError, gradtest.Misuse, *vacuous)) else []


def findings_of(error: BaseException) -> list[Finding]:
    """Return all findings in what a test ended with."""
    reports = [getattr(one, "report", None) for one in ours(error)]
    return [finding for report in reports if isinstance(report, Report) for finding in report.findings]


def keep(errors: Iterable[BaseException], item: pytest.Item) -> None:
    """Write what was found to where `gradtest replay` finds it, and let the messages say so."""
    wrong = [error for error in errors if isinstance(error, gradtest.GradientError)]
    if not wrong:
        return
    from gradtest.failures.keep import kept

    base = item.config.invocation_params.dir
    name = item.nodeid.partition("::")[2]
    test = f"{Path(os.path.relpath(item.path, base)).as_posix()}::{name}"
    for error in wrong:
        if isinstance(error.report, Report):
            error.report = kept(error.report, base=base, test=test)


# -- where ----------------------------------------------------------------------------------------


def hide_our_frames(excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    """Hide the frames of gradtest (Hypothesis hides its own); say whether any of the user's is left."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "gradtest" and not name.startswith(__package__):
            module.__dict__["__tracebackhide__"] = True  # pytest looks for it among the globals of a frame
    others = _folders("gradtest", "hypothesis", "_pytest", "pluggy", "pytest")
    return not all(_inside(entry.path, others) for entry in excinfo.traceback)


def _folders(*packages: str) -> list[Path]:
    found = (getattr(sys.modules.get(name), "__file__", None) for name in packages)
    return [Path(file).resolve().parent for file in found if file]


def drop_our_lines(errors: Iterable[BaseException]) -> None:
    """Take out of the notes of Hypothesis what is ours: lines that always run, and what feeds its search."""
    folders = _folders("gradtest", "hypothesis", "numpy")
    for error in errors:
        notes = getattr(error, "__notes__", [])
        kept = (note for note in notes if not (_names_line_in(note, folders) or _SCORE in note))
        notes[:] = _explained(kept)


#: What Hypothesis adds of `hypothesis.target`, with our label.
_SCORE = "(label='gradient error / tolerance')"


def _names_line_in(note: str, folders: list[Path]) -> bool:
    file = re.fullmatch(r"\s+(.+):\d+", note)
    return note.lstrip().startswith("(and ") or (file is not None and _inside(file[1], folders))


def _explained(notes: Iterable[str]) -> Iterator[str]:
    """Yield the notes, without an explanation of which nothing is left."""
    waiting: list[str] = []
    for note in notes:
        if note == "Explanation:" or (waiting and note.endswith(" test cases:")):
            waiting.append(note)
            continue
        if note.startswith(" "):
            yield from waiting
        waiting = []
        yield note


def _inside(path: object, folders: list[Path]) -> bool:
    parents = Path(str(path)).resolve().parents
    return any(folder in parents for folder in folders)


def place_of(item: pytest.Function) -> tuple[str, int | None, str]:
    """Return file, line and name of a test that was made by a call: the line of its assignment."""
    file, _, name = item.location[0], item.location[1], item.name
    file = item.nodeid.split("::")[0] or file
    return file, _line_of(item.path, item.originalname or name), name


def _line_of(path: Path, name: str) -> int | None:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    found = re.search(rf"^\s*{re.escape(name)}\s*(:.*)?=", text, re.MULTILINE)
    return text.count("\n", 0, found.end()) if found else None


# -- what -----------------------------------------------------------------------------------------


def rewrite(
    report: pytest.TestReport,
    item: pytest.Item,
    excinfo: pytest.ExceptionInfo[BaseException],
    errors: list[BaseException],
    theirs: bool,
) -> None:
    """Let a report say what was found: alone, or below the user's own frames where there are any."""
    verbose = item.config.get_verbosity() > 0
    if not theirs:
        report.longrepr = _as_text("\n\n".join(dict.fromkeys(_text(error, verbose) for error in errors)))
        _place(report, item)
    elif item.config.getoption("tbstyle") == "native":
        report.longrepr = _as_text("".join([*_frames(excinfo), _text(errors[0], verbose)]))
        _place(report, item)
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        crash.message = _headline(errors)


def _frames(excinfo: pytest.ExceptionInfo[BaseException]) -> Iterator[str]:
    """Yield the user's own frames as Python shows them; pytest would show its own, too."""
    others = _folders("gradtest", "hypothesis", "_pytest", "pluggy", "pytest")
    yield "Traceback (most recent call last):\n"
    for frame in traceback.extract_tb(excinfo.value.__traceback__):
        if not _inside(frame.filename, others):
            yield from traceback.format_list([frame])


def _text(error: BaseException, verbose: bool = False) -> str:
    """Return the message; with `verbose` that of every finding, one after the other."""
    found = findings_of(error) if verbose else []
    if len(found) > 1:
        return "\n\n".join(map(message, found))
    return str(error) if str(error).startswith("gradtest") else f"gradtest: {error}"


def _headline(errors: list[BaseException]) -> str:
    """Return one line that survives alone in ``FAILED ... - ...``."""
    count = sum(len(getattr(getattr(error, "report", None), "findings", ())) or 1 for error in errors)
    more = f" (and {count - 1} more)" if count > 1 else ""
    return _text(errors[0]).splitlines()[0] + more


def fold(reports: Iterable[pytest.TestReport], width: int | None) -> None:
    """Break lines that are wider than the terminal under their own text, not under the label."""
    for report in reports:
        lines = str(report.longrepr).splitlines()
        shown = _as_text("\n".join(part for line in lines for part in _folded(line, width)))
        shown.reprcrash = getattr(report.longrepr, "reprcrash", None)
        report.longrepr = shown


def _folded(line: str, width: int | None) -> list[str]:
    at = TEXT_AT if line.startswith("  ") else 0
    if width is None or cells(line) <= width:
        return [line]
    return fill(line[at:], width, line[:at], " " * (at or 2))


class _Shown(Exception):
    """Carries a text through pytest's own representation of exceptions."""


def _as_text(text: str) -> Any:
    try:
        raise _Shown(text)
    except _Shown:
        return pytest.ExceptionInfo[_Shown].from_current().getrepr(style="value")


def _place(report: pytest.TestReport, item: pytest.Item) -> None:
    crash = getattr(report.longrepr, "reprcrash", None)
    file, line, _ = item.location
    if crash is not None:
        crash.path, crash.lineno = file, (line or 0) + 1
