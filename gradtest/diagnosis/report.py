"""What one check found, in plain words; the same in terminal, JUnit and JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from gradtest.errors import GradientError

from .evidence import GROSS, Finding
from .mutants import Mutant, Power

__all__ = ["BlockReport", "Report", "message", "value_text"]


@dataclass(frozen=True, slots=True)
class BlockReport:
    """What became of one block of parameters.

    `input` is the input that holds it; `resolution` is the smallest relative error of its
    gradient that would have been seen; 0
    where the gradient is zero, so that there is nothing to be relative to.
    """

    name: str
    input: str
    shape: tuple[int, ...]
    verdict: str
    reason: str
    resolution: float
    excess: float
    place: str


@dataclass(frozen=True)
class Report:
    """What `check` found.

    Attributes
    ----------
    target : str
    verdict : {"agrees", "disagrees", "undecided"}
    note : str
        Why it is undecided, or what was skipped; may be empty.
    blocks : tuple of BlockReport
    evaluations : int
        Calls of the forward function on the way to the verdict.
    diagnose : callable
        Returns the findings.  Called when they are first asked for: a search that shrinks a
        failing case asks only in the end.
    mutate : callable
        Returns what became of the mutants of a gradient that agrees, but for those that are in
        the container that it is given.
    """

    target: str
    verdict: str
    note: str
    blocks: tuple[BlockReport, ...]
    evaluations: int
    diagnose: Callable[[], tuple[Finding, ...]] = field(default=tuple, compare=False, repr=False)

    mutate: Callable[[Container[tuple[str, str]]], tuple[Mutant, ...]] = field(
        default=lambda done: (), compare=False, repr=False
    )

    @cached_property
    def mutants(self) -> Power:
        """What this *agrees* is worth: wrong versions of the gradient, judged by the same measurements.

        ``mutants.caught`` of ``mutants.total`` would have been contradicted; ``mutants.survivors`` names
        the others, each with its reason.  Costs no evaluation; empty unless the verdict is *agrees*.
        """
        power = Power()
        power.add(self.mutate(power))
        return power

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """One for each block that disagrees, and for each broken contract (measured at first use)."""
        return self.diagnose()

    @property
    def reason(self) -> str:
        """What is wrong, why it is undecided, or what was skipped; may be empty."""
        return self.findings[0].what if self.verdict == "disagrees" else self.note

    @property
    def ok(self) -> bool:
        """Whether every block agrees."""
        return self.verdict == "agrees"

    @property
    def resolution(self) -> float:
        """The worst resolution over the blocks: smallest relative error that would have been seen.

        Infinite if nothing was measured; 0 if every gradient is zero.
        """
        decided = [block.resolution for block in self.blocks if block.verdict != "undecided"]
        return max(decided, default=math.inf)

    @property
    def excess(self) -> float:
        """The largest difference in units of what it may be."""
        return max((b.excess for b in self.blocks), default=0.0)

    def raise_if_wrong(self) -> None:
        """Raise what was found.

        Raises
        ------
        GradientError
            If the verdict is *disagrees*; its message is that of the findings.
        """
        if self.verdict == "disagrees":
            raise error_class(self)(self)

    def __str__(self) -> str:
        if self.verdict == "disagrees":
            return "\n\n".join(map(message, self.findings))
        lines = [f"gradtest: {self.target} {self.verdict}" + (f" - {self.reason}" if self.reason else "")]
        width = max((len(b.name) for b in self.blocks), default=0)
        for block in self.blocks:
            lines.append(f"  {block.name:<{width}}  {_block_text(block)}")
        return "\n".join([*lines, f"  {self.evaluations} evaluations"])


def _block_text(block: BlockReport) -> str:
    shape = "x".join(map(str, block.shape)) or "scalar"
    if block.verdict == "undecided":
        return f"{shape}  undecided: {block.reason}"
    would = f"an error of {block.resolution:.0e} would have been seen"
    seen = would if block.resolution else "zero, as claimed"
    return f"{shape}  {block.verdict}: {seen}" + (f" ({block.reason})" if block.reason else "")


# -- errors, one class for each kind of finding -------------------------------------------------

_classes: dict[tuple[str, bool], type[GradientError]] = {}


def error_class(report: Report) -> type[GradientError]:
    """Return the exception class of a report: one for each input that is wrong, and gross or marginal.

    Hypothesis tells bugs apart by the class of the exception, and shrinks each to its own
    smallest case; a gross error must not shrink to one that is hardly above the tolerance.
    """
    wrong = [block for block in report.blocks if block.verdict == "disagrees"]
    worst = max(wrong, key=lambda block: block.excess > GROSS, default=None)
    key = (worst.input, worst.excess > GROSS) if worst else ("", True)
    if key not in _classes:
        name = "GradientError" if key[1] else "MarginalGradientError"
        _classes[key] = type(name, (GradientError,), {"__module__": "gradtest"})
    return _classes[key]


# -- words ----------------------------------------------------------------------------------------


def message(finding: Finding) -> str:
    """Return the message of a finding: headline, evidence, why, where, the case, what next."""
    rows = [*_evidence_rows(finding), *_context_rows(finding)]
    return "\n".join([finding.headline, *(f"  {label:<13} {text}".rstrip() for label, text in rows)])


def _evidence_rows(finding: Finding) -> list[tuple[str, str]]:
    entry = finding.entry
    if entry is None:
        return [("", line) for line in finding.detail.splitlines()]
    place = finding.parameter + entry.place
    analytic, numeric = _two_numbers(entry.analytic, entry.numeric)
    width = max(len(analytic), len(numeric))
    return [
        (place, f"analytic  {analytic:>{width}}"),
        ("", f"numeric   {numeric:>{width}} ± {entry.error:.0e}"),
        ("", f"{_count(finding)}; {finding.evaluations} evaluations"),
    ]


def _count(finding: Finding) -> str:
    if finding.size == 1:
        return "the only entry"
    if finding.measured < finding.size:
        where = f", all in {finding.slice}" if finding.slice else ""
        return f"{finding.wrong} wrong of {finding.measured} measured, among {finding.size}{where}"
    right = finding.size - finding.wrong
    entries = "real and imaginary parts" if finding.entry and finding.entry.in_complex else "entries"
    return f"{finding.wrong} of {finding.size} {entries}" + (f"; the other {right} agree" if right else "")


def _context_rows(finding: Finding) -> list[tuple[str, str]]:
    rows = []
    if finding.others:
        rows.append(("others", "   ".join(f"{name} {word}" for name, word in finding.others)))
    if finding.entry is not None:
        rows.append(("why", finding.why or "cause unknown"))
    if finding.source:
        rows.append(("where", finding.source))
    if finding.place and finding.place != "at the point":
        rows.append(("seen", finding.place))
    for i, (name, value) in enumerate(finding.inputs.items()):
        rows.append(("inputs" if i == 0 else "", f"{name} = {value_text(value)}"))
    return rows


def _two_numbers(analytic: float, numeric: float) -> tuple[str, str]:
    """Format two numbers with as many digits as it takes to see that they differ, and no more."""
    for digits in (4, 8, 12, 17):
        pair = f"{analytic:.{digits}g}", f"{numeric:.{digits}g}"
        if pair[0] != pair[1]:
            return pair
    return repr(analytic), repr(numeric)


def value_text(value: Any) -> str:
    """Return an input as one would type it; large arrays by shape and dtype only."""
    if isinstance(value, np.ndarray):
        if value.size > 64:
            return f"array of shape {value.shape}, {value.dtype}"
        return repr(value.tolist()) + ("" if value.dtype == np.float64 else f"  ({value.dtype})")
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {value_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(map(value_text, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
    text = repr(value)
    return text if len(text) <= 200 else text[:197] + "..."
