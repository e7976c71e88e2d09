"""What a report is made of: one document, as strict JSON, of which every other form is rendered.

It is written by one process, machine or shard and read by another; reading it runs nothing.  A number that
is none is the string "nan", "inf" or "-inf".

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from gradtest.errors import Misuse

__all__ = [
    "FORMAT",
    "Change",
    "Checked",
    "Contradicted",
    "Counts",
    "Document",
    "Found",
    "Kept",
    "Measured",
    "Mutants",
    "Survivor",
    "as_json",
    "decoded",
    "read",
]

#: Is raised when what is written means something else than before.
FORMAT = 1

#: A real number; `float` reads it back.
Real = float | Annotated[str, Meta(pattern="^(nan|inf|-inf)$")]


class Survivor(Struct, forbid_unknown_fields=True):
    """A wrong version of a gradient that was not caught, and why (`gradtest.diagnosis.mutants.Mutant`)."""

    parameter: str
    mutation: str
    fate: str
    reason: str


class Mutants(Struct, forbid_unknown_fields=True):
    """What became of the mutants: how many were caught of how many, which, and what was not.

    `killed` names the caught ones by their parameter; `blind` has a sentence for each that would not have
    been seen.
    """

    caught: int = 0
    total: int = 0
    killed: dict[str, list[str]] = {}
    survivors: list[Survivor] = []
    blind: list[str] = []


class Counts(Struct, forbid_unknown_fields=True, kw_only=True):
    """What cases came to (`gradtest.properties.tally.Tally`); `vacuous` says why that says nothing."""

    cases: int = 0
    agrees: int = 0
    disagrees: int = 0
    undecided: int = 0
    nearby: int = 0
    nothing: int = 0
    reasons: dict[str, int] = {}
    resolution: Real = 0.0
    evaluations: int = 0
    mutants: Mutants = field(default_factory=Mutants)
    laws: dict[str, dict[str, int]] = {}
    vacuous: str | None = None


class Measured(Struct, forbid_unknown_fields=True):
    """One entry of a gradient (`gradtest.diagnosis.evidence.Entry`)."""

    index: tuple[int, ...]
    analytic: Real
    numeric: Real
    error: Real
    wrong: bool
    in_complex: bool = False


class Found(Struct, forbid_unknown_fields=True, kw_only=True):
    """A finding (`gradtest.diagnosis.evidence.Finding`), with its words.

    Attributes
    ----------
    headline, message : str
        One line that survives alone, and all that is said of it.
    again : str
        How to see it again; empty where nothing was written.
    """

    code: str
    headline: str
    message: str
    target: str
    parameter: str
    what: str
    gross: bool = True
    entry: Measured | None = None
    wrong: int = 0
    measured: int = 0
    size: int = 0
    slice: str = ""
    place: str = ""
    why: str = ""
    source: str = ""
    others: list[tuple[str, str]] = []
    inputs: dict[str, Any] = {}
    evaluations: int = 0
    excess: Real = 0.0
    detail: str = ""
    law: str = "derivative"
    claim: str = "gradient"
    upstream: str = ""
    cotangents: list[Any] = []
    smallest: bool = False
    again: str = ""


class Contradicted(Struct, forbid_unknown_fields=True):
    """What a second opinion found where the first did not: it does not decide."""

    finding: Found
    cases: int


class Coefficients(Struct, forbid_unknown_fields=True, tag=True, tag_field="kind"):
    """See `gradtest.diagnosis.pictures.Coefficients`."""

    parameter: str
    sizes: list[Real]
    plateau: Real
    step: Real

    def __post_init__(self) -> None:
        _check(bool(self.sizes), "there are no coefficients")


class Entries(Struct, forbid_unknown_fields=True, tag=True, tag_field="kind"):
    """See `gradtest.diagnosis.pictures.Entries`."""

    parameter: str
    analytic: list[Real]
    numeric: list[Real]
    error: list[Real]
    wrong: list[bool]

    def __post_init__(self) -> None:
        lengths = {len(self.analytic), len(self.numeric), len(self.error), len(self.wrong)}
        _check(len(lengths) == 1, "there are not as many numbers of each kind")


class HeatMap(Struct, forbid_unknown_fields=True, tag=True, tag_field="kind"):
    """See `gradtest.diagnosis.pictures.HeatMap`."""

    parameter: str
    off: list[list[Real]]

    def __post_init__(self) -> None:
        lengths = set(map(len, self.off))
        _check(len(lengths) == 1 and lengths != {0}, "the rows are not of one length")


class Remainder(Struct, forbid_unknown_fields=True, tag=True, tag_field="kind"):
    """See `gradtest.diagnosis.pictures.Remainder`."""

    parameter: str
    steps: list[Real]
    sizes: list[Real]
    order: Real

    def __post_init__(self) -> None:
        _check(len(self.steps) == len(self.sizes) > 0, "there are not as many sizes as steps")


Picture = Coefficients | Entries | HeatMap | Remainder


def _check(good: bool, said: str) -> None:
    """Tell msgspec, which adds the place, that something does not fit together."""
    if not good:
        raise ValueError(said)


class Checked(Counts, forbid_unknown_fields=True, kw_only=True):
    """One target, and what became of it; the counts are over the generated cases.

    Attributes
    ----------
    name, place, verdict : str
    key : str
        What a baseline calls it, and no other target of the run is called.
    file : str or None
        Where the derivative stands, from the root of the project with forward slashes; None where that
        is not known, or elsewhere.
    line : int or None
    inputs : dict of str to str, or None
        How they look; None before that is known.
    inputs_from : str or None
    dtype : str
        Of the numbers that were drawn.
    resolutions : list of float
        Of the cases that agree and whose gradient is not zero, in order.
    opinions, contradictions : dict of str
        By method.
    findings : list of Found
        Of the smallest failing case of each input.
    others_say : dict of str to str
        What the second opinions say of the smallest failing case.
    notes : list of str
        What is to be said beside the figures.
    known : dict of str to str
        Why findings are accepted, by their codes.
    skip, misuse, crash : str or None
        Why it was not looked at, cannot be checked, and what went wrong in gradtest itself.
    again : str
        The command that looks for the same again.
    pictures : list
        Of the smallest failing case, or of the one that was seen least sharply.
    """

    name: str
    place: str = ""
    key: str = ""
    verdict: str
    file: str | None = None
    line: Annotated[int, Meta(ge=1)] | None = None
    inputs: dict[str, str] | None = None
    inputs_from: str | None = None
    dtype: str = "float64"
    resolutions: list[Real] = []
    opinions: dict[str, Counts] = {}
    contradictions: dict[str, Contradicted] = {}
    findings: list[Found] = []
    others_say: dict[str, str] = {}
    notes: list[str] = []
    known: dict[str, str] = {}
    skip: str | None = None
    misuse: str | None = None
    crash: str | None = None
    again: str = ""
    pictures: list[Picture] = []
    seconds: float = 0.0


class Change(Struct, forbid_unknown_fields=True):
    """What happened since the baseline (`gradtest.baseline.changes.Change`), and whether it fails."""

    kind: str
    target: str
    parameter: str
    evidence: str
    fails: bool
    said: str


class Kept(Struct, forbid_unknown_fields=True):
    """What came of a baseline; `settled` are the targets that are no more decided than they were.

    `unwritten` says why there is none, and none was written.
    """

    file: str
    entries: int
    born: bool
    unwritten: str
    updated: bool
    pruned: list[str]
    settled: list[str]
    changes: list[Change]


class Document(Struct, forbid_unknown_fields=True, kw_only=True):
    """A run.

    Attributes
    ----------
    format : int
    gradtest : str
        The version that wrote it.
    checked : str
        What was asked for.
    partial : str
        Why not all was looked at that should have been; empty if it was.
    misuse : str
        Why the run could not begin; absent if it did.
    baseline : Kept
        Absent where there was none.
    """

    format: Annotated[int, Meta(ge=1)] = FORMAT
    gradtest: str
    checked: str
    seed: int | None = None
    max_examples: int = 0
    method: str = ""
    opinions: list[str] = []
    exit_code: int
    interrupted: bool = False
    seconds: float = 0.0
    partial: str = ""
    misuse: str | UnsetType = UNSET
    baseline: Kept | UnsetType = UNSET
    targets: list[Checked]


# -- in and out -----------------------------------------------------------------------------------


class _Format(Struct):
    format: int


def as_json(document: Document) -> str:
    """Return the text of a document: the same for the same run, but for times."""
    plain = msgspec.to_builtins(document)
    return json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def decoded(text: bytes, whence: str) -> Document:
    """Return the document in a text.

    Parameters
    ----------
    text : bytes
    whence : str
        What the sentence about a damaged one begins with.

    Raises
    ------
    Misuse
        If it is damaged, or of another format.
    """
    try:
        version = msgspec.json.decode(text, type=_Format).format
        if version != FORMAT:
            raise Misuse(
                f"{whence} has format {version}, and this gradtest reads format {FORMAT}; use the gradtest "
                "that wrote it, or run it again"
            )
        return msgspec.json.decode(text, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        said, _, where = str(error).partition(" - at ")
        why = f"{where.strip('`').removeprefix('$.')}: {said}" if where else said
        raise Misuse(f"{whence} is no report of gradtest: {why}; run it again") from None


def read(path: Path) -> Document:
    """Return the document in a file; nothing of it is run.

    Raises
    ------
    Misuse
        If it cannot be read, is damaged, or of another format.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise Misuse(f"the report {path} cannot be read: {error.strerror}") from None
    return decoded(text, f"the report {path}")
