"""The logistic function with a derivative of its own, in JAX."""

import jax
import jax.numpy as jnp

import gradtest


@jax.custom_jvp
def sigmoid(x):
    return 1 / (1 + jnp.exp(-x))


@sigmoid.defjvp
def sigmoid_jvp(primals, tangents):
    s = sigmoid(primals[0])
    return s, s * (1 - s) * tangents[0]


@jax.custom_jvp
def sigmoid_of_sigmoid(x):
    return 1 / (1 + jnp.exp(-x))


@sigmoid_of_sigmoid.defjvp
def sigmoid_of_sigmoid_jvp(primals, tangents):
    s = sigmoid(primals[0])
    return s, sigmoid(s) * (1 - sigmoid(s)) * tangents[0]  # the derivative at the output


test_right = gradtest.property_of(sigmoid, x="n")
test_wrong = gradtest.property_of(sigmoid_of_sigmoid, x="n")
