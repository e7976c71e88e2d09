"""Callable pytrees of JAX, such as the modules of Equinox: inputs and parameters."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax import tree_util

from gradtest.signatures import signature_of
from gradtest.spaces.containers import flatten
from gradtest.targets import Target

from .jax_arrays import Differentiated, from_jax, is_floating, wide

__all__ = ["LOOKED_FOR", "recognise"]

LOOKED_FOR = "a callable pytree of JAX (an Equinox module)"


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of a callable pytree, its arrays as further inputs; else None.

    The arrays of floating point in it are its parameters, called by their place
    (``layers[0].weight``).  They are taken in float64, unless the inputs are float32; see
    `jax_arrays.Differentiated`.
    """
    if isinstance(subject, type) or not callable(subject) or tree_util.all_leaves([subject]):
        return None
    functional = _Functional(subject)
    parameters = functional.parameters(wide=wide(flatten((args, dict(kwargs))).leaves))
    name = type(subject).__name__
    return Differentiated(functional).target(
        name,
        functional.__signature__,
        source=inspect.unwrap(type(subject).__call__),
        claimant=f"jax.vjp of {name}",
        parameters=parameters,
    )


class _Functional:
    """A callable pytree as a function of its inputs and, by name, the arrays in it."""

    def __init__(self, tree: Any) -> None:
        pairs, self._structure = tree_util.tree_flatten_with_path(tree)
        self._leaves = [leaf for _, leaf in pairs]
        signature = signature_of(tree) or inspect.Signature()
        self.__signature__ = _with_keywords(signature)
        self._number = {
            _free(tree_util.keystr(path).removeprefix("."), signature): i
            for i, (path, leaf) in enumerate(pairs)
            if hasattr(leaf, "dtype") and is_floating(leaf)
        }

    def parameters(self, *, wide: bool) -> dict[str, Any]:
        """Return the arrays by name, in float64 if `wide`."""
        return {name: _widened(self._leaves[i], wide) for name, i in self._number.items()}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the tree with the arrays among `kwargs` in it."""
        leaves = list(self._leaves)
        for name, i in self._number.items():
            leaves[i] = kwargs.pop(name, leaves[i])
        return self._structure.unflatten(leaves)(*args, **kwargs)


def _widened(leaf: Any, wide: bool) -> Any:
    array = from_jax(leaf)
    if not wide or isinstance(array, jax.Array):
        return array
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _free(name: str, signature: inspect.Signature) -> str:
    return f"self.{name}" if name in signature.parameters else name


def _with_keywords(signature: inspect.Signature) -> inspect.Signature:
    """Return a signature that takes parameters of any name by keyword, too."""
    own = list(signature.parameters.values())
    if any(p.kind is p.VAR_KEYWORD for p in own):
        return signature
    return signature.replace(parameters=[*own, inspect.Parameter("_state", inspect.Parameter.VAR_KEYWORD)])
