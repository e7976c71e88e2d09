"""Modules by their dotted name or their file, imported as a user would."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from gradtest.errors import Misuse, nearest

__all__ = ["as_package", "load", "look_here_first"]


def load(place: str) -> ModuleType:
    """Import a module by its dotted name or by its file.

    Raises
    ------
    Misuse
        If there is no such module, or it cannot be imported.
    """
    if place.endswith(".py"):
        return _load_file(Path(place))
    look_here_first()
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        missing = error.name or place
        if missing == place or place.startswith(missing + "."):
            raise Misuse(_no_module(place)) from None
        raise Misuse(f"{place} needs {missing!r}, which is not installed") from error
    except (Exception, SystemExit) as error:
        raise _not_imported(place, error) from error


def look_here_first() -> None:
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


def as_package(folder: Path) -> str:
    """Return the dotted name of a folder that is a package, having made it importable; else nothing."""
    if not (folder / "__init__.py").is_file():
        return ""
    root, name = _importable(folder.resolve() / "__init__.py")
    if root != Path.cwd() and str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return name
