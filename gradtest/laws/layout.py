"""The seventh law: where the numbers lie in memory does not matter."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtest.case import Raised
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.signatures import label

from .answer import Answer, agrees, broken, skipped
from .closeness import gap, of_gradients

__all__ = ["LAYOUTS", "layout"]

Array = NDArray[Any]


def strided(x: Array) -> Array:
    """Every other entry of a larger array."""
    wide = np.full((*x.shape[:-1], 2 * x.shape[-1]), np.nan, dtype=x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]


def reversed_(x: Array) -> Array:
    """All axes run backwards through the memory."""
    turned = (slice(None, None, -1),) * x.ndim
    return x[turned].copy()[turned]


def read_only(x: Array) -> Array:
    """An array that refuses to be written into."""
    copy = x.copy()
    copy.flags.writeable = False
    return copy


#: Name -> an array with the same values, in another layout.
LAYOUTS: Mapping[str, Callable[[Array], Array]] = {
    "C order": np.ascontiguousarray,
    "Fortran order": np.asfortranarray,
    "strided": strided,
    "reversed": reversed_,
    "read-only": read_only,
}


def layout(probe: Probe, settings: Settings) -> Answer:
    """Give inputs and upstream gradient in other layouts, and ask for the same gradient.

    First all of them together, in each layout; then a broadcast view, of the first entry along
    the first axis, beside a copy of it.  Which shapes have an axis of size one, the inputs that
    are drawn decide; empty arrays are refused before.  Costs up to 7 evaluations with their
    gradients.
    """
    if probe.case.target.form == "jvp" or not any(map(_has_layout, probe.leaves)):
        return skipped("no input is a NumPy array with an axis")
    for name, change in LAYOUTS.items():
        answer = _same(probe, name, functools.partial(_laid_out, change), settings)
        if answer is not None:
            return answer
    return _broadcast(probe, settings) or agrees()


def _laid_out(change: Callable[[Array], Array], x: Any) -> Any:
    return change(x) if _has_layout(x) else x


def _has_layout(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.ndim > 0


def _broadcast(probe: Probe, settings: Settings) -> Answer | None:
    """Give views of stride zero, beside copies of them."""
    leaves, w = list(probe.leaves), dict(probe.cotangents)
    for values, which in ((leaves, probe.blocks), (w, list(w))):
        for i in which:
            values[i] = (
                np.repeat(values[i][:1], len(values[i]), axis=0) if _has_layout(values[i]) else values[i]
            )
    try:
        equal = probe.at(leaves, w)
    except Raised:
        return None
    own = {id(leaves[i]) for i in probe.blocks} | set(map(id, w.values()))

    def view(x: Any) -> Any:
        return np.broadcast_to(x[:1], x.shape) if _has_layout(x) and id(x) in own else x

    return _same(equal, "broadcast", view, settings) if equal.finite else None


def _same(probe: Probe, name: str, change: Callable[[Any], Any], settings: Settings) -> Answer | None:
    """Return the finding that the gradient is another one in a layout, or that it cannot be had."""
    case, derivative = probe.case, label(probe.case.target.derivative)
    given = [change(x) for x in probe.leaves]
    upstream = probe.whole_cotangent({i: change(w) for i, w in probe.cotangents.items()})
    try:
        returned = case.call(given)
        found = case.pull_back(returned, upstream, given=given)
    except Exception as error:
        cause = error.error if isinstance(error, Raised) else error
        who = derivative if isinstance(error, Raised) else case.target.name
        what = f"{who} raises {type(cause).__name__} for arrays that are {name}"
        return broken(
            probe, "layout", "GT135", case.target.name, what, str(cause), "copies of them do not raise"
        )
    widest = gap(found, probe.gradients, of_gradients(probe, settings))
    if widest is None or widest.equal is not False:
        return None
    parameter = case.names[widest.leaf]
    place = widest.place(parameter, probe.leaves[widest.leaf])
    detail = "\n".join(
        [
            f"{place}: {widest.left:.6g} for arrays that are {name}",
            f"{widest.right:.6g} ± {widest.allowed:.0e} for the same numbers in a copy",
            widest.count,
        ]
    )
    what = f"another one where arrays are {name}"
    return broken(probe, "layout", "GT135", parameter, what, detail, "the same numbers were given in a copy")
