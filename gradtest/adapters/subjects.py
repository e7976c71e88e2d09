"""What there is to check in a module: derivatives that it lists, and pairs found by name."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from gradtest.errors import Misuse, nearest
from gradtest.targets import Target, target

__all__ = ["Subject", "load", "partner", "subjects"]

#: How the derivative of `f` may be called, and what it then is.
PARTNERS: tuple[tuple[str, str], ...] = (
    ("{}_vjp", "vjp"),
    ("{}_backward", "vjp"),
    ("{}_bwd", "vjp"),
    ("{}_pullback", "vjp"),
    ("d_{}", "grad"),
    ("d{}", "grad"),
    ("grad_{}", "grad"),
    ("{}_grad", "grad"),
    ("{}_gradient", "grad"),
    ("{}_derivative", "grad"),
    ("{}_deriv", "grad"),
    ("{}_prime", "grad"),
    ("{}_der", "grad"),
    ("{}_jac", "grad"),
    ("{}_jacobian", "grad"),
    ("{}_jvp", "jvp"),
)


@dataclass(frozen=True)
class Subject:
    """A target, and the named shapes of its inputs where they are known."""

    target: Target
    inputs: Mapping[str, Any] | None = None


def load(place: str) -> ModuleType:
    """Import a module by its dotted name or by its file.

    Raises
    ------
    Misuse
        If there is no such module, or it cannot be imported.
    """
    if place.endswith(".py"):
        return _load_file(Path(place))
    if "" not in sys.path:
        sys.path.insert(0, "")  # what lies in the current folder comes first, as under python -m
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        missing = error.name or place
        if missing == place or place.startswith(missing + "."):
            raise Misuse(
                f"there is no module {place!r} (looked in the current folder and where Python is installed); "
                "give pkg.mod, pkg.mod:name or file.py::name"
            ) from None
        raise Misuse(f"{place} needs {missing!r}, which is not installed") from error
    except Exception as error:
        raise Misuse(f"{place} cannot be imported: {type(error).__name__}: {error}") from error


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise Misuse(f"there is no file {str(path)!r}; give file.py::name or pkg.mod:name")
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # so that it finds its neighbours
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise Misuse(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise Misuse(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    return module


def subjects(module: ModuleType) -> list[Subject]:
    """Return what a module offers: its table `DERIVATIVES` if it has one, else pairs by name.

    A row of the table is a mapping with `forward`, one of `vjp`, `grad`, `value_and_grad` or
    `jvp`, `inputs` (named shapes), and perhaps `wrt` and a `name` (or `equation`).
    """
    table = getattr(module, "DERIVATIVES", None)
    if table is not None:
        return [_row(module, i, row) for i, row in enumerate(table)]
    return list(_pairs(module))


def _row(module: ModuleType, i: int, row: Any) -> Subject:
    if not isinstance(row, Mapping) or "forward" not in row:
        raise Misuse(f"{module.__name__}.DERIVATIVES[{i}] is not a mapping with a 'forward'")
    known = {"forward", "vjp", "grad", "value_and_grad", "jvp", "wrt", "name", "equation", "inputs"}
    for key in row:
        if key not in known:
            raise Misuse(f"{module.__name__}.DERIVATIVES[{i}] has an unknown key {key!r}; {nearest(str(key), known)}")
    described = {key: row[key] for key in row if key not in ("equation", "inputs")}
    described.setdefault("name", row.get("equation"))
    return Subject(target(**described), row.get("inputs"))


def _own_functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    }


def _pairs(module: ModuleType) -> Iterator[Subject]:
    own = _own_functions(module)
    for name, function in own.items():
        found = _partner_in(own, name)
        if found is not None:
            yield Subject(_paired(function, *found))


def _partner_in(names: Mapping[str, Any], name: str) -> tuple[str, Callable[..., Any]] | None:
    for pattern, form in PARTNERS:
        other = names.get(pattern.format(name))
        if callable(other):
            return form, other
    if name.endswith(("forward", "fwd")):
        stem = name.removesuffix("forward").removesuffix("fwd")
        for ending in ("backward", "bwd"):
            if callable(names.get(stem + ending)):
                return "vjp", names[stem + ending]
    return None


def _paired(function: Callable[..., Any], form: str, derivative: Callable[..., Any]) -> Target:
    if form == "grad" and _takes_cotangent(function, derivative):
        form = "vjp"  # df(dout, x), f_grad(dout, cache): a gradient in name, a pullback in kind
    return target(function, **{form: derivative})  # type: ignore[arg-type]  # form is one of its keywords


def _takes_cotangent(function: Callable[..., Any], derivative: Callable[..., Any]) -> bool:
    """Whether the derivative needs one argument more than the function, or other ones."""
    try:
        own, other = (
            [p.name for p in inspect.signature(f).parameters.values() if p.default is p.empty]
            for f in (function, derivative)
        )
    except (TypeError, ValueError):
        return False
    return len(other) == len(own) + 1 or (len(other) == 2 and other[1] in ("cache", "ctx", "saved"))


def partner(
    module: ModuleType, name: str, *, grad: str | None = None, vjp: str | None = None
) -> Subject:
    """Return the function `name` of a module with its derivative, found by name or given.

    Raises
    ------
    Misuse
        If either does not exist.
    """
    rows = [s for s in subjects(module) if s.target.name == name] if hasattr(module, "DERIVATIVES") else []
    if rows and not grad and not vjp:
        return rows[0]
    function = _function(module, name)
    for form, other in (("grad", grad), ("vjp", vjp)):
        if other is not None:
            return Subject(target(function, **{form: _function(module, other)}))  # type: ignore[arg-type]  # as above
    found = _partner_in(vars(module), name)
    if found is None:
        looked = ", ".join(pattern.format(name) for pattern, _ in PARTNERS[:8])
        raise Misuse(
            f"no derivative of {name!r} was found in {module.__name__} (looked for {looked}, ...); "
            "name it with --vjp or --grad"
        )
    return Subject(_paired(function, *found))


def _function(module: ModuleType, name: str) -> Callable[..., Any]:
    value: Any = module
    for part in name.split("."):
        value = getattr(value, part, None)
    if value is None:
        raise Misuse(
            f"{module.__name__} has no {name!r}; {nearest(name, _own_functions(module) or dir(module))}"
        )
    if not callable(value):
        raise Misuse(f"{module.__name__}.{name} is {type(value).__name__}, which cannot be called")
    return value  # type: ignore[no-any-return]  # callable was just checked
