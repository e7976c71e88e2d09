"""``forward -> out, cache``, ``backward(dout, cache) -> grads``: a batch norm, and one without its mean."""

import numpy as np

import gradtest


def batchnorm_forward(x, gamma, beta):
    mean, spread = x.mean(axis=0), np.sqrt(x.var(axis=0) + 1e-5)
    y = (x - mean) / spread
    return gamma * y + beta, (y, gamma, spread)


def batchnorm_backward(dout, cache):
    y, gamma, spread = cache
    g = dout * gamma
    dx = (g - g.mean(axis=0) - y * (g * y).mean(axis=0)) / spread
    return dx, (dout * y).sum(axis=0), dout.sum(axis=0)


def batchnorm_backward_wrong(dout, cache):
    y, gamma, spread = cache
    dx = dout * gamma / spread  # mean and spread depend on x, too
    return dx, (dout * y).sum(axis=0), dout.sum(axis=0)


shapes = {"x": "batch n", "gamma": "n", "beta": "n"}
test_right = gradtest.property_of(batchnorm_forward, batchnorm_backward, **shapes)
test_wrong = gradtest.property_of(batchnorm_forward, batchnorm_backward_wrong, **shapes)
