"""Whether a wrong gradient of complex numbers is right in the other convention."""

from __future__ import annotations

import numpy as np

from gradtest.judgement import Judgement
from gradtest.verdict import Word, compare

from .suspicion import Suspicion

__all__ = ["of_the_other_convention"]

#: So many fresh directions have to agree.
LOOKS = 3


def of_the_other_convention(judgement: Judgement) -> Suspicion | None:
    """The claim agrees when its gradients and cotangents are read as conjugates.

    Costs one gradient, and some 8 evaluations for each of three directions.
    """
    probe, block = judgement.probe, judgement.block
    other = probe.otherwise()
    if other is None or block not in other.gradients:
        return None
    for look in range(LOOKS):
        direction = probe.towards(block, np.random.default_rng([look, block]))
        line = probe.line(direction)
        if compare(line, other.claim(direction)).word is not Word.AGREES:
            return None
        if compare(line, probe.claim(direction)).word is Word.AGREES:
            return None  # it is the same in both: this is not where they differ
    wanted = not probe.case.target.conjugate
    return Suspicion(
        "GT120",
        f"it is the conjugate: right with conjugate={wanted}",
        f"with conjugate={wanted} it agrees along {LOOKS} of {LOOKS} other directions",
    )
