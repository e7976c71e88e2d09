"""`[tool.gradtest]` of pyproject.toml: strict, and what the command and pytest make of it."""

import datetime
import os
import re
from pathlib import Path

import pytest

from gradtest.errors import Misuse
from gradtest.plan import Known, Plan
from gradtest.surfaces import config as module
from gradtest.surfaces.config import find_config, plan_for, plan_of, read_config, schema

LAYERS = """
    def cube(x): return x**3
    def cube_grad(x): return 3 * x**2

    def dense(x, w, b): return x @ w + b
    def dense_backward(dout, x, w, b): return dout @ w.T, -x.T @ dout, dout.sum(0)

    def odd(x): return np.sin(x)
    def slope_of_it(g, x): return g * np.cos(x)
"""

TARGETS = 'targets = ["layers.py"]'
ODD = '{ forward = "layers.py::odd", vjp = "layers.py::slope_of_it", inputs = { x = "n" } }'


@pytest.fixture
def project(write, place):
    """A folder with layers and a pyproject.toml that says what it is given."""
    write("layers.py", LAYERS)

    def say(text: str) -> Path:
        path = place / "pyproject.toml"
        path.write_text(f"[tool.gradtest]\n{text}\n", encoding="utf-8")
        return path

    return say


# -- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('target = ["layers.py"]', "tool.gradtest: unknown key 'target'; did you mean 'targets'?"),
        ('targets = [{ forwards = "a:b" }]', r"targets\[0\]: unknown key 'forwards'; did you mean 'forward'"),
        ('[[tool.gradtest.overrides]]\nmatch = "a"\nknwon = "GT101"', "did you mean 'known'"),
        ('[[tool.gradtest.overrides]]\nmatch = "a"', r"overrides\[0\]: object missing .* `reason`"),
        ('[[tool.gradtest.overrides]]\nmatch = "a"\nreason = "since"\nknown = "wrong"', r"overrides\[0\]"),
        ('cases = "many"', "tool.gradtest.cases: expected `int`, got `str`"),
        ('dtypes = ["float46"]', r"dtypes\[0\]: invalid enum value 'float46'"),
        ("dtypes = []", "tool.gradtest.dtypes: expected `array` of length >= 1"),
        ("seconds = 0", "tool.gradtest.seconds: expected `float` > 0"),
        ("cases = 0", "tool.gradtest.cases: expected `int` >= 1"),
        ('targets = "layers.py"', "tool.gradtest.targets: expected `array`, got `str`"),
        ("cases = ", "is no TOML"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(project, text, sentence):
    with pytest.raises(Misuse, match=sentence):
        read_config(project(text))


def test_it_is_found_from_below_and_a_file_that_does_not_speak_of_us_is_passed_over(project, place):
    path = project(TARGETS)
    below = place / "a" / "b"
    below.mkdir(parents=True)
    (below / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    assert find_config(below) == path


def test_the_schema_for_editors_is_what_is_read():
    path = Path(module.__file__).with_name("config.schema.json")
    if os.environ.get("GRADTEST_UPDATE_SNAPSHOTS"):
        path.write_text(schema(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == schema()


# -- what is looked at, and how -------------------------------------------------------------------


def names(config, root):
    return [subject.target.name for subject in config.subjects(root)]


def test_targets_are_places_patterns_and_descriptions_each_once(project):
    path = project(f'targets = ["layers.py::d*", "layers.py", {ODD}]')
    assert names(read_config(path), path.parent) == ["dense", "cube", "odd"]


def test_files_are_looked_for_beside_the_file(project, place, monkeypatch):
    path = project(TARGETS)
    (place / "below").mkdir()
    monkeypatch.chdir(place / "below")
    assert names(read_config(path), path.parent) == ["cube", "dense"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('targets = ["layers.py::x*"]', r"targets\[0\]: 'layers.py::x\*' matches nothing in layers.py"),
        ('targets = ["nowhere"]', r"targets\[0\]: there is no module 'nowhere'"),
        ('targets = [{ forward = "layers.py::odd" }]', r"targets\[0\]: target got no derivative"),
        ('targets = [{ forward = "layers.py", vjp = "layers.py::odd" }]', "names no function"),
    ],
)
def test_a_target_that_is_not_there_is_named(project, text, sentence):
    path = project(text)
    with pytest.raises(Misuse, match=sentence):
        read_config(path).subjects(path.parent)


def test_overrides_apply_to_what_they_match_until_they_expire(project):
    path = project(
        """
        targets = ["layers.py"]
        cases = 7
        kinks = "subgradient"
        inputs = { x = "n" }
        [[tool.gradtest.overrides]]
        match = "cube"
        cases = 3
        known = "GT101"
        inputs = { x = "n : positive" }
        expires = 2030-01-01
        reason = "kept for the paper"
        """
    )
    config = read_config(path)
    cube, dense = config.subjects(path.parent)
    plan = plan_for(config, Plan())
    before, after = datetime.date(2029, 12, 31), datetime.date(2030, 1, 1)
    assert plan_of(config, dense, plan, before) == plan
    assert plan_of(config, cube, plan, after) == plan
    special = plan_of(config, cube, plan, before)
    assert (special.max_examples, special.settings.kinks) == (3, "subgradient")
    assert dict(special.given) == {"x": "n : positive"}
    assert special.known == (Known("GT101", "kept for the paper"),)


# -- the command ----------------------------------------------------------------------------------


HALF = """
    def rounded(x): return np.tanh(x)
    def rounded_grad(x): return (1 - np.tanh(x) ** 2) * (1.01 if x.dtype == np.float32 else 1)
"""


def test_every_target_is_asked_in_every_precision(project, write, gradtest):
    write("half.py", HALF)
    project('targets = ["half.py"]\ncases = 4\nseed = 1\ndtypes = ["float64", "float32"]')
    both = gradtest("check")
    assert both.exit_code == 1
    assert re.search(r"rounded +agrees", both.stdout)
    assert re.search(r"rounded in float32 +disagrees", both.stdout)
    assert "derivative    rounded in float32" in both.stdout
    assert gradtest("check", "--dtypes", "float64").exit_code == 0
    override = '[[tool.gradtest.overrides]]\nmatch = "rounded in float32"\nreason = "known"\nskip = true'
    project(f'targets = ["half.py"]\ncases = 4\nseed = 1\ndtypes = ["float64", "float32"]\n{override}')
    assert "1 agrees, 1 is skipped" in gradtest("check").stdout


def test_no_case_begins_when_the_time_is_up(project, gradtest):
    project('targets = ["layers.py::cube"]\ncases = 1000000\nseconds = 0.3')
    result = gradtest("check")
    assert result.exit_code == 0
    assert re.search(r"its time was up: \d+ of 1000000 cases in \d", result.stdout)


def test_the_command_checks_what_the_file_names(project, gradtest):
    project(f'targets = ["layers.py::cube", {ODD}]\ncases = 4\nseed = 3')
    result = gradtest("check")
    assert result.exit_code == 0
    assert "checks pyproject.toml: 2 derivatives, 4 cases each" in " ".join(result.stdout.split())
    assert "Seed: 3" in result.stdout


def test_a_known_finding_is_shown_and_does_not_fail(project, gradtest):
    override = '[[tool.gradtest.overrides]]\nmatch = "dense"\nreason = "kept for the paper"\nknown = '
    project(f'{TARGETS}\ncases = 4\n{override}"GT101"')
    result = gradtest("check")
    assert result.exit_code == 0
    assert "known GT101: kept for the paper" in result.stdout
    assert "1 is known to disagree" in result.stdout
    project(f'{TARGETS}\ncases = 4\n{override}"GT199"')
    assert gradtest("check").exit_code == 1


def test_a_known_finding_that_is_gone_is_said(project, gradtest):
    project(
        f"{TARGETS}\ncases = 4\n"
        '[[tool.gradtest.overrides]]\nmatch = "cube"\nknown = "GT101"\nreason = "old"\n'
        '[[tool.gradtest.overrides]]\nmatch = "dense"\nskip = true\nreason = "too slow"'
    )
    result = gradtest("check")
    assert result.exit_code == 0
    assert "GT101 was known here (old) and is gone: take the override out" in result.stdout
    assert "skipped: too slow" in result.stdout


def test_all_skipped_is_nothing_decided(project, gradtest):
    project(f'{TARGETS}\n[[tool.gradtest.overrides]]\nmatch = "*"\nskip = true\nreason = "too slow"')
    assert gradtest("check").exit_code == 5


def test_without_a_file_the_command_says_what_to_write(gradtest):
    result = gradtest("check")
    assert result.exit_code == 4
    assert '[tool.gradtest] targets = ["pkg.mod"]' in result.stderr
