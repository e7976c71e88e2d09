"""Whatever people have, as a target: which adapter knows it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from gradtest.errors import MisusedType
from gradtest.signatures import label
from gradtest.targets import Target

__all__ = ["as_target"]

#: A library, and the adapter for what is made with it: asked only where the library is already imported.
LIBRARIES: tuple[tuple[str, str], ...] = ()

#: Adapters that need no library: asked of everything, in this order, after those above.
PLAIN: tuple[str, ...] = ("scipy_pair",)


def as_target(subject: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Target:
    """Return the target that something is.

    An adapter is a module with ``recognise(subject, args, kwargs)``, which returns a `Target` or
    None, and ``LOOKED_FOR``, what it recognises in a few words.  The first that answers is taken.

    Parameters
    ----------
    subject : object
        A target, or a layer, module, operator, objective, ... of anybody's.
    args, kwargs
        The inputs that it will be given, where they are known: what an array is made of tells
        whose function it is.

    Raises
    ------
    MisusedType
        If no adapter recognises it: with what was looked for, and how to describe it.
    """
    if isinstance(subject, Target):
        return subject
    looked_for = []
    for adapter in _adapters():
        found: Target | None = adapter.recognise(subject, args, kwargs or {})
        if found is not None:
            return found
        looked_for.append(adapter.LOOKED_FOR)
    raise MisusedType(_unknown(subject, looked_for))


def _adapters() -> Iterator[ModuleType]:
    met = (module for library, module in LIBRARIES if library in sys.modules)
    for name in (*met, *PLAIN):
        yield importlib.import_module(f"gradtest.adapters.{name}")


def _unknown(subject: Any, looked_for: Sequence[str]) -> str:
    name = label(subject) if callable(subject) else f"{type(subject).__name__} object"
    call = f"gradtest.target({name if callable(subject) else 'forward'}, vjp=backward)"
    return f"{name} is not recognised (looked for: {'; '.join(looked_for)}); describe it with {call}"
