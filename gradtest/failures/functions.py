"""How to have a function again in another process: by its name, or by its source."""

from __future__ import annotations

import ast
import builtins
import importlib
import importlib.util
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from gradtest.signatures import label

from .packing import CannotKeep

__all__ = ["Named", "Script", "load", "named"]

#: What a script must not need: of a module that imports these at its top the functions are copied.
_OURS = re.compile(r"^(import|from)\s+(gradtest|hypothesis|pytest)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Named:
    """A function that can be imported.

    Attributes
    ----------
    module : str
        Dotted name.
    file : str
        Its source; empty where there is none.
    name : str
        Where in the module, as in ``Dense.forward``.
    """

    module: str
    file: str
    name: str

    @property
    def root(self) -> Path | None:
        """The folder from which the module is imported by its name; None if it cannot be told."""
        path = Path(self.file)
        parts = list(path.parts[:-1]) if path.stem == "__init__" else [*path.parts[:-1], path.stem]
        dotted = self.module.split(".")
        return Path(*parts[: -len(dotted)]) if self.file and parts[-len(dotted) :] == dotted else None

    @property
    def heavy(self) -> bool:
        """Whether its module imports gradtest, Hypothesis or pytest."""
        try:
            return bool(self.file and _OURS.search(Path(self.file).read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError):
            return False


def named(function: Any) -> Named | None:
    """Return under what name a function, class or other object can be imported; None if under none."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if isinstance(function, np.ufunc):
        module, name = "numpy", function.__name__
    loaded = sys.modules.get(module or "")
    if loaded is None or not isinstance(name, str) or "<" in name:
        return None
    if _attribute(loaded, name) is not function:
        return None
    file = getattr(loaded, "__file__", None) or ""
    if module == "__main__":
        spec = getattr(loaded, "__spec__", None)
        module = spec.name if spec is not None else Path(file).stem
        if not file:
            return None
    return Named(str(module), str(Path(file).resolve()) if file.endswith(".py") else "", name)


def _attribute(holder: Any, name: str) -> Any:
    for part in name.split("."):
        holder = getattr(holder, part, None)
    return holder


def load(place: Named) -> Any:
    """Import a function again.

    Raises
    ------
    CannotKeep
        If it is no longer there, or its module cannot be imported.
    """
    try:
        found = _attribute(_module(place), place.name)
    except (Exception, SystemExit) as error:
        raise CannotKeep(f"{place.module} cannot be imported ({type(error).__name__}: {error})") from error
    if found is None:
        raise CannotKeep(f"{place.module} has no {place.name} any more")
    return found


def _module(place: Named) -> ModuleType:
    known = sys.modules.get(place.module)
    if known is not None and _same_file(known, place.file):
        return known
    if place.root is not None and str(place.root) not in sys.path:
        sys.path.insert(0, str(place.root))
    if place.root is not None or not place.file:
        found = importlib.import_module(place.module)
        if not place.file or _same_file(found, place.file):
            return found
    spec = importlib.util.spec_from_file_location(f"replayed_{Path(place.file).stem}", place.file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _same_file(module: ModuleType, file: str) -> bool:
    own = getattr(module, "__file__", None)
    return bool(own and file) and Path(str(own)).resolve() == Path(file)


# -- the same in a script -------------------------------------------------------------------------


class Script:
    """The top of a script: imports, and copies of what cannot be imported.

    Parameters
    ----------
    base : Path
        The folder to which paths in the script are relative; the script has it as ``ROOT``.
    """

    def __init__(self, base: Path) -> None:
        self.base = base.resolve()
        self.imports = ["import numpy as np"]
        self.paths: list[str] = []
        self.copies: list[str] = []
        self._bound: dict[str, Any] = {"np": np}

    def reserve(self, names: Iterable[str]) -> None:
        """Keep names free that the script has for something else."""
        self._bound.update((name, object()) for name in names)

    def bring(self, function: Callable[..., Any], role: str) -> str:
        """Make a function available, and return the expression for it.

        Raises
        ------
        CannotKeep
            If it can neither be imported nor copied.
        """
        place = named(function)
        if place is not None and not place.heavy:
            return self._imported(place, function)
        if isinstance(function, FunctionType):
            return self._copied(function, role)
        if place is not None:
            return self._imported(place, function)
        raise CannotKeep(f"{label(function)} is made while the program runs: it has no name and no source")

    # -- imported -----------------------------------------------------------------------------

    def _imported(self, place: Named, value: Any) -> str:
        first, *rest = place.name.split(".")
        if place.module == "builtins":
            return place.name
        holder = value if not rest else vars(sys.modules.get(place.module, builtins)).get(first)
        if place.file and place.root is None:
            raise CannotKeep(f"{place.name} is in {place.file}, which is not imported by its own name")
        name = self._name(first, holder)
        if name is not None:
            rename = "" if name == first else f" as {name}"
            self._import_from(place.module, first + rename)
            if place.root is not None and not _installed(place.root):
                self._note(self.paths, self._relative(place.root))
        return ".".join([name or self._alias(holder), *rest])

    def _import_from(self, module: str, name: str) -> None:
        start = f"from {module} import "
        known = next((line for line in self.imports if line.startswith(start)), None)
        if known is None:
            self.imports.append(start + name)
        elif name not in known.removeprefix(start).split(", "):
            self.imports[self.imports.index(known)] = f"{known}, {name}"

    def _relative(self, folder: Path) -> str:
        try:
            inside = folder.resolve().relative_to(self.base)
        except ValueError:
            return repr(str(folder))
        return "ROOT" + "".join(f" / {part!r}" for part in inside.parts)

    def _note(self, lines: list[str], line: str) -> None:
        if line not in lines:
            lines.append(line)

    def _name(self, wish: str, value: Any) -> str | None:
        """Return a free name for a value, and take it; None if the value has one already."""
        if any(known is value for known in self._bound.values()):
            return None
        name = wish
        while name in self._bound:
            name += "_"
        self._bound[name] = value
        return name

    def _alias(self, value: Any) -> str:
        return next(name for name, known in self._bound.items() if known is value)

    # -- copied -------------------------------------------------------------------------------

    def _copied(self, function: FunctionType, role: str) -> str:
        inner = inspect.unwrap(function)  # its source has the decorators above it
        node, text = _source(inner)
        name = role if isinstance(node, ast.Lambda) else str(getattr(node, "name", role))
        taken = self._bound.get(name)
        if taken is function:
            return name
        if taken is not None:
            raise CannotKeep(f"{label(function)} is called {name}, as something else in the script is")
        self._bound[name] = function
        closure = inspect.getclosurevars(inner)
        known = {**closure.globals, **closure.nonlocals}
        for wanted in _names(node):
            if wanted in known and wanted != name:
                self._bind(wanted, known[wanted])
            elif wanted in inner.__globals__ and wanted != name and not hasattr(builtins, wanted):
                self._bind(wanted, inner.__globals__[wanted])
        self.copies.append(f"{name} = {text}" if isinstance(node, ast.Lambda) else text)
        return name

    def _bind(self, name: str, value: Any) -> None:
        """Let a copied function find what it uses, under the name by which it uses it."""
        if self._bound.get(name, self) is value:
            return
        if name in self._bound:
            raise CannotKeep(f"two different things are called {name}")
        if isinstance(value, ModuleType):
            self._bound[name] = value
            parent, _, last = value.__name__.rpartition(".")
            line = (
                f"import {value.__name__}" if name == value.__name__ else f"import {value.__name__} as {name}"
            )
            self._note(self.imports, f"from {parent} import {last}" if parent and last == name else line)
        elif isinstance(value, (int, float, str, bool, type(None))) or _plain(value):
            self._bound[name] = value
            self.copies.append(f"{name} = {_literal(value)}")
        elif callable(value):
            found = self.bring(value, name)
            if found != name:
                self._bound[name] = value
                self.copies.append(f"{name} = {found}")
        else:
            raise CannotKeep(f"it uses {name}, a {type(value).__name__}, which cannot be copied")


def _installed(folder: Path) -> bool:
    """Whether Python finds modules in a folder by itself."""
    return folder.name in ("site-packages", "dist-packages") or (folder / "site-packages").is_dir()


def _plain(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.size <= 64 and value.dtype.kind in "fiub"
    if isinstance(value, (list, tuple)):
        return all(isinstance(item, (int, float, str)) or _plain(item) for item in value)
    return False


def _literal(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()!r}, dtype={value.dtype.name!r})"
    return repr(value)


# -- source ---------------------------------------------------------------------------------------


def _source(function: Any) -> tuple[ast.AST, str]:
    """Return a function as a syntax tree and as text.

    Raises
    ------
    CannotKeep
        If its source is not to be had, or not to be told from another on the same line.
    """
    try:
        lines, _ = inspect.findsource(function)
    except (OSError, TypeError) as error:
        raise CannotKeep(f"the source of {label(function)} is not to be had") from error
    whole = "".join(lines)
    here = [node for node in _functions(ast.parse(whole)) if _is_source(node, function)]
    if not here:
        raise CannotKeep(f"the source of {label(function)} is not to be had")
    node = min(here, key=lambda node: len(ast.dump(node)))
    text = ast.get_source_segment(whole, node, padded=True) or ""
    if isinstance(node, ast.Lambda):
        return node, " ".join(line.strip() for line in text.splitlines())
    above = whole.splitlines()[_first_line(node) - 1 : node.lineno - 1]  # decorators
    return node, textwrap.dedent("\n".join([*above, text]))


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.Lambda]:
    return (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Lambda)))


def _first_line(node: ast.FunctionDef | ast.Lambda) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _names(node: ast.AST) -> list[str]:
    """Return the names that are read within a node, in the order of their first use."""
    read = (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    return list(dict.fromkeys(read))


def _is_source(node: ast.FunctionDef | ast.Lambda, function: Any) -> bool:
    """Whether a node is where a function was made: its first line, its name, and where its code is."""
    if _first_line(node) != function.__code__.co_firstlineno:
        return False
    if isinstance(node, ast.FunctionDef):
        return bool(node.name == function.__name__)
    if function.__name__ != "<lambda>":
        return False
    start, stop = _start(node.body), (node.body.end_lineno or 0, node.body.end_col_offset or 0)
    places = [(line, column) for line, _, column, _ in function.__code__.co_positions() if line and column]
    return all(start <= place <= stop for place in places)


def _start(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset
