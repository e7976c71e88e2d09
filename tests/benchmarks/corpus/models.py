"""Networks of several layers, kernels, Gaussian processes, physics, interpolation, whole objectives."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .family import Draw, Family, Inputs, Mutant, add_at
from .pointwise import (
    elu,
    elu_slope,
    gelu,
    gelu_slope,
    gelu_tanh,
    gelu_tanh_slope,
    relu,
    sigmoid,
    sigmoid_slope,
    softplus,
    step,
    tanh_slope,
)
from .reductions import log_softmax, logsumexp, softmax

Slope = Callable[[Any], Any]
_ACTIVATIONS: dict[str, tuple[Slope, Slope]] = {
    "relu": (relu, step),
    "tanh": (np.tanh, tanh_slope),
    "gelu": (gelu, gelu_slope),
    "gelu tanh": (gelu_tanh, gelu_tanh_slope),
    "sigmoid": (sigmoid, sigmoid_slope),
    "softplus": (softplus, sigmoid),
    "elu": (elu, elu_slope),
}


# -- networks ------------------------------------------------------------------------------------


def _layers(x: Any, weights: Any, biases: Any, activation: str) -> tuple[list[Any], list[Any]]:
    """Return the inputs of all layers and their sums before the activation."""
    a, inputs, sums = x, [], []
    for w, b in zip(weights, biases, strict=True):
        inputs.append(a)
        sums.append(a @ w + b)
        a = _ACTIVATIONS[activation][0](sums[-1])
    return inputs, sums


def _mlp(x: Any, weights: Any, biases: Any, activation: str) -> Any:
    """Hidden layers with an activation each, a linear one at the end."""
    return _layers(x, weights, biases, activation)[1][-1]


def _mlp_vjp(g: Any, x: Any, weights: Any, biases: Any, activation: str, bug: str = "") -> Any:
    inputs, sums = _layers(x, weights, biases, activation)
    slope = _ACTIVATIONS[activation][1]
    dws, dbs = [], []
    for i in reversed(range(len(weights))):
        w = weights[i]
        dws.append(inputs[i].T @ g)
        dbs.append(g[0] if bug == "first row" and i == 0 else g.sum(0))
        g = g @ (w if bug == "transposed" and w.shape[0] == w.shape[1] else w.T)
        if i > 0:
            at = {"first sums": sums[0], "output": inputs[i]}.get(bug, sums[i - 1])
            forgotten = bug == "forgotten" and i == 1
            g = g * (1 if forgotten or at.shape != g.shape else slope(at))
            g = 0 * g if bug == "detached" and i == 1 else g
    return g, dws[::-1], dbs[::-1]


def _mlp_with(bug: str) -> Any:
    return lambda g, x, weights, biases, activation: _mlp_vjp(g, x, weights, biases, activation, bug)


def _mlp_draw(*activations: str) -> Callable[[Draw], Inputs]:
    def draw(d: Draw) -> Inputs:
        depth = int(d.rng.integers(1, 6))
        widths = [d.size(4) for _ in range(depth + 1)]
        if d.chance(0.4):
            widths = [widths[0]] * (depth + 1)
        return {
            "x": d.array(d.size(4), widths[0], limit=100),
            "weights": [d.array(i, o, limit=3) for i, o in itertools.pairwise(widths)],
            "biases": [d.array(o, limit=3) for o in widths[1:]],
            "activation": d.one_of(*activations),
        }

    return draw


def _classifier(x: Any, weights: Any, biases: Any, labels: Any) -> Any:
    z = _mlp(x, weights, biases, "relu")
    return -np.take_along_axis(log_softmax(z), labels[:, None], -1).mean()


def _classifier_grad(x: Any, weights: Any, biases: Any, labels: Any, mean: bool = True) -> Any:
    z = _mlp(x, weights, biases, "relu")
    g = softmax(z)
    np.put_along_axis(g, labels[:, None], np.take_along_axis(g, labels[:, None], -1) - 1, -1)
    return _mlp_vjp(g / len(x) if mean else g, x, weights, biases, "relu")


def _classifier_draw(d: Draw) -> Inputs:
    drawn = _mlp_draw("relu")(d)
    del drawn["activation"]
    k = len(drawn["biases"][-1])
    return {**drawn, "labels": d.integers(0, k, len(drawn["x"]))}


_NETWORK_MUTANTS = (
    Mutant("activation forgotten", _mlp_with("forgotten"), "depth > 1"),
    Mutant("from the wrong layer", _mlp_with("first sums"), "depth > 2 and equal widths"),
    Mutant("from the output", _mlp_with("output"), "depth > 1"),
    Mutant("transposed", _mlp_with("transposed"), "a square weight"),
    Mutant("missing sum", _mlp_with("first row"), "batch > 1"),
    Mutant("detached", _mlp_with("detached"), "depth > 1"),
)


def _network(name: str, *activations: str, mutants: tuple[Mutant, ...] = _NETWORK_MUTANTS) -> Family:
    return Family(name, _mlp, _mlp_vjp, ("x", "weights", "biases"), _mlp_draw(*activations), mutants)


# -- distances and kernels -----------------------------------------------------------------------


def _differences(x: Any, y: Any) -> Any:
    return x[:, None, :] - y[None, :, :]


def _squared_distances(x: Any, y: Any) -> Any:
    return (_differences(x, y) ** 2).sum(-1)


def _squared_distances_vjp(g: Any, x: Any, y: Any) -> Any:
    r = 2 * g[..., None] * _differences(x, y)
    return r.sum(1), -r.sum(0)


def _pairs(limit: float = 30) -> Callable[[Draw], Inputs]:
    def draw(d: Draw) -> Inputs:
        k = d.size(3, 1)
        x = d.array(d.size(4), k, limit=limit)
        y = x.copy() if d.nasty and d.chance(0.3) else d.array(d.size(4), k, limit=limit)
        return {"x": x, "y": y}

    return draw


def _distances(x: Any, y: Any) -> Any:
    return np.sqrt(_squared_distances(x, y))


def _distances_vjp(g: Any, x: Any, y: Any) -> Any:
    r = _distances(x, y)
    u = (g / np.where(r == 0, 1, r))[..., None] * _differences(x, y)
    return u.sum(1), -u.sum(0)


def _rbf(x: Any, y: Any, log_scale: Any) -> Any:
    return np.exp(-0.5 * _squared_distances(x, y) * np.exp(-2 * log_scale))


def _rbf_vjp(g: Any, x: Any, y: Any, log_scale: Any) -> Any:
    inverse = np.exp(-2 * log_scale)
    s = _squared_distances(x, y)
    gk = g * np.exp(-0.5 * s * inverse)
    u = -(gk * inverse)[..., None] * _differences(x, y)
    return u.sum(1), -u.sum(0), (gk * s * inverse).sum()


def _rbf_by_scale(g: Any, x: Any, y: Any, log_scale: Any) -> Any:
    dx, dy, d_log = _rbf_vjp(g, x, y, log_scale)
    return dx, dy, d_log * np.exp(-log_scale)


def _rbf_half(g: Any, x: Any, y: Any, log_scale: Any) -> Any:
    dx, dy, d_log = _rbf_vjp(g, x, y, log_scale)
    return 2 * dx, 2 * dy, d_log


def _rbf_draw(d: Draw) -> Inputs:
    return {**_pairs(5)(d), "log_scale": d.array(limit=1)}


_R3, _R5 = math.sqrt(3.0), math.sqrt(5.0)


def _matern3(x: Any, y: Any) -> Any:
    r = _distances(x, y)
    return (1 + _R3 * r) * np.exp(-_R3 * r)


def _matern3_vjp(g: Any, x: Any, y: Any) -> Any:
    u = (-3 * g * np.exp(-_R3 * _distances(x, y)))[..., None] * _differences(x, y)
    return u.sum(1), -u.sum(0)


def _matern3_through_root(g: Any, x: Any, y: Any) -> Any:
    """Smooth at coincident points, but the chain rule through the distance is 0/0 there."""
    r = _distances(x, y)
    u = (-3 * g * r * np.exp(-_R3 * r) / r)[..., None] * _differences(x, y)
    return u.sum(1), -u.sum(0)


def _matern5(x: Any, y: Any) -> Any:
    r = _R5 * _distances(x, y)
    return (1 + r + r * r / 3) * np.exp(-r)


def _matern5_vjp(g: Any, x: Any, y: Any) -> Any:
    r = _R5 * _distances(x, y)
    u = (-5 / 3 * g * (1 + r) * np.exp(-r))[..., None] * _differences(x, y)
    return u.sum(1), -u.sum(0)


def _matern5_missing(g: Any, x: Any, y: Any) -> Any:
    r = _R5 * _distances(x, y)
    u = (-5 / 3 * g * np.exp(-r))[..., None] * _differences(x, y)
    return u.sum(1), -u.sum(0)


def _gp_parts(theta: Any, x: Any) -> tuple[Any, Any, Any]:
    """Return the scaled squared distances, the kernel, and the kernel with noise."""
    s = (x[:, None] - x[None, :]) ** 2 * np.exp(-2 * theta[0])
    k = np.exp(2 * theta[1] - 0.5 * s)
    return s, k, k + np.exp(2 * theta[2]) * np.eye(len(x), dtype=x.dtype)


def _gp(theta: Any, x: Any, y: Any) -> Any:
    """Negative log marginal likelihood; theta is log (length, amplitude, noise)."""
    full = _gp_parts(theta, x)[2]
    lower = np.linalg.cholesky(full)
    return 0.5 * (y @ np.linalg.solve(full, y)) + np.log(np.diag(lower)).sum()


def _gp_grad(theta: Any, x: Any, y: Any, determinant: int = 1) -> Any:
    s, k, full = _gp_parts(theta, x)
    inverse = np.linalg.inv(full)
    alpha = inverse @ y
    middle = 0.5 * (determinant * inverse - np.outer(alpha, alpha))
    noise = 2 * np.exp(2 * theta[2])
    return (
        np.array(
            [(middle * k * s).sum(), 2 * (middle * k).sum(), noise * np.trace(middle)], dtype=theta.dtype
        ),
    )


def _gp_draw(d: Draw) -> Inputs:
    n = d.size(6)
    theta = d.rng.integers(-1, 2, 3) * 0.5 if d.nasty else 0.4 * d.rng.standard_normal(3)
    return {"theta": d.cast(theta), "x": d.array(n, limit=10), "y": d.array(n, limit=10)}


# -- interpolation -------------------------------------------------------------------------------


def _cell(q: Any, n: int) -> tuple[Any, Any]:
    i = np.clip(np.floor(q.real).astype(int), 0, n - 2)
    return i, q - i.astype(q.real.dtype)


def _interpolate(values: Any, q: Any) -> Any:
    i, t = _cell(q, len(values))
    return (1 - t) * values[i] + t * values[i + 1]


def _interpolate_vjp(g: Any, values: Any, q: Any) -> Any:
    i, t = _cell(q, len(values))
    return add_at(values, i, g * (1 - t)) + add_at(values, i + 1, g * t), g * (values[i + 1] - values[i])


def _interpolate_swapped(g: Any, values: Any, q: Any) -> Any:
    i, t = _cell(q, len(values))
    return add_at(values, i, g * t) + add_at(values, i + 1, g * (1 - t)), g * (values[i + 1] - values[i])


def _interpolate_assigned(g: Any, values: Any, q: Any) -> Any:
    i, t = _cell(q, len(values))
    d = np.zeros_like(values)
    d[i] = g * (1 - t)
    d[i + 1] += g * t
    return d, g * (values[i + 1] - values[i])


def _places(d: Draw, n: int, m: int) -> Any:
    q = d.rng.uniform(0, n - 1, m)
    return d.cast(np.round(q * 2) / 2 if d.nasty else q)


def _interpolate_draw(d: Draw) -> Inputs:
    n = int(d.rng.integers(2, 6))
    return {"values": d.array(n), "q": _places(d, n, d.size(5))}


def _bilinear_sample(image: Any, v: Any, u: Any) -> Any:
    (i, s), (j, t) = _cell(v, image.shape[0]), _cell(u, image.shape[1])
    top = (1 - t) * image[i, j] + t * image[i, j + 1]
    return (1 - s) * top + s * ((1 - t) * image[i + 1, j] + t * image[i + 1, j + 1])


def _bilinear_sample_vjp(g: Any, image: Any, v: Any, u: Any) -> Any:
    (i, s), (j, t) = _cell(v, image.shape[0]), _cell(u, image.shape[1])
    d = np.zeros_like(image)
    for a, weight_v in ((0, 1 - s), (1, s)):
        for b, weight_u in ((0, 1 - t), (1, t)):
            np.add.at(d, (i + a, j + b), g * weight_v * weight_u)
    dv = (1 - t) * (image[i + 1, j] - image[i, j]) + t * (image[i + 1, j + 1] - image[i, j + 1])
    du = (1 - s) * (image[i, j + 1] - image[i, j]) + s * (image[i + 1, j + 1] - image[i + 1, j])
    return d, g * dv, g * du


def _bilinear_sample_swapped(g: Any, image: Any, v: Any, u: Any) -> Any:
    d, dv, du = _bilinear_sample_vjp(g, image, v, u)
    return d, du, dv


def _bilinear_sample_draw(d: Draw) -> Inputs:
    h, w, m = (int(d.rng.integers(2, 5)) for _ in range(3))
    return {"image": d.array(h, w), "v": _places(d, h, m), "u": _places(d, w, m)}


def _horner(c: Any, x: Any) -> Any:
    y = c[-1] + 0 * x
    for a in c[-2::-1]:
        y = y * x + a
    return y


def _horner_vjp(g: Any, c: Any, x: Any) -> Any:
    powers = np.stack([np.ones_like(x), *np.cumprod(np.broadcast_to(x, (len(c) - 1, *x.shape)), 0)])
    slope = sum((k * c[k] * powers[k - 1] for k in range(1, len(c))), np.zeros_like(x))
    return powers @ g, g * slope


def _horner_draw(d: Draw) -> Inputs:
    return {"c": d.array(d.size(5, 1), limit=30), "x": d.array(d.size(5), limit=5)}


def _horner_shifted(g: Any, c: Any, x: Any) -> Any:
    dc, _ = _horner_vjp(g, c, x)
    slope = sum(((k + 1) * c[k] * x ** (k - 1) for k in range(1, len(c))), np.zeros_like(x))
    return dc, g * slope


# -- physics -------------------------------------------------------------------------------------


def _rates(y: Any, p: Any) -> Any:
    return np.array([p[0] * y[0] - p[1] * y[0] * y[1], p[2] * y[0] * y[1] - p[3] * y[1]])


def _euler_path(y: Any, p: Any, steps: int) -> list[Any]:
    path = [y]
    for _ in range(steps):
        path.append(path[-1] + 0.05 * _rates(path[-1], p))
    return path


def _euler(y: Any, p: Any, steps: int) -> Any:
    return _euler_path(y, p, steps)[-1]


def _euler_vjp(g: Any, y: Any, p: Any, steps: int, at_start: bool = False, carry: bool = True) -> Any:
    path = _euler_path(y, p, steps)
    dp = np.zeros_like(p)
    for state in reversed(path[:-1]):
        a, b = path[0] if at_start else state
        dp = dp + 0.05 * np.array([g[0] * a, -g[0] * a * b, g[1] * a * b, -g[1] * b], dtype=p.dtype)
        dy = 0.05 * np.array(
            [g[0] * (p[0] - p[1] * b) + g[1] * p[2] * b, -g[0] * p[1] * a + g[1] * (p[2] * a - p[3])],
            dtype=p.dtype,
        )
        g = g + dy if carry else dy
    return g, dp


def _euler_draw(d: Draw) -> Inputs:
    return {
        "y": d.positive(2, low=0.1, high=3),
        "p": d.positive(4, low=0.1, high=2),
        "steps": int(d.rng.integers(1, 12)),
    }


def _heat(u: Any, k: Any, steps: int) -> Any:
    for _ in range(steps):
        u = u + 0.1 * k * (np.roll(u, 1) - 2 * u + np.roll(u, -1))
    return u


def _heat_vjp(g: Any, u: Any, k: Any, steps: int, transposed: bool = True) -> Any:
    path = [u]
    for _ in range(steps):
        path.append(_heat(path[-1], k, 1))
    dk = np.zeros_like(k)
    for v in reversed(path[:-1]):
        dk = dk + 0.1 * g * (np.roll(v, 1) - 2 * v + np.roll(v, -1))
        h = k * g if transposed else g
        spread = np.roll(h, 1) - 2 * h + np.roll(h, -1)
        g = g + 0.1 * (spread if transposed else k * spread)
    return g, dk


def _heat_draw(d: Draw) -> Inputs:
    n = d.size(6)
    return {
        "u": d.array(n, limit=100),
        "k": d.positive(n, low=0.1, high=3),
        "steps": int(d.rng.integers(1, 6)),
    }


def _springs(x: Any) -> Any:
    """Energy of a chain of stiff springs with rest length 1."""
    r = np.sqrt((np.diff(x, axis=0) ** 2).sum(-1) + 1e-2)
    return 0.5 * ((r - 1) ** 2).sum()


def _springs_grad(x: Any) -> Any:
    step_ = np.diff(x, axis=0)
    r = np.sqrt((step_**2).sum(-1) + 1e-2)
    f = ((r - 1) / r)[:, None] * step_
    dx = np.zeros_like(x)
    dx[1:] += f
    dx[:-1] -= f
    return (dx,)


def _springs_one_end(x: Any) -> Any:
    (dx,) = _springs_grad(x)
    step_ = np.diff(x, axis=0)
    r = np.sqrt((step_**2).sum(-1) + 1e-2)
    dx[:-1] += ((r - 1) / r)[:, None] * step_
    return (dx,)


def _gravity(x: Any, m: Any) -> Any:
    i, j = np.triu_indices(len(x), 1)
    return -(m[i] * m[j] / np.sqrt(((x[i] - x[j]) ** 2).sum(-1) + 0.1)).sum()


def _gravity_grad(x: Any, m: Any) -> Any:
    i, j = np.triu_indices(len(x), 1)
    r = np.sqrt(((x[i] - x[j]) ** 2).sum(-1) + 0.1)
    f = (m[i] * m[j] / r**3)[:, None] * (x[i] - x[j])
    return add_at(x, i, f) - add_at(x, j, f), -(add_at(m, i, m[j] / r) + add_at(m, j, m[i] / r))


def _gravity_sign(x: Any, m: Any) -> Any:
    dx, dm = _gravity_grad(x, m)
    return -dx, dm


def _gravity_draw(d: Draw) -> Inputs:
    n = d.size(4)
    return {"x": d.array(n, 3, limit=30), "m": d.positive(n, low=0.1, high=10)}


# -- sequences and objectives --------------------------------------------------------------------


def _hmm_steps(a: Any, e: Any, seen: Any) -> list[Any]:
    """Return the forward messages log p(seen up to t, state at t), up to constants."""
    path = [log_softmax(e)[:, seen[0]]]
    for s in seen[1:]:
        path.append(logsumexp((path[-1][:, None] + log_softmax(a)).T) + log_softmax(e)[:, s])
    return path


def _hmm(a: Any, e: Any, seen: Any) -> Any:
    return logsumexp(_hmm_steps(a, e, seen)[-1])


def _hmm_grad(a: Any, e: Any, seen: Any, normalised: bool = True) -> Any:
    path = _hmm_steps(a, e, seen)
    trans = log_softmax(a)
    g = softmax(path[-1])
    d_trans, d_emit = np.zeros_like(a), np.zeros_like(e)
    for t in range(len(seen) - 1, 0, -1):
        d_emit[:, seen[t]] += g
        flow = softmax((path[t - 1][:, None] + trans).T).T * g
        d_trans += flow
        g = flow.sum(1)
    d_emit[:, seen[0]] += g
    if not normalised:
        return d_trans, d_emit
    return tuple(d - softmax(x) * d.sum(-1, keepdims=True) for d, x in ((d_trans, a), (d_emit, e)))


def _hmm_draw(d: Draw) -> Inputs:
    k, m = d.size(3), d.size(3)
    return {"a": d.array(k, k, limit=10), "e": d.array(k, m, limit=10), "seen": d.integers(0, m, d.size(5))}


def _factors(u: Any, v: Any, r: Any, known: Any) -> Any:
    return 0.5 * ((known * (r - u @ v.T)) ** 2).sum()


def _factors_grad(u: Any, v: Any, r: Any, known: Any) -> Any:
    e = known * (u @ v.T - r)
    return e @ v, e.T @ u


def _factors_unmasked(u: Any, v: Any, r: Any, known: Any) -> Any:
    e = u @ v.T - r
    return e @ v, e.T @ u


def _factors_draw(d: Draw) -> Inputs:
    n, m, k = d.size(4), d.size(4), d.size(2, 1)
    return {
        "u": d.array(n, k, limit=10),
        "v": d.array(m, k, limit=10),
        "r": d.array(n, m, limit=10),
        "known": d.cast(d.mask(n, m)),
    }


def _rosenbrock(x: Any) -> Any:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def _rosenbrock_grad(x: Any) -> Any:
    r = x[1:] - x[:-1] ** 2
    d = np.zeros_like(x)
    d[:-1] = -400 * x[:-1] * r - 2 * (1 - x[:-1])
    d[1:] += 200 * r
    return (d,)


def _rosenbrock_assigned(x: Any) -> Any:
    (d,) = _rosenbrock_grad(x)
    d[1:] = 200 * (x[1:] - x[:-1] ** 2)
    return (d,)


def _himmelblau(x: Any) -> Any:
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def _himmelblau_grad(x: Any) -> Any:
    p, q = x[0] ** 2 + x[1] - 11, x[0] + x[1] ** 2 - 7
    return (np.array([4 * x[0] * p + 2 * q, 2 * p + 4 * x[1] * q], dtype=x.dtype),)


def _himmelblau_missing(x: Any) -> Any:
    p, q = x[0] ** 2 + x[1] - 11, x[0] + x[1] ** 2 - 7
    return (np.array([4 * x[0] * p, 4 * x[1] * q], dtype=x.dtype),)


def _rotate(angle: Any, v: Any) -> Any:
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([c * v[0] - s * v[1], s * v[0] + c * v[1]])


def _rotate_vjp(g: Any, angle: Any, v: Any) -> Any:
    c, s = np.cos(angle), np.sin(angle)
    turned = g[0] * (-s * v[0] - c * v[1]) + g[1] * (c * v[0] - s * v[1])
    return turned.sum(), np.stack([c * g[0] + s * g[1], -s * g[0] + c * g[1]])


def _rotate_forwards(g: Any, angle: Any, v: Any) -> Any:
    return _rotate_vjp(g, angle, v)[0], _rotate(angle, g)


FAMILIES = [
    # ReLU's slope may be read off its output: that is no mistake.
    _network(
        "relu network", "relu", mutants=tuple(m for m in _NETWORK_MUTANTS if m.kind != "from the output")
    ),
    _network("tanh network", "tanh"),
    _network("gelu network", "gelu", "gelu tanh"),
    _network("network of others", "sigmoid", "softplus", "elu", mutants=_NETWORK_MUTANTS[:3]),
    Family(
        "classifier",
        _classifier,
        _classifier_grad,
        ("x", "weights", "biases"),
        _classifier_draw,
        (
            Mutant(
                "missing 1/N",
                lambda x, weights, biases, labels: _classifier_grad(x, weights, biases, labels, mean=False),
                "batch > 1",
            ),
        ),
        form="grad",
    ),
    Family(
        "squared distances",
        _squared_distances,
        _squared_distances_vjp,
        ("x", "y"),
        _pairs(),
        (
            Mutant(
                "sign",
                lambda g, x, y: (_squared_distances_vjp(g, x, y)[0], -_squared_distances_vjp(g, x, y)[1]),
                "any",
            ),
            Mutant("scale", lambda g, x, y: tuple(0.5 * d for d in _squared_distances_vjp(g, x, y)), "any"),
        ),
    ),
    Family(
        "distances",
        _distances,
        _distances_vjp,
        ("x", "y"),
        _pairs(),
        (
            Mutant(
                "missing factor",
                lambda g, x, y: tuple(0.5 * d for d in _squared_distances_vjp(g, x, y)),
                "a distance that is not 1",
            ),
        ),
    ),
    Family(
        "RBF kernel",
        _rbf,
        _rbf_vjp,
        ("x", "y", "log_scale"),
        _rbf_draw,
        (
            Mutant("by the logarithm", _rbf_by_scale, "a scale that is not 1"),
            Mutant("scale", _rbf_half, "any"),
        ),
    ),
    Family(
        "Matérn 3/2",
        _matern3,
        _matern3_vjp,
        ("x", "y"),
        _pairs(5),
        (Mutant("special point", _matern3_through_root, "coincident points"),),
    ),
    Family(
        "Matérn 5/2",
        _matern5,
        _matern5_vjp,
        ("x", "y"),
        _pairs(5),
        (Mutant("missing term", _matern5_missing, "any"),),
    ),
    Family(
        "Gaussian process",
        _gp,
        _gp_grad,
        ("theta",),
        _gp_draw,
        (
            Mutant(
                "by the logarithm",
                lambda theta, x, y: (_gp_grad(theta, x, y)[0] * np.exp(-theta),),
                "theta is not 0",
            ),
            Mutant("missing term", lambda theta, x, y: _gp_grad(theta, x, y, determinant=0), "any"),
        ),
        form="grad",
        analytic=False,
    ),
    Family(
        "linear interpolation",
        _interpolate,
        _interpolate_vjp,
        ("values", "q"),
        _interpolate_draw,
        (
            Mutant("swapped", _interpolate_swapped, "a place off the middle"),
            Mutant("assigned", _interpolate_assigned, "two places in one cell"),
        ),
    ),
    Family(
        "bilinear sampling",
        _bilinear_sample,
        _bilinear_sample_vjp,
        ("image", "v", "u"),
        _bilinear_sample_draw,
        (Mutant("swapped", _bilinear_sample_swapped, "any"),),
    ),
    Family(
        "polynomial",
        _horner,
        _horner_vjp,
        ("c", "x"),
        _horner_draw,
        (Mutant("missing factor", _horner_shifted, "degree > 1"),),
    ),
    Family(
        "rotation",
        _rotate,
        _rotate_vjp,
        ("angle", "v"),
        lambda d: {"angle": d.array(limit=10), "v": d.array(2, d.size(4, 1))},
        (Mutant("transposed", _rotate_forwards, "an angle that is not 0"),),
    ),
    Family(
        "Euler steps",
        _euler,
        _euler_vjp,
        ("y", "p"),
        _euler_draw,
        (
            Mutant(
                "stale cache",
                lambda g, y, p, steps: _euler_vjp(g, y, p, steps, at_start=True),
                "more than one step",
            ),
            Mutant("missing path", lambda g, y, p, steps: _euler_vjp(g, y, p, steps, carry=False), "any"),
        ),
    ),
    Family(
        "heat equation",
        _heat,
        _heat_vjp,
        ("u", "k"),
        _heat_draw,
        (
            Mutant(
                "transposed",
                lambda g, u, k, steps: _heat_vjp(g, u, k, steps, transposed=False),
                "a conductivity that varies",
            ),
        ),
    ),
    Family(
        "springs",
        _springs,
        _springs_grad,
        ("x",),
        lambda d: {"x": d.array(d.size(5), 2, limit=30)},
        (Mutant("missing path", _springs_one_end, "any"),),
        form="grad",
    ),
    Family(
        "gravity",
        _gravity,
        _gravity_grad,
        ("x", "m"),
        _gravity_draw,
        (Mutant("sign", _gravity_sign, "any"),),
        form="grad",
    ),
    Family(
        "hidden Markov model",
        _hmm,
        _hmm_grad,
        ("a", "e"),
        _hmm_draw,
        (Mutant("missing term", lambda a, e, seen: _hmm_grad(a, e, seen, normalised=False), "any"),),
        form="grad",
    ),
    Family(
        "matrix factors",
        _factors,
        _factors_grad,
        ("u", "v"),
        _factors_draw,
        (
            Mutant("mask forgotten", _factors_unmasked, "an unknown entry"),
            Mutant(
                "scale", lambda u, v, r, known: tuple(2 * d for d in _factors_grad(u, v, r, known)), "any"
            ),
        ),
        form="grad",
    ),
    Family(
        "Rosenbrock",
        _rosenbrock,
        _rosenbrock_grad,
        ("x",),
        lambda d: {"x": d.array(d.size(6), limit=30)},
        (
            Mutant("assigned", _rosenbrock_assigned, "more than two entries"),
            Mutant(
                "missing term",
                lambda x: (_rosenbrock_grad(x)[0] + 2 * np.append(1 - x[:-1], 0).astype(x.dtype),),
                "entries that are not 1",
            ),
        ),
        form="grad",
    ),
    Family(
        "Himmelblau",
        _himmelblau,
        _himmelblau_grad,
        ("x",),
        lambda d: {"x": d.array(2, limit=30)},
        (Mutant("missing term", _himmelblau_missing, "any"),),
        form="grad",
    ),
]
