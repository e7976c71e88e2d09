"""Recurrence and attention: time, gates, masks, what is carried."""

from __future__ import annotations

import numpy as np

from gradtest import inputs

from .saturation import sigmoid, softmax
from .specimen import Specimen


def recur(x, w, h0):
    """h_t = tanh(w h_{t-1} + x_t); returns all of them."""
    states, h = [], h0
    for row in x:
        h = np.tanh(h @ w + row)
        states.append(h)
    return np.array(states)


def recur_with(carry=1.0, last_step_only=False, h0_zero=False, order=lambda dx: dx):
    def backward(g, x, w, h0):
        states = [h0, *recur(x, w, h0)]
        dx, dw, dh = np.zeros_like(x), np.zeros_like(w), np.zeros_like(h0)
        for t in reversed(range(len(x))):
            delta = (g[t] + carry * dh) * (1 - states[t + 1] ** 2)
            dx[t] = delta
            if t == len(x) - 1 or not last_step_only:
                dw += np.outer(states[t], delta)
            dh = delta @ w.T
        return order(dx), dw, (0 * h0 if h0_zero else dh)

    return backward


def zoneout(x, mask):
    """h_t = h_{t-1} where the mask of step t is set, tanh(x_t + h_{t-1}) elsewhere."""
    h = np.zeros(x.shape[1])
    for row, kept in zip(x, mask, strict=True):
        h = np.where(kept, h, np.tanh(row + h))
    return h


def zoneout_with(step):
    def backward(g, x, mask):
        states = [np.zeros(x.shape[1])]
        for row, kept in zip(x, mask, strict=True):
            states.append(np.where(kept, states[-1], np.tanh(row + states[-1])))
        dx, dh = np.zeros_like(x), g
        for t in reversed(range(len(x))):
            kept = mask[step(t)]
            delta = np.where(kept, 0, dh * (1 - np.tanh(x[t] + states[t]) ** 2))
            dx[t] = delta
            dh = np.where(kept, dh, delta)
        return dx

    return backward


def gates(x, w):
    """Two gates from one stacked weight: sigmoid of the first half times tanh of the second."""
    z = w @ x
    half = len(z) // 2
    return sigmoid(z[:half]) * np.tanh(z[half:])


def gates_with(order):
    def backward(g, x, w):
        z = w @ x
        half = len(z) // 2
        i, c = sigmoid(z[:half]), np.tanh(z[half:])
        parts = (g * c * i * (1 - i), g * i * (1 - c**2))
        dz = np.concatenate([parts[k] for k in order])
        right = np.concatenate(parts)
        return w.T @ right, np.outer(dz, x)

    return backward


def average(x, rate):
    """Exponential moving average y_t = y_{t-1} + rate (x_t - y_{t-1})."""
    y, out = 0.0, []
    for value in x:
        y = y + rate * (value - y)
        out.append(y)
    return np.array(out)


def average_with(carry):
    def backward(g, x, rate):
        y = np.concatenate([[0.0], average(x, rate)])
        dx, drate, dy = np.zeros_like(x), 0.0, 0.0
        for t in reversed(range(len(x))):
            dy += g[t]
            dx[t] = rate * dy
            drate += dy * (x[t] - y[t])
            dy = carry * (1 - rate) * dy
        return dx, drate

    return backward


def attention(q, k, v):
    return softmax(q @ k.T) @ v


def attention_with(swapped=False, weights_transposed=False, jacobian=True):
    def backward(g, q, k, v):
        p = softmax(q @ k.T)
        dp = g @ v.T
        ds = p * (dp - (dp * p).sum(1, keepdims=True)) if jacobian else p * dp
        dq, dk = ds @ k, ds.T @ q
        dv = (p if weights_transposed else p.T) @ g
        return (dk, dq, dv) if swapped else (dq, dk, dv)

    return backward


def dropout(x, mask):
    return np.tanh(x) * mask * 2.0


def reversed_scan(x):
    return np.cumsum(x[::-1])[::-1]


SEQUENCE = inputs(x="t h", w="h h", h0="h", sizes={"t": (1, 4), "h": (1, 3)})
HEADS = inputs(q="n d", k="n d", v="n d", sizes={"n": (2, 4)})
SLOPE = "1 - np.tanh(x) ** 2"

SPECIMENS = [
    Specimen(
        "zoneout_mask_of_the_first_step",
        "haste#43",
        zoneout,
        zoneout_with(lambda t: 0),
        zoneout_with(lambda t: t),
        inputs(x="t n", mask="t n : mask", sizes={"t": (1, 4)}),
        "x",
        "GT100 GT123",
        "unknown|x.shape[0]",
    ),
    Specimen(
        "time_not_carried_back",
        "",
        recur,
        recur_with(carry=0.0),
        recur_with(),
        SEQUENCE,
        "w",
        "GT123",
        "x.shape[0]",
    ),
    Specimen(
        "weight_of_the_last_step",
        "",
        recur,
        recur_with(last_step_only=True),
        recur_with(),
        SEQUENCE,
        "w",
        "GT123",
        "x.shape[0]",
    ),
    Specimen(
        "initial_state_detached",
        "",
        recur,
        recur_with(h0_zero=True),
        recur_with(),
        SEQUENCE,
        "h0",
        "GT105",
        "zero",
    ),
    Specimen(
        "steps_in_reverse_order",
        "",
        recur,
        recur_with(order=lambda dx: dx[::-1].copy()),
        recur_with(),
        SEQUENCE,
        "x",
        "GT122",
        "reversed",
    ),
    Specimen(
        "gates_in_another_order",
        "",
        gates,
        gates_with((1, 0)),
        gates_with((0, 1)),
        inputs(x="n", w="4 n"),
        "w",
        "GT122",
        "order|sum is right",
    ),
    Specimen(
        "average_not_carried_back",
        "",
        average,
        average_with(0.0),
        average_with(1.0),
        inputs(x="t", rate=": [0.125, 0.875]"),
        "rate",
        "GT123",
        "x.shape[0]",
    ),
    Specimen(
        "queries_and_keys_swapped",
        "",
        attention,
        attention_with(swapped=True),
        attention_with(),
        HEADS,
        "q",
        "GT109",
        "k",
    ),
    Specimen(
        "values_by_the_untransposed_weights",
        "",
        attention,
        attention_with(weights_transposed=True),
        attention_with(),
        HEADS,
        "v",
        "GT104",
        "transpose",
    ),
    Specimen(
        "attention_softmax_without_its_sum",
        "",
        attention,
        attention_with(jacobian=False),
        attention_with(),
        HEADS,
        "q",
        "GT100",
        "unknown",
    ),
    Specimen(
        "dropout_mask_inverted",
        "",
        dropout,
        lambda g, x, mask: 2 * g * ~mask * (1 - np.tanh(x) ** 2),
        lambda g, x, mask: 2 * g * mask * (1 - np.tanh(x) ** 2),
        inputs(x="n", mask="n : mask"),
        "x",
        "GT108",
        "wrong side",
    ),
    Specimen(
        "dropout_mask_forgotten",
        "",
        dropout,
        lambda g, x, mask: 2 * g * (1 - np.tanh(x) ** 2),
        lambda g, x, mask: 2 * g * mask * (1 - np.tanh(x) ** 2),
        inputs(x="n", mask="n : mask"),
        "x",
        "GT108",
        "does not move",
    ),
    Specimen(
        "scan_the_same_way",
        "",
        reversed_scan,
        lambda g, x: np.cumsum(g[::-1])[::-1].copy(),
        lambda g, x: np.cumsum(g),
        inputs(x="n", sizes={"n": (2, 5)}),
        "x",
        "GT104",
        "transpose",
    ),
]
