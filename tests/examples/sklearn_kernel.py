"""A kernel of scikit-learn with ``eval_gradient``; one differentiates by the length, not by its logarithm."""

import numpy as np
from sklearn.gaussian_process.kernels import RBF

import gradtest


class Cauchy(RBF):
    """1 / (1 + d² / length²)."""

    def __call__(self, X, Y=None, eval_gradient=False):
        Y = X if Y is None else Y
        squares = ((X[:, None] - Y) ** 2).sum(axis=2) / self.length_scale**2
        K = 1 / (1 + squares)
        return (K, self.gradient(squares, K)) if eval_gradient else K

    def gradient(self, squares, K):
        return (2 * squares * K**2)[:, :, np.newaxis]


class Wrong(Cauchy):
    def gradient(self, squares, K):
        return super().gradient(squares, K) / self.length_scale


test_right = gradtest.property_of(Cauchy(1.0), X="n d")
test_wrong = gradtest.property_of(Wrong(1.0), X="n d")
