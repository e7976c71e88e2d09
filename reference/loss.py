"""Binary cross-entropy: of probabilities, as in the text, and of logits, as it is computed.

Both sum over output units and over the batch. The mean over the batch is taken in `network`.
"""

import numpy as np

from .activations import sigmoid
from .arrays import Array, Labels, Scalar


def binary_cross_entropy(a: Array, y: Labels) -> Scalar:
    """Return L = -Σ y log a + (1 - y) log(1 - a).

    Only for a strictly between 0 and 1: a saturated sigmoid is not. `cross_entropy_on_logits` is for any z.

    Parameters
    ----------
    a : array, (out, batch)
        Probabilities a^L = ŷ in the open interval (0, 1).
    y : array, (out, batch)
        Labels in [0, 1].

    Returns
    -------
    scalar, dtype of `a`

    >>> round(float(binary_cross_entropy(np.array([[0.5, 0.5]]), np.array([[0, 1]]))), 6)  # 2 log 2
    1.386294
    """
    y = _in_the_precision_of(a, y)
    loss: Scalar = -np.sum(y * np.log(a) + (1 - y) * np.log1p(-a))
    return loss


def binary_cross_entropy_gradient(a: Array, y: Labels) -> Array:
    """Return ∂L/∂a^L = (1 - y) / (1 - a) - y / a.

    The same as (a - y) / (a (1 - a)), with nothing to cancel when y is 0 or 1.

    Parameters
    ----------
    a : array, (out, batch)
        Probabilities a^L = ŷ in the open interval (0, 1).
    y : array, (out, batch)
        Labels in [0, 1].

    Returns
    -------
    array, shape and dtype of `a`

    >>> binary_cross_entropy_gradient(np.array([[0.5, 0.25]]), np.array([[0, 1]])).tolist()
    [[2.0, -4.0]]
    """
    y = _in_the_precision_of(a, y)
    gradient: Array = (1 - y) / (1 - a) - y / a
    return gradient


def cross_entropy_on_logits(z: Array, y: Labels) -> Scalar:
    """Return L(σ(z), y) = Σ y log(1 + e^(-z)) + (1 - y) log(1 + e^z), for logits of any size.

    Parameters
    ----------
    z : array, (out, batch)
        Logits z^L.
    y : array, (out, batch)
        Labels in [0, 1].

    Returns
    -------
    scalar, dtype of `z`

    >>> print(cross_entropy_on_logits(np.array([[1e4, -1e4]]), np.array([[1, 1]])))
    10000.0
    """
    # -log σ(z) = log(1 + e^(-z)) and -log(1 - σ(z)) = log(1 + e^z). No term is negative: nothing cancels.
    y = _in_the_precision_of(z, y)
    loss: Scalar = np.sum(y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z))
    return loss


def error_signal(z: Array, y: Labels) -> Array:
    """Return ∂L/∂z^L = ∂L/∂a^L · ∂a^L/∂z^L = ŷ - y, with all its digits.

    Parameters
    ----------
    z : array, (out, batch)
        Logits z^L; ŷ = σ(z).
    y : array, (out, batch)
        Labels in [0, 1].

    Returns
    -------
    array, shape and dtype of `z`

    >>> z, y = np.array([[35.0]]), np.array([[1]])
    >>> print(error_signal(z, y))
    [[-6.30511676e-16]]
    >>> print(sigmoid(z) - y)  # off by more than 3 %
    [[-6.66133815e-16]]
    """
    # σ(z) - y = (1 - y) σ(z) - y (1 - σ(z)), and 1 - σ(z) = σ(-z). For y of 0 or 1 one term is exactly 0.
    y = _in_the_precision_of(z, y)
    error: Array = (1 - y) * sigmoid(z) - y * sigmoid(-z)
    return error


def _in_the_precision_of(z: Array, y: Labels) -> Array:
    # float16 lifts only integer z to the precision in which NumPy would take their exponential.
    return np.asarray(y, dtype=np.result_type(z, np.float16))
