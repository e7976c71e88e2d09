"""Hypothesis strategy for fully connected networks of any depth, with what only networks suffer from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from .description import Description, DTypes, Values, describe
from .example import Example, draw_example, tell
from .shapes import LAYER_WIDTHS, WIDTHS, Range
from .values import Flavour

__all__ = ["networks"]

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


def _trouble(example: Example) -> None:
    """Spoil something that only networks have, in three of four nasty examples."""
    at = example.description.rest_at
    kind, where, code = example.header[at : at + 3]
    if not example.nasty or kind < 64:
        return
    spoil = _TROUBLES[(kind - 64) * len(_TROUBLES) // 192]
    layer = where * example.sizes.depth >> 8
    if example.made["biases"][layer].size == 0 or example.made["biases"][-1].size == 0:
        return
    tell(spoil(example.made, layer, code))


@st.composite
def _drawn_network(draw: DrawFn, described: Description) -> Values:
    example = draw_example(draw, described, {"weights": _weight_scale})
    example.equalise()
    _trouble(example)
    return example.result()


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
    return _drawn_network(describe(None, shapes, asked, depth, dtype, nasty, layout, rest=3))
