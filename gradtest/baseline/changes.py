"""What happened to a target since its baseline: told apart beyond the errors of both sides, in words."""

from __future__ import annotations

import datetime
import enum
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gradtest.verdict import Word

from .entries import Accepted, Entry, Parameter
from .number import Number

__all__ = ["BEYOND", "Change", "Kind", "compare", "decided"]

#: Levels are powers of ten, rounded up: two that differ by more than this differ.
BEYOND = 10.0
#: A gradient that moved by less than this share of itself has lost digits; else it is another one.
COARSE = 1e-4
#: What a target is called that was looked at and came to an end.
_DECIDED = (Word.AGREES, Word.DISAGREES, "known", "misfit")


class Kind(enum.Enum):
    """What happened, in the words that the user reads; the worst first."""

    REGRESSED = "the gradient moved, and the function did not"
    NOT_FOLLOWED = "the function changed, and the gradient did not follow"
    NEW_FINDING = "this is a new finding"
    EXPIRED = "what was accepted here has expired"
    LOST_DIGITS = "the gradient lost digits"
    GAVE_UP = "this was decided, and is no more"
    VANISHED = "this was checked, and is gone"
    LOST_POWER = "the check lost power"
    OTHER_INPUTS = "this is asked at other inputs than before, so that nothing can be compared"
    CHANGED = "the function changed, and the gradient followed"
    NEW = "this is new"
    IMPROVED = "the gradient became better"
    GONE = "a known finding is gone"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened.

    Attributes
    ----------
    kind : Kind
    target : str
    parameter : str
        Empty where it is about the whole target.
    evidence : str
        What was seen, then and now.
    factor : float
        How many times worse the gradient is, for lost digits.
    """

    kind: Kind
    target: str
    parameter: str = ""
    evidence: str = ""
    factor: float = 1.0

    def __str__(self) -> str:
        where = f"{self.target}, {self.parameter}" if self.parameter else self.target
        return f"{where}: {self.kind.value}" + (f" ({self.evidence})" if self.evidence else "")


def decided(verdict: str) -> bool:
    """Whether a verdict says something about the gradient."""
    return verdict in _DECIDED


def compare(old: Entry, new: Entry, today: datetime.date) -> list[Change]:
    """Return what happened to one target, the worst first; nothing if nothing did.

    Parameters
    ----------
    old, new : Entry
        Of the same target: as recorded, and as it is.
    today : datetime.date
        From which on accepted findings may have expired.
    """
    changes, findings = list(_at_pinned_points(old, new)), list(_findings(old, new, today))
    wrong = {_input(c) for c in changes if c.kind in _WRONG}
    findings = [c for c in findings if c.kind is not Kind.NEW_FINDING or c.parameter not in wrong]
    changes = [c for c in changes if not any(_says_more(finding, c) for finding in findings)]
    return sorted(changes + findings, key=lambda c: _RANK[c.kind])


_RANK = {kind: rank for rank, kind in enumerate(Kind)}
#: What says already that a gradient is wrong now, so that its finding need not be told, too.
_WRONG = (Kind.NOT_FOLLOWED, Kind.REGRESSED, Kind.LOST_DIGITS)


def _says_more(finding: Change, change: Change) -> bool:
    """Whether what became of a finding tells what was seen at the pinned points."""
    pairs = (
        (Kind.NEW_FINDING, Kind.GAVE_UP),
        (Kind.NEW_FINDING, Kind.NEW_FINDING),
        (Kind.GONE, Kind.IMPROVED),
    )
    same = _input(change) in ("", finding.parameter)
    return same and (finding.kind, change.kind) in pairs


def _input(change: Change) -> str:
    return change.parameter.partition("[")[0].partition(".")[0]


# -- at pinned points -----------------------------------------------------------------------------


def _at_pinned_points(old: Entry, new: Entry) -> Iterator[Change]:
    if decided(old.verdict) and not decided(new.verdict):
        yield Change(Kind.GAVE_UP, new.name, evidence=_both(old.verdict, new.unpinned or new.verdict))
        return
    if old.inputs != new.inputs:
        yield Change(Kind.OTHER_INPUTS, new.name, evidence=_both(old.inputs, new.inputs))
        return
    if old.values and not new.values:
        yield Change(Kind.GAVE_UP, new.name, evidence=f"at pinned points: {new.unpinned}")
        return
    if old.drawn and new.drawn and not old.drawn.agrees(new.drawn):
        yield Change(Kind.OTHER_INPUTS, new.name, evidence="this NumPy draws other pinned points")
        return
    yield from _parameters_that_came_and_went(old, new)
    shared = [name for name in new.parameters if name in old.parameters]
    value = _moved(old.values, new.values) if old.values else None
    found = [_of_parameter(old, new, name, value is not None) for name in shared]
    changes = [change for some in found for change in some]
    if value is not None and not any(change.kind is Kind.NOT_FOLLOWED for change in changes):
        yield Change(Kind.CHANGED, new.name, evidence=value)
    yield from changes


def _parameters_that_came_and_went(old: Entry, new: Entry) -> Iterator[Change]:
    if not old.parameters or not new.parameters:
        return
    for name in old.parameters:
        if name not in new.parameters:
            yield Change(Kind.VANISHED, new.name, name, "no gradient is claimed for it any more")
    for name in new.parameters:
        if name not in old.parameters:
            yield Change(Kind.NEW, new.name, name, "no gradient was claimed for it")


def _of_parameter(old: Entry, new: Entry, name: str, changed: bool) -> list[Change]:
    was, now, target = old.parameters[name], new.parameters[name], new.name
    became_wrong = now.verdict == Word.DISAGREES != was.verdict
    slope = _moved(was.slopes, now.slopes)
    if changed and became_wrong:
        return [Change(Kind.NOT_FOLLOWED, target, name, f"slope {slope}" if slope else "it is as before")]
    if slope is not None and not changed:
        return [_moved_alone(target, name, was, now, slope)]
    if decided(was.verdict) and not decided(now.verdict):
        return [Change(Kind.GAVE_UP, target, name, _both(was.verdict, now.verdict))]
    if _worse(was.resolution, now.resolution):
        seen = f"{_written(was.resolution)}, now {_written(now.resolution)}"
        return [Change(Kind.LOST_POWER, target, name, f"it would have seen an error of {seen}")]
    if _worse(was.accuracy, now.accuracy):
        return [_lost_digits(target, name, was.accuracy, now.accuracy)]
    if became_wrong and not changed:
        return [Change(Kind.NEW_FINDING, target, name, "it disagrees at a pinned point")]
    return []


def _moved_alone(target: str, name: str, was: Parameter, now: Parameter, slope: str) -> Change:
    """Return what it means that the gradient moved and the function did not."""
    right = now.verdict == Word.AGREES
    if right and (was.verdict != Word.AGREES or _worse(now.accuracy, was.accuracy)):
        return Change(Kind.IMPROVED, target, name, f"slope {slope}")
    share = max(map(_share, was.slopes, now.slopes))
    if share < COARSE and (_worse(was.accuracy, now.accuracy) or now.verdict != Word.DISAGREES):
        return _lost_digits(target, name, was.accuracy, max(share, now.accuracy or 0.0))
    return Change(Kind.REGRESSED, target, name, f"slope {slope}")


def _lost_digits(target: str, name: str, was: float | None, now: float | None) -> Change:
    evidence = f"it was right to {_written(was)} of its size, now to {_written(now)}"
    return Change(Kind.LOST_DIGITS, target, name, evidence, now / was if was and now else math.inf)


def _moved(old: Sequence[Number], new: Sequence[Number]) -> str | None:
    """Return the first pair that differs beyond both errors, in words; None if all agree."""
    pairs = list(zip(old, new, strict=False))
    for i, (was, now) in enumerate(pairs):
        if math.isnan(was.value) and math.isnan(now.value):
            continue  # nothing was promised: that it is NaN is a finding
        if not was.agrees(now):
            return f"{was.value:.6g} to {now.value:.6g} at pinned point {i + 1}"
    return None if len(old) == len(new) else f"{len(old)} pinned points, now {len(new)}"


def _share(was: Number, now: Number) -> float:
    """Return by how much a slope moved, relative to itself."""
    largest = max(abs(was.value), abs(now.value))
    moved = abs(was.value - now.value)
    return (moved / largest if largest > 0 else 0.0) if math.isfinite(moved) else math.inf


def _worse(was: float | None, now: float | None) -> bool:
    """Whether a level is worse than another by more than one step."""
    return was is not None and (now is None or now > BEYOND * was * (1 + 1e-9))


def _written(level: float | None) -> str:
    return "an unknown share" if level is None else f"{level:.0e}"


def _both(was: str, now: str) -> str:
    return f"{was or 'nothing'}, now {now or 'nothing'}"


# -- findings -------------------------------------------------------------------------------------


def _findings(old: Entry, new: Entry, today: datetime.date) -> Iterator[Change]:
    known, found = _by_kind(old.findings), _by_kind(new.findings)
    for kind, one in found.items():
        accepted = known.get(kind)
        if accepted is None:
            yield Change(Kind.NEW_FINDING, new.name, one.input, one.code)
        elif accepted.over(today):
            until = f"{one.code} until {accepted.expires}: {accepted.reason}"
            yield Change(Kind.EXPIRED, new.name, one.input, until)
    if decided(new.verdict):
        for kind, one in known.items():
            if kind not in found:
                yield Change(Kind.GONE, new.name, one.input, f"{one.code}: {one.reason}")


def _by_kind(findings: Iterable[Accepted]) -> dict[tuple[str, str], Accepted]:
    return {one.kind: one for one in findings}
