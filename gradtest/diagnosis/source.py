"""Where the code under test stands."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path
from types import CodeType
from typing import Any

from gradtest.signatures import label
from gradtest.targets import Target

__all__ = ["location_of", "source_of"]

_HERE = Path(__file__).resolve().parents[1]


def source_of(target: Target) -> str:
    """Return file, line and name of the derivative under test, as far as Python knows them."""
    function = _function(target)
    found = _found(function)
    return f"{found[0].name}:{found[1]}  {label(function)}" if found else label(function)


def location_of(target: Target) -> tuple[str, int] | None:
    """Return file and line of the derivative under test, from the root of the project.

    The root is the nearest folder above the current one that is under version control, else the current
    one.  None where the file is not below it, or belongs to an installed package.
    """
    return _below(_found(_function(target)), Path.cwd())


@functools.lru_cache(maxsize=1024)
def _below(found: tuple[Path, int] | None, folder: Path) -> tuple[str, int] | None:
    if found is None:
        return None
    file, root = found[0].resolve(), _root(folder)
    if not file.is_relative_to(root) or "site-packages" in file.parts or _HERE in file.parents:
        return None
    return file.relative_to(root).as_posix(), found[1]


def _function(target: Target) -> Any:
    """Return what somebody wrote: below decorators and partial applications."""
    function = inspect.unwrap(target.derivative)
    while isinstance(function, functools.partial):
        function = inspect.unwrap(function.func)
    return function if hasattr(function, "__qualname__") else type(function).__call__


def _found(function: Any) -> tuple[Path, int] | None:
    code = getattr(function, "__code__", None)
    return _of_code(code, code.co_filename) if isinstance(code, CodeType) else _stands(function)


def _stands(source: Any) -> tuple[Path, int] | None:
    try:
        file = inspect.getsourcefile(source)
        line = inspect.getsourcelines(source)[1]
    except (TypeError, OSError):
        return None
    return Path(file or "?"), max(line, 1)


@functools.lru_cache(maxsize=1024)
def _of_code(code: CodeType, file: str) -> tuple[Path, int] | None:
    """Remember where code stands, for every case asks; what a function closes over is not kept alive.

    The same code in two files is equal, and so the file is asked for beside it.
    """
    return _stands(code)


def _root(start: Path) -> Path:
    """Return the nearest folder under version control, from `start` upwards; else `start`."""
    start = start.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), start)
