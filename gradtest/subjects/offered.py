"""What a module offers: its table of derivatives, or its targets, pairs and layers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from gradtest.adapters.recognise import as_target
from gradtest.errors import Misuse, MisusedType, nearest
from gradtest.targets import Target, target

from .partners import FORWARD, paired, partner_name
from .subject import Subject

__all__ = ["name_of", "own_functions", "recognised", "subjects"]

_ROW = {"forward", "vjp", "grad", "value_and_grad", "jvp", "wrt", "name", "equation", "inputs"}


def subjects(module: ModuleType) -> list[Subject]:
    """Return what a module offers: its table `DERIVATIVES`, else all else that has a derivative.

    That is its targets, pairs by name, layers, and functions decorated with a derivative of their own.

    A row of the table is a mapping with `forward`, one of `vjp`, `grad`, `value_and_grad` or
    `jvp`, and perhaps `inputs` (named shapes), `wrt`, and a `name` (or `equation`).

    Raises
    ------
    Misuse
        If a row of the table is not one.
    """
    table = getattr(module, "DERIVATIVES", None)
    if table is not None:
        return [_row(module, i, row) for i, row in enumerate(table)]
    rules = {id(rule) for value in _with_rules(module).values() for rule in vars(value).values()}
    own = {name: value for name, value in own_functions(module).items() if id(value) not in rules}
    made = [Subject(value, place=name) for name, value in vars(module).items() if isinstance(value, Target)]
    return made + list(_pairs(own)) + list(_layers(module)) + list(_decorated(module))


def _layers(module: ModuleType) -> Iterator[Subject]:
    """Yield the public classes of a module that are recognised, but for abstract ones."""
    for name, value in vars(module).items():
        if name.startswith("_") or not isinstance(value, type) or value.__module__ != module.__name__:
            continue
        found = None if _is_abstract(value) else recognised(value)
        if found is not None:
            yield Subject(found, place=name)


def _decorated(module: ModuleType) -> Iterator[Subject]:
    """Yield the public functions that were given a derivative of their own: custom_vjp, custom_jvp."""
    for name, value in _with_rules(module).items():
        found = None if name.startswith("_") else recognised(value)
        if found is not None:
            yield Subject(found, place=name)


def _with_rules(module: ModuleType) -> dict[str, Any]:
    """Return what a module made by a decorator that takes rules for the derivative."""
    return {
        name: value
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__ and not isinstance(value, type)
        if hasattr(value, "defvjp") or hasattr(value, "defjvp")
    }


def _is_abstract(kind: type) -> bool:
    methods = [getattr(kind, name, None) for name in FORWARD]
    codes = [getattr(method, "__code__", None) for method in methods]
    return inspect.isabstract(kind) or any(
        code is not None and "NotImplementedError" in code.co_names for code in codes
    )


def recognised(value: Any) -> Target | None:
    """Return the target that an adapter makes of a value; None if none does."""
    try:
        return as_target(value)
    except MisusedType:
        return None


def _row(module: ModuleType, i: int, row: Any) -> Subject:
    if not isinstance(row, Mapping) or "forward" not in row:
        raise Misuse(f"{module.__name__}.DERIVATIVES[{i}] is not a mapping with a 'forward'")
    for key in row:
        if key not in _ROW:
            raise Misuse(
                f"{module.__name__}.DERIVATIVES[{i}] has an unknown key {key!r}; {nearest(str(key), _ROW)}"
            )
    described = {key: row[key] for key in row if key not in ("equation", "inputs")}
    described.setdefault("name", row.get("equation"))
    made = target(**described)
    return Subject(made, row.get("inputs"), name_of(made.derivative))


def name_of(function: Callable[..., Any]) -> str:
    """Return the name of a function, empty where it has none that could be written."""
    name = str(getattr(function, "__name__", ""))
    return name if name.isidentifier() else ""


def own_functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """Return the public functions that a module defines itself."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }


def _pairs(own: Mapping[str, Callable[..., Any]]) -> Iterator[Subject]:
    for name, function in own.items():
        found = partner_name(own, name)
        if found is not None:
            form, other = found
            yield Subject(paired(function, form, own[other]), place=name)
