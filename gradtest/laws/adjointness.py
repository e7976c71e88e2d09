"""The third law: vjp and jvp are adjoint, <w, jvp(v)> = <vjp(w), v>."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gradtest.case import Case
from gradtest.probe import Direction, Probe
from gradtest.settings import Settings
from gradtest.spaces import arrays

from .answer import Answer, agrees, broken, generator, sides, skipped, undecided
from .closeness import Gap, noise, of_gradients

__all__ = ["adjointness", "agreement"]


def adjointness(probe: Probe, settings: Settings) -> Answer:
    """Hold the two derivatives that a target claims against each other, along one direction a block.

    Measures nothing: both may be wrong in the same way.  Costs one jvp a block, and where they
    contradict each other 5 jvps and 4 evaluations with their gradients, to learn how noisy they are.
    """
    case = probe.case
    if "jvp" not in case.target.further:
        return skipped("a vjp and a jvp are not both claimed")
    target = replace(case.target, derivative=case.target.further["jvp"], form="jvp", further={})
    pushed = case.of(target)
    blocks = [block for block in probe.blocks if block in pushed.movable]
    rng = generator(case, settings, "adjointness")
    for block in blocks:
        v = probe.towards(block, rng)
        found, equal = agreement(probe, pushed, v, settings, rng)
        if equal is None:
            return undecided("noise: the two are too noisy to tell")
        if not equal:
            name = case.names[block]
            detail = sides(
                found, f"along a direction of {name}", "<w, jvp(v)>", "<vjp(w), v>", case.evaluations
            )
            what = "the vjp and the jvp contradict each other"
            return broken(
                probe, "adjointness", "GT132", name, what, detail, "they are transposes of one Jacobian"
            )
    return agrees() if blocks else skipped("the jvp takes no tangent of an input that has a gradient")


def agreement(
    probe: Probe, pushed: Case, v: Direction, settings: Settings, rng: np.random.Generator
) -> tuple[Gap, bool | None]:
    """Return <w, jvp(v)> beside <vjp(w), v>, and whether they are equal; None where that is too close."""
    block, out, may = next(iter(v)), probe.out, of_gradients(probe, settings)

    def forwards(v: Direction) -> tuple[float, float]:
        tangents = pushed.push_forward(v, out)
        pairs = [(w, tangents[i]) for i, w in probe.cotangents.items()]
        return sum(arrays.inner(*pair) for pair in pairs), sum(arrays.sizes(*pair) for pair in pairs)

    (left, terms), g = forwards(v), probe.gradients[block]
    right = arrays.inner(g, v[block])
    terms = max(terms, arrays.sizes(g, v[block]))
    allowed = may.rounding * (terms + probe.magnitude) + may.asked * max(abs(left), abs(right))
    found = Gap(block, (), left, right, allowed, 1, 1)
    if found.equal is False:
        u, other = probe.towards(block, rng), probe.cotangents
        change = {i: arrays.cotangent(w, rng) for i, w in other.items()}

        def back(t: float) -> dict[int, float]:
            drifted = {i: arrays.moved(w, change[i], t) for i, w in other.items()}
            return {block: arrays.inner(probe.at(probe.leaves, drifted).gradients[block], v[block])}

        def forth(t: float) -> dict[int, float]:
            return {block: forwards({block: arrays.moved(v[block], u[block], t)})[0]}

        quiet = _noise(back, {block: right}, block) + _noise(forth, {block: left}, block)
        found = found.noisier(quiet)
    return found, found.equal


def _noise(ask: Callable[[float], dict[int, float]], at_rest: dict[int, float], block: int) -> float:
    return noise(ask, at_rest).get(block, 0.0)
