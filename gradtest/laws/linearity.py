"""The second law: a vjp is linear in its cotangent, a jvp in its tangent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.spaces import arrays

from .answer import Answer, agrees, broken, generator, sides, skipped, undecided
from .closeness import Allowance, Gap, Gradients, gap, noise, of_gradients, of_tangents

__all__ = ["linearity"]


def linearity(probe: Probe, settings: Settings) -> Answer:
    """Hold a vjp to c (w + u) -> c (vjp(w) + vjp(u)) and 0 -> 0; a jvp in its tangent likewise.

    One relation with a small u and a large c sees what clips, what drops small values and what
    adds something; only where it is broken is each asked for by itself.  Costs 3 evaluations
    with 3 gradients where it holds, up to 8 more where it seems not to.
    """
    form = probe.case.target.form
    if form in ("grad", "value_and_grad"):
        return skipped("a gradient takes no upstream gradient")
    rng = generator(probe.case, settings, "linearity")
    if form == "jvp":
        may = of_tangents(probe, settings)
        push = _Map(lambda v: probe.case.push_forward(v, probe.out), probe.everywhere(rng), may, "jvp", "v")
        return _linear(probe, push, probe.everywhere(rng))
    may = of_gradients(probe, settings)
    pull = _Map(lambda w: probe.at(probe.leaves, dict(w)).gradients, probe.cotangents, may, "vjp", "w")
    return _linear(probe, pull, {i: arrays.cotangent(w, rng) for i, w in probe.cotangents.items()})


@dataclass(frozen=True)
class _Map:
    """What should be linear: how to ask it, where it was asked, and what it and its argument are called."""

    ask: Callable[[Gradients], Gradients]
    w: Gradients
    may: Allowance
    name: str
    letter: str

    def scaled(self, factor: float, w: Gradients) -> Gradients:
        return self.ask({i: _times(part, factor) for i, part in w.items()})


def _times(part: Any, factor: float) -> Any:
    return arrays.moved(arrays.zeros(part), part, factor)


def _plus(w: Gradients, u: Gradients) -> Gradients:
    return {i: arrays.moved(part, u[i], 1.0) for i, part in w.items()}


def _extremes(probe: Probe) -> tuple[float, float]:
    """Return a small and a large factor: powers of two that neither under- nor overflow by themselves."""
    if probe.eps < 1e-12:
        return 2.0**-20, 2.0**10
    return (2.0**-10, 2.0**8) if probe.eps < 1e-4 else (2.0**-3, 2.0**3)


def _linear(probe: Probe, m: _Map, u: Gradients) -> Answer:
    small, large = _extremes(probe)
    at_w = probe.gradients if m.name == "vjp" else m.ask(m.w)
    at_zero = m.scaled(0.0, m.w)
    told, zero = set(at_zero), gap(at_zero, ((0.0, at_w),), m.may, terms=((1.0, at_w),))
    del at_zero  # large gradients stay few
    at_u, at_both = m.scaled(small, u), m.scaled(-large, _plus(m.w, u))
    if not set(at_w) == told == set(at_u) == set(at_both):
        return undecided(f"the {m.name} says something about other inputs when it is given other values")
    sum_of_both = (-large, at_w), (-large / small, at_u)
    whole = gap(at_both, sum_of_both, m.may, scale=large, terms=sum_of_both)
    if _equal(zero) and _equal(whole):
        return agrees()
    quiet = noise(lambda t: m.ask({i: arrays.moved(part, u[i], t) for i, part in m.w.items()}), at_w)
    if zero is not None and zero.noisier(quiet[zero.leaf]).equal is False:
        return _finding(probe, m, zero, "not 0 where the upstream gradient is 0", f"{m.name}(0)", "0")
    if whole is not None and whole.noisier(large * quiet[whole.leaf]).equal is False:
        left, right = (
            f"{m.name}({-large:g} ({m.letter} + u))",
            f"{-large:g} ({m.name}({m.letter}) + {m.name}(u))",
        )
        simple = _simplest(probe, m, quiet, at_w, u)
        return simple or _finding(probe, m, whole, "not linear in the upstream gradient", left, right)
    return undecided("noise: the gradient itself is too noisy to tell")


def _equal(found: Gap | None) -> bool:
    return found is None or found.equal is True


def _simplest(
    probe: Probe, m: _Map, quiet: Mapping[int, float], at_w: Gradients, u: Gradients
) -> Answer | None:
    """Return the simplest relation that is broken, with its numbers; None if none is by itself."""
    small, large = _extremes(probe)
    name, w = m.name, m.letter
    for factor, what in (
        (large, "large upstream gradients are cut"),
        (-1.0, "the sign of the upstream gradient is not kept"),
        (small, "small upstream gradients are lost"),
    ):
        found = gap(m.scaled(factor, m.w), ((factor, at_w),), m.may, scale=abs(factor))
        if found is not None and found.noisier(abs(factor) * quiet[found.leaf]).equal is False:
            return _finding(probe, m, found, what, f"{name}({factor:g} {w})", f"{factor:g} {name}({w})")
    sum_of_both = (1.0, at_w), (1.0, m.ask(u))
    found = gap(m.ask(_plus(m.w, u)), sum_of_both, m.may, terms=sum_of_both)
    if found is not None and found.noisier(quiet[found.leaf]).equal is False:
        what = "not additive in the upstream gradient"
        return _finding(probe, m, found, what, f"{name}({w} + u)", f"{name}({w}) + {name}(u)")
    return None


def _finding(probe: Probe, m: _Map, found: Gap, what: str, left: str, right: str) -> Answer:
    if m.name == "vjp":
        parameter, leaf = probe.case.names[found.leaf], probe.leaves[found.leaf]
    else:
        parameter, leaf = "out" + probe.out.paths[found.leaf], probe.out.leaves[found.leaf]
    detail = sides(found, found.place(parameter, leaf), left, right, probe.case.evaluations)
    if m.name == "jvp":
        what = what.replace("upstream gradient", "tangent")
    return broken(
        probe, "linearity", "GT131", parameter, what, detail, f"a {m.name} is linear: {left} = {right}"
    )
