"""Where the code under test stands."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path

from gradtest.signatures import label
from gradtest.targets import Target

__all__ = ["source_of"]


def source_of(target: Target) -> str:
    """Return file, line and name of the derivative under test, as far as Python knows them."""
    function = inspect.unwrap(target.derivative)
    while isinstance(function, functools.partial):
        function = inspect.unwrap(function.func)
    if not hasattr(function, "__qualname__"):
        function = type(function).__call__  # an object that can be called
    try:
        file = inspect.getsourcefile(function)
        line = inspect.getsourcelines(function)[1]
    except (TypeError, OSError):
        return label(function)
    return f"{Path(file or '?').name}:{line}  {label(function)}"
