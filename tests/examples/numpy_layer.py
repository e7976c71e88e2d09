"""A layer of a NumPy network: layer normalisation, and one that forgets its scale on the way back."""

import numpy as np

import gradtest


class LayerNorm:
    def __init__(self, width):
        self.gamma, self.beta = np.ones(width), np.zeros(width)

    def forward(self, x):
        centred = x - x.mean(axis=1, keepdims=True)
        self.spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
        self.y = centred / self.spread
        return self.gamma * self.y + self.beta

    def backward(self, dout):
        self.dgamma, self.dbeta = (dout * self.y).sum(axis=0), dout.sum(axis=0)
        g = self.scaled(dout)
        means = g.mean(axis=1, keepdims=True) + self.y * (g * self.y).mean(axis=1, keepdims=True)
        return (g - means) / self.spread

    def scaled(self, dout):
        return dout * self.gamma


class Forgetful(LayerNorm):
    def scaled(self, dout):
        return dout  # as good as right while gamma is 1, which it is at the beginning


test_right = gradtest.property_of(LayerNorm, x="batch width")
test_wrong = gradtest.property_of(Forgetful, x="batch width")
