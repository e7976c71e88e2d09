"""Parts of one run on several machines: all targets, each with a seed of its own and a share of the cases.

What a part came to is a file of JSON lines: a header, and a record for each target.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta, Struct

from gradtest.errors import Misuse
from gradtest.settings import DEFAULT, Method

from .baseline.store import replace_whole
from .plan import Plan, digest_of
from .record import Ledger, Record

__all__ = ["FORMAT", "Asking", "Merged", "Shard", "asking_of", "merged", "refuse_foreign", "write"]

#: Is raised when what is written means something else than before.
FORMAT = 1


# -- one part -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shard:
    """Part `number` of `count`, counted from 1."""

    number: int
    count: int

    @classmethod
    def read(cls, text: str) -> Shard:
        """Return the shard that is written K/N.

        Raises
        ------
        Misuse
            If it is none.

        >>> Shard.read("2/4")
        Shard(number=2, count=4)
        """
        found = re.fullmatch(r"(\d+)/(\d+)", text)
        number, count = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= count:
            raise Misuse(f"--shard {text} is no part; write K/N with K from 1 to N, as in --shard 2/4")
        return cls(number, count)

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def part(self, plan: Plan) -> Plan:
        """Return the plan for this part: a seed of its own, and its share of the cases, at least one.

        What a baseline holds is measured at pinned points, the same in every part: the first does.
        """
        before, upto = (plan.max_examples * number // self.count for number in (self.number - 1, self.number))
        (seed,) = np.random.SeedSequence([plan.settings.seed, self.number]).generate_state(1)
        return dataclasses.replace(
            plan,
            settings=plan.settings.but(seed=int(seed)),
            max_examples=max(1, upto - before),
            pin=self.number == 1,
        )


# -- the file -------------------------------------------------------------------------------------


class Asking(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What a run was asked: the same in all of its parts.

    Attributes
    ----------
    gradtest : str
        The version.
    checked : str
        The place that was named, or the file that names the targets.
    whole : bool
        Whether that is all that there is.
    seed, cases : int
    method : Method
    opinions : tuple of Method
    plans : str
        A digest of how each target was looked at.
    """

    gradtest: str
    checked: str
    whole: bool
    seed: int
    cases: Annotated[int, Meta(ge=1)]
    method: Method
    opinions: tuple[Method, ...]
    plans: str


class _Header(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    gradtest_shard: Annotated[int, Meta(ge=1)]
    number: Annotated[int, Meta(ge=1)]
    count: Annotated[int, Meta(ge=1)]
    targets: Annotated[int, Meta(ge=0)]
    interrupted: bool
    seconds: float
    asking: Asking


def asking_of(checked: str, whole: bool, version: str, plan: Plan, plans: Iterable[Plan]) -> Asking:
    """Return what a run was asked, before it was parted.

    Parameters
    ----------
    checked : str
    whole : bool
    version : str
    plan : Plan
        For all targets.
    plans : iterable of Plan
        For each of them.
    """
    return Asking(
        gradtest=version,
        checked=checked,
        whole=whole,
        seed=plan.settings.seed,
        cases=plan.max_examples,
        method=plan.settings.method,
        opinions=plan.opinions,
        plans=digest_of(plans),
    )


def refuse_foreign(path: Path) -> None:
    """Refuse a place where something lies that is no shard: it is never written over.

    Raises
    ------
    Misuse
        If something does.
    """
    if path.exists():
        try:
            _header(path, path.read_bytes().split(b"\n", 1)[0])
        except (Misuse, OSError):
            raise Misuse(
                f"{path} is there and is no shard of gradtest; take it away, or name another --shard-file"
            ) from None


def write(path: Path, shard: Shard, asking: Asking, ledger: Ledger) -> None:
    """Write what one part came to, all at once.

    Raises
    ------
    Misuse
        If it cannot be written.
    """
    header = _Header(
        gradtest_shard=FORMAT,
        number=shard.number,
        count=shard.count,
        targets=len(ledger.records),
        interrupted=ledger.interrupted,
        seconds=ledger.seconds,
        asking=asking,
    )
    first = json.dumps(msgspec.to_builtins(header), ensure_ascii=False)
    lines = [first, *(record.as_line() for record in ledger.records)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(path, "".join(f"{line}\n" for line in lines).encode())
    except OSError as error:
        raise Misuse(f"the shard {path} cannot be written: {error.strerror or error}") from None


@dataclass(frozen=True)
class _Part:
    """A file, and what is in it."""

    path: Path
    header: _Header
    records: list[Record]


def _read(path: Path) -> _Part:
    """Return what is in a file; nothing of it is run."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise Misuse(f"the shard {path} cannot be read: {error.strerror or error}") from None
    first, *lines = text.split(b"\n")
    header = _header(path, first)
    records = []
    for number, line in enumerate(filter(None, lines), start=2):
        try:
            records.append(Record.from_line(line))
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            raise Misuse(f"the shard {path} is damaged in line {number}: {error}; run it again") from None
    if len(records) != header.targets:
        raise Misuse(
            f"the shard {path} is not whole: it has {len(records)} of {header.targets} targets; run it again"
        )
    return _Part(path, header, records)


def _header(path: Path, line: bytes) -> _Header:
    try:
        version = msgspec.json.decode(line, type=_Format).gradtest_shard
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Misuse(
            f"{path} is no shard of gradtest; name the files that check --shard has written"
        ) from None
    if version != FORMAT:
        raise Misuse(
            f"the shard {path} has format {version}, and this gradtest reads format {FORMAT}; merge with the "
            "gradtest that wrote it"
        )
    try:
        return msgspec.json.decode(line, type=_Header)
    except msgspec.MsgspecError as error:
        raise Misuse(f"the shard {path} is damaged in line 1: {error}; run it again") from None


class _Format(Struct):
    gradtest_shard: int


# -- all parts ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Merged:
    """What the parts of a run came to together.

    Attributes
    ----------
    asking : Asking
    ledger : Ledger
    count : int
        How many parts there should be.
    missing : tuple of int
        Those that are not there.
    """

    asking: Asking
    ledger: Ledger
    count: int
    missing: tuple[int, ...]


def merged(paths: Sequence[Path]) -> Merged:
    """Return what several shards came to together: counts added, and the smallest failing cases.

    Raises
    ------
    Misuse
        If one is damaged, or they are not parts of one run.
    """
    if not paths:
        raise Misuse("there is no shard to merge; name what check --shard has written")
    parts = sorted(map(_read, paths), key=lambda part: part.header.number)
    for one, other in itertools.pairwise(parts):
        _check_same(one, other)
    header = parts[0].header
    there = {part.header.number for part in parts}
    ledger = Ledger(
        _plan_of(header.asking),
        [reduce(Record.merged, same) for same in zip(*(part.records for part in parts), strict=True)],
        any(part.header.interrupted for part in parts),
        sum(part.header.seconds for part in parts),
    )
    missing = tuple(number for number in range(1, header.count + 1) if number not in there)
    return Merged(header.asking, ledger, header.count, missing)


def _plan_of(asking: Asking) -> Plan:
    settings = DEFAULT.but(seed=asking.seed, method=asking.method)
    return Plan(settings, asking.opinions, asking.cases)


def _check_same(one: _Part, other: _Part) -> None:
    """Check that two files are different parts of one run."""
    both, this, that = f"{one.path} and {other.path}", one.header, other.header
    pairs = {
        "gradtest": (this.asking.gradtest, that.asking.gradtest),
        "what was checked": (this.asking.checked, that.asking.checked),
        "the number of shards": (this.count, that.count),
        "the seed": (this.asking.seed, that.asking.seed),
        "the number of cases": (this.asking.cases, that.asking.cases),
        "the method": (this.asking.method, that.asking.method),
    }
    for what, (here, there) in pairs.items():
        if here != there:
            raise Misuse(f"{both} are not parts of one run: {what} is {here} in one, {there} in the other")
    if [record.key for record in one.records] != [record.key for record in other.records]:
        raise Misuse(f"{both} are not parts of one run: their targets are not the same; run both again")
    if this.asking != that.asking:
        raise Misuse(f"{both} are not parts of one run: they were not given the same options; run both again")
    if this.number == that.number:
        raise Misuse(f"{both} are both shard {this.number}/{this.count}; leave one out")
