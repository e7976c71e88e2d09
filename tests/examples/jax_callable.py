"""A plain function of JAX on a pytree, jitted; one holds a part of the gradient back."""

import jax
import jax.numpy as jnp

import gradtest


@jax.jit
def energy(weights, x):
    h = jnp.tanh(x @ weights["w"] + weights["b"])
    return (h**2).sum(-1)


@jax.jit
def energy_held(weights, x):
    h = jnp.tanh(x @ weights["w"] + jax.lax.stop_gradient(weights["b"]))
    return (h**2).sum(-1)


INPUTS = {"weights": {"w": "in out", "b": "out"}, "x": "batch in"}
test_right = gradtest.property_of(energy, **INPUTS)
test_wrong = gradtest.property_of(energy_held, **INPUTS)
