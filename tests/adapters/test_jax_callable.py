"""Plain functions of JAX: jitted, its own, and those that are given its arrays."""

import dataclasses

import numpy as np
import pytest

import gradtest
from gradtest.errors import MisusedType

jax = pytest.importorskip("jax")
jnp = jax.numpy

X = np.array([[0.5, -1.5, 2.0], [1.25, -0.75, 0.25]])


def entropy(x, axis=-1):
    return -jnp.sum(jax.nn.softmax(x, axis) * jax.nn.log_softmax(x, axis), axis)


@pytest.mark.parametrize("function", [jnp.tanh, jax.nn.softplus, jax.jit(entropy), jax.lax.rsqrt])
def test_functions_of_jax_and_jitted_ones_are_known(function):
    report = gradtest.check(function, abs(X))
    assert report.ok
    assert report.resolution < 1e-7


def test_others_are_known_by_what_they_are_given():
    assert gradtest.check(entropy, jnp.asarray(X), 0).ok
    with pytest.raises(MisusedType, match=r"gradtest\.autodiff\(entropy, '(torch|jax)'\)"):
        gradtest.check(entropy, X)
    assert gradtest.check(gradtest.autodiff(entropy, "jax"), X, axis=0).ok


def test_a_path_that_was_cut():
    @jax.jit
    def cut(x):
        return x * jax.lax.stop_gradient(jnp.tanh(x))

    assert gradtest.check(cut, X).verdict == "disagrees"


def test_inputs_can_be_chosen():
    held = gradtest.autodiff(lambda x, y: x * jax.lax.stop_gradient(y), "jax", wrt="x", name="held")
    report = gradtest.check(held, X, X + 1)
    assert report.ok
    assert report.target == "held"
    assert [block.name for block in report.blocks] == ["x"]


def test_containers_that_jax_knows():
    @jax.tree_util.register_dataclass
    @dataclasses.dataclass
    class Layer:
        weight: jax.Array
        bias: jax.Array

    @jax.tree_util.register_pytree_node_class
    class Stack:
        def __init__(self, *layers):
            self.layers = layers

        def tree_flatten(self):
            return self.layers, None

        @classmethod
        def tree_unflatten(cls, _, layers):
            return cls(*layers)

    def network(stack, x):
        for layer in stack.layers:
            x = jnp.tanh(x @ layer.weight + layer.bias)
        return x

    report = gradtest.check(network, Stack(Layer(jnp.ones((3, 2)), jnp.zeros(2))), jnp.asarray(X))
    assert report.ok
    assert len(report.blocks) == 3


def test_what_is_static_stays_so():
    power = jax.jit(lambda x, p: x**p if isinstance(p, int) else None, static_argnums=1)
    assert gradtest.check(power, X, 2).ok
    assert gradtest.check(power, X, 3).ok
