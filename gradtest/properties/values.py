"""Entries of arrays: plain dyadic decimals, and the flavours of unusual ones that bugs need."""

from __future__ import annotations

import math
from enum import Enum
from functools import cache, lru_cache
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from numpy.typing import DTypeLike, NDArray

from gradtest.errors import Misuse
from gradtest.spaces.domains import (
    Complex,
    Domain,
    Interval,
    Labels,
    LowerTriangular,
    PositiveDefinite,
    Real,
    Simplex,
    Sphere,
    Symmetric,
    read_domain,
)

__all__ = ["SMALL", "Flavour", "assemble", "draw_array", "flavours_of", "seeded"]

Array = NDArray[Any]

SMALL = 64
"""Arrays up to this many entries are drawn entry by entry; larger ones come from a seed."""


MOST_TIED = 8
"""How many distinct values an array with ties has at most."""


class Flavour(Enum):
    """What kind of entries an array has; the plainest first."""

    GENERIC = "generic"
    INTEGERS = "small integers"
    ZEROS = "exact zeros"
    TIES = "ties"
    CONSTANT = "constant"
    LARGE = "saturated"
    TINY = "tiny"
    MIXED = "mixed magnitudes"


# The first eight of a table are what shrinking leaves behind, so none of them is zero.
_RAW: dict[Flavour, list[float]] = {
    Flavour.INTEGERS: [1, 2, -1, 3, -2, 4, -3, -4, 0, 1, 0, 2, -1, 0, 1, 0],
    Flavour.LARGE: [20, -20, 40, -40, 100, -100, 30, -30, 1e3, -1e3, 800, -800, 50, -50, 200, -200],
    Flavour.TINY: [1e-3, -1e-3, 1e-4, -1e-4, 5e-4, -2e-4, 1e-5, 1e-6, 2e-3, -5e-5, -1e-5, -1e-6, 3e-6, 2e-5],
    Flavour.MIXED: [1, 1e-3, 100, -1, 1e3, -0.01, 10, -1e-4, 0.5, -1e3, 1e-5, -100, 2, 1e-6, -10, 0.01],
}

# What makes sense beside GENERIC where entries are constrained together.
_STRUCTURED: dict[type[Domain], tuple[Flavour, ...]] = {
    Simplex: (Flavour.TIES, Flavour.CONSTANT, Flavour.MIXED),
    Sphere: (Flavour.INTEGERS, Flavour.ZEROS, Flavour.TIES, Flavour.CONSTANT, Flavour.MIXED),
    Symmetric: tuple(Flavour)[1:],
    PositiveDefinite: (Flavour.INTEGERS, Flavour.CONSTANT, Flavour.LARGE, Flavour.TINY, Flavour.MIXED),
    LowerTriangular: tuple(Flavour)[1:],
}

# Entry i reads its byte XOR i % 8: all-zero bytes then give distinct neighbours, not a tie in every
# array, and a smaller byte is still a plainer value. Of 8 and no more: were there a rare value far
# back in a large array of zero bytes, shrinking would keep the array for its sake.
_POSITIONS = np.arange(4 * SMALL, dtype=np.uint8) % 8


@lru_cache(maxsize=1024)
def flavours_of(domain: Domain) -> tuple[Flavour, ...]:
    """Return the flavours that arrays in `domain` can have, generic first.

    >>> [flavour.value for flavour in flavours_of(read_domain("(0, 1)"))]
    ['generic', 'ties', 'constant', 'saturated', 'tiny']
    """
    if type(domain) in _STRUCTURED:
        return Flavour.GENERIC, *_STRUCTURED[type(domain)]
    if not domain.differentiable:
        return Flavour.GENERIC, Flavour.CONSTANT
    if isinstance(domain, Interval):
        return tuple(flavour for flavour in Flavour if _applies(flavour, domain))
    return tuple(Flavour)


def _applies(flavour: Flavour, interval: Interval) -> bool:
    """Tell whether a flavour keeps its meaning inside an interval."""
    if flavour is Flavour.ZEROS:
        return interval.contains(np.zeros(1))
    if flavour in (Flavour.INTEGERS, Flavour.TINY, Flavour.MIXED):
        enough = 6 if flavour is Flavour.MIXED else 2
        return sum(interval.contains(np.array([raw])) for raw in set(_RAW[flavour])) >= enough
    return True


@lru_cache(maxsize=4096)
def _table(domain: Domain, flavour: Flavour, dtype: np.dtype[Any]) -> Array:
    """Return the 256 values that a byte stands for."""
    raw = np.array(_RAW[flavour], dtype=np.float64) if flavour in _RAW else domain.plain()
    values = np.resize(raw, 256)
    if flavour in _RAW and domain.core == 0:
        values = domain.place(values)
    if flavour is Flavour.ZEROS:
        values = np.where(np.arange(256) < 128, values, 0)
    table = _cast(values, domain, dtype)
    table.flags.writeable = False
    return table


def _cast(values: Array, domain: Domain, dtype: np.dtype[Any]) -> Array:
    """Return entries in another dtype, put back into the domain where rounding took them out of it."""
    cast = without_subnormals(values.astype(dtype))
    return cast if domain.core or domain.contains(cast) else domain.place(cast).astype(dtype)


def without_subnormals(array: Array) -> Array:
    """Return `array` with its subnormal entries raised to the smallest normal number of their sign.

    Frameworks differ in whether they flush these to zero, which is no matter of gradients.
    """
    if array.dtype.kind != "f":
        return array
    least = np.finfo(array.dtype).tiny
    return np.where((array != 0) & (np.abs(array) < least), np.copysign(least, array), array)


def _arranged(index: NDArray[np.uint8], flavour: Flavour) -> NDArray[np.uint8]:
    """Return the indices with the repetitions that `flavour` stands for."""
    if flavour is Flavour.CONSTANT:
        return np.full_like(index, index[0])
    if flavour is Flavour.TIES:
        # At most half as many values as entries: some two are equal.
        return index[index % max(1, min(MOST_TIED, index.size // 2))]
    if flavour is Flavour.ZEROS:
        # All of them, or at least one.
        if index[0] >= 192:
            return np.full_like(index, 255)
        index[int(index[0]) % index.size] = 255
    return index


def assemble(
    index: NDArray[np.uint8],
    shape: tuple[int, ...],
    domain: Domain,
    flavour: Flavour,
    dtype: DTypeLike = "float64",
    scale: float = 1.0,
) -> Array:
    """Return the array that one byte for each entry stands for.

    Parameters
    ----------
    index : array of uint8, one for each entry
        Smaller is plainer.
    shape, domain, flavour, dtype
        Of the result. `dtype` is that of real entries; integers and masks have their own.
    scale : float
        A power of two that every entry is multiplied by, 1 to leave the domain alone.

    Returns
    -------
    array
        New memory, writeable, C order.
    """
    if isinstance(domain, Complex):
        both = np.stack([index, index ^ 2], axis=-1)  # one byte tells both parts, of which neither is rarer
        return _joined(assemble(both.reshape(-1), (*shape, 2), Real(), flavour, dtype, scale))
    dtype = domain.dtype(dtype)
    table = _table(domain, flavour, dtype)
    index = _arranged(index, flavour)
    if isinstance(domain, Labels) and domain.repeated:
        index = _repeated(index)
    array = np.asarray(table[index.reshape(shape)])
    return _finished(array, domain, dtype, scale)


def _joined(parts: Array) -> Array:
    """Return the complex array whose real and imaginary parts stand side by side on the last axis."""
    kind = np.result_type(parts.dtype, np.complex64)
    reals = np.ascontiguousarray(parts, dtype=kind.type(0).real.dtype)
    return reals.view(kind).reshape(parts.shape[:-1])


def _finished(array: Array, domain: Domain, dtype: np.dtype[Any], scale: float) -> Array:
    """Return the array in its domain, dtype and scale."""
    if domain.core:
        array = without_subnormals(np.ascontiguousarray(domain.place(array).astype(dtype, copy=False)))
    return array if scale == 1 else np.asarray(array * dtype.type(scale))


def _repeated(index: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the indices, in every second case with the last entry equal to the first."""
    if index.size > 1 and index[0] % 2 == 0:
        index[-1] = index[0]
    return index


@cache
def _bytes(count: int) -> SearchStrategy[bytes]:
    return st.binary(min_size=count, max_size=count)


def _bucket(count: int) -> int:
    """Return how many bytes are drawn for `count` entries.

    Few different lengths, so that an array that shrinks a little keeps the values it had.
    """
    return 4 if count <= 4 else 16 if count <= 16 else SMALL


def draw_array(
    draw: DrawFn,
    shape: tuple[int, ...],
    domain: Domain,
    flavour: Flavour = Flavour.GENERIC,
    dtype: DTypeLike = "float64",
    first: int = 0,
    scale: float = 1.0,
    label: int | None = None,
) -> Array:
    """Draw one array with one choice, inside a composite strategy.

    Parameters
    ----------
    draw : callable
        What Hypothesis hands to a composite strategy.
    shape, domain, flavour, dtype, scale
        See `assemble`.
    first : int, 0 to 127
        Where in the row of plain values the simplest array begins, so that two arrays differ.
    label : int, optional
        Hypothesis copies what it has drawn under one label over what it draws under the same one
        elsewhere. Arrays of different sizes are better not mixed, and get labels of their own.

    Returns
    -------
    array
        Above `SMALL` entries the result of `seeded`, and Hypothesis prints it as that call.
    """
    count = math.prod(shape)
    if count == 0:
        return np.empty(shape, domain.dtype(dtype))
    if count > SMALL:
        drawn: Array = draw(_large(shape, domain, flavour, np.dtype(dtype), scale), label)
        return drawn
    # Read from the end: shrinking sorts bytes, and so carries those that matter to the first entries,
    # which a smaller shape still has.
    codes = np.frombuffer(draw(_bytes(_bucket(count)), label), np.uint8)[: -count - 1 : -1]
    return assemble(codes ^ _POSITIONS[first : first + count], shape, domain, flavour, dtype, scale)


@lru_cache(maxsize=1024)
def _large(
    shape: tuple[int, ...], domain: Domain, flavour: Flavour, dtype: np.dtype[Any], scale: float
) -> SearchStrategy[Array]:
    # Left out where they are the defaults, so that the printed call stays short.
    said: dict[str, object] = {}
    if domain != Real():
        said["domain"] = _in_words(domain)
    if flavour is not Flavour.GENERIC:
        said["flavour"] = flavour.value
    if dtype != np.float64:
        said["dtype"] = dtype.name
    if scale != 1:
        said["scale"] = scale
    words = {name: st.just(value) for name, value in said.items()}
    return st.builds(seeded, st.just(shape), st.integers(0, 2**16 - 1), **words)


def _from_words(text: str) -> Domain:
    """Return the domain that `text` describes with no input beside it."""

    def refuse(dim: str) -> int:
        raise Misuse(f"domain={text!r} names the dim {dim!r}, whose size is unknown; write a number for it")

    return read_domain(text).bind(refuse)


def _in_words(domain: Domain) -> Domain | str:
    """Return the words that `_from_words` reads as `domain`, or `domain` itself where there are none."""
    try:
        return domain.name if _from_words(domain.name) == domain else domain
    except Misuse:
        return domain


def seeded(
    shape: tuple[int, ...],
    seed: int,
    *,
    domain: Domain | str = "real",
    flavour: Flavour | str = "generic",
    dtype: DTypeLike = "float64",
    scale: float = 1.0,
) -> Array:
    """Return an array of any size from a seed: what a printed large input can be pasted as.

    Parameters
    ----------
    shape : tuple of int
        Of the result.
    seed : int
        The same one gives the same array with any NumPy that keeps `numpy.random.PCG64`.
    domain, flavour, dtype, scale
        See `assemble`; as words.

    Returns
    -------
    array
        Generic entries have four decimals; unusual ones come from the table of their flavour.

    >>> seeded((30, 40), 7).shape
    (30, 40)
    >>> bool((seeded((30, 40), 7) == seeded((30, 40), 7)).all())
    True
    """
    domain = _from_words(domain) if isinstance(domain, str) else domain
    flavour = Flavour(flavour)
    if isinstance(domain, Complex):
        return _joined(seeded((*shape, 2), seed, flavour=flavour, dtype=dtype, scale=scale))
    rng = np.random.Generator(np.random.PCG64(seed))
    count = math.prod(shape)
    if flavour is Flavour.GENERIC and domain.differentiable:
        kind = domain.dtype(dtype)
        entries = _decimals(rng.random(count), domain.window())
        placed = entries if domain.core else domain.place(entries)
        return _finished(_cast(placed, domain, kind).reshape(shape), domain, kind, scale)
    return assemble(rng.integers(0, 256, count, np.uint8), shape, domain, flavour, dtype, scale)


def _decimals(fractions: Array, window: tuple[float, float]) -> Array:
    """Spread fractions of (0, 1) over a window, with four digits after its leading one."""
    low, high = window
    digits = 4 - math.floor(math.log10(high - low))
    entries = np.round(low + (high - low) * fractions, digits)
    # Generic entries are not zero; of many, some would be.
    return np.where(entries == 0, np.round(high / 3 or low / 3, digits), entries)
