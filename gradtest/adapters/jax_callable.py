"""Plain functions of JAX's arrays, jitted or not."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax

from gradtest.signatures import label, signature_of
from gradtest.spaces.containers import flatten
from gradtest.targets import Target

from .jax_arrays import Differentiated

__all__ = ["LOOKED_FOR", "described", "recognise"]

LOOKED_FOR = "a function that is jitted, or given JAX arrays"

_JITTED = type(jax.jit(lambda: None))


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of a function that is one of JAX's, jitted, or given JAX arrays; else None."""
    if isinstance(subject, type) or not callable(subject):
        return None
    given = any(isinstance(leaf, jax.Array) for leaf in flatten((args, dict(kwargs))).leaves)
    if given or isinstance(subject, _JITTED) or _of_jax(subject):
        return described(subject)
    return None


def _of_jax(subject: Any) -> bool:
    return str(getattr(subject, "__module__", "")).split(".")[0] == "jax"


def described(
    function: Callable[..., Any], *, wrt: Sequence[str] | None = None, name: str | None = None
) -> Target:
    """Return the target of a function and of what ``jax.vjp`` claims for it; see `Differentiated`.

    A jitted function is called as it is, and compiled for every shape that is drawn.
    """
    called = name or label(function)
    return Differentiated(function, wrt=wrt, fixed=getattr(function, "nondiff_argnums", ())).target(
        called,
        signature_of(function),
        source=inspect.unwrap(function),
        claimant=f"jax.vjp of {called}",
    )
