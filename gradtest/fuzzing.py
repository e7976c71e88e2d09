"""A campaign without end: round after round, farther out than `check` looks, until the time is up.

What was decided is written down at once, so that the next run goes on where this one ended.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import numpy as np
from msgspec import Meta, Struct

from gradtest.errors import Misuse
from gradtest.failures.case_file import FOLDER
from gradtest.failures.case_file import failures as kept_failures
from gradtest.failures.case_file import read as read_failure
from gradtest.failures.packing import CannotKeep
from gradtest.subjects.subject import Subject

from .campaign import Campaign
from .plan import digest_of
from .record import Ledger, Record
from .workers import Engine, Unit, Where, results

__all__ = [
    "CASES",
    "Fuzzing",
    "Heading",
    "Journal",
    "Variant",
    "failures_of",
    "heading_of",
    "journal_path",
    "seconds_of",
    "variant_of",
]

#: Cases of one unit of work, and the seconds after which no further one of them is begun.
CASES = 25
SECONDS = 20.0
#: Is raised when what is written means something else than before.
FORMAT = 1


# -- rounds ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Variant:
    """How far out a round looks: the precision, and `width` and `scale` as in `Plan`."""

    dtype: str
    width: int = 0
    scale: int = 0


#: In turn.  The scales are about 1e-6, 1e-3, 1e3 and 1e6; float16 has no room for so much.
_VARIANTS = (
    Variant("float64"),
    Variant("float64", width=32),
    Variant("float64", scale=10),
    Variant("float32"),
    Variant("float64", scale=-20),
    Variant("float16"),
    Variant("float64", width=64, scale=20),
    Variant("float32", width=32, scale=-10),
    Variant("float16", width=16, scale=-4),
    Variant("float32", scale=10),
)


def variant_of(number: int, dtypes: Sequence[str] = ()) -> Variant:
    """Return how far out a round looks; `dtypes` are the only ones that are asked for, if any are."""
    variant = _VARIANTS[number % len(_VARIANTS)]
    if not dtypes or variant.dtype in dtypes:
        return variant
    return replace(variant, dtype=dtypes[number % len(dtypes)], scale=max(-4, min(4, variant.scale)))


def seconds_of(text: str) -> float:
    """Return a time in seconds: "90s", "10m", "1h30m", or a number.

    Raises
    ------
    Misuse
        If it is none.

    >>> seconds_of("1h30m"), seconds_of("2.5")
    (5400.0, 2.5)
    """
    number = r"(\d+(?:\.\d+)?)"
    found = re.fullmatch(f"(?:{number}h)?(?:{number}m)?(?:{number}s?)?", text.strip())
    parts = zip(found.groups(), (3600, 60, 1), strict=True) if found else ()
    seconds = sum(float(part) * unit for part, unit in parts if part)
    if not seconds > 0:
        raise Misuse(f"--time {text} is no time; write 90s, 10m or 1h30m")
    return seconds


# -- the journal ----------------------------------------------------------------------------------


class Heading(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What a journal is about.

    Attributes
    ----------
    gradtest : str
        The version.
    checked : str
    targets : list of str
        As a baseline calls them.
    plans : str
        A digest of how they are looked at.
    seed : int
    """

    gradtest: str
    checked: str
    targets: list[str]
    plans: str
    seed: int
    gradtest_fuzz: Annotated[int, Meta(ge=1)] = FORMAT


class _Entry(Struct, forbid_unknown_fields=True):
    unit: Annotated[int, Meta(ge=0)]
    record: msgspec.Raw


def journal_path(base: Path, heading: Heading) -> Path:
    """Return where the journal of some targets lies, below a folder, whatever the seed."""
    words = "\0".join([heading.checked, heading.plans, *heading.targets])
    digest = hashlib.blake2b(words.encode(), digest_size=6).hexdigest()
    return base / FOLDER.parent / "fuzz" / f"{digest}.jsonl"


class Journal:
    """What earlier runs decided, and what this one decides: a line for each unit.

    Parameters
    ----------
    path : Path or None
        Need not exist; with none, nothing is read or written.

    Attributes
    ----------
    heading : Heading or None
        That of the file that is there.
    decided : dict of int to Record
        What is in it, by the number of the unit.

    Raises
    ------
    Misuse
        If something else lies there, or it is damaged: it is never written over.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.heading: Heading | None = None
        self.decided: dict[int, Record] = {}
        self._whole = 0
        self._file: BinaryIO | None = None
        try:
            text = path.read_bytes() if path is not None else b""
        except FileNotFoundError:
            return
        except OSError as error:
            raise Misuse(f"the journal {path} cannot be read: {error.strerror or error}") from None
        if path is not None:
            self._read(text)

    def _read(self, text: bytes) -> None:
        first, *lines = text.split(b"\n")
        try:
            self.heading = msgspec.json.decode(first, type=Heading)
        except (ValueError, RecursionError):
            raise Misuse(
                f"{self.path} is no journal of gradtest fuzz; take it away, or name another --journal"
            ) from None
        for number, line in enumerate(lines[:-1], start=2):  # the last is empty, or was torn
            try:
                entry = msgspec.json.decode(line, type=_Entry)
                self.decided[entry.unit] = Record.from_line(bytes(entry.record))
            except (ValueError, RecursionError) as error:
                raise Misuse(
                    f"the journal {self.path} is damaged in line {number}: {error}; take it away, or name "
                    "another --journal"
                ) from None
        self._whole = len(text) - len(lines[-1]) if lines else 0

    def check(self, heading: Heading) -> None:
        """Check that the journal is about the same.

        Raises
        ------
        Misuse
            If it is about something else.
        """
        if self.heading is None or self.heading == heading:
            return
        was, now = self.heading, heading
        if was.gradtest_fuzz != FORMAT or was.gradtest != now.gradtest:
            why = f"gradtest {was.gradtest} wrote it, and this is {now.gradtest}"
        elif was.checked != now.checked or was.targets != now.targets:
            others = ", ".join(was.targets[:2]) + (", ..." if len(was.targets) > 2 else "")
            why = f"it is about {was.checked} ({others})"
        elif was.seed != now.seed:
            why = f"it was begun with --seed {was.seed}"
        else:
            why = "its targets were looked at with other options"
        raise Misuse(
            f"the journal {self.path} cannot be continued: {why}; begin anew with --afresh, or name another "
            "--journal"
        )

    def open(self, heading: Heading, afresh: bool = False) -> None:
        """Begin to write; what was decided stays, unless all is begun afresh.

        Raises
        ------
        Misuse
            If it cannot be written.
        """
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if afresh or self.heading is None:
                self.decided, self._whole = {}, 0
            self._file = self.path.open("r+b" if self._whole else "wb")
            self._file.truncate(self._whole)
            self._file.seek(self._whole)
            if not self._whole:
                self._write(json.dumps(msgspec.to_builtins(heading), ensure_ascii=False))
        except OSError as error:
            raise Misuse(f"the journal {self.path} cannot be written: {error.strerror or error}") from None

    def add(self, unit: int, record: Record) -> None:
        """Write down what a unit came to."""
        self.decided[unit] = record
        if self._file is not None:
            self._write(f'{{"unit": {unit}, "record": {record.as_line()}}}')

    def _write(self, line: str) -> None:
        assert self._file is not None
        self._file.write(line.encode() + b"\n")
        self._file.flush()

    def close(self) -> None:
        """End writing."""
        if self._file is not None:
            self._file.close()


# -- the campaign ---------------------------------------------------------------------------------


class Fuzzing:
    """Round after round over all targets; what is broken is looked at no more.

    What earlier runs found is looked for again, by the same units: it may be mended.

    Parameters
    ----------
    campaign : Campaign
        Of what `where` finds, with the plan for each target.
    where : callable
    journal : Journal
        What is in it already counts.
    dtypes : sequence of str
        The precisions that are asked for; by default all of `Variant`.

    Attributes
    ----------
    ledger : Ledger
        What became of the targets, in all rounds.
    units : int
        How many were decided.
    hear : callable
        Is told the number of each unit and what became of it.
    """

    def __init__(
        self, campaign: Campaign, where: Where, journal: Journal, dtypes: Sequence[str] = ()
    ) -> None:
        self.campaign, self.where, self.journal, self.dtypes = campaign, where, journal, dtypes
        self.ledger: Ledger = campaign.ledger
        self.blanks = list(self.ledger.records)
        self.hear: Callable[[int, Record], None] = lambda unit, record: None
        self.cases = 0
        for unit, record in list(journal.decided.items()):
            if _is_broken(record):
                del journal.decided[unit]
            else:
                self._count(unit, record)

    @property
    def units(self) -> int:
        """How many were decided."""
        return len(self.journal.decided)

    def run(
        self, engine: Engine, seconds: float | None, cases: int | None, only: int | None = None
    ) -> Ledger:
        """Carry out units until the time is up, so many cases were looked at, or nothing is left to ask.

        Parameters
        ----------
        engine : Engine
        seconds : float, optional
            What has begun then is carried to its end.
        cases : int, optional
            Those of earlier runs included.
        only : int, optional
            One round, and no other.
        """
        start, begun = time.perf_counter(), dict[int, Unit]()

        def over() -> bool:
            spent = self.cases + CASES * len(begun)
            late = seconds is not None and time.perf_counter() - start > seconds
            return late or (cases is not None and spent >= cases)

        try:
            with contextlib.closing(results(self._units(over, only), engine, begun)) as arriving:
                for unit, record in arriving:
                    self.journal.add(unit, record)
                    self._count(unit, record)
                    self.hear(unit, record)
        except KeyboardInterrupt:
            self.ledger.interrupted = True
        self.ledger.seconds = time.perf_counter() - start
        return self.ledger

    def _units(self, over: Callable[[], bool], only: int | None) -> Iterator[Unit]:
        count = len(self.blanks)
        numbers = itertools.count() if only is None else iter(range(only * count, (only + 1) * count))
        for number in numbers:
            if over() or all(map(self._is_settled, range(count))):
                return
            if number not in self.journal.decided and not self._is_settled(number % count):
                yield self.unit(number)

    def _is_settled(self, index: int) -> bool:
        record = self.ledger.records[index]
        return bool(self.campaign.plans[index].skip) or _is_broken(record)

    def unit(self, number: int) -> Unit:
        """Return a unit by its number, which decides its target and its round."""
        turn, index = divmod(number, len(self.blanks))
        plan, variant = self.campaign.plans[index], variant_of(turn, self.dtypes)
        (seed,) = np.random.SeedSequence([plan.settings.seed, turn]).generate_state(1)
        own = replace(
            plan,
            settings=plan.settings.but(seed=int(seed)),
            opinions=(),
            max_examples=CASES,
            seconds=min(SECONDS, plan.seconds or SECONDS),
            width=variant.width,
            scale=variant.scale,
            lenient=True,
            pin=False,
            verb="fuzz",
            again=(*plan.again, "--round", str(turn)),
        )
        return Unit(number, self.where, index, own, self.blanks[index], variant.dtype)

    def _count(self, unit: int, record: Record) -> None:
        """Add what a unit came to to what is known of its target."""
        index = unit % len(self.blanks)
        blank, known = self.blanks[index], self.ledger.records[index]
        self.cases += record.tally.cases
        if record.skip:
            return  # it does not take this precision
        record = replace(
            record,
            name=blank.name,
            key=blank.key,
            dtype=blank.dtype,
            excuses=blank.excuses,
            out_of_time=False,
        )
        self.ledger.records[index] = known.merged(record) if known.ended else record


def _is_broken(record: Record) -> bool:
    return bool(record.findings or record.misuse or record.crash)


# -- what was found before ------------------------------------------------------------------------


def failures_of(subjects: Sequence[Subject], base: Path) -> Iterator[tuple[str, str]]:
    """Yield the ids and places of the failures below a folder that were found in some targets."""
    places = {subject.place for subject in subjects} - {""}
    for id in kept_failures(base):
        with contextlib.suppress(CannotKeep):
            failure, _ = read_failure(base, id)
            if failure.place in places:
                yield id, failure.place


def heading_of(version: str, checked: str, campaign: Campaign) -> Heading:
    """Return what the journal of a campaign is about."""
    return Heading(
        gradtest=version,
        checked=checked,
        targets=[record.key for record in campaign.ledger.records],
        plans=digest_of(campaign.plans),
        seed=campaign.ledger.plan.settings.seed,
    )
