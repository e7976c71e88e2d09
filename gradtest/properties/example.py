"""One example of described inputs: drawn in the order in which its header decides it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import currently_in_test_context, event, note
from hypothesis.strategies import DrawFn, SearchStrategy
from numpy.typing import NDArray

from .description import Description, Leaf, Values, rebuilt, walk
from .layouts import Layout, laid_out
from .shapes import Sizes
from .values import Flavour, draw_array

__all__ = ["Example", "Scale", "draw_example", "tell"]

Array = NDArray[Any]

# Each draw of an example has a label of its own, counted from here. Under one label for all,
# Hypothesis spends five of six examples on copying arrays over each other, and over the header:
# of 2,000 examples only 289 differed in their shapes.
_LABEL = 0x67726164

Scale = Callable[[Flavour, tuple[int, ...]], float]


def _unscaled(flavour: Flavour, shape: tuple[int, ...]) -> float:
    return 1.0


def tell(words: str) -> None:
    """Count a trigger in Hypothesis's statistics."""
    if currently_in_test_context():
        event(f"input: {words}")


@dataclass
class Example:
    """What has been drawn of one example so far."""

    description: Description
    header: bytes
    nasty: bool
    sizes: Sizes
    dtype: np.dtype[Any]
    made: Values = field(default_factory=dict)
    flavours: set[Flavour] = field(default_factory=set)
    layouts: dict[str, Layout] = field(default_factory=dict)

    def equalise(self) -> None:
        """Give two inputs of one shape and domain equal values, in every fourth nasty example."""
        at = self.description.equal_at
        wanted, which = self.header[at : at + 2]
        if not self.nasty or wanted < 192:
            return
        made = [(leaf, self.made[leaf.path]) for leaf in self.description.single]
        pairs = [
            (one, other)
            for i, (one, value) in enumerate(made)
            for other, later in made[i + 1 :]
            if value.shape == later.shape and value.size and one.shape.domain == other.shape.domain
        ]
        if pairs:
            one, other = pairs[which * len(pairs) >> 8]
            self.made[other.path] = self.made[one.path].copy()
            tell("equal inputs")

    def result(self) -> Values:
        """Return what was drawn in the containers that were described, and tell of what no repr shows."""
        self._tell()
        template = self.description.template
        return {name: rebuilt(value, name, self.made) for name, value in template.items()}

    def _tell(self) -> None:
        """Report the triggers that occurred to Hypothesis's statistics, and layouts beside the example."""
        if not currently_in_test_context():
            return
        for flavour in Flavour:
            if self.nasty and flavour in self.flavours and flavour is not Flavour.GENERIC:
                tell(flavour.value)
        if len(self.description.dtypes) > 1:
            tell(str(self.dtype))
        for layout in Layout:
            if layout is not Layout.C and layout in self.layouts.values():
                tell(layout.value)
        for path, layout in self.layouts.items():
            if layout is not Layout.C:
                note(f"{path} is laid out in memory: {layout.value}")


def draw_example(draw: DrawFn, described: Description, scales: Mapping[str, Scale] | None = None) -> Example:
    """Draw an example; `scales` says of an input by how much its entries are scaled, by flavour and shape."""
    header = draw(described.header, _LABEL)
    example = Example(
        described, header, described.is_nasty(header), described.sizes(header), described.dtype(header)
    )
    made, scales = example.made, scales or {}
    for leaf in described.single:
        made[leaf.path] = _draw_leaf(draw, leaf, example, 0, scales)
    for name, value in described.template.items():
        for path, item in walk(value, name):
            if isinstance(item, SearchStrategy):
                made[path] = draw(item)
    for leaf in described.layered:
        made[leaf.path] = []
    for layer in range(1, example.sizes.depth + 1 if described.layered else 1):
        for leaf in described.layered:
            made[leaf.path].append(_draw_leaf(draw, leaf, example, layer, scales))
    return example


def _draw_leaf(draw: DrawFn, leaf: Leaf, example: Example, layer: int, scales: Mapping[str, Scale]) -> Array:
    flavour = leaf.flavour(example.header, layer, example.nasty)
    example.flavours.add(flavour)
    shape = leaf.shape.size_of(example.sizes, layer)
    domain = leaf.shape.domain.bind(example.sizes.of_name)
    scale = scales.get(leaf.path, _unscaled)(flavour, shape)
    label = _LABEL + 1 + leaf.flavours_at + max(0, layer - 1)
    array = draw_array(draw, shape, domain, flavour, example.dtype, leaf.first + layer, scale, label)
    layout = example.description.layout(example.header, leaf, layer)
    if layout is Layout.C:
        return array
    example.layouts[leaf.path + (f"[{layer - 1}]" if leaf.shape.layered else "")] = layout
    return laid_out(array, layout)
