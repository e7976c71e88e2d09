"""A likelihood with its score, as in statsmodels; one forgets the derivative of the normalisation."""

import numpy as np

import gradtest


class PoissonRegression:
    x = np.linspace(-1, 1, 24).reshape(12, 2)
    y = np.arange(12) % 4

    def loglike(self, params):
        return np.sum(self.y * (self.x @ params) - np.exp(self.x @ params))

    def score(self, params):
        return self.x.T @ (self.y - np.exp(self.x @ params))


class Wrong(PoissonRegression):
    def score(self, params):
        return self.x.T @ (self.y - self.x @ params)


test_right = gradtest.property_of(PoissonRegression(), params="2")
test_wrong = gradtest.property_of(Wrong(), params="2")
