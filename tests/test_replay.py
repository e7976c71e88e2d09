"""Failures judged again by the code as it is now: failed, fixed, undecided, or lost with the reason."""

import sys
from pathlib import Path

import numpy as np
import pytest

import gradtest
from gradtest.failures.case_file import FOLDER
from gradtest.failures.keep import keep
from gradtest.replay import replay

LAYERS = """
import numpy as np


def affine(x, w):
    return x @ w


def affine_backward(dout, x, w):
    return dout @ w.T, -x.T @ dout


def square_and_pullback(x):
    return x * x, lambda dout: x * dout


def square_and_gradient(x):
    return float(np.sum(x * x)), x


def entropy(p):
    if abs(np.sum(p) - 1) > 1e-12:
        raise ValueError("no distribution")
    return -np.sum(p * np.log(p))


def entropy_grad(p):
    return -np.log(p) * 2
"""

TESTS = """
import gradtest

test_triple = gradtest.property_of(lambda x: 3 * x, lambda dout, x: 2 * dout, x="n")
"""


@pytest.fixture
def layers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    Path("replayed_layers.py").write_text(LAYERS, encoding="utf-8")
    import replayed_layers

    yield replayed_layers
    for name in [name for name in sys.modules if "replayed_" in name]:
        del sys.modules[name]


def written(made, *inputs, **more):
    (finding,) = keep(made, gradtest.check(made, *inputs).findings, **more)
    return finding.again.split()[4]


def now(old, new):
    """Change the layers, and forget them."""
    text = Path("replayed_layers.py").read_text(encoding="utf-8")
    assert old in text
    Path("replayed_layers.py").write_text(text.replace(old, new), encoding="utf-8")
    del sys.modules["replayed_layers"]


def word(id):
    return replay(id, Path.cwd()).word


def test_it_fails_until_it_is_fixed(layers):
    id = written(gradtest.target(layers.affine, vjp=layers.affine_backward), np.ones((1, 2)), np.ones((2, 2)))
    failed = replay(id, Path.cwd())
    assert (failed.word, failed.headline) == (
        "FAILED",
        "gradtest GT101: wrong gradient for w - the sign is flipped",
    )
    assert str(failed.report).startswith(failed.headline)
    now("-x.T", "x.T")
    assert word(id) == "FIXED"


@pytest.mark.parametrize(
    ("form", "old", "new"),
    [
        ("value_and_pullback", "lambda dout: x * dout", "lambda dout: 2 * x * dout"),
        ("value_and_grad", "np.sum(x * x)), x", "np.sum(x * x)), 2 * x"),
    ],
)
def test_both_in_one_function(layers, form, old, new):
    function = {
        "value_and_pullback": layers.square_and_pullback,
        "value_and_grad": layers.square_and_gradient,
    }
    id = written(gradtest.target(**{form: function[form]}), np.array([1.0, 2.0]))
    assert word(id) == "FAILED"
    now(old, new)
    assert word(id) == "FIXED"


def test_the_domains_of_the_inputs_are_kept(layers):
    made = gradtest.target(layers.entropy, grad=layers.entropy_grad, domains={"p": "simplex"})
    id = written(made, np.array([0.5, 0.2, 0.3]))
    assert word(id) == "FAILED"
    now("-np.log(p) * 2", "17 - np.log(p)")  # what it is off by is at right angles to the simplex
    assert word(id) == "FIXED"


def test_a_property_is_found_by_its_test(layers):
    Path("test_replayed.py").write_text(TESTS, encoding="utf-8")
    import test_replayed

    made = test_replayed.test_triple.gradtest_target
    id = written(made, np.array([1.5]), test="test_replayed.py::test_triple")
    assert word(id) == "FAILED"
    del sys.modules["test_replayed"]
    Path("test_replayed.py").write_text(TESTS.replace("2 * dout", "3 * dout"), encoding="utf-8")
    assert word(id) == "FIXED"
    del sys.modules["test_replayed"]


def test_a_row_of_a_table_is_found_by_its_place(layers):
    table = LAYERS + "\nDERIVATIVES = [dict(name='∂x·w', forward=lambda x: 3 * x, grad=lambda x: 2.0)]\n"
    Path("replayed_layers.py").write_text(table, encoding="utf-8")
    del sys.modules["replayed_layers"]
    from gradtest.subjects.places import find

    (subject,) = find("replayed_layers")
    id = written(subject.target, np.float64(1.5), place="replayed_layers")
    assert word(id) == "FAILED"
    now("grad=lambda x: 2.0", "grad=lambda x: 3.0")
    assert word(id) == "FIXED"


def test_a_case_that_cannot_be_judged_any_more_is_undecided(layers):
    id = written(gradtest.target(layers.affine, vjp=layers.affine_backward), np.ones((1, 2)), np.ones((2, 2)))
    now("return x @ w", "return x @ w * np.nan")
    undecided = replay(id, Path.cwd())
    assert (undecided.word, "not finite" in undecided.reason) == ("UNDECIDED", True)


LOST = {
    "a function that is gone": (
        lambda: now("def affine_backward", "def another"),
        "has no affine_backward any more",
    ),
    "a module that cannot be imported": (
        lambda: now("import numpy", "import nunumpy"),
        "No module named 'nunumpy'",
    ),
    "an input that is gone": (lambda: now("def affine(x, w)", "def affine(x)"), "do not fit affine"),
}


@pytest.mark.parametrize("what", LOST)
def test_what_it_was_found_in_is_lost(layers, what):
    id = written(gradtest.target(layers.affine, vjp=layers.affine_backward), np.ones((1, 2)), np.ones((2, 2)))
    change, reason = LOST[what]
    change()
    lost = replay(id, Path.cwd())
    assert lost.word == "LOST"
    assert reason in lost.reason
    assert lost.headline.startswith("gradtest GT101")


def test_what_has_no_name_is_lost_and_its_test_is_named(layers):
    made = gradtest.target(lambda x: 3 * x, vjp=lambda dout, x: 2 * dout)
    lost = replay(written(made, np.array([1.5]), test="test_replayed.py::test_inline"), Path.cwd())
    assert lost.word == "LOST"
    assert "pytest 'test_replayed.py::test_inline'" in lost.reason


def test_what_is_damaged_is_lost(layers):
    id = written(gradtest.target(layers.affine, vjp=layers.affine_backward), np.ones((1, 2)), np.ones((2, 2)))
    (FOLDER / id / "case.json").write_text("{")
    lost = replay(id, Path.cwd())
    assert (lost.word, "is damaged" in lost.reason) == ("LOST", True)
