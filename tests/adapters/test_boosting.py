"""Objectives of XGBoost and LightGBM, in the forms that these call."""

import numpy as np
import pytest

import gradtest
from gradtest.adapters.boosting import objective
from gradtest.errors import Misuse, MisusedType

PREDS = np.array([0.5, -1.0, 0.25, 2.0])
LABELS = np.array([0.0, 1.0, 1.0, 0.0])
WEIGHTS = np.array([1.0, 2.0, 0.5, 3.0])


def log_loss(preds, labels):
    return np.logaddexp(0, preds) - labels * preds


def derivatives(preds, labels, weights=None):
    p = 1 / (1 + np.exp(-preds))
    w = 1.0 if weights is None or not np.size(weights) else weights
    return w * (p - labels), w * p * (1 - p)


def of_xgboost(preds, dtrain):
    return derivatives(preds, dtrain.get_label(), dtrain.get_weight())


def of_lightgbm(preds, train_data):
    return derivatives(preds, train_data.get_label(), train_data.get_weight())


def of_arrays(y_true, y_pred):
    return derivatives(y_pred, y_true)


def of_weighted_arrays(y_true, y_pred, sample_weight=None):
    return derivatives(y_pred, y_true, sample_weight)


@pytest.mark.parametrize(("function", "library"), [(of_xgboost, "xgboost"), (of_lightgbm, "lightgbm")])
def test_native_objectives(function, library):
    pytest.importorskip(library)
    for given in ((PREDS, LABELS), (PREDS, LABELS, WEIGHTS)):
        assert gradtest.check(objective(log_loss, function), *given).verdict == "agrees"


def test_objectives_of_the_scikit_learn_interface():
    assert gradtest.check(objective(log_loss, of_arrays), PREDS, LABELS).ok
    assert gradtest.check(objective(log_loss, of_weighted_arrays), PREDS, LABELS, WEIGHTS).ok
    swapped = objective(lambda y_true, y_pred: log_loss(y_pred, y_true), of_arrays)
    assert gradtest.check(swapped, PREDS, LABELS).ok


def test_weights_that_are_forgotten():
    report = gradtest.check(objective(log_loss, of_arrays), PREDS, LABELS, WEIGHTS)
    assert report.verdict == "disagrees"


def test_the_derivative_by_the_labels_has_the_wrong_sign():
    def reversed_residual(y_true, y_pred):
        grad, hess = derivatives(y_pred, y_true)
        return -grad, hess

    (finding,) = gradtest.check(objective(log_loss, reversed_residual), PREDS, LABELS).findings
    assert (finding.parameter, finding.what) == ("preds", "the sign is flipped")


def test_a_wrong_second_derivative():
    def doubled(y_true, y_pred):
        grad, hess = derivatives(y_pred, y_true)
        return grad, 2 * hess

    (finding,) = gradtest.check(objective(log_loss, doubled), PREDS, LABELS).findings
    assert "Hessian product" in finding.headline


def test_a_property():
    test = gradtest.property_of(objective(log_loss, of_arrays), preds="n", labels="n : (0, 1)")
    test()


def test_several_classes_in_one_row():
    def softmax_loss(preds, labels):
        z = preds - preds.max(axis=1, keepdims=True)
        return np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), labels]

    def softmax(y_true, y_pred):
        p = np.exp(y_pred) / np.exp(y_pred).sum(axis=1, keepdims=True)
        return (p - np.eye(p.shape[1])[y_true]).ravel(), (2 * p * (1 - p)).ravel()

    target = objective(softmax_loss, softmax, exact=False)
    assert gradtest.check(target, np.arange(6.0).reshape(2, 3) / 4, np.array([2, 0])).ok
    assert not target.further


def test_misuse():
    with pytest.raises(Misuse, match=r"the parameters of <lambda> \(a, b\) do not say what they are"):
        objective(log_loss, lambda a, b: (a, b))
    with pytest.raises(Misuse, match="did you mean 'xgboost'"):
        objective(log_loss, of_xgboost, library="xgbost")
    with pytest.raises(MisusedType, match=r"loss=1\.0 cannot be called"):
        objective(1.0, of_arrays)
