"""A batch beside its examples."""

import numpy as np
import pytest

import gradtest
from gradtest import Settings, target
from gradtest.properties.drawn_domains import within

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
W = np.array([[0.5, 1.5], [-1.0, 2.0], [0.75, -0.25]])
BATCH = Settings(laws="batch")
SHAPES = {"x": "batch in", "w": "in out"}


def affine(x, w):
    return x @ w


def backward(dout, x, w):
    return dout @ w.T, x.T @ dout


def checked(forward, vjp, settings=BATCH):
    return gradtest.check(within(target(forward, vjp=vjp), SHAPES), X, W, settings=settings)


def test_only_batch_sees_it_where_steps_forbid_to_measure():
    """A quantised layer with a straight-through gradient, which takes the mean for the sum."""

    def quantised(x, w):
        return np.round(x @ w)

    wrong = checked(quantised, lambda dout, x, w: (dout @ w.T, x.T @ dout / len(x)))
    (finding,) = wrong.findings
    assert (finding.code, finding.parameter, finding.what) == ("GT136", "w", "not the sum over the examples")
    measured = checked(quantised, lambda dout, x, w: (dout @ w.T, x.T @ dout / len(x)), Settings())
    assert measured.verdict == "undecided"
    assert checked(quantised, backward).ok


@pytest.mark.parametrize(
    ("forward", "vjp", "how"),
    [
        (affine, backward, "its rows"),
        (
            lambda x, w: np.sum((x @ w) ** 2),
            lambda g, x, w: (2 * g * x @ w @ w.T, 2 * g * x.T @ x @ w),
            "their sum",
        ),
        (
            lambda x, w: np.sum((x @ w) ** 2) / len(x),
            lambda g, x, w: (2 * g * x @ w @ w.T / len(x), 2 * g * x.T @ x @ w / len(x)),
            "their mean",
        ),
    ],
)
def test_the_outputs_tell_what_to_expect(forward, vjp, how):
    report = checked(forward, vjp)
    assert report.ok
    assert report.laws[0].reason == f"the output of a batch is {how}"


def test_examples_that_know_of_each_other_are_none_of_its_business():
    def centred(x, w):
        return (x - x.mean(axis=0)) @ w

    def centred_backward(dout, x, w):
        d = dout @ w.T
        return d - d.mean(axis=0), (x - x.mean(axis=0)).T @ dout

    report = checked(centred, centred_backward)
    assert report.verdict == "undecided"
    assert report.reason == "batch: the output is not that of the examples: rows, sum or mean"


def test_without_such_an_axis_it_is_skipped():
    report = gradtest.check(target(affine, vjp=backward), X, W, settings=BATCH)
    assert report.reason == "batch: no axis is called batch"


def test_a_property_knows_the_axis_by_its_name():
    gradtest.property_of(affine, backward, laws=("derivative", "batch"), x="batch in", w="in out")()
    wrong = gradtest.property_of(
        lambda x, w: np.round(x @ w),
        lambda dout, x, w: (dout @ w.T, x.T @ dout / len(x)),
        laws="batch",
        x="batch in",
        w="in out",
    )
    with pytest.raises(gradtest.GradientError, match="GT136"):
        wrong()
