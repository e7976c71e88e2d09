"""Directions and steps that stay inside the domain of a leaf (None for the whole space).

The verbs of a domain for every kind of leaf: numbers, arrays of NumPy, and those of other libraries,
which are looked at on the host.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import arrays, foreign
from .domains import Domain

__all__ = ["beside", "contains", "moved", "on_edge", "room", "shortened", "tangent"]


def _host(leaf: Any) -> NDArray[Any]:
    return np.asarray(foreign.to_host(leaf))


def _like(leaf: Any, values: NDArray[Any]) -> Any:
    return arrays.like(leaf, np.asarray(values).reshape(-1))


def contains(domain: Domain, x: Any) -> bool:
    """Whether `x` lies in its domain."""
    return domain.contains(_host(x))


def on_edge(domain: Domain | None, x: Any) -> bool:
    """Whether some entry of `x` sits where only one side is open, so that it has no derivative there."""
    return domain is not None and domain.on_edge(_host(x))


def tangent(domain: Domain | None, x: Any, v: Any) -> Any:
    """Return the part of `v` along which `x` stays in its domain; a linear projection."""
    return v if domain is None else _like(v, domain.tangent(_host(x), _host(v)))


def shortened(domain: Domain | None, x: Any, v: Any) -> Any:
    """Return `v` with the entries cut that alone would soon leave the domain."""
    return v if domain is None else _like(v, domain.shortened(_host(x), _host(v)))


def room(domain: Domain | None, x: Any, v: Any) -> float:
    """Return how far `x` may go along a tangent `v` to either side, in units of `v`."""
    return math.inf if domain is None else domain.room(_host(x), _host(v))


def moved(domain: Domain | None, x: Any, v: Any, t: float) -> Any:
    """Return x + t v, or what stands for it where the domain is curved."""
    return arrays.moved(x, v, t) if domain is None else _like(x, domain.moved(_host(x), _host(v), t))


def beside(domain: Domain | None, x: Any, v: Any, t: float) -> Any:
    """Return a member of the domain near x + t v; one inside, where `x` sits on an end."""
    if domain is None:
        return arrays.moved(x, v, t)
    return _like(x, domain.beside(_host(x), _host(arrays.moved(arrays.zeros(v), v, t))))
