"""What a finding leaves behind, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["GROSS", "Entry", "Finding"]


#: A difference beyond this many tolerances is gross.
GROSS = 100.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a gradient, measured by itself.

    `error` is how far `numeric` may be off; `wrong` whether the two disagree beyond it.  In a
    complex block it is the real or the imaginary part of an entry: the last number of `index` says which.
    """

    index: tuple[int, ...]
    analytic: float
    numeric: float
    error: float
    wrong: bool
    in_complex: bool = False

    @property
    def place(self) -> str:
        """Where it is, as one would write it behind the name of the block.

        >>> Entry((2, 3), 1.0, 1.0, 0.0, False).place, Entry((2, 1), 1.0, 1.0, 0.0, False, True).place
        ('[2, 3]', '[2].imag')
        """
        index = self.index[:-1] if self.in_complex else self.index
        part = (".real", ".imag")[self.index[-1]] if self.in_complex else ""
        return (str(list(index)) if index else "") + part

    @property
    def difference(self) -> float:
        """|analytic - numeric|."""
        return abs(self.analytic - self.numeric)


@dataclass(frozen=True, slots=True)
class Finding:
    """A *disagrees* with its evidence.

    Attributes
    ----------
    code : str
        GT1xx wrong gradient, GT3xx contract.
    target, parameter : str
        Where, by name.
    what : str
        A phrase for the headline: what kind of mistake it looks like.
    entry : Entry or None
        The worst entry; None where no number is at stake (a contract).
    wrong, measured, size : int
        How many of the `measured` entries are wrong; the block has `size`.
    slice : str
        The row, column or channel in which the wrong entries lie, if they form one.
    place : str
        At the point, at a generic point nearby, or at a special point.
    why : str
        The hypothesis that was tested, and on how many entries.
    source : str
        File, line and name of the derivative under test.
    others : tuple of (str, str)
        The other blocks and what became of them.
    inputs : dict
        The inputs of the smallest case, by name.
    evaluations : int
    excess : float
        Difference in units of what it may be.
    detail : str
        A whole sentence, for findings without numbers.
    law, claim : str
        The law that is broken, and what was claimed wrongly: the gradient, the Hessian.
    upstream : str
        The cotangent that `entry` was measured with, in words; empty where there is no choice.
    cotangents : tuple
        The cotangent itself, one for each real output.
    smallest : bool
        Whether `inputs` are the smallest that a search found.
    again : str
        How to see it again; empty as long as nothing was written.
    """

    code: str
    target: str
    parameter: str
    what: str
    entry: Entry | None = None
    wrong: int = 0
    measured: int = 0
    size: int = 0
    slice: str = ""
    place: str = ""
    why: str = ""
    source: str = ""
    others: tuple[tuple[str, str], ...] = ()
    inputs: dict[str, Any] = field(default_factory=dict)
    evaluations: int = 0
    excess: float = 0.0
    detail: str = ""
    law: str = "derivative"
    claim: str = "gradient"
    upstream: str = ""
    cotangents: tuple[Any, ...] = ()
    smallest: bool = False
    again: str = ""

    @property
    def gross(self) -> bool:
        """Whether the difference is far beyond what it may be, not merely over it."""
        return self.entry is None or self.excess > GROSS

    @property
    def headline(self) -> str:
        """One line of at most 100 characters that survives alone."""
        if self.code.startswith("GT3"):
            line = f"gradtest {self.code}: {self.what}"
        else:
            line = f"gradtest {self.code}: wrong {self.claim} for {self.parameter} - {self.what}"
        if len(line) > 100:
            line = line.partition("; there ")[0]  # what is said there stands in the row below, too
        return line if len(line) <= 100 else line[:97] + "..."
