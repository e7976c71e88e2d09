"""gradtest laws: what a derivative is held to.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import click

__all__ = ["LAWS", "command"]

#: Name, and what it demands.
LAWS: tuple[tuple[str, str], ...] = (
    (
        "derivative",
        "The claimed slope is the measured one, for every input, along lines through every point.",
    ),
    ("contract", "A gradient comes back for every real input, in its shape, as real numbers."),
)


@click.command()
def command() -> None:
    """List the laws: what a derivative is held to."""
    width = max(len(name) for name, _ in LAWS)
    for name, text in LAWS:
        click.echo(f"{name:<{width}}  {text}")
