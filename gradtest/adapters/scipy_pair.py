"""A function and its derivatives as scipy's optimisers take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradtest.errors import MisusedType
from gradtest.signatures import label, of_the_first
from gradtest.targets import Target, target

__all__ = ["LOOKED_FOR", "recognise"]

LOOKED_FOR = "a pair (fun, jac), a mapping or an object with fun and jac"

#: Keywords of minimize, least_squares and constraints that say nothing about derivatives.
_REST = {"x0", "method", "bounds", "constraints", "tol", "callback", "options", "type", "lb", "ub", "kwargs"}
_REST |= {"jac_sparsity", "finite_diff_rel_step", "keep_feasible", "loss", "x_scale", "verbose"}


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of what scipy's optimisers are given; else None.

    Parameters
    ----------
    subject : tuple, mapping or object
        ``(fun, jac)``, ``(fun, jac, hess)``; ``(fun, True)`` where ``fun(x) -> value, gradient``;
        a mapping with ``fun``, ``jac`` and perhaps ``hess``, ``hessp`` and ``args``, as for
        `scipy.optimize.minimize`, `scipy.optimize.least_squares` or a constraint; an object with
        such attributes, as a `scipy.optimize.NonlinearConstraint`.
    args, kwargs
        Not needed.

    Notes
    -----
    ``fun(x)`` may return a vector (residuals, constraints) and ``jac(x)`` its Jacobian (m, n), as
    an array, sparse, or a `LinearOperator` (of which ``matvec`` is checked, and not ``rmatvec``).
    ``jac="2-point"`` and the like claim nothing.

    Raises
    ------
    MisusedType
        If there is a function, but no derivative that could be checked.
    """
    if isinstance(subject, (tuple, list)):
        if len(subject) not in (2, 3) or not callable(subject[0]):
            return None
        if not (callable(subject[1]) or subject[1] is True):
            return None
        return _target(*subject)
    if isinstance(subject, Mapping):
        if not {"fun", "jac"} <= set(subject) <= _REST | {"fun", "jac", "hess", "hessp", "args"}:
            return None
        known = subject
    elif (
        callable(getattr(subject, "fun", None)) and hasattr(subject, "jac") and not isinstance(subject, type)
    ):
        known = {name: getattr(subject, name, None) for name in ("fun", "jac")}
    else:
        return None
    own = known.get("args") or ()
    own = own if isinstance(own, tuple) else (own,)
    return _target(known["fun"], known["jac"], known.get("hess"), known.get("hessp"), own)


def _target(fun: Any, jac: Any, hess: Any = None, hessp: Any = None, args: tuple[Any, ...] = ()) -> Target:
    fun = of_the_first(fun, args)
    second: dict[str, Any] = {"hess": of_the_first(hess, args)} if callable(hess) else {}
    if callable(hessp):
        second["hvp"] = of_the_first(hessp, args, 2)
    if jac is True:
        return target(value_and_grad=fun, **second)
    if not callable(jac):
        raise MisusedType(
            f"jac={jac!r} of {label(fun)} claims no derivative; give the function that computes it, or True "
            "if fun returns it too"
        )
    return target(fun, grad=of_the_first(jac, args), **second)
