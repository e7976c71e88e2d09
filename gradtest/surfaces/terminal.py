"""Where lines go: a terminal with colour and a progress bar, or a plain stream.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TextIO

from .lines import Line, plain

if TYPE_CHECKING:
    from gradtest.campaign import Event

__all__ = ["Paper", "paper", "tolerant"]

STYLES = {
    "": "",
    "good": "green",
    "bad": "bold red",
    "doubtful": "yellow",
    "faint": "bright_black",
    "strong": "bold",
}


def tolerant(stream: TextIO) -> None:
    """Let a stream that cannot write ∂ or ± write ? instead of failing."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


class Paper:
    """A plain stream: a log, a pipe, a file.

    Attributes
    ----------
    width : int or None
        Columns there are; None where lines may be as long as they like.
    """

    width: int | None = None

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, lines: Iterable[Line]) -> None:
        """Write some lines, and let them be seen at once."""
        for line in lines:
            self._stream.write(plain(line) + "\n")
        self._stream.flush()

    def progress(self, count: int, cases: int) -> AbstractContextManager[Callable[[Event], None]]:
        """Return a context in which events may be heard; a plain stream shows none of them."""
        return nullcontext(lambda event: None)


class _Screen(Paper):
    """A terminal: colour, and a bar while there is something to wait for."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        super().__init__(stream)
        self._console: Any = Console(file=stream, highlight=False)
        self.width = self._console.width

    def write(self, lines: Iterable[Line]) -> None:
        from rich.text import Text

        for line in lines:
            text = Text.assemble(*((piece.text, STYLES[piece.mood]) for piece in line))
            self._console.print(text, soft_wrap=True)

    def progress(self, count: int, cases: int) -> AbstractContextManager[Callable[[Event], None]]:
        from .progress import Bar

        return (
            Bar(self._console, count, cases) if self._console.is_terminal else super().progress(count, cases)
        )


def paper(stream: TextIO) -> Paper:
    """Return what to write on: a screen if the stream is one, or is to be taken for one."""
    screen = stream.isatty() or bool(os.environ.get("FORCE_COLOR"))
    if screen and os.environ.get("TERM") != "dumb":
        return _Screen(stream)
    made = Paper(stream)
    if stream.isatty() or os.environ.get("COLUMNS"):
        made.width = shutil.get_terminal_size().columns
    return made
