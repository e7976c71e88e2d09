"""Shapes by named dims: the grammar of one string for each input, and how the sizes are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gradtest.errors import Misuse, MisusedType, nearest
from gradtest.spaces.domains import Domain, Labels, Real, read_domain

__all__ = ["Dim", "Draft", "Shape", "Sizes", "read_shape", "read_signature"]

Range = tuple[int, int]

WIDTHS: Range = (1, 5)
"""Default sizes of a dim: 1 often enough to show a forgotten broadcast, and batches mostly larger."""

LAYER_WIDTHS: Range = (1, 8)
"""Default sizes of an indexed dim, the width of a layer."""

_REALS = Real()

MOST_LEADING = 2
"""How many dims ``...`` may stand for."""


@dataclass(frozen=True)
class Dim:
    """One axis: a fixed size, a name, or a name with an index over layers.

    Attributes
    ----------
    name : str
        Empty for a fixed size.
    anchor : {"", "0", "l", "L"}
        Where the index counts from: no index, the input, the layer at hand, or the last layer.
    shift : int
        What is added to the anchor; the size itself where `name` is empty.

    >>> Dim("n", "l", -1)
    Dim(name='n', anchor='l', shift=-1)
    """

    name: str
    anchor: str = ""
    shift: int = 0

    def __str__(self) -> str:
        if not self.name:
            return str(self.shift)
        if not self.anchor:
            return self.name
        if self.anchor == "0":
            return f"{self.name}[{self.shift}]"
        return f"{self.name}[{self.anchor}{self.shift:+d}]" if self.shift else f"{self.name}[{self.anchor}]"


@dataclass(frozen=True)
class Shape:
    """The dims of one input and the domain of its entries.

    Attributes
    ----------
    dims : tuple of Dim
        Without the leading ones of ``...``.
    leading : bool
        Whether the shape began with ``...``.
    domain : Domain
        Where the entries lie.

    >>> read_shape("batch in").size_of(Sizes({"batch": 2, "in": 3}))
    (2, 3)
    """

    dims: tuple[Dim, ...] = ()
    leading: bool = False
    domain: Domain = _REALS

    @property
    def layered(self) -> bool:
        """Whether this is a list of arrays, one for each layer."""
        return any(dim.anchor == "l" for dim in self.dims)

    def within(self, domain: Domain) -> Shape:
        """Return the same dims with entries in `domain`."""
        _check_core(self.dims, domain, " ".join(map(str, self.dims)))
        return replace(self, domain=domain)

    def size_of(self, sizes: Sizes, layer: int = 0) -> tuple[int, ...]:
        """Return the shape as numbers, for one layer where there are layers."""
        tail = tuple([sizes.of(dim, layer) for dim in self.dims])
        return sizes.leading + tail if self.leading else tail


@dataclass(frozen=True)
class Sizes:
    """The sizes of one example: by name, or by name and index."""

    named: Mapping[str | tuple[str, int], int]
    depth: int = 0
    leading: tuple[int, ...] = ()

    def of(self, dim: Dim, layer: int = 0) -> int:
        """Return the size of one dim."""
        if not dim.name:
            return dim.shift
        if not dim.anchor:
            return self.named[dim.name]
        base = layer if dim.anchor == "l" else self.depth if dim.anchor == "L" else 0
        return self.named[dim.name, base + dim.shift]

    def of_name(self, text: str) -> int:
        """Return the size of a dim given as written, ``k`` or ``n[L]``."""
        return self.of(_read_dim(text, text))


_DIM = re.compile(
    r"(?P<size>\d+)|(?P<name>[^\W\d]\w*)(?:\[\s*(?P<anchor>[lL]?)\s*(?P<shift>[+-]?\s*\d+)?\s*\])?"
)
_WORDS = re.compile(r"\.\.\.|[^\s,\[\]]+(?:\[[^\[\]]*\])?|\S")
_DOMAIN = re.compile(r"\s*:\s*|(?:^|(?<=\s))in\s+(?=[\[({])")


def _read_dim(word: str, text: str) -> Dim:
    """Return the dim that one word of `text` stands for."""
    found = _DIM.fullmatch(word)
    if found is None:
        raise Misuse(f"the shape {text!r} has {word!r} where a dim should stand; {_advice(word)}")
    if found["size"]:
        return Dim("", "", int(found["size"]))
    if found["anchor"] is None:
        return Dim(found["name"])
    shift = found["shift"]
    if not shift and not found["anchor"]:
        raise Misuse(f"the shape {text!r} has an empty index in {word!r}; write n[l], n[l-1], n[0] or n[L]")
    dim = Dim(found["name"], found["anchor"] or "0", int(shift.replace(" ", "")) if shift else 0)
    # Of one layer only, n[l-1] and n[L-1] are the input already.
    if dim.shift < (0 if dim.anchor == "0" else -1):
        raise Misuse(
            f"the shape {text!r} has {word!r}, which lies before the input n[0]; layers count from l = 1"
        )
    return dim


def _advice(word: str) -> str:
    if any(bracket in word for bracket in "[](){}"):
        return (
            "its brackets are unbalanced or hold no layer; "
            "write n[l], n[l-1], n[0] or n[L], and a domain after ' : '"
        )
    return "write names, numbers and blanks, as in 'batch in' or '... 3'"


def read_shape(text: str) -> Shape:
    """Return the shape and the domain that a string describes.

    Parameters
    ----------
    text : str
        Dims separated by blanks or commas, then optionally a domain after `` : `` or after ``in`` and a
        bracket. A name is a size shared by all inputs, a number is itself, ``...`` in front stands for
        0 to 2 more dims, ``n[l]`` makes a list over the layers l = 1 … L. ``""`` is a 0-d array.

    Returns
    -------
    Shape
        See `gradtest.spaces.domains.read_domain` for the domains.

    Raises
    ------
    Misuse
        If the string follows no such grammar.

    >>> [str(dim) for dim in read_shape("n[l] n[l-1]").dims]
    ['n[l]', 'n[l-1]']
    >>> read_shape("out batch : (0, 1)").domain.name
    '(0, 1)'
    >>> read_shape("2 in [-2, 2]").dims
    (Dim(name='', anchor='', shift=2),)
    """
    if not isinstance(text, str):
        raise MisusedType(f"{text!r} is no shape; write a string of dims such as 'batch in'")
    split = _DOMAIN.search(text)
    dims_text, domain_text = (text[: split.start()], text[split.end() :]) if split else (text, None)
    body = dims_text.strip()
    if body.startswith("(") and body.endswith(")"):
        body = body[1:-1]
    words = _WORDS.findall(body.replace(",", " "))
    leading = words[:1] == ["..."]
    dims = tuple(_read_dim(word, text) for word in words[leading:])
    domain = Real() if domain_text is None else read_domain(domain_text)
    _check_core(dims, domain, text)
    return Shape(dims, leading, domain)


def _check_core(dims: tuple[Dim, ...], domain: Domain, text: str) -> None:
    """Refuse a domain that needs axes which the shape lacks."""
    if len(dims) < domain.core:
        raise Misuse(f"the shape {text!r} has too few dims for {domain}; name at least {domain.core}")
    if domain.core == 2 and dims[-1] != dims[-2]:
        raise Misuse(
            f"the shape {text!r} ends in {dims[-2]} by {dims[-1]}, but {domain} needs square matrices; "
            f"write '{dims[-2]} {dims[-2]} : {domain}'"
        )


_CORE = r"\s*\([\w\s,]*\)\s*"
_GUFUNC = re.compile(f"{_CORE}(,{_CORE})*->{_CORE}(,{_CORE})*")


def read_signature(text: str) -> list[Shape]:
    """Return the shapes of the inputs of a gufunc signature.

    Parameters
    ----------
    text : str
        As in NumPy, ``"(n,k),(k,m)->(n,m)"``; optional dims (``?``) and broadcast ones (``|1``) are
        not known here.

    Raises
    ------
    Misuse
        If it is no such signature.

    >>> [[str(dim) for dim in shape.dims] for shape in read_signature("(n,k),(k,m)->(n,m)")]
    [['n', 'k'], ['k', 'm']]
    """
    if not _GUFUNC.fullmatch(str(text)):
        raise Misuse(f"{text!r} is no gufunc signature; write one such as '(n,k),(k,m)->(n,m)'")
    inputs = text.split("->")[0]
    return [read_shape(dims) for dims in re.findall(r"\(([^)]*)\)", inputs)]


def _read_range(name: str, value: Any, least: int = 0) -> Range:
    """Return the smallest and the largest size that a user's `value` allows."""
    low, high = value if isinstance(value, (tuple, list)) and len(value) == 2 else (value, value)
    for end in (low, high):
        if isinstance(end, bool) or not hasattr(end, "__index__"):
            raise MisusedType(f"{name}={value!r} is no size; write a whole number or a pair such as (1, 5)")
    low, high = int(low), int(high)
    if low > high:
        raise Misuse(f"{name}={value!r} is upside down; write the smaller size first, ({high}, {low})")
    if low < least:
        raise Misuse(f"{name}={value!r} goes below {least}; begin the range at {least}")
    return low, high


@dataclass(frozen=True)
class _Slot:
    """One size to be read: its key, its range, and another range if its layer is the last."""

    key: str | tuple[str, int]
    range: Range
    last: Range | None = None

    @property
    def width(self) -> int:
        """How many bytes it takes to reach every size of the range."""
        return max(_width(self.range), _width(self.last or self.range))


def _width(span: Range) -> int:
    return max(1, ((span[1] - span[0]).bit_length() + 7) // 8)


def _scaled(code: bytes, span: Range) -> int:
    """Map a code of a few bytes evenly onto a range, the smallest code onto its low end."""
    return span[0] + (int.from_bytes(code, "big") * (span[1] - span[0] + 1) >> 8 * len(code))


class Draft:
    """All sizes that some shapes leave open, to be read off one string of bytes.

    Every size has its place in the string whatever the others are, and a smaller byte is a smaller
    size: so Hypothesis shrinks one size without disturbing another.

    Parameters
    ----------
    shapes : iterable of Shape
        All shapes of one example.
    sizes : mapping of str to int or (int, int), optional
        Sizes by name; by ``n``, ``n[0]`` or ``n[L]`` where dims are indexed.
    depth : int or (int, int)
        How many layers there are.

    >>> draft = Draft([read_shape("batch in")], {"in": (2, 3)})
    >>> draft.read(bytes(draft.length)).named
    {'batch': 1, 'in': 2}
    """

    def __init__(
        self,
        shapes: Iterable[Shape],
        sizes: Mapping[str, int | Range] | None = None,
        depth: int | Range = (1, 6),
    ) -> None:
        shapes = list(shapes)
        self.depth: Range = _read_range("depth", depth, 1)
        asked = {key: _read_range(f"sizes[{key!r}]", value) for key, value in (sizes or {}).items()}
        dims = [dim for shape in shapes for dim in shape.dims if dim.name]
        label_dims = [_read_dim(s.domain.dim, s.domain.name) for s in shapes if isinstance(s.domain, Labels)]
        _check_names(asked, dims)
        _check_labels(label_dims, dims, asked)
        self.indexed = any(dim.anchor for dim in dims)
        self.leading = any(shape.leading for shape in shapes)
        self.slots = tuple(_slots([*dims, *(dim for dim in label_dims if dim.name)], asked, self.depth[1]))
        before = self.indexed + (1 + MOST_LEADING) * self.leading
        self.length = before + sum(slot.width for slot in self.slots)

    def read(self, codes: bytes) -> Sizes:
        """Return the sizes that `length` bytes stand for."""
        at = 0
        depth = 0
        if self.indexed:
            depth = _scaled(codes[:1], self.depth)
            at = 1
        leading: tuple[int, ...] = ()
        if self.leading:
            count = _scaled(codes[at : at + 1], (0, MOST_LEADING))
            leading = tuple([_scaled(codes[at + i : at + i + 1], WIDTHS) for i in range(1, count + 1)])
            at += 1 + MOST_LEADING
        named: dict[str | tuple[str, int], int] = {}
        for slot in self.slots:
            key, span = slot.key, slot.range
            if slot.last is not None and key[1] == depth:
                span = slot.last
            named[key] = _scaled(codes[at : at + slot.width], span)
            at += slot.width
        return Sizes(named, depth, leading)


def _slots(dims: Iterable[Dim], asked: Mapping[str, Range], deepest: int) -> Iterator[_Slot]:
    """Yield one slot for each open size: names in the order met, then indexed ones by layer."""
    dims = list(dims)
    for name in dict.fromkeys(dim.name for dim in dims if not dim.anchor):
        yield _Slot(name, asked.get(name, WIDTHS))
    indexed = [dim for dim in dims if dim.anchor]
    for name in dict.fromkeys(dim.name for dim in indexed):
        common = asked.get(name, LAYER_WIDTHS)
        last = max(dim.shift + (0 if dim.anchor == "0" else deepest) for dim in indexed if dim.name == name)
        for index in range(last + 1):
            yield _Slot((name, index), asked.get(f"{name}[{index}]", common), asked.get(f"{name}[L]"))


def _check_names(asked: Mapping[str, Range], dims: Iterable[Dim]) -> None:
    """Refuse a size for a dim that no input has: most often a misspelt name."""
    indexed = {dim.name for dim in dims if dim.anchor}
    known = {dim.name for dim in dims} | {f"{name}[L]" for name in indexed}
    for key in asked:
        if key in known or (key.partition("[")[0] in indexed and re.fullmatch(r"\w+\[\d+\]", key)):
            continue
        hint = nearest(key, known) if known else "no input has a named dim"
        raise Misuse(f"sizes names the dim {key!r}, which no input has; {hint}")


def _check_labels(wanted: Iterable[Dim], dims: Iterable[Dim], asked: Mapping[str, Range]) -> None:
    """Refuse labels of a dim that no input has, or that may be empty."""
    known = {dim.name for dim in dims}
    for dim in wanted:
        if dim.name and dim.name not in known:
            raise Misuse(
                f"labels of {str(dim)!r} are asked for, but no input has such a dim; "
                "write 'labels 3' for three of them"
            )
        if (dim.shift if not dim.name else asked.get(dim.name, WIDTHS)[0]) < 1:
            raise Misuse(f"labels of {str(dim)!r} may be none at all; give that dim sizes from 1 on")
