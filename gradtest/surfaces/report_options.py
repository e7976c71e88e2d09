"""How reports are asked for on the command line.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .option_group import together

if TYPE_CHECKING:
    from .config import Config
    from .reports.publishing import Wanted

__all__ = ["report_options", "wanted_reports"]


#: Gives a command the options of reports.
report_options = together(
    click.option(
        "--report",
        multiple=True,
        metavar="KINDS",
        help="Write reports: json, junit, md, html, gitlab, with commas between.",
    ),
    click.option(
        "--report-dir",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="Where reports go. [default: gradtest-report]",
    ),
    click.option(
        "--annotations",
        type=click.Choice(("auto", "github", "none")),
        default="auto",
        help="Annotate the backward functions that are wrong, and append to the summary of the job. "
        "[default: auto, which is github where a job runs there]",
    ),
)


def wanted_reports(options: Mapping[str, Any], config: Config | None = None, root: Path = Path()) -> Wanted:
    """Return the reports that options of the command ask for, else those that `pyproject.toml` names.

    Raises
    ------
    Misuse
        If a kind is unknown, or needs what is not installed.
    """
    from .reports.publishing import wanted

    kinds, folder = options["report"], options["report_dir"]
    if config is not None:
        kinds = kinds or config.report
        folder = folder or (root / config.report_dir if config.report_dir else None)
    return wanted(kinds, folder, options["annotations"])
