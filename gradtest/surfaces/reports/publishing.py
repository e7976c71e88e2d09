"""Where reports go: files under stable names, and what GitHub shows of a job.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from gradtest.baseline.store import replace_whole
from gradtest.errors import Misuse, nearest

from .document import Document, as_json

__all__ = ["FILES", "FOLDER", "Wanted", "publish", "wanted"]

FOLDER = "gradtest-report"

#: The kinds of report, and what their files are called.
FILES = {
    "json": "report.json",
    "junit": "junit.xml",
    "md": "report.md",
    "html": "report.html",
    "gitlab": "gl-code-quality-report.json",
}


@dataclass(frozen=True)
class Wanted:
    """The reports that are asked for.

    Attributes
    ----------
    kinds : tuple of str
        Keys of `FILES`.
    folder : Path
    annotations : bool
        Whether to write annotations.
    summary : Path or None
        The file to which the summary of a job on GitHub is appended.
    """

    kinds: tuple[str, ...] = ()
    folder: Path = Path(FOLDER)
    annotations: bool = False
    summary: Path | None = None

    @property
    def pictures(self) -> bool:
        """Whether something is to be drawn."""
        return not {"json", "html"}.isdisjoint(self.kinds)


def wanted(
    kinds: Iterable[str],
    folder: Path | None = None,
    annotations: str = "auto",
    environment: Mapping[str, str] = os.environ,
) -> Wanted:
    """Return what is asked for, before anything is run.

    Parameters
    ----------
    kinds : iterable of str
        Keys of `FILES`, also several with commas between.
    folder : Path, optional
        By default `FOLDER`, below the current one.
    annotations : {"auto", "github", "none"}
    environment : mapping
        Says whether a job runs on GitHub, and where its summary goes.

    Raises
    ------
    Misuse
        If a kind is unknown, or needs what is not installed.
    """
    words = [word.strip() for kind in kinds for word in kind.split(",")]
    asked = tuple(dict.fromkeys(filter(None, words)))
    for kind in asked:
        if kind not in FILES:
            raise Misuse(
                f"there is no report {kind!r}; {nearest(kind, FILES)} (there are {', '.join(FILES)})"
            )
    if "html" in asked and importlib.util.find_spec("jinja2") is None:
        raise Misuse('the HTML report needs jinja2, which is not installed: pip install "gradtest[report]"')
    there = environment.get("GITHUB_ACTIONS") == "true"
    summary = environment.get("GITHUB_STEP_SUMMARY") if there and annotations != "none" else None
    return Wanted(
        asked,
        Path(FOLDER) if folder is None else folder,
        annotations == "github" or (annotations == "auto" and there),
        Path(summary) if summary else None,
    )


def publish(document: Document, reports: Wanted, log: TextIO) -> Iterator[str]:
    """Write what is wanted, and yield what is to be said of it.

    Parameters
    ----------
    document : Document
    reports : Wanted
    log : text stream
        Where annotations go.

    Yields
    ------
    str
        Where the reports are; or why one could not be written, which is no reason to fail.
    """
    paths = []
    for kind in reports.kinds:
        path = reports.folder / FILES[kind]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_whole(path, rendered(document, kind).encode("utf-8"))
            paths.append(path.as_posix())
        except OSError as error:
            yield f"The report {path.as_posix()} was not written: {error.strerror or error}."
    if paths:
        yield f"Reports: {', '.join(paths)}"
    if reports.summary is not None:
        yield from _append(document, reports.summary)
    if reports.annotations:
        from .annotations import annotated

        log.write("".join(f"{line}\n" for line in annotated(document)))
        log.flush()


def rendered(document: Document, kind: str) -> str:
    """Return the text of a report; what a kind needs is imported when it is asked for."""
    if kind == "json":
        return as_json(document)
    if kind == "junit":
        from .junit import junit

        return junit(document)
    if kind == "md":
        from .markdown import markdown

        return markdown(document)
    if kind == "gitlab":
        from .gitlab import gitlab

        return gitlab(document)
    from .html import html

    return html(document)


def _append(document: Document, path: Path) -> Iterator[str]:
    from .markdown import markdown

    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(markdown(document))
    except OSError as error:
        yield f"The summary of the job was not written: {error.strerror or error}."
