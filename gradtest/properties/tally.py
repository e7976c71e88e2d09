"""What a run of cases came to: how many, undecided and why, the worst resolution, the cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypedDict

import msgspec

from gradtest.diagnosis.mutants import Fate, Mutant, Power
from gradtest.diagnosis.report import LawReport, Report
from gradtest.diagnosis.source import location_of

__all__ = ["Identity", "Tally", "session", "titles"]


class _Counts(TypedDict):
    """A tally as plain data."""

    cases: int
    agrees: int
    disagrees: int
    undecided: int
    nearby: int
    nothing: int
    reasons: dict[str, int]
    resolution: float
    evaluations: int
    mutants: list[tuple[str, str, Fate, str]]
    laws: dict[str, dict[str, int]]


@dataclass
class Tally:
    """Counts over the cases of one target; adds up over workers and shards.

    Attributes
    ----------
    cases, agrees, disagrees, undecided : int
    nearby : int
        Cases that were judged at a generic point nearby (a kink at the point itself).
    nothing : int
        Cases that agree with every gradient being zero: they say little.
    reasons : Counter
        Why undecided, without the numbers.
    resolution : float
        The worst over the cases that agree.
    evaluations : int
    mutants : Power
        Which mutants of the gradients that agree were caught in any case.
    laws : dict of str to Counter
        What became of each law in the cases in which it was looked at: its verdicts, those that are
        undecided or skipped with their reason.
    """

    cases: int = 0
    agrees: int = 0
    disagrees: int = 0
    undecided: int = 0
    nearby: int = 0
    nothing: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    resolution: float = 0.0
    evaluations: int = 0
    mutants: Power = field(default_factory=Power)
    laws: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, report: Report) -> None:
        """Count one report."""
        self.cases += 1
        self.evaluations += report.evaluations
        for law in report.laws:
            self.laws.setdefault(law.name, Counter())[_word(law)] += 1
        if report.verdict == "agrees":
            self.agrees += 1
            self.resolution = max(self.resolution, report.resolution if report.blocks else 0.0)
            self.nearby += any(b.place != "at the point" for b in report.blocks)
            self.nothing += report.resolution == 0.0
            self.mutants.add(report.mutate(self.mutants))
        elif report.verdict == "disagrees":
            self.disagrees += 1
        else:
            self.undecided += 1
            self.reasons[_without_numbers(report.reason)] += 1

    def merge(self, other: Tally) -> None:
        """Add what another worker counted."""
        for name in ("cases", "agrees", "disagrees", "undecided", "nearby", "nothing", "evaluations"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reasons.update(other.reasons)
        self.mutants.add(other.mutants.mutants.values())
        for law, words in other.laws.items():
            self.laws.setdefault(law, Counter()).update(words)
        self.resolution = max(self.resolution, other.resolution)

    def as_data(self) -> dict[str, Any]:
        """Return this as dicts, lists, strings and numbers: what travels between processes."""
        mutants = [list(map(str, mutant)) for mutant in self.mutants.mutants.values()]
        laws = {law: dict(words) for law, words in self.laws.items()}
        return vars(self) | {"reasons": dict(self.reasons), "mutants": mutants, "laws": laws}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Tally:
        """Return the tally that `as_data` made the data of.

        Raises
        ------
        msgspec.ValidationError
            If it is none; the message names what is wrong.
        """
        counts: Any = msgspec.convert(data, _Counts, strict=False)  # "inf" is a number here
        mutants = Power()
        mutants.add(Mutant(*mutant) for mutant in counts["mutants"])
        laws = {law: Counter(words) for law, words in counts["laws"].items()}
        return cls(**{**counts, "reasons": Counter(counts["reasons"]), "mutants": mutants, "laws": laws})

    def vacuous(self) -> str:
        """Return why this run says nothing, or an empty string if it says something."""
        if self.cases == 0:
            return "nothing was checked: no case was generated"
        if self.disagrees:
            return ""
        if self.agrees == 0:
            reason = self.reasons.most_common(1)[0][0] if self.reasons else "no reason given"
            return f"nothing was decided: all {self.cases} cases are undecided ({reason})"
        if 2 * self.undecided > self.cases:
            reason = self.reasons.most_common(1)[0][0]
            return (
                f"{self.undecided} of {self.cases} cases are undecided ({reason}); draw the inputs from "
                "where the function is smooth and finite"
            )
        if self.nothing == self.agrees and self.cases > 1:
            return (
                f"the gradient was zero in all {self.agrees} cases that were decided, so that only a wrong "
                "zero would have been seen; draw inputs for which the function moves"
            )
        return ""


def _word(law: LawReport) -> str:
    """Return the verdict of a law by which cases can be counted, with its reason if it needs one."""
    if law.verdict in ("agrees", "disagrees"):
        return law.verdict
    reason = _without_numbers(law.reason) if law.name == "derivative" else law.reason.split(":")[0]
    return f"{law.verdict}: {reason}"


def _without_numbers(reason: str) -> str:
    """Return a reason by which cases can be counted: without the block, and what was measured."""
    return reason.split(": ", 1)[-1].split(":")[0]


# -- what a session checked -----------------------------------------------------------------------


class Identity(NamedTuple):
    """By what a target is known: its name, and where its derivative stands, since two may have one name."""

    name: str
    place: str = ""

    @classmethod
    def of(cls, report: Report) -> Identity:
        """Return that of the target of a report."""
        found = location_of(report.judged[0].target) if report.judged is not None else None
        return cls(report.target, f"{found[0]}:{found[1]}" if found else "")


def titles(identities: Iterable[Identity]) -> dict[Identity, str]:
    """Return what to call each: its name, with its place where another has that name.

    >>> list(titles([Identity("f", "a.py:1"), Identity("f", "b.py:1"), Identity("g", "a.py:9")]).values())
    ['f (a.py:1)', 'f (b.py:1)', 'g']
    """
    every = list(identities)
    count = Counter(one.name for one in every)
    return {
        one: f"{one.name} ({one.place})" if one.place and count[one.name] > 1 else one.name for one in every
    }


#: What was checked in this process: the pytest plugin's summary.
session: dict[Identity, Tally] = {}
