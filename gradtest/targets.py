"""A map and the derivative claimed for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gradtest.errors import Misuse, MisusedType
from gradtest.spaces.domains import Domain, read_domain

from .signatures import label

__all__ = ["Target", "target"]


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
    parameters : mapping of str to value
        What the map has besides its inputs (weights): further inputs, given to both by name.
    further : mapping of {"jvp", "hess", "hvp", "double_backward"} to callable
        Claims beside the first, for the laws that compare claims with each other.  The last is that
        of a framework, ``double_backward(cotangents, upstream, *inputs)``: the pullback of the vjp
        for a fixed upstream gradient, given one cotangent for each gradient; it raises
        NotImplementedError with the reason where the backward pass cannot be differentiated.
    conjugate : bool
        Whether its complex gradients and cotangents are the conjugates of ours; see `target`.
    domains : mapping of str to Domain
        Where the values of inputs, or of what is in them, may lie; by name.
    batch : mapping of str to int
        The axis of examples, by input: that which named shapes call *batch* (law *batch*).
    made_for : callable, or None
        ``made_for(args, kwargs) -> Target``, where the target can only be known beside inputs (a
        class whose constructor is told sizes, a layer that makes its weights when it is first
        called): asked once for every case.
    """

    name: str
    forward: Callable[..., Any]
    derivative: Callable[..., Any]
    form: str
    wrt: tuple[str, ...] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    further: Mapping[str, Callable[..., Any]] = field(default_factory=dict, hash=False)
    conjugate: bool = False
    domains: Mapping[str, Domain] = field(default_factory=dict, hash=False)
    batch: Mapping[str, int] = field(default_factory=dict, hash=False)
    made_for: Callable[[Sequence[Any], Mapping[str, Any]], Target] | None = None

    def beside(self, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> Target:
        """Return the target as it is for these inputs, with the domains that are known of them."""
        if self.made_for is None:
            return self
        made = self.made_for(args, kwargs or {})
        return replace(made, domains={**made.domains, **self.domains}, batch={**made.batch, **self.batch})


def target(
    forward: Callable[..., Any] | None = None,
    *,
    vjp: Callable[..., Any] | None = None,
    grad: Callable[..., Any] | None = None,
    value_and_grad: Callable[..., Any] | None = None,
    value_and_pullback: Callable[..., Any] | None = None,
    jvp: Callable[..., Any] | None = None,
    hess: Callable[..., Any] | None = None,
    hvp: Callable[..., Any] | None = None,
    wrt: str | Sequence[str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    conjugate: bool = False,
    domains: Mapping[str, str | Domain] | None = None,
    name: str | None = None,
) -> Target:
    """Describe a map and the derivative claimed for it.

    Parameters
    ----------
    forward : callable
        The map, of arrays or nested containers of arrays.  It may return a number, an array, a
        container of arrays, or ``(out, cache)``.  May be left out with `value_and_grad` and
        `value_and_pullback`.
    vjp : callable, optional
        The pullback, in any of the forms listed in the notes.
    grad : callable, optional
        ``grad(*inputs)``: the gradient of a scalar `forward`; for an array-valued one the
        Jacobian (shape of the output, then of the input) or, for an elementwise map, its
        derivative at each entry (shape of both).
    value_and_grad : callable, optional
        ``value_and_grad(*inputs) -> (value, gradient)``, or ``(value, gradient, gradient, ...)``.
    value_and_pullback : callable, optional
        ``value_and_pullback(*inputs) -> (value, pullback)``, with ``pullback(cotangent)``.
    jvp : callable, optional
        ``jvp(primals, tangents)``, two tuples, or one by one, ``jvp(x, w, dx, dw)`` (told by
        there being twice as many parameters as inputs; with one input, by the first having its
        name).  Returns the tangent of the output, or ``(out, tangent)``.  Beside another
        derivative it is a further claim (law *adjointness*).
    hess, hvp : callable, optional
        Further claims of a scalar `forward`: ``hess(*inputs)``, its Hessian, and
        ``hvp(*inputs, v)``, the Hessian times a vector (law *second order*).
    wrt : str or sequence of str, optional
        Names of the inputs for which a derivative is claimed.  By default what comes back tells.
    parameters : mapping of str to value, optional
        What the map has besides its inputs, such as weights: given to `forward` and to its
        derivative by name, and checked as further inputs.
    conjugate : bool, optional
        Whether gradients and cotangents of complex numbers follow JAX and autograd, dL/dx - i dL/dy,
        and not torch and TensorFlow, dL/dx + i dL/dy; see the notes.  Without complex numbers it
        says nothing.
    domains : mapping of str to str or Domain, optional
        Where the values of inputs may lie, by name: ``{"p": "simplex", "layer['cov']": "spd"}``, in
        the words of `gradtest.inputs`.  What is looked at then stays inside, along directions that
        lead to other members (of sum zero on the simplex, symmetric for symmetric matrices), and the
        claim is held against the function along these only: any component at right angles to the
        domain is a convention.  Inputs with values of a discrete domain are not differentiated.
    name : str, optional
        What reports call it; the name of `forward` by default.

    Returns
    -------
    Target

    Raises
    ------
    MisusedType
        If not exactly one derivative is given, or something given cannot be called.
    Misuse
        If the words for a domain describe none.

    Notes
    -----
    **What a vjp is given** is told by the names of its parameters:

    ========================== ==================================================================
    ``vjp(dout, x, w)``        The cotangent, then the inputs; so also where no name is known.
    ``vjp(x, w, dout)``        The first parameter has the name of an input, or only the last is
                               called like a cotangent (dout, grad_output, g, dZ, ...).
    ``vjp(dout, w)``           Inputs in another order, or not all of them: every parameter but
                               the cotangent has the name of an input.
    ``vjp(dout, cache)``       A parameter is called cache, ctx, saved, residuals, ...; or there
                               are two, the second is no input, and `forward` returned
                               ``(array, container)``.  The last thing that `forward` returns is
                               the cache, what comes before it the output.
    ``vjp(residuals, dout)``   The same, the other way round (JAX's ``bwd``).
    ``vjp(dout)``              One parameter, no input: the method of an object that keeps what
                               the last call of its ``forward`` left.
    ``vjp(dh, dc, x)``         Where `forward` returns several arrays, the cotangent is a tuple of
                               as many, or there are as many more parameters.
    ========================== ==================================================================

    **What comes back** is one gradient for each real input, in their order: a tuple or a list,
    perhaps with None for inputs that are not differentiated (integers), perhaps fewer; or a
    dict, named tuple or dataclass with their names (``W``, ``dW``, ``d_W``, ``grad_W``,
    ``W_grad``, ...), or with the names of what is in them.  A single array belongs to the first
    real input, as scipy and JAX have it.  Gradients of a container are nested as it is.

    **Complex numbers** are pairs of real ones, x + i y, with the real inner product
    Re(conj(a) b), and nothing has to be holomorphic.

    - The gradient of a real function L is dL/dx + i dL/dy, the direction of steepest ascent (that of
      torch).  The pullback g of a cotangent w obeys Re(conj(g) v) = Re(conj(w) J v) for every
      direction v; for y = f(z), f holomorphic, it is g = conj(f'(z)) w.
    - With ``conjugate=True`` gradients are dL/dx - i dL/dy, and a pullback obeys
      Re(g v) = Re(w J v); for holomorphic f it is g = f'(z) w (JAX, autograd).
    - A jvp is the same in both: J v.
    - `grad` of a complex-valued map is its complex derivative dy/dz (or dy/dx, for real x), which is
      the same in both; where the input is complex, too, only holomorphic maps have one, and for
      others a vjp or a jvp can be given.
    - The gradient for a real input has no imaginary part: that of ``fft`` is the *real part* of a
      transform.

    Examples
    --------
    >>> import numpy as np
    >>> square = target(lambda x: x * x, vjp=lambda dout, x: 2 * x * dout, name="square")
    >>> square.form
    'vjp'
    """
    given = {
        "vjp": vjp,
        "grad": grad,
        "value_and_grad": value_and_grad,
        "value_and_pullback": value_and_pullback,
        "jvp": jvp,
    }
    claims = {form: claim for form, claim in given.items() if claim is not None}
    further = {form: claim for form, claim in (("hess", hess), ("hvp", hvp)) if claim is not None}
    if len(claims) == 2 and "jvp" in claims:
        further["jvp"] = claims.pop("jvp")
    if len(claims) != 1:
        raise MisusedType(
            f"target got {' and '.join(claims) or 'no derivative'}; give exactly one of "
            f"{', '.join(f'{form}=' for form in given)}"
        )
    ((form, claim),) = claims.items()
    for role, function in ((form, claim), ("forward", forward), *further.items()):
        if function is not None and not callable(function):
            raise MisusedType(f"{role}={_short(function)} is not callable; pass the function itself")
    if forward is None and form not in ("value_and_grad", "value_and_pullback"):
        raise MisusedType(f"target got {form}={label(claim)} without the map it belongs to; give forward=")
    called = name or label(forward or claim)
    if form == "value_and_grad":
        forward = forward or _first_of(claim)
    elif form == "value_and_pullback":
        form, forward, claim = "vjp", claim, _pullback_of(claim)
    assert forward is not None
    return Target(
        called,
        forward,
        claim,
        form,
        _names(wrt),
        dict(parameters or {}),
        further,
        bool(conjugate),
        {key: _domain(key, words) for key, words in (domains or {}).items()},
    )


def _domain(name: str, words: str | Domain) -> Domain:
    if isinstance(words, Domain):
        return words
    if not isinstance(words, str):
        raise MisusedType(
            f"domains[{name!r}]={_short(words)} is no domain; give its name, such as 'simplex' or '(0, 1)'"
        )
    try:
        return read_domain(words)
    except Misuse as misuse:
        raise Misuse(f"domains[{name!r}]: {misuse}") from None


def _names(wrt: Any) -> tuple[str, ...] | None:
    if wrt is None:
        return None
    names = (wrt,) if isinstance(wrt, str) else tuple(wrt) if isinstance(wrt, (list, tuple)) else None
    if not names or not all(isinstance(name, str) for name in names):
        raise MisusedType(
            f"wrt={_short(wrt)} does not name inputs; give a name or a tuple of names, wrt=('w', 'b')"
        )
    return names


def _first_of(value_and_grad: Callable[..., Any]) -> Callable[..., Any]:
    def value(*args: Any, **kwargs: Any) -> Any:
        returned = value_and_grad(*args, **kwargs)
        if not isinstance(returned, (tuple, list)) or len(returned) < 2:
            raise MisusedType(
                f"value_and_grad={label(value_and_grad)} returned {type(returned).__name__}; expected "
                "(value, gradient)"
            )
        return returned[0]

    value.__wrapped__ = value_and_grad  # type: ignore[attr-defined]  # so that the inputs have names
    return value


def _pullback_of(value_and_pullback: Callable[..., Any]) -> Callable[..., Any]:
    """Return the pullback as one that takes what `forward` left: here that is the pullback itself."""

    def pullback(cotangent: Any, cache: Any) -> Any:
        return cache(cotangent)

    pullback.__wrapped__ = value_and_pullback  # type: ignore[attr-defined]  # so that its source is found
    pullback.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # its own, not that of the wrapped
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in ("cotangent", "cache")]
    )
    pullback.__qualname__ = f"the pullback of {label(value_and_pullback)}"
    return pullback


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
