"""gradtest explain: what a code or a word of a report means, with a wrong and a right example.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from .lines import Line, Piece, fill

if TYPE_CHECKING:
    from .terminal import Paper

__all__ = ["command"]

#: Lines of text are no longer than this, however wide the terminal.
WIDEST = 100


@click.command()
@click.argument("words", nargs=-1)
def command(words: tuple[str, ...]) -> None:
    """Explain a code (GT102), a law (derivative) or a word of a report (kinks).

    Without one, list what can be explained.
    """
    from gradtest.diagnosis.explanation import contents, page

    from .terminal import paper

    out = paper(sys.stdout)
    out.write(_shown(page(" ".join(words)), _width(out)) if words else _listed(contents(), _width(out)))


def _width(out: Paper) -> int:
    return min(out.width or WIDEST, WIDEST)


def _listed(contents: dict[str, str], width: int) -> Iterator[Line]:
    room = max(map(len, contents))
    for name, title in contents.items():
        first, *more = fill(title, width, f"{name:<{room}}  ", " " * (room + 2))
        yield (Piece(f"{name:<{room}}", "strong"), Piece(first[room:]))
        yield from ((Piece(line),) for line in more)


def _shown(text: str, width: int) -> Iterator[Line]:
    """Yield a page: paragraphs filled anew, examples indented and left as they are."""
    for number, part in enumerate(_parts(text)):
        if number:
            yield ()
        if part.startswith("```"):
            yield from ((Piece(f"    {line}" if line else ""),) for line in part.splitlines()[1:-1])
            continue
        mood = "strong" if part.startswith("# ") else ""
        line = " ".join(part.removeprefix("# ").splitlines())
        yield from ((Piece(one, mood),) for one in fill(line, width, "", ""))


def _parts(text: str) -> Iterator[str]:
    """Yield the paragraphs and the blocks of code of a page."""
    for outside, code in _alternating(text):
        yield from (part.strip() for part in outside.split("\n\n") if part.strip())
        if code:
            yield f"```{code}```"


def _alternating(text: str) -> Iterator[tuple[str, str]]:
    pieces = text.split("```")
    for i in range(0, len(pieces), 2):
        yield pieces[i], pieces[i + 1] if i + 1 < len(pieces) else ""
