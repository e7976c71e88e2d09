"""The table of terms: which function is the derivative of which, as data that any checker can read."""

from collections.abc import Callable
from typing import Any, NotRequired, TypedDict

from .activations import relu, relu_derivative, sigmoid, sigmoid_derivative
from .final_layer import final_layer_loss, final_weight_gradient, propagated_error
from .hidden_layer import hidden_error, hidden_layer_loss, hidden_weight_gradient, next_weighted_sum
from .layer import bias_pullback, input_pullback, weight_pullback, weighted_sum
from .loss import binary_cross_entropy, binary_cross_entropy_gradient, cross_entropy_on_logits, error_signal
from .network import (
    logits,
    logits_pullback,
    mean_loss,
    mean_loss_gradients,
    summed_loss,
    summed_loss_gradients,
)


class Derivative(TypedDict):
    """One row: a plain dict with `equation`, `forward`, `inputs`, either `grad` or `vjp`, and perhaps `wrt`.

    equation
        As the text has it, or as the text would have it.
    forward
        A function of arrays, or of lists of arrays.
    grad
        ``grad(*inputs)`` is the gradient where `forward` is a scalar, and the array of entrywise derivatives
        where `forward` works entry by entry.
    vjp
        ``vjp(cotangent, *inputs)`` pulls a cotangent of what `forward` returns back to its inputs.
    inputs
        From the names of the parameters of `forward`, in order, to shapes: sizes separated by blanks, equal
        names for equal sizes, perhaps a domain after a colon: ``(0, 1)`` is the open interval, ``{0, 1}`` are
        labels, which nothing is differentiated by. ``n[l]`` makes the input a list over layers l = 1..L.
    wrt
        What is differentiated by: a tuple of names; by default all inputs but labels. With several names
        `grad` and `vjp` return a tuple in this order, with one name the array itself.
    """

    equation: str
    forward: Callable[..., Any]
    grad: NotRequired[Callable[..., Any]]
    vjp: NotRequired[Callable[..., Any]]
    inputs: dict[str, str]
    wrt: NotRequired[tuple[str, ...]]


_LAYER = {"W": "out in", "a": "in batch", "b": "out"}
_FINAL = _LAYER | {"y": "out batch : {0, 1}"}
_NETWORK = {"weights": "n[l] n[l-1]", "biases": "n[l]", "x": "n[0] batch"}
_LABELLED = _NETWORK | {"y": "n[L] batch : {0, 1}"}

DERIVATIVES: tuple[Derivative, ...] = (
    # Part 1: the final layer
    {
        "equation": "∂L/∂a^L",
        "forward": binary_cross_entropy,
        "grad": binary_cross_entropy_gradient,
        "inputs": {"a": "out batch : (0, 1)", "y": "out batch : {0, 1}"},
    },
    {
        "equation": "∂a^L/∂z^L",
        "forward": sigmoid,
        "grad": sigmoid_derivative,
        "inputs": {"z": "out batch"},
    },
    {
        "equation": "∂L/∂a^L · ∂a^L/∂z^L = ŷ - y",
        "forward": cross_entropy_on_logits,
        "grad": error_signal,
        "inputs": {"z": "out batch", "y": "out batch : {0, 1}"},
    },
    {
        "equation": "∂z^L/∂W^L = a^{L-1}",
        "forward": weighted_sum,
        "vjp": weight_pullback,
        "inputs": _LAYER,
        "wrt": ("W",),
    },
    {
        "equation": "∂L/∂W^L = (ŷ - y) · (a^{L-1})^T",
        "forward": final_layer_loss,
        "grad": final_weight_gradient,
        "inputs": _FINAL,
        "wrt": ("W",),
    },
    # Part 2: the hidden layers
    {
        "equation": "∂z^L/∂a^{L-1} = W^L",
        "forward": weighted_sum,
        "vjp": input_pullback,
        "inputs": _LAYER,
        "wrt": ("a",),
    },
    {
        "equation": "∂L/∂a^{L-1} = (W^L)^T (ŷ - y)",
        "forward": final_layer_loss,
        "grad": propagated_error,
        "inputs": _FINAL,
        "wrt": ("a",),
    },
    {
        "equation": "∂a^{L-1}/∂z^{L-1} = ReLU'(z^{L-1})",
        "forward": relu,
        "grad": relu_derivative,
        "inputs": {"z": "hidden batch"},
    },
    {
        "equation": "∂L/∂W^{L-1} = (W^L)^T (ŷ - y) ⊙ ReLU'(z^{L-1}) · (a^{L-2})^T",
        "forward": hidden_layer_loss,
        "grad": hidden_weight_gradient,
        "inputs": {
            "W_hidden": "hidden in",
            "a": "in batch",
            "b_hidden": "hidden",
            "W_last": "out hidden",
            "b_last": "out",
            "y": "out batch : {0, 1}",
        },
        "wrt": ("W_hidden",),
    },
    # Beyond the text: biases, the step from layer to layer, all layers at once
    {
        "equation": "∂z^L/∂b^L = 1",
        "forward": weighted_sum,
        "vjp": bias_pullback,
        "inputs": _LAYER,
        "wrt": ("b",),
    },
    {
        "equation": "∂L/∂z^l = (W^{l+1})^T ∂L/∂z^{l+1} ⊙ ReLU'(z^l)",
        "forward": next_weighted_sum,
        "vjp": hidden_error,
        "inputs": {"z": "in batch", "W": "out in", "b": "out"},
        "wrt": ("z",),
    },
    {
        "equation": "∂z^L/∂(W, b, x)",
        "forward": logits,
        "vjp": logits_pullback,
        "inputs": _NETWORK,
    },
    {
        "equation": "∂L/∂(W, b, x), L summed over the batch",
        "forward": summed_loss,
        "grad": summed_loss_gradients,
        "inputs": _LABELLED,
    },
    {
        "equation": "∂L/∂(W, b, x), L averaged over the batch",
        "forward": mean_loss,
        "grad": mean_loss_gradients,
        "inputs": _LABELLED,
    },
)
