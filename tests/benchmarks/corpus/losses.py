"""Losses and likelihoods: scalars of predictions and targets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from .family import Draw, Family, Inputs, Mutant
from .pointwise import absolute, relu, sigmoid, softplus
from .reductions import log_softmax, logsumexp, softmax, softmax_pullback

# -- inputs ------------------------------------------------------------------------------------


def _regression(d: Draw) -> Inputs:
    n, k = d.size(6), d.size(3)
    p = d.array(n, k, limit=100)
    y = p.copy() if d.nasty and d.chance(0.15) else d.array(n, k, limit=100)
    return {"p": p, "y": y}


def _binary(d: Draw) -> Inputs:
    n = d.size(8)
    return {"z": d.array(n, limit=60), "y": d.cast(d.integers(0, 2, n))}


def _classes(d: Draw) -> Inputs:
    n, k = d.size(5), d.size(5)
    return {"z": d.array(n, k, limit=60), "labels": d.integers(0, k, n)}


def _signs(d: Draw) -> Inputs:
    n = d.size(8)
    return {"s": d.array(n, limit=100), "y": d.cast(2 * d.integers(0, 2, n) - 1)}


# -- regression --------------------------------------------------------------------------------


def _mse(p: Any, y: Any) -> Any:
    return ((p - y) ** 2).mean()


def _mse_grad(p: Any, y: Any) -> Any:
    return (2 * (p - y) / p.size,)


def _huber(p: Any, y: Any) -> Any:
    r = absolute(p - y)
    return np.where(r < 1, 0.5 * r * r, r - 0.5).mean(-1)


def _huber_vjp(g: Any, p: Any, y: Any) -> Any:
    r = p - y
    return (g[..., None] * np.where(absolute(r) < 1, r, np.sign(r)) / p.shape[-1],)


def _log_cosh(p: Any, y: Any) -> Any:
    r = p - y
    return (softplus(2 * r) - r - math.log(2)).sum()


def _quantile(p: Any, y: Any) -> Any:
    r = y - p
    return np.where(r > 0, 0.9 * r, -0.1 * r).mean()


def _quantile_grad(p: Any, y: Any) -> Any:
    r = y - p
    return (np.where(r > 0, p.dtype.type(-0.9), np.where(r < 0, p.dtype.type(0.1), 0)) / p.size,)


def _n_outputs(p: Any, y: Any) -> Any:
    """BUG_ZOO F, sklearn#8349: n_outputs times the true gradient."""
    return (2 * (p - y) / p.shape[0],)


# -- classification ----------------------------------------------------------------------------


def _bce(z: Any, y: Any) -> Any:
    return (softplus(z) - y * z).mean()


def _bce_grad(z: Any, y: Any) -> Any:
    # The difference of two numbers near 1 is written as one small number.
    return (np.where(y > 0.5, -sigmoid(-z), sigmoid(z)) / z.size,)


def _smooth(z: Any, labels: Any, share: float) -> Any:
    k = z.shape[-1]
    return ((1 - share) * (np.arange(k) == labels[:, None]) + share / k).astype(z.real.dtype)


def _cross_entropy(z: Any, labels: Any) -> Any:
    return -(_smooth(z, labels, 0.1) * log_softmax(z)).sum(-1).mean()


def _cross_entropy_grad(z: Any, labels: Any) -> Any:
    return ((softmax(z) - _smooth(z, labels, 0.1)) / len(z),)


def _plain_cross_entropy(z: Any, labels: Any) -> Any:
    return -np.take_along_axis(log_softmax(z), labels[:, None], -1).sum()


def _plain_cross_entropy_grad(z: Any, labels: Any) -> Any:
    p = softmax(z)
    rows = np.arange(len(z))
    others = p.copy()
    others[rows, labels] = 0
    p[rows, labels] = -others.sum(-1)  # p - 1, without the cancellation
    return (p,)


def _sure(d: Draw) -> Inputs:
    """Draw logits so far apart that the loss is 0 as computed, or nearly, for the class that wins."""
    drawn = _classes(d)
    z = d.cast(drawn["z"] * d.one_of(1, 10, 30))
    return {"z": z, "labels": z.argmax(-1)}


def _ignored(z: Any, labels: Any, ignored: Any) -> Any:
    rows = -(_smooth(z, labels, 0.1) * log_softmax(z)).sum(-1)
    kept = (~ignored).astype(z.real.dtype)
    return (rows * kept).sum() / max(1, int(kept.sum()))


def _ignored_grad(z: Any, labels: Any, ignored: Any) -> Any:
    kept = (~ignored).astype(z.dtype)
    return ((softmax(z) - _smooth(z, labels, 0.1)) * kept[:, None] / max(1, int(kept.sum())),)


def _ignored_counted(z: Any, labels: Any, ignored: Any) -> Any:
    """BUG_ZOO G, pytorch#73205: the normaliser counts the ignored rows."""
    kept = (~ignored).astype(z.dtype)
    return ((softmax(z) - _smooth(z, labels, 0.1)) * kept[:, None] / len(z),)


def _ignored_draw(d: Draw) -> Inputs:
    drawn = _classes(d)
    return {**drawn, "ignored": d.rng.random(len(drawn["labels"])) < 0.3}


def _hinge(s: Any, y: Any) -> Any:
    return relu(1 - y * s).mean()


def _hinge_grad(s: Any, y: Any) -> Any:
    return (-y * (y * s < 1) / s.size,)


def _squared_hinge(s: Any, y: Any) -> Any:
    return (relu(1 - y * s) ** 2).mean()


def _multi_hinge(z: Any, labels: Any) -> Any:
    margin = relu(1 + z - np.take_along_axis(z, labels[:, None], -1))
    np.put_along_axis(margin, labels[:, None], 0, -1)
    return margin.sum()


def _multi_hinge_grad(z: Any, labels: Any) -> Any:
    hit = (1 + z - np.take_along_axis(z, labels[:, None], -1) > 0).astype(z.dtype)
    np.put_along_axis(hit, labels[:, None], 0, -1)
    np.put_along_axis(hit, labels[:, None], -hit.sum(-1, keepdims=True), -1)
    return (hit,)


def _multi_hinge_without_label(z: Any, labels: Any) -> Any:
    (hit,) = _multi_hinge_grad(z, labels)
    return (relu(hit),)


def _focal(z: Any, y: Any) -> Any:
    m = np.where(y > 0.5, z, -z)
    return (sigmoid(-m) ** 2 * softplus(-m)).sum()


def _focal_grad(z: Any, y: Any) -> Any:
    sign = np.where(y > 0.5, 1, -1).astype(z.dtype)
    q, p = sigmoid(-sign * z), sigmoid(sign * z)
    return (-sign * q * q * (2 * p * softplus(-sign * z) + q),)


def _focal_without_weight(z: Any, y: Any) -> Any:
    sign = np.where(y > 0.5, 1, -1).astype(z.dtype)
    return (-sign * sigmoid(-sign * z) ** 3,)


def _kl(z: Any, q: Any) -> Any:
    """KL(q || softmax(z)) up to the entropy of q, as knowledge distillation has it."""
    return -(q * log_softmax(z)).sum(-1).mean()


def _kl_draw(d: Draw) -> Inputs:
    n, k = d.size(4), d.size(5)
    return {"z": d.array(n, k, limit=60), "q": d.simplex(n, k)}


def _gaussian_kl(mu: Any, log_variance: Any) -> Any:
    """KL(N(mu, exp v) || N(0, 1)), as variational autoencoders have it; near 0 its terms cancel."""
    return 0.5 * (np.exp(log_variance) + mu * mu - 1 - log_variance).sum()


def _gaussian_kl_grad(mu: Any, log_variance: Any) -> Any:
    return mu, 0.5 * np.expm1(log_variance)


def _gaussian_kl_draw(d: Draw) -> Inputs:
    n = d.size(5)
    return {"mu": d.array(n, limit=30), "log_variance": d.array(n, limit=20)}


def _reverse_kl(z: Any, q: Any) -> Any:
    p, logs = softmax(z), log_softmax(z)
    return (p * (logs - q)).sum()


def _reverse_kl_grad(z: Any, q: Any) -> Any:
    return (softmax_pullback(log_softmax(z) - q + 1, softmax(z)),)


def _reverse_kl_draw(d: Draw) -> Inputs:
    n, k = d.size(4), d.size(5)
    return {"z": d.array(n, k, limit=30), "q": d.array(n, k, limit=30)}


# -- embeddings and rankings ---------------------------------------------------------------------


def _cosine(a: Any, b: Any) -> Any:
    return (a * b).sum(-1) / np.sqrt((a * a).sum(-1) * (b * b).sum(-1))


def _cosine_vjp(g: Any, a: Any, b: Any) -> Any:
    na, nb = ((x * x).sum(-1, keepdims=True) for x in (a, b))
    c, root, g = _cosine(a, b)[:, None], np.sqrt(na * nb), g[:, None]
    return g * (b / root - c * a / na), g * (a / root - c * b / nb)


def _cosine_without_norm(g: Any, a: Any, b: Any) -> Any:
    root = np.sqrt((a * a).sum(-1) * (b * b).sum(-1))[:, None]
    return g[:, None] * b / root, g[:, None] * a / root


def _cosine_draw(d: Draw) -> Inputs:
    n, k = d.size(4), d.size(5)
    shift = d.cast(np.eye(k)[0] * 0.5)  # away from the origin, where it is not defined
    a, b = d.array(n, k, limit=100), d.array(n, k, limit=100)
    a[np.abs(a).sum(-1) == 0] = shift
    b[np.abs(b).sum(-1) == 0] = shift[::-1]
    return {"a": a, "b": b}


def _triplet(a: Any, p: Any, n: Any) -> Any:
    return relu(((a - p) ** 2).sum(-1) - ((a - n) ** 2).sum(-1) + 0.5).sum()


def _triplet_grad(a: Any, p: Any, n: Any) -> Any:
    on = 2 * (((a - p) ** 2).sum(-1) - ((a - n) ** 2).sum(-1) + 0.5 > 0).astype(a.dtype)[:, None]
    return on * (n - p), on * (p - a), on * (a - n)


def _triplet_anchor(a: Any, p: Any, n: Any) -> Any:
    return 2 * (n - p), *_triplet_grad(a, p, n)[1:]


def _triplet_swapped(a: Any, p: Any, n: Any) -> Any:
    da, dp, dn = _triplet_grad(a, p, n)
    return da, dn, dp


def _triplet_draw(d: Draw) -> Inputs:
    n, k = d.size(4), d.size(4)
    return {name: d.array(n, k, limit=30) for name in ("a", "p", "n")}


def _contrast(a: Any, b: Any) -> Any:
    """InfoNCE: every row of a against all rows of b, its own being right."""
    s = a @ b.T
    return (logsumexp(s) - np.diagonal(s)).mean()


def _contrast_grad(a: Any, b: Any) -> Any:
    e = (softmax(a @ b.T) - np.eye(len(a), dtype=a.dtype)) / len(a)
    return e @ b, e.T @ a


def _contrast_one_side(a: Any, b: Any) -> Any:
    e = (softmax(a @ b.T) - np.eye(len(a), dtype=a.dtype)) / len(a)
    return e @ b, e @ a


def _contrast_draw(d: Draw) -> Inputs:
    n, k = d.size(5), d.size(4)
    return {"a": d.array(n, k, limit=5), "b": d.array(n, k, limit=5)}


def _dice(z: Any, y: Any) -> Any:
    p = sigmoid(z)
    return 1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1)


def _dice_grad(z: Any, y: Any) -> Any:
    p = sigmoid(z)
    top, bottom = 2 * (p * y).sum() + 1, p.sum() + y.sum() + 1
    return ((top / bottom - 2 * y) / bottom * p * sigmoid(-z),)


def _dice_without_denominator(z: Any, y: Any) -> Any:
    p = sigmoid(z)
    return (-2 * y / (p.sum() + y.sum() + 1) * p * sigmoid(-z),)


# -- likelihoods: negative logarithms, up to constants --------------------------------------------


def _gaussian(mu: Any, log_sigma: Any, y: Any) -> Any:
    return (0.5 * ((y - mu) * np.exp(-log_sigma)) ** 2 + log_sigma).sum()


def _gaussian_grad(mu: Any, log_sigma: Any, y: Any) -> Any:
    r = (y - mu) * np.exp(-log_sigma)
    return -r * np.exp(-log_sigma), 1 - r * r


def _gaussian_by_sigma(mu: Any, log_sigma: Any, y: Any) -> Any:
    """The derivative by sigma where that by log sigma is due."""
    d_mu, d_log = _gaussian_grad(mu, log_sigma, y)
    return d_mu, d_log * np.exp(-log_sigma)


def _gaussian_draw(d: Draw) -> Inputs:
    n = d.size(6)
    return {"mu": d.array(n, limit=30), "log_sigma": d.array(n, limit=3), "y": d.array(n, limit=30)}


def _poisson(eta: Any, y: Any) -> Any:
    return (np.exp(eta) - y * eta).sum()


def _poisson_draw(d: Draw) -> Inputs:
    n = d.size(6)
    return {"eta": d.array(n, limit=8), "y": d.cast(d.integers(0, 9, n))}


def _negative_binomial(eta: Any, log_r: Any, y: Any) -> Any:
    r, mu = np.exp(log_r), np.exp(eta)
    terms = special.loggamma(y + r) - special.loggamma(r) + r * (log_r - np.log(r + mu))
    return -(terms + y * (eta - np.log(r + mu))).sum()


def _negative_binomial_grad(eta: Any, log_r: Any, y: Any) -> Any:
    r, mu = np.exp(log_r), np.exp(eta)
    d_r = special.digamma(y + r) - special.digamma(r) + log_r - np.log(r + mu) + 1 - (r + y) / (r + mu)
    return mu * (r + y) / (r + mu) - y, -(d_r * r).sum()


def _negative_binomial_by_r(eta: Any, log_r: Any, y: Any) -> Any:
    """BUG_ZOO N, statsmodels#7522: the chain factor of the transformed parameter."""
    d_eta, d_log = _negative_binomial_grad(eta, log_r, y)
    return d_eta, d_log / np.exp(log_r)


def _negative_binomial_without_digamma(eta: Any, log_r: Any, y: Any) -> Any:
    d_eta, d_log = _negative_binomial_grad(eta, log_r, y)
    r = np.exp(log_r)
    return d_eta, d_log + ((special.digamma(y + r) - special.digamma(r)) * r).sum()


def _negative_binomial_draw(d: Draw) -> Inputs:
    n = d.size(6)
    return {"eta": d.array(n, limit=4), "log_r": d.array(limit=2), "y": d.cast(d.integers(0, 9, n))}


def _student(mu: Any, log_nu: Any, y: Any) -> Any:
    nu = np.exp(log_nu)
    norm = special.loggamma((nu + 1) / 2) - special.loggamma(nu / 2) - 0.5 * log_nu
    return (0.5 * (nu + 1) * np.log1p((y - mu) ** 2 / nu) - norm).sum()


def _student_grad(mu: Any, log_nu: Any, y: Any) -> Any:
    nu, r = np.exp(log_nu), y - mu
    d_norm = 0.5 * (special.digamma((nu + 1) / 2) - special.digamma(nu / 2)) - 0.5 / nu
    d_nu = 0.5 * np.log1p(r * r / nu) - 0.5 * (nu + 1) * r * r / (nu * (nu + r * r)) - d_norm
    return -(nu + 1) * r / (nu + r * r), (d_nu * nu).sum()


def _student_without_norm(mu: Any, log_nu: Any, y: Any) -> Any:
    nu, r = np.exp(log_nu), y - mu
    d_nu = 0.5 * np.log1p(r * r / nu) - 0.5 * (nu + 1) * r * r / (nu * (nu + r * r))
    return -(nu + 1) * r / (nu + r * r), (d_nu * nu).sum()


def _student_draw(d: Draw) -> Inputs:
    n = d.size(6)
    return {"mu": d.array(n, limit=30), "log_nu": d.array(limit=3), "y": d.array(n, limit=30)}


def _gamma(log_a: Any, eta: Any, y: Any) -> Any:
    a = np.exp(log_a)
    return (special.loggamma(a) - a * eta - (a - 1) * np.log(y) + y * np.exp(eta)).sum()


def _gamma_grad(log_a: Any, eta: Any, y: Any) -> Any:
    a = np.exp(log_a)
    return ((special.digamma(a) - eta - np.log(y)) * a).sum(), y * np.exp(eta) - a


def _gamma_draw(d: Draw) -> Inputs:
    n = d.size(6)
    return {"log_a": d.array(limit=2), "eta": d.array(n, limit=4), "y": d.positive(n, low=0.05, high=30)}


def _beta(log_a: Any, log_b: Any, y: Any) -> Any:
    a, b = np.exp(log_a), np.exp(log_b)
    norm = special.loggamma(a) + special.loggamma(b) - special.loggamma(a + b)
    return (norm - (a - 1) * np.log(y) - (b - 1) * np.log1p(-y)).sum()


def _beta_grad(log_a: Any, log_b: Any, y: Any) -> Any:
    a, b = np.exp(log_a), np.exp(log_b)
    total = special.digamma(a + b)
    return a * (special.digamma(a) - total - np.log(y)).sum(), b * (
        special.digamma(b) - total - np.log1p(-y)
    ).sum()


def _beta_swapped(log_a: Any, log_b: Any, y: Any) -> Any:
    return _beta_grad(log_a, log_b, y)[::-1]


def _beta_draw(d: Draw) -> Inputs:
    y = d.rng.uniform(0.05, 0.95, d.size(6))
    return {
        "log_a": d.array(limit=2),
        "log_b": d.array(limit=2),
        "y": d.cast(np.round(y, 1) * 0.9 + 0.05 if d.nasty else y),
    }


def _multinomial(z: Any, counts: Any) -> Any:
    return -(counts * log_softmax(z)).sum()


def _multinomial_draw(d: Draw) -> Inputs:
    n, k = d.size(4), d.size(5)
    return {"z": d.array(n, k, limit=60), "counts": d.cast(d.integers(0, 6, (n, k)))}


def _mixture(mu: Any, w: Any, y: Any) -> Any:
    return -logsumexp(log_softmax(w) - 0.5 * (y[:, None] - mu) ** 2).sum()


def _mixture_grad(mu: Any, w: Any, y: Any) -> Any:
    r = softmax(log_softmax(w) - 0.5 * (y[:, None] - mu) ** 2)
    return -(r * (y[:, None] - mu)).sum(0), -(r - softmax(w)).sum(0)


def _mixture_without_prior(mu: Any, w: Any, y: Any) -> Any:
    r = softmax(log_softmax(w) - 0.5 * (y[:, None] - mu) ** 2)
    return -(r * (y[:, None] - mu)).sum(0), -r.sum(0)


def _mixture_draw(d: Draw) -> Inputs:
    k = d.size(4)
    return {"mu": d.array(k, limit=10), "w": d.array(k, limit=10), "y": d.array(d.size(6), limit=10)}


def _logistic(w: Any, x: Any, y: Any) -> Any:
    return softplus(-y * (x @ w)).mean() + 0.05 * (w * w).sum()


def _logistic_grad(w: Any, x: Any, y: Any) -> Any:
    return (-(x.T @ (y * sigmoid(-y * (x @ w)))) / len(y) + 0.1 * w,)


def _logistic_draw(d: Draw) -> Inputs:
    n, k = d.size(8), d.size(5)
    return {"w": d.array(k, limit=10), "x": d.array(n, k, limit=10), "y": d.cast(2 * d.integers(0, 2, n) - 1)}


def _family(name: str, forward: Any, grad: Any, wrt: str, draw: Any, *mutants: Mutant) -> Family:
    return Family(name, forward, grad, tuple(wrt.split()), draw, mutants, form="grad")


FAMILIES = [
    _family(
        "mean squared error",
        _mse,
        _mse_grad,
        "p",
        _regression,
        Mutant("missing 1/N", lambda p, y: (2 * (p - y),), "more than one entry"),
        Mutant("scale", lambda p, y: ((p - y) / p.size,), "p is not y"),
        Mutant("scale", _n_outputs, "more than one output"),
        Mutant("sign", lambda p, y: (2 * (y - p) / p.size,), "p is not y"),
    ),
    _family(
        "mean absolute error",
        lambda p, y: absolute(p - y).mean(),
        lambda p, y: (np.sign(p - y) / p.size,),
        "p",
        _regression,
        Mutant("as squared", lambda p, y: (2 * (p - y) / p.size,), "any"),
    ),
    Family(
        "huber",
        _huber,
        _huber_vjp,
        ("p",),
        _regression,
        (
            Mutant("g ignored", lambda g, p, y: (np.clip(p - y, -1, 1) / p.shape[-1],), "g is not 1"),
            Mutant(
                "straight through",
                lambda g, p, y: (g[..., None] * (p - y) / p.shape[-1],),
                "a residual beyond 1",
            ),
            Mutant(
                "mask side",
                lambda g, p, y: (
                    g[..., None] * np.where(absolute(p - y) < 1, np.sign(p - y), p - y) / p.shape[-1],
                ),
                "any",
            ),
        ),
    ),
    _family(
        "log cosh",
        _log_cosh,
        lambda p, y: (np.tanh(p - y),),
        "p",
        _regression,
        Mutant("sign", lambda p, y: (-np.tanh(p - y),), "p is not y"),
    ),
    _family(
        "quantile",
        _quantile,
        _quantile_grad,
        "p",
        _regression,
        Mutant(
            "mask side",
            lambda p, y: (np.where(y - p > 0, p.dtype.type(0.1), p.dtype.type(-0.9)) / p.size,),
            "any",
        ),
    ),
    _family(
        "binary cross-entropy",
        _bce,
        _bce_grad,
        "z",
        _binary,
        Mutant("extra factor", lambda z, y: ((sigmoid(z) - y) * sigmoid(z) * sigmoid(-z) / z.size,), "any"),
        Mutant("missing 1/N", lambda z, y: (sigmoid(z) - y,), "more than one entry"),
    ),
    _family(
        "cross-entropy, smoothed",
        _cross_entropy,
        _cross_entropy_grad,
        "z",
        _classes,
        Mutant(
            "smoothing forgotten",
            lambda z, labels: ((softmax(z) - _smooth(z, labels, 0.0)) / len(z),),
            "more than one class",
        ),
        Mutant("missing 1/N", lambda z, labels: (softmax(z) - _smooth(z, labels, 0.1),), "more than one row"),
        Mutant("missing term", lambda z, labels: (softmax(z) / len(z),), "any"),
        Mutant("scale", lambda z, labels: (2 * (softmax(z) - _smooth(z, labels, 0.1)) / len(z),), "any"),
    ),
    _family(
        "cross-entropy",
        _plain_cross_entropy,
        _plain_cross_entropy_grad,
        "z",
        _classes,
        Mutant(
            "only the label",
            lambda z, labels: (_plain_cross_entropy_grad(z, labels)[0] * (_smooth(z, labels, 0.0) > 0),),
            "more than one class",
        ),
        Mutant("softmax twice", lambda z, labels: (softmax(softmax(z)) - _smooth(z, labels, 0.0),), "any"),
    ),
    _family(
        "cross-entropy, rows ignored",
        _ignored,
        _ignored_grad,
        "z",
        _ignored_draw,
        Mutant("missing 1/N", _ignored_counted, "an ignored row beside a kept one"),
        Mutant(
            "mask forgotten",
            lambda z, labels, ignored: (
                (softmax(z) - _smooth(z, labels, 0.1)) / max(1, int((~ignored).sum())),
            ),
            "an ignored row",
        ),
    ),
    _family(
        "hinge",
        _hinge,
        _hinge_grad,
        "s",
        _signs,
        Mutant("mask side", lambda s, y: (-y * (y * s > 1) / s.size,), "any"),
        Mutant("mask forgotten", lambda s, y: (-y / s.size,), "a margin beyond 1"),
    ),
    _family(
        "squared hinge",
        _squared_hinge,
        lambda s, y: (-2 * y * relu(1 - y * s) / s.size,),
        "s",
        _signs,
        Mutant("scale", lambda s, y: (-y * relu(1 - y * s) / s.size,), "a margin below 1"),
    ),
    _family(
        "multiclass hinge",
        _multi_hinge,
        _multi_hinge_grad,
        "z",
        _classes,
        Mutant("missing path", _multi_hinge_without_label, "more than one class"),
    ),
    _family(
        "focal",
        _focal,
        _focal_grad,
        "z",
        _binary,
        Mutant("missing term", _focal_without_weight, "any"),
    ),
    _family(
        "distillation",
        _kl,
        lambda z, q: ((softmax(z) * q.sum(-1, keepdims=True) - q) / len(z),),
        "z",
        _kl_draw,
        Mutant("sign", lambda z, q: ((q - softmax(z)) / len(z),), "any"),
    ),
    _family(
        "reverse KL",
        _reverse_kl,
        _reverse_kl_grad,
        "z",
        _reverse_kl_draw,
        Mutant("missing term", lambda z, q: (softmax(z) * (log_softmax(z) - q),), "any"),
    ),
    Family(
        "cosine",
        _cosine,
        _cosine_vjp,
        ("a", "b"),
        _cosine_draw,
        (Mutant("missing term", _cosine_without_norm, "any"),),
    ),
    _family(
        "triplet",
        _triplet,
        _triplet_grad,
        "a p n",
        _triplet_draw,
        Mutant("mask forgotten", _triplet_anchor, "an inactive row"),
        Mutant("swapped", _triplet_swapped, "an active row"),
        Mutant(
            "missing term",
            lambda a, p, n: (_triplet_grad(a, p, n)[0] * 0 + 2 * (a - p), *_triplet_grad(a, p, n)[1:]),
            "any",
        ),
    ),
    _family(
        "contrastive",
        _contrast,
        _contrast_grad,
        "a b",
        _contrast_draw,
        Mutant("transposed", _contrast_one_side, "more than one row"),
    ),
    _family(
        "dice",
        _dice,
        _dice_grad,
        "z",
        _binary,
        Mutant("missing term", _dice_without_denominator, "any"),
    ),
    _family(
        "Gaussian likelihood",
        _gaussian,
        _gaussian_grad,
        "mu log_sigma",
        _gaussian_draw,
        Mutant("by the logarithm", _gaussian_by_sigma, "sigma is not 1"),
        Mutant(
            "missing term",
            lambda mu, log_sigma, y: (
                _gaussian_grad(mu, log_sigma, y)[0],
                -(((y - mu) * np.exp(-log_sigma)) ** 2),
            ),
            "any",
        ),
        Mutant(
            "wrong power",
            lambda mu, log_sigma, y: (-(y - mu) * np.exp(-log_sigma), _gaussian_grad(mu, log_sigma, y)[1]),
            "sigma is not 1",
        ),
    ),
    _family(
        "Poisson likelihood",
        _poisson,
        lambda eta, y: (np.exp(eta) - y,),
        "eta",
        _poisson_draw,
        Mutant("by the logarithm", lambda eta, y: (1 - y * np.exp(-eta),), "eta is not 0"),
    ),
    _family(
        "negative binomial likelihood",
        _negative_binomial,
        _negative_binomial_grad,
        "eta log_r",
        _negative_binomial_draw,
        Mutant("by the logarithm", _negative_binomial_by_r, "r is not 1"),
        Mutant("missing term", _negative_binomial_without_digamma, "a positive count"),
    ),
    _family(
        "Student likelihood",
        _student,
        _student_grad,
        "mu log_nu",
        _student_draw,
        Mutant("missing term", _student_without_norm, "any"),
    ),
    _family(
        "Gamma likelihood",
        _gamma,
        _gamma_grad,
        "log_a eta",
        _gamma_draw,
        Mutant(
            "by the logarithm",
            lambda log_a, eta, y: (
                _gamma_grad(log_a, eta, y)[0] / np.exp(log_a),
                _gamma_grad(log_a, eta, y)[1],
            ),
            "a is not 1",
        ),
    ),
    _family(
        "Beta likelihood",
        _beta,
        _beta_grad,
        "log_a log_b",
        _beta_draw,
        Mutant("swapped", _beta_swapped, "a is not b"),
    ),
    _family(
        "multinomial likelihood",
        _multinomial,
        lambda z, counts: (softmax(z) * counts.sum(-1, keepdims=True) - counts,),
        "z",
        _multinomial_draw,
        Mutant("missing factor", lambda z, counts: (softmax(z) - counts,), "a total that is not 1"),
    ),
    _family(
        "cross-entropy of the winner",
        _plain_cross_entropy,
        _plain_cross_entropy_grad,
        "z",
        _sure,
        Mutant("only the label", lambda z, labels: (softmax(z),), "any"),
    ),
    _family(
        "KL of a Gaussian",
        _gaussian_kl,
        _gaussian_kl_grad,
        "mu log_variance",
        _gaussian_kl_draw,
        Mutant("missing term", lambda mu, log_variance: (mu, 0.5 * np.exp(log_variance)), "any"),
    ),
    _family(
        "mixture likelihood",
        _mixture,
        _mixture_grad,
        "mu w",
        _mixture_draw,
        Mutant("missing term", _mixture_without_prior, "any"),
    ),
    _family(
        "logistic regression",
        _logistic,
        _logistic_grad,
        "w",
        _logistic_draw,
        Mutant("scale", lambda w, x, y: (_logistic_grad(w, x, y)[0] - 0.05 * w,), "w is not 0"),
        Mutant("sign", lambda w, x, y: (_logistic_grad(w, x, y)[0] - 0.2 * w,), "w is not 0"),
        Mutant(
            "missing 1/N",
            lambda w, x, y: ((_logistic_grad(w, x, y)[0] - 0.1 * w) * len(y) + 0.1 * w,),
            "more than one row",
        ),
    ),
]
