"""The eighth law: in low precision the gradient loses no more than low precision must lose."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtest.case import Raised
from gradtest.numerics.rounding import EPS64, epsilon
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.spaces import arrays

from .answer import Answer, agrees, broken, generator, skipped, undecided
from .closeness import combined, gap, of_gradients

__all__ = ["precision"]

#: So many times what must be lost is too much.
TOO_MUCH = 1000.0
#: A gradient in float64 is a number if it is so many times what a nudge of its inputs changes it by.
DIGITS, NUDGE = 1000.0, 8.0


def precision(probe: Probe, settings: Settings) -> Answer:
    """Hold the gradient in float32 to that in float64, of the same numbers.

    What must be lost is what becomes of the gradient when its inputs are rounded to float32, the
    rounding of the result, and that of the function itself: the answer says how many times that is
    lost, in the worst block.  A thousand times as much is a finding, *inaccurate*: right in kind,
    but by a formula that cancels.  Costs 6 evaluations with their gradients.
    """
    case = probe.case
    real = [i for i in case.real if isinstance(case.leaves[i], (np.ndarray, np.generic))]
    if case.target.form == "jvp" or case.domains or set(real) != set(case.real):
        return skipped("it is for NumPy arrays that may be rounded")
    low = _low(case.leaves, real)
    if low is None:
        return skipped("it is for real inputs of one floating dtype")
    eps = epsilon(low)
    below = _cast(probe, low, low)
    above = _cast(probe, low, np.dtype(np.float64))
    if below is None or above is None or set(below.gradients) != set(above.gradients):
        return undecided(f"the function has no value in {low}, or in float64")
    if all(getattr(g, "dtype", None) != low for g in below.gradients.values()):
        return skipped(f"the gradient of {low} inputs is not {low}")
    rng = generator(case, settings, "precision")
    may = of_gradients(below, settings)
    must = {i: eps * (arrays.largest(g) + may.natural[i]) for i, g in above.gradients.items()}
    for _ in range(3):
        rounded = _rounded(above, real, rng, eps)
        if rounded is None:
            return undecided("the function has no value nearby")
        change = combined(((1.0, rounded.gradients), (-1.0, above.gradients)))
        must = {i: max(must[i], arrays.largest(g)) for i, g in change.items()}
    off = combined(((1.0, below.gradients), (-1.0, above.gradients)))
    zero = _zero(above, real, rng)
    lost = {i: arrays.largest(g) / (must[i] + np.finfo(low).tiny) for i, g in off.items() if i not in zero}
    worst = max(lost, key=lambda i: lost[i], default=None)
    if worst is None:
        return undecided("the gradient is zero up to the rounding of float64")
    if not lost[worst] > TOO_MUCH:
        return agrees(f"{low} loses {lost[worst]:.1g} times what it must")
    found = gap({worst: below.gradients[worst]}, {worst: above.gradients[worst]}, may)
    assert found is not None
    name = case.names[worst]
    share = abs(found.left - found.right) / max(abs(found.right), 1e-300)
    detail = "\n".join(
        [
            f"{found.place(name, probe.leaves[worst])}: {found.left:.8g} in {low}",
            f"{found.right:.8g} in float64, of the same numbers: off by {share:.0e}",
        ]
    )
    what = f"inaccurate: {low} loses {lost[worst]:.0e} times what it must"
    why = f"inputs rounded to {low} change the gradient by {must[worst]:.0e} only"
    return broken(probe, "precision", "GT121", name, what, detail, why)


def _zero(above: Probe, real: list[int], rng: np.random.Generator) -> set[int]:
    """Return the blocks whose gradient has no digits in float64 either: what cancels there is not lost."""
    nudged = _rounded(above, real, rng, NUDGE * EPS64)
    if nudged is None:
        return set()
    change = combined(((1.0, nudged.gradients), (-1.0, above.gradients)))
    return {i for i, g in change.items() if arrays.largest(above.gradients[i]) <= DIGITS * arrays.largest(g)}


def _low(leaves: list[Any], real: list[int]) -> np.dtype[Any] | None:
    """Return float32, or the lower precision that the inputs have; None where they are unlike."""
    dtypes = {np.dtype(leaves[i].dtype) for i in real}
    if len(dtypes) != 1 or next(iter(dtypes)).kind != "f":
        return None
    dtype = next(iter(dtypes))
    return dtype if dtype.itemsize < 8 else np.dtype(np.float32)


def _cast(probe: Probe, low: np.dtype[Any], dtype: np.dtype[Any]) -> Probe | None:
    """Return the probe in a precision, at numbers that are of the low one."""
    leaves = [
        np.asarray(x).astype(low).astype(dtype) if i in probe.case.real else x
        for i, x in enumerate(probe.leaves)
    ]
    cotangents = {i: np.asarray(w).astype(low).astype(dtype) for i, w in probe.cotangents.items()}
    try:
        cast = probe.at(leaves, cotangents)
    except Raised:
        return None
    return cast if cast.finite else None


def _rounded(probe: Probe, real: list[int], rng: np.random.Generator, eps: float) -> Probe | None:
    """Return the probe at inputs that are off by up to half an epsilon."""
    leaves = list(probe.leaves)
    for i in real:
        leaves[i] = leaves[i] * (1 + eps * rng.uniform(-0.5, 0.5, np.shape(leaves[i])))
    try:
        beside = probe.at(leaves)
    except Raised:
        return None
    return beside if beside.finite else None
