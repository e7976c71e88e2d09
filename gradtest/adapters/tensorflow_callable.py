"""Functions of TensorFlow: with ``tf.custom_gradient``, compiled by ``tf.function``, and its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradtest.signatures import label, signature_of
from gradtest.targets import Target

from .tensorflow_tape import Differentiated, refuse_tensors

__all__ = ["LOOKED_FOR", "described", "recognise"]

LOOKED_FOR = "a tf.custom_gradient or tf.function"


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of a function that was made with TensorFlow; else None."""
    if isinstance(subject, type) or not callable(subject):
        return None
    homes = (getattr(subject, "__module__", "") or "", type(subject).__module__)
    if not any(home.split(".")[0] == "tensorflow" for home in homes):
        return None
    refuse_tensors(args, kwargs)
    return described(subject)


def described(
    function: Callable[..., Any], *, wrt: Sequence[str] | None = None, name: str | None = None
) -> Target:
    """Return the target of a function and of what a gradient tape claims for it."""
    source = inspect.unwrap(getattr(function, "python_function", function))
    called = name or label(source)
    return Differentiated(function, wrt).target(called, signature_of(source), source=source)
