"""Functions on JAX's arrays, and the gradients that its transformations claim for them."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp
from jax import tree_util

from gradtest.signatures import ANYTHING, bind, of_method, of_wrt, standing_for
from gradtest.spaces.containers import Apart, Together, Tree, flatten, open_with
from gradtest.targets import Target

__all__ = ["Differentiated", "from_jax", "is_floating", "precision_of", "wide"]


# -- precision ------------------------------------------------------------------------------------


def wide(leaves: Iterable[Any]) -> bool:
    """Whether something is of double precision, or nothing is of another one."""
    dtypes = {str(getattr(leaf, "dtype", "")) for leaf in leaves}
    floating = {dtype for dtype in dtypes if dtype.startswith(("float", "bfloat", "complex"))}
    return not floating or bool(floating & {"float64", "complex128"})


def precision_of(leaves: Iterable[Any]) -> AbstractContextManager[Any]:
    """Return a context with ``jax_enable_x64`` where double precision is given, else one without effect."""
    if not wide(leaves):
        return contextlib.nullcontext()
    enable = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64
    context: AbstractContextManager[Any] = enable(True)
    return context


# -- arrays ---------------------------------------------------------------------------------------


def _to_jax(leaf: Any) -> Any:
    """Return an array of NumPy as one of JAX, and anything else as it is."""
    if isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind in "fciubV":
        return jnp.asarray(leaf)
    return leaf


def from_jax(value: Any) -> Any:
    """Return an array that lies in this machine's memory as one of NumPy, and anything else as it is."""
    if not isinstance(value, jax.Array) or jax.dtypes.issubdtype(value.dtype, jax.dtypes.extended):
        return value
    if not value.is_fully_addressable or {device.platform for device in value.devices()} != {"cpu"}:
        return value
    return np.asarray(value)


def is_floating(leaf: Any) -> bool:
    """Whether something is real or complex, and of floating point."""
    if isinstance(leaf, float):
        return True
    return hasattr(leaf, "dtype") and bool(jnp.issubdtype(leaf.dtype, jnp.inexact))


def _opened(value: Any) -> tuple[Apart, Together] | None:
    """Say how a container is taken apart that is known to JAX: a module, a dataclass of flax, ..."""
    if tree_util.all_leaves([value]):
        return None

    def apart(node: Any) -> tuple[list[Any], Any, list[str]]:
        pairs, structure = tree_util.tree_flatten_with_path(node, is_leaf=lambda v: v is not node)
        keys = [path[0] for path, _ in pairs]
        names = [str(getattr(key, "name", getattr(key, "key", i))) for i, key in enumerate(keys)]
        return [child for _, child in pairs], structure, names

    return apart, lambda structure, children: structure.unflatten(children)


open_with(_opened)


# -- functions ------------------------------------------------------------------------------------

#: So many programs are kept for a function, one for each kind of inputs.
MOST_PROGRAMS = 256


class _Program:
    """A function of the arrays among its inputs, for inputs of one structure, shape and dtype.

    Forward and claim are compiled each as a whole: JAX else compiles every operation for every
    shape, which takes longer than anything else here.  What cannot be traced is run as it is.
    """

    def __init__(
        self, function: Callable[..., Any], tree: Tree, numbers: Sequence[int], asked: Sequence[bool]
    ) -> None:
        self.function = function
        self.tree = tree
        self.numbers = numbers  # of the leaves that are arrays
        self.real = [i for i in numbers if is_floating(tree.leaves[i]) and asked[i]]
        self._out: Tree | None = None
        self._compiled = {"forward": jax.jit(self._run), "claim": jax.jit(self._pull)}

    def forward(self, leaves: Sequence[Any]) -> Any:
        """Return the output, as arrays of NumPy."""
        found = iter(self._call("forward", self._run, [leaves[i] for i in self.numbers]))
        assert self._out is not None
        return self._out.build(
            [from_jax(next(found)) if _is_array(leaf) else leaf for leaf in self._out.leaves]
        )

    def claim(self, leaves: Sequence[Any], cotangents: Sequence[Any]) -> dict[int, Any]:
        """Return the gradient by every leaf to differentiate by."""
        grads = self._call("claim", self._pull, [leaves[i] for i in self.numbers], cotangents)
        return dict(zip(self.real, map(from_jax, grads), strict=True))

    def _call(self, role: str, plain: Callable[..., Any], *args: Any) -> Any:
        if role in self._compiled:
            try:
                return self._compiled[role](*args)
            except Exception:  # a branch on a value, a callback, an output that is no array; or it is wrong
                del self._compiled[role]
        return plain(*args)

    def _run(self, arrays: Sequence[Any]) -> list[Any]:
        leaves = list(self.tree.leaves)
        for i, array in zip(self.numbers, arrays, strict=True):
            leaves[i] = array
        args, kwargs = self.tree.build(leaves)
        out = flatten(self.function(*args, **kwargs))
        # Kept: its structure, and what in it is no array.
        self._out = out.holding([_HELD if _is_array(leaf) else leaf for leaf in out.leaves])
        return [jnp.asarray(leaf) for leaf in out.leaves if _is_array(leaf)]

    def outputs(self, arrays: Sequence[Any]) -> Callable[[list[Any]], list[Any]]:
        """Return the function from the leaves to differentiate by to the real ones of the output."""

        def outputs(moving: list[Any]) -> list[Any]:
            given = dict(zip(self.numbers, arrays, strict=True)) | dict(zip(self.real, moving, strict=True))
            return [leaf for leaf in self._run([given[i] for i in self.numbers]) if is_floating(leaf)]

        return outputs

    def moving(self, arrays: Sequence[Any]) -> list[Any]:
        """Return the leaves to differentiate by among all arrays."""
        given = dict(zip(self.numbers, arrays, strict=True))
        return [jnp.asarray(given[i]) for i in self.real]

    def _pull(self, arrays: Sequence[Any], cotangents: Sequence[Any]) -> Any:
        out, pullback = jax.vjp(self.outputs(arrays), self.moving(arrays))
        (grads,) = pullback([jnp.asarray(w, leaf.dtype) for w, leaf in zip(cotangents, out, strict=True)])
        return grads


#: Stands where an array was.
_HELD = np.zeros(())


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, (float, complex, np.ndarray, np.generic, jax.Array))


class Differentiated:
    """A function on JAX's arrays and what ``jax.vjp`` claims for it, for arrays of NumPy as well.

    Parameters
    ----------
    function : callable
        Takes and returns arrays and pytrees of them.
    wrt : sequence of str, optional
        The inputs to differentiate by; by default all of floating point.
    fixed : sequence of int
        Positions of inputs that are no arrays, and are not differentiated by (`nondiff_argnums`).

    Notes
    -----
    **Precision** is that of the inputs.  Where some are float64 (what a property draws), the
    function is computed with ``jax_enable_x64`` even if that is off, since rounding then hides
    nothing: errors of 1e-10 are seen.  Given float32 it computes as it does in use: with its
    rounding, errors below some 1e-3 are hardly seen.  A function that casts to float32 inside is
    taken for what it is, a function in float32.

    **Compilation.**  Function and gradient are jitted, whether `function` is or not, once for every
    shape; what cannot be jitted is run operation by operation.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        wrt: Sequence[str] | None = None,
        fixed: Sequence[int] = (),
    ) -> None:
        self.function = function
        self.wrt = None if wrt is None else tuple(wrt)
        self.fixed = frozenset(fixed)
        self._programs: dict[Hashable, _Program] = {}

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the function returns, as arrays of NumPy."""
        tree = flatten((args, kwargs))
        with precision_of(tree.leaves):
            leaves = list(map(_to_jax, tree.leaves))
            return self._program(tree, leaves).forward(leaves)

    def vjp(self, cotangent: Any, /, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Return the gradients that ``jax.vjp`` claims, one for each input (of `wrt`)."""
        tree = flatten((args, kwargs))
        with precision_of(tree.leaves):
            leaves = list(map(_to_jax, tree.leaves))
            cotangents = [_to_jax(w) for w in flatten(cotangent).leaves if w is not None]
            grads = self._program(tree, leaves).claim(leaves, cotangents)
        return self._as_given(tree, grads)

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        """Return the tangent of the output that ``jax.jvp`` claims."""
        tree, given = flatten((tuple(primals), {})), flatten((tuple(tangents), {}))
        with precision_of(tree.leaves):
            leaves = list(map(_to_jax, tree.leaves))
            program = self._program(tree, leaves)
            arrays = [leaves[i] for i in program.numbers]
            moving = program.moving(arrays)
            along = [jnp.asarray(given.leaves[i], x.dtype) for i, x in zip(program.real, moving, strict=True)]
            _, tangent = jax.jvp(program.outputs(arrays), (moving,), (along,))
            out = flatten(program.forward(leaves))
        found = map(from_jax, tangent)
        return out.build([next(found) if is_floating(leaf) else leaf for leaf in out.leaves])

    def _program(self, tree: Tree, leaves: Sequence[Any]) -> _Program:
        """Return the program for inputs of this kind."""
        held = self._of_inputs(tree, lambda number, _: number in self.fixed)
        numbers = [i for i, leaf in enumerate(leaves) if _is_array(leaf) and not held[i]]
        kinds: list[Hashable] = [(type(leaf), leaf) for leaf in leaves]
        for i in numbers:
            kinds[i] = jnp.shape(leaves[i]), str(jnp.result_type(leaves[i]))
        try:
            known = self._programs.get((tree.structure, *kinds))
        except TypeError:  # something that cannot be hashed is passed on
            known = None
        if known is None:
            asked = self._of_inputs(tree, lambda _, name: self.wrt is None or name in self.wrt)
            known = _Program(self.function, tree.holding(leaves), numbers, asked)
            if len(self._programs) >= MOST_PROGRAMS:
                self._programs.clear()
            with contextlib.suppress(TypeError):
                self._programs[(tree.structure, *kinds)] = known
        return known

    def _of_inputs(self, tree: Tree, answer: Callable[[int, str], bool]) -> list[bool]:
        """Return for each leaf what `answer` says of the number and the name of its input."""
        args, kwargs = tree.build(tree.leaves)
        values = [*args, *kwargs.values()]
        names = bind(self.function, args, kwargs).names if self.wrt is not None else [""] * len(values)
        return [
            answer(number, name)
            for number, (name, value) in enumerate(zip(names, values, strict=True))
            for _ in flatten(value).leaves
        ]

    def _as_given(self, tree: Tree, grads: Mapping[int, Any]) -> tuple[Any, ...]:
        """Return gradients one for each input (of `wrt`)."""
        args, kwargs = tree.build([grads.get(i) for i in range(len(tree.leaves))])
        given = tree.build(tree.leaves)
        return of_wrt(self.wrt, self.function, given[0], given[1], (*args, *kwargs.values()))

    def target(
        self,
        name: str,
        signature: inspect.Signature | None,
        *,
        source: Callable[..., Any],
        claimant: str,
        parameters: Mapping[str, Any] | None = None,
        jvp: bool = False,
    ) -> Target:
        """Return the target: `source` is the code to look at, `claimant` who made a wrong claim.

        With `jvp`, ``jax.jvp`` is a further claim.
        """
        forward = of_method(self.forward, name, signature or ANYTHING)
        claim = standing_for(of_method(self.vjp), source, claimant)
        further = {"jvp": self.jvp} if jvp else {}
        return Target(name, forward, claim, "vjp", self.wrt, dict(parameters or {}), further, conjugate=True)
