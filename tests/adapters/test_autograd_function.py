"""HIPS autograd: primitives, functions of its numpy, and what has no vjp."""

import numpy as np
import pytest

import gradtest
from gradtest.adapters.recognise import as_target
from gradtest.errors import GradientError, Misuse

pytest.importorskip("autograd")

import autograd.numpy as anp
from autograd.extend import defjvp, defvjp, primitive

X = np.array([[0.5, -1.5, 2.0], [1.25, -0.75, 0.25]])


def product(factor=1.0, *, jvp=False):
    @primitive
    def product(x, y):
        return x * np.sin(y)

    defvjp(
        product,
        lambda out, x, y: lambda dout: dout * np.sin(y),
        lambda out, x, y: lambda dout: factor * dout * x * np.cos(y),
    )
    if jvp:
        defjvp(
            product,
            lambda dx, out, x, y: dx * np.sin(y),
            lambda dy, out, x, y: dy * x * np.cos(y),
        )
    return product


def test_a_primitive():
    report = gradtest.check(product(), X, X + 1)
    assert report.ok
    assert report.target == "product"
    assert [block.name for block in report.blocks] == ["x", "y"]
    (finding,) = gradtest.check(product(-1.0), X, X + 1).findings
    assert (finding.parameter, finding.code) == ("y", "GT101")


def test_a_property():
    gradtest.property_of(product(), x="batch n", y="batch n")()
    with pytest.raises(GradientError, match="wrong gradient for y"):
        gradtest.property_of(product(2.0), x="batch n", y="batch n")()


def test_a_jvp_is_a_further_claim():
    target = as_target(product(jvp=True))
    assert gradtest.check(gradtest.target(target.forward, jvp=target.further["jvp"]), X, X + 1).ok
    assert not as_target(product()).further


def test_inputs_without_a_vjp():
    @primitive
    def power(x, p):
        return x**p

    with pytest.raises(Misuse, match=r"power has no vjp yet; call defvjp\(power, \.\.\.\)"):
        as_target(power)
    defvjp(power, lambda out, x, p: lambda dout: dout * p * x ** (p - 1), argnums=[0])
    report = gradtest.check(power, X, 3.0)
    assert report.ok
    assert [block.name for block in report.blocks] == ["x"]


def test_three_inputs_of_which_one_has_a_vjp():
    @primitive
    def weighted(a, b, x):
        return a * b * np.sin(x)

    defvjp(weighted, lambda out, a, b, x: lambda dout: dout * a * b * np.cos(x), argnums=[2])
    report = gradtest.check(weighted, X, X + 1, X + 2)
    assert report.ok
    assert [block.name for block in report.blocks] == ["x"]


def test_a_key_error_of_a_vjp_is_its_own():
    @primitive
    def broken(x, y):
        return x * y

    defvjp(
        broken, lambda out, x, y: lambda dout: dout * {}["absent"], lambda out, x, y: lambda dout: dout * x
    )
    (finding,) = gradtest.check(broken, X, X + 1).findings
    assert "KeyError" in finding.what


def test_functions_of_its_numpy_are_known_by_what_they_name():
    def loss(p, x):
        return anp.mean(anp.tanh(anp.dot(x, p["w"]) + p["b"]) ** 2)

    report = gradtest.check(loss, {"w": X.T, "b": X[:, 0]}, X)
    assert report.ok
    assert report.resolution < 1e-7
    assert [block.name for block in report.blocks] == ["p['b']", "p['w']", "x"]
    assert gradtest.check(anp.exp, X).ok


def test_inputs_can_be_chosen():
    target = gradtest.autodiff(lambda x, y: x * product(2.0)(x, y), "autograd", wrt="x", name="held")
    report = gradtest.check(target, X, X + 1)
    assert report.ok
    assert [block.name for block in report.blocks] == ["x"]


def test_several_outputs_and_float32():
    def several(x):
        return anp.sin(x), {"square": x**2}

    assert gradtest.check(several, X).ok
    single = gradtest.check(several, X.astype(np.float32))
    assert single.ok
    assert single.resolution > 1e-7


def test_complex_numbers():
    assert gradtest.check(anp.exp, X + 1j * X[::-1]).ok
