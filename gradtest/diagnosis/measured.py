"""One block of one case, measured entry by entry: what suspects look at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from gradtest.case import Case, Raised
from gradtest.matching import BrokenContract
from gradtest.numerics.chebyshev import coefficients, nodes, slopes_at_centre
from gradtest.probe import Probe
from gradtest.spaces import arrays
from gradtest.verdict import BEYOND

from .entrywise import FEW, LARGEST_JACOBIAN, STILL, Array, chosen, in_double, numbers, on_host, outputs_of

__all__ = ["Measured", "Purse", "leaves_of", "measure", "sizes_of"]

#: Blocks up to this many entries are measured with a confirmation from another scale.
_CONFIRMED = 8

#: Wrong entries that are measured again with other inputs.
_AGAIN = 2

#: A claimed Jacobian is asked for row by row, for up to so many outputs.
_ROWS = 12

#: A prediction is believed within this much of the numbers themselves, beside their errors.
_CLOSE = 1e-8


@dataclass
class Purse:
    """The forward evaluations that are left for one finding."""

    left: int


@dataclass(frozen=True, eq=False)
class Measured:
    """One block of one case.

    Attributes
    ----------
    probe : Probe
        The case and its cotangent; `block` is the number of the leaf, `name` its name.
    analytic, numeric, error : array
        In the shape of the block.  `error` is infinite where nothing was measured.
    step : array
        How far each entry was moved, in units of `arrays.coordinate`.
    around : bool
        Whether this is a point beside a single one, and not a case of its own.
    seen : mapping
        For each entry the outputs that measuring it took (`Numbers.seen`).
    purse : Purse
        What asking again may cost.
    """

    probe: Probe
    block: int
    analytic: Array
    numeric: Array
    error: Array
    step: Array
    around: bool = False
    seen: Mapping[tuple[int, ...], dict[float, Array]] = field(default_factory=dict)
    purse: Purse = field(default_factory=lambda: Purse(400))

    # -- the case -----------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name of the block."""
        return self.probe.case.names[self.block]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the block."""
        return tuple(self.analytic.shape)

    @cached_property
    def x(self) -> Array:
        """The value of the block; of a complex one the coordinates, with an axis of two behind."""
        return np.asarray(arrays.flat(self.probe.leaves[self.block]).reshape(self.shape))

    @property
    def alone(self) -> bool:
        """Whether its entries can move by themselves: then they are those of the gradient."""
        return self.probe.separable(self.block)

    @property
    def pairs(self) -> bool:
        """Whether the last axis holds the real and the imaginary part of complex numbers."""
        return arrays.is_complex(self.probe.leaves[self.block])

    @cached_property
    def inputs(self) -> dict[str, Array]:
        """Every leaf that holds numbers, by name."""
        return leaves_of(self.probe.case)

    @cached_property
    def reals(self) -> dict[str, Array]:
        """The leaves among them that can be differentiated by, in double precision."""
        names = self.probe.case.names
        return {names[i]: in_double(self.inputs[names[i]]) for i in self.probe.case.real}

    @cached_property
    def sizes(self) -> dict[str, float]:
        """Sizes and counts by name; see `sizes_of`."""
        return sizes_of(self.inputs, self.outputs)

    # -- the output ---------------------------------------------------------------------------

    @cached_property
    def outputs(self) -> list[Array]:
        """The real outputs."""
        return [on_host(self.probe.out.leaves[i]) for i in self.probe.cotangents]

    @cached_property
    def upstreams(self) -> list[Array]:
        """The cotangent of each of them."""
        return [on_host(w) for w in self.probe.cotangents.values()]

    @property
    def y(self) -> Array | None:
        """The output, if there is only one."""
        return self.outputs[0] if len(self.outputs) == 1 else None

    @property
    def g(self) -> Array | None:
        """Its cotangent."""
        return self.upstreams[0] if len(self.upstreams) == 1 else None

    # -- comparing ----------------------------------------------------------------------------

    @cached_property
    def known(self) -> Array:
        """Which entries were measured."""
        return np.asarray(np.isfinite(self.error))

    @cached_property
    def wrong(self) -> Array:
        """Which of them disagree."""
        with np.errstate(invalid="ignore"):
            right = np.abs(self.analytic - self.numeric) <= BEYOND * self.error + self.rounding
        return np.asarray(self.known & ~right)

    @property
    def failing(self) -> bool:
        """Whether the claim is wrong somewhere, or not finite."""
        return bool(self.wrong.any() or not np.isfinite(self.analytic[self.known]).all())

    @property
    def rounding(self) -> Array:
        """What the precision of the gradient allows each entry to be off."""
        largest = np.abs(np.nan_to_num(self.analytic)).max(initial=0.0)
        return np.asarray(50 * self.probe.eps * (np.abs(self.analytic) + 1e-3 * largest))

    @property
    def zero(self) -> Array:
        """Where the numeric gradient is zero within its error."""
        return np.asarray(self.known & (np.abs(self.numeric) <= 4 * self.error + self.rounding))

    def fits(self, predicted: Any) -> bool | None:
        """Whether the analytic gradient is `predicted`; None where that cannot be told.

        It cannot where the prediction is within its error of the numeric gradient: it must
        explain a difference, and to a hundredth of it.
        """
        if predicted is None or np.shape(predicted) != self.shape:
            return False
        with np.errstate(invalid="ignore", over="ignore"):
            p = np.asarray(predicted)
            known = self.known & ~np.isnan(p)
            if not known.any() or not np.isfinite(self.analytic[known]).all():
                return False
            tolerance = self._tolerance(p, known)
            if np.any(np.abs(self.analytic - p)[known] > tolerance[known]):
                return False
            gap = np.abs(self.analytic - self.numeric)[known]
            return True if np.any(gap > 100 * tolerance[known]) else None

    def _tolerance(self, p: Array, known: Array) -> Array:
        """Return how far a prediction made from the numeric gradient may be off."""
        size = float(np.abs(self.numeric[known]).max()) or 1.0
        stretch = max(1.0, float(np.abs(p[known]).max()) / size)
        own = np.maximum(np.abs(self.analytic), np.abs(np.where(known, p, 0.0)))
        close = max(_CLOSE, 64 * self.probe.eps)
        worst = float(self.error[known].max())
        return np.asarray(8 * stretch * worst + close * (own + 1e-3 * float(own[known].max())))

    # -- asking again -------------------------------------------------------------------------

    @cached_property
    def jacobian(self) -> Array | None:
        """Derivatives of all outputs (first axis, flat) by all entries (second axis); None if not to be had.

        Made of what was seen when the entries were measured: costs at most 4 evaluations an entry.
        """
        outputs = sum(w.size for w in self.upstreams)
        if not self.known.all() or outputs * self.x.size > LARGEST_JACOBIAN or not self.seen:
            return None
        columns = [self._column(index, outputs) for index in np.ndindex(self.shape)]
        jacobian = np.stack(columns, axis=1) if columns else np.zeros((outputs, 0))
        seen = (self.flat_upstream @ jacobian).reshape(self.shape)
        allowed = 1e-7 * np.abs(self.flat_upstream) @ np.abs(jacobian)
        off = np.abs(seen - self.numeric).reshape(-1) > 16 * self.error.reshape(-1) + allowed + 1e-12
        return None if off.any() or not np.isfinite(jacobian).all() else jacobian

    @cached_property
    def claimed(self) -> Array | None:
        """The claimed Jacobian, in the order of `jacobian`; None if it is not to be had.

        Costs an evaluation and a gradient for every output, of which there may be a dozen.
        """
        outputs = self.flat_upstream.size
        if self.g is None or outputs > _ROWS or self.probe.case.target.form != "vjp":
            return None
        rows = [self.back(unit.reshape(self.g.shape)) for unit in np.eye(outputs)]
        given = [row.reshape(-1) for row in rows if row is not None]
        return np.stack(given) if len(given) == outputs else None

    @property
    def flat_upstream(self) -> Array:
        """All cotangents in one row."""
        return np.concatenate([w.reshape(-1) for w in self.upstreams])

    def _column(self, index: tuple[int, ...], outputs: int) -> Array:
        direction, unit = self.probe.coordinate(self.block, index)
        step, seen = float(self.step[index]) or STILL, self.seen[index]
        seen.setdefault(0.0, outputs_of(self.probe, self.probe.out))
        line = self.probe.line(direction, lambda t, out: seen.__setitem__(t, outputs_of(self.probe, out)))
        places = [step * node for node in nodes(8)]
        for t in places:
            if t not in seen:
                self.purse.left -= 1
                line(t)
        samples = np.array([seen.get(t, np.full(outputs, np.nan)) for t in places])
        slopes = np.array(slopes_at_centre(8))
        return np.array([slopes @ np.asarray(coefficients(s)) for s in samples.T]) / (step * unit)

    def back(self, *upstreams: Array) -> Array | None:
        """Return the analytic gradient for other cotangents (one forward evaluation, one gradient)."""
        case = self.probe.case
        cotangents = dict(self.probe.cotangents)
        for (i, w), other in zip(self.probe.cotangents.items(), upstreams, strict=True):
            cotangents[i] = arrays.like(w, np.asarray(other, dtype=np.asarray(w).real.dtype).reshape(-1))
        whole = self.probe.out.build([cotangents.get(i) for i in range(len(self.probe.out.leaves))])
        try:
            gradients = case.pull_back(case.raw(), whole)
        except (Raised, BrokenContract):
            return None
        return on_host(gradients[self.block]).reshape(self.shape) if self.block in gradients else None

    def at(self, values: Mapping[str, Any]) -> Probe | None:
        """Return the probe with the same cotangent where some leaves have other values."""
        names, leaves = self.probe.case.names, list(self.probe.leaves)
        for name, value in values.items():
            i = names.index(name)
            leaves[i] = arrays.like(leaves[i], np.ascontiguousarray(value).reshape(-1))
        try:
            probe = self.probe.at(leaves)
        except (Raised, BrokenContract):
            return None
        return probe if probe.finite else None

    @property
    def whole(self) -> bool:
        """Whether all entries were looked at."""
        return self.x.size <= FEW

    def numeric_at(self, values: Mapping[str, Any]) -> Array | None:
        """Return a few entries of the numeric gradient where some leaves have other values.

        None where that costs too much.
        """
        probe = self.at(values) if self.purse.left > 0 else None
        return None if probe is None else self._asked(probe, self.block)

    def numeric_of(self, name: str) -> Array | None:
        """Return a few entries of the numeric gradient of another block of the same shape, or None."""
        i = self.probe.case.names.index(name)
        return self._asked(self.probe, i) if self.purse.left > 0 else None

    def numeric_swapped(self, name: str) -> Array | None:
        """Return a few entries of the numeric gradient of another block, the two in each other's place."""
        if self.purse.left <= 0:
            return None
        probe = self.at({self.name: self.reals[name], name: self.x})
        return None if probe is None else self._asked(probe, self.probe.case.names.index(name))

    def numeric_of_transposed(self) -> Array | None:
        """Return a few entries of the numeric gradient of the transposed block and cotangent, turned back."""
        if self.g is None or self.purse.left <= 0:
            return None
        leaves = list(self.probe.leaves)
        leaves[self.block] = arrays.like(leaves[self.block].T, self.x.T)
        cotangents = {i: arrays.like(w.T, self.g.T) for i, w in self.probe.cotangents.items()}
        try:
            probe = self.probe.at(leaves, cotangents)
        except (Raised, BrokenContract):
            return None
        few = [index[::-1] for index in self._few]
        return self._asked(probe, self.block, few).T if probe.finite else None

    @cached_property
    def _few(self) -> list[tuple[int, ...]]:
        """The entries that are asked for again: wrong ones, and one that is right."""
        wrong, right = np.argwhere(self.wrong), np.argwhere(self.known & ~self.wrong)
        return [tuple(map(int, index)) for index in (*wrong[:_AGAIN], *right[:1])]

    def _asked(self, probe: Probe, block: int, few: Sequence[tuple[int, ...]] = ()) -> Array:
        before = probe.case.evaluations
        value = numbers(probe, block, quick=True, only=few or self._few).value
        self.purse.left -= probe.case.evaluations - before
        return value


def measure(
    probe: Probe, block: int, *, around: bool = False, quick: bool = False, purse: Purse | None = None
) -> Measured | None:
    """Return a block with its entries measured; None if there are none.

    Of complex numbers the entries are their real and imaginary parts.  Where a domain does not let
    entries move alone, analytic and numeric are both taken along what `Probe.coordinate` moves.

    The analytic side of a jvp is asked for entry by entry.
    """
    x = probe.leaves[block]
    if arrays.size(x) == 0:
        return None
    found = numbers(probe, block, quick=quick or arrays.size(x) > _CONFIRMED)
    return Measured(
        probe,
        block,
        _analytic(probe, block),
        found.value,
        found.error,
        found.step,
        around,
        found.seen,
        purse or Purse(400),
    )


def _analytic(probe: Probe, block: int) -> Array:
    x = probe.leaves[block]
    shape = arrays.real_shape(x)
    if block in probe.gradients and probe.separable(block):
        return on_host(probe.gradients[block]).reshape(shape)
    claimed = np.full(shape, np.nan)
    for index in chosen(shape):
        direction, unit = probe.coordinate(block, index)
        if unit != 0.0:
            claimed[index] = probe.claim(direction).value / unit
    return claimed


def leaves_of(case: Case) -> dict[str, Array]:
    """Return every leaf of the inputs that holds numbers, by name, on the host: complex ones as pairs."""
    found = {}
    for name, leaf in zip(case.names, case.leaves, strict=True):
        if arrays.is_array(leaf) or isinstance(leaf, (bool, np.bool_)):
            host = np.asarray(leaf) if np.isscalar(leaf) else leaf
            pairs = arrays.is_complex(host)
            row, shape = (arrays.flat, arrays.real_shape) if pairs else (arrays.entries, arrays.shape)
            found[name] = row(host).reshape(shape(leaf))
    return found


def sizes_of(inputs: Mapping[str, Array], outputs: list[Array]) -> dict[str, float]:
    """Return what a factor could have been meant to be, by name: sizes of axes, counts, integers."""
    sizes: dict[str, float] = {}
    several = len(outputs) > 1
    named = {f"output {i}" if several else "output": out for i, out in enumerate(outputs)}
    for name, array in {**inputs, **named}.items():
        for axis, size in enumerate(array.shape):
            sizes[f"{name}.shape[{axis}]"] = size
        if array.ndim > 1:
            sizes[f"{name}.size"] = array.size
        if array.dtype.kind in "iu" and array.ndim == 0:
            sizes[name] = int(array)
        if array.dtype.kind == "b" and array.ndim:
            sizes[f"{name}.sum()"] = int(array.sum())
            sizes[f"{name}.mean()"] = float(array.mean())
    return {name: size for name, size in sizes.items() if size and math.isfinite(size)}
