"""Layers: dense, convolution, pooling, normalisation, attention, recurrence, embedding, dropout."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .family import Draw, Family, Inputs, Mutant, add_at
from .pointwise import sigmoid
from .reductions import softmax, softmax_pullback

# -- dense ---------------------------------------------------------------------------------------


def _dense_vjp(g: Any, x: Any, w: Any, b: Any) -> Any:
    return g @ w.T, x.T @ g, g.sum(0)


def _dense_draw(d: Draw) -> Inputs:
    n, i, o = d.size(), d.size(), d.size()
    if d.chance(0.3):
        n = i = o
    return {"x": d.array(n, i), "w": d.array(i, o), "b": d.array(o)}


def _dense_transposed(g: Any, x: Any, w: Any, b: Any) -> Any:
    dx, dw, db = _dense_vjp(g, x, w, b)
    return dx, dw.T.reshape(dw.shape), db


def _dense_wrong_side(g: Any, x: Any, w: Any, b: Any) -> Any:
    return (g @ w if w.shape[0] == w.shape[1] else g @ w.T), x.T @ g, g.sum(0)


def _residual(x: Any, w: Any) -> Any:
    return x + np.tanh(x @ w)


def _residual_vjp(g: Any, x: Any, w: Any) -> Any:
    d = g * (1 - np.tanh(x @ w) ** 2)
    return g + d @ w.T, x.T @ d


def _tied(x: Any, w: Any) -> Any:
    return np.tanh(x @ w) @ w.T


def _tied_vjp(g: Any, x: Any, w: Any) -> Any:
    h = np.tanh(x @ w)
    d = (g @ w) * (1 - h * h)
    return d @ w.T, x.T @ d + g.T @ h


def _tied_once(g: Any, x: Any, w: Any) -> Any:
    h = np.tanh(x @ w)
    d = (g @ w) * (1 - h * h)
    return d @ w.T, g.T @ h


def _square_draw(d: Draw) -> Inputs:
    n, k = d.size(), d.size(4)
    return {"x": d.array(n, k, limit=10), "w": d.array(k, k, limit=10)}


# -- convolution ---------------------------------------------------------------------------------


def _windows(x: Any, k: int, stride: int, dilation: int, padding: int) -> tuple[Any, Any]:
    """Return x padded along its last axis, and the places that each window looks at."""
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(padding, padding)])
    starts = np.arange(0, padded.shape[-1] - dilation * (k - 1), stride)
    return padded, starts[:, None] + dilation * np.arange(k)


def _conv1(x: Any, w: Any, b: Any, stride: int, dilation: int, padding: int) -> Any:
    padded, at = _windows(x, w.shape[-1], stride, dilation, padding)
    return np.einsum("nctk,ock->not", padded[..., at], w) + b[:, None]


def _conv1_vjp(g: Any, x: Any, w: Any, b: Any, stride: int, dilation: int, padding: int) -> Any:
    padded, at = _windows(x, w.shape[-1], stride, dilation, padding)
    dw = np.einsum("not,nctk->ock", g, padded[..., at])
    dx = add_at(padded, (..., at), np.einsum("not,ock->nctk", g, w))
    return dx[..., padding : padding + x.shape[-1]], dw, g.sum((0, 2))


def _conv1_overlaps_assigned(g: Any, x: Any, w: Any, b: Any, stride: int, dilation: int, padding: int) -> Any:
    _, dw, db = _conv1_vjp(g, x, w, b, stride, dilation, padding)
    padded, at = _windows(x, w.shape[-1], stride, dilation, padding)
    dx = np.zeros_like(padded)
    dx[..., at] = np.einsum("not,ock->nctk", g, w)
    return dx[..., padding : padding + x.shape[-1]], dw, db


def _conv1_flipped(g: Any, x: Any, w: Any, b: Any, stride: int, dilation: int, padding: int) -> Any:
    dx, dw, db = _conv1_vjp(g, x, w[..., ::-1], b, stride, dilation, padding)
    return dx, dw, db


def _conv1_stride_for_dilation(
    g: Any, x: Any, w: Any, b: Any, stride: int, dilation: int, padding: int
) -> Any:
    """BUG_ZOO I, candle#2337: stride and dilation swapped in the backward pass."""
    dx, _dw, db = _conv1_vjp(g, x, w, b, stride, dilation, padding)
    padded, at = _windows(x, w.shape[-1], stride, dilation, padding)
    swapped = (dilation * np.arange(len(at))[:, None] + stride * np.arange(w.shape[-1])) % padded.shape[-1]
    return dx, np.einsum("not,nctk->ock", g, padded[..., swapped]), db


def _conv1_first_of_batch(g: Any, x: Any, w: Any, b: Any, stride: int, dilation: int, padding: int) -> Any:
    dx, dw, _ = _conv1_vjp(g, x, w, b, stride, dilation, padding)
    return dx, dw, g[0].sum(1)


def _conv1_draw(d: Draw) -> Inputs:
    n, c, o, k = d.size(3, 1), d.size(3, 1), d.size(3, 1), d.size(3)
    stride, dilation, padding = (int(d.rng.integers(low, 3)) for low in (1, 1, 0))
    length = dilation * (k - 1) + int(d.rng.integers(2, 6))
    return {
        "x": d.array(n, c, length),
        "w": d.array(o, c, k),
        "b": d.array(o),
        "stride": stride,
        "dilation": dilation,
        "padding": padding,
    }


def _patches(x: Any, kh: int, kw: int, stride: int, dilation: int, padding: int) -> tuple[Any, Any, Any]:
    padded = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    rows = np.arange(0, padded.shape[2] - dilation * (kh - 1), stride)[:, None] + dilation * np.arange(kh)
    cols = np.arange(0, padded.shape[3] - dilation * (kw - 1), stride)[:, None] + dilation * np.arange(kw)
    return padded, rows[:, None, :, None], cols[None, :, None, :]


def _conv2(x: Any, w: Any, stride: int, dilation: int, padding: int) -> Any:
    padded, rows, cols = _patches(x, *w.shape[2:], stride, dilation, padding)
    return np.einsum("ncyxhw,ochw->noyx", padded[:, :, rows, cols], w)


def _conv2_vjp(g: Any, x: Any, w: Any, stride: int, dilation: int, padding: int) -> Any:
    padded, rows, cols = _patches(x, *w.shape[2:], stride, dilation, padding)
    dw = np.einsum("noyx,ncyxhw->ochw", g, padded[:, :, rows, cols])
    at = (slice(None), slice(None), rows, cols)
    dx = add_at(padded, at, np.einsum("noyx,ochw->ncyxhw", g, w))
    return dx[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]], dw


def _conv2_kernel_turned(g: Any, x: Any, w: Any, stride: int, dilation: int, padding: int) -> Any:
    dx, dw = _conv2_vjp(g, x, w, stride, dilation, padding)
    return dx, dw[:, :, ::-1, ::-1]


def _conv2_padding_forgotten(g: Any, x: Any, w: Any, stride: int, dilation: int, padding: int) -> Any:
    dx, dw = _conv2_vjp(g, x, w, stride, dilation, padding)
    return np.roll(dx, padding, axis=(2, 3)), dw


def _conv2_draw(d: Draw) -> Inputs:
    n, c, o, kh, kw = d.size(2, 1), d.size(2, 1), d.size(2, 1), d.size(2, 1), d.size(3, 1)
    stride, dilation, padding = (int(d.rng.integers(low, 3)) for low in (1, 1, 0))
    h, w = (dilation * (k - 1) + int(d.rng.integers(1, 4)) for k in (kh, kw))
    return {
        "x": d.array(n, c, h, w),
        "w": d.array(o, c, kh, kw),
        "stride": stride,
        "dilation": dilation,
        "padding": padding,
    }


# -- pooling -------------------------------------------------------------------------------------


def _max_pool(x: Any, k: int, stride: int) -> Any:
    return x[..., _windows(x, k, stride, 1, 0)[1]].max(-1)


def _max_pool_vjp(g: Any, x: Any, k: int, stride: int) -> Any:
    at = _windows(x, k, stride, 1, 0)[1]
    first = np.take_along_axis(
        np.broadcast_to(at, (*x.shape[:-1], *at.shape)), x[..., at].argmax(-1)[..., None], -1
    )[..., 0]
    rows = tuple(i[..., None] for i in np.indices(x.shape[:-1]))
    return (add_at(x, (*rows, first), g),)


def _max_pool_assigned(g: Any, x: Any, k: int, stride: int) -> Any:
    at = _windows(x, k, stride, 1, 0)[1]
    first = np.take_along_axis(
        np.broadcast_to(at, (*x.shape[:-1], *at.shape)), x[..., at].argmax(-1)[..., None], -1
    )[..., 0]
    dx = np.zeros_like(x)
    dx[(*(i[..., None] for i in np.indices(x.shape[:-1])), first)] = g
    return (dx,)


def _mean_pool(x: Any, k: int, stride: int) -> Any:
    return x[..., _windows(x, k, stride, 1, 0)[1]].mean(-1)


def _mean_pool_vjp(g: Any, x: Any, k: int, stride: int) -> Any:
    at = _windows(x, k, stride, 1, 0)[1]
    return (add_at(x, (..., at), np.broadcast_to(g[..., None] / k, (*g.shape, k))),)


def _mean_pool_assigned(g: Any, x: Any, k: int, stride: int) -> Any:
    at = _windows(x, k, stride, 1, 0)[1]
    dx = np.zeros_like(x)
    dx[..., at] = g[..., None] / k
    return (dx,)


def _pool_draw(d: Draw) -> Inputs:
    k = int(d.rng.integers(1, 4))
    return {
        "x": d.array(d.size(2, 1), d.size(3, 1), k + int(d.rng.integers(0, 6))),
        "k": k,
        "stride": int(d.rng.integers(1, 4)),
    }


# -- normalisation -------------------------------------------------------------------------------


def _normed(x: Any, axis: Any, eps: float) -> tuple[Any, Any]:
    centred = x - x.mean(axis, keepdims=True)
    deviation = np.sqrt((centred * centred).mean(axis, keepdims=True) + eps)
    return centred / deviation, deviation


def _norm_pullback(g: Any, y: Any, deviation: Any, axis: Any) -> Any:
    return (g - g.mean(axis, keepdims=True) - y * (g * y).mean(axis, keepdims=True)) / deviation


def _batch_norm(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    return gamma * _normed(x, 0, eps)[0] + beta


def _batch_norm_vjp(g: Any, x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    y, s = _normed(x, 0, eps)
    return _norm_pullback(g * gamma, y, s, 0), (g * y).sum(0), g.sum(0)


def _batch_norm_without(part: str) -> Any:
    def derivative(g: Any, x: Any, gamma: Any, beta: Any, eps: float) -> Any:
        y, s = _normed(x, 0, eps)
        d = g if part == "gamma" else g * gamma
        if part == "eps":
            y, s = _normed(x, 0, 0.0)
        mean = 0 if part in ("mean", "statistics") else d.mean(0)
        spread = 0 if part in ("variance", "statistics") else y * (d * y).mean(0)
        return (d - mean - spread) / s, (g * _normed(x, 0, eps)[0]).sum(0), g.sum(0)

    return derivative


def _batch_norm_draw(d: Draw) -> Inputs:
    n, c = d.size(6), d.size(4, 1)
    return {
        "x": d.array(n, c, limit=100),
        "gamma": d.array(c, limit=10),
        "beta": d.array(c, limit=10),
        "eps": d.one_of(1e-5, 1e-3, 0.1),
    }


def _frozen_norm(x: Any, gamma: Any, beta: Any, mean: Any, variance: Any) -> Any:
    return gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta


def _frozen_norm_vjp(g: Any, x: Any, gamma: Any, beta: Any, mean: Any, variance: Any) -> Any:
    s = np.sqrt(variance + 1e-3)
    return g * gamma / s, (g * (x - mean) / s).sum(0), g.sum(0)


def _frozen_as_training(g: Any, x: Any, gamma: Any, beta: Any, mean: Any, variance: Any) -> Any:
    s = np.sqrt(variance + 1e-3)
    return _norm_pullback(g * gamma, (x - mean) / s, s, 0), (g * (x - mean) / s).sum(0), g.sum(0)


def _frozen_draw(d: Draw) -> Inputs:
    n, c = d.size(6), d.size(4, 1)
    return {
        "x": d.array(n, c, limit=100),
        "gamma": d.array(c, limit=10),
        "beta": d.array(c, limit=10),
        "mean": d.array(c, limit=10),
        "variance": d.positive(c, low=0.1, high=10),
    }


def _layer_norm(x: Any, gamma: Any, beta: Any) -> Any:
    return gamma * _normed(x, -1, 1e-3)[0] + beta


def _layer_norm_vjp(g: Any, x: Any, gamma: Any, beta: Any) -> Any:
    y, s = _normed(x, -1, 1e-3)
    return _norm_pullback(g * gamma, y, s, -1), (g * y).sum(0), g.sum(0)


def _layer_norm_along_batch(g: Any, x: Any, gamma: Any, beta: Any) -> Any:
    y, s = _normed(x, -1, 1e-3)
    return _norm_pullback(g * gamma, y, s, 0), (g * y).sum(0), g.sum(0)


def _layer_norm_draw(d: Draw) -> Inputs:
    n, c = d.size(4, 1), d.size(6)
    return {"x": d.array(n, c, limit=100), "gamma": d.array(c, limit=10), "beta": d.array(c, limit=10)}


def _rms_norm(x: Any, gamma: Any) -> Any:
    return gamma * x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-3)


def _rms_norm_vjp(g: Any, x: Any, gamma: Any) -> Any:
    s = np.sqrt((x * x).mean(-1, keepdims=True) + 1e-3)
    y, d = x / s, g * gamma
    return (d - y * (d * y).mean(-1, keepdims=True)) / s, (g * y).sum(0)


def _rms_norm_sum(g: Any, x: Any, gamma: Any) -> Any:
    s = np.sqrt((x * x).mean(-1, keepdims=True) + 1e-3)
    y, d = x / s, g * gamma
    return (d - y * (d * y).sum(-1, keepdims=True)) / s, (g * y).sum(0)


def _rms_draw(d: Draw) -> Inputs:
    n, c = d.size(4, 1), d.size(6)
    return {"x": d.array(n, c, limit=100), "gamma": d.array(c, limit=10)}


def _group_norm(x: Any, groups: int) -> Any:
    n, c, t = x.shape
    return _normed(x.reshape(n, groups, -1), -1, 1e-3)[0].reshape(n, c, t)


def _group_norm_vjp(g: Any, x: Any, groups: int) -> Any:
    y, s = _normed(x.reshape(len(x), groups, -1), -1, 1e-3)
    return (_norm_pullback(g.reshape(y.shape), y, s, -1).reshape(x.shape),)


def _group_norm_one_group(g: Any, x: Any, groups: int) -> Any:
    y, s = _normed(x.reshape(len(x), groups, -1), -1, 1e-3)
    return (_norm_pullback(g.reshape(y.shape), y, s, (1, 2)).reshape(x.shape),)


def _group_draw(d: Draw) -> Inputs:
    groups = int(d.rng.integers(1, 3))
    return {"x": d.array(d.size(3, 1), groups * d.size(2, 1), d.size(4), limit=100), "groups": groups}


# -- attention -----------------------------------------------------------------------------------


def _weights(q: Any, k: Any, mask: Any) -> Any:
    scores = q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1])
    return softmax(np.where(mask, scores, -1e30))


def _attention(q: Any, k: Any, v: Any, mask: Any) -> Any:
    return _weights(q, k, mask) @ v


def _attention_vjp(g: Any, q: Any, k: Any, v: Any, mask: Any) -> Any:
    p = _weights(q, k, mask)
    ds = np.where(mask, softmax_pullback(g @ np.swapaxes(v, -1, -2), p), 0) / math.sqrt(q.shape[-1])
    return ds @ k, np.swapaxes(ds, -1, -2) @ q, np.swapaxes(p, -1, -2) @ g


def _attention_unscaled(g: Any, q: Any, k: Any, v: Any, mask: Any) -> Any:
    dq, dk, dv = _attention_vjp(g, q, k, v, mask)
    return dq * math.sqrt(q.shape[-1]), dk, dv


def _attention_unmasked(g: Any, q: Any, k: Any, v: Any, mask: Any) -> Any:
    return _attention_vjp(g, q, k, v, np.ones_like(mask))


def _attention_diagonal(g: Any, q: Any, k: Any, v: Any, mask: Any) -> Any:
    p = _weights(q, k, mask)
    ds = p * (1 - p) * (g @ np.swapaxes(v, -1, -2)) / math.sqrt(q.shape[-1])
    return ds @ k, np.swapaxes(ds, -1, -2) @ q, np.swapaxes(p, -1, -2) @ g


def _attention_not_transposed(g: Any, q: Any, k: Any, v: Any, mask: Any) -> Any:
    dq, dk, dv = _attention_vjp(g, q, k, v, mask)
    p = _weights(q, k, mask)
    return dq, dk, (p @ g if p.shape[-1] == p.shape[-2] else dv)


def _attention_draw(d: Draw) -> Inputs:
    b, t, c, e = d.size(2, 1), d.size(4), d.size(3), d.size(3, 1)
    s = t if d.chance(0.5) else d.size(4)
    causal = np.tri(t, s, dtype=bool)
    mask = causal if d.chance(0.5) else np.ones((t, s), bool)
    return {
        "q": d.array(b, t, c, limit=5),
        "k": d.array(b, s, c, limit=5),
        "v": d.array(b, s, e, limit=100),
        "mask": mask,
    }


# -- recurrence ----------------------------------------------------------------------------------


def _rnn(x: Any, w: Any, u: Any, b: Any) -> Any:
    h = np.zeros((x.shape[1], w.shape[1]), (x[0, 0, 0] * w[0, 0] * u[0, 0] * b[0]).dtype)
    out = []
    for step in x:
        h = np.tanh(step @ w + h @ u + b)
        out.append(h)
    return np.stack(out)


def _rnn_vjp(g: Any, x: Any, w: Any, u: Any, b: Any, memory: float = 1.0, stale: bool = False) -> Any:
    h = _rnn(x, w, u, b)
    dx, dw, du, db = (np.zeros_like(a) for a in (x, w, u, b))
    later = np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        here = h[0] if stale else h[t]
        dz = (g[t] + later) * (1 - here * here)
        dx[t] = dz @ w.T
        dw += x[t].T @ dz
        db += dz.sum(0)
        if t > 0:
            du += h[t - 1].T @ dz
        later = memory * (dz @ u.T)
    return dx, dw, du, db


def _rnn_truncated(g: Any, x: Any, w: Any, u: Any, b: Any) -> Any:
    return _rnn_vjp(g, x, w, u, b, memory=0.0)


def _rnn_stale(g: Any, x: Any, w: Any, u: Any, b: Any) -> Any:
    """BUG_ZOO J, haste#43: what was saved in the first step is used in all of them."""
    return _rnn_vjp(g, x, w, u, b, stale=True)


def _rnn_draw(d: Draw) -> Inputs:
    t, n, i, h = d.size(4), d.size(2, 1), d.size(3), d.size(3)
    return {
        "x": d.array(t, n, i, limit=10),
        "w": d.array(i, h, limit=3),
        "u": d.array(h, h, limit=3),
        "b": d.array(h, limit=10),
    }


def _lstm_run(x: Any, w: Any, b: Any) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the gates, cells and outputs of each step; w takes (input, output before, 1)."""
    k = w.shape[1] // 4
    kind = (x[0, 0, 0] * w[0, 0] * b[0]).dtype
    hidden, cells, gates = [np.zeros((x.shape[1], k), kind)], [np.zeros((x.shape[1], k), kind)], []
    for step in x:
        z = np.concatenate([step, hidden[-1]], 1) @ w + b
        i, f, o = (sigmoid(z[:, j * k : (j + 1) * k]) for j in range(3))
        c = np.tanh(z[:, 3 * k :])
        gates.append((i, f, o, c))
        cells.append(f * cells[-1] + i * c)
        hidden.append(o * np.tanh(cells[-1]))
    return gates, cells, hidden


def _lstm(x: Any, w: Any, b: Any) -> Any:
    return np.stack(_lstm_run(x, w, b)[2][1:])


def _lstm_vjp(g: Any, x: Any, w: Any, b: Any, carried: bool = True, wrong_gate: bool = False) -> Any:
    gates, cells, hidden = _lstm_run(x, w, b)
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    dh, dc = np.zeros_like(hidden[0]), np.zeros_like(cells[0])
    for t in reversed(range(len(x))):
        i, f, o, c = gates[t]
        squashed = np.tanh(cells[t + 1])
        dh = dh + g[t]
        dc = (dc if carried else 0) + dh * o * (1 - squashed * squashed)
        before = cells[t + 1] if wrong_gate else cells[t]
        parts = [
            dc * c * i * (1 - i),
            dc * before * f * (1 - f),
            dh * squashed * o * (1 - o),
            dc * i * (1 - c * c),
        ]
        dz = np.concatenate(parts, 1)
        both = dz @ w.T
        dx[t], dh = both[:, : x.shape[2]], both[:, x.shape[2] :]
        dw += np.concatenate([x[t], hidden[t]], 1).T @ dz
        db += dz.sum(0)
        dc = dc * f
    return dx, dw, db


def _lstm_draw(d: Draw) -> Inputs:
    t, n, i, h = d.size(4), d.size(2, 1), d.size(3, 1), d.size(2, 1)
    return {
        "x": d.array(t, n, i, limit=10),
        "w": d.array(i + h, 4 * h, limit=3),
        "b": d.array(4 * h, limit=10),
    }


def _gru_run(x: Any, w: Any, u: Any) -> tuple[list[Any], list[Any]]:
    k = u.shape[0]
    hidden, gates = [np.zeros((x.shape[1], k), (x[0, 0, 0] * w[0, 0] * u[0, 0]).dtype)], []
    for step in x:
        a, h = step @ w, hidden[-1]
        z = sigmoid(a[:, :k] + h @ u[:, :k])
        r = sigmoid(a[:, k : 2 * k] + h @ u[:, k : 2 * k])
        n = np.tanh(a[:, 2 * k :] + r * (h @ u[:, 2 * k :]))
        gates.append((z, r, n))
        hidden.append((1 - z) * n + z * h)
    return gates, hidden


def _gru(x: Any, w: Any, u: Any) -> Any:
    return _gru_run(x, w, u)[1][-1]


def _gru_vjp(g: Any, x: Any, w: Any, u: Any, direct: bool = True, reset: bool = True) -> Any:
    gates, hidden = _gru_run(x, w, u)
    k = u.shape[0]
    dx, dw, du, dh = np.zeros_like(x), np.zeros_like(w), np.zeros_like(u), g
    for t in reversed(range(len(x))):
        (z, r, n), h = gates[t], hidden[t]
        inner = h @ u[:, 2 * k :]
        dn = dh * (1 - z) * (1 - n * n)
        dz = dh * (h - n) * z * (1 - z)
        dr = dn * inner * r * (1 - r)
        through = np.concatenate([dz, dr, dn * r if reset else dn], 1)
        da = np.concatenate([dz, dr, dn], 1)
        dx[t] = da @ w.T
        dw += x[t].T @ da
        du += h.T @ through
        dh = through @ u.T + (dh * z if direct else 0)
    return dx, dw, du


def _gru_draw(d: Draw) -> Inputs:
    t, n, i, h = d.size(3), d.size(2, 1), d.size(3, 1), d.size(2, 1)
    return {"x": d.array(t, n, i, limit=10), "w": d.array(i, 3 * h, limit=3), "u": d.array(h, 3 * h, limit=3)}


# -- indices -------------------------------------------------------------------------------------


def _embedding_vjp(g: Any, table: Any, index: Any) -> Any:
    return (add_at(table, index, g),)


def _embedding_assigned(g: Any, table: Any, index: Any) -> Any:
    """BUG_ZOO A, pytorch#1631: repeated rows overwrite each other."""
    d = np.zeros_like(table)
    d[index] = g
    return (d,)


def _embedding_gathered(g: Any, table: Any, index: Any) -> Any:
    """BUG_ZOO A, AiDotNet.Tensors#894: a gather where a scatter was meant."""
    if index.shape != (len(table),):
        return _embedding_vjp(g, table, index)
    return (g[index],)


def _embedding_draw(d: Draw) -> Inputs:
    n, c = d.size(5), d.size(3)
    shape = d.one_of((n,), (d.size(6),), (2, 3))
    return {"table": d.array(n, c, limit=1e4), "index": d.integers(0, n, shape)}


def _scatter_add(x: Any, index: Any, n: int) -> Any:
    return add_at(np.zeros((n, x.shape[1]), x.dtype), index, x)


def _scatter_draw(d: Draw) -> Inputs:
    n, m = d.size(4), d.size(6)
    return {"x": d.array(m, d.size(3), limit=1e4), "index": d.integers(0, n, m), "n": n}


def _fill(x: Any, v: Any, index: Any) -> Any:
    y = x + 0 * v
    y[index] = v
    return y


def _fill_vjp(g: Any, x: Any, v: Any, index: Any) -> Any:
    dx = g.copy()
    dx[index] = 0
    return dx, g[np.unique(index)].sum()


def _fill_twice(g: Any, x: Any, v: Any, index: Any) -> Any:
    """BUG_ZOO A, pytorch#57006: duplicate places are counted twice."""
    return _fill_vjp(g, x, v, index)[0], g[index].sum()


def _fill_draw(d: Draw) -> Inputs:
    n = d.size(6)
    return {"x": d.array(n), "v": d.array(), "index": d.integers(0, n, d.size(4))}


def _put(x: Any, v: Any, index: Any) -> Any:
    y = x.astype(np.result_type(x, v))
    for i, value in zip(index, v, strict=True):
        y[i] = value
    return y


def _put_vjp(g: Any, x: Any, v: Any, index: Any) -> Any:
    dx = g.copy()
    dx[index] = 0
    last = np.array([i not in index[j + 1 :] for j, i in enumerate(index)])
    return dx, np.where(last, g[index], 0)


def _put_all(g: Any, x: Any, v: Any, index: Any) -> Any:
    """BUG_ZOO A, pytorch#146299: overwritten writers get a gradient too."""
    return _put_vjp(g, x, v, index)[0], g[index]


def _put_draw(d: Draw) -> Inputs:
    n, m = d.size(6), d.size(4)
    return {"x": d.array(n), "v": d.array(m), "index": d.integers(0, n, m)}


def _take_wrapped(x: Any, index: Any) -> Any:
    return np.take(x, index, axis=0, mode="clip")


def _take_wrapped_vjp(g: Any, x: Any, index: Any) -> Any:
    return (add_at(x, np.clip(index, 0, len(x) - 1), g),)


def _take_raw(g: Any, x: Any, index: Any) -> Any:
    """BUG_ZOO A, mxnet#19817: the forward clips the index, the backward wraps it."""
    return (add_at(x, index % len(x), g),)


def _take_draw(d: Draw) -> Inputs:
    n = d.size(5)
    return {"x": d.array(n, d.size(3), limit=1e4), "index": d.rng.integers(-2, n + 2, d.size(6))}


def _dropout_vjp(g: Any, x: Any, mask: Any) -> Any:
    return (np.where(mask, g / 0.7, 0).astype(x.dtype),)


def _dropout_inferred(g: Any, x: Any, mask: Any) -> Any:
    """BUG_ZOO J, kaldi#3890: the mask is inferred from an output of 0."""
    return (np.where(np.where(mask, x, 0) != 0, g / 0.7, 0).astype(x.dtype),)


def _dropout_draw(d: Draw) -> Inputs:
    n, m = d.size(), d.size()
    return {"x": d.array(n, m), "mask": d.mask(n, m, share=0.7)}


def _upsample_vjp(g: Any, x: Any) -> Any:
    n, t = x.shape
    return (g.reshape(n, t, 2).sum(-1),)


FAMILIES = [
    Family(
        "dense",
        lambda x, w, b: x @ w + b,
        _dense_vjp,
        ("x", "w", "b"),
        _dense_draw,
        (
            Mutant("transposed", _dense_transposed, "more than one input and output"),
            Mutant("transposed", _dense_wrong_side, "a square weight"),
            Mutant("missing sum", lambda g, x, w, b: (g @ w.T, x.T @ g, g[0]), "batch > 1"),
            Mutant("scale", lambda g, x, w, b: (g @ w.T, x.T @ g, g.mean(0)), "batch > 1"),
        ),
    ),
    Family(
        "residual",
        _residual,
        _residual_vjp,
        ("x", "w"),
        _square_draw,
        (
            Mutant(
                "missing path",
                lambda g, x, w: (_residual_vjp(g, x, w)[0] - g, _residual_vjp(g, x, w)[1]),
                "any",
            ),
            Mutant("activation forgotten", lambda g, x, w: (g + g @ w.T, x.T @ g), "any"),
        ),
    ),
    Family(
        "tied weights",
        _tied,
        _tied_vjp,
        ("x", "w"),
        _square_draw,
        (Mutant("missing path", _tied_once, "any"),),
    ),
    Family(
        "conv1d",
        _conv1,
        _conv1_vjp,
        ("x", "w", "b"),
        _conv1_draw,
        (
            Mutant("assigned", _conv1_overlaps_assigned, "overlapping windows"),
            Mutant("flipped", _conv1_flipped, "an asymmetric kernel"),
            Mutant("stride for dilation", _conv1_stride_for_dilation, "stride is not dilation"),
            Mutant("missing sum", _conv1_first_of_batch, "batch > 1"),
        ),
    ),
    Family(
        "conv2d",
        _conv2,
        _conv2_vjp,
        ("x", "w"),
        _conv2_draw,
        (
            Mutant("flipped", _conv2_kernel_turned, "a kernel larger than 1 x 1"),
            Mutant("wrong shift", _conv2_padding_forgotten, "padding"),
        ),
    ),
    Family(
        "max pool",
        _max_pool,
        _max_pool_vjp,
        ("x",),
        _pool_draw,
        (Mutant("assigned", _max_pool_assigned, "overlapping windows with one leader"),),
    ),
    Family(
        "mean pool",
        _mean_pool,
        _mean_pool_vjp,
        ("x",),
        _pool_draw,
        (
            Mutant("assigned", _mean_pool_assigned, "overlapping windows"),
            Mutant(
                "missing 1/N",
                lambda g, x, k, stride: (k * _mean_pool_vjp(g, x, k, stride)[0],),
                "a window longer than 1",
            ),
        ),
    ),
    Family(
        "batch norm",
        _batch_norm,
        _batch_norm_vjp,
        ("x", "gamma", "beta"),
        _batch_norm_draw,
        (
            Mutant("missing term", _batch_norm_without("mean"), "any"),
            Mutant("missing term", _batch_norm_without("variance"), "any"),
            Mutant("missing term", _batch_norm_without("statistics"), "any"),
            Mutant("gamma forgotten", _batch_norm_without("gamma"), "gamma is not 1"),
            Mutant("eps forgotten", _batch_norm_without("eps"), "eps comparable with the variance"),
        ),
    ),
    Family(
        "batch norm, evaluation",
        _frozen_norm,
        _frozen_norm_vjp,
        ("x", "gamma", "beta"),
        _frozen_draw,
        (
            Mutant("as training", _frozen_as_training, "any"),
            Mutant(
                "gamma forgotten",
                lambda g, x, gamma, beta, mean, variance: (
                    g / np.sqrt(variance + 1e-3),
                    *_frozen_norm_vjp(g, x, gamma, beta, mean, variance)[1:],
                ),
                "gamma is not 1",
            ),
        ),
    ),
    Family(
        "layer norm",
        _layer_norm,
        _layer_norm_vjp,
        ("x", "gamma", "beta"),
        _layer_norm_draw,
        (
            Mutant("wrong axis", _layer_norm_along_batch, "any"),
            Mutant(
                "missing sum",
                lambda g, x, gamma, beta: (*_layer_norm_vjp(g, x, gamma, beta)[:2], g.mean(0)),
                "batch > 1",
            ),
        ),
    ),
    Family(
        "RMS norm",
        _rms_norm,
        _rms_norm_vjp,
        ("x", "gamma"),
        _rms_draw,
        (Mutant("missing 1/N", _rms_norm_sum, "more than one channel"),),
    ),
    Family(
        "group norm",
        _group_norm,
        _group_norm_vjp,
        ("x",),
        _group_draw,
        (Mutant("wrong axis", _group_norm_one_group, "two groups"),),
    ),
    Family(
        "attention",
        _attention,
        _attention_vjp,
        ("q", "k", "v"),
        _attention_draw,
        (
            Mutant("missing factor", _attention_unscaled, "more than one channel"),
            Mutant("mask forgotten", _attention_unmasked, "a causal mask"),
            Mutant("only the diagonal", _attention_diagonal, "more than one key"),
            Mutant("transposed", _attention_not_transposed, "as many keys as queries"),
        ),
    ),
    Family(
        "RNN",
        _rnn,
        _rnn_vjp,
        ("x", "w", "u", "b"),
        _rnn_draw,
        (
            Mutant("missing path", _rnn_truncated, "more than one step"),
            Mutant("stale cache", _rnn_stale, "more than one step"),
        ),
    ),
    Family(
        "LSTM",
        _lstm,
        _lstm_vjp,
        ("x", "w", "b"),
        _lstm_draw,
        (
            Mutant(
                "missing path", lambda g, x, w, b: _lstm_vjp(g, x, w, b, carried=False), "more than one step"
            ),
            Mutant("stale cache", lambda g, x, w, b: _lstm_vjp(g, x, w, b, wrong_gate=True), "any"),
        ),
    ),
    Family(
        "GRU",
        _gru,
        _gru_vjp,
        ("x", "w", "u"),
        _gru_draw,
        (
            Mutant(
                "missing path", lambda g, x, w, u: _gru_vjp(g, x, w, u, direct=False), "more than one step"
            ),
            Mutant(
                "missing factor", lambda g, x, w, u: _gru_vjp(g, x, w, u, reset=False), "more than one step"
            ),
        ),
    ),
    Family(
        "embedding",
        lambda table, index: table[index],
        _embedding_vjp,
        ("table",),
        _embedding_draw,
        (
            Mutant("assigned", _embedding_assigned, "a repeated index"),
            Mutant("gather for scatter", _embedding_gathered, "as many indices as rows"),
        ),
    ),
    Family(
        "scatter add",
        _scatter_add,
        lambda g, x, index, n: (g[index],),
        ("x",),
        _scatter_draw,
        (Mutant("wrong shift", lambda g, x, index, n: (g[(index + 1) % n],), "more than one place"),),
    ),
    Family(
        "index fill",
        _fill,
        _fill_vjp,
        ("x", "v"),
        _fill_draw,
        (
            Mutant("counted twice", _fill_twice, "a repeated index"),
            Mutant("missing path", lambda g, x, v, index: (g * 1, _fill_vjp(g, x, v, index)[1]), "any"),
        ),
    ),
    Family(
        "index put",
        _put,
        _put_vjp,
        ("x", "v"),
        _put_draw,
        (Mutant("counted twice", _put_all, "a repeated index"),),
    ),
    Family(
        "take, clipped",
        _take_wrapped,
        _take_wrapped_vjp,
        ("x",),
        _take_draw,
        (Mutant("gather for scatter", _take_raw, "an index outside"),),
    ),
    Family(
        "dropout",
        lambda x, mask: np.where(mask, x / 0.7, 0).astype(x.dtype),
        _dropout_vjp,
        ("x",),
        _dropout_draw,
        (
            Mutant("missing factor", lambda g, x, mask: (np.where(mask, g, 0),), "any"),
            Mutant("mask forgotten", lambda g, x, mask: (g / x.dtype.type(0.7),), "a dropped entry"),
            Mutant("special point", _dropout_inferred, "a kept entry that is exactly 0"),
        ),
    ),
    Family(
        "upsample",
        lambda x: np.repeat(x, 2, axis=-1),
        _upsample_vjp,
        ("x",),
        lambda d: {"x": d.array(d.size(3), d.size())},
        (
            Mutant("missing sum", lambda g, x: (g[:, ::2] * 1,), "any"),
            Mutant("missing factor", lambda g, x: (_upsample_vjp(g, x)[0] / 2,), "any"),
        ),
    ),
]
