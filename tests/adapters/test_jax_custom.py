"""jax.custom_vjp and jax.custom_jvp: both directions, precision, and what is passed on."""

import functools

import numpy as np
import pytest

import gradtest
from gradtest.adapters.recognise import as_target
from gradtest.errors import GradientError, Misuse

jax = pytest.importorskip("jax")
jnp = jax.numpy

X = np.array([[0.5, -1.5, 2.0], [1.25, -0.75, 0.25]])


def scaled_sine(factor=1.0):
    """sin(w x), and `factor` times the gradient by w."""

    @jax.custom_vjp
    def sine(x, w):
        return jnp.sin(w * x)

    def forward(x, w):
        return sine(x, w), (x, w)

    def sine_bwd(residuals, dout):
        x, w = residuals
        return dout * w * jnp.cos(w * x), factor * jnp.sum(dout * x * jnp.cos(w * x))

    sine.defvjp(forward, sine_bwd)
    return sine


def cube(factor=3.0):
    @jax.custom_jvp
    def cube(x):
        return x**3

    @cube.defjvp
    def cube_jvp(primals, tangents):
        (x,), (dx,) = primals, tangents
        return cube(x), factor * x**2 * dx

    return cube


def test_a_custom_vjp():
    report = gradtest.check(scaled_sine(), X, 1.5)
    assert report.ok
    assert report.target == "sine"
    assert [block.name for block in report.blocks] == ["x", "w"]
    assert report.resolution < 1e-7  # float64 is computed in float64, whether x64 is on or off
    (finding,) = gradtest.check(scaled_sine(0.5), X, 1.5).findings
    assert (finding.parameter, finding.what) == ("w", "it is 1/2 times what it should be")
    assert finding.source.endswith("sine_bwd")


def test_a_custom_jvp_in_both_directions():
    target = as_target(cube())
    assert gradtest.check(target, X).ok
    (finding,) = gradtest.check(cube(6.0), X).findings
    assert finding.what == "it is 2 times what it should be"
    assert finding.source.endswith("cube_jvp")
    forward = gradtest.target(target.forward, jvp=target.further["jvp"])
    assert gradtest.check(forward, X).ok
    assert gradtest.check(
        gradtest.target(target.forward, jvp=as_target(cube(6.0)).further["jvp"]), X
    ).findings


@pytest.mark.parametrize("enabled", [False, True])
def test_the_precision_is_that_of_the_inputs(enabled):
    with jax.enable_x64(enabled):
        assert gradtest.check(scaled_sine(), X, 1.5).resolution < 1e-7
        single = gradtest.check(scaled_sine(), X.astype(np.float32), np.float32(1.5))
        assert single.ok
        assert 1e-7 < single.resolution < 1e-2
        arrays = gradtest.check(scaled_sine(), jnp.asarray(X), jnp.asarray(1.5))
        assert arrays.ok
        assert (arrays.resolution < 1e-7) is enabled
    assert jnp.asarray(X).dtype == np.float32


def test_a_function_that_casts_to_float32_is_one_in_float32():
    @jax.custom_jvp
    def narrow(x):
        return jnp.sin(x.astype(np.float32)).astype(x.dtype)

    narrow.defjvps(lambda dx, out, x: jnp.cos(x) * dx)
    report = gradtest.check(narrow, X)
    assert report.verdict != "disagrees"
    assert report.resolution > 1e-7


def test_what_is_not_differentiated_is_passed_on():
    @functools.partial(jax.custom_vjp, nondiff_argnums=(1, 2))
    def power(x, p, kind):
        assert kind == "power"
        return x**p

    power.defvjp(
        lambda x, p, kind: (power(x, p, kind), x),
        lambda p, kind, x, dout: (dout * p * x ** (p - 1),),
    )
    report = gradtest.check(power, X, 3.0, "power")
    assert report.ok
    assert [block.name for block in report.blocks] == ["x"]


def test_random_keys_and_integers():
    @jax.custom_vjp
    def noisy(x, key, rows):
        return x[rows] * jax.random.normal(key, x.shape)[rows]

    def backward(residuals, dout):
        x, key, rows = residuals
        return jnp.zeros_like(x).at[rows].add(dout * jax.random.normal(key, x.shape)[rows]), None, None

    noisy.defvjp(lambda x, key, rows: (noisy(x, key, rows), (x, key, rows)), backward)
    for key in (jax.random.key(0), jax.random.PRNGKey(0)):
        assert gradtest.check(noisy, X, key, np.array([1, 0, 1])).ok


def test_pytrees():
    @jax.custom_vjp
    def affine(p, x):
        return {"out": x @ p["w"] + p["b"], "square": (x**2,)}

    def backward(residuals, d):
        p, x = residuals
        dout, (dsquare,) = d["out"], d["square"]
        return {"w": x.T @ dout, "b": dout.sum(0)}, dout @ p["w"].T + 2 * x * dsquare

    affine.defvjp(lambda p, x: (affine(p, x), (p, x)), backward)
    report = gradtest.check(affine, {"w": X.T, "b": X[:, 0]}, X)
    assert report.ok
    assert [block.name for block in report.blocks] == ["p['b']", "p['w']", "x"]


def test_complex_numbers_in_the_convention_of_jax():
    @jax.custom_vjp
    def square(z):
        return z * z

    square.defvjp(lambda z: (square(z), z), lambda z, dout: (2 * z * dout,))
    assert gradtest.check(square, X + 1j * X[::-1]).ok


def test_what_cannot_be_traced_is_run_as_it_is():
    @jax.custom_jvp
    def branching(x):
        return jnp.sin(x) if float(x.sum()) > -100 else x

    branching.defjvps(lambda dx, out, x: jnp.cos(x) * dx)
    assert gradtest.check(branching, X).ok


def test_a_rule_that_is_missing():
    @jax.custom_vjp
    def plain(x):
        return x

    with pytest.raises(Misuse, match=r"plain has no derivative of its own yet; call plain\.defvjp"):
        as_target(plain)


def test_a_rule_that_raises_is_a_finding():
    @jax.custom_vjp
    def odd(x):
        return x

    odd.defvjp(lambda x: (x, None), lambda _, dout: (dout, dout))
    (finding,) = gradtest.check(odd, X).findings
    assert finding.code == "GT310"


def test_a_property():
    sizes = {"n": (1, 2), "batch": (1, 2)}
    gradtest.property_of(scaled_sine(), x="batch n", w="", sizes=sizes)()
    with pytest.raises(GradientError, match="wrong gradient for w"):
        gradtest.property_of(scaled_sine(0.5), x="batch n", w="", sizes=sizes)()
