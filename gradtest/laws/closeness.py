"""Whether two gradients that should be equal are, up to what their own rounding may have done."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtest.diagnosis.evidence import Entry
from gradtest.numerics.rounding import accumulated, epsilon, smallest_normal
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.spaces import arrays
from gradtest.verdict import BEYOND, resolution_asked

__all__ = [
    "Allowance",
    "Gap",
    "Gradients",
    "Sum",
    "combined",
    "gap",
    "noise",
    "of_gradients",
    "of_tangents",
]

#: Claimed gradients: leaf number -> array.
Gradients = Mapping[int, Any]

#: A linear combination of gradients, for the leaves that all of them have; added up piece by piece, in
#: double precision and complex numbers as pairs, so that large gradients need no others of their size.
Sum = tuple[tuple[float, Gradients], ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Where two sides that should be equal are farthest apart.

    Attributes
    ----------
    leaf : int
    index : tuple of int
        The worst entry; of complex ones the real or the imaginary part, as the last number says.
    left, right : float
        What the two sides are there.
    allowed : float
        How far apart they may be.
    wrong, size : int
        Entries of the leaf that are farther apart than allowed, and how many it has.
    """

    leaf: int
    index: tuple[int, ...]
    left: float
    right: float
    allowed: float
    wrong: int
    size: int

    @property
    def excess(self) -> float:
        """The difference in units of what it may be; infinite where one side is no number."""
        difference = abs(self.left - self.right)
        if difference == 0.0:
            return 0.0
        if not math.isfinite(difference):
            return math.inf
        return difference / self.allowed if self.allowed > 0 else math.inf

    def noisier(self, noise: float) -> Gap:
        """Return this gap where more than rounding is known to be in it."""
        return replace(self, allowed=self.allowed + 8.0 * noise)

    @property
    def equal(self) -> bool | None:
        """Whether the two sides are equal up to what they may be; None where it is too close to call."""
        if self.excess <= 1.0:
            return True
        return False if self.excess > BEYOND else None

    def place(self, name: str, leaf: Any) -> str:
        """Return where it is: x[0, 1], or x[0, 1].imag."""
        return name + Entry(self.index, 0.0, 0.0, 0.0, True, arrays.is_complex(leaf)).place

    @property
    def count(self) -> str:
        """How many entries are wrong, in words."""
        return "the only entry" if self.size == 1 else f"{self.wrong} of {self.size} entries"


@dataclass(frozen=True)
class Allowance:
    """How far apart two claims may be that should be equal.

    The rounding of a backward pass, but no less than the relative error that an *agrees* of the law
    *derivative* would have let pass; and the rounding of the function itself, below which a slope
    cannot be told from none.

    Attributes
    ----------
    rounding, asked : float
        Relative to the terms of a claim.
    natural : mapping of int to float
        The size of a slope, by leaf, were the function to change by its own size.
    tiny : float
        Numbers below it have lost their digits: a tail of exp(-x**2) in float32.
    """

    rounding: float
    asked: float
    natural: Mapping[int, float]
    tiny: float

    def __call__(self, leaf: int, terms: float, scale: float = 1.0) -> float:
        """Return what is allowed for a leaf whose terms are so large, `scale` times what is natural."""
        natural = self.rounding * scale * self.natural[leaf]
        return max(self.rounding, self.asked) * terms + natural + max(1.0, scale) * self.tiny


def of_gradients(probe: Probe, settings: Settings) -> Allowance:
    """Return the allowance for gradients, which belong to the inputs."""
    natural = {i: probe.magnitude / arrays.least_scale(probe.leaves[i]) for i in probe.blocks}
    return _allowance(probe, probe.gradients.values(), natural, settings)


def of_tangents(probe: Probe, settings: Settings) -> Allowance:
    """Return the allowance for tangents, which belong to the outputs."""
    natural = {i: arrays.largest(probe.out.leaves[i]) for i in probe.cotangents}
    return _allowance(probe, (), natural, settings)


def _allowance(
    probe: Probe, claims: Iterable[Any], natural: Mapping[int, float], settings: Settings
) -> Allowance:
    dtypes = [getattr(claim, "dtype", "float64") for claim in (*probe.out.leaves, *claims)]
    eps = max([probe.eps, *map(epsilon, dtypes)])
    terms = sum(map(arrays.size, (*probe.cotangents.values(), *(probe.leaves[i] for i in probe.blocks))))
    asked = settings.resolution if settings.resolution is not None else resolution_asked(eps)
    return Allowance(accumulated(eps, terms), asked, natural, max(map(smallest_normal, dtypes)))


def gap(
    left: Gradients,
    right: Gradients | Sum,
    may: Allowance,
    *,
    scale: float = 1.0,
    terms: Sum = (),
) -> Gap | None:
    """Return where two sides are farthest apart, in units of what they may be; None if nowhere.

    Parameters
    ----------
    left, right
        Entries that are no number on the right, which is the side that is believed, say nothing.
    may : Allowance
    scale : float
        How large the cotangents were, in units of those of the probe.
    terms : Sum
        What the two sides were added up from, where that is more than they are.
    """
    added = right if isinstance(right, tuple) else ((1.0, right),)
    gaps = (_gap(i, left[i], added, may, scale, terms) for i in _common(added) if i in left)
    return max((g for g in gaps if g is not None and g.excess > 0), key=lambda g: g.excess, default=None)


def _common(parts: Sum) -> list[int]:
    return sorted(set.intersection(*(set(gradients) for _, gradients in parts)))


def _pieces(i: int, parts: Sum) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield a linear combination of one leaf piece by piece, with where that is."""
    (first, row), *others = [(factor, arrays.flat(gradients[i])) for factor, gradients in parts]
    for s in arrays.pieces(row.size):
        piece = row[s].astype(np.float64, copy=False)
        if others or first != 1.0:
            piece = first * piece
        for factor, other in others:
            piece += factor * other[s].astype(np.float64, copy=False)
        yield s, piece


def _largest(i: int, parts: Sum) -> float:
    """Return the largest finite entry of a combination in size; 0 for none."""
    largest = 0.0
    for _, piece in _pieces(i, parts):
        size = np.abs(piece)
        most = float(size.max(initial=0.0))
        if not math.isfinite(most):
            most = float(size.max(initial=0.0, where=np.isfinite(size)))
        largest = max(largest, most)
    return largest


def _gap(leaf: int, left: Any, right: Sum, may: Allowance, scale: float, terms: Sum) -> Gap | None:
    one, example = arrays.flat(left), right[0][1][leaf]
    if one.size != arrays.real_size(example):
        return None
    sides = [_largest(leaf, side) for side in (((1.0, {leaf: left}),), right, *((term,) for term in terms))]
    limit = may(leaf, max(sides), scale)
    worst, farthest, wrong, pair = 0, 0.0, 0, (0.0, 0.0)
    for s, b in _pieces(leaf, right):
        a = one[s].astype(np.float64)
        difference = np.where(np.isfinite(b), np.nan_to_num(np.abs(a - b), nan=np.inf), 0.0)
        wrong += int(np.count_nonzero(difference > limit))
        at = int(difference.argmax())
        if difference[at] > farthest:
            worst, farthest, pair = s.start + at, float(difference[at]), (float(a[at]), float(b[at]))
    if farthest == 0.0:
        return None  # both may be no number there
    index = tuple(map(int, np.unravel_index(worst, arrays.real_shape(example))))
    return Gap(leaf, index, *pair, limit, wrong, one.size)


def combined(parts: Sum) -> Gradients:
    """Return a linear combination of gradients, for the leaves that all of them have, as pairs if complex."""
    found = {}
    for i in _common(parts):
        example = parts[0][1][i]
        whole = np.empty(arrays.real_size(example))
        for s, piece in _pieces(i, parts):
            whole[s] = piece
        found[i] = whole.reshape(arrays.real_shape(example))
    return found


def noise(ask: Callable[[float], Gradients], at_rest: Gradients) -> dict[int, float]:
    """Return how noisy claims are, by leaf: what should vanish of ``ask(t) - 2 ask(0) + ask(-t)``.

    `ask` is affine in t, or nearly so; what remains is rounding, which is another one at every t.
    Costs 4 claims.
    """
    found: dict[int, float] = {}
    for t in (math.pi * 2.0**-12, math.e * 2.0**-10):
        rest = (1.0, ask(t)), (-2.0, at_rest), (1.0, ask(-t))
        for i in _common(rest):
            found[i] = max(found.get(i, 0.0), _largest(i, rest))
    return found
