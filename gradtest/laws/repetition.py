"""Whether the same call gives the same answer: what every comparison of two calls rests on."""

from __future__ import annotations

from collections.abc import Iterator

from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.signatures import label
from gradtest.spaces import arrays

from .answer import Answer, agrees, broken, undecided
from .closeness import Gap, Gradients, combined, gap, of_gradients, of_tangents

__all__ = ["NOT_DETERMINISTIC", "repeated"]

#: Why nothing that compares two calls can be told (GT201).
NOT_DETERMINISTIC = "not deterministic"


def repeated(probe: Probe, settings: Settings) -> Answer:
    """Ask for output and gradient again, at the same point and with the same cotangent.

    An output that differs is chance (dropout) or state; so is a gradient that differs each time.
    One that grows each time by the same amount, or that settles once nothing else is asked between, is
    a finding: something is kept from call to call.  Costs 1 evaluation with 1 gradient, and 2 to 7
    more where they differ.
    """
    second = probe.at(probe.leaves)
    before = {i: probe.out.leaves[i] for i in probe.cotangents}
    after = {i: second.out.leaves[i] for i in probe.cotangents if i < len(second.out.leaves)}
    if len(after) < len(before) or _differ(before, after, gap(after, before, of_tangents(probe, settings))):
        return undecided(f"{NOT_DETERMINISTIC}: the same inputs gave two outputs")
    may = of_gradients(probe, settings)
    if not _differ(probe.gradients, second.gradients, found := gap(second.gradients, probe.gradients, may)):
        return agrees()
    third, fourth = (probe.at(probe.leaves).gradients for _ in range(2))
    assert found is not None
    if _equal(gap(fourth, third, may)) and _equal(gap(third, second.gradients, may)):
        return _state(probe, found, "the first gradient is another one than those after it")
    if all(_equal(gap(g, third, may)) for g in (fourth, *_more(probe))):
        return _state(probe, found, "it is the gradient of another forward pass: a stale cache", "GT306")
    step = combined(((1.0, third), (-1.0, second.gradients)))
    if _equal(gap(step, ((1.0, second.gradients), (-1.0, probe.gradients)), may)):
        return _state(probe, found, "every call adds to what the last one left")
    return undecided(f"{NOT_DETERMINISTIC}: the same inputs gave two gradients")


def _more(probe: Probe) -> Iterator[Gradients]:
    """Yield further gradients: one of a few that chance chooses between is not the same six times."""
    return (probe.at(probe.leaves).gradients for _ in range(5))


def _differ(one: Gradients, other: Gradients, found: Gap | None) -> bool:
    shapes = [{i: arrays.shape(part) for i, part in side.items()} for side in (one, other)]
    return shapes[0] != shapes[1] or (found is not None and found.equal is False)


def _equal(found: Gap | None) -> bool:
    return found is None or found.equal is True


def _state(probe: Probe, found: Gap, what: str, code: str = "GT305") -> Answer:
    case = probe.case
    name = case.names[found.leaf]
    where = found.place(name, probe.leaves[found.leaf])
    return broken(
        probe,
        "purity",
        code,
        name,
        f"{label(case.target.derivative)}: {what}",
        f"{where}: {found.right:.6g} the first time, {found.left:.6g} the second, for the same inputs",
        "forward gave the same output both times",
    )
