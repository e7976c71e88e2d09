"""Functions of HIPS autograd: primitives with ``defvjp`` or ``defjvp``, and functions of its numpy."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from autograd import builtins, core

from gradtest.errors import Misuse
from gradtest.signatures import bind, label, of_method, of_wrt, standing_for
from gradtest.spaces.arrays import is_differentiable
from gradtest.spaces.containers import Tree, flatten
from gradtest.targets import Target

__all__ = ["LOOKED_FOR", "described", "recognise"]

LOOKED_FOR = "a primitive of autograd, or a function that uses autograd.numpy"


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of a primitive of autograd, or of a function that names its numpy; else None.

    Nothing is claimed for the inputs of a primitive for which it has no vjp.  A None that was given
    to ``defvjp`` is a gradient of zero, as autograd has it.
    """
    if isinstance(subject, type) or not callable(subject):
        return None
    return described(subject) if _is_primitive(subject) or _uses_autograd(subject) else None


def _is_primitive(subject: Any) -> bool:
    return getattr(subject, "_is_autograd_primitive", False) is True


def _uses_autograd(subject: Any) -> bool:
    """Whether the code of a function names something of autograd's."""
    function = inspect.unwrap(subject)
    code, known = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    named = (known.get(name) for name in getattr(code, "co_names", ()))
    return any(_is_primitive(value) or _home(value) == "autograd" for value in named)


def _home(value: Any) -> str:
    module = value.__name__ if inspect.ismodule(value) else getattr(value, "__module__", "")
    return str(module).split(".")[0]


def described(
    function: Callable[..., Any], *, wrt: Sequence[str] | None = None, name: str | None = None
) -> Target:
    """Return the target of a function and of what autograd's ``make_vjp`` claims for it.

    Raises
    ------
    Misuse
        If it is a primitive without a vjp.
    """
    primitive = _is_primitive(function)
    source = function.fun if primitive else inspect.unwrap(function)  # type: ignore[attr-defined]
    called = name or label(source)
    if primitive and function not in core.primitive_vjps:
        raise Misuse(f"{called} has no vjp yet; call defvjp({called}, ...)")
    differentiated = _Differentiated(function, source, wrt)
    claim = standing_for(of_method(differentiated.vjp), source, f"the vjp of {called}")
    further = {"jvp": differentiated.jvp} if primitive and function in core.primitive_jvps else {}
    names = None if wrt is None else tuple(wrt)
    return Target(called, source, claim, "vjp", names, {}, further, conjugate=True)


class _Differentiated:
    """What autograd claims for a function; `source` is the function without its tracing."""

    def __init__(
        self, function: Callable[..., Any], source: Callable[..., Any], wrt: Sequence[str] | None
    ) -> None:
        self.function, self.source, self.wrt = function, source, wrt

    def vjp(self, cotangent: Any, /, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Return the gradients, one for each input (of `wrt`)."""
        tree = flatten((args, kwargs))
        values = [*args, *kwargs.values()]
        names = bind(self.source, args, kwargs).names
        owners = [name for name, value in zip(names, values, strict=True) for _ in flatten(value).leaves]
        real = [
            i
            for i, leaf in enumerate(tree.leaves)
            if is_differentiable(leaf) and (self.wrt is None or owners[i] in self.wrt)
        ]
        grads = self._pulled(tree, real, [w for w in flatten(cotangent).leaves if w is not None])
        placed, named = tree.build([grads.get(i) for i in range(len(tree.leaves))])
        return of_wrt(self.wrt, self.source, args, kwargs, (*placed, *named.values()))

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        """Return the tangent of the output."""
        tree, along = flatten((tuple(primals), {})), flatten(tuple(tangents)).leaves
        real = [i for i, leaf in enumerate(tree.leaves) if is_differentiable(leaf)]
        moving = builtins.tuple([tree.leaves[i] for i in real])
        claim = core.make_jvp(self._outputs(tree, real), moving)
        _, tangent = claim(builtins.tuple([np.asarray(along[i]) for i in real]))
        out, found = flatten(self.source(*primals)), iter(tangent)
        return out.build([next(found) if is_differentiable(leaf) else leaf for leaf in out.leaves])

    def _pulled(self, tree: Tree, real: Sequence[int], cotangents: Sequence[Any]) -> dict[int, Any]:
        try:
            moving = builtins.tuple([tree.leaves[i] for i in real])
            pullback, _ = core.make_vjp(self._outputs(tree, real), moving)
            return dict(zip(real, pullback(builtins.tuple(cotangents)), strict=True))
        except (NotImplementedError, KeyError):  # for three inputs and more, autograd says it by a KeyError
            if len(real) < 2:
                raise
        grads: dict[int, Any] = {}
        for i in real:
            try:
                grads |= self._pulled(tree, [i], cotangents)
            except NotImplementedError:
                continue  # there is no vjp for this input
        return grads

    def _outputs(self, tree: Tree, real: Sequence[int]) -> Callable[[Any], Any]:
        """Return the function from the moving leaves to the real ones of the output."""

        def outputs(moving: Any) -> Any:
            leaves = list(tree.leaves)
            for number, i in enumerate(real):
                leaves[i] = moving[number]
            args, kwargs = tree.build(leaves)
            out = flatten(self.function(*args, **kwargs)).leaves
            return builtins.tuple([leaf for leaf in out if _is_real(leaf)])

        return outputs


def _is_real(leaf: Any) -> bool:
    return is_differentiable(getattr(leaf, "_value", leaf))
