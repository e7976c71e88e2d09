"""How the code under test is called, as expressions of Python."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from inspect import Parameter
from typing import Any

import numpy as np

from gradtest.case import Case, Raised
from gradtest.signatures import signature_of
from gradtest.spaces import arrays
from gradtest.spaces.containers import Tree, flatten, parts
from gradtest.targets import Target

from .functions import Script
from .packing import CannotKeep

__all__ = ["Calls", "case_of", "made_by_target"]


def case_of(target: Target, inputs: Mapping[str, Any]) -> Case:
    """Return the case of a target at inputs that are named as `Case.point` names them."""
    signature = signature_of(target.forward)
    if signature is not None:
        kinds = {p.name: p.kind for p in signature.parameters.values()}
    else:
        kinds = dict.fromkeys(inputs, Parameter.POSITIONAL_ONLY)

    def by_name(name: str) -> bool:
        kind = kinds.get(name.partition("[")[0], Parameter.KEYWORD_ONLY)  # rest[0] is one of *rest
        return name in target.parameters or kind is Parameter.KEYWORD_ONLY

    args = tuple(value for name, value in inputs.items() if not by_name(name))
    return Case(target, args, {name: value for name, value in inputs.items() if by_name(name)})


class Calls:
    """The calls of one case, in a script that has its inputs as variables.

    What the forward function returned is called ``returned`` there, the cotangent ``cotangent``.

    Parameters
    ----------
    case : Case
    top : Script
        Makes functions available.
    taken : tuple of str
        Names that the script has for itself.

    Attributes
    ----------
    variables : dict of str to str
        What each input is called.
    forward, derivative : str
        The calls.
    raises : bool
        Whether the forward function raises.

    Raises
    ------
    CannotKeep
        If the code under test can neither be imported nor copied.
    """

    def __init__(self, case: Case, top: Script, taken: tuple[str, ...]) -> None:
        if case.target.form == "jvp":
            raise CannotKeep("it is not written for a jvp")
        self.case = case
        self.returned: Any = None
        self.raises = False
        try:
            with np.errstate(all="ignore"):
                self.returned = case.raw()
        except Raised:
            self.raises = True
        self.arguments, self.plan = case.how_called(self.returned)
        self.variables = {name: _variable(name) for name in self.arguments.names}
        top.reserve((*taken, *self.variables.values()))
        self.forward = self._forward(top)
        self.derivative = self._derivative(top)

    # -- calls --------------------------------------------------------------------------------

    def _forward(self, top: Script) -> str:
        function, form = self.case.target.forward, self.case.target.form
        first_of_pair = form == "value_and_grad" and made_by_target(function)
        name = top.bring(function.__wrapped__ if first_of_pair else function, "forward")  # type: ignore[attr-defined]  # that of the pair
        values, placed = list(self.variables.values()), self.arguments.placed
        named = [f"{n}={self.variables[n]}" for n in self.arguments.names[placed:]]
        call = f"{name}({', '.join([*values[:placed], *named])})"
        return f"{call}[0]" if first_of_pair else call

    def _derivative(self, top: Script) -> str:
        function = self.case.target.derivative
        if self.raises:
            return "returned"  # it is not reached
        if made_by_target(function):
            return "returned[-1](cotangent)"  # the pullback that came with the value
        cotangent: Any = "cotangent"
        if self.plan.spread:
            outputs = len(parts(self.case.primal(self.returned)) or ())
            cotangent = [f"cotangent[{i}]" for i in range(outputs)]
        spelled = replace(self.arguments, values=tuple(self.variables.values()))
        args, kwargs = self.plan.arguments(spelled, {"cotangent": cotangent, "cache": "returned[-1]"})
        named = [f"{name}={value}" for name, value in kwargs.items()]
        return f"{top.bring(function, 'derivative')}({', '.join([*args, *named])})"

    # -- what comes back ----------------------------------------------------------------------

    @property
    def out(self) -> Tree:
        """The output proper, taken apart."""
        return flatten(self.case.primal(self.returned))

    @property
    def output(self) -> str:
        """The expression for the output proper."""
        if "cache" not in self.plan.order:
            return "returned"
        return "returned[0]" if len(self.returned) == 2 else "returned[:-1]"

    def whole(self, cotangents: Sequence[Any]) -> Any:
        """Return the cotangents of the real outputs in the structure of the output, with None elsewhere."""
        real = [i for i, leaf in enumerate(self.out.leaves) if arrays.is_differentiable(leaf)]
        known = dict(
            zip(real, cotangents or [arrays.zeros(self.out.leaves[i]) + 1 for i in real], strict=True)
        )
        return self.out.build([known.get(i) for i in range(len(self.out.leaves))])

    def entry(self, block: int, index: tuple[int, ...], cotangent: Any) -> str:
        """Return the expression for one claimed entry, in what the derivative returned, ``result``."""
        with np.errstate(all="ignore"):
            answer = self.case.answer(self.returned, cotangent)
        piece = self.case.pieces(answer)[block]
        path = _path(answer, piece)
        if path is None:
            raise CannotKeep("the gradient is put together from several results")
        own, shape = f"host(result{path})", arrays.shape(self.case.leaves[block])
        where = f"[{', '.join(map(str, index))}]" if index else "[()]"
        if self.case.target.form == "vjp":
            return f"{own}.reshape({shape}){where}"
        out = arrays.shape(self.out.leaves[0])
        if arrays.size(self.out.leaves[0]) == 1:
            return f"{own}.reshape({shape}){where} * np.sum(host(cotangent))"
        if arrays.shape(piece) == out + shape:
            return f"np.tensordot(host(cotangent), {own}, axes={len(out)}){where}"
        return f"({own} * host(cotangent)){where}"


def made_by_target(function: Any) -> bool:
    """Whether `gradtest.target` made a function of one that returns a pair."""
    return getattr(function, "__module__", "") == "gradtest.targets"


def _path(answer: Any, piece: Any) -> str | None:
    """Return where in an answer a piece is, as one would write it behind its name."""
    if answer is piece:
        return ""
    for part in parts(answer) or ():
        inside = _path(part.value, piece)
        if inside is not None:
            return part.path + inside
    return None


def _variable(name: str) -> str:
    plain = re.sub(r"\W+", "_", name).strip("_")
    return plain + "_" if keyword.iskeyword(plain) else plain
