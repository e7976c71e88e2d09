"""What there is to check in a place: a module, a file, a folder, or one function of these."""

from __future__ import annotations

import ast
import importlib.util
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from gradtest.errors import Misuse, nearest
from gradtest.targets import target

from .modules import as_package, load, look_here_first
from .offered import name_of, own_functions, recognised, subjects
from .partners import paired, partner_name
from .subject import Subject

__all__ = ["find", "function_at"]

#: So many names are listed where none is like the one that was meant.
MOST_NAMES = 8

_SKIPPED_FOLDERS = {"__pycache__", "node_modules", "build", "dist", "site-packages", "tests", "test"}


def find(place: str, *, grad: str | None = None, vjp: str | None = None) -> list[Subject]:
    """Return what there is to check in a place.

    Parameters
    ----------
    place : str
        ``pkg.mod``, ``pkg.mod:name``, ``file.py``, ``file.py::name``, or a folder.  In a folder
        only those files are imported in which there is something to check.
    grad, vjp : str, optional
        The name of the derivative of ``name``, where it cannot be told from the names.

    Returns
    -------
    list of Subject
        Never empty.

    Raises
    ------
    Misuse
        If there is no such place, it cannot be imported, or holds nothing to check.
    """
    where, name = _split(place)
    if name:
        return _selected(load(where), where, name, grad, vjp)
    if grad or vjp:
        option = "--grad" if grad else "--vjp"
        raise Misuse(
            f"{option} {grad or vjp} is the derivative of one function; name that one, too: "
            f"{_joined(where, 'NAME')}"
        )
    found = [subject for part in _parts(where) for subject in _placed(subjects(load(part)), part)]
    if not found:
        raise Misuse(_nothing(where))
    return _unambiguous(found)


def _split(place: str) -> tuple[str, str]:
    """Split a place into where and name; a Windows path keeps its colon."""
    for mark in ("::", ":"):
        where, found, name = place.rpartition(mark)
        if found and where and not set(name) & set("/\\"):
            return where, name
    return place, ""


def _joined(where: str, name: str) -> str:
    return f"{where}::{name}" if where.endswith(".py") else f"{where}:{name}"


def _nothing(where: str) -> str:
    text = (
        f"{where} holds nothing to check: no table DERIVATIVES, no pair of names such as f and "
        "f_backward, and no class with forward and backward"
    )
    names = [] if Path(where).is_dir() else list(own_functions(load(where)))
    if names:
        text += f"; of its functions {', '.join(names[:6])}, name one and its derivative: "
        text += f"{_joined(where, names[0])} --vjp NAME"
    return text


# -- modules, files and folders --------------------------------------------------------------------


def _parts(where: str) -> list[str]:
    """Return the modules and files of a place in which there is something to check."""
    if where.endswith(".py"):
        return [where]
    where = as_package(Path(where)) or where
    folder = _package_folder(where) or Path(where)
    dotted = _is_module(where)
    if dotted and (not folder.is_dir() or hasattr(load(where), "DERIVATIVES")):
        return [where]
    if not folder.is_dir():
        load(where)  # says what is the matter
    files = [path for path in _python_files(folder) if _offers(path)]
    if not dotted:
        return [str(path) for path in files]
    return [_dotted(where, path.relative_to(folder)) for path in files]


def _dotted(package: str, path: Path) -> str:
    parts = [*package.split("."), *path.with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_module(where: str) -> bool:
    """Whether there is a module of this name, and it is not a plain folder that lies here."""
    look_here_first()
    try:
        spec = importlib.util.find_spec(where)
    except (ImportError, ValueError, AttributeError):
        return False
    if spec is None or spec.origin is None:
        return False
    return not Path(where).is_dir() or Path(where).resolve() in Path(spec.origin).resolve().parents


def _package_folder(where: str) -> Path | None:
    """Return the folder of a package, None for a module or a path."""
    spec = importlib.util.find_spec(where) if _is_module(where) else None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _python_files(folder: Path) -> Iterator[Path]:
    """Yield the Python files of a folder that are neither tests nor somebody else's."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in _SKIPPED_FOLDERS:
            continue
        if path.is_dir() and not (path / "pyvenv.cfg").exists():
            yield from _python_files(path)
        elif path.suffix == ".py" and not _is_test(path):
            yield path


def _is_test(path: Path) -> bool:
    return (
        path.stem.startswith("test_") or path.stem.endswith("_test") or path.stem in ("conftest", "__main__")
    )


def _offers(path: Path) -> bool:
    """Whether a file seems to hold something to check: read, not run."""
    try:
        body = ast.parse(path.read_bytes(), str(path)).body
    except (SyntaxError, ValueError) as error:
        raise Misuse(f"{path} cannot be read as Python: {error}") from None
    functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    if any(partner_name(functions, name) for name in functions):
        return True
    if any(_is_decorated(node) for node in functions.values()):
        return True
    return any(_assigns_target(node) or _is_layer(node) for node in body)


def _is_decorated(node: ast.FunctionDef) -> bool:
    """Whether a function is given a derivative of its own by a decorator, bare or in a call or partial."""
    words = {
        getattr(part, "attr", getattr(part, "id", "")) for d in node.decorator_list for part in ast.walk(d)
    }
    return bool(words & {"custom_vjp", "custom_jvp"})


def _is_layer(node: ast.stmt) -> bool:
    """Whether a statement makes a class with a backward method."""
    inner = node.body if isinstance(node, ast.ClassDef) else []
    return any(isinstance(n, ast.FunctionDef) and n.name.startswith(("backward", "bprop")) for n in inner)


def _assigns_target(node: ast.stmt) -> bool:
    """Whether a statement makes a table of derivatives, or a target."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)):
        return False
    targets: list[ast.expr] = node.targets if isinstance(node, ast.Assign) else [node.target]
    value = node.value
    if any(isinstance(t, ast.Name) and t.id == "DERIVATIVES" for t in targets):
        return True
    called = value.func if isinstance(value, ast.Call) else None
    return getattr(called, "attr", getattr(called, "id", "")) == "target"


# -- one function, by its name --------------------------------------------------------------------


def _selected(module: ModuleType, where: str, name: str, grad: str | None, vjp: str | None) -> list[Subject]:
    """Return the rows of that name, or the function with its derivative, found or given."""
    place = _joined(where, name)
    given = [(form, other) for form, other in (("grad", grad), ("vjp", vjp)) if other is not None]
    if len(given) == 2:
        raise Misuse("give either --grad or --vjp, not both")
    if given:
        ((form, other),) = given
        made = target(_function(module, name), **{form: _function(module, other)})  # type: ignore[arg-type]  # as above
        return [Subject(made, place=place)]
    rows = [s for s in subjects(module) if name in _names_of(s)] if hasattr(module, "DERIVATIVES") else []
    if rows:
        return _placed(rows, where)
    value = vars(module).get(name)
    found = None if inspect.isfunction(value) or value is None else recognised(value)
    if found is not None:
        return [Subject(found, place=place)]
    return [_with_partner(module, name, place)]


def function_at(place: str) -> Callable[..., Any]:
    """Return the function at a place: ``pkg.mod:name`` or ``file.py::name``.

    Raises
    ------
    Misuse
        If there is none.
    """
    where, name = _split(place)
    if not name:
        raise Misuse(f"{place!r} names no function; write {_joined(place, 'NAME')}")
    return _function(load(where), name)


def _names_of(subject: Subject) -> set[str]:
    target = subject.target
    return {target.name, name_of(target.forward), name_of(target.derivative)}


def _with_partner(module: ModuleType, name: str, place: str) -> Subject:
    function = _function(module, name)
    found = partner_name(vars(module), name)
    if found is None:
        looked = ", ".join(pattern.format(name) for pattern in ("{}_backward", "{}_vjp", "d{}", "{}_grad"))
        raise Misuse(
            f"no derivative of {name!r} was found in {module.__name__} (looked for {looked}, ...); "
            f"name it: {place} --vjp NAME, or --grad NAME"
        )
    form, other = found
    return Subject(paired(function, form, _function(module, other)), place=place)


def _function(module: ModuleType, name: str) -> Callable[..., Any]:
    value: Any = module
    for part in name.split("."):
        value = getattr(value, part, None)
    if value is None:
        known = own_functions(module) or [n for n in vars(module) if not n.startswith("_")]
        hint = nearest(name, known) if known else "it defines no function"
        if not hint.startswith("did") and len(known) > MOST_NAMES:
            hint = f"it has {', '.join(sorted(known)[:MOST_NAMES])} and {len(known) - MOST_NAMES} more"
        raise Misuse(f"{module.__name__} has no {name!r}; {hint}")
    if not callable(value):
        raise Misuse(f"{module.__name__}.{name} is {type(value).__name__}, which cannot be called")
    return value  # type: ignore[no-any-return]  # callable was just checked


def _placed(found: Iterable[Subject], where: str) -> list[Subject]:
    return [replace(s, place=_joined(where, s.place) if s.place else where) for s in found]


def _unambiguous(found: list[Subject]) -> list[Subject]:
    """Name functions of several modules by their place, where the names alone are not different."""
    names = [subject.target.name for subject in found]
    return [
        replace(s, target=replace(s.target, name=s.place))
        if names.count(s.target.name) > 1 and s.place
        else s
        for s in found
    ]
