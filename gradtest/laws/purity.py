"""The sixth law: a derivative depends on what it is given, and harms nothing that it is given."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradtest.case import Raised, own
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.signatures import label
from gradtest.spaces import arrays

from .answer import Answer, agrees, broken, generator
from .closeness import Gradients, gap, of_gradients

__all__ = ["disturbed", "purity"]


def purity(probe: Probe, settings: Settings) -> Answer:
    """Hold a target to what every function obeys: the same call, the same answer, and no harm done.

    That calls repeat was seen before (`repetition`).  Here: nothing is changed in place; a second
    backward pass finds what the first one found; a forward pass at another point does not disturb
    the backward pass of this one (stale caches); one array given as two inputs is no other than
    two equal ones.  Costs up to 6 evaluations and 7 gradients.
    """
    return _first(QUESTIONS if probe.case.target.form != "jvp" else QUESTIONS[:1], probe, settings)


def disturbed(probe: Probe, settings: Settings) -> Answer:
    """Ask only whether calls disturb each other: what may explain a gradient that is wrong.

    Costs up to 4 evaluations and 5 gradients.
    """
    return _first(STATE if probe.case.target.form != "jvp" else (), probe, settings)


def _first(questions: Sequence[Any], probe: Probe, settings: Settings) -> Answer:
    asked = (question(probe, settings) for question in questions)
    return next((answer for answer in asked if answer is not None), agrees())


# -- nothing is changed in place ------------------------------------------------------------------


def _unchanged(probe: Probe, settings: Settings) -> Answer | None:
    """Inputs for which something is claimed come back as they were given.

    Of others, such as running statistics, a function may keep account.  That a backward pass works
    in the memory of its cotangent is common, and a matter of the law *memory*.
    """
    case = probe.case
    claimed = {case.names[i] for i in probe.blocks}
    for who, changed in ((case.target.name, case.mutated), (label(case.target.derivative), case.spoiled)):
        names = [name for name in changed if name in claimed]
        if names:
            listed = " and ".join(names)
            what = f"{who} changes {listed} in place"
            detail = f"{listed} came back with other values; whoever else holds the same array sees them, too"
            return broken(
                probe, "purity", "GT304", names[0], what, detail, "compared before and after the call"
            )
    return None


# -- calls that should not disturb each other -----------------------------------------------------


def _backward_twice(probe: Probe, settings: Settings) -> Answer | None:
    """Ask for three gradients after one forward call: two with the same cotangent, another between."""
    case, w = probe.case, probe.cotangents
    returned = case.raw()
    try:
        for factor in (1.0, -3.0):
            other = {i: arrays.moved(arrays.zeros(part), part, factor) for i, part in w.items()}
            case.pull_back(returned, probe.whole_cotangent(other))
        again = case.pull_back(returned, probe.whole_cotangent())
    except Raised:
        return None  # a backward pass that can be run once, as frameworks have it, and says so
    what = "a second backward pass gives another gradient"
    when = "after another backward pass for the same forward pass"
    return _compared(probe, settings, again, probe.gradients, "GT305", what, when)


def _forward_twice(probe: Probe, settings: Settings) -> Answer | None:
    """Ask for a gradient after forward calls at two points: the one that belongs to it, not the other.

    A layer object keeps what its last forward call left, and its backward pass belongs to that
    call, whatever else it is given; one that is handed a cache belongs to the cache.
    """
    case = probe.case
    if case.told_by:
        returned = case.raw()
        if _elsewhere(probe, settings) is None:
            return None
        stale = _stale(probe, settings, returned, "came between")
        if stale is not None or case.told_by == "cache":
            return stale
    elif _elsewhere(probe, settings) is None:
        return None
    return _stale(probe, settings, case.raw(), "came before")  # the last forward pass was elsewhere


def _stale(probe: Probe, settings: Settings, returned: Any, when: str) -> Answer | None:
    """Hold the gradient of a forward pass, where one elsewhere came between or before, to its own.

    Given the inputs and one that came between, that of the last pass is right, too.
    """
    case = probe.case
    found = case.pull_back(returned, probe.whole_cotangent())
    what = "it is the gradient of another forward pass: a stale cache"
    stale = _compared(
        probe,
        settings,
        found,
        probe.gradients,
        "GT306",
        what,
        f"after a forward pass at another point {when}",
    )
    if stale is None or when != "came between" or case.told_by == "cache":
        return stale
    there = _elsewhere(probe, settings)
    last = there is not None and _equal(found, probe.at(there).gradients, probe, settings)
    return None if last else stale


def _elsewhere(probe: Probe, settings: Settings) -> list[Any] | None:
    """Call the forward function at a generic point nearby; return that point, None where it raises."""
    for leaves in probe.leaves_nearby(generator(probe.case, settings, "purity"), 2.0**-3):
        given = [own(leaf) if leaf is here else leaf for leaf, here in zip(leaves, probe.leaves, strict=True)]
        try:
            _called(probe, given)
        except Raised:
            continue
        return leaves
    return None


def _equal(one: Gradients, other: Gradients, probe: Probe, settings: Settings) -> bool:
    found = gap(one, other, of_gradients(probe, settings))
    return found is None or found.equal is True


def _one_array(probe: Probe, settings: Settings) -> Answer | None:
    """Give one array as two inputs of the same shape, beside two arrays with equal values."""
    case = probe.case
    pair = next(_alike(probe), None)
    if pair is None:
        return None
    i, j = pair
    leaves = list(probe.leaves)
    leaves[j] = own(leaves[i])
    try:
        apart = probe.at(leaves)
    except Raised:
        return None
    if not apart.finite or apart.case.mutated:
        return None
    given = list(map(own, leaves))
    given[j] = given[i]
    upstream = apart.whole_cotangent({i: own(part) for i, part in apart.cotangents.items()})
    together = apart.case.pull_back(_called(apart, given), upstream, given=given)
    names = f"{case.names[i]} and {case.names[j]}"
    what = f"wrong where {names} are the same array"
    when = f"for one array as {names}, instead of two with equal values"
    return _compared(apart, settings, together, apart.gradients, "GT307", what, when)


def _alike(probe: Probe) -> Iterator[tuple[int, int]]:
    for i, j in itertools.combinations(probe.blocks, 2):
        one, other = probe.leaves[i], probe.leaves[j]
        if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
            continue
        if one.shape == other.shape and one.dtype == other.dtype:
            yield i, j


def _called(probe: Probe, given: Sequence[Any]) -> Any:
    try:
        return probe.case.call(given)
    except Exception as error:
        raise Raised("forward", error) from error


#: In order: the first that finds something is believed.
STATE = (_backward_twice, _forward_twice)
QUESTIONS = (_unchanged, *STATE, _one_array)


# -- words ----------------------------------------------------------------------------------------


def _compared(
    probe: Probe, settings: Settings, found: Gradients, right: Gradients, code: str, what: str, when: str
) -> Answer | None:
    widest = gap(found, right, of_gradients(probe, settings))
    if widest is None or widest.equal is not False:
        return None
    name = probe.case.names[widest.leaf]
    where = widest.place(name, probe.leaves[widest.leaf])
    lines = (
        f"{where}: {widest.left:.6g} {when}",
        f"{widest.right:.6g} ± {widest.allowed:.0e} otherwise",
        widest.count,
    )
    return _disturbed(probe, code, name, what, "\n".join(lines))


def _disturbed(probe: Probe, code: str, name: str, what: str, detail: str) -> Answer:
    derivative = label(probe.case.target.derivative)
    return broken(
        probe, "purity", code, name, f"{derivative}: {what}", detail, "the same call by itself repeats"
    )
