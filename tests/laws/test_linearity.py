"""The vjp in its cotangent: what clips, drops, adds or normalises is seen, and nothing else is."""

import numpy as np
import pytest

import gradtest
from gradtest import Settings, target

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
W = np.array([[0.5, 1.5], [-1.0, 2.0], [0.75, -0.25]])
LINEARITY = Settings(laws="linearity")
DERIVATIVE = Settings(laws="derivative")


def clipped(dout, x):
    return np.clip(dout, -5, 5) * np.cos(x)  # the derivative law draws cotangents between -3/2 and 3/2


def small_dropped(dout, x):
    return np.where(np.abs(dout) > 1e-4, dout, 0.0) * np.cos(x)


def safely_divided(dout, x):
    return (dout + 1e-30 / np.maximum(np.abs(dout), 1e-30)) * np.cos(x)  # 1 where dout is 0


SPECIMENS = {
    clipped: "large upstream gradients are cut",
    small_dropped: "small upstream gradients are lost",
    safely_divided: "not 0 where the upstream gradient is 0",
}


@pytest.mark.parametrize("backward", SPECIMENS, ids=lambda backward: backward.__name__)
def test_only_linearity_sees_it(backward):
    subject = target(np.sin, vjp=backward)
    assert gradtest.check(subject, X, settings=DERIVATIVE).ok
    report = gradtest.check(subject, X)
    assert [law.name for law in report.laws if law.verdict == "disagrees"] == ["linearity"]
    (finding,) = report.findings
    assert (finding.code, finding.parameter, finding.what) == ("GT131", "x", SPECIMENS[backward])
    assert finding.source.endswith(backward.__name__)
    assert finding.inputs["x"].tolist() == X.tolist()
    with pytest.raises(gradtest.GradientError, match="GT131: wrong gradient for x"):
        report.raise_if_wrong()


def test_the_message_has_both_sides():
    assert str(gradtest.check(target(np.sin, vjp=clipped), np.array([0.5]))).splitlines() == [
        "gradtest GT131: wrong gradient for x - large upstream gradients are cut",
        "                x[0]:",
        "                vjp(1024 w)  = -4.38791",
        "                1024 vjp(w)  = -494.298 ± 5e-04",
        "                the only entry; 14 evaluations",
        "  why           a vjp is linear: vjp(1024 w) = 1024 vjp(w)",
        "  where         " + gradtest.check(target(np.sin, vjp=clipped), X).findings[0].source,
        "  inputs        x = [0.5]",
        "  more          python -m gradtest explain GT131",
    ]


def test_what_is_homogeneous_but_not_additive():
    def largest_only(dout, x):
        return np.where(np.abs(dout) == np.abs(dout).max(), dout, 0.0)

    report = gradtest.check(target(lambda x: x * 1.0, vjp=largest_only), X, settings=LINEARITY)
    assert report.findings[0].what == "not additive in the upstream gradient"


def test_the_sign_of_the_upstream_gradient():
    def guided(dout, x):
        return np.maximum(dout, 0) * np.cos(x)

    report = gradtest.check(target(np.sin, vjp=guided), X, settings=LINEARITY)
    assert report.findings[0].what == "the sign of the upstream gradient is not kept"


def test_a_jvp_is_linear_in_its_tangent():
    def clipped_jvp(primals, tangents):
        return np.cos(primals[0]) * np.clip(tangents[0], -50, 50)

    subject = target(np.sin, jvp=clipped_jvp)
    assert gradtest.check(subject, X, settings=DERIVATIVE).ok
    (finding,) = gradtest.check(subject, X).findings
    assert (finding.code, finding.what) == ("GT131", "large tangents are cut")
    right = target(np.sin, jvp=lambda primals, tangents: np.cos(primals[0]) * tangents[0])
    assert gradtest.check(right, X, settings=LINEARITY).ok


# -- and nothing else -----------------------------------------------------------------------------


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_backward(dout, x):
    p = softmax(x)
    return p * (dout - (p * dout).sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_rounding_is_no_finding(dtype, scale):
    """Saturated: the gradients are differences of nearly equal numbers, and mostly rounding."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        x = (scale * rng.standard_normal((3, 4))).astype(dtype)
        report = gradtest.check(target(softmax, vjp=softmax_backward), x, settings=LINEARITY)
        assert report.verdict != "disagrees", str(report)


def test_an_iterative_backward_is_linear_up_to_what_it_solves_for():
    """Richardson iterations, stopped by a tolerance that is relative to the cotangent: exact to 1e-8."""
    a = np.eye(3) + 0.2 * np.array([[0.0, 1, 0], [-1, 0, 1], [0, 0.5, 0]])

    def backward(dout, x):
        y = np.zeros_like(dout)
        while np.abs(residual := dout - y @ a).max() > 1e-8 * np.abs(dout).max():
            y = y + residual
        return y

    subject = target(lambda x: x @ np.linalg.inv(a).T, vjp=backward)
    assert gradtest.check(subject, X, settings=LINEARITY).ok


def test_at_a_kink_a_jvp_may_be_one_sided():
    def one_sided(primals, tangents):
        (x,), (v,) = primals, tangents
        return np.where(x > 0, v, np.where(x < 0, 0, np.maximum(v, 0)))

    subject = target(lambda x: np.maximum(x, 0), jvp=one_sided)
    assert gradtest.check(subject, np.array([0.0, 1.0, -1.0]), settings=LINEARITY).ok


def test_a_gradient_has_no_cotangent():
    report = gradtest.check(target(lambda x: (x**2).sum(), grad=lambda x: 2 * x), X, settings=LINEARITY)
    assert (report.verdict, report.reason) == (
        "undecided",
        "linearity: a gradient takes no upstream gradient",
    )


def test_a_gradient_that_is_not_deterministic_is_not_called_nonlinear():
    rng = np.random.default_rng(0)
    noisy = target(np.sin, vjp=lambda g, x: g * np.cos(x) * (rng.random(x.shape) < 0.5))
    report = gradtest.check(noisy, X, settings=LINEARITY)
    assert report.verdict == "undecided"
    assert report.reason.startswith("linearity: not deterministic")


def test_what_underflows_is_no_cut():
    """sigma(-100) is one of the last numbers of float32; 256 times it has eight bits more."""

    def sigmoid(x):
        return np.exp(x) / (1 + np.exp(x))

    def backward(g, x):
        return g * sigmoid(x) / (1 + np.exp(x))

    x = np.array([-100.0], np.float32)
    report = gradtest.check(target(sigmoid, vjp=backward), x, settings=Settings(laws="linearity"))
    assert report.verdict != "disagrees", report
