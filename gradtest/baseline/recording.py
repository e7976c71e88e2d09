"""From a campaign to the entries of a baseline, and from an old entry to the one that replaces it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from gradtest.diagnosis.evidence import Finding
from gradtest.guess import Inputs
from gradtest.plan import Known, Plan, input_of
from gradtest.properties.drawn_domains import within
from gradtest.record import Record
from gradtest.subjects.subject import Subject

from .changes import BEYOND
from .entries import Accepted, Entry, Key, Parameter
from .fingerprint import Unpinned, fingerprint
from .number import Number
from .store import from_plain

__all__ = ["Seen", "entry_of", "name_of", "pinned_of", "renewed", "seen"]


#: What the numbers of an entry are about.
LAW = "derivative"


def name_of(subject: Subject) -> str:
    """Return what a target is called in a baseline: its place, and its name where that says more.

    One table may hold a function twice.  In another precision than the usual it says which.
    """
    return subject.in_precision(_target_of(subject))


def _target_of(subject: Subject) -> str:
    place, name = subject.place, subject.target.name
    return name if not place else place if place.endswith(name) else f"{place} ({name})"


@dataclass
class Seen:
    """What a run saw of its targets.

    Attributes
    ----------
    entries : dict
        Of the targets that were looked at.
    targets : set of str
        All that there were, also those that were skipped or not reached.
    cut : bool
        Whether some of them were not reached.
    failing : str
        One that failed; empty if none did.
    """

    entries: dict[Key, Entry] = field(default_factory=dict)
    targets: set[str] = field(default_factory=set)
    cut: bool = False
    failing: str = ""

    def add(self, entry: Entry) -> None:
        """Take what was seen of one target."""
        self.entries[entry.key] = entry
        self.targets.add(entry.name)


def seen(records: Iterable[Record]) -> Seen:
    """Return what a campaign saw, whose plans said to `pin` what a baseline holds."""
    run = Seen()
    for record in records:
        verdict = record.verdict
        run.targets.add(record.key)
        run.cut |= verdict in ("stopped", "waiting")
        if verdict not in ("agrees", "known", "skipped", "undecided"):
            run.failing = run.failing or record.name
        if record.pinned is not None and verdict not in ("skipped", "stopped", "waiting", "crashed"):
            came = "disagrees" if verdict == "known" else verdict
            run.add(_judged(from_plain(record.pinned), came, record.findings, record.excuses))
    return run


def entry_of(
    subject: Subject, inputs: Inputs | None, plan: Plan, verdict: str, findings: Iterable[Finding]
) -> Entry:
    """Return what became of a target, and what it is at the pinned points.

    Parameters
    ----------
    subject, inputs, plan
        What was looked at, and how.
    verdict : str
        As `gradtest.record.Record.verdict`.
    findings : iterable of Finding
    """
    return _judged(pinned_of(subject, inputs, plan), verdict, findings, plan.known)


def pinned_of(subject: Subject, inputs: Inputs | None, plan: Plan, why: str = "") -> Entry:
    """Return what a target is at the pinned points; costs what `fingerprint` costs.

    Parameters
    ----------
    subject, inputs, plan
        What is looked at, and how.
    why : str
        Why nothing is known of its inputs, if nothing is.
    """
    entry = Entry(target=_target_of(subject), law=LAW, dtype=subject.dtype, verdict="")
    if inputs is None:
        return replace(entry, unpinned=why or "its inputs are not known")
    entry = replace(entry, inputs=str(inputs))
    try:
        target = within(subject.target, inputs.shapes)
        at_points = fingerprint(target, inputs.shapes, plan.settings, subject.dtype)
    except Unpinned as unpinned:
        return replace(entry, unpinned=str(unpinned))
    return replace(entry, drawn=at_points.drawn, values=at_points.values, parameters=at_points.parameters)


def _judged(entry: Entry, verdict: str, findings: Iterable[Finding], known: Iterable[Known]) -> Entry:
    return replace(entry, verdict=verdict, findings=_found(findings, known))


def _found(findings: Iterable[Finding], known: Iterable[Known]) -> list[Accepted]:
    """Return the findings, one for each input and family of codes, without what an override accepts."""
    overrides = [one for one in known if not one.recorded]
    kept: dict[tuple[str, str], Accepted] = {}
    for finding in findings:
        if not any(one.accepts(finding) for one in overrides):
            whole = finding.parameter == finding.target
            one = Accepted(finding.code, "" if whole else input_of(finding))
            kept.setdefault(one.kind, one)
    return sorted(kept.values(), key=lambda one: (one.input, one.code))


# -- in the place of an old one -------------------------------------------------------------------


def renewed(old: Entry, new: Entry) -> Entry:
    """Return what takes the place of an entry: the old numbers where they still hold, word for word.

    Another machine rounds otherwise, and that shall change no byte.  What the user wrote about a
    finding stays.
    """
    said = {one.kind: one for one in old.findings}
    new = replace(new, findings=[said.get(one.kind, one) for one in new.findings])
    if new.inputs != old.inputs or not _same(old.drawn, new.drawn):
        return new
    return replace(
        new,
        drawn=old.drawn,
        values=_kept(old.values, new.values),
        parameters={
            name: _parameter(old.parameters[name], now) if name in old.parameters else now
            for name, now in new.parameters.items()
        },
    )


def _parameter(old: Parameter, new: Parameter) -> Parameter:
    return replace(
        new,
        accuracy=_level(old.accuracy, new.accuracy),
        resolution=_level(old.resolution, new.resolution),
        slopes=_kept(old.slopes, new.slopes),
    )


def _same(old: Number | None, new: Number | None) -> bool:
    return old is not None and new is not None and old.agrees(new)


def _kept(old: Sequence[Number], new: Sequence[Number]) -> list[Number]:
    if len(old) != len(new):
        return list(new)
    return [was if was.agrees(now) else now for was, now in zip(old, new, strict=True)]


def _level(old: float | None, new: float | None) -> float | None:
    if old is None or new is None:
        return new
    return old if old / BEYOND <= new * (1 + 1e-9) and new <= old * BEYOND * (1 + 1e-9) else new
