"""The logarithm of 1 + exp(x) as a primitive of autograd."""

import numpy as np
from autograd.extend import defvjp, primitive

import gradtest


@primitive
def softplus(x):
    return np.logaddexp(x, 0.0)


@primitive
def softplus_mirrored(x):
    return np.logaddexp(x, 0.0)


defvjp(softplus, lambda out, x: lambda dout: dout / (1 + np.exp(-x)))
defvjp(softplus_mirrored, lambda out, x: lambda dout: dout / (1 + np.exp(x)))  # the sign of x

test_right = gradtest.property_of(softplus, x="batch n")
test_wrong = gradtest.property_of(softplus_mirrored, x="batch n")
