"""The progress bar: which target, how far, how long.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column

from gradtest.campaign import Begun, Ended, Judged

if TYPE_CHECKING:
    from gradtest.campaign import Event

__all__ = ["Bar"]

#: Columns for the spinner, the count, the time, the gaps, and for the ^C that a terminal echoes: were
#: the line full, that would begin another one, and the bar could not be wiped away.
TAKEN = 26


def _narrow(width: int) -> Column:
    return Column(no_wrap=True, overflow="ellipsis", max_width=max(8, width))


class Bar:
    """A bar below the rows that are written; it goes away when all is done.

    Parameters
    ----------
    console : Console
    count : int
        How many targets.
    cases : int
        How many cases each.
    """

    def __init__(self, console: Console, count: int, cases: int) -> None:
        room = console.width - TAKEN
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[at]}", markup=False),
            BarColumn(bar_width=max(8, min(40, room // 3))),
            TimeElapsedColumn(),
            TextColumn("{task.fields[name]}", markup=False, table_column=_narrow(room - max(8, room // 3))),
            console=console,
            transient=True,
            refresh_per_second=8,
        )
        self._count, self._cases, self._ended = count, cases, 0
        self._task = self._progress.add_task("", total=count * cases, at="", name="")

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Move on."""
        if isinstance(event, Judged):
            if event.shrinking:
                self._progress.update(self._task, name=f"{event.name}: looking for the smallest case")
            else:
                self._progress.advance(self._task)
            return
        if isinstance(event, Begun):
            at = f"{min(self._ended + 1, self._count)}/{self._count}"
            self._progress.update(self._task, at=at, name=event.name)
        elif isinstance(event, Ended):
            self._ended += 1
            self._progress.update(self._task, completed=self._ended * self._cases)
