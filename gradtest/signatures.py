"""What signatures tell: the names of the inputs, and what a derivative wants to be given."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter
from typing import Any

from gradtest.errors import MisusedType
from gradtest.spaces.arrays import is_array

__all__ = [
    "ANYTHING",
    "Arguments",
    "Plan",
    "backward_plan",
    "bind",
    "check_fit",
    "forward_plan",
    "gradient_plan",
    "is_cotangent",
    "label",
    "meant",
    "of_method",
    "of_the_first",
    "of_wrt",
    "signature_of",
    "standing_for",
]

#: Of what does not say what it takes.
ANYTHING = inspect.Signature([Parameter("x", Parameter.VAR_POSITIONAL)])

_COTANGENT = re.compile(
    r"d[A-Z_]\w*|d[a-su-z]\d*|d(out|loss|next|prev|logits|val)\w*|g|g_?(y|z|out)|cts?|cot|delta|seed|\w*bar|"
    r"upstream\w*|\w*cotangents?|(out(put)?_?)?grads?|grad(ient)?_?\w*|\w+_grad(ient)?"
)
_CACHE = re.compile(r"(\w*_)?cache[sd]?|ctx|saved|res(iduals?)?|tape", re.IGNORECASE)

#: How the gradient of W may be called.
_GRADIENT_OF = (
    *("{}", "d{}", "d_{}", "grad_{}", "{}_grad", "{}_gradient", "gradient_{}", "g{}", "g_{}", "grad{}"),
    *("{}_bar", "dL_d{}", "dLd{}", "dL/d{}", "dJ_d{}", "dloss_d{}", "∂{}", "∂L/∂{}", "∇{}", "nabla_{}"),
)


def meant(key: str, names: Sequence[str]) -> str | None:
    """Return the one of `names` whose gradient `key` is: W for W, dW, d_W, grad_W, W_grad, ...

    >>> meant("grad_W", ["b", "W"]), meant("dw", ["b", "W"]), meant("velocity", ["b", "W"])
    ('W', 'W', None)
    """
    exact, folded = _glossary(tuple(names))
    return exact.get(key) or folded.get(key.lower())


@functools.lru_cache(maxsize=32)
def _glossary(names: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str]]:
    exact: dict[str, str] = {}
    for pattern in _GRADIENT_OF:  # the plain name goes first
        for name in names:
            exact.setdefault(pattern.format(name), name)
    return exact, {word.lower(): name for word, name in reversed(exact.items())}


def label(function: Any) -> str:
    """Return what to call a function: its name, without the function it was made in."""
    while not hasattr(function, "__qualname__") and hasattr(function, "func"):
        function = function.func  # functools.partial
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", type(function).__name__)
    return str(name).rpartition("<locals>.")[2]


def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """Return the signature of a function, None for one that does not say (a ufunc, a builtin)."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


# -- the map --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arguments:
    """The inputs of a call, named, in the order of the signature.

    Attributes
    ----------
    names, values : tuple
    placed : int
        How many were given by position; the rest by name.
    placeable : int
        How many can be given by position.
    """

    names: tuple[str, ...]
    values: tuple[Any, ...]
    placed: int
    placeable: int


def bind(forward: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Arguments:
    """Return the inputs by name.

    Raises
    ------
    MisusedType
        If they do not fit the signature of `forward`.

    >>> bind(lambda x, *rest, scale=1.0: x, (1.0, 2.0), {"scale": 3.0}).names
    ('x', 'rest[0]', 'scale')
    """
    signature = signature_of(forward)
    if signature is None:
        names = [f"x{i}" for i in range(len(args))] if len(args) > 1 else ["x"] * len(args)
        return Arguments((*names, *kwargs), (*args, *kwargs.values()), len(args), len(args))
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise MisusedType(f"the inputs do not fit {label(forward)}{signature}: {error}") from None
    named: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is Parameter.VAR_POSITIONAL:
            named |= {f"{name}[{i}]": piece for i, piece in enumerate(value)}
        elif kind is Parameter.VAR_KEYWORD:
            named |= value
        else:
            named[name] = value
    return Arguments(tuple(named), tuple(named.values()), len(args), len(bound.args))


def of_wrt(
    wrt: Sequence[str] | None,
    forward: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    returned: Sequence[Any],
) -> tuple[Any, ...]:
    """Return what was returned for each input of a call, for the inputs that `wrt` names; None for all."""
    if wrt is None:
        return tuple(returned)
    by_name = dict(zip(bind(forward, args, kwargs).names, returned, strict=True))
    return tuple(by_name[name] for name in wrt if name in by_name)


def standing_for(
    function: Callable[..., Any], source: Any, name: str = "", signature: inspect.Signature | None = None
) -> Callable[..., Any]:
    """Let a function be reported as another, at the place of that; its own signature stays, or is given."""
    function.__signature__ = signature or inspect.signature(function)  # type: ignore[attr-defined]
    function.__wrapped__ = source  # type: ignore[attr-defined]  # where its source is found
    function.__qualname__ = name or label(source)
    return function


def of_method(
    method: Callable[..., Any], name: str = "", signature: inspect.Signature | None = None
) -> Callable[..., Any]:
    """Return a function that does what a bound method does, and has a name and a signature of its own."""

    def function(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    function.__signature__ = signature or inspect.signature(method)  # type: ignore[attr-defined]
    function.__qualname__ = name or label(method)
    return function


def of_the_first(function: Callable[..., Any], args: tuple[Any, ...], count: int = 1) -> Callable[..., Any]:
    """Return a function of its first inputs only, under its own name; `args` come behind and are fixed.

    Raises
    ------
    MisusedType
        If so many do not fit its signature.
    """
    if not args or not callable(function):
        return function

    @functools.wraps(function)
    def held(*inputs: Any) -> Any:
        return function(*inputs, *args)

    names = bind(function, (*[0.0] * count, *args), {}).names[:count]
    names = tuple(name if name.isidentifier() else f"x{i}" for i, name in enumerate(names))
    held.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # not that of the wrapped
        [Parameter(name, Parameter.POSITIONAL_ONLY) for name in names]
    )
    return held


# -- the derivative -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """What a derivative is given, in order.

    Attributes
    ----------
    order : tuple of {"inputs", "cotangent", "cache", "primals", "tangents"}
    spread : bool
        Whether the cotangents of several outputs (or the tangents of several inputs) come one by
        one and not as a tuple.
    placed : tuple of str, or None
        The inputs it takes by position, told by the names of its parameters; None for all of them.
    keywords : tuple of str
        The inputs it takes by keyword.
    """

    order: tuple[str, ...]
    spread: bool = False
    placed: tuple[str, ...] | None = None
    keywords: tuple[str, ...] = ()

    def arguments(self, inputs: Arguments, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return the positional and the keyword arguments; `given` says what the other roles hold."""
        values = dict(zip(inputs.names, inputs.values, strict=True))
        placed, keywords = self.placed, self.keywords
        if placed is None:
            placed, keywords = inputs.names[: inputs.placeable], inputs.names[inputs.placeable :]
        args: list[Any] = []
        for role in self.order:
            if role == "inputs":
                args.extend(values[name] for name in placed)
            elif self.spread and role != "cache":
                args.extend(given[role])
            else:
                args.append(given[role])
        return args, {name: values[name] for name in keywords}


def backward_plan(vjp: Callable[..., Any], names: Sequence[str], returned: Any) -> Plan:
    """Return how to call a backward function, given the names of the inputs and what `forward` returned.

    Parameters that carry the name of an input are that input; the others are cotangents, or a
    cache.  Where the names tell nothing, the cotangent comes first, unless only the last
    parameter is called like one.

    Raises
    ------
    MisusedType
        If it takes inputs only, and so is no pullback.
    """
    wanted = _wanted(vjp, names)
    own, other = wanted.own, [name for name in wanted.own if name not in names]
    for end, order in ((-1, ("cotangent", "cache")), (0, ("cache", "cotangent"))):
        if other and own[end] in other and _CACHE.fullmatch(own[end]):
            return Plan(order, spread=len(own) > 2)
    if wanted.starred or not own:
        return Plan(("inputs", "cotangent") if own and not other else ("cotangent", "inputs"))
    if not other:
        raise MisusedType(
            f"vjp={label(vjp)} takes {', '.join(own)}, which are inputs, and no cotangent (the gradient of "
            "what comes after); let it take one, vjp(cotangent, *inputs), or give it as grad= if it needs "
            "none"
        )
    if own == other and (len(own) == 1 or all(map(is_cotangent, own))):
        return Plan(("cotangent",), spread=len(own) > 1)  # what else it needs, its object has kept
    if len(own) == 2 and own[1] in other and _ends_in_a_cache(returned):
        return Plan(("cotangent", "cache"))
    outputs = len(returned) if isinstance(returned, tuple) else 1
    spread = outputs > 1 and len(own) == outputs + len(names)
    count = outputs if spread else 1
    if own[0] in names or (own[-1] in other and is_cotangent(own[-1]) and not is_cotangent(own[0])):
        return Plan(("inputs", "cotangent"), spread, *wanted.inputs(own[:-count], names))
    return Plan(("cotangent", "inputs"), spread, *wanted.inputs(own[count:], names))


def gradient_plan(grad: Callable[..., Any], names: Sequence[str]) -> Plan:
    """Return how to call a gradient, which is given the inputs only."""
    wanted = _wanted(grad, names)
    return Plan(("inputs",), False, *wanted.inputs(wanted.own, names))


def forward_plan(jvp: Callable[..., Any], names: Sequence[str]) -> Plan:
    """Return how to call a jvp: ``(primals, tangents)``, or ``(*inputs, *tangents)`` one by one."""
    own = _wanted(jvp, names).own
    apart = len(own) == 2 * len(names) and (len(names) > 1 or own[0] == names[0])
    return Plan(("primals", "tangents"), spread=apart)


def check_fit(
    role: str, derivative: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> None:
    """Raise a `MisusedType` if a derivative cannot be called in the way that was planned."""
    signature = signature_of(derivative)
    if signature is None:
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise MisusedType(
            f"{role}={label(derivative)}{signature} cannot be given {len(args) + len(kwargs)} arguments "
            f"({error}); gradtest.target says in which forms a derivative is understood"
        ) from None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The parameters of a derivative: those it must be given by position, and what else it takes."""

    own: list[str]
    starred: bool
    keywords: tuple[str, ...]

    def inputs(
        self, own: Sequence[str], names: Sequence[str]
    ) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        """Return the inputs by position and by keyword, if each of `own` is the name of one."""
        if self.starred or not own or set(own) - set(names):
            return None, ()
        return tuple(own), tuple(name for name in self.keywords if name not in own)


def _wanted(function: Callable[..., Any], names: Sequence[str]) -> _Wanted:
    signature = signature_of(function)
    if signature is None:
        return _Wanted([], True, ())
    parameters = signature.parameters.values()
    kinds = {p.kind for p in parameters}
    placeable = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in parameters if p.kind in placeable]
    own = [p.name for p in needed if p.default is Parameter.empty or p.name in names]
    keywords = [p.name for p in parameters if p.kind is Parameter.KEYWORD_ONLY and p.name in names]
    if Parameter.VAR_KEYWORD in kinds:
        keywords = list(names)
    return _Wanted(own, Parameter.VAR_POSITIONAL in kinds, tuple(keywords))


def is_cotangent(name: str) -> bool:
    """Whether a parameter of this name is the gradient of what comes after."""
    return _COTANGENT.fullmatch(name) is not None


def _ends_in_a_cache(returned: Any) -> bool:
    """Whether ``(array, no array)`` came back."""
    pair = isinstance(returned, tuple) and len(returned) == 2
    return pair and not is_array(returned[1])
