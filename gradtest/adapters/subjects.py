"""What there is to check in a place: a module, a file, a folder, or one function of these."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from gradtest.errors import Misuse, MisusedType, nearest
from gradtest.settings import USUAL_DTYPE
from gradtest.targets import Target, target

from .recognise import as_target

__all__ = ["Subject", "find", "function_at", "load", "subjects"]

#: How the derivative of `f` may be called, and what it then is; the first that exists is taken.
PARTNERS: tuple[tuple[str, str], ...] = (
    *(
        (pattern, "vjp")
        for pattern in ("{}_vjp", "{}_backward", "{}_bwd", "{}_back", "{}_pullback", "{}_backprop")
    ),
    *((pattern, "vjp") for pattern in ("{}Backward", "vjp_{}", "backward_{}", "bwd_{}", "backprop_{}")),
    *((pattern, "grad") for pattern in ("d_{}", "d{}", "grad_{}", "gradient_{}", "{}_grad", "{}_grads")),
    *((pattern, "grad") for pattern in ("{}_gradient", "{}_gradients", "{}_derivative", "{}_deriv")),
    *((pattern, "grad") for pattern in ("{}_prime", "{}prime", "{}_der", "{}_dx", "{}Grad", "{}Prime")),
    *((pattern, "grad") for pattern in ("{}_jac", "{}_jacobian", "jac_{}", "jacobian_{}")),
    *((pattern, "value_and_grad") for pattern in ("{}_and_grad", "{}_value_and_grad", "value_and_grad_{}")),
    *((pattern, "jvp") for pattern in ("{}_jvp", "jvp_{}", "{}_pushforward")),
)

#: Names that belong together although neither is made from the other.
COUPLES: tuple[tuple[str, str, str], ...] = (
    *((name, "grad", "grad") for name in ("f", "fun", "func", "loss", "objective", "value")),
    *((name, "gradient", "grad") for name in ("f", "fun", "func", "loss", "objective", "value")),
    *((name, "jac", "grad") for name in ("f", "fun", "func", "residuals", "objective")),
)

#: So many names are listed where none is like the one that was meant.
MOST_NAMES = 8

_FORWARD, _BACKWARD = ("forward", "fwd", "Forward"), ("backward", "bwd", "Backward")
_CACHES = ("cache", "caches", "ctx", "context", "saved", "residuals", "tape")
_COTANGENTS = {
    "dout",
    "dy",
    "dz",
    "g",
    "gy",
    "ct",
    "cotangent",
    "upstream",
    "delta",
    "grad_out",
    "grad_output",
}
_ROW = {"forward", "vjp", "grad", "value_and_grad", "jvp", "wrt", "name", "equation", "inputs"}
_SKIPPED_FOLDERS = {"__pycache__", "node_modules", "build", "dist", "site-packages", "tests", "test"}


@dataclass(frozen=True)
class Subject:
    """A target, the named shapes of its inputs where they are known, and where it was found.

    Attributes
    ----------
    target : Target
    inputs : mapping, optional
    place : str
        What one writes to find it again: ``pkg.mod:name`` or ``file.py::name``.
    dtype : str
        The precision of the inputs that it is asked at.
    """

    target: Target
    inputs: Mapping[str, Any] | None = None
    place: str = ""
    dtype: str = USUAL_DTYPE

    @property
    def name(self) -> str:
        """What reports call it: its own name, and the precision where that is not the usual one."""
        return self.in_precision(self.target.name)

    def in_precision(self, name: str) -> str:
        """Return a name of the target with the precision, where that is not the usual one."""
        return name if self.dtype == USUAL_DTYPE else f"{name} in {self.dtype}"

    def at(self, dtypes: Iterable[str]) -> Iterator[Subject]:
        """Yield the same in several precisions."""
        return (replace(self, dtype=dtype) for dtype in dtypes)


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
    names = [] if Path(where).is_dir() else list(_own_functions(load(where)))
    if names:
        text += f"; of its functions {', '.join(names[:6])}, name one and its derivative: "
        text += f"{_joined(where, names[0])} --vjp NAME"
    return text


# -- places ---------------------------------------------------------------------------------------


def _parts(where: str) -> list[str]:
    """Return the modules and files of a place in which there is something to check."""
    if where.endswith(".py"):
        return [where]
    where = _as_package(Path(where)) or where
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


def _as_package(folder: Path) -> str:
    """Return the dotted name of a folder that is a package, having made it importable; else nothing."""
    if not (folder / "__init__.py").is_file():
        return ""
    root, name = _importable(folder.resolve() / "__init__.py")
    if root != Path.cwd() and str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return name


def _dotted(package: str, path: Path) -> str:
    parts = [*package.split("."), *path.with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_module(where: str) -> bool:
    """Whether there is a module of this name, and it is not a plain folder that lies here."""
    _look_here_first()
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
    if any(_partner_name(functions, name) for name in functions):
        return True
    return any(_assigns_target(node) or _is_layer(node) for node in body)


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


# -- modules --------------------------------------------------------------------------------------


def load(place: str) -> ModuleType:
    """Import a module by its dotted name or by its file.

    Raises
    ------
    Misuse
        If there is no such module, or it cannot be imported.
    """
    if place.endswith(".py"):
        return _load_file(Path(place))
    _look_here_first()
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        missing = error.name or place
        if missing == place or place.startswith(missing + "."):
            raise Misuse(_no_module(place)) from None
        raise Misuse(f"{place} needs {missing!r}, which is not installed") from error
    except (Exception, SystemExit) as error:
        raise _not_imported(place, error) from error


def _look_here_first() -> None:
    """Let what lies in the current folder come first, as under ``python -m``."""
    if "" not in sys.path and sys.path[:1] != [str(Path.cwd())]:
        sys.path.insert(0, "")


def _no_module(place: str) -> str:
    if "/" in place or "\\" in place:
        return f"there is no file or folder {place!r}; give file.py, file.py::name, a folder, or pkg.mod:name"
    if Path(place + ".py").is_file():
        return f"there is no module {place!r}; for the file write {place}.py"
    here = [path.stem for path in Path().glob("*.py")] + [
        path.parent.name for path in Path().glob("*/__init__.py")
    ]
    close = nearest(place, here)
    hint = (
        f"; {close}" if close.startswith("did") else "; give pkg.mod, pkg.mod:name, file.py::name or a folder"
    )
    return f"there is no module {place!r}, neither in the current folder nor installed{hint}"


def _not_imported(place: object, error: BaseException) -> Misuse:
    if isinstance(error, SystemExit):
        return Misuse(
            f"{place} cannot be imported: it ends the program; guard what it runs by `if __name__ == ...`"
        )
    where = ""
    if isinstance(error, SyntaxError) and error.lineno:
        where = f" (line {error.lineno})"
    return Misuse(f"{place} cannot be imported: {type(error).__name__}: {error}{where}")


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise Misuse(_no_file(path))
    root, name = _importable(path.resolve())
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))  # so that it finds its neighbours
    if "." in name or path.stem == "__init__":
        return load(name)
    known = sys.modules.get(name)
    if known is not None:
        if Path(getattr(known, "__file__", None) or "").resolve() == path.resolve():
            return known
        name = f"{path.resolve().parent.name}_{name}"  # another file of this name came first
    return _executed(name, path)


def _executed(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise Misuse(f"{path} is not a Python file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _not_imported(path, error) from error
    return module


def _no_file(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"there is no file {str(path)!r}: there is no folder {str(folder)!r}"
    there = [p.name for p in folder.glob("*.py")]
    hint = nearest(path.name, there) if there else "no Python file lies there"
    return f"there is no file {str(path)!r}; {hint}"


def _importable(path: Path) -> tuple[Path, str]:
    """Return the folder to import a file from, and its dotted name: with its packages, if it has any."""
    root, parts = path.parent, [] if path.stem == "__init__" else [path.stem]
    while (root / "__init__.py").is_file():
        parts.insert(0, root.name)
        root = root.parent
    return root, ".".join(parts)


# -- what a module offers -------------------------------------------------------------------------


def subjects(module: ModuleType) -> list[Subject]:
    """Return what a module offers: its table `DERIVATIVES`, else its targets, pairs by name, and layers.

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
    own = _own_functions(module)
    made = [Subject(value, place=name) for name, value in vars(module).items() if isinstance(value, Target)]
    return made + list(_pairs(own)) + list(_layers(module))


def _layers(module: ModuleType) -> Iterator[Subject]:
    """Yield the public classes of a module that are recognised, but for abstract ones."""
    for name, value in vars(module).items():
        if name.startswith("_") or not isinstance(value, type) or value.__module__ != module.__name__:
            continue
        found = None if _is_abstract(value) else _recognised(value)
        if found is not None:
            yield Subject(found, place=name)


def _is_abstract(kind: type) -> bool:
    methods = [getattr(kind, name, None) for name in _FORWARD]
    codes = [getattr(method, "__code__", None) for method in methods]
    return inspect.isabstract(kind) or any(
        code is not None and "NotImplementedError" in code.co_names for code in codes
    )


def _recognised(value: Any) -> Target | None:
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
    return Subject(made, row.get("inputs"), _name_of(made.derivative))


def _name_of(function: Callable[..., Any]) -> str:
    """Return the name of a function, empty where it has none that could be written."""
    name = str(getattr(function, "__name__", ""))
    return name if name.isidentifier() else ""


def _own_functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """Return the public functions that a module defines itself."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }


def _pairs(own: Mapping[str, Callable[..., Any]]) -> Iterator[Subject]:
    for name, function in own.items():
        found = _partner_name(own, name)
        if found is not None:
            form, other = found
            yield Subject(_paired(function, form, own[other]), place=name)


def _partner_name(names: Mapping[str, Any], name: str) -> tuple[str, str] | None:
    """Return the form and the name of the derivative of `name` among `names`."""
    for pattern, form in PARTNERS:
        if pattern.format(name) in names:
            return form, pattern.format(name)
    for first, second, form in COUPLES:
        if name == first and second in names:
            return form, second
    for other in _swapped(name):
        if other in names:
            return "vjp", other
    return None


def _swapped(name: str) -> Iterator[str]:
    """Yield `name` with backward in place of forward, at its end or its beginning."""
    for forward in _FORWARD:
        for backward in _BACKWARD:
            if name.endswith(forward):
                yield name.removesuffix(forward) + backward
            if name.startswith(forward):
                yield backward + name.removeprefix(forward)


def _paired(function: Callable[..., Any], form: str, derivative: Callable[..., Any]) -> Target:
    """Make a target of a pair whose form the name suggests and the parameters correct."""
    if form in ("grad", "vjp"):
        form = _form(function, derivative, form)
    return target(function, **{form: derivative})  # type: ignore[arg-type]  # form is one of its keywords


def _form(function: Callable[..., Any], derivative: Callable[..., Any], named: str) -> str:
    """Tell a pullback from a gradient: df(dout, x) is one in kind, and f_backward(x) is the other."""
    try:
        own, other = _required(function), _required(derivative)
    except (TypeError, ValueError):
        return named
    if len(other) == len(own) + 1 or (len(other) == 2 and other[1].lower() in _CACHES):
        return "vjp"
    if {name.lower() for name in (*other[:1], *other[-1:]) if name not in own} & _COTANGENTS:
        return "vjp"
    return "grad" if own == other else named


def _required(function: Callable[..., Any]) -> list[str]:
    return [p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty]


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
    recognised = None if inspect.isfunction(value) or value is None else _recognised(value)
    if recognised is not None:
        return [Subject(recognised, place=place)]
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
    return {target.name, _name_of(target.forward), _name_of(target.derivative)}


def _with_partner(module: ModuleType, name: str, place: str) -> Subject:
    function = _function(module, name)
    found = _partner_name(vars(module), name)
    if found is None:
        looked = ", ".join(pattern.format(name) for pattern in ("{}_backward", "{}_vjp", "d{}", "{}_grad"))
        raise Misuse(
            f"no derivative of {name!r} was found in {module.__name__} (looked for {looked}, ...); "
            f"name it: {place} --vjp NAME, or --grad NAME"
        )
    form, other = found
    return Subject(_paired(function, form, _function(module, other)), place=place)


def _function(module: ModuleType, name: str) -> Callable[..., Any]:
    value: Any = module
    for part in name.split("."):
        value = getattr(value, part, None)
    if value is None:
        known = _own_functions(module) or [n for n in vars(module) if not n.startswith("_")]
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
