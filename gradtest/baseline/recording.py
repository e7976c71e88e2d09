"""From a campaign to the entries of a baseline, and from an old entry to the one that replaces it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from gradtest.adapters.subjects import Subject
from gradtest.campaign import Plan, Result, input_of
from gradtest.diagnosis.evidence import Finding
from gradtest.guess import Inputs
from gradtest.properties.drawn_domains import within

from .changes import BEYOND
from .entries import Accepted, Entry, Key, Parameter
from .fingerprint import Unpinned, fingerprint
from .number import Number

__all__ = ["Seen", "entry_of", "name_of", "renewed", "seen"]


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


def seen(results: Iterable[Result]) -> Seen:
    """Return what a campaign saw; costs what `fingerprint` costs for each target."""
    run = Seen()
    for result in results:
        run.targets.add(name_of(result.subject))
        run.cut |= result.verdict in ("stopped", "waiting")
        if result.verdict not in ("agrees", "known", "skipped", "undecided"):
            run.failing = run.failing or result.name
        if result.verdict not in ("skipped", "stopped", "waiting", "crashed"):
            verdict = "disagrees" if result.verdict == "known" else result.verdict
            why = result.misuse.split(";")[0]
            run.add(entry_of(result.subject, result.inputs, result.plan, verdict, result.findings, why))
    return run


def entry_of(
    subject: Subject,
    inputs: Inputs | None,
    plan: Plan,
    verdict: str,
    findings: Iterable[Finding],
    why: str = "",
) -> Entry:
    """Return what became of a target, and what it is at the pinned points.

    Parameters
    ----------
    subject, inputs, plan
        What was looked at, and how.
    verdict : str
        As `gradtest.campaign.Result.verdict`.
    findings : iterable of Finding
    why : str
        Why nothing is known of its inputs, if nothing is.
    """
    entry = Entry(
        target=_target_of(subject),
        law=LAW,
        dtype=subject.dtype,
        verdict=verdict,
        findings=_found(findings, plan),
    )
    if inputs is None:
        return replace(entry, unpinned=why or "its inputs are not known")
    entry = replace(entry, inputs=str(inputs))
    try:
        target = within(subject.target, inputs.shapes)
        at_points = fingerprint(target, inputs.shapes, plan.settings, subject.dtype)
    except Unpinned as unpinned:
        return replace(entry, unpinned=str(unpinned))
    return replace(entry, drawn=at_points.drawn, values=at_points.values, parameters=at_points.parameters)


def _found(findings: Iterable[Finding], plan: Plan) -> list[Accepted]:
    """Return the findings, one for each input and family of codes, without what an override accepts."""
    overrides = [known for known in plan.known if not known.recorded]
    kept: dict[tuple[str, str], Accepted] = {}
    for finding in findings:
        if not any(known.accepts(finding) for known in overrides):
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
