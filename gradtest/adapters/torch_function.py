"""Subclasses of ``torch.autograd.Function``: a forward and a backward written by hand."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from gradtest.targets import Target

from .torch_tensors import Differentiated, gradients_asked

__all__ = ["LOOKED_FOR", "recognise"]

_APPLY = torch.autograd.Function.apply.__func__

LOOKED_FOR = "a subclass of torch.autograd.Function"


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of a ``torch.autograd.Function``, or of its ``apply``; else None.

    Its inputs are those of ``forward`` without `ctx`: tensors, arrays of NumPy (which become
    tensors of their dtype), and anything else (which is passed on).  Where some tensors require a
    gradient, the gradients of these are checked; else of all that are of floating point and for
    which ``backward`` returns one.  Both sides go through ``apply``, so that ``needs_input_grad``,
    ``save_for_backward`` and ``mark_non_differentiable`` do what they do in use.
    """
    if getattr(subject, "__func__", None) is _APPLY:
        subject = subject.__self__
    if not isinstance(subject, type) or not issubclass(subject, torch.autograd.Function):
        return None
    signature, function = _signature(subject), subject.apply  # type: ignore[attr-defined]  # torch is Any

    def apply(*args: Any, **kwargs: Any) -> Any:
        if kwargs:  # apply takes none
            args = signature.bind(*args, **kwargs).args
        return function(*args)

    apply.__signature__ = signature  # type: ignore[attr-defined]
    wrt = gradients_asked(apply, args, kwargs)
    return Differentiated(apply, missing_is_zero=False, wrt=wrt).target(
        subject.__name__,
        signature,
        source=_backward(subject),
        claimant=f"{subject.__name__}.backward",
    )


def _signature(function: type[torch.autograd.Function]) -> inspect.Signature:
    """Return the inputs of ``forward``, which takes `ctx` unless there is a ``setup_context``."""
    signature = inspect.signature(function.forward)
    parameters = list(signature.parameters.values())
    apart = function.setup_context is not torch.autograd.Function.setup_context
    return signature.replace(parameters=parameters if apart else parameters[1:])


def _backward(function: type[torch.autograd.Function]) -> Callable[..., Any]:
    own = any("backward" in vars(kind) for kind in function.__mro__[:-1])
    backward: Callable[..., Any] = inspect.unwrap(function.backward if own else function.vjp)
    return backward
