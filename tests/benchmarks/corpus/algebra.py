"""Linear algebra and Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import solve_triangular

from .family import Draw, Family, Inputs, Mutant


def _t(a: Any) -> Any:
    return np.swapaxes(a, -1, -2)


# -- products ------------------------------------------------------------------------------------


def _matmul_vjp(g: Any, a: Any, b: Any) -> Any:
    return g @ _t(b), _t(a) @ g


def _matmul_draw(d: Draw) -> Inputs:
    n, k, m = d.size(), d.size(), d.size()
    if d.chance(0.3):
        n = k = m
    return {"a": d.array(n, k), "b": d.array(k, m)}


def _matmul_not_transposed(g: Any, a: Any, b: Any) -> Any:
    da, db = _matmul_vjp(g, a, b)
    return (g @ b if b.shape[0] == b.shape[1] else da), db


def _matmul_result_transposed(g: Any, a: Any, b: Any) -> Any:
    da, db = _matmul_vjp(g, a, b)
    return da, _t(db).reshape(db.shape)


def _bmm_vjp(g: Any, a: Any, b: Any) -> Any:
    return g @ _t(b), (_t(a) @ g).sum(0)


def _bmm_draw(d: Draw) -> Inputs:
    n, i, k, m = d.size(3), d.size(3), d.size(3), d.size(3)
    return {"a": d.array(n, i, k), "b": d.array(k, m)}


def _bilinear(x: Any, w: Any, y: Any) -> Any:
    return np.einsum("bi,ijk,bj->bk", x, w, y)


def _bilinear_vjp(g: Any, x: Any, w: Any, y: Any) -> Any:
    return (
        np.einsum("bk,ijk,bj->bi", g, w, y),
        np.einsum("bk,bi,bj->ijk", g, x, y),
        np.einsum("bk,ijk,bi->bj", g, w, x),
    )


def _bilinear_swapped(g: Any, x: Any, w: Any, y: Any) -> Any:
    dx, _, dy = _bilinear_vjp(g, x, w, y)
    if x.shape != y.shape:
        return dx, 0 * w, dy
    return dx, np.einsum("bk,bi,bj->ijk", g, y, x), dy


def _bilinear_draw(d: Draw) -> Inputs:
    n, i, k = d.size(3), d.size(3), d.size(3)
    j = i if d.chance(0.6) else d.size(3)
    return {"x": d.array(n, i, limit=30), "w": d.array(i, j, k, limit=30), "y": d.array(n, j, limit=30)}


def _quadratic(x: Any, a: Any) -> Any:
    return x @ a @ x


def _quadratic_grad(x: Any, a: Any) -> Any:
    return (a + a.T) @ x, np.outer(x, x)


def _quadratic_draw(d: Draw) -> Inputs:
    n = d.size()
    return {"x": d.array(n, limit=100), "a": d.array(n, n, limit=100)}


def _outer_vjp(g: Any, a: Any, b: Any) -> Any:
    return g @ b, a @ g


def _outer_draw(d: Draw) -> Inputs:
    n = d.size()
    return {"a": d.array(n), "b": d.array(d.one_of(n, d.size()))}


def _kron_vjp(g: Any, a: Any, b: Any) -> Any:
    blocks = g.reshape(a.shape[0], b.shape[0], a.shape[1], b.shape[1])
    return np.einsum("ipjq,pq->ij", blocks, b), np.einsum("ipjq,ij->pq", blocks, a)


def _kron_wrong_order(g: Any, a: Any, b: Any) -> Any:
    blocks = g.reshape(b.shape[0], a.shape[0], b.shape[1], a.shape[1])
    return np.einsum("piqj,pq->ij", blocks, b), np.einsum("piqj,ij->pq", blocks, a)


def _kron_draw(d: Draw) -> Inputs:
    return {"a": d.array(d.size(3), d.size(3)), "b": d.array(d.size(2), d.size(3))}


def _trace_cube(a: Any) -> Any:
    return np.trace(a @ a @ a)


def _power_draw(d: Draw) -> Inputs:
    n = d.size(4)
    return {"a": d.array(n, n, limit=30)}


def _chain(a: Any) -> Any:
    return a @ a.T @ a


def _chain_vjp(g: Any, a: Any) -> Any:
    return (g @ a.T @ a + a @ g.T @ a + a @ a.T @ g,)


# -- square matrices -----------------------------------------------------------------------------


def _det_grad(a: Any) -> Any:
    """The cofactors: there also where the matrix is singular."""
    n = len(a)
    keep = [np.delete(np.arange(n), i) for i in range(n)]
    c = [[(-1) ** (i + j) * np.linalg.det(a[np.ix_(keep[i], keep[j])]) for j in range(n)] for i in range(n)]
    return (np.array(c, dtype=a.dtype),)


def _det_by_inverse(a: Any) -> Any:
    try:
        return (np.linalg.det(a) * np.linalg.inv(a).T,)
    except np.linalg.LinAlgError:
        return (np.full_like(a, np.nan),)


def _det_draw(d: Draw) -> Inputs:
    n = d.size(4, 1)
    a = d.array(n, n, limit=30)
    if d.nasty and d.chance(0.3) and n > 1:
        a[0] = a[1]
    return {"a": a}


def _square_draw(d: Draw) -> Inputs:
    return {"a": d.square(d.size(4, 1))}


def _inverse_vjp(g: Any, a: Any) -> Any:
    b = np.linalg.inv(a)
    return (-b.T @ g @ b.T,)


def _solve_vjp(g: Any, a: Any, b: Any) -> Any:
    db = np.linalg.solve(a.T, g)
    return -db @ np.linalg.solve(a, b).T, db


def _solve_not_transposed(g: Any, a: Any, b: Any) -> Any:
    db = np.linalg.solve(a, g)
    return -db @ np.linalg.solve(a, b).T, db


def _solve_draw(d: Draw) -> Inputs:
    n = d.size(4, 1)
    return {"a": d.square(n), "b": d.array(n, d.size(3, 1), limit=100)}


def _log_det(a: Any) -> Any:
    return np.linalg.slogdet(a)[1]


# -- symmetric matrices --------------------------------------------------------------------------


def _symmetric(a: Any) -> Any:
    return 0.5 * (a + a.T)


def _spd_draw(d: Draw) -> Inputs:
    return {"a": d.spd(d.size(4, 1))}


def _cholesky(a: Any) -> Any:
    return np.linalg.cholesky(_symmetric(a))


def _cholesky_pullback(g: Any, lower: Any) -> Any:
    middle = np.tril(lower.T @ g)
    middle[np.diag_indices_from(middle)] *= 0.5
    s = np.linalg.solve(lower.T, np.linalg.solve(lower.T, middle.T).T)
    return _symmetric(s)


def _cholesky_vjp(g: Any, a: Any) -> Any:
    return (_cholesky_pullback(g, _cholesky(a)),)


def _cholesky_whole_diagonal(g: Any, a: Any) -> Any:
    lower = _cholesky(a)
    s = np.linalg.solve(lower.T, np.linalg.solve(lower.T, np.tril(lower.T @ g).T).T)
    return (_symmetric(s),)


def _cholesky_triangle_vjp(g: Any, a: Any) -> Any:
    s = _cholesky_pullback(g, np.linalg.cholesky(a))
    return (2 * np.tril(s) - np.diag(np.diag(s)),)


def _cholesky_triangle_half(g: Any, a: Any) -> Any:
    return (np.tril(_cholesky_pullback(g, np.linalg.cholesky(a))),)


def _separated(d: Draw) -> Inputs:
    n = d.size(4, 1)
    values = np.arange(1, n + 1) * 1.5 + (0 if d.nasty else 0.3 * d.rng.random(n))
    q = np.linalg.qr(d.rng.standard_normal((n, n)))[0]
    return {"a": d.cast(np.diag(values) if d.nasty and d.chance(0.4) else q @ np.diag(values) @ q.T)}


def _eigenvalues(a: Any) -> Any:
    return np.linalg.eigvalsh(_symmetric(a))


def _eigenvalues_vjp(g: Any, a: Any) -> Any:
    v = np.linalg.eigh(_symmetric(a))[1]
    return ((v * g) @ v.T,)


def _eigenvalues_transposed(g: Any, a: Any) -> Any:
    v = np.linalg.eigh(_symmetric(a))[1]
    return ((v.T * g) @ v,)


def _projector(a: Any) -> Any:
    """Return v vᵀ of the largest eigenvalue: no sign to choose."""
    v = np.linalg.eigh(_symmetric(a))[1][:, -1]
    return np.outer(v, v)


def _projector_vjp(g: Any, a: Any, sign: int = 1) -> Any:
    values, vectors = np.linalg.eigh(_symmetric(a))
    top, rest = vectors[:, -1], vectors[:, :-1]
    dv = rest @ ((rest.T @ ((g + g.T) @ top)) / (sign * (values[-1] - values[:-1])))
    return (_symmetric(np.outer(dv, top)),)


def _singular_values(a: Any) -> Any:
    return np.linalg.svd(a, compute_uv=False)


def _singular_values_vjp(g: Any, a: Any) -> Any:
    u, _, vt = np.linalg.svd(a, full_matrices=False)
    return ((u * g) @ vt,)


def _singular_draw(d: Draw) -> Inputs:
    n, m = d.size(4, 1), d.size(4, 1)
    k = min(n, m)
    u = np.linalg.qr(d.rng.standard_normal((n, n)))[0][:, :k]
    v = np.linalg.qr(d.rng.standard_normal((m, m)))[0][:, :k]
    return {"a": d.cast((u * (1.0 + np.arange(k))) @ v.T)}


# -- triangular solves ---------------------------------------------------------------------------


def _triangular(a: Any, b: Any, trans: int, unit: bool) -> Any:
    return solve_triangular(a, b, lower=True, trans=trans, unit_diagonal=unit)


def _triangular_vjp(g: Any, a: Any, b: Any, trans: int, unit: bool) -> Any:
    x = _triangular(a, b, trans, unit)
    db = solve_triangular(a, g, lower=True, trans=1 - trans, unit_diagonal=unit)
    da = -(x @ db.T if trans else db @ x.T)
    return np.tril(da, -1 if unit else 0), db


def _triangular_flag_ignored(g: Any, a: Any, b: Any, trans: int, unit: bool) -> Any:
    """BUG_ZOO M, Enzyme#1604: the implied diagonal gets a gradient."""
    x = _triangular(a, b, trans, unit)
    db = solve_triangular(a, g, lower=True, trans=1 - trans, unit_diagonal=unit)
    return np.tril(-(x @ db.T if trans else db @ x.T)), db


def _triangular_trans_ignored(g: Any, a: Any, b: Any, trans: int, unit: bool) -> Any:
    return _triangular_vjp(g, a, b, trans, unit)[0], solve_triangular(
        a, g, lower=True, trans=1, unit_diagonal=unit
    )


def _triangular_draw(d: Draw) -> Inputs:
    n = d.size(4, 1)
    a = np.tril(d.square(n).astype(float))
    np.fill_diagonal(a, np.where(np.abs(np.diag(a)) < 0.5, 1.5, np.diag(a)))
    return {
        "a": d.cast(a),
        "b": d.array(n, d.size(3, 1), limit=100),
        "trans": d.one_of(0, 1),
        "unit": d.one_of(False, True),
    }


# -- Fourier -------------------------------------------------------------------------------------


def _circular(x: Any, w: Any) -> Any:
    n = x.shape[-1]
    return np.fft.irfft(np.fft.rfft(x) * np.fft.rfft(w), n)


def _circular_vjp(g: Any, x: Any, w: Any) -> Any:
    n = x.shape[-1]
    spectrum = np.fft.rfft(g)
    return np.fft.irfft(spectrum * np.conj(np.fft.rfft(w)), n), np.fft.irfft(
        spectrum * np.conj(np.fft.rfft(x)), n
    )


def _circular_not_conjugate(g: Any, x: Any, w: Any) -> Any:
    return _circular(g, w), _circular(g, x)


def _circular_draw(d: Draw) -> Inputs:
    n = d.size(7)
    return {"x": d.array(n), "w": d.array(n)}


def _spectrum(x: Any) -> Any:
    z = np.fft.rfft(x)
    return z.real**2 + z.imag**2


def _spectrum_vjp(g: Any, x: Any) -> Any:
    n = len(x)
    z = np.zeros(n, np.result_type(x.dtype, np.complex64))
    z[: len(g)] = g * np.fft.rfft(x)
    return ((2 * n * np.fft.ifft(z)).real.astype(x.dtype),)


def _spectrum_by_irfft(g: Any, x: Any) -> Any:
    """The inverse transform counts each inner frequency twice."""
    return ((2 * len(x) * np.fft.irfft(g * np.fft.rfft(x), len(x))).astype(x.dtype),)


FAMILIES = [
    Family(
        "matmul",
        lambda a, b: a @ b,
        _matmul_vjp,
        ("a", "b"),
        _matmul_draw,
        (
            Mutant("transposed", _matmul_not_transposed, "a square factor"),
            Mutant("transposed", _matmul_result_transposed, "more than one row and column"),
        ),
    ),
    Family(
        "bmm with a shared factor",
        lambda a, b: a @ b,
        _bmm_vjp,
        ("a", "b"),
        _bmm_draw,
        (
            Mutant("missing sum", lambda g, a, b: (g @ _t(b), (_t(a) @ g)[0]), "batch > 1"),
            Mutant("missing 1/N", lambda g, a, b: (g @ _t(b), (_t(a) @ g).mean(0)), "batch > 1"),
        ),
    ),
    Family(
        "bilinear",
        _bilinear,
        _bilinear_vjp,
        ("x", "w", "y"),
        _bilinear_draw,
        (Mutant("swapped", _bilinear_swapped, "x is not y"),),
    ),
    Family(
        "quadratic form",
        _quadratic,
        _quadratic_grad,
        ("x", "a"),
        _quadratic_draw,
        (
            Mutant("missing path", lambda x, a: (a @ x, np.outer(x, x)), "any"),
            Mutant("as symmetric", lambda x, a: (2 * a @ x, np.outer(x, x)), "an asymmetric matrix"),
        ),
        form="grad",
    ),
    Family(
        "outer",
        lambda a, b: np.outer(a, b),
        _outer_vjp,
        ("a", "b"),
        _outer_draw,
        (
            Mutant(
                "transposed",
                lambda g, a, b: (g.T @ b, a @ g.T) if g.shape[0] == g.shape[1] else (g @ b, a @ g),
                "equal lengths",
            ),
        ),
    ),
    Family(
        "kron",
        np.kron,
        _kron_vjp,
        ("a", "b"),
        _kron_draw,
        (Mutant("transposed", _kron_wrong_order, "more than one entry in both"),),
    ),
    Family(
        "trace of the cube",
        _trace_cube,
        lambda a: (3 * (a @ a).T,),
        ("a",),
        _power_draw,
        (Mutant("transposed", lambda a: (3 * a @ a,), "an asymmetric matrix"),),
        form="grad",
    ),
    Family(
        "A Aᵀ A",
        _chain,
        _chain_vjp,
        ("a",),
        lambda d: {"a": d.array(d.size(4), d.size(4), limit=30)},
        (Mutant("missing path", lambda g, a: (g @ a.T @ a + a @ a.T @ g,), "any"),),
    ),
    Family(
        "determinant",
        np.linalg.det,
        _det_grad,
        ("a",),
        _det_draw,
        (
            Mutant("special point", _det_by_inverse, "a singular matrix"),
            Mutant("transposed", lambda a: (_det_grad(a)[0].T,), "an asymmetric matrix"),
        ),
        form="grad",
    ),
    Family(
        "log determinant",
        _log_det,
        lambda a: (np.linalg.inv(a).T,),
        ("a",),
        _square_draw,
        (Mutant("transposed", lambda a: (np.linalg.inv(a),), "an asymmetric matrix"),),
        form="grad",
        analytic=False,
    ),
    Family(
        "inverse",
        np.linalg.inv,
        _inverse_vjp,
        ("a",),
        _square_draw,
        (
            Mutant(
                "transposed", lambda g, a: (-np.linalg.inv(a) @ g @ np.linalg.inv(a),), "an asymmetric matrix"
            ),
            Mutant("sign", lambda g, a: (-_inverse_vjp(g, a)[0],), "any"),
        ),
    ),
    Family(
        "solve",
        np.linalg.solve,
        _solve_vjp,
        ("a", "b"),
        _solve_draw,
        (Mutant("transposed", _solve_not_transposed, "an asymmetric matrix"),),
    ),
    Family(
        "cholesky",
        _cholesky,
        _cholesky_vjp,
        ("a",),
        _spd_draw,
        (Mutant("scale", _cholesky_whole_diagonal, "any"),),
        analytic=False,
    ),
    Family(
        "cholesky of the lower triangle",
        lambda a: np.linalg.cholesky(a),
        _cholesky_triangle_vjp,
        ("a",),
        _spd_draw,
        (Mutant("missing path", _cholesky_triangle_half, "more than one row"),),
        analytic=False,
    ),
    Family(
        "eigenvalues",
        _eigenvalues,
        _eigenvalues_vjp,
        ("a",),
        _separated,
        (Mutant("transposed", _eigenvalues_transposed, "a matrix that is not diagonal"),),
        analytic=False,
    ),
    Family(
        "leading projector",
        _projector,
        _projector_vjp,
        ("a",),
        _separated,
        (Mutant("sign", lambda g, a: _projector_vjp(g, a, sign=-1), "more than one row"),),
        analytic=False,
    ),
    Family(
        "singular values",
        _singular_values,
        _singular_values_vjp,
        ("a",),
        _singular_draw,
        (Mutant("g ignored", lambda g, a: _singular_values_vjp(np.ones_like(g), a), "g is not 1"),),
        analytic=False,
    ),
    Family(
        "triangular solve",
        _triangular,
        _triangular_vjp,
        ("a", "b"),
        _triangular_draw,
        (
            Mutant("flag ignored", _triangular_flag_ignored, "unit diagonal"),
            Mutant("flag ignored", _triangular_trans_ignored, "the transposed system"),
        ),
    ),
    Family(
        "circular convolution",
        _circular,
        _circular_vjp,
        ("x", "w"),
        _circular_draw,
        (Mutant("flipped", _circular_not_conjugate, "asymmetric signals"),),
        analytic=False,
    ),
    Family(
        "power spectrum",
        _spectrum,
        _spectrum_vjp,
        ("x",),
        lambda d: {"x": d.array(d.size(8))},
        (Mutant("counted twice", _spectrum_by_irfft, "more than two samples"),),
        analytic=False,
    ),
]
