"""Models with ``loglike``, ``score`` and ``hessian`` of their parameters, as statsmodels has them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from gradtest.signatures import standing_for
from gradtest.targets import Target, target

__all__ = ["LOOKED_FOR", "recognise"]

LOOKED_FOR = "a model with loglike and score"


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of a likelihood with ``loglike``, ``score`` and ``hessian`` of params; else None.

    Notes
    -----
    The model and its data are used as they are; only the parameters are inputs.  Draw as many as
    it has: ``params="3"``.  Where ``loglike`` may be given a ``scale`` it is 1 in all of them: left
    alone, ``loglike`` would estimate it from the parameters, and ``score`` take it as given.
    """
    if isinstance(subject, type) or not all(
        callable(getattr(subject, name, None)) for name in ("loglike", "score")
    ):
        return None
    scaled = "scale" in inspect.signature(subject.loglike).parameters
    claims = {name: getattr(subject, name, None) for name in ("loglike", "score", "hessian")}
    of_params = {name: _scaled(claim) if scaled else claim for name, claim in claims.items()}
    return target(
        of_params["loglike"],
        grad=of_params["score"],
        hess=of_params["hessian"] if callable(claims["hessian"]) else None,
        name=type(subject).__name__,
    )


def _scaled(method: Any) -> Any:
    """Return a method with its scale held at 1."""
    if not callable(method) or "scale" not in inspect.signature(method).parameters:
        return method

    def held(params: Any) -> Any:
        return method(params, scale=1.0)

    return standing_for(held, method)
