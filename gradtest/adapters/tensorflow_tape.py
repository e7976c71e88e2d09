"""Functions of TensorFlow's tensors, and the gradients that its tape claims for them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from gradtest.errors import MisusedType
from gradtest.signatures import ANYTHING, of_method, of_wrt, standing_for
from gradtest.spaces.containers import Tree, flatten
from gradtest.targets import Target

__all__ = ["Differentiated", "refuse_tensors"]


def refuse_tensors(args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Refuse inputs that cannot be moved along a line: TensorFlow's tensors follow no array standard."""
    tree = flatten((tuple(args), dict(kwargs)))
    for path, leaf in zip(tree.paths, tree.leaves, strict=True):
        if tf.is_tensor(leaf):
            raise MisusedType(f"args{path} is a tensor of TensorFlow; give it as an array: .numpy()")


class Differentiated:
    """A function on TensorFlow's tensors and what ``tf.GradientTape`` claims for it.

    Parameters
    ----------
    function : callable
        Takes and returns tensors, and nested containers of them.
    wrt : sequence of str, optional
        The inputs to differentiate by; by default all of floating point.

    Notes
    -----
    Arrays of NumPy become tensors of their dtype, and tensors that come back become arrays.  An
    input that the tape has no gradient for is claimed to have no effect.
    """

    def __init__(self, function: Callable[..., Any], wrt: Sequence[str] | None = None) -> None:
        self.function = function
        self.wrt = None if wrt is None else tuple(wrt)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the function returns, as arrays."""
        args, kwargs = _built(flatten((args, kwargs)), _to_tensor)
        return _built(flatten(self.function(*args, **kwargs)), _from_tensor)

    def vjp(self, cotangent: Any, /, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Return the gradients that the tape claims, one for each input (of `wrt`)."""
        tree = flatten((args, kwargs))
        leaves = list(map(_to_tensor, tree.leaves))
        real = [i for i, leaf in enumerate(leaves) if _is_real(leaf)]
        with tf.GradientTape() as tape:
            tape.watch([leaves[i] for i in real])
            placed, named = tree.build(leaves)
            out = [leaf for leaf in flatten(self.function(*placed, **named)).leaves if _is_real(leaf)]
        upstream = [tf.convert_to_tensor(w) for w in flatten(cotangent).leaves if w is not None]
        grads = tape.gradient(
            out,
            [leaves[i] for i in real],
            output_gradients=upstream,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        found = dict(zip(real, map(_from_tensor, grads), strict=True))
        placed, named = tree.build([found.get(i) for i in range(len(tree.leaves))])
        return of_wrt(self.wrt, self.function, args, kwargs, (*placed, *named.values()))

    def target(
        self,
        name: str,
        signature: inspect.Signature | None,
        *,
        source: Callable[..., Any],
        parameters: Mapping[str, Any] | None = None,
    ) -> Target:
        """Return the target; `source` is the code to look at."""
        forward = of_method(self.forward, name, signature or ANYTHING)
        claim = standing_for(of_method(self.vjp), source, f"the gradient of {name}")
        return Target(name, forward, claim, "vjp", self.wrt, dict(parameters or {}))


def _to_tensor(leaf: Any) -> Any:
    return tf.convert_to_tensor(leaf) if isinstance(leaf, (np.ndarray, np.generic)) else leaf


def _from_tensor(leaf: Any) -> Any:
    if isinstance(leaf, tf.IndexedSlices):
        leaf = tf.convert_to_tensor(leaf)  # the gradient of a lookup
    return leaf.numpy() if tf.is_tensor(leaf) else leaf


def _is_real(leaf: Any) -> bool:
    return bool(tf.is_tensor(leaf) and (leaf.dtype.is_floating or leaf.dtype.is_complex))


def _built(tree: Tree, change: Callable[[Any], Any]) -> Any:
    return tree.build(list(map(change, tree.leaves)))
