"""Functions with a derivative of their own in JAX: ``jax.custom_vjp`` and ``jax.custom_jvp``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax

from gradtest.errors import Misuse
from gradtest.signatures import label, signature_of
from gradtest.targets import Target

from .jax_arrays import Differentiated

__all__ = ["LOOKED_FOR", "recognise"]

LOOKED_FOR = "a jax.custom_vjp or jax.custom_jvp"


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of a ``jax.custom_vjp`` or ``jax.custom_jvp``; else None.

    Both are held to their vjp, as reverse mode uses it: that of a ``custom_jvp`` is its jvp
    transposed, and the jvp itself is a further claim.  Arguments of `nondiff_argnums` are passed
    on.  A None that a ``bwd`` returns is a gradient of zero, as JAX has it; what must not be
    differentiated by is left out with ``gradtest.autodiff(f, "jax", wrt=...)``.
    """
    if isinstance(subject, jax.custom_vjp):
        return _described(subject, subject.bwd, "defvjp(fwd, bwd)")
    if isinstance(subject, jax.custom_jvp):
        return _described(subject, subject.jvp, "defjvp(jvp)", jvp=True)
    return None


def _described(subject: Any, rule: Callable[..., Any] | None, define: str, *, jvp: bool = False) -> Target:
    name = label(subject)
    if rule is None:
        raise Misuse(f"{name} has no derivative of its own yet; call {name}.{define}")
    return Differentiated(subject, fixed=subject.nondiff_argnums).target(
        name,
        signature_of(subject),
        source=inspect.unwrap(rule),
        claimant=label(rule),
        jvp=jvp,
    )
