"""ReLU in the hidden layers, the sigmoid at the end; each with its derivative beside it."""

import numpy as np

from .arrays import Array


def relu(z: Array) -> Array:
    """Return ReLU(z) = max(z, 0), entry by entry.

    Parameters
    ----------
    z : array, any shape
        Weighted sums.

    Returns
    -------
    array, shape and dtype of `z`

    >>> relu(np.array([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 3.0]
    """
    return np.maximum(z, 0)


def relu_derivative(z: Array) -> Array:
    """Return ReLU′(z), entry by entry: 1 if z > 0, 0 otherwise.

    At the kink itself the text chooses ReLU′(0) = 0. Any value in [0, 1] would be a subgradient.

    Parameters
    ----------
    z : array, any shape
        Weighted sums.

    Returns
    -------
    array, shape and dtype of `z`

    >>> relu_derivative(np.array([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 1.0]
    """
    return np.heaviside(z, 0)


def sigmoid(z: Array) -> Array:
    """Return σ(z) = 1 / (1 + e^(-z)), entry by entry.

    Parameters
    ----------
    z : array, any shape
        Weighted sums.

    Returns
    -------
    array, shape and dtype of `z`

    >>> sigmoid(np.array([-1e4, 0.0, 1e4])).tolist()
    [0.0, 0.5, 1.0]
    """
    # Numerator and denominator are multiplied by e^min(z, 0), so that no exponent is ever positive.
    s: Array = np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))
    return s


def sigmoid_derivative(z: Array) -> Array:
    """Return σ′(z) = σ(z) σ(-z), entry by entry.

    The same as σ(z) (1 - σ(z)), which has no digit left once σ(z) rounds to 1 (z near 37 in float64).

    Parameters
    ----------
    z : array, any shape
        Weighted sums.

    Returns
    -------
    array, shape and dtype of `z`

    >>> sigmoid_derivative(np.array([0.0])).tolist()
    [0.25]
    >>> print(sigmoid_derivative(np.array([50.0])) / np.exp(-50.0))
    [1.]
    """
    return sigmoid(z) * sigmoid(-z)
