"""What one case is held to: the evidence of a wrong gradient, and what is no evidence."""

import functools
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtest
from gradtest.case import Case
from gradtest.diagnosis.source import source_of
from gradtest.laws.examination import examine
from gradtest.settings import DEFAULT, Settings

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
W = np.array([[0.5, 1.5], [-1.0, 2.0], [0.75, -0.25]])
B = np.array([1.0, -3.0])


def affine(x, w, b):
    return x @ w + b


def wrong_w(dout, x, w, b):
    return dout @ w.T, -x.T @ dout, dout.sum(axis=0)


def right(dout, x, w, b):
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def examined(forward, vjp, *inputs, **asked):
    return examine(Case(gradtest.target(forward, vjp=vjp), inputs), Settings(**asked))


# -- evidence -------------------------------------------------------------------------------------


def test_a_finding_holds_its_evidence():
    report = examined(affine, wrong_w, X, W, B)
    (finding,) = report.findings
    assert (finding.code, finding.target, finding.parameter, finding.what) == (
        "GT101", "affine", "w", "the sign is flipped",
    )  # fmt: skip
    assert (finding.wrong, finding.measured, finding.size) == (6, 6, 6)
    assert finding.place == "at the point"
    assert finding.others == (("x", "ok"), ("b", "ok"))
    assert finding.source.startswith("test_derivative.py:")
    assert finding.source.endswith("  wrong_w")
    assert finding.excess > 1e6
    assert finding.gross
    assert "analytic / numeric = -1 in 6 of 6 entries" in finding.why
    assert {name: value.tolist() for name, value in finding.inputs.items()} == {
        "x": X.tolist(), "w": W.tolist(), "b": B.tolist(),
    }  # fmt: skip


def test_the_worst_entry_is_the_one_that_is_shown():
    def one_off(dout, x):
        grad = dout * np.cos(x)
        grad[1, 2] *= 1.01
        grad[0, 1] *= 1.5
        return grad

    (finding,) = examined(np.sin, one_off, X).findings
    assert finding.entry.index == (0, 1)
    assert (finding.wrong, finding.measured) == (2, 6)
    assert finding.entry.analytic == pytest.approx(1.5 * finding.entry.numeric)
    assert finding.entry.difference > 100 * finding.entry.error


def test_every_wrong_block_is_a_finding_and_names_the_others():
    def wrong(dout, x, w, b):
        return 2 * dout @ w.T, x.T @ dout, -dout.sum(axis=0)

    findings = examined(affine, wrong, X, W, B).findings
    assert [finding.parameter for finding in findings] == ["x", "b"]
    assert findings[0].others == (("w", "ok"), ("b", "wrong"))
    assert [finding.code for finding in findings] == ["GT102", "GT101"]


def test_undecided_blocks_are_named_with_their_reason():
    report = examined(lambda x, w: np.nan * x + w, lambda dout, x, w: (dout, dout), np.ones(2), np.ones(2))
    assert report.verdict == "undecided"
    assert report.reason.startswith("x: the function is not finite")


def test_what_is_found_is_found_when_it_is_read():
    """The measurement of entries waits until somebody looks, and then rests on the same point."""
    calls = []

    def forward(x):
        calls.append(1)
        return np.sin(x)

    x = X.copy()
    report = examined(forward, lambda dout, x: -dout * np.cos(x), x)
    before = len(calls)
    findings = report.findings
    assert len(calls) > before
    assert report.findings is findings
    assert findings[0].inputs["x"].tolist() == X.tolist()


def test_findings_do_not_move_with_the_inputs():
    x = X.copy()
    report = examined(np.sin, lambda dout, x: -dout * np.cos(x), x)
    x += 1
    assert report.findings[0].inputs["x"].tolist() == X.tolist()
    assert report.findings[0].what == "the sign is flipped"


# -- it replays -----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_everything_random_is_derived_from_the_case_and_the_seed(seed, other):
    state = np.random.get_state()[1].copy()
    one, same = (examined(affine, right, X, W, B, seed=seed) for _ in range(2))
    assert one == same
    assert examined(affine, right, X, W, B, seed=other).verdict == "agrees"
    assert np.array_equal(np.random.get_state()[1], state)  # the global generator is left alone


def test_another_seed_or_point_looks_along_other_lines():
    def slope(dout, x):
        return dout * np.cos(x)

    assert len({examined(np.sin, slope, X, seed=seed).blocks for seed in range(8)}) == 8
    assert len({examined(np.sin, slope, X + k).blocks for k in range(8)}) == 8


# -- contracts ------------------------------------------------------------------------------------


def test_a_broken_contract_has_one_finding_and_no_blocks():
    report = examined(affine, lambda dout, x, w, b: (dout @ w.T, dout.T @ x, dout.sum(axis=0)), X, W, B)
    assert (report.verdict, report.blocks) == ("disagrees", ())
    (finding,) = report.findings
    assert finding.code == "GT301"
    assert finding.entry is None
    assert "of shape (2, 3), but `w` has shape (3, 2). Was the result left transposed?" in finding.detail
    assert report.evaluations == 1


def test_an_exception_is_a_finding_with_its_place():
    def fails(dout, x):
        return dout[7]

    (finding,) = examined(np.sin, fails, X).findings
    assert finding.code == "GT310"
    assert finding.what == "sin: vjp raised IndexError"
    assert finding.source.startswith("test_derivative.py:")
    assert finding.source.endswith("fails")
    assert finding.detail == "IndexError: index 7 is out of bounds for axis 0 with size 2"


def test_warnings_of_numpy_are_not_shown():
    with np.errstate(all="raise"):
        # The settings of the caller do not reach the function under test.
        assert examined(
            lambda x: np.exp(-1 / x**2), lambda dout, x: dout * np.exp(-1 / x**2) * 2 / x**3, X
        ).ok


# -- where the derivative is ----------------------------------------------------------------------


class Layer:
    def backward(self, dout, x):
        return dout

    __call__ = backward


@pytest.mark.parametrize(
    ("derivative", "name"),
    [
        (right, "right"),
        (Layer().backward, "Layer.backward"),
        (functools.partial(right), "right"),
        (functools.wraps(right)(lambda *args: right(*args)), "right"),
        (Layer(), "Layer.backward"),
    ],
)
def test_the_source_of_a_derivative(derivative, name):
    source = source_of(gradtest.target(affine, vjp=derivative))
    assert source.startswith("test_derivative.py:")
    assert source.endswith("  " + name)


def test_the_source_of_what_has_none():
    assert source_of(gradtest.target(np.sin, grad=np.cos)) == "cos"
    made = types.FunctionType(compile("lambda g, x: g", "<made>", "eval").co_consts[0], {})
    assert source_of(gradtest.target(np.sin, vjp=made)) in ("<lambda>", "<made>:1  <lambda>")


def test_the_default_settings_are_used_by_check():
    case = Case(gradtest.target(affine, vjp=right), (X, W, B))
    assert examine(case, DEFAULT) == gradtest.check(gradtest.target(affine, vjp=right), X, W, B)
