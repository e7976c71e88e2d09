"""A failure that was written down, judged again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradtest.diagnosis.report import Report
from gradtest.errors import Misuse
from gradtest.failures import functions
from gradtest.failures.calls import case_of
from gradtest.failures.case_file import Failure, read
from gradtest.failures.packing import CannotKeep, unpack
from gradtest.laws.examination import examine
from gradtest.settings import Settings
from gradtest.spaces.domains import read_domain
from gradtest.subjects.modules import load
from gradtest.subjects.places import find
from gradtest.targets import Target, target

__all__ = ["Replayed", "replay"]


@dataclass(frozen=True)
class Replayed:
    """What became of a failure.

    Attributes
    ----------
    id : str
    word : {"FAILED", "FIXED", "UNDECIDED", "LOST"}
        Lost: it, or what it was found in, cannot be loaded.
    headline : str
        That of the failure as it was written down.
    reason : str
        Why it is lost or undecided.
    report : Report or None
        What the case says now.
    """

    id: str
    word: str
    headline: str = ""
    reason: str = ""
    report: Report | None = None


def replay(id: str, base: Path) -> Replayed:
    """Judge a failure again, by the code as it is now.

    Parameters
    ----------
    id : str
    base : Path
        Below which folder it was written.

    Returns
    -------
    Replayed
        Runs nothing but the code under test (the module of which is imported).
    """
    headline = ""
    try:
        failure, archive = read(base, id)
        headline = failure.headline
        inputs = {name: unpack(data, archive) for name, data in failure.inputs.items()}
        found = _target(failure, base)
        domains = {name: read_domain(words) for name, words in failure.domains.items()}
        found = replace(found, domains={**domains, **found.domains})
        report = examine(case_of(found, inputs), Settings(**failure.settings))
    except (CannotKeep, Misuse, TypeError) as error:
        return Replayed(id, "LOST", headline, str(error))
    word = {"disagrees": "FAILED", "agrees": "FIXED"}.get(report.verdict, "UNDECIDED")
    return Replayed(id, word, headline, report.reason if word == "UNDECIDED" else "", report)


def _target(failure: Failure, base: Path) -> Target:
    """Return what the failure was found in: by the names of its functions, its test, or its place.

    Raises
    ------
    CannotKeep
        If none of these leads to it.
    """
    reasons = []
    ways: tuple[Callable[[Failure, Path], Target | None], ...] = (_by_names, _by_test, _by_place)
    for way in ways:
        try:
            found = way(failure, base)
        except (CannotKeep, Misuse) as error:
            reasons.append(str(error))
        else:
            if found is not None:
                return found
    nameless = f"{failure.target} is made while the program runs, and has no name to be found by"
    again = f"; run its test again: pytest {failure.test!r}" if failure.test else ""
    raise CannotKeep(("; ".join(reasons) or nameless) + again)


def _by_names(failure: Failure, base: Path) -> Target | None:
    places = {role: place for role, place in failure.functions.items() if place is not None}
    if not places or len(places) < len(failure.functions):
        return None
    loaded: dict[str, Any] = {role: functions.load(place) for role, place in places.items()}
    return target(**loaded, wrt=failure.wrt, conjugate=failure.conjugate, name=failure.target)


def _by_test(failure: Failure, base: Path) -> Target | None:
    """Return the target of a test that `property_of` made."""
    file, _, name = failure.test.partition("::")
    if not file.endswith(".py") or not name:
        return None
    test = vars(load(str(base / file))).get(name.partition("[")[0])
    found: Target | None = getattr(test, "gradtest_target", None)
    return found


def _by_place(failure: Failure, base: Path) -> Target | None:
    if not failure.place:
        return None
    found = [subject.target for subject in find(failure.place) if subject.target.name == failure.target]
    return found[0] if found else None
