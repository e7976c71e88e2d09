"""What a baseline holds: for each target what it was at pinned points, and the findings that are accepted."""

from __future__ import annotations

import datetime
from typing import Annotated

from msgspec import Meta, Struct

from gradtest.plan import Known
from gradtest.settings import USUAL_DTYPE

from .number import Number

__all__ = ["Accepted", "Entry", "Key", "Parameter"]

#: Target, law and dtype: whose entry it is.
Key = tuple[str, str, str]

Level = Annotated[float, Meta(gt=0)]

#: The reason of a finding that nobody has explained yet.
UNEXPLAINED = "was there when the baseline was written; say here why it is accepted"


class Accepted(Struct, forbid_unknown_fields=True, frozen=True):
    """A finding that does not fail, and why; `reason` and `expires` are the user's to write.

    Attributes
    ----------
    code : str
    input : str
        The input whose gradient is wrong; empty where it is about all of them.
    reason : str
    expires : datetime.date, optional
        From this day on it counts no more.
    """

    code: Annotated[str, Meta(pattern="^GT[0-9]{3}$")]
    input: str = ""
    reason: Annotated[str, Meta(min_length=3)] = UNEXPLAINED
    expires: datetime.date | None = None

    @property
    def kind(self) -> tuple[str, str]:
        """What makes it the same finding tomorrow: the suspicion may be another one, from another case."""
        return self.input, self.code[:3]

    def known(self) -> Known:
        """Return what a campaign makes of it."""
        return Known(self.code[:3] + "xx", self.reason, self.input, recorded=True)

    def over(self, today: datetime.date) -> bool:
        """Whether it counts no more."""
        return self.expires is not None and today >= self.expires


class Parameter(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, omit_defaults=True):
    """One block of parameters at the pinned points.

    Attributes
    ----------
    verdict : str
        The worst over the points.
    accuracy : float, optional
        How far the gradient may be off, relative to its size, as a power of ten; None if that is
        not known.
    resolution : float, optional
        How small an error would have been seen, likewise.
    slopes : list of Number
        The slope that is claimed along one fixed direction at each point.
    """

    verdict: str
    accuracy: Level | None = None
    resolution: Level | None = None
    slopes: list[Number]


class Entry(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, omit_defaults=True):
    """What one target was.

    Attributes
    ----------
    target, law, dtype : str
        Whose entry it is.
    inputs : str
        How its inputs look.
    verdict : str
        What came of the generated cases.
    unpinned : str
        Why there are no values and slopes; empty if there are.
    drawn : Number, optional
        The pinned points themselves, as one number: those of another version may be others.
    values : list of Number
        What the function is along one fixed cotangent at each point.
    parameters : dict of str to Parameter
    findings : list of Accepted
    """

    target: str
    law: str
    dtype: str
    inputs: str = ""
    verdict: str
    unpinned: str = ""
    drawn: Number | None = None
    values: list[Number] = []
    parameters: dict[str, Parameter] = {}
    findings: list[Accepted] = []

    @property
    def key(self) -> Key:
        """Whose entry it is."""
        return self.target, self.law, self.dtype

    @property
    def name(self) -> str:
        """What it is called where one reads of it: the precision is said if it is not the usual one."""
        return self.target if self.dtype == USUAL_DTYPE else f"{self.target} in {self.dtype}"
