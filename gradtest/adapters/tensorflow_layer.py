"""Layers and models of Keras, where TensorFlow computes them: inputs and trainable variables."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from gradtest.errors import Misuse
from gradtest.targets import Target

from .tensorflow_tape import Differentiated, refuse_tensors

__all__ = ["LOOKED_FOR", "recognise"]

LOOKED_FOR = "a Keras layer or model"


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of a layer of Keras, its trainable variables as further inputs; else None.

    The layer is called without its state: its variables stay as they are.  It computes in its own
    precision; made with ``dtype="float64"`` it is seen sharply, in float32 errors below some 1e-3
    hardly are.
    """
    keras = sys.modules.get("keras")
    if keras is None or not isinstance(subject, keras.layers.Layer):
        return None
    if keras.backend.backend() != "tensorflow":
        raise Misuse(f"Keras computes with {keras.backend.backend()} here; only tensorflow is supported")
    if not subject.built:
        raise Misuse(f"{subject.name} has no weights yet; call it once with an input, or build it")
    refuse_tensors(args, kwargs)
    functional = _Functional(subject)
    return Differentiated(functional).target(
        type(subject).__name__,
        functional.__signature__,
        source=type(subject).call,
        parameters=functional.parameters(),
    )


class _Functional:
    """A layer as a function of its inputs and, by name, its trainable variables."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self._names = [v.path.removeprefix(f"{layer.name}/") for v in layer.trainable_variables]
        own = [p for p in inspect.signature(layer.call).parameters.values() if p.kind is not p.VAR_KEYWORD]
        state = inspect.Parameter("_state", inspect.Parameter.VAR_KEYWORD)
        self.__signature__ = inspect.Signature([*own, state])

    def parameters(self) -> dict[str, Any]:
        """Return the values of the trainable variables, by their places in the layer."""
        values = (v.numpy() for v in self.layer.trainable_variables)
        return dict(zip(self._names, values, strict=True))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the layer with the variables among `kwargs`."""
        variables = self.layer.trainable_variables
        held = [
            kwargs.pop(name) if name in kwargs else v for name, v in zip(self._names, variables, strict=True)
        ]
        out, _ = self.layer.stateless_call(held, self.layer.non_trainable_variables, *args, **kwargs)
        return out
