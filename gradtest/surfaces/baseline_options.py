"""How a baseline is asked for on the command line.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

__all__ = ["BASELINE_OPTIONS", "baseline_options"]

Command = TypeVar("Command", bound=Callable[..., object])

#: By these names the options are found.
BASELINE_OPTIONS = ("baseline", "baseline_update", "baseline_prune", "fail_on")


def baseline_options(command: Command) -> Command:
    """Give a command the options of a baseline."""
    options = (
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
    return functools.reduce(lambda made, option: option(made), reversed(options), command)
