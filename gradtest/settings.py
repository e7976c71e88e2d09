"""What a user may hold an opinion on: one frozen value; reads no file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from typing import Any, Literal, get_args

from gradtest.errors import Misuse, MisusedType, nearest

__all__ = ["DEFAULT", "USUAL_DTYPE", "Dtype", "KinkPolicy", "LawName", "Method", "Settings"]

Method = Literal["spectral", "central", "scipy"]
KinkPolicy = Literal["skip", "subgradient", "strict"]
#: The precisions that a target can be asked in, and the one that goes without saying.
Dtype = Literal["float64", "float32", "float16"]
USUAL_DTYPE: Dtype = "float64"
#: The laws of `gradtest.laws.catalogue`, which says what each of them demands.
LawName = Literal[
    "derivative",
    "contract",
    "linearity",
    "purity",
    "adjointness",
    "second-order",
    "memory",
    "layout",
    "precision",
    "batch",
    "remainder",
]


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
    laws : str or collection of str, optional
        What to hold the derivative to, by name (``python -m gradtest laws`` lists them), or "all".
        By default what every derivative obeys: *derivative* and *contract* in every case, the
        others in about one generated case of eight.  Laws that are named are looked at in every
        case.

    Raises
    ------
    Misuse
        If a word is not known, or a number is outside of its range.
    """

    resolution: float | None = None
    kinks: KinkPolicy = "skip"
    method: Method = "spectral"
    seed: int = 0
    budget: int = 160
    laws: Collection[str] | str | None = None

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
        self._check_laws()
        if self.budget < 8:
            raise Misuse(f"budget={self.budget!r} is too small to see anything; one look takes 8 evaluations")

    def _check_laws(self) -> None:
        if self.laws is None:
            return
        known = get_args(LawName)
        names = (self.laws,) if isinstance(self.laws, str) else self.laws
        if not isinstance(names, (tuple, list, set, frozenset)) or not names:
            raise MisusedType(f"laws={self.laws!r} names no law; give a tuple of names: {', '.join(known)}")
        names = known if tuple(names) == ("all",) else tuple(dict.fromkeys(map(str, names)))
        for name in names:
            if name not in known:
                raise Misuse(f"{name!r} is not a law; {nearest(name, known)}")
        object.__setattr__(self, "laws", names)

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
