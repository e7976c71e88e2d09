"""The whole network: any depth, any widths, any batch. The text's one hidden layer becomes a recursion.

Layers are numbered 1..L as in the text, a^0 is the input x. Python counts from 0: ``weights[l - 1]`` is W^l.
"""

from collections.abc import Sequence
from typing import NamedTuple

from .activations import relu, sigmoid
from .arrays import Array, Labels, Scalar
from .hidden_layer import hidden_error
from .layer import bias_pullback, input_pullback, weight_pullback, weighted_sum
from .loss import cross_entropy_on_logits, error_signal


class Trace(NamedTuple):
    """What the way up leaves for the way down: ``a[l]`` is a^l, l = 0..L; ``z[l - 1]`` is z^l, l = 1..L."""

    a: list[Array]
    z: list[Array]


class Gradients(NamedTuple):
    """The derivatives by each weight, each bias and the input, in the order and the shapes of these."""

    weights: list[Array]
    biases: list[Array]
    x: Array


def forward(weights: Sequence[Array], biases: Sequence[Array], x: Array) -> Trace:
    """Return every z^l = W^l a^(l-1) + b^l and a^l = ReLU(z^l), at the end a^L = σ(z^L) = ŷ.

    Parameters
    ----------
    weights : sequence of L >= 1 arrays
        W^l of shape (n_l, n_(l-1)).
    biases : sequence of L arrays
        b^l of shape (n_l,).
    x : array, (n_0, batch)
        The input a^0.

    Returns
    -------
    Trace

    >>> import numpy as np
    >>> weights, biases = [np.array([[1.0], [-1.0]]), np.array([[2.0, 2.0]])], [np.zeros(2), np.zeros(1)]
    >>> trace = forward(weights, biases, np.array([[3.0]]))
    >>> [z.tolist() for z in trace.z]
    [[[3.0], [-3.0]], [[6.0]]]
    >>> [a.shape for a in trace.a]
    [(1, 1), (2, 1), (1, 1)]
    """
    a, z = [x], []
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True), start=1):
        z.append(weighted_sum(W, a[-1], b))
        a.append(relu(z[-1]) if layer < len(weights) else sigmoid(z[-1]))
    return Trace(a, z)


def backward(cotangent: Array, weights: Sequence[Array], biases: Sequence[Array], trace: Trace) -> Gradients:
    """Return the derivatives for all layers, from L down to 1, and for the input.

    Parameters
    ----------
    cotangent : array, (n_L, batch)
        ∂L/∂z^L; for the text's loss it is ŷ - y.
    weights, biases : sequences of arrays
        As given to `forward`.
    trace : Trace
        As returned by `forward`. It is only read, so it can be asked twice.

    Returns
    -------
    Gradients

    >>> import numpy as np
    >>> weights, biases = [np.array([[1.0], [-1.0]]), np.array([[2.0, 2.0]])], [np.zeros(2), np.zeros(1)]
    >>> trace = forward(weights, biases, np.array([[3.0]]))
    >>> [dW.tolist() for dW in backward(np.array([[1.0]]), weights, biases, trace).weights]
    [[[6.0], [0.0]], [[3.0, 0.0]]]
    """
    errors = [cotangent]  # ∂L/∂z^L, and in front of it those of the layers below, down to ∂L/∂z^1
    for z, W, b in reversed(list(zip(trace.z[:-1], weights[1:], biases[1:], strict=True))):
        errors.insert(0, hidden_error(errors[0], z, W, b))
    layers = list(zip(errors, weights, trace.a[:-1], biases, strict=True))
    return Gradients(
        weights=[weight_pullback(error, W, a, b) for error, W, a, b in layers],
        biases=[bias_pullback(error, W, a, b) for error, W, a, b in layers],
        x=input_pullback(*layers[0]),
    )


def logits(weights: Sequence[Array], biases: Sequence[Array], x: Array) -> Array:
    """Return z^L, what the final sigmoid is given.

    Parameters
    ----------
    weights, biases, x : sequences of arrays, array
        As given to `forward`.

    Returns
    -------
    array, (n_L, batch)

    >>> import numpy as np
    >>> weights, biases = [np.array([[2.0]]), np.array([[3.0]])], [np.array([1.0]), np.array([0.5])]
    >>> logits(weights, biases, np.array([[1.0, -1.0]])).tolist()
    [[9.5, 0.5]]
    """
    return forward(weights, biases, x).z[-1]


def logits_pullback(
    cotangent: Array, weights: Sequence[Array], biases: Sequence[Array], x: Array
) -> Gradients:
    """Return the cotangent ∂L/∂z^L pulled back to all weights, all biases and the input: the bare recursion.

    Parameters
    ----------
    cotangent : array, (n_L, batch)
        ∂L/∂z^L for any L, not only for the text's loss.
    weights, biases, x : sequences of arrays, array
        As given to `logits`.

    Returns
    -------
    Gradients

    >>> import numpy as np
    >>> weights, biases = [np.array([[2.0]]), np.array([[3.0]])], [np.array([1.0]), np.array([0.5])]
    >>> logits_pullback(np.array([[1.0, 10.0]]), weights, biases, np.array([[1.0, -1.0]])).x.tolist()
    [[6.0, 0.0]]
    """
    return backward(cotangent, weights, biases, forward(weights, biases, x))


def summed_loss(weights: Sequence[Array], biases: Sequence[Array], x: Array, y: Labels) -> Scalar:
    """Return the binary cross-entropy, summed over output units and over the batch.

    Parameters
    ----------
    weights, biases, x : sequences of arrays, array
        As given to `forward`.
    y : array, (n_L, batch)
        Labels in [0, 1].

    Returns
    -------
    scalar

    >>> import numpy as np
    >>> weights, biases, x, y = [np.zeros((1, 2))], [np.zeros(1)], np.ones((2, 3)), np.array([[0, 1, 1]])
    >>> round(float(summed_loss(weights, biases, x, y)), 6)  # 3 log 2
    2.079442
    """
    return cross_entropy_on_logits(logits(weights, biases, x), y)


def summed_loss_gradients(
    weights: Sequence[Array], biases: Sequence[Array], x: Array, y: Labels
) -> Gradients:
    """Return the derivatives of `summed_loss`: the recursion, begun with ŷ - y.

    Parameters
    ----------
    weights, biases, x, y : sequences of arrays, arrays
        As given to `summed_loss`.

    Returns
    -------
    Gradients

    >>> import numpy as np
    >>> weights, biases, x, y = [np.zeros((1, 2))], [np.zeros(1)], np.ones((2, 3)), np.array([[0, 1, 1]])
    >>> summed_loss_gradients(weights, biases, x, y).biases[0].tolist()
    [-0.5]
    """
    trace = forward(weights, biases, x)
    return backward(error_signal(trace.z[-1], y), weights, biases, trace)


def mean_loss(weights: Sequence[Array], biases: Sequence[Array], x: Array, y: Labels) -> Scalar:
    """Return the binary cross-entropy, summed over output units and averaged over the batch.

    Parameters
    ----------
    weights, biases, x, y : sequences of arrays, arrays
        As given to `summed_loss`.

    Returns
    -------
    scalar

    >>> import numpy as np
    >>> weights, biases, x, y = [np.zeros((1, 2))], [np.zeros(1)], np.ones((2, 3)), np.array([[0, 1, 1]])
    >>> round(float(mean_loss(weights, biases, x, y)), 6)  # log 2
    0.693147
    """
    loss: Scalar = summed_loss(weights, biases, x, y) / x.shape[1]
    return loss


def mean_loss_gradients(weights: Sequence[Array], biases: Sequence[Array], x: Array, y: Labels) -> Gradients:
    """Return the derivatives of `mean_loss`: the recursion, begun with (ŷ - y) / batch.

    Parameters
    ----------
    weights, biases, x, y : sequences of arrays, arrays
        As given to `summed_loss`.

    Returns
    -------
    Gradients

    >>> import numpy as np
    >>> weights, biases, x, y = [np.zeros((1, 2))], [np.zeros(1)], np.ones((2, 3)), np.array([[0, 1, 1]])
    >>> [round(float(db), 6) for db in mean_loss_gradients(weights, biases, x, y).biases[0]]
    [-0.166667]
    """
    trace = forward(weights, biases, x)
    return backward(error_signal(trace.z[-1], y) / x.shape[1], weights, biases, trace)
