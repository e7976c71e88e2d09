"""Objects that hold arrays: where these lie, copies with others in their place, and their randomness."""

from __future__ import annotations

import contextlib
import copy
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradtest.errors import MisusedType

__all__ = ["Path", "Randomness", "Step", "at", "attributes", "copied", "is_plain_object", "put", "written"]

#: One step of the way into an object: the name of an attribute (``.W``), of a method that is called
#: (``.parameters()``), or a key (``["W"]``, ``[0]``).
Step = tuple[str, Any]
Path = tuple[Step, ...]

_BUILTIN = ("builtins", "numpy", "collections", "functools", "types", "typing", "random", "re")


def at(holder: Any, path: Sequence[Step]) -> Any:
    """Return what lies at the end of a path, None where it leads nowhere."""
    for kind, key in path:
        try:
            if kind == "[]":
                holder = holder[key]
            else:
                holder = getattr(holder, key)
                holder = _listed(holder()) if kind == "()" else holder
        except Exception:  # anybody's property or method
            return None
    return holder


def put(holder: Any, path: Sequence[Step], value: Any) -> None:
    """Put a value at the end of a path."""
    *way, (kind, key) = path
    parent = at(holder, way)
    if kind == "[]":
        parent[key] = value
    else:
        setattr(parent, key, value)


def written(path: Sequence[Step]) -> str:
    """Return a path as one would write it behind the name of the object."""
    parts = [f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]" for kind, key in path]
    return "".join(parts).removeprefix(".")


def is_plain_object(value: Any) -> bool:
    """Whether a value is an instance of somebody's own class, which may hold arrays."""
    if type(value).__module__.partition(".")[0] in _BUILTIN:
        return False
    return hasattr(value, "__dict__") or bool(_slots(type(value)))


def _slots(kind: type) -> tuple[str, ...]:
    found: list[str] = []
    for base in kind.__mro__:
        slots = vars(base).get("__slots__", ())
        found += [slots] if isinstance(slots, str) else slots
    return tuple(found)


def attributes(holder: Any, called: Sequence[str] = ()) -> dict[str, tuple[Step, Any]]:
    """Return what an object holds, by name: attributes, and properties and methods among `called`.

    A method counts if it needs no arguments.  What raises is left out.
    """
    found: dict[str, tuple[Step, Any]] = {}
    names = [*getattr(holder, "__dict__", {}), *_slots(type(holder))]
    for name in names:
        with contextlib.suppress(Exception):  # a slot that was never set
            found[name] = ((".", name), getattr(holder, name))
    for name in called:
        if name in found or not hasattr(type(holder), name):
            continue
        with contextlib.suppress(Exception):  # wants arguments, or is not ready yet
            value = getattr(holder, name)
            step = ("()" if callable(value) else ".", name)
            found[name] = (step, _listed(value()) if callable(value) else value)
    return found


def _listed(value: Any) -> Any:
    """Return a generator as a list."""
    return list(value) if isinstance(value, Iterator) else value


def copied(holder: Any, replaced: Sequence[tuple[Any, Any]] = ()) -> Any:
    """Return a deep copy with some arrays replaced, wherever and however often they are held.

    Parameters
    ----------
    holder : object
    replaced : sequence of (array, array)
        Each array of the holder with the one to stand in its place, which is not copied.

    Raises
    ------
    MisusedType
        If it holds something that cannot be copied, such as a lock or an open file.
    """
    # What stands in the memo of deepcopy is taken as the copy.
    memo: dict[int, Any] = {id(old): new for old, new in replaced}
    try:
        return copy.deepcopy(holder, memo)
    except Exception as error:
        raise MisusedType(
            f"{type(holder).__name__} cannot be copied ({type(error).__name__}: {error}), and every "
            "evaluation needs a fresh one; take that out, or describe it with gradtest.target"
        ) from error


class Randomness:
    """Random numbers that are drawn from a state outside of the object, made the same every time.

    Parameters
    ----------
    functions : sequence of callable
        The generators that their modules hold are watched beside those of NumPy and of the
        standard library.
    """

    def __init__(self, functions: Sequence[Callable[..., Any]] = ()) -> None:
        self._sources: list[tuple[Callable[[], Any], Callable[[Any], Any]]] = [
            (np.random.get_state, np.random.set_state),
            (random.getstate, random.setstate),
        ]
        scopes = {id(g): g for g in (getattr(f, "__globals__", {}) for f in functions)}
        for value in [value for scope in scopes.values() for value in scope.values()]:
            if isinstance(value, np.random.Generator):
                self._sources.append(_state_of(value.bit_generator))
            elif isinstance(value, np.random.RandomState):
                self._sources.append((value.get_state, value.set_state))
        self._states = [get() for get, _ in self._sources]
        self._used: set[int] = set()
        self._watching = True

    @contextlib.contextmanager
    def seeded(self) -> Iterator[None]:
        """Start NumPy's and the standard library's own generators at 0 inside; leave no trace outside."""
        with self.frozen():
            np.random.seed(0)
            random.seed(0)
            yield

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Draw the same numbers as each time inside, and leave no trace outside."""
        outside = [get() for get, _ in self._sources]
        for (_, put_back), state in zip(self._sources, self._states, strict=True):
            put_back(state)
        try:
            yield
        finally:
            for i, ((get, put_back), state) in enumerate(zip(self._sources, outside, strict=True)):
                if self._watching and not _equal(get(), self._states[i]):
                    self._used.add(i)
                put_back(state)

    def keep_used(self) -> None:
        """Forget the sources that were not used so far, so that `frozen` costs nothing where none was."""
        self._sources = [self._sources[i] for i in sorted(self._used)]
        self._states = [self._states[i] for i in sorted(self._used)]
        self._watching = False


def _state_of(source: Any) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    return lambda: source.state, lambda state: setattr(source, "state", state)


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, Mapping):
        return all(_equal(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return all(map(_equal, a, b))
    return bool(np.array_equal(a, b))
