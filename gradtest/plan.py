"""How to look at a target: what is asked of it, what is accepted, and what is made of it besides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradtest.diagnosis.evidence import Finding
from gradtest.settings import DEFAULT, Method, Settings

__all__ = ["Known", "Plan", "accepted", "input_of"]


@dataclass(frozen=True)
class Known:
    """A finding that is accepted, and why.

    Attributes
    ----------
    code : str
        "GT101", or "GT1xx" for all of that family.
    reason : str
    input : str
        The input that is wrong; empty for any.
    recorded : bool
        Whether a baseline says so, which keeps account of it (else an override does).
    """

    code: str
    reason: str
    input: str = ""
    recorded: bool = False

    def accepts(self, finding: Finding) -> bool:
        """Whether it is about a finding."""
        family = self.code.removesuffix("xx")
        return finding.code.startswith(family) and self.input in ("", input_of(finding))


def accepted(findings: Iterable[Finding], known: Sequence[Known]) -> dict[str, str]:
    """Return why findings are accepted, by their codes; empty unless all of them are."""
    reasons = {}
    for finding in findings:
        by = next((one for one in known if one.accepts(finding)), None)
        if by is None:
            return {}
        reasons[finding.code] = by.reason
    return reasons


def input_of(finding: Finding) -> str:
    """Return the input that a parameter belongs to: weights for weights[3]."""
    return re.split(r"[\[.]", finding.parameter, maxsplit=1)[0]


@dataclass(frozen=True)
class Plan:
    """How to look at a target; plain data, so that another process can be told.

    Attributes
    ----------
    settings : Settings
        Its method decides, its seed also says which cases are drawn.
    opinions : tuple of Method
        What else is asked at a share of the same points.  These are shown and do not decide:
        their errors are rougher.
    max_examples : int
        Cases for each target.
    given : mapping of str to str
        What the user says of the inputs.
    drawn : mapping
        What `gradtest.inputs` is told besides the shapes and the dtype: sizes.
    known : tuple of Known
        The findings that are accepted.
    skip : str
        Why a target is not looked at; empty if it is.
    seconds : float, optional
        When a target has taken so long, no further case of it is begun.
    again : tuple of str
        The options with which the command draws the same cases again.
    keep, draw, pin : bool
        Whether findings are written to where ``gradtest replay`` finds them, pictures are made, and
        what a baseline holds is measured.
    """

    settings: Settings = DEFAULT
    opinions: tuple[Method, ...] = ()
    max_examples: int = 100
    given: Mapping[str, str] = field(default_factory=dict)
    drawn: Mapping[str, Any] = field(default_factory=dict)
    known: tuple[Known, ...] = ()
    skip: str = ""
    seconds: float | None = None
    again: tuple[str, ...] = ()
    keep: bool = False
    draw: bool = False
    pin: bool = False
