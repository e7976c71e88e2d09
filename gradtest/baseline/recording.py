"""From a campaign to the entries of a baseline, and from an old entry to the one that replaces it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from gradtest.adapters.subjects import Subject
from gradtest.campaign import Result, input_of

from .changes import BEYOND
from .entries import Accepted, Entry, Parameter
from .fingerprint import Unpinned, fingerprint
from .number import Number

__all__ = ["entry_of", "looked_at", "name_of", "renewed"]


#: What a campaign holds its targets to, and the inputs that it draws.
LAW, DTYPE = "derivative", "float64"


def name_of(subject: Subject) -> str:
    """Return what a target is called in a baseline: its place, and its name where that says more.

    One table may hold a function twice.
    """
    place, name = subject.place, subject.target.name
    return name if not place else place if place.endswith(name) else f"{place} ({name})"


def looked_at(result: Result) -> bool:
    """Whether a campaign came to an end with a target, so that there is something to record."""
    return result.verdict not in ("skipped", "stopped", "waiting", "crashed")


def entry_of(result: Result) -> Entry:
    """Return what became of a target, and what it is at the pinned points.

    Costs what `fingerprint` costs.
    """
    verdict = "disagrees" if result.verdict == "known" else result.verdict
    entry = Entry(
        target=name_of(result.subject), law=LAW, dtype=DTYPE, verdict=verdict, findings=_found(result)
    )
    if result.inputs is None:
        return replace(entry, unpinned=result.misuse.split(";")[0] or "its inputs are not known")
    entry = replace(entry, inputs=str(result.inputs))
    try:
        seen = fingerprint(result.subject.target, result.inputs.shapes, result.plan.settings)
    except Unpinned as unpinned:
        return replace(entry, unpinned=str(unpinned))
    return replace(entry, drawn=seen.drawn, values=seen.values, parameters=seen.parameters)


def _found(result: Result) -> list[Accepted]:
    """Return the findings, one for each input and family of codes, without what an override accepts."""
    overrides = [known for known in result.plan.known if not known.recorded]
    kept: dict[tuple[str, str], Accepted] = {}
    for finding in result.findings:
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
