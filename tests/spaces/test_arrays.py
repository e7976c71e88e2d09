"""The verbs of one array: what can be differentiated, how large it is, where to move, inner products."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from gradtest.spaces import arrays

run = settings(deadline=None, max_examples=60)
FLOATS = ["float64", "float32", "float16", "longdouble"]
reals = arrays_of.arrays(
    st.sampled_from(["f8", "f4", "f2"]),
    arrays_of.array_shapes(min_dims=0, max_dims=3, max_side=4),
    elements=st.integers(-(2**10), 2**10).map(lambda k: k / 64),
)


def rng(seed=0):
    return np.random.default_rng(seed)


# -- what a value is ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "leaf",
    [
        *(np.ones(2, dtype) for dtype in FLOATS),
        *(np.ones((), dtype) for dtype in FLOATS),
        np.float32(1),
        np.float64(1),
        1.0,
        math.nan,
        np.zeros((2, 0)),
    ],
    ids=repr,
)
def test_what_can_be_differentiated(leaf):
    assert arrays.is_array(leaf)
    assert arrays.is_differentiable(leaf)


@pytest.mark.parametrize(
    "leaf", [1, True, np.ones(2, int), np.ones(2, bool), np.int8(3), np.array(["a"])], ids=repr
)
def test_what_cannot_be_differentiated(leaf):
    assert arrays.is_array(leaf)
    assert not arrays.is_differentiable(leaf)


@pytest.mark.parametrize(
    "leaf", ["text", None, object(), np.sin, [1.0], {"x": 1.0}], ids=lambda leaf: type(leaf).__name__
)
def test_what_is_no_array(leaf):
    assert not arrays.is_array(leaf)
    assert not arrays.is_differentiable(leaf)


def test_precisions_numpy_has_not():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    half = np.ones(3, ml_dtypes.bfloat16)
    assert arrays.is_differentiable(half)
    assert arrays.precision(half) == 2.0**-7
    assert arrays.moved(half, half, 0.5).dtype == half.dtype


def test_shape_size_and_precision():
    assert (arrays.shape(1.0), arrays.size(1.0), arrays.precision(1.0)) == ((), 1, 2.0**-52)
    x = np.ones((2, 0, 3), np.float32)
    assert (arrays.shape(x), arrays.size(x), arrays.precision(x)) == ((2, 0, 3), 0, 2.0**-23)
    assert arrays.precision(np.ones(2, int)) == 2.0**-52


def test_a_fingerprint_depends_on_shape_and_values():
    x = np.arange(6.0)
    seen = [x, x.reshape(2, 3), x.reshape(3, 2), x + 1, x.astype("f4"), x[::-1], 0.0, 1.0]
    prints = list(map(arrays.fingerprint, seen))
    assert len(set(prints)) == len(prints)
    assert prints == list(
        map(arrays.fingerprint, [np.copy(v) if isinstance(v, np.ndarray) else v for v in seen])
    )
    assert arrays.fingerprint(np.asfortranarray(x.reshape(2, 3))) == arrays.fingerprint(x.reshape(2, 3))
    large = np.zeros(100_000)
    assert arrays.fingerprint(large) != arrays.fingerprint(large[1:])


# -- how large ------------------------------------------------------------------------------------


@run
@given(reals)
def test_scales_are_powers_of_two_about_the_size_of_each_entry(x):
    scale, size = arrays.scales(x), np.abs(np.asarray(x, float))
    assert scale.shape == x.shape
    assert np.all(np.frexp(scale)[0] == 0.5)
    moving = size > 1e-10 * size.mean()
    assert np.all(scale[moving] <= size[moving])
    assert np.all(size[moving] < 2 * scale[moving])
    if moving.any():
        assert np.all((scale[~moving] <= size.mean()) & (size.mean() < 2 * scale[~moving]))
    else:
        assert np.all(scale == 1)


def test_scales_of_numbers_that_are_none():
    assert arrays.scales(np.array([np.nan, 1.0])).tolist() == [1.0, 1.0]
    assert arrays.scales(np.array([np.inf, 1.0])).tolist() == [1.0, 1.0]


def test_largest():
    assert arrays.largest(np.array([1.0, -3.0])) == 3.0
    assert arrays.largest(-2.5) == 2.5
    assert arrays.largest(np.zeros(0)) == 0.0
    assert math.isnan(arrays.largest(np.array([1.0, np.nan])))
    far = np.zeros(600_000)
    far[-1] = -7.0  # in the third piece
    assert arrays.largest(far) == 7.0


# -- directions -----------------------------------------------------------------------------------


@run
@given(reals, st.integers(0, 99))
def test_a_direction_ignores_no_entry(x, seed):
    v = arrays.direction(x, rng(seed))
    assert (type(v), v.shape, v.dtype) == (type(x), x.shape, x.dtype)
    length = np.abs(np.asarray(v, float)) / arrays.scales(x)
    assert np.all((length >= 0.5) & (length < 1.5))
    short = 2.0 ** {"float64": 12, "float32": 8}.get(x.dtype.name, 4)
    assert np.all(length * short == np.round(length * short))  # short numbers: x + t v loses little
    assert np.array_equal(v, arrays.direction(x, rng(seed)))


def test_directions_of_numbers():
    for x in (2.0, np.float32(2.0), np.float64(2.0), np.array(2.0)):
        v = arrays.direction(x, rng())
        assert type(v) is type(x)
        assert 1 <= abs(v) < 3


def test_both_signs_are_drawn():
    v = arrays.direction(np.ones(10_000), rng())
    assert 0.45 < np.mean(v > 0) < 0.55
    assert np.abs(v).mean() == pytest.approx(1.0, abs=0.01)


@run
@given(st.integers(1, 40), st.integers(0, 999))
def test_along_a_gradient_the_slope_does_not_cancel(n, seed):
    g = rng(seed).standard_normal(n)
    v = arrays.direction(np.ones(n), rng(seed), along=g)
    assert abs(g @ v) >= 0.25 * np.sum(np.abs(g * v)) * (1 - 1e-12)
    assert np.all(v != 0)


def test_a_gradient_that_is_not_finite_still_gives_a_direction():
    with np.errstate(over="ignore"):
        v = arrays.direction(np.ones(3), rng(), along=np.array([np.nan, np.inf, 0.0]))
    assert np.all(np.isfinite(v) & (v != 0))


def test_two_errors_that_cancel_do_not_cancel_along_another_direction():
    error = np.array([1.0, -1.0])
    sums = {float(arrays.direction(np.ones(2), rng(seed)) @ error) for seed in range(20)}
    assert len(sums) > 5


@run
@given(reals.filter(lambda x: x.size > 0), st.data())
def test_a_coordinate_moves_one_entry(x, data):
    index = tuple(data.draw(st.integers(0, n - 1)) for n in x.shape)
    v, step = arrays.coordinate(x, index)
    assert (v.shape, v.dtype) == (x.shape, x.dtype)
    assert v[index] == step == arrays.scales(x)[index]
    assert np.count_nonzero(v) == 1


def test_a_cotangent_is_never_all_ones():
    for out in (np.ones((2, 3)), np.ones((), "f4"), 1.0, np.float32(1)):
        w = arrays.cotangent(out, rng())
        assert type(w) is type(out)
        assert np.shape(w) == np.shape(out)
        assert np.all((np.abs(w) >= 0.5) & (np.abs(w) < 1.5))
    assert not np.all(arrays.cotangent(np.ones(9), rng()) == 1)


# -- moving and measuring -------------------------------------------------------------------------


@run
@given(reals, st.sampled_from([0.0, 0.25, -1.5, 2.0**-9]))
def test_moving_keeps_kind_and_dtype_and_leaves_the_point_alone(x, t):
    before, v = x.copy(), arrays.direction(x, rng())
    there = arrays.moved(x, v, t)
    assert (type(there), there.shape, there.dtype) == (type(x), x.shape, x.dtype)
    assert not np.shares_memory(there, x)
    assert np.array_equal(x, before)
    exact = np.asarray(x, float) + t * np.asarray(v, float)
    assert np.all(np.abs(there - exact) <= np.finfo(x.dtype).eps * (np.abs(exact) + np.abs(t * v)))


@pytest.mark.parametrize(
    "x", [2.0, np.float32(2.0), np.float64(2.0), np.array(2.0), np.array(2.0, "f4")], ids=repr
)
def test_moving_numbers(x):
    v = arrays.direction(x, rng())
    there = arrays.moved(x, v, 0.5)
    assert type(there) is type(x)
    assert there == x + 0.5 * v
    assert arrays.zeros(x) == 0
    assert type(arrays.zeros(x)) is type(x)


@pytest.mark.parametrize(
    "layout",
    [np.asfortranarray, lambda x: x[::-1], lambda x: x.T, lambda x: np.broadcast_to(x, (2, *x.shape))],
)
def test_layout_does_not_matter(layout):
    x = layout(np.arange(6.0).reshape(2, 3) - 2)
    x.flags.writeable = False
    v = arrays.direction(x, rng())
    assert np.array_equal(arrays.moved(x, v, 0.5), x + 0.5 * v)
    assert arrays.inner(x, v) == pytest.approx(float(np.sum(x * v)), rel=1e-14)
    assert np.array_equal(v, arrays.direction(x.copy(), rng()))


@run
@given(
    arrays_of.arrays("f8", 5, elements=st.floats(-1e3, 1e3)),
    arrays_of.arrays("f8", 5, elements=st.floats(-1e3, 1e3)),
)
def test_inner_products(a, b):
    exact = math.fsum(float(p) * float(q) for p, q in zip(a, b, strict=True))
    size = math.fsum(abs(float(p) * float(q)) for p, q in zip(a, b, strict=True))
    assert abs(arrays.inner(a, b) - exact) <= 1e-15 * size + 1e-300
    assert arrays.inner(a, b) == arrays.inner(b, a)
    assert arrays.sizes(a, b) == pytest.approx(size, rel=1e-14)
    assert arrays.inner(a, a) == pytest.approx(arrays.magnitude(a, np.ones(5)) ** 2, rel=1e-13)


def test_inner_products_are_summed_in_double_precision():
    ones, large = np.ones(4097, "f2"), np.full(4097, 16.0, "f2")
    assert arrays.inner(ones, large) == 4097 * 16
    assert arrays.sizes(-ones, large) == 4097 * 16
    assert arrays.inner(np.ones(600_000, "f4"), np.ones(600_000, "f4")) == 600_000
    assert arrays.inner(2.0, 3.0) == 6.0
    assert arrays.inner(np.array(2.0), np.float32(3.0)) == 6.0


def test_inner_products_of_complex_numbers_are_those_of_pairs():
    a, b = np.array([1 + 2j, 3 - 1j]), np.array([0.5 - 1j, 2 + 2j])
    pairs = a.view(float) @ b.view(float)
    assert arrays.inner(a, b) == pairs
    assert arrays.inner(a, 1j * a) == 0.0
    assert arrays.sizes(a, b) == np.abs(a.view(float)) @ np.abs(b.view(float))


def test_complex_numbers_are_pairs_of_real_ones():
    z = np.array([[1 + 2j, -3j], [0.5, 1e3 + 1e-3j]])
    assert (arrays.size(z), arrays.real_size(z), arrays.real_shape(z)) == (4, 8, (2, 2, 2))
    assert arrays.flat(z).tolist() == [1, 2, 0, -3, 0.5, 0, 1e3, 1e-3]
    assert arrays.flat(z.T).tolist() == arrays.flat(z.T.copy()).tolist()
    assert np.array_equal(arrays.like(z, arrays.flat(z)), z)
    assert arrays.largest(z) == 1e3
    assert arrays.flat(arrays.upwards(-z)).tolist() == np.abs(arrays.flat(z)).tolist()
    assert arrays.flat(arrays.conjugated(z)).tolist() == (arrays.flat(z) * np.tile([1, -1], 4)).tolist()
    assert arrays.conjugated(1.5) == 1.5


@pytest.mark.parametrize(
    "z", [1 + 2j, np.complex64(1 + 2j), np.array(1 + 2j), np.full((2, 3), 1 + 2j, "c8")], ids=repr
)
def test_directions_of_complex_numbers_move_both_parts(z):
    v = arrays.direction(z, rng(), along=-z)
    assert (type(v), np.shape(v)) == (type(z), np.shape(z))
    assert getattr(v, "dtype", None) == getattr(z, "dtype", None)
    # Both parts go as far as the number is large, however small the one beside the other.
    assert np.all((np.abs(arrays.flat(v)) >= 1) & (np.abs(arrays.flat(v)) < 3))
    w = arrays.cotangent(z, rng())
    assert np.all((np.abs(arrays.flat(w)) >= 0.5) & (np.abs(arrays.flat(w)) < 1.5))
    there = arrays.moved(z, v, 0.5)
    assert type(there) is type(z)
    assert np.allclose(there, z + 0.5 * v, rtol=1e-6)
    assert arrays.zeros(z).dtype.kind == "c" if isinstance(z, np.ndarray) else arrays.zeros(z) == 0


def test_a_coordinate_of_a_complex_number_is_one_of_its_parts():
    z = np.array([3.0, 4j])
    for index, unit in (((0, 0), 1), ((1, 0), 1), ((1, 1), 1j)):
        v, step = arrays.coordinate(z, index)
        assert step == arrays.scales(z)[index[0]]
        assert v[index[0]] == step * unit
        assert np.count_nonzero(v) == 1


def test_a_real_gradient_beside_complex_numbers_has_no_imaginary_part():
    v = np.array([1 + 2j, 3 - 1j])
    for g in (np.array([2.0, 1.0]), np.array([2, 1])):
        assert arrays.inner(g, v) == arrays.inner(v, g) == 5.0
        assert arrays.sizes(g, v) == 5.0
        assert arrays.spread(g, v) == (2.5, 3.0)
    assert np.all(arrays.evened(v, np.array([1e6, 1.0]), 1.0).real < [1e-5, 4])


def test_products_of_what_is_not_finite_are_not_finite():
    bad = np.array([np.nan, 1.0])
    assert math.isnan(arrays.inner(bad, bad))
    assert math.isnan(arrays.magnitude(bad, bad))
