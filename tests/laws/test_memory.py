"""Gradients that lie where something else lies too."""

import numpy as np
import pytest

import gradtest
from gradtest import Settings, target

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
MEMORY = Settings(laws="memory")


def inner_gradient(x, w):
    return w.T.T, x[:]


def halves(dout, x, y):
    both = np.broadcast_to(dout, X.shape) * 1.0
    return both, both


def in_place(dout, x):
    dout[x <= 0] = 0
    return dout.copy()


BUFFER = np.empty_like(X)


def reuses(dout, x):
    return np.multiply(dout, np.cos(x), out=BUFFER)


SPECIMENS = {
    "a view of an input": (
        target(lambda x, w: float((x * w).sum()), grad=inner_gradient),
        (X, X + 1),
        "GT308",
        "inner_gradient: the gradient of x is in the memory of the input w",
    ),
    "one array twice": (
        target(np.add, vjp=halves),
        (X, X + 1),
        "GT308",
        "the gradient of x1 is in the memory of that of x2",
    ),
    "the upstream gradient": (
        target(lambda x: np.maximum(x, 0), vjp=in_place),
        (X,),
        "GT308",
        "in_place changes the upstream gradient in place",
    ),
    "a buffer": (
        target(np.sin, vjp=reuses),
        (X,),
        "GT309",
        "reuses: the next call overwrites the gradient of x",
    ),
}


@pytest.mark.parametrize("name", SPECIMENS)
def test_only_memory_sees_it(name):
    subject, inputs, code, what = SPECIMENS[name]
    assert gradtest.check(subject, *inputs).ok
    report = gradtest.check(subject, *inputs, settings=Settings(laws="all"))
    broken = [law.name for law in report.laws if law.verdict == "disagrees"]
    assert broken in (["memory"], ["memory", "layout"])  # read-only arrays cannot be worked in
    finding = report.findings[0]
    assert finding.code == code
    assert what in finding.what
    assert len(finding.headline) <= 100


def test_memory_of_its_own():
    subject = target(lambda x, y: x + y, vjp=lambda dout, x, y: (dout.copy(), dout.copy()))
    assert gradtest.check(subject, X, X + 1, settings=MEMORY).ok


def test_parts_of_one_buffer_that_do_not_overlap():
    subject = target(lambda x, y: x + y, vjp=lambda dout, x, y: tuple(np.stack([dout, dout])))
    assert gradtest.check(subject, X, X, settings=MEMORY).ok


def test_numbers_have_no_memory():
    report = gradtest.check(target(lambda x: x * x, grad=lambda x: 2 * x), 3.0, settings=MEMORY)
    assert report.reason == "memory: it is for gradients that are NumPy arrays"
