"""What a user may hold an opinion on: one frozen value; reads no file."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from typing import Any, Literal, get_args

from gradtest.errors import Misuse, MisusedType, nearest

__all__ = ["DEFAULT", "KinkPolicy", "Method", "Settings"]

Method = Literal["spectral", "central", "scipy"]
KinkPolicy = Literal["skip", "subgradient", "strict"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How to look, and what to ask of the answer.

    Parameters
    ----------
    resolution : float, optional
        Smallest relative error of a gradient that an *agrees* must have been able to see.
        By default 1e-6 in float64 and 3072 eps in lower precision, and where the measured noise
        of the function forbids that, what the noise allows (at worst 3 %, in lower precision
        30 %); a number given here is kept strictly.
    kinks : {"skip", "subgradient", "strict"}
        What to hold against a claim at a point where the function has a kink: nothing, and look
        at a generic point nearby ("skip"); that it lie between the one-sided derivatives
        ("subgradient"); that it be the derivative wherever there is one ("strict").
    method : {"spectral", "central", "scipy"}
        What measures: the spectral line probe, plain central differences, or
        `scipy.optimize.approx_fprime` (the last two as second opinions, with a rougher error).
    seed : int
        Mixed into every random direction, beside the inputs themselves.
    budget : int
        About the largest number of evaluations spent on one block at one point.
    """

    resolution: float | None = None
    kinks: KinkPolicy = "skip"
    method: Method = "spectral"
    seed: int = 0
    budget: int = 160

    def __post_init__(self) -> None:
        for name, known in (("kinks", get_args(KinkPolicy)), ("method", get_args(Method))):
            value = getattr(self, name)
            if value not in known:
                raise Misuse(f"{name}={value!r} is not known; {nearest(str(value), known)}")
        self._check_resolution()
        for name in ("seed", "budget"):
            value = getattr(self, name)
            if not isinstance(value, Integral) or value < 0:
                raise Misuse(f"{name}={value!r} is not a whole number from 0 upwards")
        if self.budget < 8:
            raise Misuse(f"budget={self.budget!r} is too small to see anything; one look takes 8 evaluations")

    def _check_resolution(self) -> None:
        if self.resolution is None:
            return
        if not isinstance(self.resolution, Real):
            raise MisusedType(
                f"resolution={self.resolution!r} is not a number; give a relative error between 0 and 1"
            )
        if not 0 < self.resolution < 1:
            raise Misuse(
                f"resolution={self.resolution!r} is not a relative error; give a number between 0 and 1, "
                "or leave it out to have what the precision allows"
            )

    def but(self, **changes: Any) -> Settings:
        """Return these settings with `changes`; an unknown name gets a sentence."""
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise Misuse(f"{name!r} is not a setting; {nearest(name, known)}")
        return replace(self, **changes)


DEFAULT = Settings()
