"""Generic points from named shapes: the same in every run, on every machine, with every Hypothesis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradtest.errors import Misuse
from gradtest.spaces.containers import flatten

from .shapes import Shape, Sizes, read_shape
from .values import seeded

__all__ = ["DEPTH", "pinned"]

#: How many layers a network has.
DEPTH = 2
#: The smallest size; every further name has one more.
SMALLEST = 2
#: The seeds of one point lie so far apart.
STRIDE = 64


def pinned(shapes: Mapping[str, Any], seed: int, dtype: str = "float64") -> dict[str, Any]:
    """Return one generic value for every input; every name has a size of its own.

    Sizes that differ keep what fits from fitting by accident, and a transposed array from
    passing for the right one.

    Parameters
    ----------
    shapes : mapping
        For each input a named shape, or a nested container of them.
    seed : int
        Another one gives another point, of the same sizes.
    dtype : str
        A real floating dtype, as in `gradtest.inputs`.

    Raises
    ------
    Misuse
        If an input is a Hypothesis strategy: what that draws is another thing in every version.

    >>> point = pinned({"x": "batch in", "w": "in out"}, 0)
    >>> point["x"].shape, point["w"].shape
    ((4, 2), (2, 3))
    """
    tree = flatten(dict(shapes))
    read = [_read(path, leaf) for path, leaf in zip(tree.paths, tree.leaves, strict=True)]
    sizes = _sizes(read)
    return dict(tree.build([_array(shape, sizes, STRIDE * i + seed, dtype) for i, shape in enumerate(read)]))


def _read(path: str, leaf: object) -> Shape:
    if not isinstance(leaf, str):
        raise Misuse(f"inputs{path} are drawn by a Hypothesis strategy, which cannot be pinned")
    return read_shape(leaf)


def _sizes(shapes: list[Shape]) -> Sizes:
    keys: list[str | tuple[str, int]] = []
    for dim in (dim for shape in shapes for dim in shape.dims if dim.name):
        keys += [(dim.name, i) for i in range(dim.shift, DEPTH + 2)] if dim.anchor else [dim.name]
    return Sizes({key: SMALLEST + i for i, key in enumerate(dict.fromkeys(keys))}, depth=DEPTH)


def _array(shape: Shape, sizes: Sizes, seed: int, dtype: str) -> Any:
    if shape.layered:
        return [_leaf(shape, sizes, layer, seed + layer, dtype) for layer in range(1, DEPTH + 1)]
    return _leaf(shape, sizes, 0, seed, dtype)


def _leaf(shape: Shape, sizes: Sizes, layer: int, seed: int, dtype: str) -> Any:
    domain = shape.domain.bind(sizes.of_name)
    return seeded(shape.size_of(sizes, layer), seed, domain=domain, dtype=dtype)
