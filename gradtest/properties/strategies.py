"""Hypothesis strategies for the inputs of a target, and for single arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from gradtest.errors import Misuse, MisusedType
from gradtest.spaces.domains import Domain, read_domain

from .description import Description, DTypes, Values, describe, read_described, shape_at
from .example import draw_example
from .shapes import Draft, Range

__all__ = ["arrays", "domains_of", "inputs"]


@st.composite
def _drawn_inputs(draw: DrawFn, described: Description) -> Values:
    example = draw_example(draw, described)
    example.equalise()
    return example.result()


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
    return _drawn_inputs(describe(described, shapes, sizes, depth, dtype, nasty, layout))


@st.composite
def _drawn_array(draw: DrawFn, described: Description) -> Any:
    return draw_example(draw, described).result()["array"]


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
    read = shape_at("shape", text)
    if domain is not None:
        found = read_domain(domain) if isinstance(domain, str) else domain
        read = read.within(found)
    if read.layered:
        raise Misuse(f"shape={shape!r} is a list of arrays over layers; use gradtest.inputs for it")
    leaves = [("array", read)]
    return _drawn_array(Description({"array": ""}, Draft([read], sizes), leaves, dtype, nasty, layout))


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
    return {path: shape.domain for path, shape in read_described(described, shapes)[1]}
