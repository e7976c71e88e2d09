"""Inputs farther out than usual: larger shapes, other scales, and precisions that a function may not take."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from gradtest.errors import Misuse
from gradtest.properties.pinned import pinned
from gradtest.properties.points import point_of
from gradtest.properties.shapes import WIDTHS, read_shape
from gradtest.spaces.containers import flatten
from gradtest.spaces.domains import Real
from gradtest.targets import Target

from .guess import refused_at

__all__ = ["drawn_farther", "refusal"]

#: No array has more entries than about that, or one case would take all the time there is.
MOST_ENTRIES = 4096


def drawn_farther(
    target: Target, shapes: Mapping[str, Any], dtype: str, width: int = 0, scale: int = 0
) -> SearchStrategy[dict[str, Any]]:
    """Return a strategy for the inputs of a target.

    Parameters
    ----------
    target, shapes, dtype
        As in `gradtest.properties.points.point_of`.
    width : int
        How large a named dim may be, as far as `MOST_ENTRIES` allows; 0 for the usual.
    scale : int
        Real inputs without a domain are multiplied by two to the power of it.
    """
    sizes = _sizes(shapes, width) if width else None
    point = point_of(target, shapes, dtype=dtype, sizes=sizes)
    free = [name for name, shape in shapes.items() if isinstance(shape, str) and _is_free(shape)]
    return point.map(partial(_scaled, free, 2.0**scale)) if scale and free else point


def _is_free(shape: str) -> bool:
    return read_shape(shape).domain == Real()


def _sizes(shapes: Mapping[str, Any], width: int) -> dict[str, tuple[int, int]]:
    read = [read_shape(leaf) for leaf in flatten(dict(shapes)).leaves if isinstance(leaf, str)]
    axes = max((len(shape.dims) for shape in read), default=1)
    largest = max(WIDTHS[1], min(width, int(MOST_ENTRIES ** (1 / max(axes, 1)))))
    return {dim.name: (1, largest) for shape in read for dim in shape.dims if dim.name}


def _scaled(names: list[str], factor: float, point: dict[str, Any]) -> dict[str, Any]:
    return point | {name: _times(point[name], factor) for name in names if name in point}


def _times(value: Any, factor: float) -> Any:
    tree = flatten(value)
    return tree.build([leaf * np.asarray(leaf).dtype.type(factor) for leaf in tree.leaves])


def refusal(target: Target, shapes: Mapping[str, Any], dtype: str) -> str:
    """Return why a function does not take inputs of a precision; empty if it does, or there is no telling."""
    try:
        return refused_at(target, pinned(shapes, 0, dtype))
    except Misuse:
        return ""
