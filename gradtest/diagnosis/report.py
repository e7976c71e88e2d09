"""What one check found, in plain words; the same in terminal, JUnit and JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtest.case import Case
from gradtest.errors import GradientError
from gradtest.judgement import Place
from gradtest.settings import Settings

from .evidence import GROSS, Finding
from .mutants import Mutant, Power
from .pictures import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "TEXT_AT",
    "BlockReport",
    "LawReport",
    "Report",
    "also_rows",
    "error_class",
    "joined",
    "message",
    "value_text",
]


@dataclass(frozen=True, slots=True)
class BlockReport:
    """What became of one block: an array among the inputs and parameters.

    Attributes
    ----------
    name, input : str
        Its own, and that of the input that holds it.
    shape : tuple of int
    verdict, reason : str
        As of a `Report`.
    resolution : float
        The smallest relative error of its gradient that would have been seen; 0 where the gradient
        is zero, so that there is nothing to be relative to.
    excess : float
        The difference in units of what it may be.
    place : str
        At the point, at a generic point nearby, or at a special point.
    """

    name: str
    input: str
    shape: tuple[int, ...]
    verdict: str
    reason: str
    resolution: float
    excess: float
    place: str


@dataclass(frozen=True, slots=True)
class LawReport:
    """What became of one law: agrees, disagrees, undecided or skipped, the last two with their reason."""

    name: str
    verdict: str
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """What `check` found: printed, the verdict for each input, or what is wrong.

    Attributes
    ----------
    target : str
        Its name.
    verdict : {"agrees", "disagrees", "undecided"}
        Whether every claim lies within the error of its measurement, and that is small; or one lies
        well beyond, there and at a generic point nearby; or neither can be said.
    ok : bool
        Whether it agrees.
    reason : str
        What is wrong, why it is undecided, or what was skipped; may be empty.
    findings : tuple of Finding
        What is wrong; measured when they are first asked for.
    resolution : float
        The smallest relative error of a gradient that would have been seen.
    mutants : Power
        Which wrong versions of a gradient that agrees would have been caught.
    note : str
        As `reason`, where nothing is wrong.
    blocks : tuple of BlockReport
        What became of each array among the inputs and parameters.
    evaluations : int
        Calls of the forward function on the way to the verdict.
    diagnose : callable
        Returns the findings.  Called when they are first asked for: a search that shrinks a
        failing case asks only in the end.  It may be given other cases of the same target, on which
        suspicions are tested.
    mutate : callable
        Returns what became of the mutants of a gradient that agrees, but for those that are in
        the container that it is given.
    judged : (Case, Settings), optional
        What was judged, and how: failure files are written from it.
    laws : tuple of LawReport
        The laws that were looked at in this case.
    draw : callable
        Returns what there is to draw.
    """

    target: str
    verdict: str
    note: str
    blocks: tuple[BlockReport, ...]
    evaluations: int
    diagnose: Callable[..., tuple[Finding, ...]] = field(default=tuple, compare=False, repr=False)
    mutate: Callable[[Container[tuple[str, str]]], tuple[Mutant, ...]] = field(
        default=lambda done: (), compare=False, repr=False
    )
    judged: tuple[Case, Settings] | None = field(default=None, compare=False, repr=False)
    laws: tuple[LawReport, ...] = ()
    draw: Callable[[], tuple[Picture, ...]] = field(default=tuple, compare=False, repr=False)

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
    def pictures(self) -> tuple[Picture, ...]:
        """What there is to draw of the worst block, as numbers (measured at first use)."""
        return self.draw()

    def plot(self) -> Figure:
        """Return a figure of matplotlib with all pictures: coefficients, remainder, entries, heat map.

        Raises
        ------
        Misuse
            If matplotlib is not installed, or there is nothing to draw.
        """
        from .figure import figure  # and with it matplotlib, which nothing else needs

        return figure(self.pictures, self.target)

    def _repr_html_(self) -> str:
        """Return how a notebook shows it: the words of `str`, and the pictures (measured at first use)."""
        from .notebook import as_html

        return as_html(str(self), self.verdict, self.pictures)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """One for each block that disagrees, and for each broken contract (measured at first use)."""
        return self.diagnose()

    def beside(self, others: object) -> Report:
        """Return this report with its suspicions tested on other cases (`confirm.Others`)."""
        return replace(self, diagnose=partial(_smallest, self.diagnose, others))

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

    @property
    def _broken(self) -> str:
        """The first law beside the derivative that is broken."""
        return next((f"law {one.name}" for one in self.laws if one.verdict == "disagrees"), "")

    @property
    def kinds(self) -> frozenset[str]:
        """What is wrong: the inputs whose gradient is, or the law that is broken."""
        wrong = frozenset(block.input for block in self.blocks if block.verdict == "disagrees")
        return wrong or frozenset({self._broken} - {""})

    @property
    def brief(self) -> str:
        """What disagrees, in a sentence that costs nothing: a search says it of cases on its way."""
        wrong = [block.name for block in self.blocks if block.verdict == "disagrees"]
        where = f"the gradient for {', '.join(wrong)} disagrees" if wrong else f"{self._broken} is broken"
        return f"gradtest: {self.target}: {where} (not the smallest case yet, and so not diagnosed)"

    def raise_if_wrong(self, *, searching: bool = False) -> None:
        """Raise what was found.

        Parameters
        ----------
        searching : bool
            Whether a search is on its way to a smaller case: then the message is `brief`.

        Raises
        ------
        GradientError
            If the verdict is *disagrees*; its message is that of the findings.
        """
        if self.verdict == "disagrees":
            raise error_class(self)(self, brief=self.brief if searching else "")

    def __str__(self) -> str:
        if self.verdict == "disagrees":
            finding, *also = self.findings
            return message(finding, also)
        lines = [f"gradtest: {self.target} {self.verdict}" + (f" - {self.reason}" if self.reason else "")]
        width = max((len(b.name) for b in self.blocks), default=0)
        for block in self.blocks:
            lines.append(f"  {block.name:<{width}}  {_block_text(block)}")
        return "\n".join([*lines, f"  {_evaluations(self.evaluations)}"])


def _block_text(block: BlockReport) -> str:
    shape = "x".join(map(str, block.shape)) or "scalar"
    if block.verdict == "undecided":
        return f"{shape}  undecided: {block.reason}"
    would = f"an error of {block.resolution:.0e} would have been seen"
    seen = would if block.resolution else "zero, as claimed"
    return f"{shape}  {block.verdict}: {seen}" + (f" ({block.reason})" if block.reason else "")


def _smallest(diagnose: Callable[..., tuple[Finding, ...]], others: object) -> tuple[Finding, ...]:
    """Return findings of the smallest case that a search found."""
    return tuple(replace(finding, smallest=True) for finding in diagnose(others))


# -- errors, one class for each kind of finding -------------------------------------------------

_classes: dict[tuple[bool, bool, str], type[GradientError]] = {}


def error_class(report: Report) -> type[GradientError]:
    """Return the exception class of a report: one for each input or law that is wrong, and how it is.

    Hypothesis tells bugs apart by the class of the exception, and shrinks each to its own
    smallest case.  A gross error must not shrink to one that is hardly above the tolerance, and
    one that is seen at the point itself not to one that is only seen nearby.
    """
    wrong = [_kind(block) for block in report.blocks if block.verdict == "disagrees"]
    key = min(wrong, default=(False, False, min(report.kinds, default="")))
    if key not in _classes:
        name = "MarginalGradientError" if key[0] else "GradientError"
        _classes[key] = type(name, (GradientError,), {"__module__": "gradtest"})
    return _classes[key]


def _kind(block: BlockReport) -> tuple[bool, bool, str]:
    nearby = block.place == Place.NEARBY
    return (
        not block.excess > GROSS,
        nearby,
        "" if nearby else block.input,
    )  # each class is a search of its own


def joined(reports: Sequence[Report]) -> Report:
    """Return one report of several failing cases: every parameter where it is shown best.

    The gross ones come first, those seen at the point itself before those seen nearby.  What one
    case shows, the next is not diagnosed for.
    """
    ranked = sorted(reports, key=lambda report: min(map(_rank, report.blocks), default=(False, False)))
    kept: list[Report] = []
    shown: set[str] = set()
    for report in ranked:
        if not kept or report.kinds - shown:
            kept.append(report)
            shown |= report.kinds
    if len(kept) == 1:
        return kept[0]
    return replace(kept[0], diagnose=lambda: _one_for_each([f for report in kept for f in report.findings]))


def _rank(block: BlockReport) -> tuple[bool, bool]:
    return _kind(block)[:2] if block.verdict == "disagrees" else (True, True)


def _one_for_each(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    kept: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        kept.setdefault((finding.parameter, finding.law), finding)
    return tuple(kept.values())


# -- words ----------------------------------------------------------------------------------------

#: How wide the labels of a message are, and where its text begins.
LABEL = 13
TEXT_AT = LABEL + 3

Row = tuple[str, str]


def message(finding: Finding, also: Sequence[Finding] = ()) -> str:
    """Return the message of a finding: headline, evidence, why, where, the case.

    What else was found has a line each (`also_rows`).
    """
    rows = [*_evidence_rows(finding), *also_rows(finding, also), *_context_rows(finding)]
    return "\n".join([finding.headline, *(line for row in rows for line in _lines(*row))])


def _lines(label: str, text: str) -> Iterator[str]:
    """Yield a row; a label that is too long for its column has a line of its own."""
    if len(label) > LABEL:
        yield f"  {label}"
        label = ""
    yield f"  {label:<{LABEL}} {text}".rstrip()


def also_rows(finding: Finding, also: Sequence[Finding]) -> list[Row]:
    """Return the rows that name what else is wrong: in the same case, or in larger ones."""
    here = [other for other in also if value_text(other.inputs) == value_text(finding.inputs)]
    larger = [other for other in also if not any(other is one for one in here)]
    return [
        (label if not i else "", f"{other.parameter} - {other.what}")
        for label, more in (("also wrong", here), ("larger cases", larger))
        for i, other in enumerate(more)
    ]


def _evidence_rows(finding: Finding) -> list[Row]:
    entry = finding.entry
    if entry is None:
        return [("", line) for line in _rest(finding).splitlines()]
    place = finding.parameter + entry.place
    analytic, numeric = _two_numbers(entry.analytic, entry.numeric)
    width = max(len(analytic), len(numeric))
    left = f"analytic  {analytic:>{width}}", f"numeric   {numeric:>{width}} ± {entry.error:.0e}"
    right = _count(finding), _evaluations(finding.evaluations)
    column = max(map(len, left)) + 4
    rows = [(place, f"{left[0]:<{column}}{right[0]}"), ("", f"{left[1]:<{column}}{right[1]}")]
    if finding.upstream:
        rows.append(("upstream", finding.upstream))
    return rows


def _rest(finding: Finding) -> str:
    """Return what the headline leaves of the sentence about a finding without numbers."""
    if finding.headline.endswith("..."):
        return finding.detail
    return finding.detail.removeprefix(finding.what).lstrip(".; ")


def _evaluations(count: int) -> str:
    return f"{count} evaluation" + ("" if count == 1 else "s")


def _count(finding: Finding) -> str:
    if finding.size == 1:
        return "the only entry"
    if finding.measured < finding.size:
        where = f", all in {finding.slice}" if finding.slice else ""
        return f"{finding.wrong} wrong of {finding.measured} measured, among {finding.size}{where}"
    right = finding.size - finding.wrong
    agree = "" if not right else "; the other agrees" if right == 1 else f"; the other {right} agree"
    entries = "real and imaginary parts" if finding.entry and finding.entry.in_complex else "entries"
    return f"{finding.wrong} of {finding.size} {entries}{agree}"


def _context_rows(finding: Finding) -> list[Row]:
    rows = []
    others = [(name, word) for name, word in finding.others if word != "wrong"]
    if others:
        rows.append(("others", "   ".join(f"{name} {word}" for name, word in others)))
    if finding.why or finding.entry is not None:
        rows.append(("why", finding.why or "cause unknown"))
    if finding.source:
        rows.append(("where", finding.source))
    if finding.place and finding.place != Place.HERE:
        rows.append(("seen", finding.place))
    label = "smallest case" if finding.smallest else "inputs"
    for i, (name, value) in enumerate(finding.inputs.items()):
        rows.append((label if i == 0 else "", f"{name} = {value_text(value)}"))
    if finding.again:
        rows.append(("again", finding.again))
    rows.append(("more", f"python -m gradtest explain {finding.code}"))
    return rows


def _two_numbers(analytic: float, numeric: float) -> tuple[str, str]:
    """Format two numbers with as many digits as show the difference with two digits, and no more."""
    apart, size = abs(analytic - numeric), max(abs(analytic), abs(numeric))
    digits = 4
    if 0 < apart < size < math.inf:
        digits = min(17, max(4, math.ceil(math.log10(size / apart)) + 2))
    pair = f"{analytic:.{digits}g}", f"{numeric:.{digits}g}"
    return pair if pair[0] != pair[1] else (repr(analytic), repr(numeric))


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
