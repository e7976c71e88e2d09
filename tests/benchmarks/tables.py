"""Plain tables on the terminal, and the line that says where they were made."""

from __future__ import annotations

import datetime
import importlib
import platform
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["provenance", "table"]


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table: the first column to the left, the others to the right."""
    text = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*text, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in text
    ]
    return "\n".join([f"\n{title}", lines[0], "-" * len(lines[0]), *lines[1:]])


def provenance(*packages: str) -> str:
    """Return date, machine and versions in one line."""
    versions = [f"{name} {getattr(importlib.import_module(name), '__version__', '?')}" for name in packages]
    where = f"{platform.system()} {platform.machine()}, CPython {platform.python_version()}"
    return f"{datetime.date.today().isoformat()}  {where}  {', '.join(versions)}"
