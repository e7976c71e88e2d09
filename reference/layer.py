"""One layer's weighted sum z = W a + b and its pullbacks.

∂z/∂W and ∂z/∂a are arrays with four indices, mostly zeros, that nobody writes down. What the text means, and
what is computed, is how they pull a cotangent ∂L/∂z back to ∂L/∂W, ∂L/∂a and ∂L/∂b. Every pullback takes the
cotangent and then the inputs of its forward function, needed or not, so that each can be checked alone.
"""

import numpy as np

from .arrays import Array


def weighted_sum(W: Array, a: Array, b: Array) -> Array:
    """Return z^l = W^l a^(l-1) + b^l; the bias is added to every column of the batch.

    Parameters
    ----------
    W : array, (out, in)
        Weights W^l.
    a : array, (in, batch)
        What the layer is given, a^(l-1).
    b : array, (out,)
        Biases b^l.

    Returns
    -------
    array, (out, batch)

    >>> weighted_sum(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([0.5])).tolist()
    [[11.5]]
    """
    z: Array = W @ a + b[:, np.newaxis]
    return z


def weight_pullback(cotangent: Array, W: Array, a: Array, b: Array) -> Array:
    """Return ∂L/∂W^l = ∂L/∂z^l (a^(l-1))ᵀ: W_ij stands in z_ik for each k, times a_jk.

    Parameters
    ----------
    cotangent : array, (out, batch)
        ∂L/∂z^l.
    W, a, b : arrays
        As given to `weighted_sum`.

    Returns
    -------
    array, (out, in)

    >>> W, a, b = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([0.5])
    >>> weight_pullback(np.array([[10.0]]), W, a, b).tolist()
    [[30.0, 40.0]]
    """
    gradient: Array = cotangent @ a.T
    return gradient


def input_pullback(cotangent: Array, W: Array, a: Array, b: Array) -> Array:
    """Return ∂L/∂a^(l-1) = (W^l)ᵀ ∂L/∂z^l: a_jk stands in z_ik for each i, times W_ij.

    Parameters
    ----------
    cotangent : array, (out, batch)
        ∂L/∂z^l.
    W, a, b : arrays
        As given to `weighted_sum`.

    Returns
    -------
    array, (in, batch)

    >>> W, a, b = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([0.5])
    >>> input_pullback(np.array([[10.0]]), W, a, b).tolist()
    [[10.0], [20.0]]
    """
    gradient: Array = W.T @ cotangent
    return gradient


def bias_pullback(cotangent: Array, W: Array, a: Array, b: Array) -> Array:
    """Return ∂L/∂b^l = ∂L/∂z^l summed over the batch: b_i stands in z_ik for each k, times 1.

    Parameters
    ----------
    cotangent : array, (out, batch)
        ∂L/∂z^l.
    W, a, b : arrays
        As given to `weighted_sum`.

    Returns
    -------
    array, (out,)

    >>> W, a, b = np.ones((1, 2)), np.ones((2, 3)), np.ones(1)
    >>> bias_pullback(np.array([[1.0, 10.0, 100.0]]), W, a, b).tolist()
    [111.0]
    """
    gradient: Array = np.sum(cotangent, axis=1)
    return gradient
