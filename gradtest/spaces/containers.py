"""Nested tuples, lists, dicts and dataclasses of arrays, as a list of named leaves."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import optree

__all__ = ["Part", "Tree", "flatten", "parts"]

_NAMESPACE = "gradtest"
_LEAF = optree.treespec_leaf(none_is_leaf=True, namespace=_NAMESPACE)
_ALONE = (np.ndarray, float, np.float64, np.float32)  # surely no containers: the common case, made quick
_known: set[type] = set()


@dataclass(frozen=True, slots=True)
class Tree:
    """A nested value taken apart: its leaves in order, and how to put it together."""

    leaves: list[Any]
    _spec: Any

    @property
    def paths(self) -> tuple[str, ...]:
        """Where each leaf is, as one would write it behind the name of the value."""
        return tuple(accessor.codify("") for accessor in self._spec.accessors())

    @property
    def structure(self) -> Hashable:
        """How the value is nested; equal for values that are nested alike."""
        return self._spec  # type: ignore[no-any-return]  # optree has no types

    def build(self, leaves: Sequence[Any]) -> Any:
        """Return the nested value with other `leaves`."""
        return self._spec.unflatten(leaves)


def flatten(value: Any) -> Tree:
    """Take a nested value apart; None is a leaf, so that a missing gradient does not vanish.

    >>> flatten({"w": [1.0, None], "b": 2.0}).paths
    ("['b']", "['w'][0]", "['w'][1]")
    """
    if type(value) in _ALONE:
        return Tree([value], _LEAF)
    _register_dataclasses(value)
    leaves, spec = optree.tree_flatten(value, none_is_leaf=True, namespace=_NAMESPACE)
    return Tree(list(leaves), spec)


class Part(NamedTuple):
    """One part of a container: its key (None where parts are only counted), its path, itself."""

    key: str | None
    path: str
    value: Any


def parts(value: Any) -> list[Part] | None:
    """Return the parts of a container, one level deep; None for what is a leaf.

    >>> parts({"w": [1.0, 2.0], "b": 3.0})
    [Part(key='b', path="['b']", value=3.0), Part(key='w', path="['w']", value=[1.0, 2.0])]
    >>> parts(1.0) is None
    True
    """
    if type(value) in _ALONE:
        return None
    if type(value) in (list, tuple):
        return [Part(None, f"[{i}]", child) for i, child in enumerate(value)]
    _register_dataclasses(value)
    accessors, children, spec = optree.tree_flatten_with_accessor(
        value, is_leaf=lambda v: v is not value, none_is_leaf=True, namespace=_NAMESPACE
    )
    if spec.is_leaf():
        return None
    return [Part(_key(a), a.codify(""), child) for a, child in zip(accessors, children, strict=True)]


def _key(accessor: Any) -> str | None:
    entry = accessor[-1]
    if isinstance(entry, optree.SequenceEntry) and not isinstance(entry, optree.NamedTupleEntry):
        return None
    return str(getattr(entry, "field", entry.entry))


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
    if optree.register_pytree_node.get(kind, namespace=_NAMESPACE) is not None:
        return  # its author has taught optree already
    optree.register_pytree_node(
        kind,
        lambda v: ([getattr(v, n) for n in names], None, names),
        lambda _, children: kind(**dict(zip(names, children, strict=True))),
        path_entry_type=optree.GetAttrEntry,
        namespace=_NAMESPACE,
    )
