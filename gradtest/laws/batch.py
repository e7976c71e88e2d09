"""The ninth law: the gradient of a batch is made of those of its examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradtest.case import Case, Raised
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.spaces import arrays

from .answer import Answer, agrees, broken, skipped
from .closeness import Gap, Gradients, combined, gap, of_gradients, of_tangents

__all__ = ["batch"]

#: Larger batches are not taken apart.
MOST_EXAMPLES = 16


def batch(probe: Probe, settings: Settings) -> Answer:
    """Take a batch apart, and hold its gradient to those of its examples.

    What becomes of the outputs tells what to expect: each in its own row, their sum, or their
    mean.  Where it is none of these, examples know of each other (batch statistics), and the law
    is skipped.  Gradients for inputs with the axis are then those of the examples, one beside the
    other; those for others (weights) are their sum.  Costs an evaluation with its gradient for
    each example.
    """
    case = probe.case
    axes = {i: axis for i, name in enumerate(case.names) if (axis := case.target.batch.get(name)) is not None}
    sizes = {np.shape(case.leaves[i])[axis] for i, axis in axes.items()}
    if case.target.form == "jvp" or len(sizes) != 1:
        return skipped("no axis is called batch")
    (size,) = sizes
    if not 2 <= size <= MOST_EXAMPLES or len(probe.cotangents) != 1:
        return skipped(f"it takes apart batches of 2 to {MOST_EXAMPLES} with one output")
    try:
        told = _share(probe, _outputs(case, axes, size), settings)
        if told is None:
            return skipped("the output is not that of the examples: rows, sum or mean")
        share, how, row = told
        examples = [_example(probe, axes, k, share, row) for k in range(size)]
    except Raised as raised:
        return skipped(f"an example by itself cannot be had: {raised}")
    right = _together(examples, axes)
    terms = tuple((float(size), g) for g in examples if not axes.keys() & g.keys())
    found = gap(probe.gradients, right, of_gradients(probe, settings), terms=terms)
    if found is None or found.equal is not False:
        return agrees(f"the output of a batch is {how}")
    return _broken(probe, found, how, found.leaf in axes)


def _taken(case: Case, axes: Mapping[int, int], k: int) -> list[Any]:
    """Return the leaves of one example, as a batch of one."""
    return [np.take(x, [k], axis=axes[i]) if i in axes else x for i, x in enumerate(case.leaves)]


def _outputs(case: Case, axes: Mapping[int, int], size: int) -> list[Any]:
    alone = (case.at(_taken(case, axes, k)) for k in range(size))
    return [one.primal(one.raw()) for one in alone]


def _share(probe: Probe, alone: Sequence[Any], settings: Settings) -> tuple[float, str, int | None] | None:
    """Return what share an example has, how the outputs are put together, and along which axis."""
    ((leaf, _),) = probe.cotangents.items()
    whole, may, size = probe.out.leaves[leaf], of_tangents(probe, settings), len(alone)

    def is_whole(candidate: Any) -> bool:
        if np.shape(candidate) != np.shape(whole):
            return False
        found = gap({leaf: np.asarray(whole)}, {leaf: np.asarray(candidate)}, may)
        return found is None or found.equal is True

    if any(arrays.shape(one) != arrays.shape(alone[0]) for one in alone):
        return None
    for axis in range(np.ndim(alone[0])):
        if np.shape(alone[0])[axis] == 1 and is_whole(np.concatenate(alone, axis=axis)):
            return 1.0, "its rows", axis
    total = np.sum(np.asarray(alone), axis=0)
    if is_whole(total):
        return 1.0, "their sum", None
    return (1.0 / size, "their mean", None) if is_whole(total / size) else None


def _example(probe: Probe, axes: Mapping[int, int], k: int, share: float, row: int | None) -> Gradients:
    """Return the gradients of one example, for its share of the output."""
    ((leaf, w),) = probe.cotangents.items()
    own = w if row is None else np.take(w, [k], axis=row)
    return combined(((share, probe.at(_taken(probe.case, axes, k), {leaf: own}).gradients),))


def _together(examples: Sequence[Gradients], axes: Mapping[int, int]) -> Gradients:
    """Return the gradients of the batch that those of its examples make."""
    return {
        i: np.concatenate([g[i] for g in examples], axis=axes[i])
        if i in axes
        else sum(g[i] for g in examples)
        for i in set.intersection(*(set(g) for g in examples))
    }


def _broken(probe: Probe, found: Gap, how: str, has_axis: bool) -> Answer:
    name = probe.case.names[found.leaf]
    what = "not that of each example by itself" if has_axis else "not the sum over the examples"
    lines = (
        f"{found.place(name, probe.leaves[found.leaf])}: {found.left:.6g} for the batch",
        f"{found.right:.6g} ± {found.allowed:.0e} from its examples, one by one",
        found.count,
    )
    why = f"the output of the batch is {how}: of examples that do not know of each other"
    return broken(probe, "batch", "GT136", name, what, "\n".join(lines), why)
