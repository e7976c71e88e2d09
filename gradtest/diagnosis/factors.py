"""The gradient is off by a factor: the sign, a constant, a size, the value of an input."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from .entrywise import Array, on_host
from .measured import Measured
from .suspicion import ENTRIES, SPARED, Cases, Suspicion, constant, counted, holds, number, simple

__all__ = [
    "constant_factor",
    "ignores_an_input",
    "input_factor",
    "right_in_spite",
    "sign",
    "size_factor",
    "value_factor",
    "varying_factor",
]


def sign(cases: Cases) -> Suspicion | None:
    """The sign is flipped."""
    words = "" if cases.mostly_right else holds(cases, lambda m: m.fits(-m.numeric))
    return Suspicion("GT101", "the sign is flipped", f"analytic / numeric = -1 {words}") if words else None


def constant_factor(cases: Cases) -> Suspicion | None:
    """One factor in every entry of every case."""
    found = None if cases.mostly_right else constant(cases, ratio)
    if found is None or found[0] == 0.0:
        return None
    value, words = found
    name = number(value)
    return Suspicion("GT102", f"it is {name} times what it should be", f"analytic / numeric = {name} {words}")


def ratio(m: Measured) -> tuple[float, float] | None:
    """Return the one factor between analytic and numeric in every entry, and its slack."""
    found = proportion(m, m.analytic, m.numeric)
    if found is not None and abs(found[0] - 1) <= 3 * found[1]:
        return math.nan, math.inf  # the factor is 1 as far as one can see: that is not what is wrong
    return found


def proportion(m: Measured, parts: Array, whole: Array) -> tuple[float, float] | None:
    """Return the factor c of ``parts = c whole`` and its slack; None where there is none.

    The slack is infinite where errors are too large to tell.  That the factor explains more than
    the numeric gradient itself does is for the caller to see (`explained`).
    """
    known = m.known & np.isfinite(whole)
    if not known.any() or not np.isfinite(parts[known]).all():
        return None
    top = int(np.argmax(np.where(known, np.abs(whole), -1.0)))
    size = abs(float(whole.flat[top]))
    worst = float(m.error[known].max())
    if size <= 100 * worst or size == 0.0:
        return (math.nan, math.inf) if worst > 0 and not m.zero[known].all() else None
    factor = float(parts.flat[top] / whole.flat[top])
    slack = (1 + abs(factor)) * (8 * worst / size + max(1e-8, 64 * m.probe.eps))
    if np.any(np.abs(parts - factor * whole)[known] > slack * size + slack * np.abs(whole[known])):
        return None
    return factor, slack


def explained(m: Measured, found: tuple[float, float] | None, predicted: Array) -> tuple[float, float] | None:
    """Return a factor if what it predicts explains the analytic gradient where the numeric one does not.

    A factor that hardly differs from 1 within its slack says nothing: its slack becomes infinite.
    """
    if found is None or math.isinf(found[1]):
        return found
    answer = m.fits(predicted)
    return None if answer is False else found if answer else (math.nan, math.inf)


# -- sizes ----------------------------------------------------------------------------------------


class Size(NamedTuple):
    """A function of sizes, as it is written, what it may have been meant for, and itself."""

    text: str
    meant: str
    of: Callable[[Mapping[str, float]], float]


def size_factor(cases: Cases) -> Suspicion | None:
    """A factor that is the size of an axis, or a count: a mean for a sum, or the other way round."""
    ratios = [(m, one) for m in cases if (one := ratio(m)) is not None]
    pairs = [(m, one) for m, one in ratios if math.isfinite(one[1])]
    failed = len(cases) - len(ratios)
    if failed > SPARED * len(cases) or len({round(value, 6) for _, (value, _) in pairs}) < 2:
        return None
    words = counted(cases, [m for m, _ in pairs], failed)
    if not words:
        return None
    for size in sizes_to_try(cases):
        rest = size_rest(pairs, size)
        if rest is not None and simple(rest) and not _contradicted(cases, rest, size):
            return _sized(rest, size, words)
    return None


def _contradicted(cases: Cases, rest: float, size: Size) -> bool:
    """Whether cases are right in which the factor would not be 1."""
    sizes = [_value_of(size, seen.sizes) for seen in cases.right]
    off = sum(math.isfinite(value) and abs(rest * value - 1) > 1e-6 for value in sizes)
    return off > SPARED * len(cases)


def _value_of(size: Size, sizes: Mapping[str, float]) -> float:
    try:
        return size.of(sizes)
    except (KeyError, ZeroDivisionError):
        return math.nan


def size_rest(pairs: Sequence[tuple[Measured, tuple[float, float]]], size: Size) -> float | None:
    """Return what is left of the factors when a size is divided out, if it is constant."""
    best: float | None = None
    for m, (value, slack) in pairs:
        own = _value_of(size, m.sizes) or math.nan
        rest, allowed = value / own, 2 * slack / own
        if best is None:
            best = rest
        elif not abs(rest - best) <= allowed + 1e-7 * abs(best):
            return None
    return best


def sizes_to_try(cases: Cases) -> Iterator[Size]:
    """Yield functions of sizes that vary over the cases, the plainest first."""
    names = [
        name
        for name in cases[0].sizes
        if all(name in m.sizes for m in cases) and len({m.sizes[name] for m in cases}) > 1
    ]
    for form, meant, power in _POWERS:
        for n in names:
            yield Size(form.format(n), meant, lambda s, n=n, power=power: s[n] ** power)  # type: ignore[misc]
    pairs = list(combinations(names[:12], 2))
    for form, meant, power in (_POWERS[1], _POWERS[0]):
        for a, b in pairs:
            text = form.format(f"({a} {b})")
            yield Size(text, meant, lambda s, a=a, b=b, power=power: (s[a] * s[b]) ** power)  # type: ignore[misc]
    for n in names:
        less = f"({n} - 1)"
        yield Size(f"{less}/{n}", "a division by n - 1 was meant", lambda s, n=n: (s[n] - 1) / s[n])  # type: ignore[misc]
        yield Size(f"{n}/{less}", "a division by n was meant", lambda s, n=n: s[n] / (s[n] - 1))  # type: ignore[misc]
        yield Size(less, "", lambda s, n=n: s[n] - 1)  # type: ignore[misc]
        yield Size(f"1/{less}", "", lambda s, n=n: 1 / (s[n] - 1))  # type: ignore[misc]
    for a, b in (*pairs, *((b, a) for a, b in pairs)):
        yield Size(f"{a}/{b}", "", lambda s, a=a, b=b: s[a] / s[b])  # type: ignore[misc]


#: How a power of a size is written, and what a factor of it says may have been meant.
_POWERS: tuple[tuple[str, str, float], ...] = (
    ("{}", "a mean was meant", 1.0),
    ("1/{}", "a sum was meant", -1.0),
    ("sqrt({})", "", 0.5),
    ("1/sqrt({})", "", -0.5),
    ("{}**2", "", 2.0),
    ("1/{}**2", "", -2.0),
)


def _sized(rest: float, size: Size, words: str) -> Suspicion:
    name, text = number(rest), size.text
    factor = text if name == "1" else f"{name} {text}" if not text.startswith("1/") else f"{name}{text[1:]}"
    return Suspicion(
        "GT103",
        f"it is {factor} times what it should be",
        f"analytic / numeric = {factor} {words}" + (f": {size.meant}?" if size.meant and name == "1" else ""),
    )


# -- values ---------------------------------------------------------------------------------------

Transform = tuple[str, Callable[[Array], Array]]


def _sigmoid(v: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * v)))


#: What a factor could have been, of a value v.
TRANSFORMS: tuple[Transform, ...] = (
    ("{}", lambda v: v),
    ("{}**2", lambda v: v * v),
    ("sqrt({})", lambda v: np.sqrt(v)),
    ("exp({})", lambda v: np.exp(v)),
    ("(1 - {})", lambda v: 1 - v),
    ("(1 + {})", lambda v: 1 + v),
    ("(1 - {}**2)", lambda v: 1 - v * v),
    ("{0} (1 - {0})", lambda v: v * (1 - v)),
    ("abs({})", lambda v: np.abs(v)),
    ("sign({})", lambda v: np.sign(v)),
    ("sigmoid({})", _sigmoid),
    ("{}**3", lambda v: v**3),
)


def input_factor(cases: Cases) -> Suspicion | None:
    """A factor that is the value of another input, or a simple function of it."""
    return _factor(cases, [name for name in cases[0].reals if name != cases[0].name])


def value_factor(cases: Cases) -> Suspicion | None:
    """A factor that is the value of the block itself or of the output, or a simple function of it."""
    return _factor(cases, [cases[0].name, "the output"])


def _factor(cases: Cases, names: Sequence[str]) -> Suspicion | None:
    for name in names:
        for form, transform in TRANSFORMS:
            for inverse in (False, True):
                suspicion = _value(cases, name, form, transform, inverse)
                if suspicion is not None:
                    return suspicion
    return None


def value_of(m: Measured, name: str) -> Array | None:
    """Return the value of an input or of the output, in a shape that fits the block; else None."""
    value = m.y if name == "the output" else m.reals.get(name)
    return None if value is None else aligned(value, m.shape)


def aligned(value: Array, shape: tuple[int, ...]) -> Array | None:
    """Return `value` broadcast to `shape`: as NumPy does it, or along the leading axes."""
    for candidate in (value, value.reshape(value.shape + (1,) * max(0, len(shape) - value.ndim))):
        try:
            return np.broadcast_to(candidate, shape)
        except ValueError:
            continue
    return None


def _value(
    cases: Cases, name: str, form: str, transform: Callable[[Array], Array], inverse: bool
) -> Suspicion | None:
    scales: set[float] = set()

    def factor(m: Measured) -> tuple[float, float] | None:
        value = value_of(m, name)
        if value is None:
            return None
        with np.errstate(all="ignore"):
            scale = transform(value)
            if inverse:  # analytic * scale = numeric
                scale = 1 / scale
            if np.any(m.known & ~m.zero & ~np.isfinite(scale)):
                return None
            found = proportion(m, m.analytic, m.numeric * scale)
            scales.update(np.round(scale[m.known & ~m.zero], 9).tolist())
            return found if found is None else explained(m, found, found[0] * m.numeric * scale)

    found = constant(cases, factor)
    if found is None or not simple(found[0]) or len(scales) < 2:
        return None  # a value that is the same everywhere is told from no other constant
    if right_in_spite(cases, name, transform):
        return None
    rest, words = found
    factor_name, times = form.format(name), "" if number(rest) == "1" else f"{number(rest)} * "
    if name == cases[0].name and form == "{}" and not inverse and not times:
        return Suspicion(
            "GT116", f"it is the derivative by log {name}", f"analytic / numeric = {name} {words}"
        )
    phrase = f"the factor {factor_name} is missing" if inverse else f"the factor {factor_name} is too much"
    quotient = f"{times}1 / {factor_name}" if inverse else f"{times}{factor_name}"
    return Suspicion("GT116", phrase, f"analytic / numeric = {quotient} {words}")


#: So many right cases there must be, of which so many may have a factor other than 1: nothing moves there.
_RIGHT, _IDLE = 7, 0.5


def right_in_spite(cases: Cases, name: str, transform: Callable[[Array], Array]) -> bool:
    """Whether cases are right in which a factor would not be 1: then that alone is not what is wrong."""
    if name == "the output":
        return cases.mostly_right  # what the output of those was is not kept
    rank = cases[0].inputs[name].ndim
    known = [s.inputs[name] for s in cases.right if name in s.inputs and s.inputs[name].ndim == rank]
    with np.errstate(all="ignore"):
        off = sum(bool(np.any(transform(value.astype(float)) != 1)) for value in known)
    return len(known) >= _RIGHT and off > _IDLE * len(known)


def varying_factor(cases: Cases) -> Suspicion | None:
    """One factor for all entries of a case, another one in every case: of a value that has no name here."""
    told: list[Measured] = []
    found: list[float] = []
    for m in cases:
        one = ratio(m)
        if one is None:
            return None
        if math.isfinite(one[1]) and int(np.sum(m.known & ~m.zero)) > 1:
            told.append(m)
            found.append(one[0])
    words = counted(cases, told)
    if not words or len({round(value, 6) for value in found}) < ENTRIES:
        return None
    return Suspicion(
        "GT116",
        "all entries are off by one factor, another in each case",
        f"analytic / numeric is one number {words}, from {min(found):.3g} to {max(found):.3g}",
    )


# -- an input that is not looked at ---------------------------------------------------------------


def ignores_an_input(cases: Cases) -> Suspicion | None:
    """The analytic gradient does not change with an input with which the numeric one changes."""
    for name, value in cases[0].inputs.items():
        if name == cases[0].name or value.dtype.kind not in "fb":
            continue
        words = holds(cases[:12], lambda m, name=name: _unmoved(m, name))  # type: ignore[misc]
        if words:
            as_if, held = _as_if(cases, name)
            return Suspicion(
                "GT117",
                f"it does not depend on {name}{as_if}",
                f"with another {name} the numeric gradient changes, the analytic one does not, {words}{held}",
            )
    return None


def _unmoved(m: Measured, name: str) -> bool | None:
    value = m.inputs.get(name)
    if value is None:
        return False
    moved = ~value if value.dtype.kind == "b" else value + 0.125 * np.where(value == 0, 1.0, value)
    probe = m.at({name: moved})
    if probe is None or m.block not in probe.gradients:
        return None
    analytic = on_host(probe.gradients[m.block]).reshape(m.shape)
    if not np.allclose(analytic, m.analytic, rtol=1e-12, atol=0.0):
        return False
    other = m.numeric_at({name: moved})
    if other is None:
        return None
    known = m.known & np.isfinite(other)
    off = np.abs(other - m.numeric)[known] > 100 * m.error[known] + 1e-6 * np.abs(m.numeric[known])
    return True if off.any() else None


#: Values that an input may have been taken to have.
_TAKEN: dict[str, tuple[float, ...]] = {"f": (1, 0), "b": (True, False)}


def _as_if(cases: Cases, name: str) -> tuple[str, str]:
    """Return which constant value of an input explains the claim, in words; nothing if none does."""
    for value in _TAKEN[cases[0].inputs[name].dtype.kind]:

        def fits(m: Measured, value: float = value) -> bool | None:
            other = m.numeric_at({name: np.full_like(m.inputs[name], value)})
            return None if other is None else m.fits(other)

        held = holds(cases[:12], fits)
        if held:
            return f", as if it were {value}", f"; numeric for {value} is what is claimed {held}"
    return "", ""
