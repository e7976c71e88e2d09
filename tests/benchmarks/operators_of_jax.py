"""Functions of JAX with derivative rules of its own, and what their inputs look like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax import lax, nn
from jax import numpy as jnp
from jax.scipy import linalg, special, stats

__all__ = ["OPERATORS", "draw"]

REAL, POSITIVE, UNIT, INSIDE = "real 2 3", "positive 2 3", "unit 2 3", "inside 2 3"
ROW, MATRIX, TALL, SPD = "real 3", "real 3 3", "real 4 3", "spd 3 3"
IMAGE, KERNEL = "real 1 2 5 5", "real 3 2 3 3"
INDICES, LABELS = "index 4", "index 2"


def draw(kind: str, rng: np.random.Generator) -> Any:
    """Return an array: reals, positive ones, of (0, 1), of (-1, 1), a positive definite matrix, indices."""
    domain, *sizes = kind.split()
    shape = tuple(map(int, sizes))
    normal = np.round(rng.standard_normal(shape), 3)
    if domain == "positive":
        return np.abs(normal) + 0.1
    if domain == "unit":
        return rng.uniform(0.05, 0.95, shape).round(3)
    if domain == "inside":
        return rng.uniform(-0.9, 0.9, shape).round(3)
    if domain == "spd":
        return normal @ normal.T + np.eye(shape[0])
    return rng.integers(0, 3, shape) if domain == "index" else normal


def _named(
    where: Any, prefix: str, names: str, *kinds: str
) -> list[tuple[str, Callable[..., Any], tuple[str, ...]]]:
    return [(f"{prefix}.{name}", getattr(where, name), kinds) for name in names.split()]


def _symmetric(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a: f((a + a.T) / 2)


#: Name, function, and the kinds of its inputs.
OPERATORS: list[tuple[str, Callable[..., Any], tuple[str, ...]]] = [
    *_named(nn, "nn", "relu relu6 sigmoid softplus silu mish selu gelu elu celu leaky_relu hard_tanh", REAL),
    *_named(nn, "nn", "hard_sigmoid hard_silu soft_sign log_sigmoid softmax log_softmax logsumexp", REAL),
    *_named(nn, "nn", "standardize glu squareplus sparse_plus sparse_sigmoid tanh", "real 2 4"),
    *_named(jnp, "jnp", "sin cos tan tanh sinh cosh arctan arcsinh exp expm1 exp2 sinc square", REAL),
    *_named(jnp, "jnp", "abs negative cbrt reciprocal sign floor deg2rad ravel transpose fliplr", REAL),
    *_named(jnp, "jnp", "sum prod mean var std cumsum cumprod max min ptp median sort", REAL),
    *_named(jnp, "jnp", "amax amin nansum nanmean nanprod nanmax", REAL),
    *_named(jnp, "jnp", "log log2 log10 log1p sqrt", POSITIVE),
    *_named(jnp, "jnp", "arcsin arccos arctanh", INSIDE),
    *_named(jnp, "jnp", "add subtract multiply divide maximum minimum arctan2 hypot logaddexp", REAL, REAL),
    *_named(jnp, "jnp", "logaddexp2 fmod remainder copysign fmax fmin heaviside", REAL, REAL),
    *_named(jnp, "jnp", "power float_power", POSITIVE, REAL),
    *_named(jnp, "jnp", "matmul dot", REAL, MATRIX),
    *_named(jnp, "jnp", "inner vdot outer cross convolve correlate kron", ROW, ROW),
    *_named(jnp.linalg, "linalg", "inv det slogdet pinv", MATRIX),
    *_named(jnp.linalg, "linalg", "norm cond", MATRIX),
    *_named(jnp.linalg, "linalg", "solve", MATRIX, ROW),
    *_named(linalg, "scipy.linalg", "expm", MATRIX),
    *_named(special, "special", "erf erfc expit log_ndtr ndtr i0 i0e i1 i1e", REAL),
    *_named(special, "special", "gammaln digamma gamma entr", POSITIVE),
    *_named(special, "special", "erfinv", INSIDE),
    *_named(special, "special", "logit ndtri", UNIT),
    *_named(special, "special", "betaln beta", POSITIVE, POSITIVE),
    *_named(special, "special", "xlogy xlog1py rel_entr kl_div", POSITIVE, POSITIVE),
    *_named(special, "special", "gammainc gammaincc", POSITIVE, POSITIVE),
    *_named(stats.norm, "stats.norm", "logpdf pdf logcdf cdf logsf", REAL),
    *_named(stats.t, "stats.t", "logpdf", REAL, POSITIVE),
    *_named(stats.gamma, "stats.gamma", "logpdf", POSITIVE, POSITIVE),
    *_named(stats.beta, "stats.beta", "logpdf", UNIT, POSITIVE, POSITIVE),
    *_named(stats.laplace, "stats.laplace", "logpdf", REAL),
    *_named(stats.logistic, "stats.logistic", "logpdf cdf", REAL),
    *_named(lax, "lax", "rsqrt lgamma digamma", POSITIVE),
    *_named(lax, "lax", "logistic cumlogsumexp cummax cumprod", REAL),
    ("linalg.cholesky", _symmetric(jnp.linalg.cholesky), (SPD,)),
    ("linalg.eigvalsh", _symmetric(jnp.linalg.eigvalsh), (SPD,)),
    (
        "linalg.eigh projectors",
        _symmetric(lambda a: (lambda v: v[:, :1] @ v[:, :1].T)(jnp.linalg.eigh(a)[1])),
        (SPD,),
    ),
    ("linalg.qr", lambda a: jnp.linalg.qr(a), (TALL,)),
    ("linalg.svd values", lambda a: jnp.linalg.svd(a, compute_uv=False), (TALL,)),
    ("linalg.lstsq", lambda a, b: jnp.linalg.lstsq(a, b)[0], (TALL, "real 4")),
    ("linalg.matrix_power", lambda a: jnp.linalg.matrix_power(a, 3), (MATRIX,)),
    ("scipy.linalg.solve_triangular", lambda a, b: linalg.solve_triangular(a, b, lower=True), (SPD, ROW)),
    ("scipy.linalg.lu", lambda a: linalg.lu(a)[1:], (MATRIX,)),
    (
        "scipy.linalg.cho_solve",
        lambda a: linalg.cho_solve((jnp.linalg.cholesky((a + a.T) / 2), True), a),
        (SPD,),
    ),
    ("conv", lambda x, k: lax.conv(x, k, (2, 1), "SAME"), (IMAGE, KERNEL)),
    (
        "conv_transpose",
        lambda x, k: lax.conv_transpose(x, k, (2, 2), "VALID", dimension_numbers=("NCHW", "OIHW", "NCHW")),
        (IMAGE, "real 2 2 3 3"),
    ),
    (
        "dilated conv",
        lambda x, k: lax.conv_general_dilated(x, k, (1, 1), "SAME", rhs_dilation=(2, 2)),
        (IMAGE, KERNEL),
    ),
    (
        "max pool",
        lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 1, 1), "VALID"),
        (IMAGE,),
    ),
    (
        "mean pool",
        lambda x: lax.reduce_window(x, 0.0, lax.add, (1, 1, 3, 3), (1, 1, 2, 2), "VALID"),
        (IMAGE,),
    ),
    ("gather", lambda x, i: x[i], (MATRIX, INDICES)),
    ("take_along_axis", lambda x, i: jnp.take_along_axis(x, i[:, None] % 3, 1), (REAL, LABELS)),
    ("scatter add", lambda x, i, y: x.at[i].add(y), (ROW, INDICES, "real 4")),
    ("scatter max", lambda x, i, y: x.at[i].max(y), (ROW, INDICES, "real 4")),
    (
        "scatter multiply",
        lambda x, y: x.at[jnp.array([2, 0])].multiply(y, unique_indices=True),
        (ROW, "real 2"),
    ),
    ("segment sum", lambda x, i: jax.ops.segment_sum(x, i, 3), ("real 4", INDICES)),
    ("dynamic slice", lambda x: lax.dynamic_slice(x, (0, 1), (2, 2)), (REAL,)),
    ("dynamic update slice", lambda x, y: lax.dynamic_update_slice(x, y, (1,)), (ROW, "real 2")),
    ("pad", lambda x: lax.pad(x, x.dtype.type(0.5), ((1, -1, 1), (0, 1, 0))), (REAL,)),
    ("where", lambda x, y: jnp.where(x > y, x * y, y**2), (REAL, REAL)),
    ("clip", lambda x: jnp.clip(x, -0.5, 0.5), (REAL,)),
    ("interp", lambda x, y: jnp.interp(x, jnp.array([-1.0, 0.0, 1.0]), y), (REAL, ROW)),
    ("polyval", jnp.polyval, (ROW, REAL)),
    ("trapezoid", jnp.trapezoid, (REAL, REAL)),
    ("quantile", lambda x: jnp.quantile(x, 0.3, axis=1), (REAL,)),
    ("top_k", lambda x: lax.top_k(x, 2), (REAL,)),
    ("einsum", lambda a, b: jnp.einsum("ij,jk->ki", a, b), (REAL, MATRIX)),
    (
        "scan",
        lambda x, w: lax.scan(lambda h, v: ((s := jnp.tanh(w @ h + v)), s), jnp.zeros_like(x[0]), x),
        (TALL, MATRIX),
    ),
    ("fori_loop", lambda x: lax.fori_loop(0, 5, lambda i, v: jnp.sin(v) * 1.5, x), (REAL,)),
    ("cond", lambda x: lax.cond(x.sum() > 0, jnp.sin, jnp.cos, x), (REAL,)),
    (
        "custom_root",
        lambda a: lax.custom_root(
            lambda x: x**3 + x - a, a * 0, lambda f, x0: _newton(f, x0), lambda g, y: y / g(jnp.ones_like(y))
        ),
        (ROW,),
    ),
    ("attention", lambda q, k, v: nn.dot_product_attention(q, k, v), ("real 1 3 1 4",) * 3),
    ("fft power", lambda x: jnp.abs(jnp.fft.fft(x)) ** 2, (REAL,)),
    ("irfft", lambda x: jnp.fft.irfft(x), (REAL,)),
    ("associative_scan", lambda x: lax.associative_scan(jnp.multiply, x, axis=1), (REAL,)),
    ("huber", lambda x: jnp.where(jnp.abs(x) < 1, 0.5 * x**2, jnp.abs(x) - 0.5), (REAL,)),
    ("normalised rows", lambda x: x / jnp.linalg.norm(x, axis=-1, keepdims=True), (REAL,)),
    ("vmap of solve", jax.vmap(jnp.linalg.solve), ("real 2 3 3", "real 2 3 1")),
    ("checkpoint", jax.checkpoint(lambda x: jnp.sin(jnp.exp(x))), (REAL,)),
    ("remat scan", lambda x: jax.checkpoint(jnp.cumprod)(x), (ROW,)),
]


def _newton(f: Callable[..., Any], x: Any) -> Any:
    for _ in range(30):
        x = x - f(x) / jax.jvp(f, (x,), (jnp.ones_like(x),))[1]
    return x
