"""Lines that are not smooth, or not everywhere: kinks, jumps, plateaus, edges, holes, solvers, networks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from calibration_cases import SMOOTH
from functions_with_known_derivatives import Case, Expression, Phi, in_float64, slope, spread_of

__all__ = ["ANOTHER", "KINDS"]

#: The kind that computes another smooth function than is meant.
ANOTHER = "solver"

Cases = Iterator[Case]

_DISTANCES = (1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)


def _bases(each: int) -> Iterator[tuple[str, Phi, float]]:
    """Yield smooth lines to put a kink or a jump on, and the zero line."""
    yield "0", lambda t: 0.0, 0.0
    for shape in (SMOOTH[0], SMOOTH[2], SMOOTH[12], SMOOTH[20]):
        for x, v, w in spread_of(shape.points[1:2], 7, each):
            yield shape.name, in_float64(shape.f, x, v, w), slope(shape.f, x, v, w)


def _bent(phi: Phi, at: float, by: float) -> Phi:
    return lambda t: phi(t) + by * max(t - at, 0.0)


def _jumping(phi: Phi, at: float, by: float) -> Phi:
    return lambda t: phi(t) + (by if t > at else 0.0)


def kinks_near(each: int) -> Cases:
    """A kink at 1e-12 ... 1e-1 of the size of x, on either side; both branches smooth."""
    for name, phi, truth in _bases(each):
        for distance in _DISTANCES:
            for at in (distance, -distance):
                for by in (1.0, -0.01, 100.0):
                    true = truth + (by if at < 0 else 0.0)
                    yield Case("kink near", f"{name}, {by:g} at {at:g}", _bent(phi, at, by), true)


def kinks_at(each: int) -> Cases:
    """A kink at the point itself: no derivative."""
    for name, phi, left in _bases(each):
        for by in (1.0, -0.01, 100.0, 1e-4):
            sides = (left, left + by)
            yield Case("kink at 0", f"{name}, {by:g}", _bent(phi, 0.0, by), math.nan, sides=sides)


def cusps(each: int) -> Cases:
    """Powers of |t| and their like: vertical at 0, or bent beyond any parabola."""
    for name, phi, truth in _bases(each):
        for power in (1 / 3, 0.5):
            yield Case("cusp at 0", f"{name} + |t|^{power:g}", _plus(phi, _root(power)), math.nan)
        for power in (1.5, 2.5):
            yield Case("bent at 0", f"{name} + |t|^{power:g}", _plus(phi, _root(power)), truth)


def _plus(phi: Phi, other: Phi) -> Phi:
    return lambda t: phi(t) + other(t)


def _root(power: float) -> Phi:
    return lambda t: abs(t) ** power


def jumps_near(each: int) -> Cases:
    """A jump at 1e-9 ... 1e-1."""
    for name, phi, truth in _bases(each):
        for distance in _DISTANCES[3:]:
            for at in (distance, -distance):
                for by in (1.0, 0.01, -1e-4):
                    yield Case("jump near", f"{name}, {by:g} at {at:g}", _jumping(phi, at, by), truth)


def jumps_at(each: int) -> Cases:
    """A jump at the point itself."""
    for name, phi, _ in _bases(each):
        for by in (1.0, -0.01, 100.0, 1e-4):
            yield Case("jump at 0", f"{name}, {by:g}", _jumping(phi, 0.0, by), math.nan)


def plateaus(each: int) -> Cases:
    """Nothing moves near the point: a path that is cut, saturation, a rounding to integers."""
    flat: dict[str, Phi] = {
        "zero": lambda t: 0.0,
        "half": lambda t: 0.5,
        "pi": lambda t: math.pi,
        "dead for 0.1": lambda t: math.pi + max(t - 0.1, 0.0),
        "dead for 0.01": lambda t: math.pi + max(t - 0.01, 0.0),
        "dead for 0.001": lambda t: max(t - 0.001, 0.0),
        "dead for 1e-5": lambda t: math.pi + 3 * max(t - 1e-5, 0.0),
        "clipped": lambda t: min(max(3 + t, -1.0), 1.0),
        "clipped near": lambda t: min(max(1.05 + t, -1.0), 1.0),
        "saturated": lambda t: math.tanh(40 + t),
        "saturated both": lambda t: math.tanh(40 * (1 + t)) + math.pi,
        "rounded": lambda t: round(3.3 * (1 + t)),
        "floor": lambda t: math.pi * math.floor(7.3 * (1 + t)),
        "exp(-1/x2)": lambda t: math.exp(-1 / (0.02 * (1 + t)) ** 2),
    }
    for name, phi in flat.items():
        yield Case("plateau", name, _guarded(phi), 0.0)
        yield Case("plateau", f"-{name}", _guarded(lambda t, phi=phi: -phi(-t)), 0.0)


def edges_near(each: int) -> Cases:
    """The domain ends nearby, and the scale told does not know it."""
    families: tuple[tuple[str, Callable[[float], Expression]], ...] = (
        ("log", lambda a: lambda x, m: m.log(x + a)),
        ("sqrt", lambda a: lambda x, m: m.sqrt(x + a)),
        ("x^1.5", lambda a: lambda x, m: (x + a) * m.sqrt(x + a)),
        ("asin", lambda a: lambda x, m: m.asin(1 - a - x)),
        ("acosh", lambda a: lambda x, m: m.acosh(1 + a + x)),
        ("sqrt(1-x2)", lambda a: lambda x, m: m.sqrt(1 - (1 - a + x) * (1 - a + x))),
    )
    for name, make in families:
        for a in (1e-1, 1e-2, 1e-3, 1e-5, 1e-7, 1e-9):
            f = make(a)
            for w in (1.0, -0.75):
                yield Case("edge near", f"{name}, {a:g}", in_float64(f, 0.0, 1.0, w), slope(f, 0.0, 1.0, w))


def edges_at(each: int) -> Cases:
    """The domain ends at the point: only a derivative from one side."""
    families: tuple[tuple[str, Phi, float], ...] = (
        ("x^1.5", lambda t: t * math.sqrt(t), 0.0),
        ("x^2.5", lambda t: t * t * math.sqrt(t), 0.0),
        ("exp for t >= 0", lambda t: math.exp(t) if t >= 0 else math.nan, 1.0),
        ("3 + sin for t >= 0", lambda t: 3 + math.sin(t) if t >= 0 else math.nan, 1.0),
        ("x^1.5 + 2x + 1", lambda t: t * math.sqrt(t) + 2 * t + 1, 2.0),
        ("log(1+x) for x >= 0", lambda t: math.log1p(t) if t >= 0 else math.nan, 1.0),
        ("x2 log x", lambda t: t * t * math.log(t) if t > 0 else 0.0 * math.sqrt(t), 0.0),
        ("(1-x2)^1.5", lambda t: (1 - (1 - t) * (1 - t)) ** 1.5 if t >= 0 else math.nan, 0.0),
        ("sqrt", math.sqrt, math.nan),
        ("x log x", lambda t: t * math.log(t) if t > 0 else 0.0 * math.sqrt(t), math.nan),
    )
    for name, phi, truth in families:
        yield Case("edge at 0", name, _guarded(phi), truth)
        yield Case("edge at 0", f"-{name}", _guarded(lambda t, phi=phi: phi(-t)), -truth)


def _guarded(phi: Phi) -> Phi:
    def inside(t: float) -> float:
        try:
            return phi(t)
        except (ValueError, ZeroDivisionError, OverflowError):
            return math.nan

    return inside


def non_finite(each: int) -> Cases:
    """NaN or infinity at the point, around it, or only far out."""
    lines: tuple[tuple[str, Phi, float], ...] = (
        ("nan", lambda t: math.nan, math.nan),
        ("inf", lambda t: math.inf, math.nan),
        ("1/t", lambda t: 1 / t, math.nan),
        ("log |t|", lambda t: math.log(abs(t)), math.nan),
        ("nan at 0 only", lambda t: math.nan if t == 0 else math.sin(t), math.nan),
        ("nan but at 0", lambda t: math.nan if t else 1.0, math.nan),
        ("exp(700 x)", lambda t: math.exp(700 * (1 + t)), slope(lambda x, m: m.exp(700 * x), 1.0)),
        ("hole far off", lambda t: math.nan if 0.001 < t < 0.0015 else math.sin(t), 1.0),
        ("nan beyond 1e-3", lambda t: math.nan if abs(t) > 1e-3 else math.exp(t), 1.0),
        ("nan beyond 1e-6", lambda t: math.nan if abs(t) > 1e-6 else math.exp(t), 1.0),
        ("inf beyond 0.3", lambda t: math.inf if t > 0.3 else 1e9 + math.exp(t), 1.0),
    )
    for name, phi, truth in lines:
        yield Case("non-finite", name, _guarded(phi), truth)


def solvers(each: int) -> Cases:
    """Roots and integrals found to a tolerance: the number of steps changes along the line."""
    for tolerance in (1e-12, 1e-9, 1e-6, 1e-3):
        for x, v, _ in spread_of((0.5, 1.0, 2.0, 5.0), 3, each):
            for name, solve, f in (
                ("bisection", _bisection, lambda x, m: m.exp(m.log(x) / 3)),
                ("newton", _newton, lambda x, m: m.sqrt(x)),
                ("series", _series, lambda x, m: m.exp(x)),
                ("fixed point", _fixed_point, lambda x, m: (m.sqrt(1 + 4 * x) - 1) / 2),
            ):
                phi = _solved(solve, x, v, tolerance)
                yield Case(ANOTHER, f"{name} to {tolerance:g} at {x:g}", phi, slope(f, x, v))


def _solved(solve: Callable[[float, float], float], x: float, v: float, tolerance: float) -> Phi:
    return lambda t: solve(x + t * v, tolerance) if x + t * v > 0 else math.nan


def _bisection(x: float, tolerance: float) -> float:
    low, high = 0.0, 1.0 + x
    while high - low > tolerance:
        middle = (low + high) / 2
        low, high = (middle, high) if middle**3 < x else (low, middle)
    return (low + high) / 2


def _newton(x: float, tolerance: float) -> float:
    root = 1.0
    while abs(root * root - x) > tolerance * x:
        root = (root + x / root) / 2
    return root


def _series(x: float, tolerance: float) -> float:
    total, term, k = 1.0, 1.0, 0
    while abs(term) > tolerance * total:
        k += 1
        term *= x / k
        total += term
    return total


def _fixed_point(x: float, tolerance: float) -> float:
    y = math.sqrt(x)
    for _ in range(1000):
        y, before = x / (1 + y), y
        if abs(y - before) <= tolerance:
            break
    return y


def relu_networks(each: int) -> Cases:
    """One hidden layer of 4 to 64 ReLUs along a random line: kinks wherever they fall."""
    for number in range(60 * each):
        rng = np.random.default_rng((99, number))
        size = int(rng.integers(4, 65))
        a, b, c = (rng.standard_normal(size) for _ in range(3))
        alive = b > 0
        truth = math.fsum((a * c)[alive].tolist())
        yield Case("relu network", f"{size} units, {number}", _network(a, b, c), truth)


def tanh_networks(each: int) -> Cases:
    """Two hidden layers of tanh in numpy float64 along a random line, with a squared loss."""
    for number in range(60 * each):
        rng = np.random.default_rng((98, number))
        n, k = (int(s) for s in rng.integers(2, 9, size=2))
        x, w1, w2 = rng.standard_normal(n), rng.standard_normal((n, k)), rng.standard_normal((k, 3))
        v, y = rng.integers(8, 25, size=n) / 16 * x, rng.standard_normal(3)
        yield Case("tanh network", f"{n}-{k}-3, {number}", *_two_layers(x, v, w1, w2, y))


def _network(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> Phi:
    return lambda t: float(a @ np.maximum(b + t * c, 0.0))


def _two_layers(
    x: np.ndarray, v: np.ndarray, w1: np.ndarray, w2: np.ndarray, y: np.ndarray
) -> tuple[Phi, float]:
    def phi(t: float) -> float:
        hidden = np.tanh((x + t * v) @ w1)
        return float(0.5 * np.sum((np.tanh(hidden @ w2) - y) ** 2))

    wide = np.longdouble  # 64 bits: the truth to 1e-18
    h = np.tanh(x.astype(wide) @ w1)
    out = np.tanh(h @ w2)
    back = ((out - y) * (1 - out * out)) @ w2.T
    return phi, float((back * (1 - h * h)) @ w1.T @ v)


KINDS: dict[str, Callable[[int], Cases]] = {
    "kink near": kinks_near,
    "kink at 0": kinks_at,
    "cusps": cusps,
    "jump near": jumps_near,
    "jump at 0": jumps_at,
    "plateau": plateaus,
    "edge near": edges_near,
    "edge at 0": edges_at,
    "non-finite": non_finite,
    "solver": solvers,
    "relu network": relu_networks,
    "tanh network": tanh_networks,
}
