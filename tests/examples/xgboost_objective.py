"""An objective of XGBoost, ``(preds, dtrain) -> grad, hess``; one differentiates by the labels."""

import numpy as np
import xgboost  # noqa: F401  # what makes the data that the objective is given

import gradtest
from gradtest.adapters.boosting import objective


def pseudo_huber(preds, labels):
    return np.sqrt(1 + (preds - labels) ** 2) - 1


def derivatives(preds, dtrain):
    r = preds - dtrain.get_label()
    scale = np.sqrt(1 + r**2)
    return r / scale, 1 / scale**3


def derivatives_wrong(preds, dtrain):
    r = dtrain.get_label() - preds
    scale = np.sqrt(1 + r**2)
    return r / scale, 1 / scale**3


test_right = gradtest.property_of(objective(pseudo_huber, derivatives), preds="n", labels="n")
test_wrong = gradtest.property_of(objective(pseudo_huber, derivatives_wrong), preds="n", labels="n")
