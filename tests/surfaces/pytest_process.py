"""Pytest in a process and a folder of its own, with the plugin as it is here."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = "gradtest.surfaces.pytest_plugin"

#: What says something of the outer run, or of where it runs, and is kept from the inner one.
FOREIGN = ("PYTEST", "CI", "GITHUB", "HYPOTHESIS", "NO_COLOR", "FORCE_COLOR")


def arguments(folder: Path, *options: str, plugin: bool = True, **environment: str) -> dict[str, Any]:
    """Return how to begin it: arguments of `subprocess`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    chosen = ["-p", "no:gradtest", "-p", "no:cacheprovider", *(["-p", PLUGIN] if plugin else [])]
    return {
        "args": [sys.executable, "-m", "pytest", *chosen, *options],
        "cwd": folder,
        "env": kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "140"} | environment,
    }


def run_pytest(
    folder: Path, *options: str, plugin: bool = True, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Carry it out, and return what it printed."""
    how = arguments(folder, *options, plugin=plugin, **environment)
    return subprocess.run(**how, capture_output=True, encoding="utf-8", timeout=120)
