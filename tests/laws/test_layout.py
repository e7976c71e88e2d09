"""The same numbers, elsewhere in memory."""

import numpy as np
import pytest

import gradtest
from gradtest import Settings, target
from gradtest.laws.layout import LAYOUTS

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
LAYOUT = Settings(laws="layout")


def flattened(dout, x):
    return (dout.ravel(order="K") * np.cos(x.ravel(order="K"))).reshape(x.shape)


def assumes_strides(dout, x):
    return np.lib.stride_tricks.as_strided(dout, x.shape, (x.shape[1] * 8, 8)) * np.cos(x)


def writes(dout, x):
    x *= 1.0
    return dout * np.cos(x)


def only_fortran(dout, x):
    return dout * np.cos(x) * (2.0 if x.flags.f_contiguous and not x.flags.c_contiguous else 1.0)


def only_broadcast(dout, x):
    return dout * np.cos(x) * (2.0 if 0 in x.strides else 1.0)


@pytest.mark.parametrize(
    ("backward", "what"),
    [
        (flattened, "another one where arrays are Fortran order"),
        (assumes_strides, "another one where arrays are"),
        (writes, "writes raises ValueError for arrays that are read-only"),
        (only_fortran, "another one where arrays are Fortran order"),
        (only_broadcast, "another one where arrays are broadcast"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_only_layout_sees_it(backward, what):
    subject = target(np.sin, vjp=backward)
    assert gradtest.check(subject, X).ok
    report = gradtest.check(subject, X, settings=LAYOUT)
    (finding,) = report.findings
    assert finding.code == "GT135"
    assert finding.what.startswith(what)


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_have_the_same_values(name):
    rng = np.random.default_rng(0)
    for shape in ((3,), (2, 3), (2, 1, 3)):
        x = rng.standard_normal(shape)
        assert np.array_equal(LAYOUTS[name](x), x)
    assert LAYOUTS["strided"](X).strides == (48, 16)
    assert LAYOUTS["reversed"](X).strides == (-24, -8)
    assert not LAYOUTS["read-only"](X).flags.writeable
    assert LAYOUTS["Fortran order"](X).flags.f_contiguous


def test_what_does_not_mind():
    w = np.array([[0.5, 1.5], [-1.0, 2.0], [0.75, -0.25]])
    subject = target(lambda x, w: x @ w, vjp=lambda dout, x, w: (dout @ w.T, x.T @ dout))
    assert gradtest.check(subject, X, w, settings=LAYOUT).ok
    assert gradtest.check(subject, X.astype(np.float32), w.astype(np.float32), settings=LAYOUT).ok


def test_numbers_have_no_layout():
    report = gradtest.check(target(lambda x: x * x, grad=lambda x: 2 * x), 3.0, settings=LAYOUT)
    assert report.reason == "layout: no input is a NumPy array with an axis"
