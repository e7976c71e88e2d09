"""Hypothesis strategies for the inputs of a target: shapes, depths and values of one example."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from hypothesis import currently_in_test_context, event, note
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from numpy.typing import DTypeLike, NDArray

from gradtest.errors import Misuse, MisusedType
from gradtest.spaces.domains import Domain, read_domain

from .layouts import Layout, laid_out, read_layouts
from .shapes import LAYER_WIDTHS, WIDTHS, Draft, Range, Shape, Sizes, read_shape, read_signature
from .values import Flavour, draw_array, flavours_of

__all__ = ["arrays", "domains_of", "inputs", "networks"]

Array = NDArray[Any]
Values = dict[str, Any]
DTypes = DTypeLike | Sequence[DTypeLike]
_T = TypeVar("_T")


@dataclass(frozen=True)
class _Leaf:
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


class _Plan:
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
            made.append(_Leaf(path, shape, number % 64, at, flavours_of(shape.domain), layouts_at))
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

    def layout(self, header: bytes, leaf: _Leaf, layer: int) -> Layout:
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


def _walk(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield every string and strategy in nested containers, with its place in words."""
    if isinstance(value, (str, SearchStrategy)):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(item, f"{path}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for place, item in _numbered(value):
            yield from _walk(item, path + place)
    else:
        raise MisusedType(
            f"{path}={value!r} is neither a shape nor a strategy; write a string such as 'batch in', "
            "a Hypothesis strategy, or hypothesis.strategies.just(value)"
        )


def _numbered(value: Sequence[Any]) -> list[tuple[str, Any]]:
    """Return the items of a list or tuple with what one would write to get them: ``[0]``, or ``.name``."""
    fields = getattr(value, "_fields", None)  # of a named tuple
    return [(f".{fields[i]}" if fields else f"[{i}]", item) for i, item in enumerate(value)]


def _rebuilt(value: object, path: str, made: Mapping[str, Any]) -> Any:
    """Return the containers of `_walk` with what was made in place of each string and strategy."""
    if isinstance(value, Mapping):
        return {key: _rebuilt(item, f"{path}[{key!r}]", made) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_rebuilt(item, path + place, made) for place, item in _numbered(value)]
        if not isinstance(value, tuple):
            return items
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return made[path]


def _described(
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
        for path, item in _walk(value, name):
            if isinstance(item, str):
                leaves.append((path, _shape_at(path, item)))
    return template, leaves


def _shape_at(path: str, text: str) -> Shape:
    try:
        return read_shape(text)
    except Misuse as misuse:
        raise Misuse(f"{path}={text!r}: {misuse}") from None


def _planned(
    described: str | Mapping[str, object] | None,
    shapes: Mapping[str, object],
    sizes: Mapping[str, int | Range] | None,
    depth: int | Range,
    dtype: DTypes,
    nasty: bool | None,
    layout: str | Sequence[str] = "C",
    rest: int = 0,
) -> _Plan:
    template, leaves = _described(described, shapes)
    if not template:
        raise Misuse("no input was described; write at least one, as in x='batch in'")
    draft = Draft([shape for _, shape in leaves], sizes, depth)
    return _Plan(template, draft, leaves, dtype, nasty, layout, rest)


# Each draw of an example has a label of its own, counted from here. Under one label for all,
# Hypothesis spends five of six examples on copying arrays over each other, and over the header:
# of 2,000 examples only 289 differed in their shapes.
_LABEL = 0x67726164

Scale = Callable[[Flavour, tuple[int, ...]], float]


def _unscaled(flavour: Flavour, shape: tuple[int, ...]) -> float:
    return 1.0


@dataclass
class _Example:
    """What has been drawn of one example so far."""

    header: bytes
    nasty: bool
    sizes: Sizes
    dtype: np.dtype[Any]
    made: Values
    flavours: set[Flavour]
    layouts: dict[str, Layout]

    def tell(self, plan: _Plan) -> None:
        """Report the triggers that occurred to Hypothesis's statistics, and layouts, which no repr shows."""
        if not currently_in_test_context():
            return
        for flavour in Flavour:
            if self.nasty and flavour in self.flavours and flavour is not Flavour.GENERIC:
                event(f"input: {flavour.value}")
        if len(plan.dtypes) > 1:
            event(f"input: {self.dtype}")
        for layout in Layout:
            if layout is not Layout.C and layout in self.layouts.values():
                event(f"input: {layout.value}")
        for path, layout in self.layouts.items():
            if layout is not Layout.C:
                note(f"{path} is laid out in memory: {layout.value}")


def _draw_example(draw: DrawFn, plan: _Plan, scales: Mapping[str, Scale]) -> _Example:
    header = draw(plan.header, _LABEL)
    example = _Example(header, plan.is_nasty(header), plan.sizes(header), plan.dtype(header), {}, set(), {})
    for leaf in plan.single:
        example.made[leaf.path] = _draw_leaf(draw, plan, leaf, example, 0, scales)
    for name, value in plan.template.items():
        for path, item in _walk(value, name):
            if isinstance(item, SearchStrategy):
                example.made[path] = draw(item)
    for leaf in plan.layered:
        example.made[leaf.path] = []
    for layer in range(1, example.sizes.depth + 1 if plan.layered else 1):
        for leaf in plan.layered:
            example.made[leaf.path].append(_draw_leaf(draw, plan, leaf, example, layer, scales))
    return example


def _draw_leaf(
    draw: DrawFn, plan: _Plan, leaf: _Leaf, example: _Example, layer: int, scales: Mapping[str, Scale]
) -> Array:
    flavour = leaf.flavour(example.header, layer, example.nasty)
    example.flavours.add(flavour)
    shape = leaf.shape.size_of(example.sizes, layer)
    domain = leaf.shape.domain.bind(example.sizes.of_name)
    scale = scales.get(leaf.path, _unscaled)(flavour, shape)
    label = _LABEL + 1 + leaf.flavours_at + max(0, layer - 1)
    array = draw_array(draw, shape, domain, flavour, example.dtype, leaf.first + layer, scale, label)
    layout = plan.layout(example.header, leaf, layer)
    if layout is Layout.C:
        return array
    example.layouts[leaf.path + (f"[{layer - 1}]" if leaf.shape.layered else "")] = layout
    return laid_out(array, layout)


def _equalise(plan: _Plan, example: _Example) -> None:
    """Give two inputs of one shape and domain equal values, in every fourth nasty example."""
    wanted, which = example.header[plan.equal_at : plan.equal_at + 2]
    if not example.nasty or wanted < 192:
        return
    made = [(leaf, example.made[leaf.path]) for leaf in plan.single]
    pairs = [
        (one, other)
        for i, (one, value) in enumerate(made)
        for other, later in made[i + 1 :]
        if value.shape == later.shape and value.size and one.shape.domain == other.shape.domain
    ]
    if pairs:
        one, other = pairs[which * len(pairs) >> 8]
        example.made[other.path] = example.made[one.path].copy()
        if currently_in_test_context():
            event("input: equal inputs")


def _result(plan: _Plan, example: _Example) -> Values:
    return {name: _rebuilt(value, name, example.made) for name, value in plan.template.items()}


@st.composite
def _drawn_inputs(draw: DrawFn, plan: _Plan) -> Values:
    example = _draw_example(draw, plan, {})
    _equalise(plan, example)
    example.tell(plan)
    return _result(plan, example)


def inputs(
    described: str | Mapping[str, Any] | None = None,
    /,
    *,
    sizes: Mapping[str, int | Range] | None = None,
    depth: int | Range = (1, 6),
    dtype: DTypes = "float64",
    layout: str | Sequence[str] = "C",
    nasty: bool | None = None,
    **shapes: Any,
) -> SearchStrategy[dict[str, Any]]:
    """Return a strategy for the named inputs of a target, their sizes in step.

    Parameters
    ----------
    described : str or mapping, optional
        A gufunc signature such as ``"(n,k),(k,m)->(n,m)"``; its inputs are called x0, x1, …. Or a
        mapping of names to what `shapes` takes: for inputs called sizes, depth, dtype, layout or nasty.
    sizes : mapping of str to int or (int, int), optional
        The size of a dim, or the smallest and the largest; 1 to 5 where nothing is said, 1 to 8 for
        indexed dims. ``"n[0]"`` and ``"n[L]"`` stand for the first and the last layer.
    depth : int or (int, int)
        How many layers L an example has, where dims are indexed.
    dtype : floating dtype, or sequence of them
        Of all real entries; of several, each example has one. Labels and indices are int64, masks
        bool, and complex numbers have parts of this dtype (of float32 at least).
    layout : str or sequence of str
        How arrays lie in memory: "C", or some of "C", "F", "strided" (every second entry of a larger
        array), "reversed" and "read-only", drawn for each array; "any" for all of these.
    nasty : bool, optional
        Whether arrays have zeros, ties, large, tiny and equal entries (True), are all generic
        (False), or one or the other in half of the examples each (None).
    **shapes : str, strategy, or nested dict, list or tuple of these
        A string follows `gradtest.properties.shapes.read_shape`: ``"batch in"``, ``"... 3"``,
        ``"n[l] n[l-1]"``, ``"n k : simplex"``. A strategy is used as it is.

    Returns
    -------
    strategy for dict
        One entry for each input, in the order given: an array, a list of arrays where dims are
        indexed by l, or the given containers with arrays in them. Shrinks to small shapes, few
        layers, and plain distinct values that are not zero.

    Raises
    ------
    Misuse
        If a string follows no grammar, `sizes` names a dim that no input has, or a word means nothing.

    Notes
    -----
    Arrays of more than 64 entries are made from a seed, and Hypothesis prints them as a call of
    `gradtest.properties.values.seeded`. ``--hypothesis-show-statistics`` lists how often which
    trigger occurred ("input: exact zeros").  A layout that is not C order is told beside the example,
    since no repr shows it.

    >>> from hypothesis import find
    >>> find(inputs(x="batch in", w="in out"), lambda p: True)
    {'x': array([[1.]]), 'w': array([[0.5]])}
    >>> layers = find(inputs(weights="n[l] n[l-1]", sizes={"n": 2}, depth=3), lambda p: True)
    >>> [weight.shape for weight in layers["weights"]]
    [(2, 2), (2, 2), (2, 2)]
    """
    return _drawn_inputs(_planned(described, shapes, sizes, depth, dtype, nasty, layout))


@st.composite
def _drawn_array(draw: DrawFn, plan: _Plan) -> Any:
    example = _draw_example(draw, plan, {})
    example.tell(plan)
    return example.made["array"]


def arrays(
    shape: str | int | Sequence[int],
    *,
    domain: Domain | str | None = None,
    sizes: Mapping[str, int | Range] | None = None,
    dtype: DTypes = "float64",
    layout: str | Sequence[str] = "C",
    nasty: bool | None = None,
) -> SearchStrategy[Any]:
    """Return a strategy for one array.

    Parameters
    ----------
    shape : str, int or sequence of int
        As in `inputs`, or plain numbers.
    domain : Domain or str, optional
        Where its entries lie, if `shape` does not say it.
    sizes, dtype, layout, nasty
        See `inputs`.

    Returns
    -------
    strategy for array

    >>> from hypothesis import find
    >>> find(arrays((2, 2)), lambda x: True)
    array([[ 1. ,  0.5],
           [ 2. , -1. ]])
    """
    text = shape if isinstance(shape, str) else _as_text(shape)
    read = _shape_at("shape", text)
    if domain is not None:
        found = read_domain(domain) if isinstance(domain, str) else domain
        read = read.within(found)
    if read.layered:
        raise Misuse(f"shape={shape!r} is a list of arrays over layers; use gradtest.inputs for it")
    return _drawn_array(_Plan({"array": ""}, Draft([read], sizes), [("array", read)], dtype, nasty, layout))


def _as_text(shape: int | Sequence[int]) -> str:
    numbers: Sequence[Any] = shape if isinstance(shape, (tuple, list)) else [shape]
    if not all(hasattr(n, "__index__") and not isinstance(n, bool) and int(n) >= 0 for n in numbers):
        raise MisusedType(
            f"shape={shape!r} is no shape; write a string such as 'batch in' or numbers such as (3, 4)"
        )
    return " ".join(str(int(n)) for n in numbers)


def domains_of(described: str | Mapping[str, Any] | None = None, /, **shapes: Any) -> dict[str, Domain]:
    """Return the domain of each input that `inputs` would draw from a string.

    Parameters
    ----------
    described, **shapes
        See `inputs`. Strategies are passed over: nothing is known of what they draw.

    Returns
    -------
    dict of str to Domain
        By name; inside containers by place, ``layers[0]['w']``. A list over layers has one domain.

    >>> {name: domain.name for name, domain in domains_of(x="batch in", y="batch : {0, 1}").items()}
    {'x': 'real', 'y': '{0, 1}'}
    """
    return {path: shape.domain for path, shape in _described(described, shapes)[1]}


_NETWORK = {"weights": "n[l] n[l-1]", "biases": "n[l]", "x": "n[0] batch"}


def _weight_scale(flavour: Flavour, shape: tuple[int, ...]) -> float:
    """Return about 1/√n for n inputs to a unit, as a power of two: deep networks else saturate throughout."""
    return 2.0 ** -((max(1, shape[-1]) - 1).bit_length() + 1 >> 1) if flavour is Flavour.GENERIC else 1.0


def _kill_unit(made: Values, layer: int, code: int) -> str:
    """Let one unit answer zero whatever its input, or, behind a ReLU, through a bias far below."""
    weight, bias = made["weights"][layer].copy(), made["biases"][layer].copy()
    unit = code % bias.size
    if code % 3:
        weight[unit] = 0
    bias[unit] = 0 if code % 3 == 1 else -100
    made["weights"][layer], made["biases"][layer] = weight, bias
    return "dead unit"


def _saturate_output(made: Values, layer: int, code: int) -> str:
    """Push one output to where a sigmoid is flat in float64, or overflows in its naive form."""
    bias = made["biases"][-1].copy()
    bias[code // 4 % bias.size] = (40, -40, 1e3, -1e3)[code % 4]
    made["biases"][-1] = bias
    return "saturated output"


def _duplicate_unit(made: Values, layer: int, code: int) -> str:
    """Make two units of a layer equal, so that a maximum over them is a tie."""
    weight, bias = made["weights"][layer].copy(), made["biases"][layer].copy()
    unit = code % bias.size
    other = (unit + 1) % bias.size
    weight[other], bias[other] = weight[unit], bias[unit]
    made["weights"][layer], made["biases"][layer] = weight, bias
    return "duplicated unit"


_TROUBLES: list[Callable[[Values, int, int], str]] = [_kill_unit, _saturate_output, _duplicate_unit]


def _trouble(plan: _Plan, example: _Example) -> None:
    """Spoil something that only networks have, in three of four nasty examples."""
    kind, where, code = example.header[plan.rest_at : plan.rest_at + 3]
    if not example.nasty or kind < 64:
        return
    spoil = _TROUBLES[(kind - 64) * len(_TROUBLES) // 192]
    layer = where * example.sizes.depth >> 8
    if example.made["biases"][layer].size == 0 or example.made["biases"][-1].size == 0:
        return
    words = spoil(example.made, layer, code)
    if currently_in_test_context():
        event(f"input: {words}")


@st.composite
def _drawn_network(draw: DrawFn, plan: _Plan) -> Values:
    example = _draw_example(draw, plan, {"weights": _weight_scale})
    _equalise(plan, example)
    _trouble(plan, example)
    example.tell(plan)
    return _result(plan, example)


def networks(
    depth: int | Range = (1, 6),
    widths: int | Range = LAYER_WIDTHS,
    batch: int | Range = WIDTHS,
    *,
    sizes: Mapping[str, int | Range] | None = None,
    labels: str | SearchStrategy[Any] = "n[L] batch : {0, 1}",
    dtype: DTypes = "float64",
    layout: str | Sequence[str] = "C",
    nasty: bool | None = None,
) -> SearchStrategy[dict[str, Any]]:
    """Return a strategy for fully connected networks of any depth, their inputs and labels.

    Parameters
    ----------
    depth : int or (int, int)
        How many layers of weights.
    widths : int or (int, int)
        How many units in each layer, the inputs and outputs included.
    batch : int or (int, int)
        How many examples, one in each column.
    sizes : mapping of str to int or (int, int), optional
        Further sizes, as ``{"n[0]": 3, "n[L]": 1}``.
    labels : str or strategy
        What y is; ``"batch : labels n[L]"`` for class labels.
    dtype, layout, nasty
        See `inputs`. A nasty network may also have dead, duplicated and saturated units.

    Returns
    -------
    strategy for dict
        ``weights``, a list of arrays (units, inputs of the layer); ``biases``, a list of arrays
        (units,); ``x`` (n[0], batch); and ``y``. Generic weights shrink with the square root of
        the number of inputs, so that deep networks are not saturated throughout.

    >>> from hypothesis import find
    >>> smallest = find(networks(depth=(2, 6)), lambda p: True)
    >>> [weight.shape for weight in smallest["weights"]], smallest["y"].shape
    ([(1, 1), (1, 1)], (1, 1))
    """
    asked = {"n": widths, "batch": batch, **(sizes or {})}
    shapes = {**_NETWORK, "y": labels}
    return _drawn_network(_planned(None, shapes, asked, depth, dtype, nasty, layout, rest=3))
