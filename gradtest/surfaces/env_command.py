"""gradtest env: the versions that a bug report needs.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator

import click

from gradtest import __version__

__all__ = ["command"]

#: What gradtest is built on, and what often stands beside it.
DISTRIBUTIONS = ("numpy", "scipy", "hypothesis", "pytest", "pytest-xdist", "click", "rich", "optree")


@click.command()
def command() -> None:
    """Print the versions of what gradtest runs on, for bug reports."""
    rows = list(_rows())
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        click.echo(f"{name:<{width}}  {text}")


def _rows() -> Iterator[tuple[str, str]]:
    yield "gradtest", __version__
    yield "python", f"{platform.python_version()} ({platform.python_implementation()})"
    yield "platform", f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    yield "encoding", sys.stdout.encoding
    for name in DISTRIBUTIONS:
        yield name, _version(name)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
