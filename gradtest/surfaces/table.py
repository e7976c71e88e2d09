"""The table of a campaign: one row for each target, as wide as there is room for.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .lines import Line, Piece, cells, fill, padded

if TYPE_CHECKING:
    from gradtest.properties.tally import Tally
    from gradtest.record import Record

__all__ = ["MOODS", "Table", "mutants_text", "notes", "number_text", "reasons_text", "seconds_text"]

MOODS = {"agrees": "good", "disagrees": "bad", "misfit": "bad", "misused": "bad", "crashed": "bad"}
#: A name is given at least this much room beside the figures; else it gets a line of its own.
ROOM = 30


class Column(NamedTuple):
    """One figure of every row; where room is scarce those with the highest `price` go first."""

    header: str
    width: int
    text: Callable[[Record], str]
    price: int = 0


class Table:
    """Rows that are written one after the other, all to the same plan.

    Parameters
    ----------
    names : sequence of str
        Of all targets.
    opinions : sequence of str
        The methods that give a second opinion.
    max_examples : int
        How many cases there will be.
    width : int or None
        Columns of the terminal; None for as many as it takes.
    """

    def __init__(
        self, names: Sequence[str], opinions: Sequence[str], max_examples: int, width: int | None
    ) -> None:
        self.width = width
        longest = max(map(cells, ["derivative", *names]))
        self.columns = _columns(opinions, len(str(max_examples)))
        room = min(longest, ROOM)
        while width is not None and self._taken() + room > width and any(c.price for c in self.columns):
            dearest = max(column.price for column in self.columns)
            self.columns = [column for column in self.columns if column.price != dearest]
        self.stacked = width is not None and self._taken() + room > width
        self.name_width = longest if width is None else min(longest, width - self._taken())

    def _taken(self) -> int:
        return 1 + sum(2 + column.width for column in self.columns)

    def header(self) -> list[Line]:
        """Return the lines above the first row."""
        if self.stacked:
            return []
        names = " ".join(["", padded("derivative", self.name_width)])
        figures = "".join("  " + padded(c.header, c.width, _side(c)) for c in self.columns)
        return [(Piece(names + figures, "faint"),)]

    def row(self, record: Record) -> list[Line]:
        """Return the lines of one target: its name and figures, and what there is to say of them."""
        lines = self._stacked(record) if self.stacked else self._beside(record)
        return lines + [(Piece(text, mood),) for note, mood in notes(record) for text in self._note(note)]

    def _note(self, note: str) -> list[str]:
        return fill(note, self.width, "   ")

    def _beside(self, record: Record) -> list[Line]:
        first, *more = fill(record.name, self.name_width, "", "  ")
        mood = MOODS.get(record.verdict, "doubtful")
        figures = (
            Piece("  " + padded(c.text(record), c.width, _side(c)), mood if c.header == "verdict" else "")
            for c in self.columns
        )
        return [
            (Piece(" " + padded(first, self.name_width)), *figures),
            *((Piece(" " + line),) for line in more),
        ]

    def _stacked(self, record: Record) -> list[Line]:
        name = [(Piece(text),) for text in fill(record.name, self.width, "", "  ")]
        tally = record.tally
        verdict = Piece(f"   {record.verdict:<9}", MOODS.get(record.verdict, "doubtful"))
        sharp = f" to {_resolution(record)}" if record.verdict == "agrees" else ""
        cases = f"{tally.cases} case" + ("" if tally.cases == 1 else "s")
        figures = f"{sharp:<9}  {cases}, {tally.undecided} undecided, {seconds_text(record.seconds)}"
        return [*name, (verdict, Piece(figures))]


def _side(column: Column) -> str:
    return "<" if column.header == "verdict" else ">"


def _columns(opinions: Sequence[str], digits: int) -> list[Column]:
    return [
        Column("verdict", 9, lambda record: record.verdict),
        Column("cases", max(5, digits), lambda record: str(record.tally.cases)),
        Column("undecided", 9, lambda record: str(record.tally.undecided)),
        Column("resolution", 10, _resolution),
        *(Column(method, max(len(method), 2 * digits + 1), _opinion(method), price=1) for method in opinions),
        Column("evaluations", 11, lambda record: number_text(record.tally.evaluations), price=2),
        Column("time", 6, lambda record: seconds_text(record.seconds)),
    ]


def _opinion(method: str) -> Callable[[Record], str]:
    def text(record: Record) -> str:
        tally = record.opinions.get(method)
        return f"{tally.agrees}/{tally.cases}" if tally else "-"

    return text


def _resolution(record: Record) -> str:
    return f"{record.tally.resolution:.0e}" if record.tally.agrees and record.tally.resolution else "-"


def number_text(number: int) -> str:
    """Return a count with its thousands apart.

    >>> number_text(25301)
    '25,301'
    """
    return f"{number:,}"


def seconds_text(seconds: float) -> str:
    """Return a duration as a person says it.

    >>> seconds_text(0.03), seconds_text(12.34), seconds_text(125)
    ('0.0 s', '12.3 s', '125 s')
    """
    return f"{seconds:.1f} s" if seconds < 99.95 else f"{seconds:.0f} s"


def reasons_text(tally: Tally) -> str:
    """Return why cases are undecided, the commonest first.

    With numbers if there is more than one reason.
    """
    reasons = tally.reasons.most_common()
    return (
        reasons[0][0] if len(reasons) == 1 else ", ".join(f"{reason} ({count})" for reason, count in reasons)
    )


def mutants_text(targets: Iterable[tuple[str, int, int, Iterable[str]]]) -> tuple[str, list[str]]:
    """Return how many mutants of how many were caught, and what was not, over all targets.

    `targets` are names, how many were caught of how many, and sentences on what was not.  The first is
    empty where there was none.

    >>> mutants_text([("f", 3, 4, ["w twice: unseen"]), ("g", 0, 0, [])])
    ('3 of 4', ['f: w twice: unseen'])
    """
    caught, total, blind = 0, 0, list[str]()
    for name, seen, of, sentences in targets:
        caught, total = caught + seen, total + of
        blind += [f"{name}: {sentence}" for sentence in sentences]
    return (f"{number_text(caught)} of {number_text(total)}" if total or blind else ""), blind


def notes(record: Record) -> list[tuple[str, str]]:
    """Return what is to be said of a row, each with its mood."""
    said: list[tuple[str, str]] = []
    if record.inputs is not None and record.inputs.origin == "a guess":
        said.append((f"inputs guessed: {record.inputs} (else say --inputs)", "faint"))
    elif record.inputs is not None and record.inputs.origin == "annotations":
        said.append((f"inputs as annotated: {record.inputs}", "faint"))
    if record.verdict == "undecided":
        said.append((record.tally.vacuous(), "doubtful"))
    elif record.tally.undecided and not record.never_finite:
        said.append((f"{record.tally.undecided} undecided: {reasons_text(record.tally)}", "doubtful"))
    said += [(f"known {code}: {reason}", "doubtful") for code, reason in record.known.items()]
    said += [(f"skipped: {record.skip}", "faint")] if record.skip else []
    if record.out_of_time:
        taken = seconds_text(record.seconds)
        said.append((f"its time was up: {record.tally.cases} of {record.asked} cases in {taken}", "doubtful"))
    if record.verdict == "agrees":
        said += [
            (f"{known.code} was known here ({known.reason}) and is gone: take the override out", "doubtful")
            for known in record.excuses
            if not known.recorded
        ]
    for method, contradiction in record.contradictions.items():
        asked = record.opinions[method].cases
        said.append(
            (f"{method} disagrees in {contradiction.cases} of {asked} cases, where this does not", "doubtful")
        )
    return said
