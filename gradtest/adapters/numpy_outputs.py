"""Of which outputs backward takes the upstream gradients, told by what forward calls what it returns."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gradtest.signatures import meant

__all__ = ["paired_by_name", "returned_names"]


def returned_names(method: Callable[..., Any]) -> tuple[str, ...] | None:
    """Return what a function calls the outputs that it returns; None if it returns one, or this is not seen.

    Parameters
    ----------
    method : callable
        Its source is read, and nothing is called.

    Returns
    -------
    tuple of str, or None
        Names of variables and attributes, empty where there is none.  Every return statement has
        to say the same.

    >>> returned_names(divmod) is None  # has no source
    True
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(method))))
    except (OSError, TypeError, SyntaxError):
        return None
    returned = {_names(node.value) for node in _returns(tree.body[0])}
    return returned.pop() if len(returned) == 1 else None


def _returns(node: ast.AST) -> Iterator[ast.Return]:
    """Yield the return statements of a function, and not those of functions within it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Return):
            yield child
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield from _returns(child)


def _names(value: ast.expr | None) -> tuple[str, ...] | None:
    if not isinstance(value, ast.Tuple):
        return None
    return tuple(str(getattr(one, "id", "") or getattr(one, "attr", "")) for one in value.elts)


def paired_by_name(cotangents: Sequence[str], outputs: Sequence[str]) -> tuple[int, ...] | None:
    """Return the number of the output that each cotangent is of; None where no name tells.

    What means no output takes one of those that are left, in their order, where there is one for each.

    >>> paired_by_name(["dskip", "dmain"], ["main", "skip"]), paired_by_name(["g", "dh"], ["h", "c"])
    ((1, 0), (1, 0))
    >>> paired_by_name(["dc"], ["h", "c"]), paired_by_name(["g1", "g2"], ["h", "c"])
    ((1,), None)
    """
    named = [name for name in outputs if name]
    whose = [meant(name, named) for name in cotangents]
    told = [name for name in whose if name is not None]
    complete = len(told) == len(whose) or len(whose) == len(outputs)
    if not told or len(set(told)) < len(told) or not complete:
        return None
    left = iter(i for i, name in enumerate(outputs) if name not in told)
    return tuple(next(left) if name is None else outputs.index(name) for name in whose)
