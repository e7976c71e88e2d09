"""What is said when all is done: on a terminal, as JSON, in reports, and to the shell.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from gradtest.errors import Misuse

from .exit_codes import ExitCode, exit_code
from .lines import Line, Piece, fill, plain

if TYPE_CHECKING:
    from gradtest.record import Ledger

    from .promise import Kept, Promise
    from .reports.document import Document
    from .reports.publishing import Wanted
    from .terminal import Paper

__all__ = ["Telling", "refused", "reported"]


@dataclass(frozen=True)
class Telling:
    """What to say of a run.

    Attributes
    ----------
    place : str
        What was asked for.
    reports : Wanted
    promise : Promise or None
        The baseline that it is held against.
    laws, pictures, mutants : bool
        Whether to show them.
    partial : str
        Why not all was looked at that should have been; then it is no success.  Empty if it was.
    """

    place: str
    reports: Wanted
    promise: Promise | None = None
    laws: bool = False
    pictures: bool = False
    mutants: bool = False
    partial: str = ""

    def in_words(self, ledger: Ledger, out: Paper) -> ExitCode:
        """Write what there is to say below the table."""
        from . import report_text

        out.write(report_text.findings(ledger, out.width))
        out.write(self._beside(ledger, out.width))
        kept, document = self._document(ledger)
        if kept is not None:
            out.write(kept.lines(out.width))
        out.write(report_text.summary(document, out.width))
        if self.partial:
            out.write((Piece(line, "doubtful"),) for line in fill(self.partial, out.width, "", "  "))
        out.write(self._published(document, out.width))
        return ExitCode(document.exit_code)

    def _beside(self, ledger: Ledger, width: int | None) -> Iterator[Line]:
        from .characters import drawn
        from .laws_table import laws_table
        from .mutants_table import mutants_table

        if self.laws:
            yield from laws_table(ledger, width)
        for record in ledger.records if self.pictures else ():
            for picture in record.pictures:
                yield ()
                yield (Piece(record.name, "faint"),)
                yield from drawn(picture, width or 80)
        if self.mutants:
            yield from mutants_table(ledger, width)

    def as_json(self, ledger: Ledger) -> ExitCode:
        """Write the document on stdout; whatever else there is to say goes to stderr."""
        from .reports.document import as_json

        _, document = self._document(ledger)
        print(as_json(document), end="")
        said = [(Piece(self.partial),)] if self.partial else []
        sys.stderr.writelines(f"{plain(line)}\n" for line in (*said, *self._published(document, None)))
        return ExitCode(document.exit_code)

    def _document(self, ledger: Ledger) -> tuple[Kept | None, Document]:
        """Return what came of the baseline, and of it all, for all reports."""
        from .reports.from_ledger import document_of

        kept = self.promise.kept(ledger) if self.promise is not None else None
        code = exit_code(ledger) if kept is None else kept.exit_code
        if self.partial and code is ExitCode.AGREES:
            code = ExitCode.NOTHING_DECIDED
        baseline = None if kept is None else kept.as_data()
        return kept, document_of(ledger, self.place, code=code, baseline=baseline, partial=self.partial)

    def _published(self, document: Document, width: int | None) -> Iterator[Line]:
        """Write the reports, and yield what is said of them; annotations go to stderr."""
        from .reports.publishing import publish

        for said in publish(document, self.reports, sys.stderr):
            yield from ((Piece(line),) for line in fill(said, width, "", "  "))


def refused(misuse: Misuse, place: str) -> NoReturn:
    """Write the document of a run that could not begin, and raise what it says.

    Raises
    ------
    Misuse
        That which is given.
    """
    from .reports.document import as_json
    from .reports.from_ledger import misuse_of

    print(as_json(misuse_of(str(misuse), place, ExitCode.MISUSE)), end="")
    raise misuse


@contextlib.contextmanager
def reported(place: str, reports: Wanted) -> Iterator[None]:
    """Make the reports of a run that cannot begin, too: those of the last one shall not stay."""
    try:
        yield
    except Misuse as misuse:
        from .reports.from_ledger import misuse_of
        from .reports.publishing import publish

        document = misuse_of(str(misuse), place, ExitCode.MISUSE)
        sys.stderr.writelines(f"{said}\n" for said in publish(document, reports, sys.stderr))
        raise
