"""Objectives of gradient boosting, two derivatives for each row, against the loss that they are of."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from gradtest.errors import Misuse, MisusedType, nearest
from gradtest.signatures import label, standing_for
from gradtest.targets import Target, target

__all__ = ["objective"]

_LABELS = ("labels", "label", "y_true", "y", "target", "targets", "truth")
#: What the second parameter of an objective is called that takes the data of a library.
_DATA = {
    "xgboost": ("dtrain", "dmat", "dmatrix", "d_train", "xgb_data"),
    "lightgbm": ("train_data", "dataset", "train_set", "lgb_data", "data"),
}


def objective(
    loss: Callable[..., Any],
    derivatives: Callable[..., Any],
    *,
    library: str | None = None,
    exact: bool = True,
) -> Target:
    """Return the target of a custom objective of XGBoost or LightGBM.

    Parameters
    ----------
    loss : callable
        ``loss(preds, labels)``, or ``loss(labels, preds)`` where the first parameter is called
        like labels: the loss of each row, or its sum.
    derivatives : callable
        The objective, ``-> grad, hess``, each of the shape of `preds`.  Called as the library would,
        told by the names of its parameters: ``(preds, dtrain)`` with a real `xgboost.DMatrix`,
        ``(preds, train_data)`` with a real `lightgbm.Dataset`, ``(y_true, y_pred)`` and
        ``(y_true, y_pred, weight)`` with arrays.
    library : {"xgboost", "lightgbm"}, optional
        What the second parameter of the native form is made with, where its name does not tell.
    exact : bool
        Whether `hess` claims to be the second derivative.  Objectives that return an upper bound
        (to keep it positive) do not.

    Returns
    -------
    Target
        Of ``preds`` and ``labels``, and perhaps ``weights`` (one for each row, by which the loss is
        multiplied); differentiated by ``preds``.

    Raises
    ------
    Misuse
        If the parameters of the objective cannot be told.

    Notes
    -----
    `grad` is checked against the loss (law *derivative*), and `hess` as the derivative of `grad`
    (law *second order*): a row of the gradient that depends on another row is seen there, since
    `hess` has one entry for each row only.

    >>> import numpy as np, gradtest
    >>> def squared(preds, labels):
    ...     return (preds - labels) ** 2
    >>> def derivatives(y_true, y_pred):
    ...     return 2 * (y_pred - y_true), np.full(len(y_pred), 2.0)
    >>> target = objective(squared, derivatives)
    >>> gradtest.check(target, np.array([0.5, 1.0]), np.array([0.0, 1.5])).verdict
    'agrees'
    """
    for name, function in (("loss", loss), ("derivatives", derivatives)):
        if not callable(function):
            raise MisusedType(f"{name}={function!r} cannot be called; give the function itself")
    ask, stored = _asked(derivatives, library)
    labels_first = _names(loss)[:1] and _names(loss)[0].lower() in _LABELS

    def total(preds: Any, labels: Any, weights: Any = None) -> Any:
        if stored:
            labels, weights = (_stored(of_rows) for of_rows in (labels, weights))
        rows = np.asarray(loss(labels, preds) if labels_first else loss(preds, labels))
        if weights is None:
            return rows.sum()
        if rows.shape[:1] != np.shape(weights):
            raise MisusedType(
                f"{label(loss)} returned shape {rows.shape}; with weights it has to return one number for "
                "each row"
            )
        return (rows * weights).sum()

    def gradient(preds: Any, labels: Any, weights: Any = None) -> Any:
        return _in_shape(ask(preds, labels, weights), preds)[0]

    def hvp(preds: Any, labels: Any, *further: Any) -> Any:
        weights, v = further if len(further) == 2 else (None, *further)
        return _in_shape(ask(preds, labels, weights), preds)[1] * v

    standing_for(gradient, derivatives)
    return target(total, grad=gradient, hvp=hvp if exact else None, wrt="preds", name=label(derivatives))


def _names(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def _stored(of_rows: Any) -> Any:
    """Return labels or weights as both libraries keep them: in float32."""
    return of_rows if of_rows is None else np.asarray(of_rows, dtype=np.float32).astype(np.float64)


def _asked(
    derivatives: Callable[..., Any], library: str | None
) -> tuple[Callable[[Any, Any, Any], Any], bool]:
    """Return how to ask for the derivatives of predictions, and whether the library keeps the labels."""
    if library is not None and library not in _DATA:
        raise Misuse(f"library={library!r} is not known; {nearest(library, _DATA)}")
    names = [name.lower() for name in _names(derivatives)]
    native = library or next((lib for lib, known in _DATA.items() if names[1:2] and names[1] in known), None)
    if native is not None:
        return lambda preds, labels, weights: derivatives(preds, _data(native, preds, labels, weights)), True
    if not (2 <= len(names) <= 4) or not (names[0] in _LABELS or names[1] in _LABELS):
        raise Misuse(
            f"the parameters of {label(derivatives)} ({', '.join(names)}) do not say what they are; call "
            "them (preds, dtrain), (preds, train_data) or (y_true, y_pred), or say library="
        )
    weighted = len(names) > 2 and "weight" in names[2]

    def ask(preds: Any, labels: Any, weights: Any) -> Any:
        pair = (labels, preds) if names[0] in _LABELS else (preds, labels)
        return derivatives(*pair, weights) if weighted else derivatives(*pair)

    return ask, False


@functools.lru_cache(maxsize=4)
def _imported(library: str) -> Any:
    try:
        return importlib.import_module(library)
    except ImportError:
        raise Misuse(f"the objective takes the data of {library}, which is not installed") from None


def _data(library: str, preds: Any, labels: Any, weights: Any) -> Any:
    """Return the training data of a library, with these labels and weights, and no features to speak of."""
    features = np.zeros((len(preds), 1))
    if library == "xgboost":
        return _imported(library).DMatrix(features, label=labels, weight=weights)
    lowest = {"verbose": -1, "min_data_in_bin": 1, "min_data_in_leaf": 1}
    made = _imported(library).Dataset(features, label=labels, weight=weights, params=lowest)
    return made.construct()


def _in_shape(returned: Any, preds: Any) -> tuple[Any, Any]:
    """Return gradient and second derivative in the shape of the predictions, where they are as many."""
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        raise MisusedType(f"the objective returned {type(returned).__name__}; expected (grad, hess)")
    grad, hess = (np.asarray(part) for part in returned)
    return tuple(part.reshape(preds.shape) if part.size == preds.size else part for part in (grad, hess))  # type: ignore[return-value]  # two
