"""PyTensor: Ops with a pullback, compiled once in the mode that compiles fastest."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import Mode
from pytensor.gradient import pullback, pushforward
from pytensor.graph.op import Op
from pytensor.scalar import ScalarOp
from pytensor.tensor.elemwise import Elemwise

from gradtest.errors import MisusedType
from gradtest.signatures import standing_for
from gradtest.targets import Target

__all__ = ["LOOKED_FOR", "recognise"]

LOOKED_FOR = "a PyTensor Op"

#: Python only, and no rewriting: the Op itself is checked, and not what PyTensor would put in its place.
_MODE = Mode(linker="py", optimizer=None)


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of an instance of `pytensor.graph.op.Op`; else None.

    Inputs are called x, y, z, ... or by the names of the parameters of `make_node`; they become
    variables of their dtype and number of axes (an axis of size 1 is one that may be broadcast).
    The pullback is what `pytensor.grad` makes of the Op's own (``pullback``, ``L_op`` or
    ``grad``); ``pushforward`` or ``R_op``, where there is one, is a further claim.

    Notes
    -----
    The graph is built and compiled once for every combination of dtypes, numbers of axes and axes
    of size 1; some tens of milliseconds.
    """
    if not isinstance(subject, Op):
        return None
    return Target(str(subject), _unready, _unready, "vjp", made_for=functools.partial(_made_for, subject))


def _unready(*inputs: Any) -> Any:
    raise TypeError("an Op is compiled for its inputs")


def _made_for(op: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target:
    values = [np.asarray(value) for value in (*args, *kwargs.values())]
    kinds = tuple((str(v.dtype), tuple(1 if n == 1 else None for n in v.shape)) for v in values)
    try:
        hash(op)
    except Exception:  # an Op made of others, before its graph is built
        made: Target = _compiled.__wrapped__(op, kinds)
        return made
    return _compiled(op, kinds)


@functools.lru_cache(maxsize=64)
def _compiled(op: Any, kinds: tuple[tuple[str, tuple[int | None, ...]], ...]) -> Target:
    """Return the target of an Op on inputs of these dtypes and axes."""
    applied = Elemwise(op) if isinstance(op, ScalarOp) else op
    variables = [pt.tensor(dtype=dtype, shape=shape) for dtype, shape in kinds]
    outputs = applied(*variables, return_list=True)
    whole = _function(variables, outputs)
    real = [v for v in variables if v.dtype.startswith("float")]
    moving = [i for i, out in enumerate(outputs) if out.dtype.startswith("float")]
    cotangents = [outputs[i].type() for i in moving]
    pulled = _pulled(op, [outputs[i] for i in moving], real, cotangents)
    back = _function([*cotangents, *variables], [g for g in pulled if g is not None])
    claimed = [i for i, v in enumerate(variables) if v in real and pulled[real.index(v)] is not None]

    def forward(*inputs: Any) -> Any:
        found = whole(*inputs)
        return found[0] if len(found) == 1 else tuple(found)

    def vjp(cotangent: Any, *inputs: Any) -> list[Any]:
        given = [cotangent] if len(outputs) == 1 else [cotangent[i] for i in moving]
        gradients = dict(zip(claimed, back(*map(_like, given, cotangents), *inputs), strict=True))
        return [gradients.get(i) for i in range(len(inputs))]

    signature = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in _names(op, len(kinds))]
    )
    upstream = inspect.Parameter("cotangent", inspect.Parameter.POSITIONAL_ONLY)
    both = inspect.Signature([upstream, *signature.parameters.values()])
    standing_for(forward, op.perform, str(op), signature)
    standing_for(vjp, type(op).pullback, f"{type(op).__name__}.pullback", both)
    further = {"jvp": _jvp(applied, variables, outputs)} if _pushes(applied) else {}
    return Target(str(op), forward, vjp, "vjp", further=further)


def _pulled(op: Any, outputs: Sequence[Any], real: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
    """Return the graphs of the gradients, None where an output does not depend on an input."""
    how: dict[str, Any] = {"disconnected_inputs": "ignore", "return_disconnected": "none"}
    try:
        return list(pullback(outputs, real, cotangents, **how))
    except Exception as error:  # what the Op itself raises while the graph is made, too
        raise MisusedType(f"{op} has no pullback that could be checked: {error}") from error


def _pushes(op: Any) -> bool:
    """Whether an Op has a derivative in forward mode of its own."""
    return any(getattr(type(op), name) is not getattr(Op, name) for name in ("pushforward", "R_op"))


def _jvp(op: Any, variables: Sequence[Any], outputs: Sequence[Any]) -> Any:
    tangents = [v.type() for v in variables if v.dtype.startswith("float")]
    real = [v for v in variables if v.dtype.startswith("float")]

    @functools.cache
    def push() -> Any:
        pushed = pushforward(list(outputs), real, tangents, use_op_pushforward=True)
        return _function([*variables, *tangents], pushed)

    def jvp(primals: Sequence[Any], others: Sequence[Any]) -> Any:
        given = [other for other, v in zip(others, variables, strict=True) if v in real]
        found = push()(*primals, *map(_like, given, tangents))
        return found[0] if len(found) == 1 else tuple(found)

    return jvp


def _function(inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
    return pytensor.function(list(inputs), list(outputs), mode=_MODE, on_unused_input="ignore")


def _like(value: Any, variable: Any) -> Any:
    return np.asarray(value, dtype=variable.dtype)


def _names(op: Any, count: int) -> list[str]:
    """Return the names of the inputs: those of the parameters of make_node, else x, y, z, ..."""
    own = inspect.signature(op.make_node).parameters.values()
    names = [p.name for p in own if p.kind is p.POSITIONAL_OR_KEYWORD]
    if len(names) == count and len(names) == len(own):
        return names
    return ["x", "y", "z", "u", "v"][:count] if count <= 5 else [f"x{i}" for i in range(count)]
