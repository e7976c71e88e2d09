"""The two methods of a layer: what they are called, and how backward is called after forward."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter
from typing import Any

from gradtest.errors import MisusedType
from gradtest.signatures import Plan, backward_plan, gradient_plan, is_cotangent, meant, standing_for
from gradtest.spaces import arrays
from gradtest.spaces.objects import attributes

from .numpy_outputs import paired_by_name, returned_names

__all__ = ["RATE_GIVEN", "Backward", "Methods", "methods_of"]

_FORWARD = (
    "forward",
    "fprop",
    "forward_pass",
    "forward_prop",
    "forward_propagation",
    "feedforward",
    "feed_forward",
    "propagate",
    "fwd",
    "call",
    "__call__",
)
_BACKWARD = (
    "backward",
    "bprop",
    "backward_pass",
    "backward_prop",
    "backward_propagation",
    "backprop",
    "backpropagate",
    "back_propagation",
    "bwd",
    "backwards",
)
_VALUE = (
    "fn",
    "fun",
    "func",
    "f",
    "value",
    "loss",
    "objective",
    "evaluate",
    "activate",
    "forward",
    "function",
    "cost",
    "__call__",
)
_GRADIENT = ("grad", "gradient", "jac", "jacobian", "derivative", "deriv", "prime", "df", "grad_fn")
_BOTH = ("loss", "loss_and_grad", "loss_and_grads", "value_and_grad", "cost_and_grad")

#: Where backward updates the parameters itself, by this much of the gradient.
_RATE = ("learning_rate", "lr", "eta", "learningrate", "l_rate", "learn_rate", "step_size")
RATE_GIVEN = 2.0**40  # so much that nothing of the gradient is lost beside the parameter; an exact power
#: Where forward leaves its output, if it returns nothing.
_OUTPUT = ("output", "outputs", "out", "y", "A", "a", "Y", "Z", "z", "loss", "value")


@dataclass(frozen=True, slots=True)
class Methods:
    """The two methods of a class, by name, and of what form the second is."""

    owner: type
    forward: str
    backward: str
    form: str  # "pullback", "gradient" of the inputs, or "both": value and gradients of the parameters

    def signature(self, name: str) -> inspect.Signature:
        """Return the signature of one of them, without self."""
        found = inspect.signature(getattr(self.owner, name))
        if isinstance(inspect.getattr_static(self.owner, name), (staticmethod, classmethod)):
            return found
        return found.replace(parameters=list(found.parameters.values())[1:])

    def unbound(self, name: str) -> Callable[..., Any]:
        """Return one of them as a function of its inputs alone, to be read and not to be called."""
        called = f"{self.owner.__name__}.{name}"

        def of_no_object(*args: Any, **kwargs: Any) -> Any:
            raise MisusedType(f"{called} is called on an object that is made for the inputs")

        return standing_for(of_no_object, getattr(self.owner, name), called, self.signature(name))

    def run(self, layer: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call forward, and return what it returns, or else the output that it leaves on the object."""
        returned = getattr(layer, self.forward)(*args, **kwargs)
        if returned is not None:
            return returned
        kept = attributes(layer)
        return next(
            (kept[name][1] for name in _OUTPUT if name in kept and arrays.is_array(kept[name][1])), None
        )


def methods_of(kind: type) -> Methods | None:
    """Return the two methods of a class, if it has such."""
    own = {name for base in kind.__mro__ if base is not object for name in vars(base)}
    for forward, backward in itertools.product(_FORWARD, _BACKWARD):
        if forward in own and backward in own:
            return Methods(kind, forward, backward, "pullback")
    for value, gradient in itertools.product(_VALUE, _GRADIENT):
        if value in own and gradient in own and all(callable(getattr(kind, n)) for n in (value, gradient)):
            return Methods(kind, value, gradient, "gradient")
    both = [name for name in _BOTH if name in own]
    return Methods(kind, both[0], both[0], "both") if both else None


@dataclass(frozen=True)
class Backward:
    """How backward is called, beside a forward with inputs of these names."""

    methods: Methods
    names: tuple[str, ...]

    @functools.cached_property
    def rate(self) -> str:
        """The name of the learning rate that it takes, empty if it takes none."""
        return next((name for name in _RATE if name in self._taken and name not in self.names), "")

    @functools.cached_property
    def nothing_upstream(self) -> bool:
        """Whether no upstream gradient is taken: the derivative is that of a number, or elementwise."""
        if self.methods.form != "pullback":
            return True
        own = [p for p in self._taken.values() if p.name != self.rate]
        needed = [p.name for p in own if p.default is p.empty and p.kind is not Parameter.VAR_KEYWORD]
        if needed:
            return len(needed) > 1 and set(needed) <= set(self.names)
        return not (own and is_cotangent(own[0].name))

    def of(self, layer: Any) -> Callable[..., Any]:
        """Return the method of an object, with the learning rate given."""
        method: Callable[..., Any] = getattr(layer, self.methods.backward)
        return functools.partial(method, **{self.rate: RATE_GIVEN}) if self.rate else method

    def plan(self, layer: Any, returned: Any) -> Plan:
        """Return how to call it, given what forward returned."""
        own = self._taken
        named = [name for name in own if name != self.rate]
        if self.methods.form == "gradient" or (self.nothing_upstream and any(n in own for n in self.names)):
            return gradient_plan(self.of(layer), self.names)
        if self.nothing_upstream:
            return Plan(())
        if self.of_outputs is not None:
            return Plan(("cotangent",), spread=len(self.of_outputs) > 1)
        if len(named) == 1 and Parameter.VAR_POSITIONAL in {p.kind for p in own.values()}:
            return Plan(("cotangent",), spread=isinstance(returned, tuple))
        needed = [name for name in named if own[name].default is Parameter.empty]
        if len(needed) <= 1:
            self._one_for_each(returned)
            return Plan(("cotangent",))  # even if it is called as the input is
        return backward_plan(self.of(layer), self.names, returned)

    @functools.cached_property
    def of_outputs(self) -> tuple[int, ...] | None:
        """The outputs of which it takes the upstream gradients; None if names do not tell."""
        return paired_by_name(self._upstream, self._outputs)

    @functools.cached_property
    def _outputs(self) -> tuple[str, ...]:
        """What forward calls its outputs where it returns several, as far as that is seen."""
        return returned_names(getattr(self.methods.owner, self.methods.forward)) or ()

    @functools.cached_property
    def _upstream(self) -> tuple[str, ...]:
        """The upstream gradients that it takes by position, empty where it needs anything else."""
        own = [p for name, p in self._taken.items() if name != self.rate]
        outputs = list(filter(None, self._outputs))
        first = itertools.takewhile(
            lambda p: p.name not in self.names and bool(is_cotangent(p.name) or meant(p.name, outputs)), own
        )
        names = tuple(p.name for p in first if p.kind is Parameter.POSITIONAL_OR_KEYWORD)
        return names if all(p.default is not p.empty for p in own[len(names) :]) else ()

    def _one_for_each(self, returned: Any) -> None:
        """Raise where it may take several upstream gradients, and nothing tells which output each is of."""
        some = [name for name in self._upstream if self._taken[name].default in (Parameter.empty, None)]
        if isinstance(returned, tuple) and len(some) > 1:
            owner, forward, backward = (
                self.methods.owner.__name__,
                self.methods.forward,
                self.methods.backward,
            )
            raise MisusedType(
                f"{owner}.{backward} takes {', '.join(some)}, of which it needs {some[0]} alone, and "
                f"{owner}.{forward} returns {len(returned)} outputs: which is each of? Let {forward} return "
                "them by the same names (dh is the gradient of h), or wrap both for gradtest.target"
            )

    @functools.cached_property
    def _taken(self) -> Mapping[str, Parameter]:
        return self.methods.signature(self.methods.backward).parameters
