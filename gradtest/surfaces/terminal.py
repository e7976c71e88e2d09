"""Where lines go: a terminal with colour and a progress bar, or a plain stream.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TextIO

from .lines import Line, Piece, plain

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


#: Seconds between two lines that say how far one is.
BETWEEN = 30.0


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

    def status(self) -> AbstractContextManager[Callable[[str], None]]:
        """Return a context in which it may be said how far one is; a plain stream has a line now and then."""
        last = time.monotonic()

        def say(text: str) -> None:
            nonlocal last
            if time.monotonic() - last > BETWEEN:
                last = time.monotonic()
                self.write([(Piece(text, "faint"),)])

        return nullcontext(say)


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

    @contextmanager
    def _spinning(self) -> Iterator[Callable[[str], None]]:
        from rich.text import Text

        with self._console.status("") as status:
            yield lambda text: status.update(Text(text, "bright_black"))

    def status(self) -> AbstractContextManager[Callable[[str], None]]:
        return self._spinning() if self._console.is_terminal else super().status()


def paper(stream: TextIO) -> Paper:
    """Return what to write on: a screen if the stream is one, or is to be taken for one."""
    screen = stream.isatty() or bool(os.environ.get("FORCE_COLOR"))
    if screen and os.environ.get("TERM") != "dumb":
        return _Screen(stream)
    made = Paper(stream)
    if stream.isatty() or os.environ.get("COLUMNS"):
        made.width = shutil.get_terminal_size().columns
    return made
