"""A layer normalisation as a module of Equinox, around a backward of its own."""

import equinox as eqx
import jax
import jax.numpy as jnp

import gradtest


def normalised(terms):
    """Return the normalisation to mean 0 and variance 1, `terms` of the three of its gradient."""

    @jax.custom_vjp
    def f(x):
        return (x - x.mean()) / jnp.sqrt(x.var() + 1e-5)

    def backward(residuals, dout):
        y, r = residuals
        parts = [dout, -dout.mean(), -y * (y * dout).mean()]
        return (r * sum(parts[:terms]),)

    f.defvjp(lambda x: (f(x), (f(x), 1 / jnp.sqrt(x.var() + 1e-5))), backward)
    return f


class LayerNorm(eqx.Module):
    gamma: jax.Array
    beta: jax.Array
    terms: int = eqx.field(static=True)

    def __call__(self, x):
        return self.gamma * normalised(self.terms)(x) + self.beta


test_right = gradtest.property_of(LayerNorm(jnp.ones(4), jnp.zeros(4), 3), x="4")
test_wrong = gradtest.property_of(LayerNorm(jnp.ones(4), jnp.zeros(4), 2), x="4")
