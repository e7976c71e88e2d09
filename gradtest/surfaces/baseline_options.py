"""How a baseline is asked for on the command line.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from pathlib import Path

import click

from .option_group import together

__all__ = ["BASELINE_OPTIONS", "baseline_options"]

#: By these names the options are found.
BASELINE_OPTIONS = ("baseline", "baseline_update", "baseline_prune", "fail_on")


#: Gives a command the options of a baseline.
baseline_options = together(
    click.option(
        "--baseline",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Fail only on what got worse since FILE was written; a missing one is written.",
    ),
    click.option(
        "--baseline-update", is_flag=True, help="Accept what is: put what ran in its place in the file."
    ),
    click.option(
        "--baseline-prune",
        is_flag=True,
        help="Take what is gone out of the file.",
    ),
    click.option(
        "--fail-on",
        multiple=True,
        metavar="WHAT",
        help="What fails: new, accuracy>10x, unchecked. Repeat. [default: all of these]",
    ),
)
