"""HIPS autograd: the vjps of its numpy, its linear algebra and its scipy, as cases of the field trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import autograd.numpy as anp
import autograd.scipy.linalg as scipy_linalg
import autograd.scipy.signal as signal
import autograd.scipy.special as special
import autograd.scipy.stats as stats
import numpy as np

import gradtest

__all__ = ["NAME", "REAL", "cases"]

NAME = "autograd"

Draw = Callable[[np.random.Generator], tuple[Any, ...]]
Case = tuple[str, Any, Draw]

#: What disagrees, and why that is a mistake of the library: read in its source, and confirmed otherwise.
REAL: dict[str, str] = {
    "numpy diag": "the vjp is diag itself, which is square also where the matrix was not",
    "numpy diagonal": "the vjp, make_diagonal, takes axis1=-1 and axis2=-2 only",
    "numpy diagonal offset": "the vjp, make_diagonal, takes no offset",
    "numpy gradient of both": "the vjp of gradient without an axis adds arrays of different shapes",
    "numpy repeat uneven": "the vjp takes repeats for one number",
    "numpy einsum diagonal": "the vjp swaps the subscripts, and einsum has no output of a repeated one",
    "linalg norm 1 axis": "no gradient for ord=1: NotImplementedError",
    "stats chi2.pdf": "the derivative is held to be 0 unless df is a whole number (grad_chi2_logpdf)",
    "stats chi2.logpdf": "the derivative is held to be 0 unless df is a whole number (grad_chi2_logpdf)",
}


def within(*ranges: tuple[float, float], shape: tuple[int, ...] = (3, 4)) -> Draw:
    """Return what draws one array from each range."""
    return lambda rng: tuple(rng.uniform(low, high, size=shape) for low, high in ranges)


def cases() -> Iterator[Case]:
    """Yield name, what to check, and how its inputs are drawn."""
    for group, functions in (
        ("numpy", _elementwise()),
        ("numpy", _of_arrays()),
        ("numpy.fft", _transforms()),
        ("linalg", _linear_algebra()),
        ("special", _special()),
        ("stats", _distributions()),
    ):
        for name, function, draw in functions:
            yield f"{group} {name}", gradtest.autodiff(function, "autograd", name=name), draw


REAL_LINE, POSITIVE, INSIDE = (-2.0, 2.0), (0.2, 2.5), (-0.9, 0.9)


def _elementwise() -> Iterator[Case]:
    everywhere = (
        *(
            "absolute",
            "angle",
            "arcsinh",
            "arctan",
            "cos",
            "cosh",
            "deg2rad",
            "degrees",
            "exp",
            "exp2",
            "expm1",
        ),
        *("fabs", "negative", "rad2deg", "sin", "sinc", "sinh", "square", "tan", "tanh", "nan_to_num"),
    )
    for name in everywhere:
        yield name, getattr(anp, name), within(REAL_LINE)
    for name in ("log", "log10", "log1p", "log2", "reciprocal", "sqrt"):
        yield name, getattr(anp, name), within(POSITIVE)
    for name in ("arccos", "arcsin", "arctanh"):
        yield name, getattr(anp, name), within(INSIDE)
    yield "arccosh", anp.arccosh, within((1.2, 3.0))
    for name in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "fmax", "fmin", "arctan2"):
        yield name, getattr(anp, name), within(REAL_LINE, REAL_LINE)
    for name in ("hypot", "logaddexp", "logaddexp2", "remainder"):
        yield name, getattr(anp, name), within(REAL_LINE, REAL_LINE)
    yield "power", anp.power, within(POSITIVE, REAL_LINE)
    yield (
        "remainder broadcast",
        anp.remainder,
        lambda rng: (rng.normal(size=(3, 4)), rng.uniform(1, 2, size=4)),
    )
    yield "clip", lambda x: anp.clip(x, -1.0, 1.0), within(REAL_LINE)
    yield "where", lambda x, y: anp.where(x > y, x * y, y), within(REAL_LINE, REAL_LINE)


def _of_arrays() -> Iterator[Case]:
    one, two = within(REAL_LINE), within(REAL_LINE, REAL_LINE)
    for name in ("amax", "cumsum", "mean", "prod", "std", "sum", "var"):
        yield name, getattr(anp, name), one
        method = getattr(anp, name)
        yield f"{name} axis", lambda x, f=method: f(x, axis=1), one
    yield "var ddof", lambda x: anp.var(x, axis=0, ddof=1), one
    yield "std ddof", lambda x: anp.std(x, axis=0, ddof=1, keepdims=True), one
    yield "sort", lambda x: anp.sort(anp.ravel(x)), one
    yield "partition", lambda x: anp.partition(anp.ravel(x), 5), one
    for name in (
        "fliplr",
        "flipud",
        "rot90",
        "tril",
        "triu",
        "trace",
        "diag",
        "diagonal",
        "transpose",
        "ravel",
    ):
        yield name, getattr(anp, name), one
    yield "trace offset", lambda x: anp.trace(x, offset=1), one
    yield "diagonal offset", lambda x: anp.diagonal(x, offset=-1), one
    yield "diag of a vector", lambda x: anp.diag(anp.ravel(x), k=2), one
    yield "diff", lambda x: anp.diff(x, n=2, axis=1), one
    yield "gradient", lambda x: anp.gradient(x, axis=1), one
    yield "gradient of both", lambda x: anp.array(anp.gradient(x)), one
    yield "pad", lambda x: anp.pad(x, ((1, 2), (0, 1)), mode="constant"), one
    yield "repeat", lambda x: anp.repeat(x, 3, axis=1), one
    yield "repeat uneven", lambda x: anp.repeat(x, [1, 0, 3], axis=0), one
    yield "roll", lambda x: anp.roll(x, 2, axis=1), one
    yield "tile", lambda x: anp.tile(x, (2, 1, 3)), one
    yield "concatenate", lambda x, y: anp.concatenate((x, y, x), axis=1), two
    yield "indexing twice", lambda x: x[[0, 0, 2], [1, 1, 3]], one
    yield "linspace", lambda x, y: anp.linspace(x[0, 0], y[0, 0], 5), two
    yield "kron", anp.kron, two
    yield "outer", lambda x, y: anp.outer(x[0], y[1]), two
    yield "inner", anp.inner, two
    yield "dot", lambda x, y: anp.dot(x, y.T), two
    yield (
        "matmul stacked",
        anp.matmul,
        lambda rng: (rng.normal(size=(2, 1, 3, 4)), rng.normal(size=(5, 4, 2))),
    )
    yield "matmul vector", anp.matmul, lambda rng: (rng.normal(size=(2, 3, 4)), rng.normal(size=4))
    yield "tensordot", lambda x, y: anp.tensordot(x, y, axes=([1], [1])), two
    yield "einsum", lambda x, y: anp.einsum("ij,kj->ik", x, y), two
    yield "einsum broadcast", lambda x, y: anp.einsum("...j,...j->...", x, y), two
    yield "einsum diagonal", lambda x: anp.einsum("ii->i", anp.dot(x, x.T)), one
    yield "cross", lambda x, y: anp.cross(x[:, :3], y[:, :3]), two


def _transforms() -> Iterator[Case]:
    one = within(REAL_LINE)
    for name in ("fft", "ifft", "rfft", "fft2", "rfft2", "rfftn", "fftn", "ifftn"):
        method = getattr(anp.fft, name)
        yield name, lambda x, f=method: f(x), one
    for name in ("irfft", "irfft2", "irfftn"):
        method = getattr(anp.fft, name)
        yield name, lambda x, y, f=method: f(x + 1j * y), within(REAL_LINE, REAL_LINE)
    yield "fft padded", lambda x: anp.fft.fft(x, n=6), one
    yield "rfft orthonormal", lambda x: anp.fft.rfft(x, norm="ortho"), one
    yield "fftshift", lambda x: anp.fft.fftshift(x), one


def _square(rng: np.random.Generator) -> tuple[Any, ...]:
    return (rng.normal(size=(4, 4)) + 3 * np.eye(4),)


def _definite(rng: np.random.Generator) -> tuple[Any, ...]:
    a = rng.normal(size=(4, 4))
    return (a @ a.T + np.eye(4),)


def _linear_algebra() -> Iterator[Case]:
    la, tall = anp.linalg, within(REAL_LINE, shape=(5, 3))
    system = lambda rng: (*_square(rng), rng.normal(size=(4, 2)))  # noqa: E731  # a short one
    yield "det", la.det, _square
    yield "slogdet", lambda a: la.slogdet(a)[1], _square
    yield "inv", la.inv, _square
    yield "inv stacked", lambda a: la.inv(anp.stack([a, a.T @ a])), _square
    yield "pinv", la.pinv, tall
    yield "solve", la.solve, system
    yield "cholesky", lambda a: la.cholesky(a @ a.T), _square
    yield "eigh", lambda a: la.eigh(a + a.T)[0], _square
    yield "eigh vectors", lambda a: anp.abs(la.eigh(a + a.T)[1]), _square
    yield "svd values", lambda a: la.svd(a, compute_uv=False), tall
    yield "svd vectors", lambda a: anp.abs(la.svd(a, full_matrices=False)[0]), tall
    yield "eig values", lambda a: anp.sort(anp.real(la.eig(a @ a.T)[0])), _square
    for order in (None, "fro", "nuc"):
        yield f"norm {order}", lambda a, order=order: la.norm(a, order), tall
    for order in (1, 2, 3, 1.5):
        yield f"norm {order} axis", lambda a, order=order: la.norm(a, order, axis=1), tall
    yield "sqrtm", lambda a: scipy_linalg.sqrtm(a @ a.T), _square
    yield "solve_triangular", lambda a, b: scipy_linalg.solve_triangular(a, b, lower=True), system
    yield "solve_triangular trans", lambda a, b: scipy_linalg.solve_triangular(a, b, trans=1), system
    yield "solve_sylvester", lambda a, b: scipy_linalg.solve_sylvester(a, a.T @ a, anp.dot(b, b.T)), system
    yield "convolve", signal.convolve, within(REAL_LINE, REAL_LINE)
    yield (
        "convolve valid",
        lambda x, y: signal.convolve(x, y[:2, :2], mode="valid"),
        within(REAL_LINE, REAL_LINE),
    )


def _special() -> Iterator[Case]:
    for name in ("erf", "erfc", "expit", "i0", "i1", "j0", "j1"):
        yield name, getattr(special, name), within(REAL_LINE)
    for name in ("gamma", "gammaln", "rgamma", "psi", "digamma", "y0", "y1"):
        yield name, getattr(special, name), within(POSITIVE)
    for name in ("beta", "betaln", "gammainc", "gammaincc"):
        yield name, getattr(special, name), within(POSITIVE, POSITIVE)
    yield "rgamma negative", special.rgamma, within((-0.9, -0.1))
    yield "gammaln negative", special.gammaln, within((-0.9, -0.1))
    yield "erfinv", special.erfinv, within(INSIDE)
    yield "erfcinv", special.erfcinv, within((0.2, 1.8))
    yield "logit", special.logit, within((0.1, 0.9))
    yield "betainc", special.betainc, within(POSITIVE, POSITIVE, (0.1, 0.9))
    for order in (0, 2):
        yield f"polygamma {order}", lambda x, n=order: special.polygamma(n, x), within(POSITIVE)
    for name in ("jn", "yn"):
        method = getattr(special, name)
        yield name, lambda x, f=method: f(2, x), within(POSITIVE)
    yield "multigammaln", lambda x: special.multigammaln(x, 3), within((1.5, 4.0))
    yield "logsumexp", lambda x: special.logsumexp(x, axis=1), within(REAL_LINE)
    weights = np.array([0.5, 1.0, 2.0, 3.0])  # no input: autograd differentiates by no keyword
    yield "logsumexp weighted", lambda x: special.logsumexp(x, axis=1, b=weights), within(REAL_LINE)


def _distributions() -> Iterator[Case]:
    line, up, unit = REAL_LINE, POSITIVE, (0.1, 0.9)
    for name in ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf"):
        yield f"norm.{name}", getattr(stats.norm, name), within(line, line, up)
    for name in ("pdf", "logpdf", "cdf", "logcdf"):
        yield f"t.{name}", getattr(stats.t, name), within(line, (1.0, 5.0), line, up)
    for family, inputs in (("beta", (unit, up, up)), ("gamma", (up, up)), ("chi2", (up, (2.0, 5.0)))):
        for name in ("pdf", "logpdf", "cdf"):
            yield f"{family}.{name}", getattr(getattr(stats, family), name), within(*inputs)
    for name in ("pmf", "logpmf", "cdf"):
        method = getattr(stats.poisson, name)
        yield f"poisson.{name}", lambda mu, f=method: f(anp.arange(4.0), mu), within(up)
    simplex = lambda rng: (rng.dirichlet(np.full(4, 2.0)), rng.uniform(0.5, 3.0, size=4))  # noqa: E731
    for name in ("pdf", "logpdf"):
        method = getattr(stats.dirichlet, name)
        yield f"dirichlet.{name}", lambda x, a, f=method: f(x / anp.sum(x), a), simplex
        method = getattr(stats.multivariate_normal, name)
        yield (
            f"multivariate_normal.{name}",
            lambda x, mean, a, f=method: f(x, mean, anp.dot(a, a.T)),
            lambda rng: (rng.normal(size=4), rng.normal(size=4), *_square(rng)),
        )
    yield (
        "multivariate_normal.entropy",
        lambda a: stats.multivariate_normal.entropy(np.zeros(4), a @ a.T),
        _square,
    )
