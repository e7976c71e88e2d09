"""What `pyproject.toml` says under ``[tool.gradtest]``: read strictly, with the path of what is wrong.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import contextlib
import datetime
import inspect
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta, Struct

from gradtest.errors import Misuse, nearest
from gradtest.settings import USUAL_DTYPE, Dtype

if TYPE_CHECKING:
    from gradtest.plan import Plan
    from gradtest.subjects.subject import Subject

__all__ = [
    "Config",
    "Described",
    "Listed",
    "Override",
    "find_config",
    "plan_for",
    "plan_of",
    "read_config",
    "schema",
]

_FILE = "pyproject.toml"
_SECTION = "tool.gradtest"

Place = Annotated[str, Meta(description="pkg.mod, pkg.mod:name, file.py, file.py::name, a folder; * matches")]
Shapes = Annotated[
    dict[str, str], Meta(description='How inputs look, by name: x = "batch in", p = "n : (0, 1)"')
]
Seconds = Annotated[
    float, Meta(gt=0, description="When a target has taken so long, no further case is begun")
]
Sentence = Annotated[str, Meta(min_length=3, description="Why; shown wherever it takes effect")]


class Described(Struct, forbid_unknown_fields=True, kw_only=True):
    """A target whose derivative cannot be told from its name."""

    forward: Place
    vjp: Place | None = None
    grad: Place | None = None
    value_and_grad: Place | None = None
    jvp: Place | None = None
    hess: Place | None = None
    hvp: Place | None = None
    inputs: Shapes = {}
    name: str | None = None


class Override(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is different for some targets, and why."""

    match: Annotated[
        str, Meta(description="The name or the place of a target, or one of them in float32; * is anything")
    ]
    reason: Sentence
    known: Annotated[str, Meta(pattern="^GT[0-9]{3}$", description="A finding that is accepted")] | None = (
        None
    )
    expires: Annotated[datetime.date, Meta(description="From this day on the override counts no more")] | (
        None
    ) = None
    inputs: Shapes = {}
    cases: Annotated[int, Meta(ge=1)] | None = None
    seconds: Seconds | None = None
    resolution: Annotated[float, Meta(gt=0, lt=1)] | None = None
    kinks: str | None = None
    laws: list[str] | None = None
    skip: Annotated[bool, Meta(description="Do not look at it at all; counted and shown")] = False

    def matches(self, subject: Subject) -> bool:
        """Whether it is about a target, by its name or its place, with or without the precision."""
        names = (subject.target.name, subject.place)
        words = (*names, *map(subject.in_precision, names))
        return any(fnmatchcase(word, self.match) for word in words)


class Config(Struct, forbid_unknown_fields=True, kw_only=True):
    """The section ``[tool.gradtest]``.

    Attributes
    ----------
    targets : list of str or Described
        Places in which targets are found, or single ones with their derivative.
    inputs : dict of str to str
        Named shapes for every target that has an input of that name.
    cases : int
        For each target.
    seconds : float, optional
        For each target: a run that should take its ten minutes, and no longer.
    dtypes : list of str
        Every target is asked in each of these precisions.
    seed : int, optional
    resolution, kinks, laws
        As in `gradtest.Settings`.
    baseline : str, optional
        A file beside `pyproject.toml`.
    fail_on : list of str
        As `gradtest.baseline.gate.read_gate` reads them; by default all.
    report : list of str
        Keys of `gradtest.surfaces.reports.publishing.FILES`.
    report_dir : str, optional
        A folder beside `pyproject.toml`.
    overrides : list of Override
        The last one that matches counts, key by key.
    """

    targets: Annotated[list[Place | Described], Meta(description="What to check")] = []
    inputs: Shapes = {}
    cases: Annotated[int, Meta(ge=1)] = 100
    seconds: Seconds | None = None
    dtypes: Annotated[
        list[Dtype], Meta(min_length=1, description="The precisions in which every target is asked")
    ] = msgspec.field(default_factory=lambda: [USUAL_DTYPE])
    seed: Annotated[int, Meta(ge=0)] | None = None
    resolution: Annotated[float, Meta(gt=0, lt=1)] | None = None
    kinks: str | None = None
    baseline: Annotated[str, Meta(description="The file that says what every gradient was")] | None = None
    fail_on: Annotated[
        list[str], Meta(description="Which changes since the baseline fail: new, accuracy>10x, unchecked")
    ] = msgspec.field(default_factory=list, name="fail-on")
    laws: list[str] | None = None
    report: Annotated[
        list[str], Meta(description="Which reports are written: json, junit, md, html, gitlab")
    ] = []
    report_dir: Annotated[str, Meta(description="Where reports go")] | None = msgspec.field(
        default=None, name="report-dir"
    )
    overrides: list[Override] = []

    def subjects(self, root: Path, dtypes: Sequence[str] = ()) -> list[Subject]:
        """Return the targets that are named, each once in every precision, in their order.

        Parameters
        ----------
        root : Path
            The folder of the file: files and modules are looked for from there.
        dtypes : sequence of str
            Instead of those that the file names.

        Raises
        ------
        Misuse
            If a place cannot be imported or holds nothing to check.
        """
        from gradtest.subjects.places import find

        found: dict[tuple[str, str], Subject] = {}
        with contextlib.chdir(root):
            for i, one in enumerate(self.targets):
                path = f"{_SECTION}.targets[{i}]"
                try:
                    subjects = [_described(one)] if isinstance(one, Described) else _found(one, find)
                except Misuse as misuse:
                    raise Misuse(f"{path}: {misuse}") from None
                for subject in subjects:
                    found.setdefault((subject.place, subject.target.name), subject)
        return [one for subject in found.values() for one in subject.at(dict.fromkeys(dtypes or self.dtypes))]


@dataclass(frozen=True)
class Listed:
    """What the file at a path names, in other precisions if they are given."""

    path: Path
    dtypes: tuple[str, ...] = ()

    def __call__(self) -> list[Subject]:
        """Return the targets."""
        return read_config(self.path).subjects(self.path.parent, self.dtypes)


def _found(place: str, find: Any) -> list[Subject]:
    """Return the subjects of a place whose last part may hold a ``*``."""
    where, mark, pattern = place.rpartition("::" if "::" in place else ":")
    if "*" not in pattern or not mark:
        return find(place)  # type: ignore[no-any-return]  # `find` is handed in
    subjects = [s for s in find(where) if fnmatchcase(_last(s.place), pattern)]
    if not subjects:
        raise Misuse(f"{place!r} matches nothing in {where}")
    return subjects


def _last(place: str) -> str:
    return re.split(r"::?", place)[-1]


def _described(one: Described) -> Subject:
    from gradtest.subjects.places import function_at
    from gradtest.subjects.subject import Subject
    from gradtest.targets import target

    forms = ("forward", "vjp", "grad", "value_and_grad", "jvp", "hess", "hvp")
    given = {form: place for form in forms if (place := getattr(one, form)) is not None}
    functions = {form: function_at(place) for form, place in given.items()}
    made = target(**functions, name=one.name)  # type: ignore[arg-type]  # forms are among its keywords
    return Subject(made, one.inputs or None, one.forward)


# -- how it is looked at --------------------------------------------------------------------------


def plan_for(config: Config, plan: Plan) -> Plan:
    """Return a plan with what the file says for all targets; what was asked beside it comes first."""
    asked = plan.settings
    settings = asked.but(
        resolution=config.resolution if asked.resolution is None else asked.resolution,
        **({"kinks": config.kinks} if config.kinks else {}),
        laws=config.laws if asked.laws is None else asked.laws,
    )
    seconds = config.seconds if plan.seconds is None else plan.seconds
    given = {**config.inputs, **plan.given}
    return replace(plan, settings=settings, max_examples=config.cases, seconds=seconds, given=given)


def plan_of(config: Config, subject: Subject, plan: Plan, today: datetime.date) -> Plan:
    """Return the plan for one target, with what the overrides say of it."""
    from gradtest.plan import Known

    for one in config.overrides:
        if not one.matches(subject) or (one.expires is not None and today >= one.expires):
            continue
        keys = ("resolution", "kinks", "laws")
        changes = {key: value for key in keys if (value := getattr(one, key)) is not None}
        plan = replace(
            plan,
            settings=plan.settings.but(**changes),
            max_examples=one.cases or plan.max_examples,
            seconds=one.seconds or plan.seconds,
            given={**plan.given, **one.inputs},
            known=((Known(one.known, one.reason), *plan.known) if one.known else plan.known),
            skip=one.reason if one.skip else plan.skip,
        )
    return plan


# -- reading --------------------------------------------------------------------------------------


def find_config(start: Path) -> Path | None:
    """Return the nearest `pyproject.toml` with a section ``[tool.gradtest]``, from a folder upwards."""
    for folder in (start, *start.parents):
        path = folder / _FILE
        if path.is_file() and _section(path) is not None:
            return path
    return None


def read_config(path: Path) -> Config:
    """Return what a `pyproject.toml` says of gradtest; the defaults where it says nothing.

    Raises
    ------
    Misuse
        If the file is no TOML, or a key is unknown or of the wrong kind: with its path, and the
        nearest key that is known.
    """
    section = _section(path)
    try:
        return msgspec.convert(section or {}, Config)
    except msgspec.ValidationError as error:
        raise Misuse(f"{path.name}: {_explained(str(error))}") from None


def _section(path: Path) -> Mapping[str, Any] | None:
    try:
        whole = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misuse(f"{path} is no TOML: {error}") from None
    except OSError as error:
        raise Misuse(f"{path} cannot be read: {error.strerror}") from None
    section = whole.get("tool", {}).get("gradtest")
    return section if section is None or isinstance(section, dict) else {"targets": section}


def _explained(message: str) -> str:
    """Return what msgspec says with our path and, for an unknown key, the nearest that is known."""
    said, _, path = message.partition(" - at ")
    where = _SECTION + path.strip("`").removeprefix("$")
    unknown = re.search(r"unknown field `(.*)`", said)
    if not unknown:
        return f"{where}: {said[0].lower()}{said[1:]}"
    kind = Override if "overrides" in where else Described if "targets" in where else Config
    known = [name for name in get_type_hints(kind) if not name.startswith("_")]
    return f"{where}: unknown key {unknown[1]!r}; {nearest(unknown[1], known)}"


def schema() -> str:
    """Return the JSON Schema of the section ``[tool.gradtest]``, for editors (`config.schema.json`)."""
    described = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"[{_SECTION}]"}
    whole = described | msgspec.json.schema(Config)
    for kind in whole["$defs"].values():
        kind["description"] = inspect.cleandoc(kind["description"])  # as Python 3.13 has it itself
    return json.dumps(whole, indent=2, sort_keys=True) + "\n"
