"""Off by a factor of its own for every output, or for every slice; or by a term from place to place."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .entrywise import Array
from .factors import TRANSFORMS, aligned, right_in_spite
from .measured import Measured
from .suspicion import Cases, Suspicion, holds

__all__ = ["factor_of_slices", "from_place_to_place", "output_weight", "wrong_outputs"]

Weight = Callable[[Array], Array]

#: What a layer may divide or multiply by: a statistic of its input along an axis.
_STATISTICS: tuple[tuple[str, Callable[[Array, int], Array]], ...] = (
    ("norm({0}, axis {1})", lambda v, axis: np.sqrt((v * v).sum(axis, keepdims=True))),
    ("std({0}, axis {1})", lambda v, axis: v.std(axis, keepdims=True)),
    ("rms({0}, axis {1})", lambda v, axis: np.sqrt((v * v).mean(axis, keepdims=True))),
    ("var({0}, axis {1})", lambda v, axis: v.var(axis, keepdims=True)),
    ("sum({0}, axis {1})", lambda v, axis: v.sum(axis, keepdims=True)),
    ("sum({0}**2, axis {1})", lambda v, axis: (v * v).sum(axis, keepdims=True)),
)


def output_weight(cases: Cases) -> Suspicion | None:
    """Each output's share is off by a factor: a function of an input that lies like the output.

    What is wrong is then the derivative of the last step, whatever came before it.
    """
    if any(m.g is None or m.g.size < 2 for m in cases[:1]):
        return None
    for text, name, weight in _weights(cases[0]):
        for missing in (True, False):
            words = holds(cases, lambda m, n=name, w=weight, missing=missing: _weighted(m, n, w, missing))  # type: ignore[misc]
            if words and not right_in_spite(cases, name, weight):
                verb, quotient = ("missing", f"1 / {text}") if missing else ("too much", text)
                return Suspicion(
                    "GT116",
                    f"the factor {text} is {verb} at each output",
                    f"analytic = what the outputs contribute, each times {quotient}, {words}",
                )
    return None


def _weighted(m: Measured, name: str, weight: Weight, missing: bool) -> bool | None:
    if m.g is None:
        return False
    if m.jacobian is None:
        return None
    with np.errstate(all="ignore"):
        w = _alike(m, name, weight)
        if w is None or np.ptp(w) == 0.0:
            return None if w is not None else False  # the same for all outputs: told by other suspects
        upstream = m.g / w if missing else m.g * w
    if not np.isfinite(upstream).all():
        return None
    return m.fits((upstream.reshape(-1) @ m.jacobian).reshape(m.shape))


def _weights(m: Measured) -> Iterator[tuple[str, str, Weight]]:
    """Yield functions of inputs: in words, the name of the input, and the function."""
    for name, value in m.inputs.items():
        if value.ndim == 0 or value.dtype.kind not in "fb":
            continue
        for form, transform in TRANSFORMS if value.dtype.kind == "f" else TRANSFORMS[:1]:
            yield form.format(name), name, transform
        for form, statistic in _STATISTICS if value.dtype.kind == "f" else ():
            for axis in range(value.ndim):
                yield (
                    form.format(name, axis),
                    name,
                    lambda v, statistic=statistic, axis=axis: statistic(v, axis),  # type: ignore[misc]
                )


def _alike(m: Measured, name: str, transform: Weight) -> Array | None:
    """Return a function of an input in the shape of the output, if it lies like that."""
    value = m.inputs.get(name)
    return None if value is None or m.g is None else aligned(transform(value.astype(float)), m.g.shape)


# -- slices ---------------------------------------------------------------------------------------


def factor_of_slices(cases: Cases) -> Suspicion | None:
    """Every row, or every column, is off by a factor of its own."""
    for axis in range(len(cases[0].shape)):
        words = holds(cases, lambda m, axis=axis: _sliced(m, axis))  # type: ignore[misc]
        if words:
            what = (
                ("every row", "every column")[axis]
                if len(cases[0].shape) == 2
                else f"every slice along axis {axis}"
            )
            return Suspicion(
                "GT116",
                f"{what} is off by a factor of its own",
                f"analytic / numeric is one number within {what} {words}",
            )
    return None


def _sliced(m: Measured, axis: int) -> bool | None:
    if axis >= len(m.shape) or not np.isfinite(m.analytic).all():
        return False
    if not m.known.all() or m.x.size < 2 * m.shape[axis]:
        return None
    others = tuple(i for i in range(len(m.shape)) if i != axis)
    norm = (m.numeric * m.numeric).sum(others, keepdims=True)
    factor = (m.analytic * m.numeric).sum(others, keepdims=True) / np.where(norm > 0, norm, 1.0)
    return m.fits(factor * m.numeric)


# -- the claimed Jacobian --------------------------------------------------------------------------

#: The claimed Jacobian is asked for in so many cases.
_CASES = 8


def wrong_outputs(cases: Cases) -> Suspicion | None:
    """It is made of outputs that the block does not reach, and leaves out some that it does."""
    words = holds([m for m in cases if m.flat_upstream.size > 1][:_CASES], _of_others)
    if not words:
        return None
    return Suspicion(
        "GT122",
        "it is made of outputs that it does not reach",
        f"the upstream gradient there enters, and that of outputs which it moves does not, {words}",
    )


def _of_others(m: Measured) -> bool | None:
    if m.jacobian is None or m.claimed is None:
        return None
    reached = np.abs(m.jacobian).max(1) > 1e-9 * np.abs(m.jacobian).max()
    used = np.any(m.claimed != 0, axis=1)
    return bool(np.any(used & ~reached) and np.any(reached & ~used))


def from_place_to_place(cases: Cases) -> Suspicion | None:
    """The claimed Jacobian is off only from each place to itself, or only from a place to others."""
    for axis in range(len(cases[0].shape)):
        along = "" if len(cases[0].shape) == 1 else f" along axis {axis}"
        long = [m for m in cases if len(m.shape) > axis and m.shape[axis] > 1][:_CASES]
        for between, own in ((f"each place{along} to itself", True), (f"one place{along} to others", False)):
            words = holds(long, lambda m, axis=axis, own=own: _only_between(m, axis, own))  # type: ignore[misc]
            if words:
                return Suspicion(
                    "GT124", f"only what goes from {between} is wrong", f"so in the claimed Jacobian {words}"
                )
    return None


def _only_between(m: Measured, axis: int, own: bool) -> bool | None:
    """Whether the Jacobian is wrong between equal places along an axis alone (or between others alone)."""
    if m.g is None or axis >= len(m.shape) or axis >= m.g.ndim or m.g.shape[axis] != m.shape[axis]:
        return False
    if m.jacobian is None or m.claimed is None or m.shape[axis] < 2:
        return None
    same = np.indices(m.g.shape)[axis].reshape(-1)[:, None] == np.indices(m.shape)[axis].reshape(-1)
    allowed = 1e-6 * max(1e-300, float(np.abs(m.jacobian).max()))
    off = np.abs(m.claimed - m.jacobian) > allowed
    there = same if own else ~same
    if np.any(off & ~there):
        return False
    return True if np.any(np.abs(m.jacobian[~there]) > 100 * allowed) and off.any() else None
