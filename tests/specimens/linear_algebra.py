"""Solves, inverses, determinants, symmetric matrices, complex numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from gradtest import inputs

from .specimen import Specimen


def triangle(a, unit):
    """Return the lower triangle that a triangular solve reads, made well conditioned."""
    n = len(a)
    return np.tril(a, -1) / 4 + (np.eye(n) if unit else np.diag(2 + np.tanh(np.diag(a))))


def solve_triangular(a, b, unit, trans):
    low = triangle(a, unit)
    return np.linalg.solve(low.T if trans else low, b)


def solve_triangular_with(diagonal=lambda unit: not unit, transposed=lambda trans: trans):
    def backward(g, a, b, unit, trans):
        low = triangle(a, unit)
        y = np.linalg.solve(low.T if trans else low, b)
        used = transposed(trans)
        db = np.linalg.solve(low if used else low.T, g)
        full = -np.outer(y, db) if used else -np.outer(db, y)
        da = np.tril(full, -1) / 4
        if diagonal(unit):
            da += np.diag(np.diag(full) * (1 - np.tanh(np.diag(a)) ** 2))
        return da, db

    return backward


def regular(a):
    """Return a matrix that is far from singular, for entries up to 1."""
    return np.eye(len(a)) * 3 + a / len(a)


def inverse(a):
    return np.linalg.inv(regular(a))


def chained(d, a):
    return d / len(a)


def inverse_with(combine):
    return lambda g, a: chained(combine(inverse(a), g), a)


def log_determinant(a):
    return np.linalg.slogdet(regular(a))[1]


def determinant(a):
    return np.linalg.det(regular(a))


def solve(a, b):
    return np.linalg.solve(regular(a), b)


def solve_with(db, sign=-1):
    def backward(g, a, b):
        right = np.linalg.solve(regular(a).T, g)
        return chained(sign * np.outer(right, solve(a, b)), a), db(regular(a), g)

    return backward


def trace_of_product(a, b):
    return np.trace(a @ b)


def quadratic(m, x):
    return x @ m @ x


def quadratic_with(dx):
    return lambda g, m, x: (g * np.outer(x, x), g * dx(m, x))


def gram(x):
    return x.T @ x


def frobenius(a):
    return np.sum(a * a)


def symmetric_part(a):
    s = (a + a.T) / 2
    return s @ s


def symmetric_right(g, a):
    s = (a + a.T) / 2
    d = g @ s + s @ g
    return (d + d.T) / 2


def complex_square(re, im):
    z = (re + 1j * im) ** 2
    return z.real, z.imag


def complex_square_with(conjugate):
    def backward(g, re, im):
        d = conjugate(2 * (re + 1j * im)) * (g[0] + 1j * g[1])
        return d.real, d.imag

    return backward


def power(re, im):
    return 0.5 * np.abs(re + 1j * im) ** 2


def product_pulled_back(g, b):
    """The gradient of a batched product ``a @ b`` with respect to a: itself a map to be differentiated."""
    return g @ b.swapaxes(1, 2)


def product_pulled_back_with(turned):
    def backward(gg, g, b):
        return gg @ b, turned(gg.swapaxes(1, 2) @ g)

    return backward


class Dual:
    """value + slope * epsilon, with one epsilon for all: nested derivatives see each other's."""

    def __init__(self, value, slope):
        self.value, self.slope = value, slope

    def __add__(self, other):
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other):
        return Dual(self.value * other.value, self.value * other.slope + self.slope * other.value)


def slope_of_a_sum(x):
    """x * d/dy (x + y), which is x."""
    return x * 1.0


def confused(g, x):
    """The slope of `slope_of_a_sum` by dual numbers: the inner derivative sees the outer epsilon, too."""
    outer = Dual(x, np.ones_like(x))
    inner = outer + Dual(np.ones_like(x), np.ones_like(x))  # d/dy (x + y): 1, and by confusion 2
    return g * (outer * Dual(inner.slope, np.zeros_like(x))).slope


SQUARE = inputs(a="n n : [-1, 1]", sizes={"n": (1, 4)})
SYSTEM = inputs(a="n n : [-1, 1]", b="n", sizes={"n": (1, 4)})
FLAGS = inputs(a="n n", b="n", unit=st.booleans(), trans=st.booleans(), sizes={"n": (1, 4)})

SPECIMENS = [
    Specimen(
        "solve_triangular_ignores_unit_diagonal",
        "pytensor#1230",
        solve_triangular,
        solve_triangular_with(diagonal=lambda unit: True),
        solve_triangular_with(),
        FLAGS,
        "a",
        "GT108 GT123",
        "does not move|unit",
    ),
    Specimen(
        "solve_triangular_ignores_trans",
        "Enzyme#1604",
        solve_triangular,
        solve_triangular_with(transposed=lambda trans: False),
        solve_triangular_with(),
        FLAGS,
        "b",
        "GT123 GT117 GT104",
        "trans",
    ),
    Specimen(
        "inverse_untransposed",
        "",
        inverse,
        inverse_with(lambda y, g: -y @ g @ y),
        inverse_with(lambda y, g: -y.T @ g @ y.T),
        SQUARE,
        "a",
        "GT104",
        "transpose",
    ),
    Specimen(
        "inverse_sign",
        "",
        inverse,
        inverse_with(lambda y, g: y.T @ g @ y.T),
        inverse_with(lambda y, g: -y.T @ g @ y.T),
        SQUARE,
        "a",
        "GT101",
        "sign",
    ),
    Specimen(
        "log_determinant_untransposed",
        "",
        log_determinant,
        lambda g, a: chained(g * inverse(a), a),
        lambda g, a: chained(g * inverse(a).T, a),
        SQUARE,
        "a",
        "GT104",
        "transpose",
    ),
    Specimen(
        "determinant_without_itself",
        "",
        determinant,
        lambda g, a: chained(g * inverse(a).T, a),
        lambda g, a: chained(g * determinant(a) * inverse(a).T, a),
        SQUARE,
        "a",
        "GT116",
        "output",
    ),
    Specimen(
        "solve_by_the_untransposed_matrix",
        "",
        solve,
        solve_with(lambda m, g: np.linalg.solve(m, g)),
        solve_with(lambda m, g: np.linalg.solve(m.T, g)),
        SYSTEM,
        "b",
        "GT104",
        "transpose",
    ),
    Specimen(
        "solve_sign",
        "",
        solve,
        solve_with(lambda m, g: np.linalg.solve(m.T, g), sign=1),
        solve_with(lambda m, g: np.linalg.solve(m.T, g)),
        SYSTEM,
        "a",
        "GT101",
        "sign",
    ),
    Specimen(
        "trace_untransposed",
        "",
        trace_of_product,
        lambda g, a, b: (g * b, g * a.T),
        lambda g, a, b: (g * b.T, g * a.T),
        inputs(a="n n", b="n n", sizes={"n": (1, 4)}),
        "a",
        "GT104",
        "transposed",
    ),
    Specimen(
        "quadratic_assumes_symmetry",
        "",
        quadratic,
        quadratic_with(lambda m, x: 2 * m @ x),
        quadratic_with(lambda m, x: (m + m.T) @ x),
        inputs(m="n n", x="n", sizes={"n": (1, 4)}),
        "x",
        "GT100 GT113 GT104",
        "unknown|m",
    ),
    Specimen(
        "quadratic_one_side",
        "",
        quadratic,
        quadratic_with(lambda m, x: m @ x),
        quadratic_with(lambda m, x: (m + m.T) @ x),
        inputs(m="n n", x="n", sizes={"n": (1, 4)}),
        "x",
        "GT113",
        "m.T @ x|x @ m",
    ),
    Specimen(
        "gram_one_side",
        "",
        gram,
        lambda g, x: x @ g,
        lambda g, x: x @ (g + g.T),
        inputs(x="m n", sizes={"n": (1, 4)}),
        "x",
        "GT113",
        "x @ upstream.T",
    ),
    Specimen(
        "frobenius_without_its_two",
        "",
        frobenius,
        lambda g, a: g * a,
        lambda g, a: 2 * g * a,
        SQUARE,
        "a",
        "GT102",
        "1/2",
    ),
    Specimen(
        "symmetrised_lower_triangle",
        "",
        symmetric_part,
        lambda g, a: 2 * np.tril(symmetric_right(g, a), -1) + np.diag(np.diag(symmetric_right(g, a))),
        symmetric_right,
        SQUARE,
        "a",
        "GT118",
        "symmetric",
    ),
    Specimen(
        "complex_square_not_conjugated",
        "",
        complex_square,
        complex_square_with(lambda d: d),
        complex_square_with(np.conj),
        inputs(re="n", im="n"),
        "re",
        "GT100",
        "unknown",
    ),
    Specimen(
        "power_conjugated",
        "",
        power,
        lambda g, re, im: (g * re, -g * im),
        lambda g, re, im: (g * re, g * im),
        inputs(re="n", im="n"),
        "im",
        "GT101",
        "sign",
    ),
    Specimen(
        "second_backward_of_a_product_transposed",
        "chainer#4393",
        product_pulled_back,
        product_pulled_back_with(lambda s: s.swapaxes(1, 2)),
        product_pulled_back_with(lambda s: s),
        inputs(g="n i k", b="n k k", sizes={"i": (1, 3), "k": (2, 3)}),
        "b",
        "GT104",
        "swapped|transposed",
    ),
    Specimen(
        "perturbations_confused",
        "AutoGrad.jl#75",
        slope_of_a_sum,
        confused,
        lambda g, x: g,
        inputs(x="n"),
        "x",
        "GT102",
        "2 times",
    ),
]
