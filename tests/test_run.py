"""The front door: one target at one point."""

import subprocess
import sys
import tracemalloc

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import rosen, rosen_der

import gradtest
from gradtest.errors import GradientError, MisusedType
from gradtest.properties.tally import session

X, W, B = np.array([[1.0, -2.0]]), np.array([[0.5], [3.0]]), np.array([1.5])


def affine(x, w, b):
    return x @ w + b


def affine_backward(dout, x, w, b):
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def flipped(dout, x, w, b):
    return dout @ w.T, -x.T @ dout, dout.sum(axis=0)


# -- check ----------------------------------------------------------------------------------------


def test_a_right_gradient_agrees():
    report = gradtest.check(gradtest.target(affine, vjp=affine_backward), X, W, b=B)
    assert (report.verdict, report.ok, report.findings, report.reason) == ("agrees", True, (), "")
    assert [(block.name, block.shape, block.verdict) for block in report.blocks] == [
        ("x", (1, 2), "agrees"),
        ("w", (2, 1), "agrees"),
        ("b", (1,), "agrees"),
    ]
    assert 0 < report.resolution < 1e-9
    assert report.excess <= 1
    assert report.raise_if_wrong() is None


@pytest.mark.parametrize(("form", "most"), [("grad", 4.5), ("vjp", 5.5)])
def test_a_large_right_gradient_takes_few_copies_of_the_parameters(form, most):
    """Beyond what the function needs itself (one, and the vjp two): point, gradient, direction, x + t v.

    A vjp is also asked whether it is linear: then two more gradients are there.
    """
    x = np.random.default_rng(0).uniform(0.5, 1.5, 4_000_000)
    derivative, own = (np.cos, 1) if form == "grad" else (lambda dout, x: dout * np.cos(x), 2)
    subject = gradtest.target(lambda x: np.sin(x).sum(), **{form: derivative})
    gradtest.check(subject, x[:10])  # imports
    tracemalloc.start()
    try:
        assert gradtest.check(subject, x).ok
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= (own + most) * x.nbytes


def test_a_wrong_gradient_is_reported_and_not_raised():
    report = gradtest.check(gradtest.target(affine, vjp=flipped), X, W, B)
    assert (report.verdict, report.ok) == ("disagrees", False)
    (finding,) = report.findings
    assert (finding.code, finding.target, finding.parameter) == ("GT101", "affine", "w")
    assert finding.others == (("x", "ok"), ("b", "ok"))
    assert finding.entry.analytic == pytest.approx(-finding.entry.numeric)
    assert finding.inputs.keys() == {"x", "w", "b"}
    with pytest.raises(GradientError, match="wrong gradient for w - the sign is flipped") as caught:
        report.raise_if_wrong()
    assert caught.value.report is report


def test_a_check_replays():
    subject = gradtest.target(np.sin, grad=np.cos)
    assert gradtest.check(subject, X) == gradtest.check(subject, X)
    other = gradtest.check(subject, X, settings=gradtest.Settings(seed=1))
    assert other.verdict == "agrees"
    assert other != gradtest.check(subject, X)


def test_nothing_compared_is_not_agreement():
    report = gradtest.check(gradtest.target(affine, vjp=lambda *args: (None, None, None)), X, W, B)
    assert report.verdict == "undecided"
    assert "nothing was compared" in report.reason
    assert not report.ok


@pytest.mark.parametrize(
    ("gradient", "code", "words"),
    [
        (lambda g, x: (g * x)[None], "GT301", "of shape (1, 1, 2), but `x` has shape (1, 2)"),
        (lambda g, x: (g * x).T, "GT301", "Was the result left transposed?"),
        (lambda g, x: (g * x).ravel(), "GT301", ".reshape(1, 2) would give them its shape"),
        (lambda g, x: None, "GT302", "returned None; is a return statement missing?"),
        (lambda g, x: g * x * 1j, "GT302", "for `x` that is complex (imaginary part up to"),
        (lambda g, x: 1 / 0, "GT310", "ZeroDivisionError: division by zero"),
        (lambda g, x: [][0], "GT310", "IndexError: list index out of range"),
    ],
)
def test_a_broken_contract_is_a_finding(gradient, code, words):
    report = gradtest.check(gradtest.target(lambda x: x * x / 2, vjp=gradient), X)
    assert report.verdict == "disagrees"
    (finding,) = report.findings
    assert finding.code == code
    assert words in finding.detail
    assert finding.headline.startswith(f"gradtest {code}: ")
    assert len(finding.headline) <= 100
    assert finding.inputs.keys() == {"x"}
    with pytest.raises(GradientError, match=code):
        report.raise_if_wrong()


def test_a_forward_that_raises_is_a_finding():
    def fails(x):
        raise RuntimeError("out of memory")

    report = gradtest.check(gradtest.target(fails, grad=lambda x: x), X)
    (finding,) = report.findings
    assert finding.code == "GT310"
    assert "forward raised RuntimeError" in finding.what
    assert "test_run.py" in finding.source


def test_a_function_without_real_output_is_misuse():
    with pytest.raises(
        MisusedType, match="<lambda> returned int64, which has no derivative; expected a real number"
    ):
        gradtest.check(gradtest.target(lambda x: np.argmax(x), grad=lambda x: x), X)


def test_what_is_no_target_is_misuse():
    with pytest.raises(
        MisusedType,
        match=r"affine is not recognised \(looked for: .*describe it with gradtest\.target\(affine",
    ):
        gradtest.check(affine, X, W, B)
    with pytest.raises(MisusedType, match=r"settings=\{'seed': 1\} is not a gradtest\.Settings"):
        gradtest.check(gradtest.target(affine, vjp=affine_backward), X, W, B, settings={"seed": 1})


# -- assert_gradients -----------------------------------------------------------------------------


def test_assert_gradients_returns_the_report():
    assert gradtest.assert_gradients(affine, affine_backward, X, W, b=B).ok
    assert gradtest.assert_gradients(affine, affine_backward, x=X, w=W, b=B).ok


def test_assert_gradients_raises_the_finding():
    with pytest.raises(AssertionError) as caught:
        gradtest.assert_gradients(affine, flipped, X, W, B)
    assert type(caught.value).__name__ == "GradientError"
    assert str(caught.value).startswith("gradtest GT101: wrong gradient for w - the sign is flipped\n")
    assert caught.value.report.verdict == "disagrees"


def test_several_findings_are_all_told():
    def wrong(dout, x, w, b):
        return -dout @ w.T, x.T @ dout, 2 * dout.sum(axis=0)

    with pytest.raises(GradientError) as caught:
        gradtest.assert_gradients(affine, wrong, X, W, B)
    assert "wrong gradient for x - the sign is flipped" in str(caught.value)
    assert "also wrong    b - it is 2 times what it should be" in str(caught.value)


def test_an_undecided_assertion_warns():
    with pytest.warns(gradtest.UndecidedWarning, match="undecided .*not finite"):
        report = gradtest.assert_gradients(lambda x: np.nan * x, lambda g, x: g, X)
    assert not report.ok
    with pytest.warns(gradtest.UndecidedWarning, match="nothing was compared"):
        gradtest.assert_gradients(affine, lambda *args: (None, None, None), X, W, B)


def test_a_target_in_the_place_of_a_function_is_misuse():
    subject = gradtest.target(affine, vjp=affine_backward)
    with pytest.raises(
        MisusedType, match=r"got the target affine, .*; use gradtest\.check\(target, \.\.\.\)"
    ):
        gradtest.assert_gradients(subject, X, W, B)


def test_inside_a_hypothesis_test_only_the_given_point_is_checked():
    points = []

    @hypothesis.settings(max_examples=20, deadline=None, database=None)
    @given(st.floats(-2, 2))
    def check_one(x):
        points.append(x)
        gradtest.assert_gradients(lambda x: x**3, lambda g, x: 3 * g * x**2, x)

    def cases():
        return sum(tally.cases for identity, tally in session.items() if identity.name == "<lambda>")

    before = cases()
    check_one()
    assert cases() - before == len(points) >= 10


def test_a_wrong_slope_is_shrunk_to_what_is_wrong():
    def leaky(x):
        return np.where(x > 0, x, 0.1 * x)

    def leaky_backward(dout, x):
        return dout * np.where(x > 0, 1.0, 0.2)

    failures = []

    @hypothesis.settings(max_examples=200, deadline=None, database=None, report_multiple_bugs=False)
    @given(st.lists(st.floats(-4, 4), min_size=1, max_size=4))
    def check_leaky(values):
        try:
            gradtest.assert_gradients(leaky, leaky_backward, np.array(values))
        except GradientError as error:
            failures.append(error.report.findings[0])
            raise

    with pytest.raises(GradientError):
        check_leaky()
    finding = failures[-1]
    place = finding.inputs["x"][finding.entry.index]
    assert place < 0  # shrunk onto the kink itself, where nothing can be said: seen beside it
    assert finding.entry.analytic / finding.entry.numeric == pytest.approx(2)


def test_gradtest_does_not_need_hypothesis():
    script = (
        "import sys, numpy as np, gradtest\n"
        "report = gradtest.assert_gradients(np.sin, lambda g, x: g * np.cos(x), np.array([0.5]))\n"
        "assert report.ok\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


# -- check_grad -----------------------------------------------------------------------------------


def test_check_grad_has_scipys_signature():
    assert gradtest.check_grad(rosen, rosen_der, np.array([1.3, 0.7, 2.0])).ok
    assert gradtest.check_grad(rosen, rosen_der, [2, 1]).ok  # scipy's callers write integers
    report = gradtest.check_grad(rosen, lambda x: -rosen_der(x), [1.3, 0.7])
    assert (report.target, report.findings[0].code) == ("rosen", "GT101")


def test_check_grad_passes_arguments_on():
    def quadratic(point, a, b):
        return a * point @ point + b

    def gradient(point, a, b):
        return 2 * a * point

    report = gradtest.check_grad(quadratic, gradient, [1.0, -2.0], 3.0, 4.0)
    assert report.ok
    assert report.target == "quadratic"
    assert [block.name for block in report.blocks] == ["point"]
    wrong = gradtest.check_grad(quadratic, lambda point, a, b: a * point, [1.0, -2.0], 3.0, 4.0)
    assert "1/2 times" in wrong.findings[0].what
    assert "test_run.py" in wrong.findings[0].source
    assert list(wrong.findings[0].inputs) == ["point"]


def test_check_grad_takes_numbers_and_settings():
    assert gradtest.check_grad(np.sin, np.cos, 0.5).ok
    coarse = gradtest.check_grad(np.sin, np.cos, 0.5, settings=gradtest.Settings(method="central"))
    assert coarse.ok
    assert coarse.resolution > gradtest.check_grad(np.sin, np.cos, 0.5).resolution


def test_check_grad_refuses_what_scipy_would_round():
    with pytest.raises(MisusedType, match=r"x holds integers \(int64\), which have no derivative"):
        gradtest.check_grad(rosen, rosen_der, np.array([1, 2]))
    with pytest.raises(MisusedType, match="forward='rosen' is not callable"):
        gradtest.check_grad("rosen", rosen_der, [1.0, 2.0])
    with pytest.raises(MisusedType, match=r"the inputs do not fit rosen\(x\): too many positional"):
        gradtest.check_grad(rosen, rosen_der, [1.0, 2.0], 3)
