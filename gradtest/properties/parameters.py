"""What a target holds besides its inputs, drawn anew: weights that are not those it began with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy
from numpy.typing import DTypeLike

from gradtest.spaces import arrays as verbs

from .strategies import inputs

__all__ = ["parameters_alike", "point_of"]


def parameters_alike(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the named shape of every parameter that can be drawn: real, and not empty.

    Mistakes hide behind the values that a layer begins with (a factor gamma = 1, a bias of zero),
    so a property draws others of the same shape.

    >>> import numpy as np
    >>> parameters_alike({"weight": np.ones((2, 3)), "steps": 4})
    {'weight': '2 3'}
    """
    return {
        name: " ".join(map(str, verbs.shape(value)))
        for name, value in parameters.items()
        if verbs.is_array(value)
        and verbs.is_differentiable(value)
        and verbs.size(value)
        and "complex" not in str(getattr(value, "dtype", type(value)))
    }


def point_of(
    parameters: Mapping[str, Any], shapes: Mapping[str, Any], *, dtype: DTypeLike = "float64", **how: Any
) -> SearchStrategy[dict[str, Any]]:
    """Return a strategy for the inputs and the parameters of a target.

    Parameters
    ----------
    parameters : mapping of str to value
        As `Target.parameters`.
    shapes : mapping
        What `inputs` takes.  A parameter that it describes is drawn from that; the others are
        drawn alike: their own shape and kind, and entries of about their own size (a power of two
        times plain decimals, so that a wide network is not saturated throughout).
    dtype, **how
        As in `inputs`.

    Returns
    -------
    strategy for dict

    Raises
    ------
    Misuse
        If the shapes cannot be understood.
    """
    rest = parameters_alike({name: value for name, value in parameters.items() if name not in shapes})
    drawn = inputs(dtype=dtype, **how, **shapes, **rest)
    if not rest:
        return drawn
    scales = {name: _scale(parameters[name]) for name in rest}

    def sized(point: dict[str, Any]) -> dict[str, Any]:
        for name, scale in scales.items():
            point[name] = _like(parameters[name], point[name] * point[name].dtype.type(scale))
        return point

    return drawn.map(sized)


def _like(parameter: Any, values: Any) -> Any:
    """Return values as an array of the library and device of `parameter`, where NumPy's will not do."""
    return values if isinstance(parameter, (np.ndarray, np.generic, float)) else verbs.like(parameter, values)


def _scale(parameter: Any) -> float:
    """Return a power of two near the root mean square of the entries, 1 where they are all zero."""
    mean = math.sqrt(verbs.inner(parameter, parameter) / verbs.size(parameter))
    return 2.0 ** round(math.log2(mean)) if 0 < mean < math.inf else 1.0
