"""Domains: where the values of an input may lie, and which directions stay there; one family a file."""

from .discrete import Choice, Integers, Labels, Mask
from .domain import Complex, Domain, Real
from .interval import Interval
from .matrices import LowerTriangular, PositiveDefinite, Symmetric
from .reading import NAMED, READERS, read_domain
from .vectors import Simplex, Sphere

__all__ = [
    "NAMED",
    "READERS",
    "Choice",
    "Complex",
    "Domain",
    "Integers",
    "Interval",
    "Labels",
    "LowerTriangular",
    "Mask",
    "PositiveDefinite",
    "Real",
    "Simplex",
    "Sphere",
    "Symmetric",
    "read_domain",
]
