"""The zoo: wrong gradients with their fixed twins, and right ones that checkers have called wrong."""

from . import (
    activations,
    aliasing,
    broadcasting,
    convolution,
    factors,
    indexing,
    linear_algebra,
    normalisation,
    recurrent,
    reported,
    saturation,
    special_points,
    statistics,
    strangers,
    traps,
    unseen,
    upstream,
)
from .specimen import Specimen, Trap

__all__ = ["MEANT", "SPECIMENS", "TRAPS", "Specimen", "Trap"]

SPECIMENS = [
    specimen
    for module in (
        indexing,
        broadcasting,
        special_points,
        saturation,
        upstream,
        factors,
        activations,
        normalisation,
        convolution,
        recurrent,
        aliasing,
        linear_algebra,
        statistics,
        unseen,
        strangers,
        reported,
    )
    for specimen in module.SPECIMENS
]
TRAPS = traps.TRAPS
MEANT = traps.MEANT
