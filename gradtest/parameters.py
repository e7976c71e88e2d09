"""The parameters that an object holds, paired with their gradients by how they are called."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradtest.spaces import arrays
from gradtest.spaces.objects import Path, Step, at, attributes, is_plain_object, written

from .signatures import meant

__all__ = [
    "Pair",
    "differs",
    "full_name",
    "held_objects",
    "is_live",
    "numbers",
    "paired",
    "seen",
    "short_name",
    "without_doubles",
]

#: What holds all parameters of an object, all their gradients, or both in pairs.
_PARAMETERS = ("params", "parameters", "get_params", "get_parameters", "trainable_params", "weights")
_GRADIENTS = (
    "grads",
    "gradients",
    "get_grads",
    "get_gradients",
    "grad",
    "gradient",
    "derivatives",
    "dparams",
)
_PAIRS = ("params_and_grads", "parameters_and_gradients", "get_params_and_grads", *_PARAMETERS)
#: What holds the array of a parameter that is an object of its own.
_CELL = ("data", "value", "values", "val", "array", "tensor", "param", "theta")


MOST_PARTS = 1000  # of a list
DEEPEST = 6  # steps into an object


@dataclass(frozen=True, slots=True)
class Pair:
    """A parameter and its gradient in an object: where they lie, and where the object that holds both.

    `declared` says that the object calls them so (``params`` / ``grads``); else only their names
    tell.  Without a gradient's path it is what backward returns, or how it changes the parameter.
    """

    path: Path
    gradient: Path | None = None
    owner: Path = ()
    declared: bool = True


# -- inside an object -----------------------------------------------------------------------------


def _members(holder: Any) -> dict[str, tuple[Step, Any]]:
    """Return the parts of an object, a mapping or a sequence, by name."""
    if isinstance(holder, Mapping):
        return {str(key): (("[]", key), value) for key, value in holder.items()}
    if isinstance(holder, (list, tuple)):
        return {f"[{i}]": (("[]", i), value) for i, value in enumerate(holder[:MOST_PARTS])}
    return attributes(holder, (*_PARAMETERS, *_GRADIENTS, *_PAIRS))


def _inside(holder: Any, path: Path, seen: set[int]) -> Iterator[tuple[Path, dict[str, tuple[Step, Any]]]]:
    """Yield every object and container with its members, from the outside in."""
    if id(holder) in seen or len(path) > DEEPEST:
        return
    seen.add(id(holder))
    members = _members(holder)
    yield path, members
    for step, value in members.values():
        if isinstance(value, (Mapping, list, tuple)) or is_plain_object(value):
            yield from _inside(value, (*path, step), seen)


def held_objects(layer: Any) -> list[Any]:
    """Return the objects of somebody's own classes that an object holds, from the outside in."""
    inside = [value for _, members in _inside(layer, (), set()) for _, value in members.values()]
    return list({id(value): value for value in inside if is_plain_object(value)}.values())


def numbers(layer: Any) -> Iterator[tuple[Path, Any]]:
    """Yield the real arrays and numbers that an object holds, with their paths; each array once."""
    known: set[int] = set()
    for path, members in _inside(layer, (), set()):
        for step, value in members.values():
            if arrays.is_differentiable(value) and id(value) not in known:
                known.add(id(value))
                yield (*path, step), value


def paired(layer: Any) -> Iterator[Pair]:
    """Yield what is named like a parameter and its gradient, declared ones of an object first."""
    for path, members in _inside(layer, (), set()):
        for parameters, gradients in itertools.product(_PARAMETERS, _GRADIENTS):
            if parameters in members and gradients in members:
                yield from _alike(path, members[parameters], members[gradients], True)
        for name in _PAIRS:
            if name in members and isinstance(members[name][1], (list, tuple)):
                yield from _couples((*path, members[name][0]), members[name][1], path)
        for value, gradient in itertools.product(_CELL, _GRADIENTS):
            if value in members and gradient in members:
                yield from _alike(path, members[value], members[gradient], False)
        for key, member in members.items():
            bare = key.lstrip("_")
            others = {other.lstrip("_"): other for other in members if other.lstrip("_") != bare}
            of = meant(bare, list(others))
            if of is not None:
                yield from _alike(path, members[others[of]], member, False)


def _couples(path: Path, value: Sequence[Any], owner: Path) -> Iterator[Pair]:
    """Yield the pairs of a list of (parameter, gradient)."""
    for i, couple in enumerate(value):
        if isinstance(couple, (list, tuple)) and len(couple) == 2 and all(map(arrays.is_array, couple)):
            yield Pair((*path, ("[]", i), ("[]", 0)), (*path, ("[]", i), ("[]", 1)), owner, True)


def _alike(
    owner: Path, parameters: tuple[Step, Any], gradients: tuple[Step, Any], declared: bool
) -> Iterator[Pair]:
    """Yield the pairs in two members that are nested alike; names do not declare two bare arrays."""
    for path, gradient in _leaves(parameters[1], gradients[1], (parameters[0],), (gradients[0],)):
        yield Pair((*owner, *path), (*owner, *gradient), owner, declared and len(path) > 1)


def _leaves(value: Any, gradient: Any, path: Path, other: Path) -> Iterator[tuple[Path, Path]]:
    if arrays.is_array(value):
        if gradient is None or arrays.is_array(gradient):
            yield path, other
    elif isinstance(value, Mapping) and isinstance(gradient, Mapping):
        keys = {str(key): key for key in value}
        for key, piece in gradient.items():
            name = meant(str(key), list(keys))
            if name is not None:
                mine = keys[name]
                yield from _leaves(value[mine], piece, (*path, ("[]", mine)), (*other, ("[]", key)))
    elif isinstance(value, (list, tuple)) and isinstance(gradient, (list, tuple)):
        both = zip(value, gradient, strict=True) if len(value) == len(gradient) else ()
        for i, (mine, piece) in enumerate(both):
            yield from _leaves(mine, piece, (*path, ("[]", i)), (*other, ("[]", i)))


def seen(value: Any) -> tuple[Any, Any]:
    """Return a value, and what it is now."""
    return value, np.array(value) if isinstance(value, np.ndarray) else value


def differs(seen: tuple[Any, Any], now: Any) -> bool:
    """Whether a value is another than when it was `seen`."""
    was = seen[1]
    if was is None or now is None:
        return was is not now
    return arrays.shape(was) != arrays.shape(now) or not np.array_equal(was, now, equal_nan=True)


def is_live(layer: Any, pair: Pair, before: Mapping[Path | None, tuple[Any, Any]]) -> bool:
    """Whether what is called like a gradient is one: backward made or changed it, or it is still empty.

    A momentum that is called dW is neither, once it has moved.  `before` says what there was
    before backward was called (`seen`), by path.
    """
    assert pair.gradient is not None
    now, seen = at(layer, pair.gradient), before.get(pair.gradient)
    if seen is None or now is not seen[0] or differs(seen, now):
        return True
    alike = arrays.shape(now) == arrays.shape(at(layer, pair.path))
    return now is None or (alike and not np.any(now))


def without_doubles(layer: Any, pairs: Sequence[Pair]) -> list[Pair]:
    """Return for each parameter the gradients of its outermost owners, and each gradient once.

    A net's ``grads`` may be made of those of its layers; two layers that share an array each have
    a part of its gradient.
    """
    of: dict[int, list[Pair]] = {}
    for pair in pairs:
        of.setdefault(id(at(layer, pair.path)), []).append(pair)
    kept: list[Pair] = []
    for group in of.values():
        outermost = [p for p in group if len(p.owner) == min(len(other.owner) for other in group)]
        by_owner = {p.owner: p for p in reversed(outermost)}
        by_gradient = {id(at(layer, p.gradient or ())): p for p in by_owner.values()}
        kept += by_gradient.values()
    return [pair for pair in pairs if pair in kept]


# -- names of parameters --------------------------------------------------------------------------


def _telling(path: Path) -> Path:
    """Return the steps that tell something: without ``params``, and without ``data`` at the end."""
    steps = [step for step in path if step[1] not in _PARAMETERS] or list(path[-1:])
    in_a_cell = len(steps) > 1 and isinstance(steps[-2][1], str) and steps[-1][1] in _CELL
    return tuple(steps[:-1] if in_a_cell else steps)


def short_name(path: Path) -> str:
    """Return what the parameter at the end of a path is called."""
    key = _telling(path)[-1][1]
    return key.lstrip("_") or key if isinstance(key, str) else full_name(path)


def full_name(path: Path) -> str:
    """Return what it is called, with the objects that it is in."""
    return written(_telling(path))
