"""Points of a target: its inputs, and what it holds besides, drawn anew and not as it began."""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from gradtest.errors import Misuse
from gradtest.signatures import signature_of
from gradtest.spaces import arrays as verbs
from gradtest.spaces.containers import flatten
from gradtest.targets import Target

from .strategies import inputs

__all__ = ["in_kind_of", "parameters_alike", "placed", "point_of"]


#: So many inputs may be passed over before it is said why.
MOST_REFUSED = 20


def parameters_alike(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the named shape of every parameter that can be drawn: real, and not empty.

    Mistakes hide behind the values that a layer begins with (a factor gamma = 1, a bias of zero),
    so a property draws others of the same shape.

    What is positive stays so: it may be a variance.

    >>> import numpy as np
    >>> parameters_alike({"weight": np.zeros((2, 3)), "scale": np.ones(2), "steps": 4})
    {'weight': '2 3', 'scale': '2 : positive'}
    """
    return {
        name: " ".join(map(str, verbs.shape(value))) + _domain_alike(value)
        for name, value in parameters.items()
        if verbs.is_array(value) and verbs.is_differentiable(value) and verbs.size(value)
    }


def _domain_alike(value: Any) -> str:
    if verbs.is_complex(value):
        return " : complex"
    return " : positive" if bool(np.all(verbs.few(value) > 0)) else ""


def point_of(target: Target, shapes: Mapping[str, Any], **how: Any) -> SearchStrategy[dict[str, Any]]:
    """Return a strategy for the inputs and the parameters of a target.

    Parameters
    ----------
    target : Target
        What it holds is drawn too; where that is known beside inputs only, once these are drawn.
    shapes : mapping
        What `inputs` takes.  A parameter that it describes is drawn from that; the others are
        drawn alike: their own shape and kind, and entries of about their own size (a power of two
        times plain decimals, so that a wide network is not saturated throughout).
    **how
        As in `inputs`.

    Returns
    -------
    strategy for dict

    Raises
    ------
    Misuse
        If the shapes cannot be understood.
    """
    drawn = inputs(shapes, **how)
    if target.made_for is not None:
        return _drawn_beside(target, drawn, Counter())
    rest = {name: value for name, value in target.parameters.items() if name not in shapes}
    alike = parameters_alike(rest)
    if not alike:
        return drawn
    return inputs({**shapes, **alike}, **how).map(functools.partial(_sized, rest, alike))


@st.composite
def _drawn_beside(
    draw: DrawFn, target: Target, point: SearchStrategy[dict[str, Any]], made: Counter[bool]
) -> dict[str, Any]:
    """Draw inputs, and then what the target holds that is made for them, in the same precision.

    Inputs for which it cannot be made (an image smaller than the kernel) are passed over, unless
    it could not be made for any so far.
    """
    drawn = draw(point)
    try:
        held = target.beside(*placed(target, drawn)).parameters
    except Misuse:
        made[False] += 1
        if not made[True] and made[False] >= MOST_REFUSED:
            raise
        reject()
    made[True] += 1
    alike = parameters_alike({name: value for name, value in held.items() if name not in drawn})
    if not alike:
        return drawn
    return drawn | _sized(held, alike, draw(_inputs_alike(tuple(alike.items()), _precision(drawn))))


def _precision(point: Mapping[str, Any]) -> str:
    """Return the floating dtype of the inputs that were drawn, float64 where there is none."""
    held = (leaf for leaf in flatten(dict(point)).leaves if isinstance(leaf, np.ndarray))
    return next((leaf.dtype.name for leaf in held if leaf.dtype.kind == "f"), "float64")


@functools.lru_cache(maxsize=256)
def _inputs_alike(alike: tuple[tuple[str, str], ...], dtype: str) -> SearchStrategy[dict[str, Any]]:
    return inputs(dict(alike), dtype=dtype)


def placed(target: Target, point: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return what of a point a target is given by position, and what by name.

    By name are given what it holds itself, what stands behind an input that is left out, and all
    where there is no telling the order.
    """
    signature = signature_of(target.forward)
    own = list(signature.parameters.values()) if signature is not None else []
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in own):
        return (), dict(point)
    held: Collection[str] = target.parameters
    if target.made_for is not None and not any(p.kind is p.VAR_POSITIONAL for p in own):
        held = set(point) - {p.name for p in own}
    names = [p.name for p in own if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if set(point) <= {*names, *held} or any(p.kind is p.VAR_KEYWORD for p in own):
        first = [*itertools.takewhile(lambda name: name in point and name not in held, names)]
        return tuple(point[name] for name in first), {k: v for k, v in point.items() if k not in first}
    args = tuple(value for name, value in point.items() if name not in held)
    return args, {name: value for name, value in point.items() if name in held}


def _sized(parameters: Mapping[str, Any], alike: Mapping[str, str], point: dict[str, Any]) -> dict[str, Any]:
    """Give the parameters that were drawn the size, the library and the dtype that they have."""
    for name in alike:
        scale = point[name].dtype.type(_scale(parameters[name]))
        point[name] = in_kind_of(parameters[name], point[name] * scale)
    return point


def in_kind_of(parameter: Any, values: Any) -> Any:
    """Return values as an array of the library and device of `parameter`, where NumPy's will not do."""
    return values if isinstance(parameter, (np.ndarray, np.generic, float)) else verbs.like(parameter, values)


def _scale(parameter: Any) -> float:
    """Return a power of two near the root mean square of the entries, 1 where they are all zero."""
    mean = math.sqrt(verbs.inner(parameter, parameter) / verbs.size(parameter))
    return 2.0 ** round(math.log2(mean)) if 0 < mean < math.inf else 1.0
