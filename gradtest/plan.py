"""How to look at a target: what is asked of it, what is accepted, and what is made of it besides."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from gradtest.diagnosis.evidence import Finding
from gradtest.settings import DEFAULT, Method, Settings

__all__ = ["Known", "Plan", "accepted", "digest_of", "input_of"]


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
    width, scale : int
        How large named dims may be, and the power of two by which real inputs are multiplied
        (`gradtest.extremes.drawn_farther`); 0 for the usual.
    lenient : bool
        Whether a precision other than the usual that the function does not take is passed over.
    known : tuple of Known
        The findings that are accepted.
    skip : str
        Why a target is not looked at; empty if it is.
    seconds : float, optional
        When a target has taken so long, no further case of it is begun.
    verb, again : str, tuple of str
        What draws the same cases again: the verb of the command, and its options.
    keep, draw, pin : bool
        Whether findings are written to where ``gradtest replay`` finds them, pictures are made, and
        what a baseline holds is measured.
    """

    settings: Settings = DEFAULT
    opinions: tuple[Method, ...] = ()
    max_examples: int = 100
    given: Mapping[str, str] = field(default_factory=dict)
    width: int = 0
    scale: int = 0
    lenient: bool = False
    known: tuple[Known, ...] = ()
    skip: str = ""
    seconds: float | None = None
    verb: str = "check"
    again: tuple[str, ...] = ()
    keep: bool = False
    draw: bool = False
    pin: bool = False

    def command(self, place: str) -> str:
        """Return the command that draws the same cases of a target again."""
        return shlex.join(["python", "-m", "gradtest", self.verb, place, *self.again])


def digest_of(plans: Iterable[Plan]) -> str:
    """Return a digest of what decides, beside the seed, which cases are drawn and what comes of them."""
    names = ("opinions", "max_examples", "given", "skip", "seconds")
    said = [
        {name: getattr(plan, name) for name in names} | asdict(plan.settings.but(seed=0)) for plan in plans
    ]
    text = json.dumps(said, sort_keys=True, default=list)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
