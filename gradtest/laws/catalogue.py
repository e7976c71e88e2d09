"""The laws by name: what each of them demands, and which are asked for when nobody says."""

from __future__ import annotations

from dataclasses import dataclass

from gradtest.settings import LawName, Settings

from .adjointness import adjointness
from .answer import Law
from .batch import batch
from .contract import contract
from .layout import layout
from .linearity import linearity
from .memory import memory
from .precision import precision
from .purity import purity
from .remainder import remainder
from .second_order import second_order

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
    Entry(
        "adjointness",
        "Where vjp and jvp are both claimed, they are transposes of one another: <w, jvp(v)> = <vjp(w), v>.",
        adjointness,
        default=True,
        nearby=True,
    ),
    Entry(
        "second-order",
        "Where hess or hvp is claimed, it is the derivative of the claimed gradient, and symmetric.",
        second_order,
        default=True,
        nearby=True,
    ),
    Entry(
        "memory",
        "Every gradient has memory of its own: not that of an input, another gradient or the next call.",
        memory,
    ),
    Entry(
        "layout",
        "C, Fortran, strided, reversed, read-only and broadcast arrays give the same gradient.",
        layout,
    ),
    Entry(
        "precision",
        "In float32 the gradient loses little more than its rounded inputs make it lose.",
        precision,
        nearby=True,
    ),
    Entry(
        "batch",
        "Along an axis that is called batch, the gradient is that of the examples: rows, sum or mean.",
        batch,
        nearby=True,
    ),
    Entry(
        "remainder",
        "|f(x + t v) - f(x) - t analytic| falls as the square of t (Taylor test).",
        remainder,
        nearby=True,
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
