"""What the tests of the command share: a place of one's own, and the command in this process."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner, Result

from gradtest.surfaces.cli import command

Gradtest = Callable[..., Result]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to stand in; what is imported there is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def write(place: Path) -> Callable[[str, str], Path]:
    """Write a file, with its text as it stands in the test."""

    def write(name: str, text: str) -> Path:
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("import numpy as np\n" + dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def gradtest(place: Path) -> Gradtest:
    """Run the command in this process: words, or one string of them."""

    def run(*words: str) -> Result:
        return CliRunner().invoke(command, list(words))

    return run
