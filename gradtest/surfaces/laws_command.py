"""gradtest laws: what a derivative is held to.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import sys

import click

from .lines import fill
from .terminal import paper

__all__ = ["command"]


@click.command()
def command() -> None:
    """List the laws: what a derivative is held to, and which of them are asked for by default."""
    from gradtest.laws.catalogue import LAWS

    out = paper(sys.stdout)
    width = max(len(law.name) for law in LAWS)
    for law in LAWS:
        mark = " " if law.default else "*"
        for line in fill(law.demands, out.width, f"{law.name:<{width}} {mark} ", " " * (width + 3)):
            click.echo(line)
    if not all(law.default for law in LAWS):
        click.echo(
            "* only if it is named: check --laws derivative,layout or Settings(laws=...); or --laws all"
        )
