"""The wheel and the sdist: what is in them is what should be, and the wheel alone is enough."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling")

ROOT = Path(__file__).resolve().parents[1]

LAYERS = """
    import numpy as np

    def dense(x, w, b): return x @ w + b
    def dense_backward(dout, x, w, b): return dout @ w.T, x.T @ dout, dout.sum(0)

    def relu(x): return np.maximum(x, 0)
    def relu_backward(dout, x): return dout * (x < 0)
"""
TEST = """
    import gradtest
    from layers import dense, dense_backward

    test_dense = gradtest.property_of(dense, dense_backward, x="batch in", w="in out", b="out")
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with a wheel and an sdist, made from this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    words = ["hatchling", "build", "-d", str(folder), "-t", "wheel", "-t", "sdist"]
    ran(ROOT, sys.executable, "-m", *words)
    return folder


def ran(folder: Path, *words: str, code: int = 0) -> str:
    """Run a command that must end with `code`; return what it printed."""
    foreign = ("PYTHONPATH", "PYTEST", "HYPOTHESIS", "CI", "COLUMNS", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    run = subprocess.run(words, cwd=folder, env=kept, capture_output=True, text=True, timeout=600)
    assert run.returncode == code, run.stdout + run.stderr
    return run.stdout


def test_the_wheel_holds_the_package_and_nothing_else(built):
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
    said = {name for name in names if ".dist-info/" in name}
    tracked = {str(file.relative_to(ROOT)) for file in (ROOT / "gradtest").rglob("*") if file.is_file()}
    tracked = {name for name in tracked if "__pycache__" not in name}
    assert names - said == tracked
    assert {"gradtest/py.typed", "gradtest/surfaces/config.schema.json"} <= names
    assert {name.partition("/")[2] for name in said} == {
        "METADATA",
        "WHEEL",
        "RECORD",
        "entry_points.txt",
        "licenses/LICENSE",
    }


def test_the_sdist_holds_what_it_takes_to_test_it(built):
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    top = {name.partition("/")[0] for name in names}
    assert top == {
        *("gradtest", "reference", "tests"),
        *("README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "PKG-INFO", ".gitignore"),
    }
    assert "tests/test_distribution.py" in names
    assert not any("__pycache__" in name or name.endswith(".pyc") for name in names)


@pytest.mark.slow
def test_the_wheel_alone_is_enough(built, tmp_path):
    """In an empty environment: the command, the plugin, and a user's own layer."""
    (wheel,) = built.glob("*.whl")
    ran(tmp_path, sys.executable, "-m", "venv", "env")
    python = str(tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin") / "python")
    ran(tmp_path, python, "-m", "pip", "install", "-q", "--disable-pip-version-check", str(wheel))
    (tmp_path / "layers.py").write_text(textwrap.dedent(LAYERS), encoding="utf-8")
    (tmp_path / "test_layers.py").write_text(textwrap.dedent(TEST), encoding="utf-8")
    said = ran(tmp_path, python, "-m", "gradtest", "check", "layers.py", "-n", "20", code=1)
    assert "wrong gradient for x" in said
    assert "2 derivatives: 1 agrees, 1 disagrees." in said
    (failure,) = set(re.findall(r"gradtest replay (\w+)", said))
    assert "FAILED" in ran(tmp_path, python, "-m", "gradtest", "replay", failure, code=1)
    said = ran(tmp_path, python, "-m", "pytest", "-q", "test_layers.py")
    assert "1 passed" in said
    assert "1 target, " in said  # the plugin's summary
    said = ran(tmp_path, python, "-m", "pytest", "-q", "-p", "no:gradtest", "test_layers.py")
    assert "1 passed" in said
    assert "1 target, " not in said
    assert "usage" in ran(tmp_path, str(Path(python).with_name("gradtest")), "--help").lower()
