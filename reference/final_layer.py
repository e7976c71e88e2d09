"""Part 1 of the text: the final layer L, its loss as a function of what it is given, and the derivatives."""

from .arrays import Array, Labels, Scalar
from .layer import weighted_sum
from .loss import cross_entropy_on_logits, error_signal


def final_layer_loss(W: Array, a: Array, b: Array, y: Labels) -> Scalar:
    """Return L(σ(W^L a^(L-1) + b^L), y), summed over output units and batch.

    Parameters
    ----------
    W : array, (out, in)
        W^L.
    a : array, (in, batch)
        a^(L-1).
    b : array, (out,)
        b^L.
    y : array, (out, batch)
        Labels in [0, 1].

    Returns
    -------
    scalar

    >>> import numpy as np
    >>> W, a, b, y = np.zeros((1, 2)), np.ones((2, 3)), np.zeros(1), np.array([[0, 1, 1]])
    >>> round(float(final_layer_loss(W, a, b, y)), 6)  # 3 log 2
    2.079442
    """
    return cross_entropy_on_logits(weighted_sum(W, a, b), y)


def final_weight_gradient(W: Array, a: Array, b: Array, y: Labels) -> Array:
    """Return ∂L/∂W^L = (ŷ - y) (a^(L-1))ᵀ.

    Parameters
    ----------
    W, a, b, y : arrays
        As given to `final_layer_loss`.

    Returns
    -------
    array, (out, in)

    >>> import numpy as np
    >>> W, a, b, y = np.zeros((1, 2)), np.array([[2.0], [4.0]]), np.zeros(1), np.array([[1]])
    >>> final_weight_gradient(W, a, b, y).tolist()
    [[-1.0, -2.0]]
    """
    gradient: Array = error_signal(weighted_sum(W, a, b), y) @ a.T
    return gradient


def propagated_error(W: Array, a: Array, b: Array, y: Labels) -> Array:
    """Return ∂L/∂a^(L-1) = (W^L)ᵀ (ŷ - y).

    Parameters
    ----------
    W, a, b, y : arrays
        As given to `final_layer_loss`.

    Returns
    -------
    array, (in, batch)

    >>> import numpy as np
    >>> W, a, b, y = np.array([[2.0, 4.0]]), np.zeros((2, 1)), np.zeros(1), np.array([[1]])
    >>> propagated_error(W, a, b, y).tolist()
    [[-1.0], [-2.0]]
    """
    gradient: Array = W.T @ error_signal(weighted_sum(W, a, b), y)
    return gradient
