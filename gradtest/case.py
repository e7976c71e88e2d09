"""A target at a point: the map as a function of leaves, and what is claimed there."""

from __future__ import annotations

import copy
import numbers
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradtest.errors import Misuse, MisusedType, nearest
from gradtest.spaces import arrays, inside
from gradtest.spaces.containers import Tree, flatten
from gradtest.spaces.domains import Domain

from .matching import Input, Matcher
from .signatures import (
    Arguments,
    Plan,
    backward_plan,
    bind,
    check_fit,
    forward_plan,
    gradient_plan,
    label,
)
from .targets import Target

__all__ = ["UPSTREAM", "Case", "Raised", "own"]

#: What `Case.spoiled` calls the cotangent.
UPSTREAM = "the upstream gradient"


class Raised(Exception):
    """The code under test raised; `role` says which part, and the cause is chained."""

    def __init__(self, role: str, error: BaseException) -> None:
        super().__init__(f"{role} raised {type(error).__name__}: {error}")
        self.role = role
        self.error = error


class _Calls:
    """How often the forward function was called; shared by a case and those made from it."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class Case:
    """A target at a point: leaves, names, and what is claimed there.

    The forward function and the derivative are given copies of the arrays at the point, so that
    neither can harm the other, or the measurement, by changing its inputs in place.

    Parameters
    ----------
    target : Target
    args, kwargs
        The inputs of its forward function; those that the target holds itself (its `parameters`)
        have their value there unless they are given.

    Attributes
    ----------
    target : Target
    inputs : tuple of Input
        By name, in the order of the signature.
    leaves : list
        The leaves of all inputs, one after the other: the point.
    names : tuple of str
        A readable name for every leaf, e.g. ``weights[0]``.
    domains : dict of int to Domain
        Of the leaves that have one, and not the whole space.
    real : tuple of int
        Which leaves can be differentiated by: real or complex numbers, not of a discrete domain.
    mutated : tuple of str
        Leaves that the forward function was seen to change in place.
    spoiled : tuple of str
        Leaves that the derivative was seen to change in place; `UPSTREAM` for its cotangent.

    Raises
    ------
    Misuse
        If the inputs do not fit the signature, are of no kind that can be checked, or if `wrt` of
        the target does not name any.
    """

    def __init__(self, target: Target, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> None:
        self.target = target = target.beside(args, kwargs)
        self._arguments = bind(target.forward, args, {**target.parameters, **(kwargs or {})})
        self._tree = flatten(list(self._arguments.values))
        # Copies, so that a report can be diagnosed after the caller's arrays have changed.
        self.leaves = list(map(own, self._tree.leaves))
        inputs = _inputs(self._arguments)
        self.names = tuple(one.name + path for one in inputs for path in one.paths)
        self.domains = _domains(target, inputs, self.names, self.leaves)
        still = frozenset(i for i, domain in self.domains.items() if not domain.differentiable)
        self.inputs = tuple(replace(one, still=still) for one in inputs)
        self.real = tuple(number for one in self.inputs for number in one.real)
        self.mutated: tuple[str, ...] = ()
        self.spoiled: tuple[str, ...] = ()
        self._calls = _Calls()
        self._plan: Plan | None = None
        self._fits = False  # whether the derivative can be called as planned
        _check_kinds(self)
        _check_wrt(self)
        jacobians = target.form in ("grad", "value_and_grad")
        self._matcher = Matcher(label(target.derivative), self.inputs, target.wrt, jacobians=jacobians)

    @property
    def evaluations(self) -> int:
        """Calls of the forward function so far, those at other points made from this one included."""
        return self._calls.count

    @property
    def fingerprints(self) -> tuple[int, ...]:
        """Numbers that depend on the point: what is random at it is derived from them."""
        return tuple(arrays.fingerprint(self.leaves[i]) for i in self.real)

    def at(self, leaves: Sequence[Any]) -> Case:
        """Return the case of the same target at other leaves."""
        other = copy.copy(self)
        other.leaves = list(leaves)
        return other

    def of(self, target: Target) -> Case:
        """Return the case of another target at the same inputs; both count their evaluations together."""
        names, placed = self._arguments.names, self._arguments.placed
        values = self._tree.build(self.leaves)
        other = Case(target, values[:placed], dict(zip(names[placed:], values[placed:], strict=True)))
        other._calls = self._calls
        return other

    def owner(self, leaf: int) -> str:
        """Return the name of the input that holds a leaf."""
        return next(one.name for one in reversed(self.inputs) if one.first <= leaf and one.leaves)

    def point(self) -> dict[str, Any]:
        """Return the inputs by name."""
        return dict(zip(self._arguments.names, self._tree.build(self.leaves), strict=True))

    # -- the map ------------------------------------------------------------------------------

    def call(self, leaves: Sequence[Any]) -> Any:
        """Call the forward function and return all that it returns."""
        self._calls.count += 1
        values = self._tree.build([own(leaf) for leaf in leaves] if self.mutated else leaves)
        placed = self._arguments.placed
        named = dict(zip(self._arguments.names[placed:], values[placed:], strict=True))
        return self.target.forward(*values[:placed], **named)

    def raw(self) -> Any:
        """Call the forward function at the point itself, on copies.

        Raises
        ------
        Raised
            If the function raises; so it is taken to, unasked, outside of a domain.
        """
        for i, domain in self.domains.items():
            if not inside.contains(domain, self.leaves[i]):
                raise Raised("forward", ValueError(f"{self.names[i]} is not in its domain {domain.name}"))
        given = list(map(own, self.leaves))
        try:
            returned = self.call(given)
        except Misuse:
            raise
        except Exception as error:
            raise Raised("forward", error) from error
        self.mutated = self._with_changed(self.mutated, given)
        return returned

    def _with_changed(self, names: tuple[str, ...], given: Sequence[Any]) -> tuple[str, ...]:
        """Return `names` with those of the leaves of which copies were `given` and came back changed."""
        changed = [n for n, a, b in zip(self.names, given, self.leaves, strict=True) if not _same(a, b)]
        return tuple(dict.fromkeys((*names, *changed))) if changed else names

    def primal(self, returned: Any) -> Any:
        """Return the output proper of what `forward` returned: without the cache, if it has one."""
        return self._split(returned)[0]

    def _split(self, returned: Any) -> tuple[Any, Any]:
        """Return output and cache (None where there is none)."""
        if "cache" not in self._planned(returned).order:
            return returned, None
        if not isinstance(returned, tuple) or len(returned) < 2:
            raise MisusedType(
                f"vjp={label(self.target.derivative)} takes a cache, but {self.target.name} returned "
                f"{type(returned).__name__}; let it return (out, cache)"
            )
        *out, cache = returned
        return (out[0] if len(out) == 1 else tuple(out)), cache

    def how_called(self, returned: Any) -> tuple[Arguments, Plan]:
        """Return the inputs as they are given, and how the derivative is called with them.

        `returned` is what `forward` returned at this point.
        """
        return self._arguments, self._planned(returned)

    def _planned(self, returned: Any) -> Plan:
        """Return how to call the derivative; what `forward` returned first tells."""
        if self._plan is None:
            derivative, names = self.target.derivative, self._arguments.names
            if self.target.form == "vjp":
                self._plan = backward_plan(derivative, names, returned)
            else:
                plan = forward_plan if self.target.form == "jvp" else gradient_plan
                self._plan = plan(derivative, names)
        return self._plan

    # -- the claim ----------------------------------------------------------------------------

    def pull_back(
        self, returned: Any, cotangent: Any, *, given: Sequence[Any] | None = None
    ) -> dict[int, Any]:
        """Return the claimed gradients: leaf number -> array of the shape of the leaf.

        `returned` is what `forward` returned at this point, `cotangent` has the structure of its
        output.  Leaves for which nothing is claimed (None, or left out) are absent.

        With `given`, the derivative gets these very leaves and this very cotangent, and what it
        returns is not copied: for questions about memory, layout and identity.

        Raises
        ------
        Raised
            If the derivative raises.
        BrokenContract
            If what it returns cannot be matched to the inputs.
        """
        out, pieces = self.primal(returned), self.pieces
        if self.target.form == "vjp":
            finished = self._finished if given is None else self._fitted
            answer = self.answer(returned, cotangent, given=given)
            return {i: self._conventional(finished(i, piece)) for i, piece in pieces(answer).items()}
        if not arrays.is_array(out):
            raise MisusedType(
                f"{self.target.name} returned {type(out).__name__}, and {self.target.form}= is for one "
                "number or one array; give its derivative as vjp="
            )
        contract = self._matcher.contracted
        pulled = {  # in memory of its own, since that was contracted
            i: self._fitted(i, contract(self.names[i], self.leaves[i], out, cotangent, piece))
            for i, piece in pieces(self.answer(returned, cotangent, given=given)).items()
        }
        if arrays.is_complex(out):
            return pulled  # dy/dx is what it is in every convention
        return {i: self._conventional(g) for i, g in pulled.items()}

    def answer(self, returned: Any, cotangent: Any, *, given: Sequence[Any] | None = None) -> Any:
        """Return what the derivative itself returns, as it is (arguments as for `pull_back`)."""
        plan = self._planned(returned)
        if self.target.form != "vjp":
            return self._ask(plan, {}, given)
        upstream = self._conventional(_copied(cotangent) if given is None else cotangent)
        answer = self._ask(plan, {"cotangent": upstream, "cache": self._split(returned)[1]}, given)
        if given is None and not _all_same(upstream, self._conventional(cotangent)):
            self.spoiled = tuple(dict.fromkeys((*self.spoiled, UPSTREAM)))
        return answer

    def pieces(self, answer: Any) -> dict[int, Any]:
        """Return what is in an answer for each leaf: gradients, or Jacobians.

        Raises
        ------
        BrokenContract
            If it cannot be matched to the inputs.
        """
        if self.target.form == "value_and_grad":
            answer = answer[1] if len(answer) == 2 else tuple(answer[1:])
        return self._matcher.match(answer)

    def _conventional(self, value: Any) -> Any:
        """Return a cotangent or gradient as the target has it, or ours of what it gave; see `target`."""
        if not self.target.conjugate:
            return value
        tree = flatten(value)
        return tree.build(list(map(arrays.conjugated, tree.leaves)))

    def otherwise(self) -> Case:
        """Return the same case, with the claim read by the other convention for complex numbers."""
        other = self.at(self.leaves)
        other.target = replace(self.target, conjugate=not self.target.conjugate)
        return other

    def _ask(self, plan: Plan, given: Mapping[str, Any], leaves: Sequence[Any] | None = None) -> Any:
        """Call the derivative, on copies (on `leaves` as they are, where they are given)."""
        mine = list(map(own, self.leaves)) if leaves is None else leaves
        values = tuple(self._tree.build(mine))
        args, kwargs = plan.arguments(replace(self._arguments, values=values), given)
        if not self._fits:
            check_fit(self.target.form, self.target.derivative, args, kwargs)
            self._fits = True
        try:
            result = self.target.derivative(*args, **kwargs)
        except Exception as error:
            raise Raised(self.target.form, error) from error
        if leaves is None:
            self.spoiled = self._with_changed(self.spoiled, mine)
        return result

    def _finished(self, i: int, piece: Any) -> Any:
        return own(self._fitted(i, piece))

    def _fitted(self, i: int, piece: Any) -> Any:
        return self._matcher.fitted(self.names[i], self.leaves[i], piece)

    @property
    def told_by(self) -> str:
        """What tells the derivative which call of `forward` it belongs to: "cache", "inputs", or "".

        Nothing does where an object has kept what it needs: then it belongs to the last call.
        Known once the derivative was called.
        """
        order = self._plan.order if self._plan is not None else ()
        return "cache" if "cache" in order else "inputs" if {"inputs", "primals"} & set(order) else ""

    # -- the claim of a jvp -------------------------------------------------------------------

    @property
    def movable(self) -> tuple[int, ...]:
        """The leaves that a jvp has tangents for: real ones, of inputs given by position."""
        placeable = self._arguments.names[: self._arguments.placeable]
        wanted = [name for name in self._matcher.wanted if name in placeable]
        return tuple(i for i in self.real if self.owner(i) in wanted)

    def push_forward(self, direction: Mapping[int, Any], out: Tree) -> dict[int, Any]:
        """Return the claimed tangents of the output leaves, along tangents of some input leaves.

        `out` is the output at this point, taken apart.

        Raises
        ------
        Raised
            If the derivative raises.
        BrokenContract
            If what it returns is not like the output.
        """
        placeable = self._arguments.placeable
        still = (_still(leaf) if i not in direction else direction[i] for i, leaf in enumerate(self.leaves))
        tangents = self._tree.build(list(still))[:placeable]
        primals = self._tree.build(list(map(own, self.leaves)))[:placeable]
        given = {"primals": tuple(primals), "tangents": tuple(tangents)}
        result = self._ask(self._planned(None), given)
        return self._matcher.tangents(result, out)


# -- leaves ---------------------------------------------------------------------------------------


def _inputs(arguments: Arguments) -> tuple[Input, ...]:
    inputs: list[Input] = []
    first = 0
    for name, value in zip(arguments.names, arguments.values, strict=True):
        tree = flatten(value)
        inputs.append(Input(name, value, tuple(tree.leaves), tree.paths, first))
        first += len(tree.leaves)
    return tuple(inputs)


#: A view of a larger array is copied with the gaps between its entries if these are no more than this.
_SPARSE = 16


def own(leaf: Any) -> Any:
    """Return an array in memory of its own, laid out alike; anything else as it is."""
    if not isinstance(leaf, np.ndarray):
        return leaf
    if leaf.flags.forc:
        return leaf.copy(order="K")
    ways = [(n - 1) * step for n, step in zip(leaf.shape, leaf.strides, strict=True)]
    before, behind = -sum(way for way in ways if way < 0), sum(way for way in ways if way > 0)
    extent = before + behind + leaf.itemsize
    if leaf.dtype.hasobject or 0 in leaf.strides or extent > _SPARSE * leaf.nbytes:
        return leaf.copy(order="K")  # one that shares entries, or is all gaps, is better made dense
    alike = np.ndarray(leaf.shape, leaf.dtype, np.zeros(extent, np.uint8), before, leaf.strides)
    alike[...] = leaf
    return alike


def _copied(value: Any) -> Any:
    tree = flatten(value)
    return tree.build(list(map(own, tree.leaves)))


def _all_same(one: Any, other: Any) -> bool:
    return all(map(_same, flatten(one).leaves, flatten(other).leaves))


def _same(a: Any, b: Any) -> bool:
    if not isinstance(a, np.ndarray) or a.dtype.kind not in "fiubcV":
        return True
    if a.shape != b.shape:
        return False
    if a.flags.c_contiguous and b.flags.c_contiguous:
        return all(_equal(a.reshape(-1)[s], b.reshape(-1)[s]) for s in arrays.pieces(a.size))
    return _equal(a, b)


def _equal(a: Any, b: Any) -> bool:
    return bool(np.all(a == b)) or np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


def _still(leaf: Any) -> Any:
    """Return the tangent of a leaf that does not move; None for what is no array."""
    if arrays.is_differentiable(leaf):
        return arrays.zeros(leaf)
    return np.zeros(arrays.shape(leaf)) if arrays.is_array(leaf) else None


def _domains(
    target: Target, inputs: Sequence[Input], names: Sequence[str], leaves: Sequence[Any]
) -> dict[int, Domain]:
    """Return the domains of leaves: a name is that of a leaf, or of all that are in a container.

    Raises
    ------
    Misuse
        If a name means nothing, or a leaf lies outside of its domain.
    """
    found: dict[int, Domain] = {}
    for key, domain in sorted(target.domains.items(), key=lambda item: len(item[0])):
        meant = [i for i, name in enumerate(names) if re.fullmatch(rf"{re.escape(key)}([\[.].*)?", name)]
        if not meant and all(one.name != key for one in inputs):
            known = [*(one.name for one in inputs), *names]
            raise Misuse(f"domains names {key!r}, but {target.name} has no such input; {nearest(key, known)}")
        found |= {i: domain for i in meant if arrays.is_array(leaves[i])}
    for i, domain in found.items():
        if not inside.contains(domain, leaves[i]):
            raise Misuse(
                f"{names[i]} is not in its domain {domain.name!r}: {_short(leaves[i])}; give a member, "
                "or leave domains= out"
            )
    return {i: domain for i, domain in found.items() if not domain.free}


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


# -- misuse ---------------------------------------------------------------------------------------


def _check_kinds(case: Case) -> None:
    for name, leaf in zip(case.names, case.leaves, strict=True):
        dtype = getattr(leaf, "dtype", type(leaf).__name__)
        kind = getattr(dtype, "kind", "")
        if kind == "O" and any(isinstance(entry, numbers.Number) for entry in np.ravel(leaf)):
            raise MisusedType(
                f"{name} is an array of objects; gradtest needs numbers: give {name}.astype(float)"
            )
        if arrays.is_differentiable(leaf) and arrays.size(leaf) == 0:
            raise Misuse(
                f"{name} is empty (shape {arrays.shape(leaf)}): there is nothing to differentiate; "
                "give at least one entry"
            )
    if not case.real:
        raise MisusedType(_nothing_real(case))


def _nothing_real(case: Case) -> str:
    for i, domain in case.domains.items():
        if not domain.differentiable and arrays.is_differentiable(case.leaves[i]):
            return (
                f"{case.names[i]} has values in {domain.name}, which has no derivative; give an input to "
                "differentiate by, or another domain"
            )
    for name, leaf in zip(case.names, case.leaves, strict=True):
        if isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind in "iub":
            return (
                f"{name} holds integers ({leaf.dtype}), which have no derivative; give real numbers: "
                f"{name}.astype(float)"
            )
        if isinstance(leaf, int):
            return f"{name}={leaf!r} is an integer, which has no derivative; give {float(leaf)!r}"
    kinds = ", ".join(sorted({type(leaf).__name__ for leaf in case.leaves})) or "nothing"
    return f"{case.target.name} got no real array to differentiate by (only {kinds}); pass its inputs"


def _check_wrt(case: Case) -> None:
    inputs = {one.name: one for one in case.inputs}
    for name in case.target.wrt or ():
        if name not in inputs:
            raise Misuse(
                f"wrt names {name!r}, but {case.target.name} has no such input; {nearest(name, inputs)}"
            )
        if not inputs[name].differentiable:
            raise MisusedType(
                f"wrt names {name!r}, which holds no real number; leave it out, or give {name} as real "
                "numbers"
            )
