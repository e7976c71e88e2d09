"""How an array lies in memory: the layouts that hand-written loops and kernels forget."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtest.errors import Misuse, MisusedType, nearest

__all__ = ["Layout", "laid_out", "read_layouts"]

Array = NDArray[Any]


class Layout(Enum):
    """What an array looks like from inside; the plainest first."""

    C = "C"
    FORTRAN = "F"
    STRIDED = "strided"
    REVERSED = "reversed"
    READ_ONLY = "read-only"


def read_layouts(layout: str | Sequence[str]) -> tuple[Layout, ...]:
    """Return the layouts that a word or a sequence of words names; "any" names all of them.

    Raises
    ------
    Misuse
        If a word means none.

    >>> [one.value for one in read_layouts(("C", "F"))]
    ['C', 'F']
    """
    words = [layout] if isinstance(layout, str) else layout
    known = [one.value for one in Layout]
    if not isinstance(words, (list, tuple)) or not words or not all(isinstance(w, str) for w in words):
        raise MisusedType(f"layout={layout!r} is no layout; write 'any', or some of {', '.join(known)}")
    if layout == "any":
        return tuple(Layout)
    for word in words:
        if word not in known:
            raise Misuse(f"layout={layout!r} names no layout in {word!r}; {nearest(word, [*known, 'any'])}")
    return tuple(map(Layout, words))


def laid_out(array: Array, layout: Layout) -> Array:
    """Return the same values in another layout, in memory of their own.

    A strided array is every second entry of a larger one, along every axis; a reversed one is seen
    from its end.  An array without axes can only be read-only.

    >>> laid_out(np.ones((2, 3)), Layout.STRIDED).strides
    (96, 16)
    """
    if layout is Layout.FORTRAN:
        return np.array(array, order="F")
    if layout is Layout.READ_ONLY:
        own = array.copy()
        own.flags.writeable = False
        return own
    if layout is Layout.STRIDED and array.ndim:
        view = np.zeros([2 * n for n in array.shape], array.dtype)[(slice(None, None, 2),) * array.ndim]
    elif layout is Layout.REVERSED and array.ndim:
        view = np.zeros_like(array, order="C")[(slice(None, None, -1),) * array.ndim]
    else:
        view = np.zeros_like(array, order="C")
    view[...] = array
    return view
