"""The laws by name: what each of them demands, and which are asked for when nobody says."""

from __future__ import annotations

from dataclasses import dataclass

from gradtest.settings import LawName, Settings

from .answer import Law
from .contract import contract
from .linearity import linearity
from .purity import purity

__all__ = ["LAWS", "Entry", "asked"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One law.

    Attributes
    ----------
    name : str
    demands : str
        What it demands, in a sentence.
    hold : callable or None
        Holds a case to it; None for the first, which `derivative` does.
    default : bool
        Whether it is asked for when no law is named.
    free : bool
        Whether it costs nothing, and is looked at in every case.
    repeats : bool
        Whether it compares calls, and so needs calls that repeat.
    nearby : bool
        Whether it may fail by convention at a kink, and is believed only if it fails nearby, too.
    """

    name: LawName
    demands: str
    hold: Law | None
    default: bool = False
    free: bool = False
    repeats: bool = True
    nearby: bool = False


LAWS: tuple[Entry, ...] = (
    Entry(
        "derivative",
        "The claimed slope is the measured one, for every input, along lines through every point.",
        None,
        default=True,
        free=True,
        repeats=False,
    ),
    Entry(
        "contract",
        "A gradient comes back for every real input, in its shape and structure, and in no lower precision.",
        contract,
        default=True,
        free=True,
        repeats=False,
    ),
    Entry(
        "linearity",
        "The vjp is linear in its cotangent, the jvp in its tangent: nothing is clipped, added or dropped.",
        linearity,
        default=True,
        nearby=True,
    ),
    Entry(
        "purity",
        "The same call gives the same answer; nothing is changed in place, no call disturbs another.",
        purity,
        default=True,
    ),
)


def asked(settings: Settings, *, every: bool = True) -> list[Entry]:
    """Return the laws to hold a case to, in the order of `LAWS`.

    Those that `settings` names, or those that every derivative obeys; of the latter only the free
    ones, if not `every`.
    """
    if settings.laws is not None:
        return [law for law in LAWS if law.name in settings.laws]
    return [law for law in LAWS if law.default and (every or law.free)]
