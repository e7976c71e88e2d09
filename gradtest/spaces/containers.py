"""Nested tuples, lists, dicts and dataclasses of arrays, as a list of named leaves."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import optree

__all__ = ["Tree", "flatten"]

_NAMESPACE = "gradtest"
_known: set[type] = set()


@dataclass(frozen=True, slots=True)
class Tree:
    """A nested value taken apart: its leaves in order, their names, and how to put it together."""

    leaves: list[Any]
    paths: tuple[str, ...]
    _spec: Any

    def build(self, leaves: Sequence[Any]) -> Any:
        """Return the nested value with other `leaves`."""
        return self._spec.unflatten(leaves)

    def same_structure(self, other: Tree) -> bool:
        """Whether `other` is nested in the same way (kinds of containers and keys alike)."""
        return bool(self._spec == other._spec)


def flatten(value: Any) -> Tree:
    """Take a nested value apart; None is a leaf, so that a missing gradient does not vanish.

    >>> flatten({"w": [1.0, None], "b": 2.0}).paths
    ("['b']", "['w'][0]", "['w'][1]")
    """
    _register_dataclasses(value)
    leaves, spec = optree.tree_flatten(value, none_is_leaf=True, namespace=_NAMESPACE)
    return Tree(list(leaves), _paths(spec), spec)


def _paths(spec: Any) -> tuple[str, ...]:
    return tuple(accessor.codify("") for accessor in spec.accessors())


def _register_dataclasses(value: Any) -> None:
    """Teach optree the dataclasses in `value` as they are met (it knows none by itself)."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        names = [f.name for f in dataclasses.fields(kind) if f.init]
        if kind not in _known:
            _known.add(kind)
            _register(kind, names)
        children: Iterable[Any] = (getattr(value, name) for name in names)
    elif isinstance(value, dict):
        children = value.values()
    elif isinstance(value, (list, tuple)):
        children = value
    else:
        return
    for child in children:
        _register_dataclasses(child)


def _register(kind: type, names: list[str]) -> None:
    optree.register_pytree_node(
        kind,
        lambda v: ([getattr(v, n) for n in names], None, names),
        lambda _, children: kind(**dict(zip(names, children, strict=True))),
        path_entry_type=optree.GetAttrEntry,
        namespace=_NAMESPACE,
    )
