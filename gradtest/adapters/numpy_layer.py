"""NumPy layers, losses and nets: objects with forward and backward, their parameters found by trying.

Every evaluation, forward or backward, runs on a fresh deep copy of the object with the parameters
in place: what a layer caches, accumulates or counts never reaches the next evaluation, and the
object itself is left as it was.  Random numbers (dropout) are the same in all of them.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
from collections.abc import Iterator, Mapping, Sequence
from inspect import Parameter
from typing import Any

import numpy as np

from gradtest.errors import Misuse, MisusedType
from gradtest.parameters import (
    Pair,
    differs,
    full_name,
    held_objects,
    is_live,
    numbers,
    paired,
    seen,
    short_name,
    without_doubles,
)
from gradtest.signatures import Arguments, Plan, bind, meant, standing_for
from gradtest.spaces import arrays
from gradtest.spaces.containers import flatten
from gradtest.spaces.objects import (
    Path,
    Randomness,
    at,
    attributes,
    copied,
    is_plain_object,
    put,
    written,
)
from gradtest.targets import Target

from .numpy_methods import RATE_GIVEN, Backward, Methods, methods_of

__all__ = ["LOOKED_FOR", "recognise"]

LOOKED_FOR = "an object or a class with forward and backward, or with a value and its gradient"

#: What forgets the gradients and caches of earlier calls, where a class offers it.
_FORGET = ("flush_gradients", "zero_grad", "zero_grads", "zero_gradients", "clear_grads", "reset_gradients")
_OF_INPUT = ("dinputs", "dinput", "dx", "dX", "grad_input", "input_grad", "input_gradient", "grad")
_LABELS = ("y_true", "target", "targets", "label", "labels", "y", "Y", "t", "T", "truth", "ytrue", "actual")

MOST_TRIES = 200  # constructor arguments


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of an object with forward and backward, or of a class of such; else None.

    Parameters
    ----------
    subject : object or class
        Understood are ``forward`` / ``backward`` and their usual other names, ``fn`` / ``grad``
        (derivatives of the inputs alone, no upstream gradient), and ``loss(X, y) -> loss, grads``
        beside a dict of parameters.  ``backward`` may take the upstream gradient, nothing (of a
        scalar), or further inputs or a cache, as in `gradtest.target`; may return the gradient of
        the inputs, of inputs and parameters, or leave them on the object.  Of a class an object
        is made for every case, with the sizes of the inputs, and of others, as arguments.
    args, kwargs
        Not needed.

    Notes
    -----
    Parameters are what forward leaves alone and backward has a gradient for: ``params`` /
    ``grads`` (dicts or lists), ``W`` / ``dW``, ``weight`` / ``grad_weight``, ``data`` / ``grad``,
    lists of either, in the object or in those that it holds; or what a ``backward(dout,
    learning_rate)`` changes.  An array that is held twice is one parameter, and its gradients
    are added.  Gradients left from earlier calls are set to zero first.

    Where forward returns several outputs by name, ``return main, skip``, ``backward(dskip, dmain)``
    is given the gradients of those that it names; else in the order of the outputs.
    """
    kind = subject if isinstance(subject, type) else type(subject)
    if not isinstance(subject, type) and not is_plain_object(subject):
        return None
    methods = methods_of(kind)
    if methods is None:
        return None
    made_for = functools.partial(_target, subject, methods)
    forward, backward = (methods.unbound(name) for name in (methods.forward, methods.backward))
    return Target(kind.__name__, forward, backward, "vjp", made_for=made_for)


# -- an object of a class -------------------------------------------------------------------------


def _target(subject: Any, methods: Methods, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target:
    """Return the target of a layer, or of one that is made, beside the inputs that it is to have."""
    if not isinstance(subject, type):
        return _Layer(subject, methods, args, kwargs).target()
    reason = ""
    for given in _arguments(subject, args):
        layer = None
        with Randomness().seeded():
            try:
                layer = subject(*given)
                made = _Layer(layer, methods, args, kwargs)
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"
                continue
        if not made.failed:
            return made.target()
        reason = made.failed
    raise MisusedType(
        f"no arguments were found with which {subject.__name__}{inspect.signature(subject)} takes these "
        f"inputs ({reason}); give an object, {subject.__name__}(...), instead of the class"
    )


def _arguments(kind: type, args: Sequence[Any]) -> Iterator[tuple[int, ...]]:
    """Yield what a constructor may be given: sizes of the inputs, the last axis first, then others."""
    needed = [
        p
        for p in inspect.signature(kind).parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    sizes = [n for value in args for n in reversed(arrays.shape(value))] if needed else []
    other = 2 + sum(sizes) % 3  # square and oblong ones both occur
    choices = list(dict.fromkeys([*sizes[:4], other, 3, 2, 1]))
    after = list(
        dict.fromkeys([other, *choices])
    )  # the first is mostly that of the input, the second is free
    tuples = itertools.product(*(choices if i == 0 else after for i in range(len(needed))))
    return itertools.islice(tuples, MOST_TRIES)


# -- an object beside its inputs ------------------------------------------------------------------


class _Layer:
    """A layer, the inputs it is to have, and its parameters, found by calling copies of it once or twice.

    Attributes
    ----------
    failed : str
        Why it could not be called; then nothing is known of its parameters.
    """

    def __init__(self, layer: Any, methods: Methods, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self._methods = methods
        both = [getattr(methods.owner, name) for name in (methods.forward, methods.backward)]
        self._randomness = Randomness([inspect.unwrap(method) for method in both])
        own = methods.signature(methods.forward).parameters
        kwargs = {name: value for name, value in kwargs.items() if name in own}  # the rest is the layer's
        self._inputs = bind(getattr(layer, methods.forward), args, kwargs)
        self._backward = Backward(methods, self._inputs.names)
        self._given = (tuple(args), kwargs)
        self._real = _differentiated(self._inputs)
        self._parameters: dict[str, list[Pair]] = {}
        self._returned: list[Any] | None = None  # the order in which backward returns gradients
        self._plan: Plan | None = None
        self.failed = ""
        # What a layer does to forget may leave it in a state in which it cannot be called; and of
        # several outputs (a hidden and an inner state) backward may take the gradient of the first.
        for self._first_only, self._reset in itertools.product((False, True), (_forgotten, _as_it_is)):
            self._base = self._reset(copied(layer))
            try:
                with np.errstate(all="ignore"):
                    self._learn()
            except Misuse:
                raise
            except Exception as error:  # seen again, and reported, when the case is examined
                self._plan = None
                self.failed = self.failed or f"{type(error).__name__}: {error}"
                self._parameters = {}
            else:
                self.failed = ""
                break

    def target(self) -> Target:
        """Return the target: inputs as they are, parameters by name."""
        methods, name = self._methods, self._methods.owner.__name__
        own = methods.signature(methods.forward)
        inputs = [p for p in own.parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
        held = Parameter("parameters", Parameter.VAR_KEYWORD)
        cotangent = Parameter("cotangent", Parameter.POSITIONAL_ONLY)
        starred = Parameter("inputs", Parameter.VAR_POSITIONAL)
        nothing_upstream = self._backward.nothing_upstream
        takes = inputs if nothing_upstream else [cotangent, starred]

        def forward(*args: Any, **given: Any) -> Any:
            return self._value(args, given)

        def backward(cotangent: Any, *args: Any, **given: Any) -> Any:
            return self._gradients(cotangent, args, given)

        def gradient(*args: Any, **given: Any) -> Any:
            return self._gradients(None, args, given)

        forms = [
            standing_for(
                run, getattr(methods.owner, method), f"{name}.{method}", own.replace(parameters=parameters)
            )
            for run, method, parameters in (
                (forward, methods.forward, [*inputs, held]),
                (gradient if nothing_upstream else backward, methods.backward, [*takes, held]),
            )
        ]
        values = {name: at(self._base, pairs[0].path) for name, pairs in self._parameters.items()}
        form = "grad" if nothing_upstream else "vjp"
        return Target(name, forms[0], forms[1], form, parameters=values)

    # -- one evaluation -----------------------------------------------------------------------

    def _value(self, args: Sequence[Any], given: Mapping[str, Any]) -> Any:
        """Call forward of a fresh copy, and return its output."""
        layer, kwargs = self._fresh(given)
        with self._randomness.frozen():
            return self._output(layer, self._methods.run(layer, args, kwargs))[0]

    def _gradients(self, cotangent: Any, args: Sequence[Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Call forward and backward of a fresh copy, and return the gradients by name."""
        # Where backward changes the parameters themselves, what they were is needed afterwards.
        own = {n: np.array(v) if isinstance(v, np.ndarray) else v for n, v in given.items()}
        layer, kwargs = self._fresh(own if self._backward.rate else given)
        with self._randomness.frozen():
            returned = self._methods.run(layer, args, kwargs)
            inputs = bind(getattr(layer, self._methods.forward), args, kwargs)
            result = self._pulled(layer, returned, cotangent, inputs)
        return self._by_name(layer, result, given)

    def _fresh(self, given: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return a copy with parameters in place, and the inputs among what was given by name."""
        places = [(at(self._base, self._parameters[n][0].path), n) for n in given if n in self._parameters]
        held = [(old, given[n]) for old, n in places if isinstance(old, np.ndarray)]
        layer = copied(self._base, held)
        for old, name in places:
            if not isinstance(old, np.ndarray):  # a number, which is known by its place only
                put(layer, self._parameters[name][0].path, given[name])
        return layer, {name: value for name, value in given.items() if name not in self._parameters}

    def _output(self, layer: Any, returned: Any) -> tuple[Any, Any]:
        """Return output and cache of what forward returned."""
        if self._methods.form == "both":
            return returned[0], returned[1]
        if self._plan is None:
            self._plan = self._backward.plan(layer, returned)
        cache = None
        if "cache" in self._plan.order:
            *out, cache = returned
            returned = out[0] if len(out) == 1 else tuple(out)
        chosen = (0,) if self._first_only else self._backward.of_outputs
        if isinstance(returned, tuple) and chosen is not None:
            returned = tuple(returned[i] for i in chosen)
            returned = returned[0] if len(returned) == 1 else returned
        return returned, cache

    def _pulled(self, layer: Any, returned: Any, cotangent: Any, inputs: Arguments) -> Any:
        """Return what backward returns."""
        _, cache = self._output(layer, returned)
        if self._methods.form == "both":
            return cache
        assert self._plan is not None
        args, kwargs = self._plan.arguments(inputs, {"cotangent": cotangent, "cache": cache})
        return self._backward.of(layer)(*args, **kwargs)

    # -- whose gradients ----------------------------------------------------------------------

    def _by_name(self, layer: Any, result: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what backward returned, and what it left on the object, by name."""
        held: dict[str, Any] = {}
        for name, pairs in self._parameters.items():
            if pairs[0].gradient is None:
                if self._backward.rate and not self._returned:
                    held[name] = (given.get(name, 0.0) - at(layer, pairs[0].path)) / RATE_GIVEN
                continue
            found = [at(layer, pair.gradient) for pair in pairs if pair.gradient is not None]
            found = [gradient for gradient in found if gradient is not None]
            held[name] = sum(found[1:], found[0]) if found else None
        return {**self._matched(layer, result), **held}

    def _matched(self, layer: Any, result: Any) -> dict[str, Any]:
        """Return what backward returned by the names of inputs, or of inputs and parameters."""
        real, names = self._real, [*self._inputs.names, *self._parameters]
        if result is None:
            return self._left(layer)
        if isinstance(result, Mapping):
            whose = {key: meant(str(key), names) for key in result}
            if any(whose.values()):
                return {name: result[key] for key, name in whose.items() if name is not None}
        elif isinstance(result, (tuple, list)):
            values = dict(zip(self._inputs.names, self._inputs.values, strict=True))
            alone = len(real) == 1 and isinstance(values[real[0]], (tuple, list))
            for order in (self._returned, None if alone else real, None if alone else list(values)):
                if order is not None and len(order) == len(result):
                    return dict(zip(order, result, strict=True))
        return {real[0]: result} if real else {}

    def _left(self, layer: Any) -> dict[str, Any]:
        """Return the gradients of the inputs that backward left on the object."""
        values = dict(zip(self._inputs.names, self._inputs.values, strict=True))
        found: dict[str, Any] = {}
        kept = {name: value for name, (_, value) in attributes(layer).items() if arrays.is_array(value)}
        for key, value in kept.items():
            name = meant(key, self._real)
            if name is not None and name != key and arrays.shape(value) == arrays.shape(values[name]):
                found.setdefault(name, value)
        if not found and self._real:
            first = self._real[0]
            keys = [
                key for key in _OF_INPUT if key in kept and kept[key].shape == arrays.shape(values[first])
            ]
            found = {first: kept[keys[0]]} if keys else {}
        return found

    # -- the parameters -----------------------------------------------------------------------

    def _learn(self) -> None:
        """Find the parameters: what forward leaves alone, and backward has a gradient for."""
        pairs = self._tried()
        self._randomness.keep_used()
        if any(at(self._base, pair.path) is None for pair in pairs):
            self._base = self._called_once()
            pairs = self._tried()
        for pair in pairs:
            _set_to_zero(self._base, pair.gradient)
        self._parameters = self._named(self._steady(pairs))
        if self._returned is not None:
            paths = {pairs[0].path: name for name, pairs in self._parameters.items()}
            self._returned = [one if isinstance(one, str) else paths[one] for one in self._returned]

    def _called_once(self) -> Any:
        """Return a copy that has made its parameters, which some do in the first call of forward."""
        layer = copied(self._base)
        with self._randomness.frozen():
            self._methods.run(layer, *copied(self._given))
        return self._reset(layer)

    def _tried(self) -> list[Pair]:
        """Call forward and backward of a copy, and return the parameters that have gradients."""
        layer, (args, kwargs) = copied(self._base), copied(self._given)
        inputs = bind(getattr(layer, self._methods.forward), args, kwargs)
        with self._randomness.frozen():
            returned = self._methods.run(layer, args, kwargs)
            out = flatten(self._output(layer, returned)[0])
            before = {pair.gradient: seen(at(layer, pair.gradient or ())) for pair in paired(layer)}
            entering = {path: seen(value) for path, value in numbers(layer)}
            ones = [arrays.zeros(leaf) + 1 if arrays.is_differentiable(leaf) else None for leaf in out.leaves]
            result = self._pulled(layer, returned, out.build(ones), inputs)
            if len(out.leaves) > 1 and not self._fits(self._matched(layer, result)):
                raise TypeError("backward does not take the gradients of all outputs")
        live = [pair for pair in paired(layer) if pair.declared or is_live(layer, pair, before)]
        pairs = without_doubles(layer, live)
        if any(at(layer, pair.gradient or ()) is not None for pair in pairs):
            return pairs
        if self._backward.rate:
            return [Pair(path) for path, seen in entering.items() if differs(seen, at(layer, path))]
        return self._among(result, dict(numbers(self._base))) or pairs

    def _fits(self, gradients: Mapping[str, Any]) -> bool:
        """Whether the gradients of the inputs have their shapes."""
        values = dict(zip(self._inputs.names, self._inputs.values, strict=True))
        return all(
            arrays.shape(values[name]) == arrays.shape(gradient)
            for name, gradient in gradients.items()
            if name in self._real and arrays.is_array(values[name]) and gradient is not None
        )

    def _among(self, result: Any, held: Mapping[Path, Any]) -> list[Pair]:
        """Return the parameters whose gradients backward returned beside those of the inputs."""
        if isinstance(result, Mapping):
            short = {short_name(path): path for path in held}
            names = {
                meant(str(key), list(short)) for key in result if not meant(str(key), self._inputs.names)
            }
            return [Pair(short[name]) for name in names if name is not None]
        values = dict(zip(self._inputs.names, self._inputs.values, strict=True))
        if not isinstance(result, (tuple, list)) or isinstance(values[self._real[0]], (tuple, list)):
            return []
        inputs = [(name, values[name]) for name in self._real]
        for first, last in ((inputs, []), ([], inputs), ([], [])):
            order = _by_shape(result, first, last, list(held.items()))
            if order is not None and any(not isinstance(one, str) for one in order):
                self._returned = order
                return [Pair(one) for one in order if not isinstance(one, str)]
        return []

    def _steady(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Return the pairs whose parameter can be replaced in a copy, and is left alone by forward.

        What a layer keeps of its last input (``x`` beside ``dx``) is no parameter.
        """
        old = {pair.path: at(self._base, pair.path) for pair in pairs}
        shared = {id(v): np.array(v) for v in old.values() if isinstance(v, np.ndarray)}
        new = {path: shared[id(value)] for path, value in old.items() if id(value) in shared}
        layer, (args, kwargs) = copied(self._base, [(old[p], new[p]) for p in new]), copied(self._given)

        def holds(path: Path) -> bool:
            value = at(layer, path)
            return value is new[path] if path in new else value == old[path]

        there = {path for path in old if arrays.is_differentiable(old[path]) and holds(path)}
        with self._randomness.frozen():
            self._methods.run(layer, args, kwargs)
        there = {path for path in there if holds(path) and not differs((None, old[path]), at(layer, path))}
        return [pair for pair in pairs if pair.path in there]

    def _named(self, pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
        """Return the parameters by name; those that share an array are one."""
        shared: dict[int, list[Pair]] = {}
        for pair in pairs:
            shared.setdefault(id(at(self._base, pair.path)), []).append(pair)
        groups = list(shared.values())
        short = [short_name(group[0].path) for group in groups]
        taken = [*short, *self._inputs.names]
        full = [
            name if taken.count(name) == 1 else full_name(g[0].path)
            for name, g in zip(short, groups, strict=True)
        ]
        taken = [*full, *self._inputs.names]
        return {
            name if taken.count(name) == 1 else f"self.{written(group[0].path)}": group
            for name, group in zip(full, groups, strict=True)
        }


def _differentiated(inputs: Arguments) -> list[str]:
    """Return the inputs that a single gradient may be of: real ones, labels only for want of others."""
    real = [
        name
        for name, value in zip(inputs.names, inputs.values, strict=True)
        if any(map(arrays.is_differentiable, flatten(value).leaves))
    ]
    return [name for name in real if name not in _LABELS] or real


def _forgotten(layer: Any) -> Any:
    """Let a layer, and then the layers in it, forget earlier calls, if they have a method for that."""
    for part in [layer, *held_objects(layer)]:
        for name in _FORGET:
            with contextlib.suppress(Exception):  # it may want arguments, or have nothing to forget yet
                getattr(part, name)()
    return layer


def _as_it_is(layer: Any) -> Any:
    return layer


def _set_to_zero(layer: Any, path: Path | None) -> None:
    """Clear a gradient that may be left from earlier calls: backward may add to it."""
    gradient = at(layer, path) if path is not None else None
    if path is not None and gradient is not None:
        with contextlib.suppress(Exception):  # a property without a setter, an array that is read-only
            if isinstance(gradient, np.ndarray):
                gradient[...] = 0
            else:
                put(layer, path, type(gradient)(0))


def _by_shape(
    result: Sequence[Any], first: Sequence[Any], last: Sequence[Any], held: Sequence[tuple[Path, Any]]
) -> list[Any] | None:
    """Return whose gradients came back, by their shapes: inputs first or last, parameters in order."""
    middle = result[len(first) : len(result) - len(last)]
    if len(middle) + len(first) + len(last) != len(result):
        return None
    outer = [*zip(first, result[: len(first)], strict=True)]
    outer += zip(last, result[len(result) - len(last) :], strict=True)
    if any(arrays.shape(value) != arrays.shape(piece) for (_, value), piece in outer):
        return None
    left, order = list(held), list[Any]()
    for piece in middle:
        found = next((path for path, value in left if arrays.shape(value) == arrays.shape(piece)), None)
        if found is None:
            return None
        left = [(path, value) for path, value in left if path != found]
        order.append(found)
    return [*(name for name, _ in first), *order, *(name for name, _ in last)]
