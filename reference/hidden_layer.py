"""Part 2 of the text: the last hidden layer as written there, and the step that reaches all the others."""

from .activations import relu, relu_derivative
from .arrays import Array, Labels, Scalar
from .final_layer import final_layer_loss
from .layer import weighted_sum
from .loss import error_signal


def hidden_layer_loss(
    W_hidden: Array, a: Array, b_hidden: Array, W_last: Array, b_last: Array, y: Labels
) -> Scalar:
    """Return the loss as a function of layers L-1 (hidden) and L (last), summed over output units and batch.

    Parameters
    ----------
    W_hidden : array, (hidden, in)
        W^(L-1).
    a : array, (in, batch)
        a^(L-2).
    b_hidden : array, (hidden,)
        b^(L-1).
    W_last : array, (out, hidden)
        W^L.
    b_last : array, (out,)
        b^L.
    y : array, (out, batch)
        Labels in [0, 1].

    Returns
    -------
    scalar

    >>> import numpy as np
    >>> W_hidden, a, b_hidden = np.ones((4, 2)), np.ones((2, 3)), np.zeros(4)
    >>> W_last, b_last, y = np.zeros((1, 4)), np.zeros(1), np.array([[0, 1, 1]])
    >>> round(float(hidden_layer_loss(W_hidden, a, b_hidden, W_last, b_last, y)), 6)  # 3 log 2
    2.079442
    """
    return final_layer_loss(W_last, relu(weighted_sum(W_hidden, a, b_hidden)), b_last, y)


def hidden_weight_gradient(
    W_hidden: Array, a: Array, b_hidden: Array, W_last: Array, b_last: Array, y: Labels
) -> Array:
    """Return ∂L/∂W^(L-1) = (W^L)ᵀ (ŷ - y) ⊙ ReLU′(z^(L-1)) · (a^(L-2))ᵀ, the last line of the text.

    Parameters
    ----------
    W_hidden, a, b_hidden, W_last, b_last, y : arrays
        As given to `hidden_layer_loss`.

    Returns
    -------
    array, (hidden, in)

    >>> import numpy as np
    >>> W_hidden, a, b_hidden = np.array([[1.0], [-1.0]]), np.array([[3.0]]), np.zeros(2)
    >>> W_last, b_last, y = np.array([[2.0, 2.0]]), np.array([-6.0]), np.array([[0]])
    >>> hidden_weight_gradient(W_hidden, a, b_hidden, W_last, b_last, y).tolist()
    [[3.0], [0.0]]
    """
    z_hidden = weighted_sum(W_hidden, a, b_hidden)
    z_last = weighted_sum(W_last, relu(z_hidden), b_last)
    # Python reads @ and * from left to right, and so must the text be read.
    gradient: Array = W_last.T @ error_signal(z_last, y) * relu_derivative(z_hidden) @ a.T
    return gradient


def next_weighted_sum(z: Array, W: Array, b: Array) -> Array:
    """Return z^(l+1) = W^(l+1) ReLU(z^l) + b^(l+1), one hidden layer's step up.

    Parameters
    ----------
    z : array, (in, batch)
        z^l.
    W : array, (out, in)
        W^(l+1).
    b : array, (out,)
        b^(l+1).

    Returns
    -------
    array, (out, batch)

    >>> import numpy as np
    >>> next_weighted_sum(np.array([[3.0], [-3.0]]), np.array([[2.0, 5.0]]), np.array([0.5])).tolist()
    [[6.5]]
    """
    return weighted_sum(W, relu(z), b)


def hidden_error(cotangent: Array, z: Array, W: Array, b: Array) -> Array:
    """Return ∂L/∂z^l = (W^(l+1))ᵀ ∂L/∂z^(l+1) ⊙ ReLU′(z^l), one hidden layer's step down.

    Parameters
    ----------
    cotangent : array, (out, batch)
        ∂L/∂z^(l+1); for l = L-1 it is ŷ - y.
    z, W, b : arrays
        As given to `next_weighted_sum`.

    Returns
    -------
    array, (in, batch)

    >>> import numpy as np
    >>> z, W, b = np.array([[3.0], [-3.0]]), np.array([[2.0, 5.0]]), np.array([0.5])
    >>> hidden_error(np.array([[10.0]]), z, W, b).tolist()
    [[20.0], [0.0]]
    """
    error: Array = W.T @ cotangent * relu_derivative(z)
    return error
