"""Functions on PyTorch's tensors, and the gradients that its autograd claims for them."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from gradtest.signatures import ANYTHING, bind, of_method, of_wrt, standing_for
from gradtest.spaces.containers import Tree, flatten
from gradtest.targets import Target

__all__ = ["Constant", "Differentiated", "from_tensor", "gradients_asked", "to_tensor"]

#: Whatever a function draws (dropout), it draws from this seed in every call.
SEED = 0

#: What NumPy calls them: only tensors of these are handed over to it.
_OF_NUMPY = {
    *(torch.float16, torch.float32, torch.float64, torch.complex64, torch.complex128),
    *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
}


_IN_PLACE = "leaf Variable that requires grad"


class Constant:
    """An output that the function declares to be no function of its inputs: it is detached."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Constant({self.value!r})"


# -- arrays and tensors ---------------------------------------------------------------------------


def to_tensor(leaf: Any, device: torch.device | None = None) -> Any:
    """Return a tensor without history; for what is no array, the thing itself.

    An array of NumPy shares its memory where that can be; Python's numbers stay as they are.
    """
    if isinstance(leaf, torch.Tensor):
        return leaf.detach()
    if isinstance(leaf, np.generic):
        leaf = np.asarray(leaf)
    if not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "fciubV":
        return leaf
    if not leaf.flags.writeable or any(step < 0 for step in leaf.strides):
        leaf = leaf.copy()  # torch has no such arrays
    if leaf.dtype.name == "bfloat16":
        tensor = torch.from_numpy(leaf.view(np.int16)).view(torch.bfloat16)
    else:
        tensor = torch.from_numpy(leaf)
    return tensor if device is None else tensor.to(device)


def from_tensor(value: Any) -> Any:
    """Return a tensor that lies in this machine's memory as an array; else without its history."""
    if not isinstance(value, torch.Tensor):
        return dict(value) if isinstance(value, Mapping) else value
    value = _plain(value)
    if value.device.type != "cpu" or value.dtype not in _OF_NUMPY:
        return value
    return value.numpy()


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """Return a dense tensor without history that holds its own values: not sparse, lazily conjugated, ..."""
    tensor = tensor.detach()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor._is_zerotensor():
        tensor = torch.zeros(tensor.shape, dtype=tensor.dtype, device=tensor.device)
    if tensor.dtype is torch.complex32:
        tensor = tensor.to(torch.complex64)  # NumPy has no half as coarse
    return tensor.resolve_conj().resolve_neg()


def _floating(leaf: Any) -> bool:
    return isinstance(leaf, torch.Tensor) and (leaf.is_floating_point() or leaf.is_complex())


@contextlib.contextmanager
def _same_draws(devices: Sequence[torch.device]) -> Iterator[None]:
    """Let the generators of the CPU and of `devices` start from `SEED`, and put them back."""
    cards = [torch.get_device_module(device) for device in devices]
    before = torch.get_rng_state(), [card.get_rng_state(d) for card, d in zip(cards, devices, strict=True)]
    try:
        torch.default_generator.set_state(_seeded())
        for card in cards:
            card.manual_seed(SEED)
        yield
    finally:
        torch.set_rng_state(before[0])
        for card, device, state in zip(cards, devices, before[1], strict=True):
            card.set_rng_state(state, device)


@functools.cache
def _seeded() -> torch.Tensor:
    """Return the state of the CPU's generator after ``manual_seed(SEED)``."""
    return torch.Generator().manual_seed(SEED).get_state()


# -- functions ------------------------------------------------------------------------------------


class Differentiated:
    """A function on tensors and what autograd claims for it, for arrays and tensors alike.

    Parameters
    ----------
    function : callable
        Takes and returns tensors, and nested containers of them.
    missing_is_zero : bool
        Whether an input that autograd has no gradient for is claimed to have no effect (as
        optimisers take it), or nothing is claimed for it.
    wrt : sequence of str, optional
        The inputs that are to require a gradient; by default all of floating point.

    Notes
    -----
    Arrays of NumPy become tensors, of their dtype; tensors stay where they are.  Measuring takes
    place without recording.  Each call draws the same random numbers, and the global generators
    are as they were after it.  What lies in this machine's memory comes back as arrays.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        missing_is_zero: bool,
        wrt: Sequence[str] | None = None,
    ) -> None:
        self.function = function
        self.missing_is_zero = missing_is_zero
        self.wrt = None if wrt is None else tuple(wrt)
        self._constant: list[bool] | None = None  # which outputs have no history; known after one call

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the function returns, as arrays."""
        tree = flatten((args, kwargs))
        leaves = [to_tensor(leaf) for leaf in tree.leaves]
        if self._constant is None:
            out, _ = self._recorded(tree, leaves)
        else:
            with torch.no_grad():
                out = self._call(tree, leaves)
        return _lowered(out, self._constant)

    def vjp(self, cotangent: Any, /, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Return the gradients that autograd claims, one for each input."""
        tree = flatten((args, kwargs))
        leaves = [to_tensor(leaf) for leaf in tree.leaves]
        out, inputs = self._recorded(tree, leaves)
        grads = iter(self._pulled(out, flatten(cotangent).leaves, [x for x in inputs if x is not None]))
        return self._as_given(tree, [None if x is None else next(grads) for x in inputs])

    def double_backward(
        self, seconds: Sequence[Any], cotangent: Any, /, *args: Any, **kwargs: Any
    ) -> tuple[Any, ...]:
        """Return what autograd makes of the backward pass for a cotangent: its pullback at `seconds`.

        Raises
        ------
        NotImplementedError
            If the backward pass cannot be differentiated: it says so (``once_differentiable``), it
            computes outside of autograd, or its gradients do not depend on the inputs.
        """
        tree = flatten((args, kwargs))
        out, found = self._recorded(tree, [to_tensor(leaf) for leaf in tree.leaves])
        inputs = [x for x in found if x is not None]
        asked = zip(self._as_leaves(seconds, args, kwargs), found, strict=True)
        wanted = [w for w, x in asked if x is not None]
        try:
            first = self._pulled(out, flatten(cotangent).leaves, inputs, again=True)
            grads = iter(_pulled_again(first, wanted, inputs))
        except RuntimeError as error:
            said = str(error).splitlines()[0]
            raise NotImplementedError(f"its backward pass cannot be differentiated: {said}") from None
        return self._as_given(tree, [None if x is None else next(grads) for x in found])

    def _as_leaves(
        self, returned: Sequence[Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> list[Any]:
        """Return what belongs to the inputs of `wrt`, leaf by leaf of ``(args, kwargs)``."""
        names = bind(self.function, args, kwargs).names
        known = dict(zip([n for n in self.wrt or names if n in names], returned, strict=True))
        parts = []
        for name, value in zip(names, (*args, *kwargs.values()), strict=True):
            leaves = flatten(value).leaves
            parts.append(flatten(known[name]).leaves if name in known else [None] * len(leaves))
        (placed, named) = parts[: len(args)], dict(zip(kwargs, parts[len(args) :], strict=True))
        return [leaf for part in (*placed, *(named[key] for key in sorted(named))) for leaf in part]

    def _call(self, tree: Tree, leaves: Sequence[Any]) -> Any:
        args, kwargs = tree.build(leaves)
        devices = {leaf.device for leaf in leaves if isinstance(leaf, torch.Tensor)}
        with _same_draws([device for device in devices if device.type != "cpu"]):
            return self.function(*args, **kwargs)

    def _recorded(self, tree: Tree, leaves: Sequence[Any]) -> tuple[Any, list[Any]]:
        """Return the output with its history, and the tensors it is a function of (None between them)."""
        asked = self._asked(tree)
        inputs = [
            leaf.requires_grad_() if _floating(leaf) and a else None
            for leaf, a in zip(leaves, asked, strict=True)
        ]
        given = [leaf if x is None else x for leaf, x in zip(leaves, inputs, strict=True)]
        with torch.enable_grad():
            try:
                out = self._call(tree, given)
            except RuntimeError as error:
                if _IN_PLACE not in str(error):
                    raise
                # It writes into its inputs, which only a tensor with a history allows.
                out = self._call(
                    tree, [g if x is None else x.clone() for g, x in zip(given, inputs, strict=True)]
                )
        if self._constant is None:
            outputs = _outputs(out)
            constant = [_floating(leaf) and not leaf.requires_grad for leaf in outputs]
            whole = all(c for c, leaf in zip(constant, outputs, strict=True) if _floating(leaf))
            self._constant = [c and not whole for c in constant]
        return out, inputs

    def _asked(self, tree: Tree) -> list[bool]:
        """Return for each leaf of ``(args, kwargs)`` whether it belongs to an input of `wrt`."""
        if self.wrt is None:
            return [True] * len(tree.leaves)
        args, kwargs = tree.build(tree.leaves)
        names = bind(self.function, args, kwargs).names
        values = zip(names, (*args, *kwargs.values()), strict=True)
        return [name in self.wrt for name, value in values for _ in flatten(value).leaves]

    def _pulled(
        self, out: Any, cotangents: Sequence[Any], inputs: Sequence[Any], again: bool = False
    ) -> Sequence[Any]:
        pairs = [
            (leaf, to_tensor(w, leaf.device))
            for leaf, w in zip(_outputs(out), cotangents, strict=True)
            if _floating(leaf) and leaf.requires_grad and w is not None
        ]
        if not pairs or not inputs:
            return [torch.zeros_like(x) if self.missing_is_zero else None for x in inputs]
        grads: Sequence[Any] = torch.autograd.grad(
            [leaf for leaf, _ in pairs],
            inputs,
            [w.to(leaf.dtype) for leaf, w in pairs],
            allow_unused=True,
            materialize_grads=self.missing_is_zero,
            create_graph=again,
        )
        return grads

    def _as_given(self, tree: Tree, grads: Sequence[Any]) -> tuple[Any, ...]:
        """Return gradients one for each input (of `wrt`), tensors where tensors were given."""
        kept = [
            _plain(g) if isinstance(leaf, torch.Tensor) and g is not None else from_tensor(g)
            for leaf, g in zip(tree.leaves, grads, strict=True)
        ]
        args, kwargs = tree.build(kept)
        return of_wrt(self.wrt, self.function, args, kwargs, (*args, *kwargs.values()))

    def target(
        self,
        name: str,
        signature: inspect.Signature | None,
        *,
        source: Callable[..., Any],
        claimant: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> Target:
        """Return the target: `source` is the code to look at, `claimant` who made a wrong claim."""
        forward = of_method(self.forward, name, signature or ANYTHING)
        claim = standing_for(of_method(self.vjp), source, claimant)
        further = {"double_backward": self.double_backward}
        return Target(name, forward, claim, "vjp", self.wrt, dict(parameters or {}), further)


def _pulled_again(first: Sequence[Any], seconds: Sequence[Any], inputs: Sequence[Any]) -> Sequence[Any]:
    """Return the pullback of gradients that were recorded; RuntimeError if none was."""
    pairs = [(g, w) for g, w in zip(first, seconds, strict=True) if g is not None and w is not None]
    recorded = [(g, to_tensor(w, g.device).to(g.dtype)) for g, w in pairs if g.requires_grad]
    if not recorded:
        raise RuntimeError("it is not recorded, or the same everywhere")
    grads: Sequence[Any] = torch.autograd.grad(
        [g for g, _ in recorded],
        inputs,
        [w for _, w in recorded],
        allow_unused=True,
        materialize_grads=True,
    )
    return grads


def _outputs(out: Any) -> list[Any]:
    """Return the leaves of an output, mappings that are not dicts opened."""
    return flatten(_opened(out)).leaves


def _opened(out: Any) -> Any:
    tree = flatten(out)
    if not any(isinstance(leaf, Mapping) for leaf in tree.leaves):
        return out
    return tree.build([_opened(dict(leaf)) if isinstance(leaf, Mapping) else leaf for leaf in tree.leaves])


def _lowered(out: Any, constant: Sequence[bool] | None) -> Any:
    tree = flatten(_opened(out))
    leaves = [from_tensor(leaf) for leaf in tree.leaves]
    if constant is not None and len(constant) == len(leaves):
        leaves = [Constant(leaf) if c else leaf for leaf, c in zip(leaves, constant, strict=True)]
    return tree.build(leaves)


# -- what is asked --------------------------------------------------------------------------------


def gradients_asked(
    forward: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[str, ...] | None:
    """Return the inputs given as tensors that require a gradient, by name; None where no tensor does."""
    values = [*args, *kwargs.values()]
    if not any(_requires_grad(value) for value in values):
        return None
    inputs = bind(forward, args, kwargs)
    return tuple(
        name for name, value in zip(inputs.names, inputs.values, strict=True) if _requires_grad(value)
    )


def _requires_grad(value: Any) -> bool:
    return any(isinstance(leaf, torch.Tensor) and leaf.requires_grad for leaf in flatten(value).leaves)
