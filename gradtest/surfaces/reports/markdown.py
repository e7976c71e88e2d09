"""Markdown: the summary of a job, or a comment below a change.  No name becomes markup.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gradtest.diagnosis.visible import one_line, visible

from ..table import number_text, seconds_text
from .document import Checked, Document, Found, Kept
from .held import cell
from .problems import problems_of
from .summary import conclusion, counted, figures

__all__ = ["escaped", "fenced", "markdown"]

#: So many findings are told at length: a summary of a job may hold a mebibyte.
MOST_FINDINGS = 100
#: So many rows stand in the open; more of those that agree are folded.
MOST_ROWS = 40

HEADER = ("derivative", "verdict", "cases", "undecided", "resolution", "laws", "time")


def markdown(document: Document) -> str:
    """Return a report in Markdown as GitHub and GitLab read it."""
    return "\n".join(_lines(document)).rstrip() + "\n"


#: What may begin something within a line: a colon before // is a link, and around a word a picture.
_WITHIN = re.compile(r"[\\`*_\[\]|~#!$]|:(?=//|[\w+-]+:)|(?<=www)\.", re.IGNORECASE)
#: What may begin a list, a quotation or a line below a heading.
_FIRST = re.compile(r"^(\d*)([-+=.)])")
_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "&#64;"))


def escaped(text: str) -> str:
    r"""Return a text that means itself: on one line, without markup, links, mentions or HTML.

    >>> escaped("a_b <i> | @me #1 www.x.y: http://x")
    'a\\_b &lt;i&gt; \\| &#64;me \\#1 www\\.x.y: http\\://x'
    >>> escaped("1. one"), escaped("- two - three")
    ('1\\. one', '\\- two - three')
    """
    text = _FIRST.sub(r"\1\\\2", _WITHIN.sub(r"\\\g<0>", one_line(text)))
    for character, name in _ENTITIES:
        text = text.replace(character, name)
    return text


def fenced(text: str) -> list[str]:
    """Return the lines of a block in which nothing is markup; its fence is longer than any in the text."""
    lines = visible(text).split("\n")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *lines, fence]


# -- parts ----------------------------------------------------------------------------------------


def _lines(document: Document) -> Iterator[str]:
    yield f"## gradtest: {escaped(document.checked)}"
    yield ""
    yield f"**{escaped(conclusion(document))}**"
    yield ""
    if document.partial:
        yield f"**{escaped(document.partial)}**"
        yield ""
    if document.targets:
        yield from (f"- {label}: {escaped(text)}" for label, text in figures(document))
        yield from [f"- seed: {document.seed}"] if document.seed is not None else []
        yield ""
    yield from _baseline(document)
    yield from _tables(document.targets)
    yield from _problems(document)
    yield from _notes(document.targets)


def _baseline(document: Document) -> Iterator[str]:
    kept = document.baseline
    if not isinstance(kept, Kept):
        return
    entries = "1 entry" if kept.entries == 1 else f"{number_text(kept.entries)} entries"
    what = (
        f"there is none: {kept.unwritten}"
        if kept.unwritten
        else "written; this run fails once"
        if kept.born
        else counted(len(kept.changes), "change")
    )
    yield f"### Since the baseline {escaped(kept.file)} ({entries}): {escaped(what)}"
    yield ""
    for change in kept.changes:
        yield f"- {'**fails:** ' if change.fails else ''}{escaped(change.said)}"
    yield ""


def _tables(targets: Sequence[Checked]) -> Iterator[str]:
    """Yield a table of all targets; where there are many, those that agree are folded."""
    first = targets if len(targets) <= MOST_ROWS else [one for one in targets if one.verdict != "agrees"]
    rest = [] if first is targets else [one for one in targets if one.verdict == "agrees"]
    if first:
        yield from _table(first)
    if rest:
        yield f"<details><summary>{counted(len(rest), 'derivative')} that agree</summary>"
        yield ""
        yield from _table(rest)
        yield "</details>"
        yield ""


def _table(targets: Sequence[Checked]) -> Iterator[str]:
    yield f"| {' | '.join(HEADER)} |"
    yield "| --- | --- | ---: | ---: | ---: | --- | ---: |"
    for one in targets:
        sharp = f"{float(one.resolution):.0e}" if one.agrees and one.resolution else "-"
        verdict = one.verdict if one.verdict == "agrees" else f"**{escaped(one.verdict)}**"
        figures = (number_text(one.cases), number_text(one.undecided), sharp, _laws(one))
        time = seconds_text(one.seconds) if one.seconds else "-"
        yield f"| {' | '.join((escaped(one.name), verdict, *figures, time))} |"
    yield ""


def _laws(one: Checked) -> str:
    words: dict[str, list[str]] = {}
    for law in one.laws:
        words.setdefault(cell(one, law).word, []).append(law)
    parts = [f"{len(words['held'])} held"] if "held" in words else []
    parts += [f"{word}: {', '.join(words[word])}" for word in ("broken", "undecided") if word in words]
    return escaped("; ".join(parts) or "-")


def _problems(document: Document) -> Iterator[str]:
    found = [(one, problem) for one in document.targets for problem in problems_of(one, document)]
    for one, problem in found[:MOST_FINDINGS]:
        yield f"### {escaped(problem.headline)}"
        yield ""
        yield f"{escaped(one.name)}, in {escaped(problem.path)}" + (
            f" line {problem.line}" if problem.placed else ""
        )
        yield ""
        yield from fenced(problem.message)
        yield ""
        yield from _again(one)
    if len(found) > MOST_FINDINGS:
        yield f"And {len(found) - MOST_FINDINGS} more."
        yield ""


def _again(one: Checked) -> Iterator[str]:
    if one.again:
        yield "To look again:"
        yield ""
        yield from fenced(one.again)
        yield ""


def _notes(targets: Sequence[Checked]) -> Iterator[str]:
    notes = [(one.name, note) for one in targets for note in one.notes if not note.startswith("inputs ")]
    contradicted: list[tuple[str, str, Found]] = [
        (one.name, method, said.finding) for one in targets for method, said in one.contradictions.items()
    ]
    if notes or contradicted:
        yield "### Notes"
        yield ""
        yield from (f"- {escaped(name)}: {escaped(note)}" for name, note in notes[:MOST_FINDINGS])
        for name, method, finding in contradicted[:MOST_FINDINGS]:
            says = f"{method}, which does not decide, says: {finding.headline}"
            yield f"- {escaped(name)}: {escaped(says)}"
        yield ""
