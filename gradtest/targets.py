"""A map, the derivative claimed for it, and one case of it: the map at a point.

What people have comes in a few forms; here they are told apart and brought to one: a function
of the leaves of its inputs, and a pullback from cotangents to gradients of those leaves.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradtest.errors import Misuse, MisusedType
from gradtest.spaces import arrays
from gradtest.spaces.containers import flatten

__all__ = ["BrokenContract", "Case", "Raised", "Target", "target"]

_COTANGENT_NAMES = frozenset(
    "cotangent ct dout dy dz dl g gy gz gout grad_out grad_output grad_outputs gradoutput upstream "
    "upstream_grad upstream_gradient delta dl_dy dl_dout output_grad w_bar y_bar ybar seed".split()
)
_CACHE_NAMES = frozenset("cache caches ctx context saved residuals res tape memory state".split())


class BrokenContract(Exception):
    """What the derivative returned does not fit the inputs; `code` is the page of `explain`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Raised(Exception):
    """The code under test raised; `role` says which part, and the cause is chained."""

    def __init__(self, role: str, error: BaseException) -> None:
        super().__init__(f"{role} raised {type(error).__name__}: {error}")
        self.role = role
        self.error = error


@dataclass(frozen=True)
class Target:
    """A map and the derivative claimed for it; made by `target`.

    Attributes
    ----------
    name : str
        What reports call it.
    forward : callable
        The map.
    derivative : callable
        The claim.
    form : {"vjp", "grad", "value_and_grad", "jvp"}
        What `derivative` takes and returns.
    wrt : tuple of str, or None
        The inputs for which it claims a derivative; None leaves that to what it returns.
    """

    name: str
    forward: Callable[..., Any]
    derivative: Callable[..., Any]
    form: str
    wrt: tuple[str, ...] | None = None
    parameters: tuple[str, ...] = field(default=(), compare=False)

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Case:
        """Return the case of this target at the given inputs.

        Raises
        ------
        Misuse
            If the inputs do not fit the signature, or none of them can be differentiated.
        """
        return Case(self, tuple(args), dict(kwargs))


def target(
    forward: Callable[..., Any] | None = None,
    *,
    vjp: Callable[..., Any] | None = None,
    grad: Callable[..., Any] | None = None,
    value_and_grad: Callable[..., Any] | None = None,
    jvp: Callable[..., Any] | None = None,
    wrt: str | Sequence[str] | None = None,
    name: str | None = None,
) -> Target:
    """Describe a map and the derivative claimed for it.

    Parameters
    ----------
    forward : callable
        The map, of arrays or nested containers of arrays.  It may return a number, an array, a
        container of arrays, or ``(out, cache)``.  May be left out with `value_and_grad`.
    vjp : callable, optional
        The pullback.  Understood are ``vjp(cotangent, *inputs)``; ``vjp(*inputs, cotangent)``,
        told by the name of the last parameter (dout, grad_output, g, ...); and
        ``vjp(dout, cache)``, told by the second parameter's name (cache, ctx, saved, ...), or
        by there being two parameters where `forward` returns ``(array, not an array)``.
    grad : callable, optional
        ``grad(*inputs)``: the gradient of a scalar `forward`; for an array-valued one the
        Jacobian (shape of the output, then of the input) or, for an elementwise map, its
        derivative at each entry (shape of both).
    value_and_grad : callable, optional
        ``value_and_grad(*inputs) -> (value, gradient)``.
    jvp : callable, optional
        ``jvp(primals, tangents)``, two tuples; returns the tangent of the output, or
        ``(out, tangent)``.
    wrt : str or sequence of str, optional
        Names of the inputs for which a derivative is claimed.  By default what comes back
        tells: a tuple is matched in the order of the inputs, a dict by their names, and a
        single array belongs to the first real input.
    name : str, optional
        What reports call it; the name of `forward` by default.

    Returns
    -------
    Target

    Raises
    ------
    MisusedType
        If not exactly one derivative is given, or something given cannot be called.

    Examples
    --------
    >>> import numpy as np
    >>> square = target(lambda x: x * x, vjp=lambda dout, x: 2 * x * dout, name="square")
    >>> square.form
    'vjp'
    """
    given = {"vjp": vjp, "grad": grad, "value_and_grad": value_and_grad, "jvp": jvp}
    claims = {form: claim for form, claim in given.items() if claim is not None}
    if len(claims) != 1:
        raise MisusedType(
            f"target got {' and '.join(claims) or 'no derivative'}; give exactly one of vjp=, grad=, "
            "value_and_grad= or jvp="
        )
    (form, claim), = claims.items()
    if forward is None and form == "value_and_grad":
        forward = _first_of(claim)
    for role, function in (("forward", forward), (form, claim)):
        if not callable(function):
            raise MisusedType(f"{role}={function!r} is not callable; pass the function itself")
    if forward is None:  # unreachable: None is not callable; said for the type checker
        raise MisusedType("forward is missing")
    names = (wrt,) if isinstance(wrt, str) else None if wrt is None else tuple(wrt)
    label = name or getattr(claim if form == "value_and_grad" else forward, "__qualname__", None)
    return Target(str(label or type(forward).__name__), forward, claim, form, names)


def _first_of(value_and_grad: Callable[..., Any]) -> Callable[..., Any]:
    def value(*args: Any, **kwargs: Any) -> Any:
        return value_and_grad(*args, **kwargs)[0]

    value.__wrapped__ = value_and_grad  # type: ignore[attr-defined]  # so that names are found
    return value


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None  # a ufunc or a builtin that does not say


_ANONYMOUS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Case:
    """A target at a point: leaves, values, and what is claimed there.

    Attributes
    ----------
    target : Target
    inputs : Tree
        All inputs, taken apart.
    names : tuple of str
        A readable name for every leaf of the inputs, e.g. ``weights[0]``.
    real : tuple of int
        Which leaves are real and so can be differentiated.
    evaluations : int
        Calls of the forward function so far.
    """

    def __init__(self, target: Target, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.target = target
        self._args = args
        self._kwargs = kwargs
        self.inputs = flatten((args, kwargs))
        self.input_names = _input_names(target.forward, args, kwargs)
        self.names = tuple(map(self._leaf_name, self.inputs.paths))
        self._check_kinds()
        self.real = tuple(i for i, leaf in enumerate(self.inputs.leaves) if arrays.is_real(leaf))
        if not self.real:
            raise MisusedType(self._nothing_real())
        self.evaluations = 0

    # -- names --------------------------------------------------------------------------------

    def _leaf_name(self, path: str) -> str:
        for i, name in enumerate(self.input_names[: len(self._args)]):
            prefix = f"[0][{i}]"
            if path == prefix or path.startswith((prefix + "[", prefix + ".")):
                return name + path[len(prefix) :]
        for name in self._kwargs:
            prefix = f"[1][{name!r}]"
            if path.startswith(prefix):
                return name + path[len(prefix) :]
        return path

    def owner(self, leaf: int) -> str:
        """Return the name of the input that holds a leaf."""
        path = self.inputs.paths[leaf]
        return next(n for n, p in self._prefixes().items() if path == p or path.startswith((p + "[", p + ".")))

    def _prefixes(self) -> dict[str, str]:
        positional = {self.input_names[i]: f"[0][{i}]" for i in range(len(self._args))}
        return positional | {name: f"[1][{name!r}]" for name in self._kwargs}

    # -- misuse -------------------------------------------------------------------------------

    def _check_kinds(self) -> None:
        for name, leaf in zip(self.names, self.inputs.leaves, strict=True):
            if not isinstance(leaf, (np.ndarray, np.generic, complex)) or isinstance(leaf, float):
                continue
            dtype = np.asarray(leaf).dtype
            if dtype.kind == "O":
                raise MisusedType(
                    f"{name} is an array of objects; gradtest needs numbers: give {name}.astype(float)"
                )
            if dtype.kind == "c":
                raise MisusedType(
                    f"{name} is complex ({dtype}); gradtest differentiates real inputs: give the real and the "
                    "imaginary part as two inputs"
                )
            if dtype.kind == "f" and np.size(leaf) == 0:
                raise Misuse(
                    f"{name} is empty (shape {np.shape(leaf)}): there is nothing to differentiate; "
                    "give at least one entry"
                )

    def _nothing_real(self) -> str:
        for name, leaf in zip(self.names, self.inputs.leaves, strict=True):
            if isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind in "iub":
                return (
                    f"{name} holds integers ({leaf.dtype}), which have no derivative; give real numbers: "
                    f"{name}.astype(float)"
                )
            if isinstance(leaf, int):
                return f"{name}={leaf!r} is an integer, which has no derivative; give {float(leaf)!r}"
        kinds = ", ".join(sorted({type(leaf).__name__ for leaf in self.inputs.leaves})) or "nothing"
        return f"{self.target.name} got no real array to differentiate by (only {kinds}); pass its inputs"

    # -- the map ------------------------------------------------------------------------------

    def at(self, leaves: Sequence[Any]) -> Case:
        """Return the case of the same target at other leaves; evaluations are counted in one place."""
        args, kwargs = self.inputs.build(leaves)
        return Case(self.target, args, kwargs)

    def call(self, leaves: Sequence[Any]) -> Any:
        """Call the forward function and return all that it returns."""
        self.evaluations += 1
        args, kwargs = self.inputs.build(leaves)
        return self.target.forward(*args, **kwargs)

    def raw(self) -> Any:
        """Call the forward function at the point itself.

        Raises
        ------
        Raised
            If the function raises.
        """
        try:
            return self.call(self.inputs.leaves)
        except Exception as error:
            raise Raised("forward", error) from error

    def primal(self, returned: Any) -> Any:
        """Return the output proper of what `forward` returned: without the cache, if it has one."""
        return returned[0] if self.has_cache(returned) else returned

    def has_cache(self, returned: Any) -> bool:
        """Whether `returned` is ``(out, cache)`` rather than the output itself."""
        if self.target.form != "vjp" or not (isinstance(returned, tuple) and len(returned) == 2):
            return False
        parameters = _parameters(self.target.derivative)
        if parameters is None or len(parameters) < 2:
            return False
        if parameters[1].name.lower() in _CACHE_NAMES:
            return True
        plain = isinstance(returned[1], (np.ndarray, np.generic, float, int))
        return len(parameters) == 2 and not plain

    # -- the claim ----------------------------------------------------------------------------

    def pull_back(self, returned: Any, cotangent: Any) -> dict[int, Any]:
        """Return the claimed gradients: leaf number -> array.

        `returned` is what `forward` returned at this point, `cotangent` has the structure of
        its output.  Leaves for which nothing is claimed (None, or left out) are absent.

        Raises
        ------
        Raised
            If the derivative raises.
        BrokenContract
            If what it returns cannot be matched to the inputs.
        """
        try:
            result = self._claim(returned, cotangent)
        except Exception as error:
            raise Raised(self.target.form, error) from error
        gradients = self._match(result)
        if self.target.form in ("grad", "value_and_grad"):
            out = self.primal(returned)
            gradients = {i: self._contract(i, g, out, cotangent) for i, g in gradients.items()}
        for i, gradient in gradients.items():
            self._check_gradient(i, gradient)
        return gradients

    def _claim(self, returned: Any, cotangent: Any) -> Any:
        derive, form = self.target.derivative, self.target.form
        if form == "grad":
            return derive(*self._args, **self._kwargs)
        if form == "value_and_grad":
            return derive(*self._args, **self._kwargs)[1]
        if self.has_cache(returned):
            return derive(cotangent, returned[1])
        parameters = _parameters(derive) or []
        if len(parameters) > 1 and parameters[-1].name.lower() in _COTANGENT_NAMES and (
            parameters[0].name.lower() not in _COTANGENT_NAMES
        ):
            return derive(*self._args, cotangent, **self._kwargs)
        return derive(cotangent, *self._args, **self._kwargs)

    def push_forward(self, tangents: Sequence[Any]) -> Any:
        """Return the claimed tangent of the output along `tangents` (one for each leaf).

        Raises
        ------
        Raised
            If the derivative raises.
        """
        args, _ = self.inputs.build(tangents)
        try:
            result = self.target.derivative(self._args, args, **self._kwargs)
        except Exception as error:
            raise Raised("jvp", error) from error
        return result[1] if isinstance(result, tuple) and len(result) == 2 else result

    # -- matching -----------------------------------------------------------------------------

    def differentiated(self) -> list[str]:
        """Return the names of the inputs that hold a real leaf, or those of `wrt`."""
        named = dict.fromkeys(self.owner(i) for i in self.real)
        if self.target.wrt is None:
            return list(named)
        for name in self.target.wrt:
            if name not in self._prefixes():
                raise Misuse(
                    f"wrt names {name!r}, but the inputs of {self.target.name} are "
                    f"{', '.join(self._prefixes())}"
                )
        return list(self.target.wrt)

    def _match(self, result: Any) -> dict[int, Any]:
        """Match what the derivative returned to the leaves of the inputs."""
        pieces = self._by_input(result)
        gradients: dict[int, Any] = {}
        for name, piece in pieces.items():
            gradients.update(self._by_leaf(name, piece))
        return gradients

    def _by_input(self, result: Any) -> dict[str, Any]:
        wanted, names = self.differentiated(), list(self._prefixes())
        if isinstance(result, Mapping):
            plain = {self._input_of(key, names): piece for key, piece in result.items()}
            if None not in plain:
                return {str(name): piece for name, piece in plain.items()}
            return {wanted[0]: result}
        if not isinstance(result, (tuple, list)):
            return {wanted[0]: result}
        first = self._prefix_value(wanted[0])
        if len(wanted) == 1 or (isinstance(first, type(result)) and len(result) != len(wanted)):
            alone = isinstance(result, tuple) and len(result) == 1 and not isinstance(first, tuple)
            if alone or isinstance(first, (tuple, list)):
                return {wanted[0]: result[0] if alone else result}
        if len(result) == len(wanted):
            return dict(zip(wanted, result, strict=True))
        if len(result) == len(names):
            return dict(zip(names, result, strict=True))
        if len(result) < len(wanted) and self.target.wrt is None:
            return dict(zip(wanted, result, strict=False))
        raise BrokenContract(
            "GT301",
            f"{self._claimant()} returned {len(result)} gradients, but the differentiable inputs are "
            f"{', '.join(wanted)}; return one for each, in this order, or name them with wrt=",
        )

    @staticmethod
    def _input_of(key: Any, names: Sequence[str]) -> str | None:
        """Return the input that a key of a dict of gradients means: W, dW, d_W, grad_W, W_grad."""
        text = str(key)
        for candidate in (text, text.removeprefix("grad_"), text.removeprefix("d_"), text.removeprefix("d"),
                          text.removesuffix("_grad")):
            if candidate in names:
                return candidate
        return None

    def _prefix_value(self, name: str) -> Any:
        if name in self._kwargs:
            return self._kwargs[name]
        return self._args[self.input_names.index(name)]

    def _by_leaf(self, name: str, piece: Any) -> dict[int, Any]:
        prefix = self._prefixes()[name]
        mine = [i for i, p in enumerate(self.inputs.paths) if p == prefix or p.startswith((prefix + "[", prefix + "."))]
        if piece is None:
            return {}
        if len(mine) == 1 and self.inputs.paths[mine[0]] == prefix:
            return {mine[0]: piece} if mine[0] in self.real else {}
        value, gradient = flatten(self._prefix_value(name)), flatten(piece)
        by_path = dict(zip(gradient.paths, gradient.leaves, strict=True))
        if isinstance(piece, Mapping) and not set(by_path) & set(value.paths):
            keys = list(self._prefix_value(name))
            renamed = {self._input_of(key, keys) or key: part for key, part in piece.items()}
            gradient = flatten(renamed)
            by_path = dict(zip(gradient.paths, gradient.leaves, strict=True))
        elif isinstance(piece, (tuple, list)) and len(gradient.leaves) == len(value.leaves):
            by_path = dict(zip(value.paths, gradient.leaves, strict=True))
        unknown = [p for p in by_path if p not in value.paths]
        if unknown:
            raise BrokenContract(
                "GT301",
                f"{self._claimant()} returned a gradient for {name}{unknown[0]}, but {name} has no such part; "
                f"its parts are {', '.join(name + p for p in value.paths[:6])}",
            )
        found = {}
        for i, path in zip(mine, value.paths, strict=True):
            if i in self.real and by_path.get(path) is not None:
                found[i] = by_path[path]
        return found

    def _claimant(self) -> str:
        return str(getattr(self.target.derivative, "__qualname__", f"the {self.target.form} of {self.target.name}"))

    def _contract(self, i: int, gradient: Any, out: Any, cotangent: Any) -> Any:
        """Contract a gradient, an elementwise derivative or a Jacobian with the cotangent."""
        leaf = self.inputs.leaves[i]
        size_in, size_out = arrays.shape(leaf), arrays.shape(out)
        g = np.asarray(gradient)
        if size_out == () or (np.size(out) == 1 and g.shape == size_in):
            if isinstance(gradient, (np.ndarray, np.generic, float, int)):
                return g * float(np.asarray(cotangent).reshape(()))
            return gradient
        if g.shape == size_out + size_in:
            return np.tensordot(np.asarray(cotangent), g, axes=len(size_out))
        if g.shape == size_out == size_in:
            return g * cotangent
        raise BrokenContract(
            "GT301",
            f"{self._claimant()} returned shape {g.shape} for `{self.names[i]}`, where the output has shape "
            f"{size_out} and the input {size_in}; expected a Jacobian of shape {size_out + size_in}"
            + (f", or an elementwise derivative of shape {size_in}" if size_in == size_out else ""),
        )

    def _check_gradient(self, i: int, gradient: Any) -> None:
        name, leaf = self.names[i], self.inputs.leaves[i]
        if not arrays.is_array(gradient) and not isinstance(gradient, (list, tuple)):
            raise BrokenContract(
                "GT302",
                f"{self._claimant()} returned {type(gradient).__name__} as the gradient for `{name}`; "
                "expected an array",
            )
        found, needed = np.shape(gradient), arrays.shape(leaf)
        if found != needed and not (np.size(gradient) == 1 and np.size(leaf) == 1 and isinstance(leaf, float)):
            hint = " Was the result left transposed?" if found == needed[::-1] else (
                " Was the sum over a broadcast axis forgotten?" if len(found) > len(needed) else ""
            )
            raise BrokenContract(
                "GT301",
                f"{self._claimant()} returned a gradient for `{name}` of shape {found}, but `{name}` has shape "
                f"{needed}.{hint}",
            )
        dtype = np.asarray(gradient).dtype
        if dtype.kind not in "fiub" and not arrays.is_real(np.asarray(gradient)):
            raise BrokenContract(
                "GT302",
                f"{self._claimant()} returned a gradient for `{name}` of dtype {dtype}; expected real numbers",
            )


def _input_names(forward: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[str]:
    """Return a name for every positional input, then the keywords.

    Raises
    ------
    MisusedType
        If the inputs do not fit the signature of `forward`.
    """
    parameters = _parameters(forward)
    if parameters is not None:
        try:
            inspect.signature(forward).bind(*args, **kwargs)
        except TypeError as error:
            label = getattr(forward, "__qualname__", type(forward).__name__)
            raise MisusedType(
                f"the inputs do not fit {label}{inspect.signature(forward)}: {error}"
            ) from None
    named = [p.name for p in parameters or [] if p.kind not in _ANONYMOUS]
    starred = next((p.name for p in parameters or [] if p.kind is inspect.Parameter.VAR_POSITIONAL), "x")
    names = []
    for i in range(len(args)):
        if i < len(named):
            names.append(named[i])
        else:
            lone = len(args) - len(named) == 1 and not parameters
            names.append(starred if lone else f"{starred}{i - len(named)}")
    return names + list(kwargs)


