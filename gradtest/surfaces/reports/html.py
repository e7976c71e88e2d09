"""The report as one HTML page, which runs what it brings and fetches nothing.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct

from gradtest.diagnosis.pictures import Picture
from gradtest.diagnosis.svg import STYLE, caption, svg
from gradtest.diagnosis.visible import visible

from ..table import MOODS, number_text, seconds_text
from .document import Checked, Document, Found, Kept
from .held import Cell, cell, laws_of
from .problems import Problem, problems_of
from .summary import VERDICTS, conclusion, figures

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["html"]

#: The signs of the cells, beside which there are words.
SIGNS = {"held": "✓", "broken": "✗", "undecided": "?", "skipped": "–", "": ""}


def html(document: Document) -> str:
    """Return the page of a run.

    Takes about a millisecond for a target; no text of the document becomes markup, style or script.
    """
    rows = [_Row(number, checked, document) for number, checked in enumerate(document.targets)]
    verdicts = Counter(row.checked.verdict for row in rows)
    style, script = _asset("report.css") + STYLE, _asset("report.js")
    return _template().render(
        document=document,
        baseline=document.baseline if isinstance(document.baseline, Kept) else None,
        conclusion=conclusion(document),
        mood=_mood(document, set(verdicts)),
        figures=list(figures(document)),
        verdicts=[(verdict, verdicts[verdict]) for verdict in VERDICTS if verdicts[verdict]],
        rows=rows,
        wrong=[row for row in rows if row.problems],
        laws=laws_of(document),
        dtypes=sorted({row.checked.dtype for row in rows}),
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
        moods=MOODS,
        signs=SIGNS,
        split=_split,
    )


def _split(said: Problem | Found) -> tuple[str, str]:
    """Return the headline, and what the message says beside it."""
    first, _, rest = said.message.partition("\n")
    return (first, rest) if first == said.headline else (said.headline, said.message)


def _mood(document: Document, verdicts: set[str]) -> str:
    if document.exit_code == 0:
        return "good"
    return "bad" if verdicts & set(MOODS) - {"agrees"} or document.exit_code in (1, 3, 4) else "doubtful"


def _policy(style: str, script: str) -> str:
    """Return the content security policy: nothing but this one style and this one script."""
    return f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; {_NOWHERE}"


_NOWHERE = "base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _asset(name: str) -> str:
    return files(f"{__package__}.page").joinpath(name).read_text(encoding="utf-8")


@functools.cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader(str(__package__), "page"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number_text, seconds=seconds_text)
    return environment.get_template("report.html")


def _visible(value: Any) -> Any:
    """Spell out what cannot be seen, in whatever is put into the page."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


# -- one target -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    """A target with what the page says of it."""

    number: int
    checked: Checked
    document: Document

    @property
    def id(self) -> str:
        """What links to it; no name has a part in it."""
        return f"t{self.number}"

    @property
    def mood(self) -> str:
        return MOODS.get(self.checked.verdict, "doubtful")

    @functools.cached_property
    def problems(self) -> list[Problem]:
        return list(problems_of(self.checked, self.document))

    @property
    def where(self) -> str:
        one = self.checked
        return f"{one.file}:{one.line}" if one.file is not None else one.place

    @property
    def resolution(self) -> str:
        one = self.checked
        return f"{float(one.resolution):.0e}" if one.agrees and one.resolution else ""

    @property
    def commands(self) -> list[str]:
        """How to see it again, one command a line."""
        again = [part.strip() for found in self.checked.findings for part in found.again.split("   or   ")]
        return list(dict.fromkeys(filter(None, [*again, self.checked.again])))

    def cell(self, law: str) -> Cell:
        return cell(self.checked, law)

    @functools.cached_property
    def pictures(self) -> list[tuple[Markup, str]]:
        return list(_drawn(self.checked.pictures))


def _drawn(told: Sequence[Struct]) -> Iterator[tuple[Markup, str]]:
    for one in told:
        picture = Picture.from_data(msgspec.to_builtins(one))
        yield Markup(svg(picture)), f"{picture.parameter}: {picture.title}; {caption(picture)}"
