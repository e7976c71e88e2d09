"""Nested tuples, lists, dicts and dataclasses of arrays, as a list of named leaves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import optree

__all__ = ["Part", "Tree", "flatten", "open_with", "parts"]

_NAMESPACE = "gradtest"
_LEAF = optree.treespec_leaf(none_is_leaf=True, namespace=_NAMESPACE)
_ALONE = (np.ndarray, float, np.float64, np.float32)  # surely no containers: the common case, made quick

#: How to take a value apart: its children, what else is needed to put it together, and their names.
Apart = Callable[[Any], tuple[Sequence[Any], Any, Sequence[str]]]
#: How to put it together: from what else is needed, and the children.
Together = Callable[[Any, Iterable[Any]], Any]
#: Says how a value is taken apart and put together, None for what it does not know.
Opener = Callable[[Any], tuple[Apart, Together] | None]

_openers: list[Opener] = []
_known: dict[type, Apart | None] = {}


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

    def holding(self, leaves: Sequence[Any]) -> Tree:
        """Return a tree of the same structure with other `leaves`."""
        return Tree(list(leaves), self._spec)

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
    _meet(value)
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
    _meet(value)
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


def _meet(value: Any) -> None:
    """Teach optree the kinds of containers in `value` as they are met, of those it does not know."""
    if isinstance(value, dict):
        children: Iterable[Any] = value.values()
    elif isinstance(value, (list, tuple)):
        children = value
    else:
        apart = _apart(value)
        if apart is None:
            return
        children = apart(value)[0]
    for child in children:
        _meet(child)


def _apart(value: Any) -> Apart | None:
    """Return how a value of this kind is taken apart, None for a leaf."""
    kind = type(value)
    if kind not in _known:
        found = next((way for opener in _openers if (way := opener(value))), None) or _of_dataclass(value)
        _known[kind] = found[0] if found else None
        if found and optree.register_pytree_node.get(kind, namespace=_NAMESPACE) is None:
            # Else its author has taught optree already.
            optree.register_pytree_node(
                kind, *found, path_entry_type=optree.GetAttrEntry, namespace=_NAMESPACE
            )
    return _known[kind]


def _of_dataclass(value: Any) -> tuple[Apart, Together] | None:
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return None
    kind = type(value)
    names = [f.name for f in dataclasses.fields(kind) if f.init]
    return (
        lambda v: ([getattr(v, n) for n in names], None, names),
        lambda _, children: kind(**dict(zip(names, children, strict=True))),
    )


def open_with(opener: Opener) -> None:
    """Let `opener` say how the containers of a library are taken apart: it is asked of every new kind."""
    if opener not in _openers:
        _openers.append(opener)
        for kind in [kind for kind, apart in _known.items() if apart is None]:
            del _known[kind]  # asked again
