"""Arrays of another library: the verbs where NumPy can look into them, and where it cannot."""

import numpy as np
import pytest

from gradtest.spaces import arrays, foreign

torch = pytest.importorskip("torch")

DTYPES = ["float64", "float32", "complex128", "complex64"]


@pytest.fixture(params=["here", "elsewhere"])
def place(request, monkeypatch):
    """Let arrays lie where NumPy looks into them, or be treated as if on an accelerator."""
    if request.param == "elsewhere":
        monkeypatch.setattr(foreign, "is_remote", foreign.is_array)
    return request.param


def some(dtype, shape=(2, 3)):
    x = np.linspace(-2, 3, 6).reshape(shape) + 0.25
    return torch.asarray((x + 1j * x[::-1] if "complex" in dtype else x).astype(dtype))


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("dtype", DTYPES)
def test_directions_and_cotangents_are_arrays_of_the_library(place, dtype):
    x = some(dtype)
    length = arrays.flat(arrays.scales(x))
    if arrays.is_complex(x):
        length = np.repeat(length, 2)
    for v in (arrays.direction(x, rng()), arrays.direction(x, rng(), along=-x)):
        assert (v.dtype, v.shape) == (x.dtype, x.shape)
        assert np.all(np.abs(arrays.flat(v)) >= 0.5 * length)
        assert np.all(np.abs(arrays.flat(v)) < 1.5 * length)
    uphill = arrays.direction(x, rng(), along=x)
    assert arrays.inner(x, uphill) >= 0.2 * arrays.sizes(x, uphill)
    w = arrays.cotangent(x, rng())
    assert (w.dtype, w.shape) == (x.dtype, x.shape)
    assert np.all((np.abs(arrays.flat(w)) >= 0.5) & (np.abs(arrays.flat(w)) < 1.5))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_coordinate_is_one_real_number(place, dtype):
    x = some(dtype)
    for index in np.ndindex(arrays.real_shape(x)):
        v, step = arrays.coordinate(x, index)
        moved = arrays.flat(v).reshape(arrays.real_shape(x))
        assert v.dtype == x.dtype
        assert moved[index] == step > 0
        assert np.count_nonzero(moved) == 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_are_those_of_numpy(place, dtype):
    x, y = some(dtype), some(dtype).flip(0)
    a, b = x.numpy(), y.numpy()
    assert arrays.inner(x, y) == pytest.approx(arrays.inner(a, b), rel=1e-12)
    assert arrays.inner(x, b) == pytest.approx(arrays.inner(a, b), rel=1e-12)
    assert arrays.sizes(x, y) == pytest.approx(arrays.sizes(a, b), rel=1e-12)
    assert arrays.magnitude(x, y) == pytest.approx(arrays.magnitude(a, b), rel=1e-12)
    assert arrays.largest(x) == arrays.largest(a)
    assert np.array_equal(arrays.flat(arrays.moved(x, y, 0.5)), arrays.flat(a + 0.5 * b))
    assert np.array_equal(arrays.flat(arrays.conjugated(x)), arrays.flat(np.conj(a)))
    assert np.array_equal(arrays.flat(arrays.upwards(x)), np.abs(arrays.flat(a)))


def test_a_real_gradient_beside_complex_numbers(place):
    v, g = some("complex128"), some("float64")
    exact = float(np.sum(g.numpy() * v.numpy().real))
    assert arrays.inner(g, v) == pytest.approx(exact)
    assert arrays.inner(v, g) == pytest.approx(exact)
    assert arrays.direction(v, rng(), along=g).dtype == v.dtype
