"""PyTensor: its elementwise Ops and those of linear algebra, as cases of the field trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytensor.scalar as ps
import pytensor.tensor as pt
from pytensor.tensor import linalg
from pytensor.tensor.elemwise import Elemwise

__all__ = ["NAME", "REAL", "cases"]

NAME = "PyTensor"

Case = tuple[str, Any, Callable[[np.random.Generator], tuple[Any, ...]]]

#: What disagrees, and why that is a mistake of the library: read in its source, and confirmed otherwise.
REAL: dict[str, str] = {
    "elementwise gammainc": "the derivative by k is a series stopped early (mpmath: off by 2e-11)",
    "elementwise gammaincc": "the derivative by k is a series stopped early (mpmath: off by 1e-5)",
}

#: Functions of one number that are not defined everywhere, and where they are looked at.
DOMAIN = {
    **dict.fromkeys(
        ("log", "log2", "log10", "log1p", "sqrt", "gamma", "gammaln", "psi", "tri_gamma"), (0.2, 3.0)
    ),
    **dict.fromkeys(("arcsin", "arccos", "arctanh", "erfinv", "log1mexp"), (-0.9, -0.1)),
    **dict.fromkeys(("arccosh",), (1.2, 3.0)),
    **dict.fromkeys(("erfcinv",), (0.2, 1.8)),
}
#: Functions of two numbers of which the first, or both, are positive.
POSITIVE = {
    "pow",
    "true_div",
    "jv",
    "iv",
    "ive",
    "yv",
    "kv",
    "kve",
    "gammainc",
    "gammaincc",
    "betaln",
    "polygamma",
}


def cases() -> Iterator[Case]:
    """Yield name, what to check, and how its inputs are drawn."""
    yield from _elementwise()
    yield from _linear_algebra()


def _elementwise() -> Iterator[Case]:
    seen = set()
    for name, op in sorted({**vars(ps), **vars(ps.math)}.items()):
        if not isinstance(op, ps.ScalarOp) or op in seen or name.startswith("_"):
            continue
        count = getattr(op, "nin", -1)
        if count not in (1, 2, 3) or isinstance(op, (ps.Composite, ps.Cast)) or not _is_real(op, count):
            continue
        seen.add(op)
        yield f"elementwise {name}", Elemwise(op), _drawn(name, count)


def _is_real(op: Any, count: int) -> bool:
    """Whether an Op takes real numbers and returns one, and has a derivative."""
    try:
        node = op.make_node(*(ps.float64(f"x{i}") for i in range(count)))
        grads = op.pullback(node.inputs, node.outputs, [out.type() for out in node.outputs])
    except Exception:  # for integers or complex numbers only, or without a pullback
        return False
    return node.outputs[0].dtype == "float64" and any(
        str(g.dtype).startswith("float") for g in grads if hasattr(g, "dtype")
    )


def _drawn(name: str, count: int) -> Callable[[np.random.Generator], tuple[Any, ...]]:
    if name == "clip":  # between bounds that are in order
        return lambda rng: tuple(rng.uniform(a, b, size=(3, 4)) for a, b in ((-2, 2), (-2, -1), (1, 2)))
    low, high = DOMAIN.get(name, (0.2, 2.5) if name in POSITIVE else (-2.0, 2.0))
    return lambda rng: tuple(rng.uniform(low, high, size=(3, 4)) for _ in range(count))


def _square(rng: np.random.Generator) -> tuple[Any, ...]:
    return (rng.normal(size=(4, 4)) + 3 * np.eye(4),)


def _definite(rng: np.random.Generator) -> tuple[Any, ...]:
    a = rng.normal(size=(4, 4))
    return (a @ a.T + np.eye(4),)


def _system(rng: np.random.Generator) -> tuple[Any, ...]:
    return (*_square(rng), rng.normal(size=4))


def _triangular(rng: np.random.Generator) -> tuple[Any, ...]:
    return (np.tril(*_square(rng)), rng.normal(size=4))


def _linear_algebra() -> Iterator[Case]:
    two = lambda rng: (rng.normal(size=(3, 4)), rng.normal(size=(4, 2)))  # noqa: E731  # a short one
    yield "Dot", pt.math.Dot(), two
    yield "MatrixInverse", linalg.MatrixInverse(), _square
    yield "MatrixPinv", linalg.MatrixPinv(hermitian=False), lambda rng: (rng.normal(size=(4, 3)),)
    yield "Det", linalg.Det(), _square
    yield "Solve", linalg.Solve(b_ndim=1), _system
    yield "SolveTriangular", linalg.SolveTriangular(b_ndim=1, lower=True), _triangular
    yield "Cholesky", linalg.Cholesky(lower=True), _definite
    yield "Eigh", linalg.Eigh(), _definite
    yield "SVD", linalg.SVD(full_matrices=False), lambda rng: (rng.normal(size=(4, 3)),)
    yield "QR", linalg.QR(mode="economic"), lambda rng: (rng.normal(size=(4, 3)),)
    yield "Expm", linalg.Expm(), lambda rng: (rng.normal(size=(3, 3)),)
    yield "Sum", pt.math.Sum(axis=(0,)), lambda rng: (rng.normal(size=(3, 4)),)
    yield "Prod", pt.math.Prod(axis=(0,)), lambda rng: (rng.normal(size=(3, 4)),)
    yield "Max", pt.math.Max(axis=(0,)), lambda rng: (rng.normal(size=(3, 4)),)
    yield "CumOp add", pt.extra_ops.CumOp(axis=0, mode="add"), lambda rng: (rng.normal(size=(3, 4)),)
    yield "CumOp mul", pt.extra_ops.CumOp(axis=0, mode="mul"), lambda rng: (rng.normal(size=(3, 4)),)
    yield "Softmax", pt.special.Softmax(axis=1), lambda rng: (rng.normal(size=(3, 4)),)
    yield "LogSoftmax", pt.special.LogSoftmax(axis=1), lambda rng: (rng.normal(size=(3, 4)),)
