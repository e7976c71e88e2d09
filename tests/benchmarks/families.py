"""The corpus: families of functions with right and wrong gradients, and how to draw a case of each.

    sys.path.insert(0, "tests/benchmarks"); import families

`FAMILIES` holds the right ones, `mutants(family)` its wrong ones: those written for it, and the
mistakes that any gradient can have.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from corpus import algebra, layers, losses, models, pointwise, reductions
from corpus.family import Draw, Family, Inputs, Mutant, build, floats

__all__ = [
    "FAMILIES",
    "Draw",
    "Family",
    "Inputs",
    "Mutant",
    "build",
    "draw",
    "floats",
    "gradients",
    "mutants",
]

FAMILIES: dict[str, Family] = {
    family.name: family
    for module in (pointwise, reductions, losses, layers, algebra, models)
    for family in module.FAMILIES
}


def draw(family: Family, seed: int, *, nasty: bool = False, dtype: Any = np.float64) -> Inputs:
    """Draw inputs of a family; the same seed gives the same inputs."""
    rng = np.random.default_rng([seed, int(nasty), zlib.crc32(family.name.encode())])
    return family.draw(Draw(rng, nasty, dtype))


def gradients(family: Family, derivative: Callable[..., Any], inputs: Inputs, g: Any) -> list[Any]:
    """Return what `derivative` claims at `inputs` for the cotangent `g`: one array for each leaf of `wrt`."""
    with np.errstate(all="ignore"):
        if family.form == "grad":
            return [np.asarray(d) * np.asarray(g) for d in floats(derivative(**inputs))]
        return floats(derivative(g, **inputs))


# -- mistakes that any gradient can have ---------------------------------------------------------


def _changed(derivative: Callable[..., Any], change: Callable[[Any], Any], which: int) -> Callable[..., Any]:
    """Return `derivative` with `change` applied to one of the gradients it returns."""

    def wrong(*args: Any, **inputs: Any) -> Any:
        result = derivative(*args, **inputs)
        leaves = floats(result)
        i = which % len(leaves)
        leaves[i] = np.asarray(change(leaves[i])).astype(leaves[i].dtype)
        return build(result, leaves)

    return wrong


def _one_entry(factor: float) -> Callable[[Any], Any]:
    def change(d: Any) -> Any:
        d = np.array(d)
        d.reshape(-1)[(d.size - 1) * 2 // 3] *= factor
        return d

    return change


def _transposed(d: Any) -> Any:
    return np.swapaxes(d, -1, -2) if d.ndim > 1 and d.shape[-1] == d.shape[-2] else d


def _rows_reversed(d: Any) -> Any:
    return d[::-1] if d.ndim else d


_CHANGES: tuple[tuple[str, Callable[[Any], Any], str, bool], ...] = (
    ("sign", lambda d: -d, "any", False),
    ("scale", lambda d: 2 * d, "any", False),
    ("one entry off by 1 %", _one_entry(1.01), "that entry is not 0", False),
    ("one entry zero", _one_entry(0.0), "that entry is not 0", False),
    ("scale 1 + 1e-6", lambda d: d * (1 + 1e-6), "any", True),
    ("block zero", lambda d: 0 * d, "any", False),
    ("transposed", _transposed, "a square block", False),
    ("order reversed", _rows_reversed, "more than one row", False),
    ("shifted by 1 %", lambda d: d + 0.01 * np.abs(d).max(), "any", False),
)


def _g_ignored(derivative: Callable[..., Any]) -> Callable[..., Any]:
    return lambda g, *args, **inputs: derivative(np.ones_like(g), *args, **inputs)


def mutants(family: Family) -> Iterator[Mutant]:
    """Yield the wrong derivatives of a family; every other general one hits another block."""
    yield from family.mutants
    start = zlib.crc32(family.name.encode())
    for i, (kind, change, trigger, fine) in enumerate(_CHANGES):
        yield Mutant(kind, _changed(family.derivative, change, start + i), trigger, fine)
    if family.form == "vjp":
        yield Mutant("g ignored", _g_ignored(family.derivative), "g is not 1")
