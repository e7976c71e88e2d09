"""The fifth law: a gradient for every input that has one, in its shape, structure and precision."""

from __future__ import annotations

from gradtest.numerics.rounding import coarsest, epsilon
from gradtest.probe import Probe
from gradtest.settings import Settings
from gradtest.signatures import label

from .answer import Answer, agrees, broken

__all__ = ["contract"]


def contract(probe: Probe, settings: Settings) -> Answer:
    """Hold what came back to the dtype of its input; shape and structure were read on the way in.

    A lower precision than the input and the output have is a finding: digits are lost that
    nobody asked to lose.  A higher one, or integers, is not.  Costs nothing.
    """
    case = probe.case
    out = coarsest(*(getattr(probe.out.leaves[i], "dtype", "float64") for i in probe.cotangents))
    for i, g in probe.gradients.items():
        found, needed = getattr(g, "dtype", "float64"), getattr(case.leaves[i], "dtype", "float64")
        if epsilon(found) > max(epsilon(needed), out):
            name = case.names[i]
            what = f"{label(case.target.derivative)} returns {found} for {name}, which is {needed}"
            detail = f"the gradient of {name} can hold fewer digits than {name} and the output have"
            return broken(probe, "contract", "GT303", name, what, detail, "the dtypes were compared")
    missing = [case.names[i] for i in case.real if i not in probe.blocks]
    return agrees(f"nothing is claimed for {', '.join(missing)}" if missing else "")
