"""What became of a target, as plain data: the same from this process, a worker, or another machine."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import msgspec
import numpy as np

from gradtest.diagnosis.evidence import Finding
from gradtest.diagnosis.pictures import Picture
from gradtest.diagnosis.report import value_text
from gradtest.judgement import Place
from gradtest.numerics.estimate import Quality
from gradtest.properties.tally import Tally
from gradtest.settings import USUAL_DTYPE
from gradtest.spaces.containers import flatten

from .guess import Inputs
from .plan import Known, Plan, accepted, input_of

__all__ = ["Contradiction", "Ledger", "Record", "Value", "plain_data", "smallest_each", "text_of", "written"]

#: Larger arrays are given by shape and dtype.
MOST_ENTRIES = 4096


@dataclass(frozen=True)
class Value:
    """An input of a finding, outside of its process: how it is shown, and what its entries are."""

    text: str
    entries: int
    data: Any

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Contradiction:
    """A second opinion that disagrees where the first does not: how often, and the first finding."""

    finding: Finding
    cases: int = 1


@dataclass(kw_only=True)
class _Plain:
    """The fields that are written as they are."""

    name: str
    place: str = ""
    dtype: str = USUAL_DTYPE
    key: str = ""
    asked: int = 0
    inputs: Inputs | None = None
    contradictions: dict[str, Contradiction] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    said: dict[str, str] = field(default_factory=dict)
    resolutions: list[float] = field(default_factory=list)
    excuses: tuple[Known, ...] = ()
    skip: str = ""
    again: str = ""
    misuse: str = ""
    crash: str = ""
    source: tuple[str, int] | None = None
    seconds: float = 0.0
    begun: bool = False
    done: bool = False
    out_of_time: bool = False
    pinned: dict[str, Any] | None = None


@dataclass(kw_only=True)
class Record(_Plain):
    """What became of one target.

    Attributes
    ----------
    name, place : str
        What reports call it, and where it is found again.
    dtype : str
        The precision that it was asked in.
    key : str
        What a baseline calls it.
    asked : int
        How many cases there were to be.
    inputs : Inputs or None
        What was drawn, in words; None before that is known.
    contradictions : dict of str to Contradiction
        By second opinion.
    findings : tuple of Finding
        One for each input that is wrong, gross ones first; their inputs are `Value`.
    said : dict of str to str
        What each second opinion says at the smallest failing case.
    resolutions : list of float
        Of the cases that agree and whose gradient is not zero.
    excuses : tuple of Known
        The findings that would be accepted.
    skip, misuse, crash : str
        Why it was not looked at, why it cannot be checked, and what went wrong in gradtest itself.
    again : str
        The command that draws the same cases again.
    source : (str, int) or None
        File and line of the derivative (`gradtest.diagnosis.source.location_of`).
    seconds : float
    begun, done : bool
        Whether a worker had begun when all was interrupted, and whether it was carried to its end.
    out_of_time : bool
        Whether that came early, because its time was up.
    pinned : dict or None
        What a baseline holds of it, but for what came of the cases (`gradtest.baseline.store.as_plain`).
    tally : Tally
        Over the generated cases (not those of shrinking).
    opinions : dict of str to Tally
        The same for each second opinion.
    pictures : tuple of Picture
        Of its smallest failing case, or of the case that was seen least sharply, if they were asked for.
    """

    tally: Tally = field(default_factory=Tally)
    opinions: dict[str, Tally] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to come."""
        return self.done or bool(self.misuse or self.crash)

    @property
    def known(self) -> Mapping[str, str]:
        """The codes of what was found, and why they are accepted; empty unless all of them are."""
        return accepted(self.findings, self.excuses)

    @property
    def never_finite(self) -> bool:
        """Whether the function was not finite in any case."""
        return self.tally.cases > 0 and self.tally.reasons[Quality.NON_FINITE.value] == self.tally.cases

    @property
    def only_contract(self) -> bool:
        """Whether what was found is that the derivative does not fit, and no wrong number."""
        codes = [finding.code for finding in self.findings]
        return bool(codes) and set(codes) <= {"GT301", "GT302"}

    @property
    def verdict(self) -> str:
        """What came of it, in one word (the keys of `MOODS` in `gradtest.surfaces.table`, and others)."""
        if self.skip:
            return "skipped"
        if self.crash:
            return "crashed"
        if self.findings:
            return "known" if self.known else "misfit" if self.only_contract else "disagrees"
        if self.misuse or self.never_finite:
            return "misused"
        if not self.done:
            return "stopped" if self.begun or self.tally.cases else "waiting"
        return "undecided" if self.tally.vacuous() else "agrees"

    # -- between processes ------------------------------------------------------------------------

    def as_line(self) -> str:
        """Return it as one line of JSON."""
        plain = {one.name: getattr(self, one.name) for one in fields(_Plain)}
        data: dict[str, Any] = msgspec.to_builtins(plain)
        data["tally"] = self.tally.as_data()
        data["opinions"] = {method: tally.as_data() for method, tally in self.opinions.items()}
        data["pictures"] = [picture.as_data() for picture in self.pictures]
        return json.dumps(plain_data(data), allow_nan=False, ensure_ascii=False)

    @classmethod
    def from_line(cls, line: str | bytes) -> Record:
        """Return the record that `as_line` made the line of; nothing of it is run.

        Raises
        ------
        msgspec.DecodeError, msgspec.ValidationError
            If it is no such line; the message names what is wrong.
        """
        data = msgspec.json.decode(line, type=dict[str, Any])
        parts = {name: data.pop(name, None) for name in ("tally", "opinions", "pictures")}
        if set(data) != {one.name for one in fields(_Plain)}:
            raise msgspec.ValidationError("it is no record of a target")
        plain = msgspec.convert(data, _Plain, strict=False)  # "nan" is a number here
        record = cls(**{name: getattr(plain, name) for name in data})
        opinions = msgspec.convert(parts["opinions"], dict[str, dict[str, Any]])
        return replace(
            record,
            findings=tuple(map(_read, record.findings)),
            contradictions={
                m: replace(c, finding=_read(c.finding)) for m, c in record.contradictions.items()
            },
            tally=Tally.from_data(parts["tally"]),
            opinions={method: Tally.from_data(tally) for method, tally in opinions.items()},
            pictures=tuple(map(Picture.from_data, msgspec.convert(parts["pictures"], list[dict[str, Any]]))),
        )

    # -- of several runs --------------------------------------------------------------------------

    def merged(self, other: Record) -> Record:
        """Return what became of the target in two runs over different cases."""
        said = self if self.findings else other
        smallest = smallest_each([*self.findings, *other.findings])
        both = replace(
            said,
            asked=self.asked + other.asked,
            inputs=self.inputs or other.inputs,
            contradictions=_contradictions(self.contradictions, other.contradictions),
            findings=smallest,
            resolutions=[*self.resolutions, *other.resolutions],
            misuse=self.misuse or other.misuse,
            crash=self.crash or other.crash,
            seconds=self.seconds + other.seconds,
            done=self.done and other.done,
            out_of_time=self.out_of_time or other.out_of_time,
            pinned=self.pinned or other.pinned,
            pictures=said.pictures or other.pictures,
            tally=_sum([self.tally, other.tally]),
            opinions={
                method: _sum([one.opinions[method] for one in (self, other) if method in one.opinions])
                for method in (self.opinions | other.opinions)
            },
        )
        shown = next((one for one in (self, other) if smallest and smallest[0] in one.findings), said)
        return replace(both, said=shown.said, again=shown.again, pictures=shown.pictures)


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.merge(tally)
    return total


def _contradictions(
    one: Mapping[str, Contradiction], other: Mapping[str, Contradiction]
) -> dict[str, Contradiction]:
    both = dict(one)
    for method, found in other.items():
        known = both.get(method)
        both[method] = replace(known, cases=known.cases + found.cases) if known else found
    return both


# -- findings -------------------------------------------------------------------------------------


def written(finding: Finding) -> Finding:
    """Return a finding with its arrays as plain data."""
    inputs = {
        name: Value(value_text(value), len(_entries(value)), plain_data(value))
        for name, value in finding.inputs.items()
    }
    return replace(finding, inputs=inputs, cotangents=tuple(map(plain_data, finding.cotangents)))


def _read(finding: Finding) -> Finding:
    return replace(finding, inputs=msgspec.convert(finding.inputs, dict[str, Value]))


def _entries(value: Any) -> list[Any]:
    return [entry for leaf in flatten(value).leaves for entry in np.asarray(leaf).ravel()]


def smallest_each(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the smallest finding of each input that is wrong, gross ones first.

    Small is what can be read: a gross difference, seen at the point itself, in few entries that are
    short to write.
    """
    found: dict[str, Finding] = {}
    for finding in sorted(findings, key=_size):
        found.setdefault(input_of(finding), finding)
    return tuple(sorted(found.values(), key=lambda finding: not finding.gross))


def _size(finding: Finding) -> tuple[bool, bool, int, int]:
    values = finding.inputs.values()
    return (
        not finding.gross,
        finding.place == Place.NEARBY,
        sum(value.entries for value in values),
        sum(len(value.text) for value in values),
    )


# -- all targets ----------------------------------------------------------------------------------


@dataclass
class Ledger:
    """What became of all targets.

    Attributes
    ----------
    plan : Plan
        That for all of them.
    records : list of Record
    interrupted : bool
    seconds : float
    """

    plan: Plan
    records: list[Record]
    interrupted: bool = False
    seconds: float = 0.0


# -- plain data -----------------------------------------------------------------------------------


def plain_data(value: Any) -> Any:
    """Return a value as what JSON has: dicts, lists, strings, finite numbers, true, false and null.

    >>> plain_data({"x": np.array([1.0, np.nan]), "n": np.int64(3), (1, 2): None})
    {'x': [1.0, 'nan'], 'n': 3, '(1, 2)': None}
    """
    if value is None or isinstance(value, (bool, int)):
        return bool(value) if isinstance(value, bool) else None if value is None else int(value)
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else repr(float(value))
    if isinstance(value, Mapping):
        return {text_of(str(key)): plain_data(item) for key, item in value.items()}
    if isinstance(value, np.generic):
        return plain_data(value.item())
    if isinstance(value, np.ndarray):
        if value.size > MOST_ENTRIES:
            return {"shape": list(value.shape), "dtype": str(value.dtype)}
        return plain_data(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_data(item) for item in value]
    return text_of(repr(value))


def text_of(text: str) -> str:
    r"""Return a text that can be written in UTF-8: half a character becomes visible.

    >>> text_of("a\udc80")
    'a\\udc80'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
