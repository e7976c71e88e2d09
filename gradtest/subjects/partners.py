"""Which function is the derivative of which, by their names and by what they take."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gradtest.targets import Target, target

__all__ = ["FORWARD", "paired", "partner_name"]

#: How the derivative of `f` may be called, and what it then is; the first that exists is taken.
PARTNERS: tuple[tuple[str, str], ...] = (
    *(
        (pattern, "vjp")
        for pattern in ("{}_vjp", "{}_backward", "{}_bwd", "{}_back", "{}_pullback", "{}_backprop")
    ),
    *((pattern, "vjp") for pattern in ("{}Backward", "vjp_{}", "backward_{}", "bwd_{}", "backprop_{}")),
    *((pattern, "grad") for pattern in ("d_{}", "d{}", "grad_{}", "gradient_{}", "{}_grad", "{}_grads")),
    *((pattern, "grad") for pattern in ("{}_gradient", "{}_gradients", "{}_derivative", "{}_deriv")),
    *((pattern, "grad") for pattern in ("{}_prime", "{}prime", "{}_der", "{}_dx", "{}Grad", "{}Prime")),
    *((pattern, "grad") for pattern in ("{}_jac", "{}_jacobian", "jac_{}", "jacobian_{}")),
    *((pattern, "value_and_grad") for pattern in ("{}_and_grad", "{}_value_and_grad", "value_and_grad_{}")),
    *((pattern, "jvp") for pattern in ("{}_jvp", "jvp_{}", "{}_pushforward")),
)

#: Names that belong together although neither is made from the other.
COUPLES: tuple[tuple[str, str, str], ...] = (
    *((name, "grad", "grad") for name in ("f", "fun", "func", "loss", "objective", "value")),
    *((name, "gradient", "grad") for name in ("f", "fun", "func", "loss", "objective", "value")),
    *((name, "jac", "grad") for name in ("f", "fun", "func", "residuals", "objective")),
)

FORWARD, BACKWARD = ("forward", "fwd", "Forward"), ("backward", "bwd", "Backward")
_CACHES = ("cache", "caches", "ctx", "context", "saved", "residuals", "tape")
_COTANGENTS = {
    "dout",
    "dy",
    "dz",
    "g",
    "gy",
    "ct",
    "cotangent",
    "upstream",
    "delta",
    "grad_out",
    "grad_output",
}


def partner_name(names: Mapping[str, Any], name: str) -> tuple[str, str] | None:
    """Return the form and the name of the derivative of `name` among `names`."""
    for pattern, form in PARTNERS:
        if pattern.format(name) in names:
            return form, pattern.format(name)
    for first, second, form in COUPLES:
        if name == first and second in names:
            return form, second
    for other in _swapped(name):
        if other in names:
            return "vjp", other
    return None


def _swapped(name: str) -> Iterator[str]:
    """Yield `name` with backward in place of forward, at its end or its beginning."""
    for forward in FORWARD:
        for backward in BACKWARD:
            if name.endswith(forward):
                yield name.removesuffix(forward) + backward
            if name.startswith(forward):
                yield backward + name.removeprefix(forward)


def paired(function: Callable[..., Any], form: str, derivative: Callable[..., Any]) -> Target:
    """Make a target of a pair whose form the name suggests and the parameters correct."""
    if form in ("grad", "vjp"):
        form = _form(function, derivative, form)
    return target(function, **{form: derivative})  # type: ignore[arg-type]  # form is one of its keywords


def _form(function: Callable[..., Any], derivative: Callable[..., Any], named: str) -> str:
    """Tell a pullback from a gradient: df(dout, x) is one in kind, and f_backward(x) is the other."""
    try:
        own, other = _required(function), _required(derivative)
    except (TypeError, ValueError):
        return named
    if len(other) == len(own) + 1 or (len(other) == 2 and other[1].lower() in _CACHES):
        return "vjp"
    if {name.lower() for name in (*other[:1], *other[-1:]) if name not in own} & _COTANGENTS:
        return "vjp"
    return "grad" if own == other else named


def _required(function: Callable[..., Any]) -> list[str]:
    return [p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty]
