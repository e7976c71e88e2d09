"""The fourth law: the second derivative is the derivative of the gradient, and it is symmetric."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gradtest.case import Case, Raised
from gradtest.diagnosis.diagnose import diagnose
from gradtest.diagnosis.evidence import Finding
from gradtest.judgement import judge
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.signatures import label, standing_for
from gradtest.spaces import arrays
from gradtest.spaces.containers import Tree, flatten
from gradtest.targets import Target
from gradtest.verdict import Word

from .answer import Answer, agrees, broken, generator, sides, skipped, undecided
from .closeness import Gap, of_gradients

__all__ = ["second_order"]

#: What is claimed wrongly, by the form of the claim.
CLAIMS = {"hess": "Hessian", "hvp": "Hessian product", "double_backward": "second derivative"}


#: Why double backward is not looked at by default.
UNASKED = "a double backward is looked at where the law is asked for by its name"


def second_order(probe: Probe, settings: Settings) -> Answer:
    """Hold ``hess``, ``hvp`` and a double backward to the gradient, as that is held to the function.

    The claimed gradient (of the sum of the outputs) becomes the map, the second derivative its
    claim, and the same probe measures it: a wrong gradient with the Hessian that belongs to it
    passes.  Costs what the first law costs, each evaluation with its gradient, and 2 products.
    """
    case = probe.case
    claims = [claim for claim in CLAIMS if claim in case.target.further]
    if not claims:
        return skipped("no second derivative is claimed (hess=, hvp=)")
    if claims == ["double_backward"]:
        # Many a backward pass is recorded, and not meant for more: what it saved has no history.
        return _double_backward(probe, settings) if settings.laws else skipped(UNASKED)
    if len(probe.blocks) != 1:
        names = ", ".join(case.names[i] for i in probe.blocks)
        return skipped(f"it is for one array, and gradients are claimed for {names}; choose one by wrt=")
    reasons = []
    for claim in claims:
        answer = _held(probe, claim, settings)
        if answer.word == Word.DISAGREES:
            return answer
        reasons += [answer.reason] if answer.word != Word.AGREES else []
    return undecided(reasons[0]) if reasons else agrees()


def _held(probe: Probe, claim: str, settings: Settings) -> Answer:
    rng = generator(probe.case, settings, claim)
    second = Probe(probe.case.of(_of_the_gradient(probe, claim)), rng)
    measured = _measured(probe, second, claim, rng, settings)
    if measured.word == Word.DISAGREES:
        return measured
    return _symmetric(probe, second, claim, rng, settings) or measured


def _measured(
    probe: Probe, second: Probe, claim: str, rng: np.random.Generator, settings: Settings
) -> Answer:
    """Hold the second derivative to the gradient, by the first law."""
    judgements = judge(second, rng, settings)
    if any(judgement.word is Word.DISAGREES for judgement in judgements):

        def find() -> Finding:
            found = diagnose(judgements, settings, second.case.evaluations)[0]
            return replace(found, law="second-order", claim=CLAIMS[claim], target=probe.case.target.name)

        return Answer(str(Word.DISAGREES), f"the {CLAIMS[claim]} is not the derivative of the gradient", find)
    undecideds = [judgement.reason for judgement in judgements if judgement.word is Word.UNDECIDED]
    return undecided(undecideds[0]) if undecideds else agrees()


# -- a backward pass that can be differentiated itself --------------------------------------------


def _double_backward(probe: Probe, settings: Settings) -> Answer:
    """Hold the pullback of the backward pass to that pass: for all inputs at once."""
    rng = generator(probe.case, settings, "double_backward")
    try:
        second = Probe(probe.case.of(_of_the_backward(probe)), rng)
    except Raised as raised:
        if isinstance(raised.error, NotImplementedError):
            return skipped(str(raised.error))
        raise
    return _measured(probe, second, "double_backward", rng, settings)


def _of_the_backward(probe: Probe) -> Target:
    """Return the target whose map is the backward pass, and whose claim is what frameworks make of it."""
    target, claim = probe.case.target, probe.case.target.further["double_backward"]
    upstream = probe.whole_cotangent()

    def answered(*args: Any, **kwargs: Any) -> Tree:
        inner = Case(target, args, kwargs)
        return flatten(inner.answer(inner.raw(), upstream))

    def backward(*args: Any, **kwargs: Any) -> Any:
        return [g for g in answered(*args, **kwargs).leaves if arrays.is_differentiable(g)]

    def pullback(cotangents: Any, /, *args: Any, **kwargs: Any) -> Any:
        tree, given = answered(*args, **kwargs), iter(cotangents)
        seconds = [next(given) if arrays.is_differentiable(g) else None for g in tree.leaves]
        return claim(tree.build(seconds), upstream, *args, **kwargs)

    claimed = standing_for(pullback, target.derivative, f"the backward pass of {label(target.derivative)}")
    return replace(target, forward=functools.wraps(target.forward)(backward), derivative=claimed, further={})


# -- a Hessian, or products with it ---------------------------------------------------------------


def _of_the_gradient(probe: Probe, claim: str) -> Target:
    """Return the target whose map is the claimed gradient, and whose claim is the second derivative."""
    target, (leaf,) = probe.case.target, probe.blocks

    def gradient(*args: Any, **kwargs: Any) -> Any:
        inner = Case(target, args, kwargs)
        returned = inner.raw()
        out = flatten(inner.primal(returned))
        ones = [arrays.zeros(part) + 1 if arrays.is_differentiable(part) else None for part in out.leaves]
        return inner.pull_back(returned, out.build(ones))[leaf]

    forward = functools.wraps(target.forward)(gradient)
    derivative, form = target.further[claim], "grad"
    if claim == "hvp":
        derivative, form = _as_jvp(derivative, probe.case, leaf), "jvp"
    owner = probe.case.owner(leaf)
    return replace(
        target, name=claim, forward=forward, derivative=derivative, form=form, wrt=(owner,), further={}
    )


def _as_jvp(hvp: Callable[..., Any], case: Case, leaf: int) -> Callable[..., Any]:
    """Return ``hvp(*inputs, v)``, or ``hvp(*inputs, v=v)``, as ``jvp(primals, tangents)``."""
    names = [one.name for one in case.inputs]
    which = names.index(case.owner(leaf))

    try:
        parameters = inspect.signature(hvp).parameters
    except (TypeError, ValueError):
        parameters = {}  # type: ignore[assignment]  # a builtin that does not say
    keyword = [name for name, p in parameters.items() if p.kind is p.KEYWORD_ONLY and p.default is p.empty]

    @functools.wraps(hvp)
    def jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
        if len(keyword) == 1:
            return hvp(*primals, **{keyword[0]: tangents[which]})
        return hvp(*primals, tangents[which])

    jvp.__signature__ = _PUSHED  # type: ignore[attr-defined]  # its own, not that of the wrapped
    return jvp


_PUSHED = inspect.Signature(
    [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in ("primals", "tangents")]
)


def _symmetric(
    probe: Probe, second: Probe, claim: str, rng: np.random.Generator, settings: Settings
) -> Answer | None:
    """Return the finding that <u, H v> is not <v, H u>."""
    (leaf,) = probe.blocks
    u, v = (probe.towards(leaf, rng)[leaf] for _ in range(2))
    try:
        hu, hv = (_product(second, direction, leaf) for direction in (u, v))
    except Raised:
        return None
    left, right = arrays.inner(v, hu), arrays.inner(u, hv)
    terms = arrays.sizes(v, hu) + arrays.sizes(u, hv)
    may = of_gradients(probe, settings)
    found = Gap(leaf, (), left, right, may.asked * terms, 1, 1)
    if found.equal is not False:
        return None
    name = probe.case.names[leaf]
    detail = sides(
        found, f"for two directions u, v of {name}", "<v, H u>", "<u, H v>", second.case.evaluations
    )
    what = f"the {CLAIMS[claim]} is not symmetric"
    return broken(
        probe, "second-order", "GT133", name, what, detail, "second derivatives do not mind their order"
    )


def _product(second: Probe, direction: Any, leaf: int) -> Any:
    """Return the Hessian, or its transpose, times a direction."""
    if second.case.target.form == "jvp":
        (tangent,) = second.case.push_forward({leaf: direction}, second.out).values()
        return tangent
    (only,) = second.cotangents
    return second.at(second.leaves, {only: direction}).gradients[leaf]
