"""The front door: a dozen names, found when they are asked for, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

import gradtest

ROOT = Path(__file__).resolve().parents[1]


def in_a_fresh_interpreter(code: str) -> str:
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    return run.stdout + run.stderr


@pytest.mark.parametrize("name", gradtest.__all__)
def test_every_name_is_there_and_has_a_docstring(name):
    value = getattr(gradtest, name)
    assert value.__doc__
    assert getattr(value, "__name__", name) == name


def test_names_are_found_by_completion_and_star():
    assert set(gradtest.__all__) < set(dir(gradtest))
    assert "NameError" not in in_a_fresh_interpreter(
        "from gradtest import *; check, target, Settings, inputs"
    )


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'gradtest' has no attribute 'chek'"):
        _ = gradtest.chek


def test_a_name_is_kept_once_it_was_found():
    code = (
        "import gradtest; gradtest.Settings; print('Settings' in vars(gradtest), 'check' in vars(gradtest))"
    )
    assert in_a_fresh_interpreter(code).split() == ["True", "False"]


@pytest.mark.parametrize(
    ("statement", "unloaded"),
    [
        ("import gradtest", ["numpy", "scipy", "hypothesis", "pytest", "click", "rich"]),
        ("import gradtest; gradtest.Settings", ["numpy", "hypothesis"]),
        (
            "from gradtest import check",
            ["hypothesis", "pytest", "click", "rich", "scipy.optimize", "scipy.stats"],
        ),
        ("from gradtest import property_of", ["click", "rich", "scipy.optimize", "scipy.stats"]),
        ("import gradtest.surfaces.cli", ["numpy", "hypothesis", "rich", "pytest"]),
        ("import gradtest.surfaces.check_command", ["numpy", "hypothesis", "rich", "pytest"]),
    ],
)
def test_what_is_not_needed_is_not_imported(statement, unloaded):
    code = f"import sys; {statement}; print([m for m in {unloaded} if m in sys.modules])"
    assert in_a_fresh_interpreter(code).strip() == "[]"


def test_help_answers_at_once():
    code = (
        "import sys, gradtest.surfaces.cli as cli\n"
        "code = cli.command.main(['--help'], standalone_mode=False)\n"
        "print(code, [m for m in ('numpy', 'hypothesis', 'rich') if m in sys.modules])"
    )
    assert in_a_fresh_interpreter(code).splitlines()[-1] == "0 []"


def test_the_version_is_said():
    run = subprocess.run(
        [sys.executable, "-m", "gradtest", "--version"], capture_output=True, text=True, cwd=ROOT
    )
    assert run.stdout == f"gradtest {gradtest.__version__}\n"


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_without_a_word_the_command_says_what_it_can_do(words):
    run = subprocess.run([sys.executable, "-m", "gradtest", *words], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0
    assert "python -m gradtest check layers.py::affine" in run.stdout
    for verb in ("check", "laws", "env"):
        assert f"\n  {verb} " in run.stdout


def test_laws_are_listed():
    run = subprocess.run([sys.executable, "-m", "gradtest", "laws"], capture_output=True, text=True, cwd=ROOT)
    firsts = [line.split()[0] for line in run.stdout.splitlines() if line[0] != " "]
    assert firsts[:4] == ["derivative", "contract", "linearity", "purity"]


def test_env_says_what_a_bug_report_needs():
    run = subprocess.run([sys.executable, "-m", "gradtest", "env"], capture_output=True, text=True, cwd=ROOT)
    said = dict(line.split(maxsplit=1) for line in run.stdout.splitlines())
    assert said["gradtest"] == gradtest.__version__
    assert said["python"].startswith(sys.version.split()[0])
    assert {"numpy", "scipy", "hypothesis", "pytest", "click", "platform"} <= set(said)
