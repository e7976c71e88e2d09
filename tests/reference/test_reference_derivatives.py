"""Every row of the table: its derivative against finite differences of its forward function.

The checks here know nothing of the reference but `DERIVATIVES`, and are shown to fail on planted errors.
"""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad

import reference
from reference import DERIVATIVES

DTYPES = [np.float32, np.float64, np.longdouble]

every_row = pytest.mark.parametrize("row", DERIVATIVES, ids=lambda row: row["equation"])
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


# What a row says, read


def split(shape):
    """'out batch : (0, 1)' as (['out', 'batch'], '(0, 1)')."""
    dims, _, domain = shape.partition(" : ")
    return dims.split(), domain


def wrt(row):
    return row.get("wrt", tuple(name for name, shape in row["inputs"].items() if split(shape)[1] != "{0, 1}"))


def leaves(value):
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list | tuple) else [value]


def differentiated(row, point):
    return leaves([point[name] for name in wrt(row)])


def claimed(row, cotangent, point):
    """The cotangent of `forward`, pulled back as the row says: one array for each differentiated leaf."""
    if "vjp" in row:
        return leaves(row["vjp"](cotangent, *point.values()))
    # For a scalar as for entry by entry, multiplying is the pullback.
    return [g * cotangent for g in leaves(row["grad"](*point.values()))]


class Cases:
    """Points for a row: sizes by name, depth and all entries drawn, entries through a seed."""

    def __init__(self, draw):
        self.sizes, self.draw = {}, draw
        self.depth = draw(st.integers(1, 6))
        self.rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def size(self, name):
        if name not in self.sizes:
            self.sizes[name] = self.draw(st.integers(1, 4))
        return self.sizes[name]

    def array(self, dims, domain, dtype, layer=0):
        places = {"n[l]": f"n[{layer}]", "n[l-1]": f"n[{layer - 1}]", "n[L]": f"n[{self.depth}]"}
        shape = [self.size(places.get(dim, dim)) for dim in dims]
        if domain == "{0, 1}":
            return self.rng.integers(0, 2, shape)
        if domain == "(0, 1)":
            value = self.rng.uniform(0.1, 0.9, shape)
        else:
            assert not domain
            value = self.rng.normal(size=shape)
        value = value.astype(dtype)
        value.flags.writeable = False  # whoever writes to an input raises
        return value

    def point(self, row, dtype):
        point = {}
        for name, shape in row["inputs"].items():
            dims, domain = split(shape)
            if "n[l]" in dims:
                point[name] = [self.array(dims, domain, dtype, layer + 1) for layer in range(self.depth)]
            else:
                point[name] = self.array(dims, domain, dtype)
        return point

    def cotangent(self, row, point, dtype):
        value = row["forward"](*point.values())
        return self.rng.normal(size=value.shape).astype(dtype)[()]


cases = st.composite(Cases)()


def moved(row, point, direction, t):
    """`point` + t `direction`, where `direction` has one array for each differentiated leaf."""
    steps = iter(direction)

    def step(value):
        return [step(v) for v in value] if isinstance(value, list) else value + t * next(steps)

    # In the order of `wrt`, which is the order of `direction`.
    return point | {name: step(point[name]) for name in wrt(row)}


# The checks


def assert_derivative(row, cotangent, point, direction):
    """⟨vjp(w), v⟩ = d/dt ⟨w, forward(x + t v)⟩ by a central difference that carries its own error.

    A kink within one step shows in the two one-sided quotients, which then differ by twice the error of the
    central one; where there is none they differ by the step times the curvature. So this neither cries wolf
    at kinks nor needs to avoid them.
    """

    def phi(t):
        return np.sum(cotangent * row["forward"](*moved(row, point, direction, t).values()))

    terms = [g * v for g, v in zip(claimed(row, cotangent, point), direction, strict=True)]
    analytic = sum(np.sum(term) for term in terms)
    h = np.sqrt(np.finfo(np.longdouble).eps)
    right, left = (phi(h) - phi(0)) / h, (phi(0) - phi(-h)) / h
    value = np.sum(np.abs(cotangent * row["forward"](*point.values())))
    rounding = 64 * h * (1 + value + sum(np.sum(np.abs(term)) for term in terms))
    numeric, error = (right + left) / 2, abs(right - left) + rounding
    assert abs(analytic - numeric) <= error, f"analytic {analytic}, numeric {numeric} ± {error}"


@every_row
@settings(deadline=None, max_examples=40)
@given(case=cases)
def test_derivative_along_a_line(row, case):
    point = case.point(row, np.longdouble)
    cotangent = case.cotangent(row, point, np.longdouble)
    direction = [case.rng.normal(size=leaf.shape) for leaf in differentiated(row, point)]
    assert_derivative(row, cotangent, point, direction)


@every_row
@settings(deadline=None, max_examples=10, derandomize=True)  # a kink within one step would be an unlucky draw
@given(case=cases)
def test_derivative_by_scipy(row, case):
    point = case.point(row, np.float64)
    cotangent = case.cotangent(row, point, np.float64)
    parts = differentiated(row, point)
    ends = np.cumsum([part.size for part in parts])[:-1]

    def at(flat):
        new = [f.reshape(p.shape) - p for f, p in zip(np.split(flat, ends), parts, strict=True)]
        return moved(row, point, new, 1)

    def func(flat):
        return float(np.sum(cotangent * row["forward"](*at(flat).values())))

    def grad(flat):
        return np.concatenate([g.ravel() for g in claimed(row, cotangent, at(flat))])

    flat = np.concatenate([part.ravel() for part in parts])
    assert check_grad(func, grad, flat) <= 1e-5 * (1 + np.linalg.norm(grad(flat)))


@every_row
@every_dtype
@settings(deadline=None, max_examples=10)
@given(case=cases)
def test_every_gradient_has_the_shape_and_precision_of_its_input(row, dtype, case):
    point = case.point(row, dtype)
    value = row["forward"](*point.values())
    assert value.dtype == dtype
    cotangent = case.cotangent(row, point, dtype)
    derivative = row["vjp"](cotangent, *point.values()) if "vjp" in row else row["grad"](*point.values())
    names = wrt(row)
    assert isinstance(derivative, tuple) == (len(names) > 1)
    parts = derivative if len(names) > 1 else (derivative,)
    for name, part in zip(names, parts, strict=True):
        assert isinstance(part, list) == isinstance(point[name], list)
        for analytic, primal in zip(leaves(part), leaves(point[name]), strict=True):
            assert (analytic.shape, analytic.dtype) == (primal.shape, dtype), name


# The checks can fail


def scaled(row, leaf, factor):
    """The row with one leaf of its derivative multiplied by `factor`."""
    (kind,) = {"grad", "vjp"} & row.keys()

    def planted(*args):
        value = row[kind](*args)
        parts = leaves(value)
        parts[leaf] = parts[leaf] * factor
        return parts

    return row | {kind: planted}


@every_row
@pytest.mark.parametrize("factor", [-1, 0, 0.5, 1 + 1e-5])
def test_an_error_in_any_leaf_would_be_caught(row, factor):
    case = Cases(lambda strategy: 3)  # every size 3, three layers, seed 3
    point = case.point(row, np.longdouble)
    cotangent = case.cotangent(row, point, np.longdouble)
    direction = [case.rng.normal(size=leaf.shape) for leaf in differentiated(row, point)]
    assert_derivative(row, cotangent, point, direction)
    for leaf in range(len(direction)):
        with pytest.raises(AssertionError, match="analytic"):
            assert_derivative(scaled(row, leaf, factor), cotangent, point, direction)


# The table itself


@every_row
def test_rows_are_plain_and_complete(row):
    assert type(row) is dict
    assert row.keys() <= {"equation", "forward", "grad", "vjp", "inputs", "wrt"}
    assert ("grad" in row) != ("vjp" in row)
    assert list(row["inputs"]) == list(inspect.signature(row["forward"]).parameters)
    assert set(wrt(row)) <= set(row["inputs"])
    assert all(split(row["inputs"][name])[1] != "{0, 1}" for name in wrt(row))
    derivative = row["vjp"] if "vjp" in row else row["grad"]
    parameters = list(inspect.signature(derivative).parameters)
    assert parameters == ["cotangent"] * ("vjp" in row) + list(row["inputs"])


def test_every_public_function_has_its_row():
    functions = {name for name in reference.__all__ if inspect.isfunction(getattr(reference, name))}
    rows = [row[kind].__name__ for row in DERIVATIVES for kind in ("forward", "grad", "vjp") if kind in row]
    # The two that the last three rows share; they pass a cache between them.
    assert functions - set(rows) == {"forward", "backward"}
    derivatives = [row[kind] for row in DERIVATIVES for kind in ("grad", "vjp") if kind in row]
    assert len(set(derivatives)) == len(DERIVATIVES) == len({row["equation"] for row in DERIVATIVES})
