"""Only where: the entries, or the cases, in which the gradient is wrong have something in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from .entrywise import Array, on_host
from .measured import Measured
from .suspicion import Cases, Seen, Suspicion, holds

__all__ = [
    "not_finite",
    "only_beyond",
    "only_in_cases",
    "only_in_entries",
    "only_with_flags",
    "right_where_plain",
]

#: So many entries there must be on either side before "only where" is said of them.
ENOUGH = 4

#: So many wrong cases, and right ones without the feature, before it is said of cases.
WRONG, RIGHT = 4, 7

#: Of the cases that have the feature so many may nevertheless be right: nothing moves there.
SPARED = 0.25

#: More may be if all wrong cases would have it by accident this seldom.
ACCIDENT = 1e-4


def not_finite(cases: Cases) -> Suspicion | None:
    """NaN or infinite where the function has a derivative; and where that is."""
    bad = [~np.isfinite(m.analytic) for m in cases]
    if not all(b.any() for b in bad):
        return None
    best: tuple[int, str] | None = None
    for phrase, feature in _entry_features(cases[0], near=True):
        marks = [feature(m) for m in cases]
        if any(
            mark is None or not mark.any() or np.any(b & ~mark) for mark, b in zip(marks, bad, strict=True)
        ):
            continue
        spared = sum(int(np.sum(mark & ~b)) for mark, b in zip(marks, bad, strict=True) if mark is not None)
        spared += sum(int(mark.sum()) for s in cases.right if (mark := feature(s)) is not None)
        if best is None or spared < best[0]:
            best = spared, phrase
    finite = sum(int((~b).sum()) for b in bad) + sum(s.x.size for s in cases.right)
    if best is not None and best[0] > SPARED * finite:
        best = None  # that is where most entries lie, and nearly all of them are finite
    what = f"it is not finite where {best[1]}" if best else "it is not finite, the derivative is"
    return Suspicion("GT106", what, f"analytic is not finite in {len(cases)} of {len(cases)} cases")


# -- entries --------------------------------------------------------------------------------------

Feature = tuple[str, Callable[[Measured | Seen], Array | None]]


def only_in_entries(cases: Cases) -> Suspicion | None:
    """Wrong exactly in the entries with something in common: negative, zero, equal to another."""
    for phrase, feature in _entry_features(cases[0]):
        counts = [0, 0, 0]  # wrong with the feature, right with it, right without
        for m in cases:
            mark = feature(m)
            if mark is None or not m.wrong.any() or np.any(m.wrong & ~mark):
                break
            right = m.known & ~m.wrong
            counts[0] += int(np.sum(m.wrong & mark))
            counts[1] += int(np.sum(right & mark))
            counts[2] += int(np.sum(right & ~mark))
        else:
            wrong, spared, without = counts
            if wrong >= ENOUGH and without >= ENOUGH and spared <= SPARED * wrong:
                return Suspicion(
                    "GT123",
                    f"wrong only where {phrase}",
                    f"{phrase} in all {wrong} wrong entries, in {spared} of {spared + without} right ones",
                )
    return None


def _entry_features(m: Measured, near: bool = False) -> Iterator[Feature]:
    """Yield marks on the entries of the block; with `near`, also marks that one entry gives to all."""
    for name in [m.name, *(other for other in m.reals if other != m.name)]:
        for phrase, test in _TESTS:

            def mark(
                m: Measured | Seen, name: str = name, test: Callable[[Array], Array] = test
            ) -> Array | None:
                value = m.reals.get(name)
                if value is None:
                    return None
                found = test(value)
                if found.shape == m.shape:
                    return found
                return np.full(m.shape, bool(found.any())) if near else None

            yield f"{name} {phrase}", mark
            if near:
                yield f"{name} {phrase}", lambda m, mark=mark: _anywhere(mark(m))  # type: ignore[misc]
    for name in m.reals:
        if name != m.name:
            yield f"{m.name} equals {name}", lambda m, name=name: _equal(m, name, near)  # type: ignore[misc]
            for phrase, compare in _COMPARISONS:
                yield (
                    phrase.format(m.name, name),
                    lambda m, name=name, compare=compare: _compared(m, name, compare),  # type: ignore[misc]
                )


def _anywhere(mark: Array | None) -> Array | None:
    return None if mark is None else np.full(mark.shape, bool(mark.any()))


def _equal(m: Measured | Seen, name: str, near: bool) -> Array | None:
    """Mark the entries that equal one of another input: at the same place, or (of rows) anywhere."""
    value = m.reals.get(name)
    if value is None or value.ndim != m.x.ndim or value.ndim == 0:
        return None
    if value.shape == m.shape and (m.x.ndim > 1 or near):
        same = value == m.x
        return np.broadcast_to(same.all(-1, keepdims=True), m.shape) if near else same
    return np.isin(m.x, value)


#: How an entry may compare with that of another input at the same place, or with a single number.
_COMPARISONS: tuple[tuple[str, Callable[[Array, Array], Array]], ...] = (
    ("{} > {}", np.greater),
    ("{} < {}", np.less),
    ("abs({}) > {}", lambda a, b: np.abs(a) > b),
    ("abs({}) < {}", lambda a, b: np.abs(a) < b),
)


def _compared(m: Measured | Seen, name: str, compare: Callable[[Array, Array], Array]) -> Array | None:
    value = m.reals.get(name)
    if value is None or value.shape not in ((), m.shape):
        return None
    return np.broadcast_to(compare(m.x, value), m.shape)


# -- beyond a limit -------------------------------------------------------------------------------

#: So many wrong entries, and right ones, before a limit between them is believed.
BEYOND_WRONG, BEYOND_RIGHT = 6, 8

#: Nearer to 0 than this many a wrong gradient is right: a limit there says nothing.
NEAR = 0.1


def only_beyond(cases: Cases) -> Suspicion | None:
    """Wrong exactly in the entries that lie beyond some limit: a region of a function made of pieces."""
    for phrase, value in _quantities(cases[0]):
        wrong, right, elsewhere = _divided(cases, value)
        telling = int(np.sum(np.abs(right) > NEAR) + np.sum(np.abs(elsewhere) > NEAR))
        if len(wrong) < BEYOND_WRONG or len(right) == 0 or telling < BEYOND_RIGHT:
            continue
        for word, low, high in (("larger", right, wrong), ("smaller", wrong, right)):
            if not low.max() < high.min():
                continue
            limit = _plainest(float(low.max()), float(high.min()))
            if abs(float(limit)) < NEAR:
                continue
            beyond = elsewhere > float(limit) if word == "larger" else elsewhere < float(limit)
            if beyond.sum() <= SPARED * len(elsewhere):
                return Suspicion(
                    "GT123",
                    f"wrong only where {phrase} is {word} than about {limit}",
                    f"so in all {len(wrong)} wrong entries, and in none of {len(right)} right ones",
                )
    return None


Quantity = Callable[[Measured | Seen], Array | None]


def _quantities(m: Measured) -> Iterator[tuple[str, Quantity]]:
    """Yield numbers that belong to every entry: it, its size, and how it lies to other inputs."""
    own = m.name
    yield own, lambda m: m.x
    yield f"abs({own})", lambda m: np.abs(m.x)
    for name in m.reals:
        if name != own:
            yield f"{own} - {name}", lambda m, name=name: _beside(m, name, np.subtract)  # type: ignore[misc]
            yield (
                f"abs({own} - {name})",
                lambda m, name=name: _beside(m, name, lambda a, b: np.abs(a - b)),  # type: ignore[misc]
            )
            yield f"{own} * {name}", lambda m, name=name: _beside(m, name, np.multiply)  # type: ignore[misc]


def _beside(m: Measured | Seen, name: str, combine: Callable[[Array, Array], Array]) -> Array | None:
    value = m.reals.get(name)
    return None if value is None or value.shape != m.shape else combine(m.x, value)


def _divided(cases: Cases, value: Quantity) -> tuple[Array, Array, Array]:
    """Return a quantity in all wrong entries, in right ones beside them, and in cases that are right.

    All are empty where it is not to be had.
    """
    wrong, right = [np.array([])], [np.array([])]
    for m in cases:
        own = value(m)
        if own is None:
            return np.array([]), np.array([]), np.array([])
        wrong.append(own[m.wrong])
        # Where the function does not move, and nothing is claimed, right says little.
        right.append(own[m.known & ~m.wrong & ~(m.zero & (m.analytic == 0))])
    elsewhere = [own.reshape(-1) for s in cases.right if (own := value(s)) is not None]
    return np.concatenate(wrong), np.concatenate(right), np.concatenate([np.array([]), *elsewhere])


def _plainest(low: float, high: float) -> str:
    """Return the shortest number between two.

    >>> _plainest(2.53, 3.01), _plainest(0.41, 0.57)
    ('3', '0.5')
    """
    for digits in range(-int(math.log10(max(abs(low), abs(high), 1e-9))) - 1, 12):
        middle = round((low + high) / 2, digits)
        if low <= middle <= high:
            return f"{middle:g}"
    return f"{(low + high) / 2:.3g}"


def _tied(v: Array) -> Array:
    _, inverse, count = np.unique(v, return_inverse=True, return_counts=True)
    return np.asarray((count > 1)[inverse].reshape(v.shape))


_TESTS: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("is 0", lambda v: v == 0),
    ("is negative", lambda v: v < 0),
    ("is positive", lambda v: v > 0),
    ("is large", lambda v: np.abs(v) > 15),
    ("is large and negative", lambda v: v < -15),
    ("is large and positive", lambda v: v > 15),
    ("is very large", lambda v: np.abs(v) > 300),
    ("is very large and negative", lambda v: v < -300),
    ("is very large and positive", lambda v: v > 300),
    ("is larger than 1", lambda v: np.abs(v) > 1),
    ("is smaller than 1", lambda v: np.abs(v) < 1),
    ("is not positive", lambda v: v <= 0),
    ("is repeated", _tied),
)


# -- with another value ---------------------------------------------------------------------------

#: So near the analytic gradient must be to the numeric one, of its largest entry.
_SAME = 1e-6


def right_where_plain(cases: Cases) -> Suspicion | None:
    """Right as soon as another input is 1 everywhere, or 0: what is wrong is how that input enters."""
    for name in cases[0].reals:
        for value in (1, 0) if name != cases[0].name else ():
            words = holds(cases[:12], lambda m, name=name, value=value: _right_with(m, name, value))  # type: ignore[misc]
            if words:
                return Suspicion(
                    "GT123",
                    f"right only where {name} is {value}",
                    f"with {value} in place of {name} analytic = numeric {words}",
                )
    return None


def _right_with(m: Measured, name: str, value: float) -> bool | None:
    if name not in m.reals or np.all(m.reals[name] == value):
        return None
    probe = m.at({name: np.full_like(m.reals[name], value)})
    numeric = None if probe is None else m.numeric_at({name: np.full_like(m.reals[name], value)})
    if probe is None or numeric is None or m.block not in probe.gradients:
        return None
    analytic = on_host(probe.gradients[m.block]).reshape(m.shape)
    asked = m.wrong & np.isfinite(numeric)
    size = np.abs(numeric[asked]).max(initial=0.0)
    if size == 0.0:
        return None  # nothing moves there
    return bool(np.all(np.abs(analytic - numeric)[asked] <= _SAME * size))


# -- cases ----------------------------------------------------------------------------------------

CaseFeature = tuple[str, Callable[[Mapping[str, Array], Mapping[str, float]], bool]]


def only_with_flags(cases: Cases) -> Suspicion | None:
    """Wrong exactly in the cases in which a flag or a whole number says so."""
    return _only_in(cases, _flags(cases))


def only_in_cases(cases: Cases) -> Suspicion | None:
    """Wrong exactly in the cases with something in common: a repeated index, a size, a zero."""
    return _only_in(cases, _case_features(cases[0]))


def _only_in(cases: Cases, features: Iterable[CaseFeature]) -> Suspicion | None:
    right = cases.right
    wrong = [*cases, *cases.failed]
    if len(wrong) < WRONG or len(right) < RIGHT:
        return None
    best: tuple[int, str] | None = None
    for phrase, feature in features:
        if not all(_has(m, feature) for m in wrong):
            continue
        spared = sum(_has(s, feature) for s in right)
        without = len(right) - spared
        if (
            without >= RIGHT
            and _telling(spared, len(right), len(wrong))
            and (best is None or spared < best[0])
        ):
            best = spared, phrase
    if best is None:
        return None
    spared, phrase = best
    return Suspicion(
        "GT123",
        f"wrong only where {phrase}",
        f"{phrase} in {len(wrong)} of {len(wrong)} wrong cases, in {spared} of {len(right)} right ones",
    )


def _telling(spared: int, right: int, wrong: int) -> bool:
    """Whether it is no accident that all wrong cases have a feature which `spared` of the right ones have."""
    return spared <= SPARED * wrong or (spared / right) ** wrong <= ACCIDENT


def _has(case: Measured | Seen, feature: Callable[[Mapping[str, Array], Mapping[str, float]], bool]) -> bool:
    try:
        return feature(case.inputs, case.sizes)
    except KeyError:
        return False  # an input that is not there in every case: one of fewer layers


def _flags(cases: Cases) -> Iterator[CaseFeature]:
    for name, value in cases[0].inputs.items():
        if value.ndim == 0 and value.dtype.kind in "iub":
            yield from _scalar_features(name, value, cases, cases.right)
    yield from _pair_features(cases[0])


def _case_features(m: Measured) -> Iterator[CaseFeature]:
    for name, value in m.inputs.items():
        if value.dtype.kind in "iu" and value.ndim:
            yield f"{name} repeats", lambda i, s, name=name: bool(_tied(i[name]).any())  # type: ignore[misc]
            yield f"{name} has negatives", lambda i, s, name=name: bool((i[name] < 0).any())  # type: ignore[misc]
        elif value.dtype.kind == "b" and value.ndim:
            yield f"{name} is not all true", lambda i, s, name=name: not i[name].all()  # type: ignore[misc]
            yield f"{name} is not all false", lambda i, s, name=name: bool(i[name].any())  # type: ignore[misc]
    yield from _size_features(m)
    yield from _equal_features(m)
    for name, value in m.inputs.items():
        if value.dtype.kind == "f":
            for phrase, test in _TESTS:
                some = f"{name} has {_PLURALS[phrase]}" if value.ndim else f"{name} {phrase}"
                yield some, lambda i, s, name=name, test=test: bool(test(i[name]).any())  # type: ignore[misc]


_PLURALS = {
    "is 0": "zeros",
    "is negative": "negative entries",
    "is positive": "positive entries",
    "is large": "large entries",
    "is large and negative": "large negative entries",
    "is large and positive": "large positive entries",
    "is very large": "very large entries",
    "is very large and negative": "very large negative entries",
    "is very large and positive": "very large positive entries",
    "is larger than 1": "entries larger than 1",
    "is smaller than 1": "entries smaller than 1",
    "is not positive": "entries that are not positive",
    "is repeated": "equal entries",
}


def _scalar_features(name: str, value: Array, cases: Cases, right: Sequence[Seen]) -> Iterator[CaseFeature]:
    if value.dtype.kind == "b":
        yield f"{name} is true", lambda i, s: bool(i[name])
        yield f"{name} is false", lambda i, s: not i[name]
        return
    yield f"{name} is negative", lambda i, s: int(i[name]) < 0
    yield f"{name} is 0", lambda i, s: int(i[name]) == 0
    values = sorted({int(c[name]) for c in [*(m.inputs for m in cases), *(s.inputs for s in right)]})
    for least in values[1:]:
        yield f"{name} > {least - 1}", lambda i, s, least=least: int(i[name]) >= least  # type: ignore[misc]
    for most in values[:-1]:
        yield f"{name} < {most + 1}", lambda i, s, most=most: int(i[name]) <= most  # type: ignore[misc]


def _pair_features(m: Measured) -> Iterator[CaseFeature]:
    whole = [name for name, value in m.inputs.items() if value.ndim == 0 and value.dtype.kind in "iu"]
    for k, one in enumerate(whole):
        for two in whole[k + 1 :]:
            yield f"{one} is not {two}", lambda i, s, one=one, two=two: int(i[one]) != int(i[two])  # type: ignore[misc]
            yield f"{one} equals {two}", lambda i, s, one=one, two=two: int(i[one]) == int(i[two])  # type: ignore[misc]


def _equal_features(m: Measured) -> Iterator[CaseFeature]:
    names = [name for name, value in m.inputs.items() if value.ndim and value.dtype.kind == "f"]
    for k, one in enumerate(names):
        for two in names[k + 1 :]:
            yield (
                f"{one} and {two} have equal entries",
                lambda i, s, one=one, two=two: bool(np.isin(i[one], i[two]).any()),  # type: ignore[misc]
            )


def _size_features(m: Measured) -> Iterator[CaseFeature]:
    for name in m.sizes:
        if name.endswith("]") and not name.startswith("output"):  # which is not known of right cases
            for least in (1, 2):
                yield f"{name} > {least}", lambda i, s, name=name, least=least: s.get(name, 0) > least  # type: ignore[misc]
            yield f"{name} is 1", lambda i, s, name=name: s.get(name, 0) == 1  # type: ignore[misc]
            for parity, rest in (("even", 0), ("odd", 1)):
                yield f"{name} is {parity}", lambda i, s, name=name, rest=rest: s[name] % 2 == rest  # type: ignore[misc]
