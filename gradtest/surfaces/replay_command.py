"""gradtest replay: failures that were written down, judged again.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradtest.errors import Misuse, nearest

from .exit_codes import ExitCode

if TYPE_CHECKING:
    from gradtest.replay import Replayed

    from .lines import Line

__all__ = ["command"]

MOODS = {"FAILED": "bad", "FIXED": "good", "UNDECIDED": "doubtful", "LOST": "doubtful"}


@click.command()
@click.argument("id", required=False)
@click.pass_context
def command(ctx: click.Context, /, id: str | None) -> None:
    """Judge failures of earlier runs again, by the code as it is now.

    ID is that of a failure in .gradtest/failures, or "all". Without it, the failures are listed.

    \b
    Exit codes: 0 all are fixed, 1 one still fails, 4 one cannot be loaded, 5 undecided, or none there.
    """
    from gradtest.failures.case_file import FOLDER, failures

    known = list(failures(Path.cwd()))
    if not known:
        click.echo(f"There is no failure in {FOLDER.as_posix()}.")
        ctx.exit(ExitCode.NOTHING_DECIDED)
    if id is None:
        _list(known)
        return
    if id != "all" and id not in known:
        raise Misuse(f"there is no failure {id!r} in {FOLDER.as_posix()}; {nearest(id, known)}")
    ctx.exit(_replayed(known if id == "all" else [id]))


def _list(known: list[str]) -> None:
    from gradtest.failures.case_file import read
    from gradtest.failures.packing import CannotKeep

    for id in known:
        try:
            failure, _ = read(Path.cwd(), id)
            click.echo(f"{id}  {failure.headline}" + (f"  ({failure.test})" if failure.test else ""))
        except CannotKeep as error:
            click.echo(f"{id}  {error}")


def _replayed(ids: list[str]) -> ExitCode:
    from gradtest.replay import replay

    from .terminal import paper

    out = paper(sys.stdout)
    words = set()
    for id in ids:
        replayed = replay(id, Path.cwd())
        out.write(_lines(replayed, out.width, whole=len(ids) == 1))
        words.add(replayed.word)
    for word, code in (
        ("FAILED", ExitCode.DISAGREES),
        ("LOST", ExitCode.MISUSE),
        ("UNDECIDED", ExitCode.NOTHING_DECIDED),
    ):
        if word in words:
            return code
    return ExitCode.AGREES


def _lines(replayed: Replayed, width: int | None, *, whole: bool) -> Iterator[Line]:
    """Yield what became of one failure; the whole message if it is the only one and still fails."""
    from .lines import Piece, fill

    word = replayed.word
    text = replayed.headline or "unknown failure"
    if word == "LOST":
        text = f"cannot be loaded: {replayed.reason}"
    elif word == "UNDECIDED":
        text = f"{text}: {replayed.reason}"
    first, *more = fill(text, width, f"{replayed.id}  {word:<9} ", "  ")
    yield (Piece(f"{replayed.id}  "), Piece(f"{word:<9}", MOODS[word]), Piece(first[len(replayed.id) + 11 :]))
    yield from ((Piece(line),) for line in more)
    if whole and word == "FAILED":
        yield ()
        yield from ((Piece(line),) for line in str(replayed.report).splitlines())
