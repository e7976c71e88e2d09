"""A term is missing or too many: what analytic and numeric differ by is something that has a name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, islice

import numpy as np

from .entrywise import Array
from .factors import aligned, explained, proportion, size_rest, sizes_to_try
from .measured import Measured
from .suspicion import Cases, Suspicion, constant, counted, holds, number, simple

__all__ = [
    "direct_path",
    "matrix_term",
    "multiple_of",
    "off_by_the_labels",
    "statistics_held_fixed",
    "upstream_term",
]


def statistics_held_fixed(cases: Cases) -> Suspicion | None:
    """Along axes the difference is made of a constant and the values: the gradient of a mean."""
    for along, lines in _lines(len(cases[0].shape)):
        for phrase, vectors in _SPANS:
            words = holds(cases, lambda m, lines=lines, vectors=vectors: _spanned(m, lines, vectors), 0.25)  # type: ignore[misc]
            if words and _several(cases, lines, vectors):
                return Suspicion(
                    "GT115",
                    f"off by {phrase} along {along}",
                    f"analytic - numeric is {phrase} along {along} {words}",
                )
    return None


def off_by_the_labels(cases: Cases) -> Suspicion | None:
    """Along the last axis the difference is made of a constant and of the labels, one-hot."""
    for name, labels in cases[0].inputs.items():
        if labels.dtype.kind not in "iu" or labels.ndim != len(cases[0].shape) - 1:
            continue
        for phrase, plain in (
            (f"a multiple of {name}, one-hot", False),
            (f"a constant and {name}, one-hot", True),
        ):

            def vectors(
                m: Measured, lines: Lines, name: str = name, plain: bool = plain
            ) -> list[Array | None]:
                hot = _one_hot(m, name)
                return [np.ones(hot.shape), hot] if plain and hot is not None else [hot]

            words = holds(cases, lambda m, vectors=vectors: _spanned(m, _last, vectors), 0.25)  # type: ignore[misc]
            if words and _several(cases, _last, vectors):
                return Suspicion(
                    "GT113", f"off by {phrase}", f"analytic - numeric is {phrase} in every row {words}"
                )
    return None


def _one_hot(m: Measured, name: str) -> Array | None:
    labels = m.inputs.get(name)
    if labels is None or not m.shape or labels.shape != m.shape[:-1]:
        return None
    return np.asarray(labels.reshape(-1, 1) == np.arange(m.shape[-1]), dtype=float)


#: An array as lines: all entries that one statistic was made of in one row.
Lines = Callable[[Array], Array | None]
Vectors = Callable[[Measured, Lines], list[Array | None]]


def _lines(dimensions: int) -> Iterator[tuple[str, Lines]]:
    """Yield axes, single and together, and parts of one: groups."""
    axes = range(min(dimensions, 4))
    for n in range(1, len(axes) + 1):
        for chosen in combinations(axes, n):
            named = " and ".join(map(str, chosen))
            yield (
                f"ax{'is' if n == 1 else 'es'} {named}",
                lambda a, chosen=chosen: _rows(a, chosen),  # type: ignore[misc]
            )
    for axis in axes:
        for parts in (2, 3, 4):
            yield (
                f"{parts} parts of axis {axis}",
                lambda a, axis=axis, parts=parts: _parts(a, axis, parts),  # type: ignore[misc]
            )


def _rows(a: Array, axes: tuple[int, ...]) -> Array | None:
    if max(axes) >= a.ndim:
        return None
    last = np.moveaxis(a, axes, range(a.ndim - len(axes), a.ndim))
    return last.reshape(-1, math.prod(a.shape[axis] for axis in axes))


def _parts(a: Array, axis: int, parts: int) -> Array | None:
    if axis >= a.ndim or a.shape[axis] % parts:
        return None
    return np.moveaxis(a, axis, -1).reshape(-1, a.shape[axis] // parts)


def _last(a: Array) -> Array | None:
    return _rows(a, (a.ndim - 1,)) if a.ndim else None


def _deviation(m: Measured, lines: Lines) -> Array | None:
    rows = lines(m.x)
    return None if rows is None else rows - rows.mean(1, keepdims=True)


def _ones(m: Measured, lines: Lines) -> Array | None:
    return lines(np.ones(m.shape))


def _output(m: Measured, lines: Lines) -> Array | None:
    return lines(m.y) if m.y is not None and m.y.shape == m.shape else None


def _exponential(m: Measured, lines: Lines) -> Array | None:
    y = _output(m, lines)
    return None if y is None else np.exp(np.minimum(y, 700))


_SPANS: tuple[tuple[str, Vectors], ...] = (
    ("a constant", lambda m, lines: [_ones(m, lines)]),
    ("a multiple of x", lambda m, lines: [lines(m.x)]),
    ("a multiple of the output", lambda m, lines: [_output(m, lines)]),
    ("a multiple of exp(output)", lambda m, lines: [_exponential(m, lines)]),
    ("a multiple of the deviation from the mean", lambda m, lines: [_deviation(m, lines)]),
    (
        "a constant and the deviation from the mean",
        lambda m, lines: [_ones(m, lines), _deviation(m, lines)],
    ),
)


def _spanned(m: Measured, lines: Lines, vectors: Vectors) -> bool | None:
    """Whether each line of the difference is a combination of the vectors."""
    if not m.known.all():
        return None
    difference = m.analytic - m.numeric
    error = lines(difference)
    spanning = vectors(m, lines)
    if error is None or any(v is None for v in spanning) or not np.isfinite(difference).all():
        return False
    if error.shape[1] <= len(spanning):
        return None
    fitted = np.empty_like(error)
    for i, e in enumerate(error):
        basis = np.stack([line[i] for line in spanning if line is not None], axis=1)
        fitted[i] = basis @ np.linalg.lstsq(basis, e, rcond=1e-9)[0]
    places = lines(np.arange(m.x.size).reshape(m.shape))
    back = np.empty(m.x.size)
    back[places] = fitted
    return m.fits(m.numeric + back.reshape(m.shape))


def _several(cases: Cases, lines: Lines, vectors: Vectors) -> bool:
    """Whether the differences vary enough that being so spanned is no accident."""
    spare = 0
    for m in cases:
        rows = lines(m.x)
        if rows is not None:
            spare += len(rows) * max(0, rows.shape[1] - len(vectors(m, lines)))
    return spare >= 6


# -- multiples ------------------------------------------------------------------------------------


def _difference(m: Measured) -> Array:
    return np.asarray(m.analytic - m.numeric)


def multiple_of(cases: Cases) -> Suspicion | None:
    """The difference is a multiple of the block itself, of a constant, of another input."""
    entries = sum(max(0, int(m.known.sum()) - 1) for m in cases)
    if entries < 6:
        return None
    for name in (cases[0].name, "a constant", *cases[0].reals):
        words = holds(cases, lambda m, name=name: _some_multiple(m, name), 0.3)  # type: ignore[misc]
        if words:
            what = "a constant, the same in every entry" if name == "a constant" else f"a multiple of {name}"
            return Suspicion("GT113", f"off by {what}", f"analytic - numeric is {what} {words}")
    return None


def _named(m: Measured, name: str) -> Array | None:
    if name == "a constant":
        return np.ones(m.shape)
    value = m.reals.get(name)
    return value if value is not None and value.shape == m.shape else None


def _some_multiple(m: Measured, name: str) -> bool | None:
    value = _named(m, name)
    if value is None or not np.isfinite(m.analytic).all():
        return False
    if m.x.size < 2:
        return None
    size = float((value * value).sum())
    if size == 0.0:
        return False
    return m.fits(m.numeric + value * float((value * _difference(m)).sum()) / size)


# -- terms made of the upstream gradient ----------------------------------------------------------


Term = Callable[[Measured], Array | None]


def direct_path(cases: Cases) -> Suspicion | None:
    """The difference is the upstream gradient, or a multiple of it: a path around is missing."""
    return _missing(cases, [next(_upstream_terms(cases[0], _prefix(cases)))])


def upstream_term(cases: Cases) -> Suspicion | None:
    """The difference is the upstream gradient times a function of an input."""
    return _missing(cases, islice(_upstream_terms(cases[0], _prefix(cases)), 1, None))


def _prefix(cases: Cases) -> str:
    """Return how the upstream gradient is named in a term: not at all where there is only one number."""
    return "" if all(m.g is not None and m.g.shape == () for m in cases) else "upstream * "


def _missing(cases: Cases, terms: Iterable[tuple[str, Term]]) -> Suspicion | None:
    if any(m.g is None for m in cases):
        return None
    for name, term in terms:
        found = _coefficient(cases, lambda m, term=term: _as_term(m, term))  # type: ignore[misc]
        if found is not None:
            factor, sign, words = found
            verb = "missing" if sign else "too much"
            return Suspicion(
                "GT113",
                f"the term {factor}{name} is {verb}",
                f"analytic - numeric = {sign}{factor}{name} {words}",
            )
    return None


Coefficient = Callable[[Measured], tuple[float, float] | None]


def _coefficient(cases: Cases, coefficient: Coefficient) -> tuple[str, str, str] | None:
    """Return the coefficient of a term and its sign, in words: a constant, or one times or over a size."""
    found = constant(cases, coefficient)
    if found is not None and 1e-3 <= abs(found[0]) <= 1e3:
        name = number(abs(found[0]))
        return "" if name == "1" else f"{name} ", "-" if found[0] < 0 else "", found[1]
    each = [(m, one) for m in cases if (one := coefficient(m)) is not None]
    pairs = [(m, one) for m, one in each if math.isfinite(one[1])]
    words = counted(cases, [m for m, _ in pairs]) if len(each) == len(cases) else ""
    if not words or len({round(value, 6) for _, (value, _) in pairs}) < 2:
        return None
    for size in sizes_to_try(cases):
        rest = size_rest(pairs, size)
        if rest is not None and simple(rest):
            name = "" if number(abs(rest)) == "1" else f"{number(abs(rest))} "
            return f"{name}{size.text} ", "-" if rest < 0 else "", words
    return None


def _as_term(m: Measured, term: Term) -> tuple[float, float] | None:
    with np.errstate(all="ignore"):
        value = term(m)
    if value is None or value.shape != m.shape or not np.isfinite(value).all():
        return None
    found = proportion(m, _difference(m), value)
    return found if found is None else explained(m, found, m.numeric + found[0] * value)


_FUNCTIONS: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("{}", lambda v: v),
    ("1 / {}", lambda v: 1 / v),
    ("{}**2", lambda v: v * v),
    ("exp({})", np.exp),
    ("cos({})", np.cos),
    ("sin({})", np.sin),
    ("log({})", np.log),
    ("tanh({})", np.tanh),
    ("sigmoid({})", lambda v: 0.5 * (1 + np.tanh(0.5 * v))),
    ("softmax({})", lambda v: _softmax(v)),
)


def _softmax(v: Array) -> Array:
    if v.ndim == 0:
        return np.full_like(v, np.nan)
    e = np.exp(v - v.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


def _upstream_terms(m: Measured, upstream: str) -> Iterator[tuple[str, Term]]:
    whole = "upstream gradient" if upstream else "1 (a constant)"
    yield whole, lambda m: _summed(m.g, m.shape)
    for name in m.reals:
        for form, function in _FUNCTIONS:

            def term(
                m: Measured, name: str = name, function: Callable[[Array], Array] = function
            ) -> Array | None:
                value = m.reals.get(name)
                if value is None or m.g is None:
                    return None
                return _product(m.g, function(value), m.shape)

            yield upstream + form.format(name), term
    if len(m.shape) == 2 and m.shape[0] == m.shape[1]:
        yield "1 on the diagonal", _on_the_diagonal


def _product(g: Array, value: Array, shape: tuple[int, ...]) -> Array | None:
    for candidate in (value, aligned(value, g.shape)):
        if candidate is None:
            continue
        try:
            return _summed(g * candidate, shape)
        except ValueError:
            continue
    return None


def _on_the_diagonal(m: Measured) -> Array | None:
    if m.g is None or m.g.size != 1 or len(m.shape) != 2 or m.shape[0] != m.shape[1]:
        return None
    return np.asarray(np.eye(m.shape[0]) * float(m.g.reshape(-1)[0]))


def _summed(a: Array | None, shape: tuple[int, ...]) -> Array | None:
    """Return `a` summed or broadcast to a shape."""
    if a is None:
        return None
    while a.ndim > len(shape):
        a = a.sum(0)
    for axis, size in enumerate(shape[len(shape) - a.ndim :]):
        if size == 1 and a.shape[axis] != 1:
            a = a.sum(axis, keepdims=True)
    try:
        return np.broadcast_to(a, shape)
    except ValueError:
        return None


def matrix_term(cases: Cases) -> Suspicion | None:
    """The difference is a product of the upstream gradient, or of two inputs, as matrices."""
    return _missing(cases, _matrix_terms(cases[0]))


def _matrix_terms(m: Measured) -> Iterator[tuple[str, Term]]:
    names = [name for name, value in m.reals.items() if value.ndim in (1, 2)]
    if m.g is not None and m.g.ndim == 2:
        for p in names:
            for left in (False, True):
                for tp in ("", ".T"):
                    for tg in ("", ".T"):
                        text = f"{p}{tp} @ upstream{tg}" if left else f"upstream{tg} @ {p}{tp}"
                        yield text, lambda m, p=p, left=left, tp=tp, tg=tg: _with_g(m, p, left, tp, tg)  # type: ignore[misc]
    if m.g is not None and m.g.size == 1:
        for p in names:
            for q in names:
                for tp in ("", ".T"):
                    text = f"upstream * {p}{tp} @ {q}"
                    yield text, lambda m, p=p, q=q, tp=tp: _of_two(m, p, q, tp)  # type: ignore[misc]


def _turned(value: Array | None, t: str) -> Array | None:
    return value if value is None or not t else value.T


def _with_g(m: Measured, p: str, left: bool, tp: str, tg: str) -> Array | None:
    a, g = _turned(m.reals.get(p), tp), _turned(m.g, tg)
    return None if a is None or g is None else _matmul(a, g) if left else _matmul(g, a)


def _of_two(m: Measured, p: str, q: str, tp: str) -> Array | None:
    a, b = _turned(m.reals.get(p), tp), m.reals.get(q)
    if a is None or b is None or m.g is None or m.g.size != 1:
        return None
    product = _matmul(a, b)
    return None if product is None else product * float(m.g.reshape(-1)[0])


def _matmul(a: Array, b: Array) -> Array | None:
    try:
        return np.asarray(a @ b)
    except ValueError:
        return None
