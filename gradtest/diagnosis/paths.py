"""Paths: cut, masked, counted once of several times; the upstream gradient ignored or misused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .entrywise import Array
from .measured import Measured
from .suspicion import Cases, Suspicion, constant, holds, number

__all__ = [
    "clipped",
    "cut",
    "cut_in_places",
    "diagonal_only",
    "ignores_upstream",
    "mask_ignored",
    "not_accumulated",
    "not_linear",
    "one_output",
    "one_slice",
    "passed_on",
    "symmetric_only",
    "upstream_misused",
    "wrong_side",
]


def cut(cases: Cases) -> Suspicion | None:
    """Zero in every entry, where the function moves."""
    words = holds(cases, lambda m: not np.any(m.analytic) and (True if m.wrong.any() else None))
    return Suspicion("GT105", "it is zero, the function moves", f"analytic is 0 {words}") if words else None


def cut_in_places(cases: Cases) -> Suspicion | None:
    """Zero in all entries that are wrong, and right in others that are not zero."""

    def cuts(m: Measured) -> bool | None:
        if not m.wrong.any() or np.any(m.analytic[m.wrong]):
            return False
        return True if np.any(m.analytic[m.known & ~m.wrong]) else None

    words = holds(cases, cuts)
    if not words:
        return None
    return Suspicion(
        "GT105", "zero in places where the function moves", f"analytic is 0 in all wrong entries {words}"
    )


# -- masks ----------------------------------------------------------------------------------------


def mask_ignored(cases: Cases) -> Suspicion | None:
    """Not zero where the function does not move; right elsewhere."""

    def leaks(m: Measured) -> bool | None:
        return bool(m.wrong.any()) and not np.any(m.wrong & ~m.zero)

    words = holds(cases, leaks)
    if not words:
        return None
    return Suspicion(
        "GT108", "not zero where the function does not move", f"numeric is 0 in all wrong entries {words}"
    )


def wrong_side(cases: Cases) -> Suspicion | None:
    """Zero exactly where it should not be, and not zero exactly where it should."""
    seen = {"on": 0, "off": 0}

    def complementary(m: Measured) -> bool | None:
        on, off = m.known & ~m.zero, m.known & (m.analytic != 0)
        if np.any(on & off):
            return False
        seen["on"] += int(on.sum())
        seen["off"] += int(off.sum())
        return True if on.any() or off.any() else None

    words = holds(cases, complementary)
    if not words or min(seen.values()) < 2:
        return None
    return Suspicion(
        "GT108", "the mask is on the wrong side", f"it is zero where numeric is not, and the reverse, {words}"
    )


# -- upstream -------------------------------------------------------------------------------------


def ignores_upstream(cases: Cases) -> Suspicion | None:
    """The same gradient whatever the upstream gradient is."""

    def unmoved(m: Measured) -> bool | None:
        if not np.any(m.analytic) or m.probe.case.target.form != "vjp":
            return False
        others = (m.back(*(-2 * w for w in m.upstreams)), m.back(*(np.roll(w, 1) * 1.5 for w in m.upstreams)))
        return all(other is not None and np.array_equal(other, m.analytic) for other in others)

    words = holds(cases, unmoved)
    if not words:
        return None
    return Suspicion(
        "GT110", "the upstream gradient is ignored", f"it is the same for three upstream gradients {words}"
    )


def passed_on(cases: Cases) -> Suspicion | None:
    """The upstream gradient itself, or where it is positive."""
    words = "" if cases.mostly_right else holds(cases, lambda m: m.fits(m.g))
    if words:
        return Suspicion(
            "GT111", "it passes the upstream gradient on unchanged", f"analytic = upstream {words}"
        )
    words = holds(cases, lambda m: m.fits(None if m.g is None else np.maximum(m.g, 0)))
    if words:
        return Suspicion(
            "GT110", "the upstream gradient is masked by itself", f"analytic = max(upstream, 0) {words}"
        )
    return None


def not_linear(cases: Cases) -> Suspicion | None:
    """Twice the upstream gradient does not give twice the gradient, as every pullback does."""

    def bent(m: Measured) -> bool | None:
        if m.probe.case.target.form != "vjp":
            return False
        again, twice = m.back(*m.upstreams), m.back(*(2 * w for w in m.upstreams))
        if again is None or twice is None or not np.array_equal(again, m.analytic):
            return None  # the same call does not give the same numbers: that says nothing about linearity
        return bool(np.abs(twice - 2 * again).max() > _BENT * np.abs(again).max())

    words = holds(cases, bent)
    if not words:
        return None
    return Suspicion(
        "GT131",
        "it is not linear in the upstream gradient",
        f"twice the upstream gradient gives another gradient than twice that {words}",
    )


#: A pullback that rounds is off by less than this.
_BENT = 1e-2


_MISUSES: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("the sum of the upstream gradient", lambda g: np.full_like(g, g.sum())),
    ("the mean of the upstream gradient", lambda g: np.full_like(g, g.mean())),
    ("the sign of the upstream gradient", np.sign),
    ("the size of the upstream gradient", np.abs),
    ("the upstream gradient squared", lambda g: g * g),
    ("the first entry of the upstream gradient", lambda g: np.full_like(g, g.flat[0])),
    ("the last entry of the upstream gradient", lambda g: np.full_like(g, g.flat[-1])),
    ("the upstream gradient where it is positive", lambda g: np.maximum(g, 0)),
    ("the largest of the upstream gradient", lambda g: np.full_like(g, g.max())),
)


def upstream_misused(cases: Cases) -> Suspicion | None:
    """Another function of the upstream gradient is passed back: its sum, its sign, ..."""
    for phrase, change in _MISUSES:
        words = holds(cases, lambda m, change=change: _with_upstream(m, change))  # type: ignore[misc]
        if words:
            return Suspicion("GT110", f"it uses {phrase}", f"analytic = numeric for {phrase} {words}")
    return None


def _with_upstream(m: Measured, change: Callable[[Array], Array]) -> bool | None:
    if m.g is None or m.g.size == 0:
        return False
    if m.jacobian is None:
        return None
    return m.fits((change(m.g).reshape(-1) @ m.jacobian).reshape(m.shape))


def clipped(cases: Cases) -> Suspicion | None:
    """Cut off at a limit: the gradient, or the upstream gradient."""
    found = constant(cases, _limit)
    if found is not None:
        return Suspicion(
            "GT119",
            f"it is clipped at {number(found[0])}",
            f"analytic = numeric within +-{number(found[0])}, and that beyond, {found[1]}",
        )
    for limit in (1.0, 0.5):
        words = holds(
            cases,
            lambda m, limit=limit: _with_upstream(m, lambda g: np.clip(g, -limit, limit)),  # type: ignore[misc]
        )
        if words:
            what = f"the upstream gradient is clipped at {number(limit)}"
            return Suspicion(
                "GT119", what, f"analytic = numeric for an upstream gradient within +-{number(limit)} {words}"
            )
    return None


def _limit(m: Measured) -> tuple[float, float] | None:
    """Return the one size of all wrong entries, if numeric is larger there and smaller elsewhere."""
    if not m.wrong.any() or not np.isfinite(m.analytic).all():
        return None
    sizes = np.abs(m.analytic[m.wrong])
    limit = float(sizes[0])
    same_sign = np.all(np.sign(m.analytic[m.wrong]) == np.sign(m.numeric[m.wrong]))
    inside = np.all(np.abs(m.numeric[m.known & ~m.wrong]) <= limit * (1 + 1e-6))
    if limit == 0.0 or not same_sign or not inside or np.any(np.abs(sizes - limit) > 1e-9 * limit):
        return None
    return (limit, 1e-9 * limit) if np.all(np.abs(m.numeric[m.wrong]) > limit) else None


# -- one of several -------------------------------------------------------------------------------


def one_output(cases: Cases) -> Suspicion | None:
    """Of several outputs one is ignored, or only one counts."""
    if len(cases[0].upstreams) < 2:
        return None
    for i in range(len(cases[0].upstreams)):
        for phrase, missing in ((f"output {i} is ignored", False), (f"only output {i} counts", True)):

            def part(m: Measured, i: int = i, missing: bool = missing) -> bool | None:
                own = _of_output(m, i)
                if m.jacobian is None:
                    return None
                return False if own is None else m.fits(own if missing else m.numeric - own)

            words = holds(cases, part)
            if words:
                return Suspicion(
                    "GT112",
                    phrase,
                    f"analytic = numeric {'of that output alone' if missing else 'without it'} {words}",
                )
    return None


def _of_output(m: Measured, i: int) -> Array | None:
    if m.jacobian is None or i >= len(m.upstreams):
        return None
    start = sum(w.size for w in m.upstreams[:i])
    g = m.upstreams[i].reshape(-1)
    return np.asarray((g @ m.jacobian[start : start + g.size]).reshape(m.shape))


def parts_along(m: Measured, axis: int) -> Array | None:
    """Return what each slice of the output along an axis contributes: (size of the axis, *block)."""
    if m.g is None or axis >= m.g.ndim or m.jacobian is None:
        return None
    jacobian = m.jacobian.reshape(*m.g.shape, m.x.size)
    terms = np.moveaxis(m.g[..., None] * jacobian, axis, 0)
    return np.asarray(terms.reshape(m.g.shape[axis], -1, m.x.size).sum(1).reshape(-1, *m.shape))


def one_slice(cases: Cases) -> Suspicion | None:
    """Only one slice of the output counts, or it is summed over the wrong axis."""
    g = cases[0].g
    for axis in range(0 if g is None else g.ndim):
        for name, end in (("first", 0), ("last", -1)):

            def of_end(m: Measured, axis: int = axis, end: int = end) -> bool | None:
                parts = parts_along(m, axis)
                if parts is None:
                    return None if m.jacobian is None else False
                return m.fits(parts[end]) if len(parts) > 1 else False

            words = holds(cases, of_end)
            if words:
                return Suspicion(
                    "GT107",
                    f"a sum is missing: only the {name} along axis {axis} counts",
                    f"analytic = what the {name} slice of the output along axis {axis} contributes {words}",
                )
    for axis in range(0 if g is None else g.ndim):
        words = holds(cases, lambda m, axis=axis: _summed_elsewhere(m, axis))  # type: ignore[misc]
        if words:
            return Suspicion(
                "GT107",
                "it is summed over the wrong axis",
                f"analytic = the sum over another axis than {axis} {words}",
            )
    return None


def _summed_elsewhere(m: Measured, axis: int) -> bool | None:
    parts = parts_along(m, axis)
    if parts is None:
        return None if m.jacobian is None else False
    answers = [
        m.fits(np.moveaxis(parts.sum(other + 1), 0, other))
        for other in range(len(m.shape))
        if m.shape[other] == len(parts)
    ]
    return next((answer for answer in answers if answer is not False), False)


#: Of more uses than this one could be near by accident.
_USES = 6


def not_accumulated(cases: Cases) -> Suspicion | None:
    """An entry is used several times, and only its first or last use counts."""
    for pick in ("last", "first", "one"):
        for axis in (None, 0, 1, 2):
            words = holds(cases, lambda m, pick=pick, axis=axis: _is_use(m, pick, axis))  # type: ignore[misc]
            if words:
                return Suspicion(
                    "GT112",
                    f"not accumulated: only {pick if pick == 'one' else f'the {pick}'} use counts",
                    f"analytic = the {pick} of several contributions to each entry {words}",
                )
    return None


def _is_use(m: Measured, pick: str, axis: int | None) -> bool | None:
    return None if m.jacobian is None else m.fits(_use(m, pick, axis))


def _use(m: Measured, pick: str, axis: int | None) -> Array | None:
    """Return the first, the last, or the nearest contribution to each entry, by outputs or slices of them."""
    if axis is None:
        if m.jacobian is None:
            return None
        terms = (m.flat_upstream[:, None] * m.jacobian).reshape(-1, *m.shape)
    else:
        parts = parts_along(m, axis)
        if parts is None:
            return None
        terms = parts
    there = np.abs(terms) > 1e-9 * np.abs(terms).max(initial=0.0)
    if not np.any(there.sum(0) > 1):
        return None
    if pick == "one":
        nearest = np.abs(terms - m.analytic).argmin(0)[None]
        return np.take_along_axis(terms, nearest, 0)[0] if np.all(there.sum(0) <= _USES) else None
    order = there if pick == "first" else there[::-1]
    chosen = np.take_along_axis(terms if pick == "first" else terms[::-1], order.argmax(0)[None], 0)[0]
    return np.where(there.any(0), chosen, 0.0)


def diagonal_only(cases: Cases) -> Suspicion | None:
    """Only the diagonal of the Jacobian is used."""

    def diagonal(m: Measured) -> bool | None:
        if m.flat_upstream.size != m.x.size:
            return False
        if m.jacobian is None:
            return None
        return m.fits((np.diag(m.jacobian) * m.flat_upstream).reshape(m.shape))

    words = holds(cases, diagonal)
    if not words:
        return None
    return Suspicion(
        "GT114", "only the diagonal of the Jacobian is used", f"analytic = diag(J) upstream {words}"
    )


def symmetric_only(cases: Cases) -> Suspicion | None:
    """Right along symmetric matrices only."""

    def symmetric(m: Measured) -> bool | None:
        if len(m.shape) != 2 or m.shape[0] != m.shape[1]:
            return False
        return m.fits(m.analytic + (m.numeric + m.numeric.T - m.analytic - m.analytic.T) / 2)

    words = holds(cases, symmetric)
    if not words:
        return None
    return Suspicion(
        "GT118", "it is right along symmetric matrices only", f"its symmetric part is that of numeric {words}"
    )
