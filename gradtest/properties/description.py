"""What is described of inputs: how they are nested, their shapes, and the bytes that decide an example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from numpy.typing import DTypeLike

from gradtest.errors import Misuse, MisusedType

from .layouts import Layout, read_layouts
from .shapes import Draft, Range, Shape, Sizes, read_shape, read_signature
from .values import Flavour, flavours_of

__all__ = [
    "DTypes",
    "Description",
    "Leaf",
    "Values",
    "describe",
    "read_described",
    "rebuilt",
    "shape_at",
    "walk",
]

Values = dict[str, Any]
DTypes = DTypeLike | Sequence[DTypeLike]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Leaf:
    """One described input: its place in the result, and where its parts of the header begin."""

    path: str
    shape: Shape
    first: int
    flavours_at: int
    flavours: tuple[Flavour, ...]
    layouts_at: int

    def flavour(self, header: bytes, layer: int, nasty: bool) -> Flavour:
        """Return the flavour of this input, or of one layer of it."""
        if not nasty:
            return Flavour.GENERIC
        return _one_of(self.flavours, header[self.flavours_at + max(0, layer - 1)])


def _one_of(choices: Sequence[_T], code: int) -> _T:
    """Return the one of up to 256 choices that a byte stands for; the smallest byte is the first."""
    return choices[code * len(choices) >> 8]


class Description:
    """Everything about a call that does not change from example to example.

    One *header* of bytes decides all sizes and flavours of an example, each at a place of its own:

        nasty | depth and sizes (`Draft`) | a flavour for each array | equal inputs | the rest |
        the dtype, if there are several | a layout for each array, if there are several

    The arrays follow, those of the last layer at the end: with one layer less the others keep
    their values, which is what shrinking needs.
    """

    def __init__(
        self,
        template: Values,
        draft: Draft,
        leaves: Sequence[tuple[str, Shape]],
        dtype: DTypes,
        nasty: bool | None,
        layout: str | Sequence[str] = "C",
        rest: int = 0,
    ) -> None:
        self.template = template
        self.draft = draft
        self.dtypes = _floating(dtype)
        self.layouts = read_layouts(layout)
        self.nasty = nasty
        at = 1 + draft.length
        arrays_of = [draft.depth[1] if shape.layered else 1 for _, shape in leaves]
        behind = at + sum(arrays_of) + 2 + rest
        self.dtype_at, layouts_at = behind, behind + (len(self.dtypes) > 1)
        length = layouts_at + (sum(arrays_of) if len(self.layouts) > 1 else 0)
        made = []
        for number, ((path, shape), count) in enumerate(zip(leaves, arrays_of, strict=True)):
            made.append(Leaf(path, shape, number % 64, at, flavours_of(shape.domain), layouts_at))
            at, layouts_at = at + count, layouts_at + count
        self.leaves = {leaf.path: leaf for leaf in made}
        self.single = [leaf for leaf in made if not leaf.shape.layered]
        self.layered = [leaf for leaf in made if leaf.shape.layered]
        self.equal_at = at
        self.rest_at = at + 2
        self.header: SearchStrategy[bytes] = st.binary(min_size=length, max_size=length)

    def __repr__(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.template.items())

    def is_nasty(self, header: bytes) -> bool:
        """Tell whether this example may have anything but generic arrays."""
        return header[0] >= 128 if self.nasty is None else self.nasty

    def sizes(self, header: bytes) -> Sizes:
        """Return the sizes of this example."""
        return self.draft.read(header[1 : 1 + self.draft.length])

    def dtype(self, header: bytes) -> np.dtype[Any]:
        """Return the floating dtype of this example."""
        return self.dtypes[0] if len(self.dtypes) == 1 else _one_of(self.dtypes, header[self.dtype_at])

    def layout(self, header: bytes, leaf: Leaf, layer: int) -> Layout:
        """Return how an input, or one layer of it, lies in memory."""
        if len(self.layouts) == 1:
            return self.layouts[0]
        return _one_of(self.layouts, header[leaf.layouts_at + max(0, layer - 1)])


def _floating(dtype: DTypes) -> tuple[np.dtype[Any], ...]:
    """Return the floating dtypes that are asked for: one, or several to be drawn from."""
    several = tuple(dtype) if isinstance(dtype, (list, tuple)) else (dtype,)
    found = []
    for one in several:
        try:
            found.append(np.dtype(one))
        except TypeError:
            found.append(np.dtype(object))
    if not found or any(one.kind != "f" for one in found):
        raise MisusedType(
            f"dtype={dtype!r} is no real floating dtype; write 'float64' or 'float32', or both as a tuple "
            "('n : complex' makes complex numbers of either)"
        )
    return tuple(found)


def walk(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield every string and strategy in nested containers, with its place in words."""
    if isinstance(value, (str, SearchStrategy)):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from walk(item, f"{path}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for place, item in _numbered(value):
            yield from walk(item, path + place)
    else:
        raise MisusedType(
            f"{path}={value!r} is neither a shape nor a strategy; write a string such as 'batch in', "
            "a Hypothesis strategy, or hypothesis.strategies.just(value)"
        )


def _numbered(value: Sequence[Any]) -> list[tuple[str, Any]]:
    """Return the items of a list or tuple with what one would write to get them: ``[0]``, or ``.name``."""
    fields = getattr(value, "_fields", None)  # of a named tuple
    return [(f".{fields[i]}" if fields else f"[{i}]", item) for i, item in enumerate(value)]


def rebuilt(value: object, path: str, made: Mapping[str, Any]) -> Any:
    """Return the containers of `walk` with what was made in place of each string and strategy."""
    if isinstance(value, Mapping):
        return {key: rebuilt(item, f"{path}[{key!r}]", made) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [rebuilt(item, path + place, made) for place, item in _numbered(value)]
        if not isinstance(value, tuple):
            return items
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return made[path]


def read_described(
    described: str | Mapping[str, object] | None, shapes: Mapping[str, object]
) -> tuple[Values, list[tuple[str, Shape]]]:
    """Return the template of the result, and the shape of each string in it."""
    template: Values = {}
    leaves: list[tuple[str, Shape]] = []
    if isinstance(described, Mapping):
        for name in described:
            if not isinstance(name, str):
                raise MisusedType(
                    f"the input {name!r} has no name; write a string, as in {{'x': 'batch in'}}"
                )
            if name in shapes:
                raise Misuse(f"{name} is described twice, in the mapping and by keyword; leave one out")
        shapes, described = {**described, **shapes}, None
    for number, shape in enumerate(read_signature(described) if described is not None else []):
        template[f"x{number}"] = ""
        leaves.append((f"x{number}", shape))
    for name, value in shapes.items():
        if name in template:
            raise Misuse(f"{name} is an input of the signature {described!r} already; rename the other one")
        template[name] = value
        for path, item in walk(value, name):
            if isinstance(item, str):
                leaves.append((path, shape_at(path, item)))
    return template, leaves


def shape_at(path: str, text: str) -> Shape:
    """Return the shape that a string describes; a misuse says of which input."""
    try:
        return read_shape(text)
    except Misuse as misuse:
        raise Misuse(f"{path}={text!r}: {misuse}") from None


def describe(
    described: str | Mapping[str, object] | None,
    shapes: Mapping[str, object],
    sizes: Mapping[str, int | Range] | None,
    depth: int | Range,
    dtype: DTypes,
    nasty: bool | None,
    layout: str | Sequence[str] = "C",
    rest: int = 0,
) -> Description:
    """Return what a call of `gradtest.inputs` describes; `rest` bytes more are for who asks."""
    template, leaves = read_described(described, shapes)
    if not template:
        raise Misuse("no input was described; write at least one, as in x='batch in'")
    draft = Draft([shape for _, shape in leaves], sizes, depth)
    return Description(template, draft, leaves, dtype, nasty, layout, rest)
