"""scikit-learn: the losses of its linear models and boosted trees, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradtest.signatures import standing_for
from gradtest.targets import Target, target

__all__ = ["LOOKED_FOR", "recognise"]

LOOKED_FOR = "a scikit-learn loss"


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of a loss with ``loss``, ``gradient`` and ``gradient_hessian``; else None.

    Inputs are those of its methods: ``y_true``, ``raw_prediction``, and perhaps ``sample_weight``;
    only the gradient by ``raw_prediction`` is claimed.  The target is the sum over the rows.  The
    second derivatives are checked too, except where the loss says that its own are approximate,
    and where it has several classes (they are the diagonal only).
    """
    if not all(callable(getattr(subject, name, None)) for name in ("loss", "gradient", "gradient_hessian")):
        return None

    def total(y_true: Any, raw_prediction: Any, sample_weight: Any = None) -> Any:
        return subject.loss(**_given(y_true, raw_prediction, sample_weight)).sum()

    def gradient(y_true: Any, raw_prediction: Any, sample_weight: Any = None) -> Any:
        return subject.gradient(**_given(y_true, raw_prediction, sample_weight))

    def hvp(y_true: Any, raw_prediction: Any, *further: Any) -> Any:
        sample_weight, v = further if len(further) == 2 else (None, *further)
        return subject.gradient_hessian(**_given(y_true, raw_prediction, sample_weight))[1] * v

    standing_for(gradient, type(subject).gradient)
    exact = not getattr(subject, "approx_hessian", False) and not getattr(subject, "is_multiclass", False)
    return target(
        total,
        grad=gradient,
        hvp=hvp if exact else None,
        wrt="raw_prediction",
        name=type(subject).__name__,
    )


def _given(y_true: Any, raw_prediction: Any, sample_weight: Any) -> dict[str, Any]:
    """Return the arguments as the compiled losses want them: in memory order, and of one dtype."""
    dtype = raw_prediction.dtype
    given = {"y_true": y_true, "raw_prediction": raw_prediction, "sample_weight": sample_weight}
    return {n: None if v is None else np.ascontiguousarray(v, dtype=dtype) for n, v in given.items()}
