"""An objective of LightGBM's scikit-learn interface, ``(y_true, y_pred) -> grad, hess``, and a slip in it."""

import lightgbm  # noqa: F401  # whose objective it is
import numpy as np

import gradtest
from gradtest.adapters.boosting import objective


def poisson(y_true, y_pred):
    return np.exp(y_pred) - y_true * y_pred


def derivatives(y_true, y_pred):
    mean = np.exp(y_pred)
    return mean - y_true, mean


def derivatives_wrong(y_true, y_pred):
    mean = np.exp(y_pred)
    return (mean - y_true) / mean, mean


test_right = gradtest.property_of(objective(poisson, derivatives), preds="n", labels="n : positive")
test_wrong = gradtest.property_of(objective(poisson, derivatives_wrong), preds="n", labels="n : positive")
