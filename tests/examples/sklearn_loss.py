"""A loss as scikit-learn has them, with gradient and hessian; one forgets the square in the hessian."""

import numpy as np

import gradtest


class LogCosh:
    """log cosh(prediction - y), smooth near 0 and linear far out."""

    def loss(self, y_true, raw_prediction, sample_weight=None):
        error = np.abs(raw_prediction - y_true)
        return self.weighted(error + np.log1p(np.exp(-2 * error)) - np.log(2), sample_weight)

    def gradient(self, y_true, raw_prediction, sample_weight=None):
        return self.weighted(np.tanh(raw_prediction - y_true), sample_weight)

    def gradient_hessian(self, y_true, raw_prediction, sample_weight=None):
        slope = np.tanh(raw_prediction - y_true)
        return self.weighted(slope, sample_weight), self.weighted(1 - slope**2, sample_weight)

    def weighted(self, values, sample_weight):
        return values if sample_weight is None else values * sample_weight


class Wrong(LogCosh):
    def gradient_hessian(self, y_true, raw_prediction, sample_weight=None):
        slope = np.tanh(raw_prediction - y_true)
        return self.weighted(slope, sample_weight), self.weighted(1 - slope, sample_weight)


INPUTS = {"y_true": "n", "raw_prediction": "n"}
test_right = gradtest.property_of(LogCosh(), **INPUTS)
test_wrong = gradtest.property_of(Wrong(), **INPUTS)
