"""What the calibration measures: lines of known slope, by kind, made the way a probe makes them.

Every kind is a function that yields cases; `each` is how many random directions it draws at
each point.  A case with truth NaN has no derivative: a value for it would be a lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from functions_with_known_derivatives import (
    BITS,
    NOISES,
    Case,
    Expression,
    Phi,
    Shape,
    in_float64,
    in_numpy32,
    in_short,
    noisy,
    slope,
    spread_of,
)

__all__ = ["KINDS", "SMOOTH"]

Cases = Iterator[Case]

#: Constants are exact in eleven bits, so that the short arithmetics compute the same functions.
SMOOTH: tuple[Shape, ...] = tuple(
    Shape(name, f, points)
    for name, f, points in (
        ("sin", lambda x, m: m.sin(x), (0.0, 0.125, 1.0, 1.5625, 5.0, -2.5)),
        ("cos", lambda x, m: m.cos(x), (0.125, 1.0, -1.75, 3.0)),
        ("exp", lambda x, m: m.exp(x), (0.0, 0.5, -3.0, 5.0)),
        ("tanh", lambda x, m: m.tanh(x), (0.0, 0.25, 1.0, -2.0)),
        ("sinh", lambda x, m: m.sinh(x), (0.5, -3.0)),
        ("atan", lambda x, m: m.atan(x), (0.0, 0.75, 3.0)),
        ("asinh", lambda x, m: m.asinh(x), (0.5, 10.0)),
        ("logistic", lambda x, m: 1 / (1 + m.exp(-x)), (0.0, 1.0, -2.0, 4.0)),
        ("softplus", lambda x, m: m.log(1 + m.exp(x)), (0.0, 1.0, -2.0, 3.0)),
        ("swish", lambda x, m: x / (1 + m.exp(-x)), (0.25, 1.0, -2.0, 4.0)),
        ("mish", lambda x, m: x * m.tanh(m.log(1 + m.exp(x))), (0.5, -1.0, 2.0)),
        ("gauss", lambda x, m: m.exp(-x * x), (0.25, 1.0, -1.5)),
        ("cubic", lambda x, m: x * x * x - 2 * x, (0.5, 1.0, -2.0, 3.0)),
        ("quintic", lambda x, m: ((((x + 2) * x - 3) * x + 1) * x - 5) * x + 7, (0.5, -1.0, 2.0)),
        ("runge", lambda x, m: 1 / (1 + x * x), (0.25, 1.0, -3.0)),
        ("sqrt(1+x2)", lambda x, m: m.sqrt(1 + x * x), (0.5, -2.0, 10.0)),
        ("x exp(-x)", lambda x, m: x * m.exp(-x), (0.5, 2.0, 3.0)),
        ("sin exp", lambda x, m: m.sin(x) * m.exp(x), (0.5, 1.0, -2.0)),
        ("exp sin", lambda x, m: m.exp(m.sin(x)), (0.5, 1.0, 4.0)),
        ("sin exp(x)", lambda x, m: m.sin(m.exp(x)), (0.0, 1.0, 2.0)),
        ("cos x2", lambda x, m: m.cos(x * x), (0.5, 1.0, 3.0)),
        ("log", lambda x, m: m.log(x), (0.25, 1.0, 3.0, 100.0)),
        ("sqrt", lambda x, m: m.sqrt(x), (0.25, 1.0, 50.0)),
        ("1/x", lambda x, m: 1 / x, (0.25, -1.0, 7.0)),
        ("x^-2", lambda x, m: 1 / (x * x), (0.5, 3.0)),
        ("x log x", lambda x, m: x * m.log(x), (0.25, 2.0)),
        ("log cosh", lambda x, m: m.log(m.cosh(x)), (0.5, -2.0)),
        ("rational", lambda x, m: (x * x + 1) / (x + 3), (0.5, 2.0)),
        ("quotient", lambda x, m: m.sin(x) / (2 + m.cos(x)), (0.5, 2.0, -1.0)),
        ("cross entropy", lambda x, m: m.log(1 + m.exp(1 - x) + m.exp(x / 2)), (0.5, 2.0, -1.0)),
        ("layers", lambda x, m: m.tanh(0.75 * m.tanh(1.5 * x - 0.25) + 0.5), (0.25, 1.0, -0.5)),
    )
)


def _float64(kind: str, shapes: tuple[Shape, ...], each: int, **options: Any) -> Cases:
    for number, shape in enumerate(shapes):
        for x, v, w in spread_of(shape.points, number, each):
            yield Case(
                kind,
                f"{shape.name} at {x:g}",
                in_float64(shape.f, x, v, w),
                slope(shape.f, x, v, w),
                {"widest": 4 / min(1.0, abs(v)), **options},
            )


def smooth(each: int) -> Cases:
    """Entire, or with poles no nearer than about their own size."""
    return _float64("smooth", SMOOTH, each)


def near_poles(each: int) -> Cases:
    """Analytic, with a pole, a branch point or a steep step at 1e-1 ... 1e-5 of x."""
    families: tuple[tuple[str, Callable[[float], Expression]], ...] = (
        ("1/(x-a)", lambda d: lambda x, m: 1 / (x - (1 + d))),
        ("log(a-x)", lambda d: lambda x, m: m.log(1 + d - x)),
        ("sqrt(a-x)", lambda d: lambda x, m: m.sqrt(1 + d - x)),
        ("lorentz", lambda d: lambda x, m: 1 / ((x - 1) * (x - 1) + d * d)),
        ("soft abs", lambda d: lambda x, m: m.sqrt((x - 1 + d / 2) * (x - 1 + d / 2) + d * d)),
        ("step", lambda d: lambda x, m: m.tanh((x - 1) / d + 1 / 2)),
        ("bump", lambda d: lambda x, m: x + d * m.exp(-(((x - 1) / d + 1) ** 2))),
    )
    shapes = tuple(
        Shape(f"{name}, {d:g} away", make(d), (1.0,))
        for name, make in families
        for d in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
    )
    return _float64("near poles", shapes, each)


def oscillating(each: int) -> Cases:
    """Up to 1e5 oscillations within the size of x, alone or on something smooth."""
    return _float64("oscillating", _waves((10.0, 1e2, 1e3, 1e4, 1e5)), each)


def oscillating_fast(each: int) -> Cases:
    """1e6 to 1e8 oscillations within the size of x: as noise to anything that does not go there."""
    return _float64("oscillating fast", _waves((1e6, 1e7, 1e8)), each)


def _waves(frequencies: tuple[float, ...]) -> tuple[Shape, ...]:
    families: tuple[tuple[str, Callable[[float], Expression]], ...] = (
        ("sin(k x)", lambda k: lambda x, m: m.sin(k * x)),
        ("1 + sin(k x)/1000", lambda k: lambda x, m: 1 + m.sin(k * x) / 1024),
        ("exp(cos(k x))", lambda k: lambda x, m: m.exp(m.cos(k * x))),
        ("exp x + sin(k x)/k", lambda k: lambda x, m: m.exp(x) + m.sin(k * x) / k),
    )
    return tuple(
        Shape(f"{name}, k={k:g}", make(k), (0.75, 1.0, 1.25)) for name, make in families for k in frequencies
    )


def offset(each: int) -> Cases:
    """A small function on a large constant: 1e3 to 1e12."""
    shapes = tuple(
        Shape(f"{big:g} + {name}", _raised(f, big), (0.5, 1.0, 2.0))
        for big in (1e3, 1e6, 1e9, 1e12)
        for name, f in (("sin", SMOOTH[0].f), ("exp", SMOOTH[2].f), ("logistic", SMOOTH[7].f))
    )
    return _float64("offset", shapes, each)


def _raised(f: Expression, big: float) -> Expression:
    return lambda x, m: big + f(x, m)


def large_x(each: int) -> Cases:
    """x near 1e8, where the displacement itself is rounded to 1e-8."""
    shapes = tuple(
        Shape(name, f, (1e8, 1.23456789e8, -3e8 if name == "(x-1e8)2" else 3e8))
        for name, f in (
            ("log", lambda x, m: m.log(x)),
            ("sqrt", lambda x, m: m.sqrt(x)),
            ("(x-1e8)2", lambda x, m: (x - 1e8 + 1) * (x - 1e8 + 1)),
            ("sin(x/1e8)", lambda x, m: m.sin(x / 1e8)),
            ("sin(x/1e4)", lambda x, m: m.sin(x / 1e4)),
            ("sin x", lambda x, m: m.sin(x)),
            ("1/x", lambda x, m: 1 / x),
        )
    )
    return _float64("x near 1e8", shapes, each)


def near_zero_pole(each: int) -> Cases:
    """1/x and its kin near 1e-3."""
    shapes = tuple(
        Shape(name, f, (1e-3, 3e-3))
        for name, f in (
            ("1/x", lambda x, m: 1 / x),
            ("x^-2", lambda x, m: 1 / (x * x)),
            ("log", lambda x, m: m.log(x)),
            ("sqrt", lambda x, m: m.sqrt(x)),
            ("x^-1.5", lambda x, m: x ** (-1.5)),
            ("x log x", lambda x, m: x * m.log(x)),
            ("sin(1/x)", lambda x, m: m.sin(1 / x)),
        )
    )
    return _float64("1/x near 1e-3", shapes, each)


def tiny_x(each: int) -> Cases:
    """x of 1e-6 and 1e-12, where the slope along x is as small beside the function."""
    shapes = tuple(
        Shape(name, f, (1e-6, 1e-12))
        for name, f in (
            ("sin", lambda x, m: m.sin(x)),
            ("exp", lambda x, m: m.exp(x)),
            ("cos", lambda x, m: m.cos(x)),
            ("log1p", lambda x, m: m.log1p(x)),
            ("sqrt(1+x)", lambda x, m: m.sqrt(1 + x)),
            ("logistic", lambda x, m: 1 / (1 + m.exp(-x))),
            ("x2", lambda x, m: x * x),
            ("x3", lambda x, m: x * x * x),
        )
    )
    return _float64("tiny x", shapes, each)


def badly_scaled(each: int) -> Cases:
    """The scale told is wrong by 1e-4 ... 1e4, or the function lives on another scale than x."""
    for told in (1e-4, 1e-2, 1e2, 1e4):
        some = tuple(Shape(s.name, s.f, s.points[1:2]) for s in SMOOTH[:20] if len(s.points) > 1)
        yield from _float64("badly scaled", some, each, scale=told)
    stretched: tuple[Shape, ...] = tuple(
        Shape(f"{name}(x {k:g})", _stretched(f, k), (1.0,))
        for k in (1e-6, 1e-3, 1e2, 1e3)
        for name, f in (("sin", SMOOTH[0].f), ("tanh", SMOOTH[3].f), ("atan", SMOOTH[5].f))
    )
    yield from _float64("badly scaled", stretched, each)


def _stretched(f: Expression, k: float) -> Expression:
    return lambda x, m: f(k * x, m)


def cancelling(each: int) -> Cases:
    """Formulas that lose digits inside: noise far above the rounding of what they return."""
    shapes = tuple(
        Shape(name, f, points)
        for name, f, points in (
            ("(1-cos)/x2", lambda x, m: (1 - m.cos(x)) / (x * x), (1e-1, 1e-2, 1e-3)),
            ("exp-1", lambda x, m: (m.exp(x) - 1) / x, (1e-2, 1e-4, 1e-6)),
            ("sqrt diff", lambda x, m: m.sqrt(x + 1) - m.sqrt(x), (1e2, 1e5, 1e8)),
            ("(x+1e8)-1e8", lambda x, m: (x + 1e8) - 1e8, (1.0, 3.0)),
            ("(x+1e6)2-1e12", lambda x, m: (x + 1e6) * (x + 1e6) - 1e12, (1.0, 3.0)),
            ("(tan-sin)/x3", lambda x, m: (m.tan(x) - m.sin(x)) / x**3, (1e-1, 1e-2, 1e-3)),
            ("(x-1)^7", lambda x, m: _seventh(x), (1.25, 2.0, 0.5)),
            ("log(exp)", lambda x, m: m.log(m.exp(x) + 1e9), (1.0, 10.0)),
            ("variance", lambda x, m: _variance(x, m), (1.0, 100.0, 1e4)),
            ("quadratic root", lambda x, m: (m.sqrt(x * x + 1) - x) * 1024, (1e2, 1e4)),
        )
    )
    return _float64("cancelling", shapes, each)


def _seventh(x: Any) -> Any:
    return ((((((x - 7) * x + 21) * x - 35) * x + 35) * x - 21) * x + 7) * x - 1


def _variance(x: Any, m: Any) -> Any:
    values = [x, x + 1, x * 1.5 + 2, x + m.sin(x)]
    return sum(value * value for value in values) / 4 - (sum(values) / 4) ** 2


def noisy_levels(each: int) -> Cases:
    """Relative noise of 1e-12 to 1e-3, uniform, normal or two-valued."""
    seed = 0
    for level in (1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-3):
        for noise in NOISES:
            some = tuple(Shape(s.name, s.f, s.points[1:2]) for s in SMOOTH[::3] if len(s.points) > 1)
            for case in _float64(f"noise {level:g}", some, each):
                seed += 1
                yield Case(
                    case.kind,
                    f"{case.name}, {noise}",
                    noisy(case.phi, level, noise, seed),
                    case.truth,
                    case.options,
                )


def rounded_to_decimals(each: int) -> Cases:
    """Stairs: the value is rounded to 12 ... 3 decimals on its way out."""
    for digits in (12, 10, 8, 6, 4, 3):
        some = tuple(Shape(s.name, s.f, s.points[1:2]) for s in SMOOTH[::3] if len(s.points) > 1)
        for case in _float64("decimals", some, each):
            stairs = _rounding(case.phi, digits)
            yield Case(case.kind, f"{case.name}, {digits}", stairs, case.truth, case.options)


def _rounding(phi: Phi, digits: int) -> Phi:
    return lambda t: round(phi(t), digits)


def short(each: int) -> Cases:
    """Computed in fewer bits than returned, told and untold; numpy's own float32 with them."""
    for number, shape in enumerate(SMOOTH):
        for x, v, w in spread_of(shape.points, number, each):
            truth, widest = slope(shape.f, x, v, w), {"widest": 4 / min(1.0, abs(v))}
            name = f"{shape.name} at {x:g}"
            numpy32 = in_numpy32(shape.f, x, v, w)
            yield Case("numpy float32", name, numpy32, truth, {**widest, "eps": 2.0**-23})
            yield Case("numpy float32, untold", name, numpy32, truth, widest)
            for arithmetic, bits in BITS.items():
                phi = in_short(shape.f, x, v, bits, w)
                yield Case(arithmetic, name, phi, truth, {**widest, "eps": 2.0 ** (1 - bits)})
                yield Case(f"{arithmetic}, untold", name, phi, truth, widest)


KINDS: dict[str, Callable[[int], Cases]] = {
    "smooth": smooth,
    "near poles": near_poles,
    "oscillating": oscillating,
    "oscillating fast": oscillating_fast,
    "offset": offset,
    "x near 1e8": large_x,
    "1/x near 1e-3": near_zero_pole,
    "tiny x": tiny_x,
    "badly scaled": badly_scaled,
    "cancelling": cancelling,
    "noise": noisy_levels,
    "decimals": rounded_to_decimals,
    "short": short,
}
