"""Lines of text in pieces, each with a mood; colour is added last, by whoever shows them.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Line", "Piece", "cells", "fill", "padded", "plain"]


class Piece(NamedTuple):
    """Some text and its mood: plain (empty), good, bad, doubtful, faint or strong."""

    text: str
    mood: str = ""


Line = tuple[Piece, ...]


def plain(line: Line) -> str:
    """Return the text of a line, without moods and without blanks at its end."""
    return "".join(piece.text for piece in line).rstrip()


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    >>> cells("y\\u0302"), cells("ŷ"), cells("数")
    (1, 1, 2)
    """
    return sum(_cells_of(character) for character in text)


def _cells_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded(text: str, width: int, align: str = "<") -> str:
    """Return a text with blanks to fill a column."""
    blanks = " " * max(0, width - cells(text))
    return blanks + text if align == ">" else text + blanks


def fill(text: str, width: int | None, first: str = "", then: str | None = None) -> list[str]:
    """Return a text as lines of at most `width` columns, broken at blanks where it has any.

    Parameters
    ----------
    text : str
        Of one line.
    width : int or None
        None leaves it on one line.
    first, then : str
        What the first line begins with, and the others; `then` is as `first` by default.

    >>> fill("one two three", 9, "- ", "  ")
    ['- one two', '  three']
    >>> fill("abcdefghij", 8, "", "  ")
    ['abcdefgh', '  ij']
    """
    if width is None:
        return [first + text]
    return list(_filled(text, max(width, cells(first) + 8), first, first if then is None else then))


def _filled(text: str, width: int, first: str, then: str) -> Iterator[str]:
    line, blank = first, ""
    for word in text.split(" "):
        if blank and cells(line + blank + word) > width:
            yield line
            line, blank = then, ""
        while cells(line + word) > width:  # a long array has no blank in it for a while
            room = width - cells(line)
            yield line + word[:room]
            line, word = then, word[room:]
        line, blank = line + blank + word, " "
    yield line
