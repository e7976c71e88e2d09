"""The README is run: its Python, its commands, and the line that .ci/run takes from it."""

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import gradtest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_python_of_the_page_runs(capsys):
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), names)
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["True", "disagrees"]
    assert said[2] == "gradtest GT102: wrong gradient for x - it is 1/2 times what it should be"


def test_the_page_fails_where_its_code_does():
    with pytest.raises(gradtest.GradientError):
        exec("import gradtest, numpy as np\ngradtest.assert_gradients(np.sin, lambda g, x: g, np.ones(2))")


def commands() -> list[str]:
    return [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]


def test_there_is_one_line_for_each_thing():
    setups = [line for line in commands() if line.startswith("python3 -m venv")]
    assert [line.endswith("gradtest check reference") for line in setups] == [True, False]
    assert setups[1].count("pytest") == 1


def test_the_command_of_the_page_runs(tmp_path):
    (line,) = (line for line in commands() if line.startswith("python -m gradtest check layers.py"))
    code = next(block for block in blocks("python") if "def affine_backward" in block)
    (tmp_path / "layers.py").write_text(code.split("\nx, w, b")[0], encoding="utf-8")
    words = [word for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', line) for word in [quoted or plain]]
    done = subprocess.run(
        [sys.executable, *words[1:], "-n", "20"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "agrees" in done.stdout


def test_the_files_that_the_page_names_exist():
    for name in re.findall(r"python (tests/\S+\.py)", PAGE):
        assert (ROOT / name).is_file(), name


def modules() -> list[str]:
    found = pkgutil.walk_packages(gradtest.__path__, "gradtest.")
    return [module.name for module in found if module.name != "gradtest.__main__"]


@pytest.mark.parametrize("name", modules())
def test_the_examples_of_a_module_run(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0
