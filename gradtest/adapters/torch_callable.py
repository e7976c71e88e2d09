"""Plain functions of PyTorch's tensors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from gradtest.signatures import label, signature_of
from gradtest.spaces.containers import flatten
from gradtest.targets import Target

from .torch_tensors import Differentiated, gradients_asked

__all__ = ["LOOKED_FOR", "described", "recognise"]

LOOKED_FOR = "a function that is given torch tensors"


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of a function that is one of torch's, or is given tensors; else None.

    Where some of them require a gradient, the gradients of these are checked.
    """
    if isinstance(subject, type) or not callable(subject):
        return None
    given = any(isinstance(leaf, torch.Tensor) for leaf in flatten((args, dict(kwargs))).leaves)
    if not given and not _of_torch(subject):
        return None
    return described(subject, wrt=gradients_asked(subject, args, kwargs))


def _of_torch(subject: Any) -> bool:
    owner = getattr(subject, "__objclass__", None) or type(getattr(subject, "__self__", None))
    return str(getattr(subject, "__module__", None) or owner.__module__).split(".")[0] == "torch"


def described(
    function: Callable[..., Any], *, wrt: Sequence[str] | None = None, name: str | None = None
) -> Target:
    """Return the target of a function on tensors and of what autograd claims for it.

    Arrays of NumPy become tensors of their dtype.  An input that autograd has no gradient for is
    claimed to have no effect.
    """
    called = name or (function.__name__ if inspect.isbuiltin(function) else label(function))
    return Differentiated(function, missing_is_zero=True, wrt=wrt).target(
        called,
        signature_of(function),
        source=inspect.unwrap(function),
        claimant=f"autograd of {called}",
    )
