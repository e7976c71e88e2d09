"""A target, the shapes of its inputs, the precision it is asked in, and where it was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gradtest.settings import USUAL_DTYPE
from gradtest.targets import Target

__all__ = ["Subject"]


@dataclass(frozen=True)
class Subject:
    """A target, the named shapes of its inputs where they are known, and where it was found.

    Attributes
    ----------
    target : Target
    inputs : mapping, optional
    place : str
        What one writes to find it again: ``pkg.mod:name`` or ``file.py::name``.
    dtype : str
        The precision of the inputs that it is asked at.
    """

    target: Target
    inputs: Mapping[str, Any] | None = None
    place: str = ""
    dtype: str = USUAL_DTYPE

    @property
    def name(self) -> str:
        """What reports call it: its own name, and the precision where that is not the usual one."""
        return self.in_precision(self.target.name)

    def in_precision(self, name: str) -> str:
        """Return a name of the target with the precision, where that is not the usual one."""
        return name if self.dtype == USUAL_DTYPE else f"{name} in {self.dtype}"

    def at(self, dtypes: Iterable[str]) -> Iterator[Subject]:
        """Yield the same in several precisions."""
        return (replace(self, dtype=dtype) for dtype in dtypes)
