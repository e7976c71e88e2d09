"""The right numbers in the wrong places: transposed, reversed, shifted, swapped with another input."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import chain, combinations, permutations

import numpy as np

from .entrywise import Array
from .factors import explained, proportion
from .measured import Measured
from .suspicion import Cases, Suspicion, constant, holds, number, simple

__all__ = [
    "along_the_other_axis",
    "another_input",
    "in_another_order",
    "jacobian_untransposed",
    "only_at_a_place",
    "only_in_a_part",
    "reversed_or_shifted",
    "right_at_a_place",
    "right_in_sum",
    "transposed",
    "transposed_input",
]


def transposed(cases: Cases) -> Suspicion | None:
    """Axes of one size are swapped."""
    dimensions = len(cases[0].shape)
    for order in permutations(range(dimensions)):
        if order == tuple(range(dimensions)) or dimensions > 4:
            continue
        words = holds(cases, lambda m, order=order: m.fits(_permuted(m, order)))  # type: ignore[misc]
        if words:
            swapped = [str(axis) for axis, other in enumerate(order) if axis != other]
            what = "it is transposed" if dimensions == 2 else f"its axes {' and '.join(swapped)} are swapped"
            where = (
                "analytic[i, j] = numeric[j, i]"
                if dimensions == 2
                else f"analytic = numeric with axes in order {order}"
            )
            return Suspicion("GT104", what, f"{where} {words}")
    return None


def _permuted(m: Measured, order: tuple[int, ...]) -> Array | None:
    return np.transpose(m.numeric, order) if len(order) == m.numeric.ndim else None


def along_the_other_axis(cases: Cases) -> Suspicion | None:
    """What it would be if rows and columns changed places before, and back after."""
    words = holds(cases[:12], _otherwise_along)
    if not words:
        return None
    return Suspicion(
        "GT107",
        "it goes along the wrong axis",
        f"analytic = numeric of the transposed input, transposed back, {words}",
    )


def _otherwise_along(m: Measured) -> bool | None:
    if len(m.shape) != 2 or m.g is None or m.g.ndim != 2:
        return False
    other = m.numeric_of_transposed()
    return None if other is None else m.fits(other)


def reversed_or_shifted(cases: Cases) -> Suspicion | None:
    """Reversed along axes, shifted along one, or read in another memory order."""
    dimensions = len(cases[0].shape)
    for phrase, change in _moves(dimensions):
        words = holds(cases, lambda m, change=change: _moved(m, change, dimensions))  # type: ignore[misc]
        if words:
            return Suspicion("GT122", f"it is {phrase}", f"analytic = numeric {phrase} {words}")
    return None


def _moved(m: Measured, change: Callable[[Array], Array], dimensions: int) -> bool | None:
    return m.fits(change(m.numeric)) if len(m.shape) == dimensions else False


Move = tuple[str, Callable[[Array], Array]]


def _moves(dimensions: int) -> Iterator[Move]:
    for axes in _subsets(dimensions):
        along = " and ".join(map(str, axes))
        yield f"reversed along axis {along}", lambda a, axes=axes: np.flip(a, axes)  # type: ignore[misc]
    for axis in range(dimensions):
        for places, phrase in ((1, "one place up"), (-1, "one place down")):
            yield (
                f"shifted {phrase} along axis {axis}",
                lambda a, places=places, axis=axis: np.roll(a, places, axis),  # type: ignore[misc]
            )
    if dimensions > 1:
        yield "in column order", lambda a: a.reshape(-1, order="F").reshape(a.shape)
        yield "in row order", lambda a: a.reshape(-1).reshape(a.shape, order="F")


def _subsets(dimensions: int) -> Iterator[tuple[int, ...]]:
    axes = range(min(dimensions, 3))
    return chain.from_iterable(combinations(axes, n) for n in range(1, len(axes) + 1))


def in_another_order(cases: Cases) -> Suspicion | None:
    """The same numbers in some other order."""
    words = holds(cases, lambda m: _same_numbers(m, np.sort))
    if words:
        return Suspicion(
            "GT122", "its entries are in the wrong order", f"the same numbers in other places {words}"
        )
    return None


def _same_numbers(m: Measured, order: Callable[[Array], Array]) -> bool | None:
    if not m.known.all() or m.analytic.size < 2:
        return None
    ranked = np.empty(m.analytic.size)
    ranked[np.argsort(m.analytic, axis=None)] = order(m.numeric.reshape(-1))
    return m.fits(ranked.reshape(m.shape))


def right_in_sum(cases: Cases) -> Suspicion | None:
    """The entries are wrong and their sum is right: something goes to the wrong place."""
    words = holds(cases, _same_sum)
    if not words:
        return None
    return Suspicion(
        "GT122", "its sum is right, its entries are not", f"analytic and numeric have the same sum {words}"
    )


def _same_sum(m: Measured) -> bool | None:
    if not m.known.all() or m.analytic.size < 2:
        return None
    size = float(np.abs(m.numeric).sum())
    off, allowed = abs(float(np.sum(m.analytic - m.numeric))), 8 * float(m.error.sum()) + 1e-8 * size
    if not off <= allowed:
        return False
    told = np.abs(m.analytic - m.numeric).max() > 1e-3 * size and abs(np.sum(m.numeric)) > 0.01 * size
    return True if told else None


def another_input(cases: Cases) -> Suspicion | None:
    """It is the gradient of another input of the same shape."""
    first = cases[0]
    for name in first.reals:
        if name == first.name:
            continue

        def swapped(m: Measured, name: str = name) -> tuple[float, float] | None:
            if name not in m.reals or m.reals[name].shape != m.shape:
                return None
            other = m.numeric_of(name)
            if other is None:
                return math.nan, math.inf  # nothing is left to ask with: this case cannot tell
            found = proportion(m, m.analytic, other)
            return found if found is None else explained(m, found, found[0] * other)

        found = constant(cases, swapped)
        if found is not None and simple(found[0]):
            times = "" if number(found[0]) == "1" else f"{number(found[0])} times "
            return Suspicion(
                "GT109",
                f"it is {times}the gradient for {name}",
                f"analytic = {times}numeric for {name} {found[1]}",
            )
    return None


def jacobian_untransposed(cases: Cases) -> Suspicion | None:
    """The Jacobian is applied to the upstream gradient, not its transpose."""

    def untransposed(m: Measured) -> bool | None:
        if not _square(m):
            return False
        return None if m.jacobian is None else m.fits((m.jacobian @ m.flat_upstream).reshape(m.shape))

    words = holds(cases, untransposed)
    if words:
        return Suspicion(
            "GT104", "the Jacobian is used untransposed", f"analytic = J upstream, not its transpose, {words}"
        )
    return None


def _square(m: Measured) -> bool:
    return m.flat_upstream.size == m.x.size


def transposed_input(cases: Cases) -> Suspicion | None:
    """As if another input, the block itself or the upstream gradient were transposed, or reversed."""
    for phrase, change in _FOLDS:
        words = holds(cases, lambda m, change=change: _upstream_folded(m, change))  # type: ignore[misc]
        if words:
            return _as_if("the upstream gradient", phrase, words)
    for name in cases[0].reals:
        for phrase, change in _FOLDS:

            def folded(
                m: Measured, name: str = name, change: Callable[[Array], Array | None] = change
            ) -> bool | None:
                value = m.reals.get(name)
                other = None if value is None else change(value)
                if value is None or other is None or np.array_equal(value, other):
                    return False
                return m.fits(m.numeric_at({name: other}))

            words = holds(cases, folded)
            if words:
                return _as_if(name, phrase, words)
    return None


def _as_if(name: str, phrase: str, words: str) -> Suspicion:
    code = "GT104" if phrase == "transposed" else "GT122"
    return Suspicion(code, f"as if {name} were {phrase}", f"analytic = numeric with {name} {phrase} {words}")


def _transpose(value: Array) -> Array | None:
    """Return `value` with its first two axes swapped, where these have one size."""
    if value.ndim < 2 or value.shape[0] != value.shape[1] or value.shape[0] < 2:
        return None
    return np.swapaxes(value, 0, 1)


def _reverse(value: Array) -> Array | None:
    return np.flip(value) if value.ndim and value.size > 1 else None


_FOLDS: tuple[tuple[str, Callable[[Array], Array | None]], ...] = (
    ("transposed", _transpose),
    ("reversed", _reverse),
    ("negated", lambda value: -value),
)


def _upstream_folded(m: Measured, change: Callable[[Array], Array | None]) -> bool | None:
    g = None if m.g is None else change(m.g)
    if g is None:
        return False
    return None if m.jacobian is None else m.fits((g.reshape(-1) @ m.jacobian).reshape(m.shape))


# -- only some places -----------------------------------------------------------------------------


def only_at_a_place(cases: Cases) -> Suspicion | None:
    """Only the first or last entry along an axis is wrong, the diagonal, one side of it, or one entry."""
    found = _only_in(cases, chain(_ends(cases[0]), _triangles(cases[0].shape)))
    if found is not None:
        return found
    words = holds(cases, _single, least=0.3)
    return (
        Suspicion("GT124", "only one entry is wrong", f"all other entries agree {words}") if words else None
    )


def only_in_a_part(cases: Cases) -> Suspicion | None:
    """Only what lies at both ends of an axis is wrong, or one of two, three or four equal parts."""
    return _only_in(cases, _parts(cases[0].shape))


def _only_in(cases: Cases, regions: Iterator[Region]) -> Suspicion | None:
    for phrase, inside in regions:
        words = holds(cases, lambda m, inside=inside: _only_inside(m, inside), least=0.3)  # type: ignore[misc]
        if words:
            return Suspicion("GT124", f"only {phrase} is wrong", f"the other entries agree {words}")
    return None


def right_at_a_place(cases: Cases) -> Suspicion | None:
    """Only the first or last slice along an axis is right, nearly all else is wrong."""
    for phrase, inside in _ends(cases[0]):
        seen = [
            (int(np.sum(m.wrong & mark)), int(np.sum(m.known & mark))) for m, mark in _outside(cases, inside)
        ]
        if sum(wrong for wrong, _ in seen) < _MOSTLY * sum(known for _, known in seen):
            continue
        words = holds(cases, lambda m, inside=inside: _only_inside(m, _without(inside)), least=0.3)  # type: ignore[misc]
        if words:
            return Suspicion(
                "GT124", f"only {phrase} is right", f"that agrees, and little else does, {words}"
            )
    return None


#: So many of the other entries must be wrong before a place is said to be the only right one.
_MOSTLY = 0.75

Inside = Callable[[tuple[int, ...]], Array | None]
Region = tuple[str, Inside]


def _only_inside(m: Measured, inside: Inside) -> bool | None:
    region = inside(m.shape)
    if region is None or not m.wrong.any() or np.any(m.wrong & ~region):
        return False
    return True if np.any(m.known & ~region) else None


def _without(inside: Inside) -> Inside:
    """Return what lies outside of a region."""

    def outside(shape: tuple[int, ...]) -> Array | None:
        region = inside(shape)
        return None if region is None else ~region

    return outside


def _outside(cases: Cases, inside: Inside) -> Iterator[tuple[Measured, Array]]:
    for m in cases:
        region = inside(m.shape)
        if region is not None:
            yield m, ~region


def _single(m: Measured) -> bool | None:
    """Whether one entry alone is wrong; of fewer than three that is no news."""
    if int(m.wrong.sum()) != 1:
        return False
    return True if int(m.known.sum()) >= 3 else None


def _triangles(shape: tuple[int, ...]) -> Iterator[Region]:
    if len(shape) == 2:
        yield "the diagonal", lambda size: _where(size, np.equal)
        yield "the part above the diagonal", lambda size: _where(size, np.less)
        yield "the part below the diagonal", lambda size: _where(size, np.greater)
        yield "the part off the diagonal", lambda size: _where(size, np.not_equal)


def _parts(shape: tuple[int, ...]) -> Iterator[Region]:
    for axis in range(len(shape)):
        along = "" if len(shape) == 1 else f" along axis {axis}"
        for depth, phrase in ((1, "the first and the last"), (2, "the two first and the two last")):
            yield (
                f"what lies at both ends{along} ({phrase})",
                lambda size, axis=axis, depth=depth: _both_ends(size, axis, depth),  # type: ignore[misc]
            )
        for parts in (4, 3, 2):
            for part in range(parts):
                yield (
                    f"{_ORDINALS[part]} of {parts} equal parts{along}",
                    lambda size, axis=axis, parts=parts, part=part: _part(size, axis, parts, part),  # type: ignore[misc]
                )


_ORDINALS = ("the first", "the second", "the third", "the fourth")


def _ends(m: Measured) -> Iterator[Region]:
    dimensions = len(m.shape)
    for axis in range(dimensions):
        for name, part, end in (("last", "imaginary", -1), ("first", "real", 0)):
            where = f"the {name} entry" if dimensions == 1 else f"the {name} slice along axis {axis}"
            if m.pairs and axis == dimensions - 1:
                where = f"the {part} part"
            yield where, lambda size, axis=axis, end=end: _slice(size, axis, end)  # type: ignore[misc]


def _both_ends(size: tuple[int, ...], axis: int, depth: int) -> Array | None:
    if axis >= len(size):
        return None
    place = np.indices(size)[axis]
    return np.asarray((place < depth) | (place >= size[axis] - depth))


def _part(size: tuple[int, ...], axis: int, parts: int, part: int) -> Array | None:
    if axis >= len(size) or size[axis] % parts:
        return None
    return np.asarray(np.indices(size)[axis] * parts // size[axis] == part)


def _slice(size: tuple[int, ...], axis: int, end: int) -> Array | None:
    if axis >= len(size):
        return None
    region = np.zeros(size, dtype=bool)
    region[(slice(None),) * axis + (end,)] = True
    return region


def _where(size: tuple[int, ...], compare: Callable[[Array, Array], Array]) -> Array | None:
    if len(size) != 2:
        return None
    i, j = np.indices(size)
    return np.asarray(compare(i, j))
