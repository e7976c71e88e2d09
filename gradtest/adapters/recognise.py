"""Whatever people have, as a target: which adapter knows it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from gradtest.errors import Misuse, MisusedType
from gradtest.signatures import label
from gradtest.targets import Target

__all__ = ["as_target", "autodiff"]

#: A library, and the adapter for what is made with it: asked only where the library is already imported.
LIBRARIES: tuple[tuple[str, str], ...] = (
    ("torch", "torch_function"),
    ("torch", "torch_module"),
    ("torch", "torch_callable"),
    ("jax", "jax_custom"),
    ("jax", "jax_module"),
    ("jax", "jax_callable"),
    ("sklearn", "sklearn_kernel"),
    ("pytensor", "pytensor_op"),
    ("autograd", "autograd_function"),
    ("tensorflow", "tensorflow_layer"),
    ("tensorflow", "tensorflow_callable"),
)

#: The adapter that knows what a library's automatic differentiation claims for a plain function.
AUTODIFF: Mapping[str, str] = {
    "torch": "torch_callable",
    "jax": "jax_callable",
    "autograd": "autograd_function",
    "tensorflow": "tensorflow_callable",
}

#: Adapters that need no library: asked of everything, in this order, after those above.
PLAIN: tuple[str, ...] = ("scipy_pair", "sklearn_loss", "score_model", "numpy_layer")


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


def autodiff(
    function: Callable[..., Any],
    by: str,
    *,
    wrt: str | Sequence[str] | None = None,
    name: str | None = None,
) -> Target:
    """Describe a function and the derivative that a library's automatic differentiation claims for it.

    Whatever is known to the library as having a derivative of its own (a custom backward, vjp or
    jvp) is used in it, so that this is how a derivative is checked in the place where it is used.
    Only needed where a function is not recognised by itself: one that is given arrays of the
    library is.

    Parameters
    ----------
    function : callable
        Takes and returns arrays of the library, or nested containers of them.
    by : {"torch", "jax", "autograd", "tensorflow"}
        The library.
    wrt : str or sequence of str, optional
        Names of the inputs for which the derivative is checked; all real ones by default.
    name : str, optional
        What reports call it.

    Returns
    -------
    Target
        For arrays of NumPy, which become arrays of the library, and for those of the library.

    Raises
    ------
    Misuse
        If the library is not known, or not installed.

    Notes
    -----
    A gradient costs a forward and a backward pass of the library.  The function is measured as the
    library computes it: what is wrong in the value itself, and differentiated as it is, agrees.
    """
    if not callable(function):
        raise MisusedType(f"autodiff got {function!r}, which cannot be called; pass the function itself")
    if by not in AUTODIFF:
        raise Misuse(f"by={by!r} is no library known here; expected one of {', '.join(AUTODIFF)}")
    try:
        adapter = importlib.import_module(f"gradtest.adapters.{AUTODIFF[by]}")
    except ModuleNotFoundError as error:
        raise Misuse(f"autodiff by {by!r} needs {error.name}, which is not installed") from None
    names = (wrt,) if isinstance(wrt, str) else wrt
    described: Target = adapter.described(function, wrt=names, name=name)
    return described


def _adapters() -> Iterator[ModuleType]:
    met = (module for library, module in LIBRARIES if library in sys.modules)
    for name in (*met, *PLAIN):
        yield importlib.import_module(f"gradtest.adapters.{name}")


def _unknown(subject: Any, looked_for: Sequence[str]) -> str:
    name = label(subject) if callable(subject) else f"{type(subject).__name__} object"
    called = name if callable(subject) else "forward"
    call = f"gradtest.target({called}, vjp=backward)"
    met = [library for library in AUTODIFF if library in sys.modules]
    if met and callable(subject):
        call += f", or gradtest.autodiff({called}, {met[0]!r}) if it is differentiated by {met[0]}"
    return f"{name} is not recognised (looked for: {'; '.join(looked_for)}); describe it with {call}"
