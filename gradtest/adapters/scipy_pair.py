"""A pair of functions, ``(fun, jac)``, as scipy's optimisers take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradtest.targets import Target, target

__all__ = ["LOOKED_FOR", "recognise"]

LOOKED_FOR = "a pair (fun, grad)"


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of a pair of a function and its gradient, or Jacobian; else None."""
    if not isinstance(subject, (tuple, list)) or len(subject) != 2 or not all(map(callable, subject)):
        return None
    fun, grad = subject
    return target(fun, grad=grad)
