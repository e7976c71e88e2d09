"""A vjp and a jvp of the same map."""

import numpy as np
import pytest

import gradtest
from gradtest import Settings, target

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
W = np.array([[0.5, 1.5], [-1.0, 2.0], [0.75, -0.25]])


def affine(x, w):
    return np.tanh(x @ w)


def backward(dout, x, w):
    d = dout * (1 - np.tanh(x @ w) ** 2)
    return d @ w.T, x.T @ d


def pushed(primals, tangents):
    (x, w), (dx, dw) = primals, tangents
    return (1 - np.tanh(x @ w) ** 2) * (dx @ w + x @ dw)


def pushed_without_w(primals, tangents):
    (x, w), (dx, _) = primals, tangents
    return (1 - np.tanh(x @ w) ** 2) * (dx @ w)


def test_only_adjointness_sees_a_wrong_jvp_beside_a_right_vjp():
    report = gradtest.check(target(affine, vjp=backward, jvp=pushed_without_w), X, W)
    assert [law.name for law in report.laws if law.verdict == "disagrees"] == ["adjointness"]
    (finding,) = report.findings
    assert (finding.code, finding.parameter) == ("GT132", "w")
    assert finding.headline.endswith("wrong gradient for w - the vjp and the jvp contradict each other")
    assert "<w, jvp(v)>  = 0" in finding.detail
    right = gradtest.check(target(affine, vjp=backward, jvp=pushed), X, W)
    assert {law.name: law.verdict for law in right.laws}["adjointness"] == "agrees"
    assert right.ok


@pytest.mark.parametrize("error", [1e-3, 1e-5])
def test_small_errors_are_seen(error):
    def off(primals, tangents):
        return pushed(primals, tangents) * (1 + error)

    report = gradtest.check(
        target(affine, vjp=backward, jvp=off), X, W, settings=Settings(laws="adjointness")
    )
    assert report.verdict == "disagrees"


def test_noise_is_no_contradiction():
    """The vjp is off by 1e-4 in another way for every upstream gradient: that much may be in the gap."""

    def noisy(dout, x, w):
        digits = np.frexp(np.abs(dout).sum() * 1e6)[0]
        dx, dw = backward(dout, x, w)
        return dx * (1 + 1e-4 * np.sin(1e7 * digits)), dw * (1 + 1e-4 * np.sin(1e7 * digits))

    report = gradtest.check(
        target(affine, vjp=noisy, jvp=pushed), X, W, settings=Settings(laws="adjointness")
    )
    assert report.verdict != "disagrees"


def test_at_a_kink_they_may_differ():
    subject = target(
        lambda x: np.maximum(x, 0),
        vjp=lambda dout, x: dout * (x > 0),
        jvp=lambda primals, tangents: tangents[0] * (primals[0] >= 0),
    )
    report = gradtest.check(subject, np.array([0.0, 1.0, -1.0]))
    assert {law.name: law.verdict for law in report.laws}["adjointness"] == "agrees"


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rounding_is_no_contradiction(dtype):
    def softmax(x):
        e = np.exp(x - x.max())
        return e / e.sum()

    subject = target(
        softmax,
        vjp=lambda dout, x: softmax(x) * (dout - softmax(x) @ dout),
        jvp=lambda primals, tangents: softmax(primals[0]) * (tangents[0] - softmax(primals[0]) @ tangents[0]),
    )
    rng = np.random.default_rng(0)
    for scale in (1, 30, 100):
        x = (scale * rng.standard_normal(5)).astype(dtype)
        report = gradtest.check(subject, x, settings=Settings(laws="adjointness"))
        assert report.verdict != "disagrees", str(report)


def test_one_claim_is_not_enough():
    report = gradtest.check(target(affine, vjp=backward), X, W)
    assert {law.name: law.reason for law in report.laws}["adjointness"] == (
        "a vjp and a jvp are not both claimed"
    )
