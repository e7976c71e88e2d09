"""gradtest report: the reports of a run, from its document.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from gradtest.errors import Misuse

from .report_options import report_options, wanted_reports

__all__ = ["command"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@report_options
def command(file: Path, **options: Any) -> None:
    """Make reports of a run that is over.

    FILE is what check --json or check --report json has written, here or on another machine. Nothing in
    it is run.

    \b
    python -m gradtest report gradtest-report/report.json --report html
    """
    from .reports.document import read
    from .reports.publishing import publish

    reports = wanted_reports(options)
    if not reports.kinds:
        raise Misuse(f"say which reports to make of {file}, for example --report html,md")
    document = read(file)
    for said in publish(document, reports, sys.stderr):
        click.echo(said)
