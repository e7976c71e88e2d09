"""Callable pytrees: the modules of Equinox, and any other class that JAX knows."""

import numpy as np
import pytest

import gradtest
from gradtest.errors import GradientError

jax = pytest.importorskip("jax")
jnp = jax.numpy

X = np.array([0.5, -1.5, 2.0])


@jax.custom_vjp
def scaled(x, gamma):
    return x * gamma


# Right as long as gamma = 1.
scaled.defvjp(lambda x, gamma: (x * gamma, x), lambda x, dout: (dout, dout * x))


@jax.tree_util.register_pytree_node_class
class Scale:
    """In the style of Flax: a callable that is a pytree of its parameters."""

    def __init__(self, gamma, by=scaled):
        self.gamma, self.by = gamma, by

    def __call__(self, x):
        return self.by(x, self.gamma)

    def tree_flatten(self):
        return (self.gamma,), self.by

    @classmethod
    def tree_unflatten(cls, by, children):
        return cls(*children, by)


def test_a_callable_pytree_has_its_arrays_for_parameters():
    report = gradtest.check(Scale(jnp.ones(3)), X)
    assert report.ok
    assert report.target == "Scale"
    assert len(report.blocks) == 2
    assert report.resolution < 1e-7


def test_a_property_draws_them_anew():
    with pytest.raises(GradientError, match="wrong gradient for x"):
        gradtest.property_of(Scale(jnp.ones(3)), x="3")()
    gradtest.property_of(Scale(jnp.ones(3), jnp.multiply), x="3")()


@pytest.fixture(name="eqx")
def equinox():
    return pytest.importorskip("equinox")


def test_modules_of_equinox(eqx):
    key = jax.random.key(0)
    model = eqx.nn.MLP(3, 2, 4, 1, activation=jnp.tanh, key=key)
    report = gradtest.check(model, X)
    assert report.ok
    assert [block.name for block in report.blocks][:3] == ["x", "layers[0].weight", "layers[0].bias"]
    assert report.resolution < 1e-7
    assert gradtest.check(model, X.astype(np.float32)).resolution > 1e-7
    assert gradtest.check(eqx.filter_vmap(model), np.stack([X, X[::-1]])).ok
    assert gradtest.check(eqx.nn.Dropout(0.5), X, key=key).ok


def test_a_module_as_an_input(eqx):
    def loss(model, x):
        return jnp.sum(model(x) ** 2)

    model = eqx.nn.Linear(3, 2, key=jax.random.key(0))
    report = gradtest.check(eqx.filter_jit(loss), model, jnp.asarray(X))
    assert report.ok
    assert [block.name for block in report.blocks] == ["model.weight", "model.bias", "x"]
