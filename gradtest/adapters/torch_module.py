"""Instances of ``torch.nn.Module``: inputs and parameters."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch

from gradtest.errors import Misuse
from gradtest.spaces.containers import flatten
from gradtest.targets import Target

from .torch_tensors import Differentiated, from_tensor, gradients_asked

__all__ = ["LOOKED_FOR", "recognise"]

LOOKED_FOR = "a torch.nn.Module"


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of a module, its parameters as further inputs; else None.

    A copy is checked: the module, its mode (training or not), its buffers and the gradients it has
    gathered stay as they are.  The parameters that require a gradient are checked by their names;
    buffers start from the same values in every call, and dropout draws the same numbers.

    **Precision** is that of the inputs.  Where they are float64 (what a property draws), or there
    are none of floating point, parameters and buffers are taken in float64, whatever the module
    has: rounding then hides nothing.  Given inputs in float32 (``dtype="float32"`` of a property)
    the module computes as it is, and an error below some 1e-3 is hardly seen.  A module that makes
    float32 tensors of its own may raise in float64; give it float32.

    State outside of parameters and buffers is that of one copy, which is called many times.
    """
    if not isinstance(subject, torch.nn.Module):
        return None
    functional = _Functional(subject)
    parameters = functional.parameters(wide=_wide(flatten((args, dict(kwargs))).leaves))
    wrt = gradients_asked(functional.forward, args, kwargs)
    asked = None if wrt is None else (*wrt, *parameters)
    name = type(subject).__name__
    return Differentiated(functional, missing_is_zero=True, wrt=asked).target(
        name,
        functional.signature,
        source=type(subject).forward,
        claimant=f"autograd of {name}",
        parameters=parameters,
    )


class _Functional:
    """A copy of a module as a function of its inputs and, by name, its parameters."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = _copied(module)
        self.forward = self.module.forward
        own = inspect.signature(self.forward)
        self._home = {  # the name of an input -> that of the parameter
            f"self.{name}" if name in own.parameters else name: name
            for name, parameter in self.module.named_parameters()
            if parameter.requires_grad
        }
        self.__signature__ = self.signature = _with_keywords(own)  # what `inspect` asks for
        held = set(self._home.values())
        fixed = ((n, p) for n, p in self.module.named_parameters() if n not in held)
        self._rest = {n: t.detach() for n, t in (*fixed, *self.module.named_buffers())}

    def parameters(self, *, wide: bool) -> dict[str, Any]:
        """Return the values of the parameters by name, in float64 if `wide`."""
        values = dict(self.module.named_parameters())
        return {
            alias: from_tensor(_widened(values[name], wide).clone()) for alias, name in self._home.items()
        }

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the module with the parameters among `kwargs`."""
        wide = _wide(flatten((args, kwargs)).leaves)
        state = {n: _widened(t, wide).clone() for n, t in self._rest.items()}
        state |= {self._home[alias]: kwargs.pop(alias) for alias in self._home if alias in kwargs}
        return torch.func.functional_call(self.module, state, args, kwargs)


def _wide(leaves: Iterable[Any]) -> bool:
    """Whether something is of double precision, or nothing of floating point at all."""
    dtypes = {str(getattr(leaf, "dtype", "")).removeprefix("torch.") for leaf in leaves}
    floating = {dtype for dtype in dtypes if dtype.startswith(("float", "bfloat", "complex"))}
    return not floating or bool(floating & {"float64", "complex128"})


def _widened(tensor: torch.Tensor, wide: bool) -> torch.Tensor:
    tensor = tensor.detach()
    if not wide or not (tensor.is_floating_point() or tensor.is_complex()):
        return tensor
    return tensor.to(torch.complex128 if tensor.is_complex() else torch.float64)


def _copied(module: torch.nn.Module) -> torch.nn.Module:
    kind = type(module).__name__
    lazy = [
        n for n, p in module.named_parameters() if isinstance(p, torch.nn.parameter.UninitializedParameter)
    ]
    if lazy:
        raise Misuse(f"{kind} has no value for {lazy[0]} yet (it is lazy); call it once with an input")
    try:
        return copy.deepcopy(module)
    except Exception as error:
        raise Misuse(
            f"{kind} cannot be copied ({type(error).__name__}: {error}), and the module itself must not be "
            "harmed; check a function that makes it: gradtest.autodiff(lambda x: Net()(x), 'torch')"
        ) from error


def _with_keywords(signature: inspect.Signature) -> inspect.Signature:
    """Return a signature that takes parameters of any name by keyword, too."""
    own = list(signature.parameters.values())
    if any(p.kind is p.VAR_KEYWORD for p in own):
        return signature
    return signature.replace(parameters=[*own, inspect.Parameter("_state", inspect.Parameter.VAR_KEYWORD)])
