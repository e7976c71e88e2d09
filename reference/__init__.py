"""The derivation of backpropagation, term by term, in plain NumPy.

Every factor of every chain rule is a function that can be called and checked alone: a batch stands in
columns, layers are numbered 1..L, and whatever precision goes in comes out. README.md sets each equation of
the text beside its function; `DERIVATIVES` says the same as data. This package knows NumPy and nothing else.
"""

from .activations import relu, relu_derivative, sigmoid, sigmoid_derivative
from .derivatives import DERIVATIVES, Derivative
from .final_layer import final_layer_loss, final_weight_gradient, propagated_error
from .hidden_layer import hidden_error, hidden_layer_loss, hidden_weight_gradient, next_weighted_sum
from .layer import bias_pullback, input_pullback, weight_pullback, weighted_sum
from .loss import binary_cross_entropy, binary_cross_entropy_gradient, cross_entropy_on_logits, error_signal
from .network import (
    Gradients,
    Trace,
    backward,
    forward,
    logits,
    logits_pullback,
    mean_loss,
    mean_loss_gradients,
    summed_loss,
    summed_loss_gradients,
)

__all__ = [
    "DERIVATIVES",
    "Derivative",
    "Gradients",
    "Trace",
    "backward",
    "bias_pullback",
    "binary_cross_entropy",
    "binary_cross_entropy_gradient",
    "cross_entropy_on_logits",
    "error_signal",
    "final_layer_loss",
    "final_weight_gradient",
    "forward",
    "hidden_error",
    "hidden_layer_loss",
    "hidden_weight_gradient",
    "input_pullback",
    "logits",
    "logits_pullback",
    "mean_loss",
    "mean_loss_gradients",
    "next_weighted_sum",
    "propagated_error",
    "relu",
    "relu_derivative",
    "sigmoid",
    "sigmoid_derivative",
    "summed_loss",
    "summed_loss_gradients",
    "weight_pullback",
    "weighted_sum",
]
