"""`pytest --gradtest --gradtest-baseline`: the same file and the same words as the command's."""

import subprocess
from textwrap import dedent

import pytest

from gradtest.baseline.store import read
from tests.surfaces.pytest_process import run_pytest

pytestmark = pytest.mark.slow  # a session of its own each

LAYERS = """
    import numpy as np

    def cube(x): return x**3
    def cube_grad(x): return 3 * x**2

    def wave(x): return np.sin(x)
    def wave_grad(x): return np.cos(x)

    def slow(x): raise AssertionError("is not called")
    def slow_grad(x): return x
"""

CONFIG = """
    [tool.gradtest]
    targets = ["layers.py"]
    cases = 3

    [[tool.gradtest.overrides]]
    match = "slow"
    skip = true
    reason = "takes a day"
"""

FILE = ("--gradtest-baseline", "b.json")
FLIPPED = ("return np.cos(x)", "return -np.cos(x)")


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text(dedent(CONFIG), encoding="utf-8")

    def run(*options: str, edit=()) -> subprocess.CompletedProcess[str]:
        text = LAYERS
        for old, new in edit:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "layers.py").write_text(dedent(text), encoding="utf-8")
        return run_pytest(tmp_path, "-q", "--gradtest", *options, PYTHONDONTWRITEBYTECODE="1")

    return run


def test_the_first_session_writes_and_fails_once(project, tmp_path):
    first = project(*FILE)
    assert first.returncode == 1, first.stdout + first.stderr
    assert "it was written (2 entries), and this run fails once" in first.stdout
    assert "2 passed, 1 skipped" in first.stdout
    second = project(*FILE)
    assert second.returncode == 0, second.stdout
    assert "(2 entries)." in second.stdout
    assert {target for target, _, _ in read(tmp_path / "b.json")} == {"layers.py::cube", "layers.py::wave"}


def test_workers_write_the_same_bytes_together(project, tmp_path):
    project(*FILE)
    alone = (tmp_path / "b.json").read_bytes()
    (tmp_path / "b.json").unlink()
    together = project(*FILE, "-n", "2")
    assert together.returncode == 1, together.stdout + together.stderr
    assert (tmp_path / "b.json").read_bytes() == alone
    again = project(*FILE, "-n", "2", edit=[FLIPPED])
    assert again.returncode == 1
    assert "layers.py::wave, x: the gradient moved, and the function did not" in again.stdout


def test_what_is_known_is_expected_to_fail_and_what_is_new_fails(project):
    project(*FILE, edit=[FLIPPED])
    known = project(*FILE, edit=[FLIPPED])
    assert known.returncode == 0, known.stdout
    assert "1 passed, 1 skipped, 1 xfailed" in known.stdout
    assert "Nothing changed since the baseline" in known.stdout
    gone = project(*FILE)
    assert gone.returncode == 0
    assert "layers.py::wave, x: a known finding is gone" in gone.stdout


def test_what_moved_without_being_wrong_fails_the_session(project):
    project(*FILE)
    blunt = [("return np.sin(x)", "return np.round(np.sin(x), 10)")]
    run = project(*FILE, edit=blunt)
    assert run.returncode == 1, run.stdout
    assert "2 passed" in run.stdout
    assert "the check lost power" in run.stdout
    assert project(*FILE, "--gradtest-fail-on", "new", edit=blunt).returncode == 0
    assert project(*FILE, "--gradtest-baseline-update", edit=blunt).returncode == 0
    assert project(*FILE, edit=blunt).returncode == 0


def test_a_part_is_no_reason_to_call_the_rest_gone_or_to_prune(project, tmp_path):
    project(*FILE)
    part = project(*FILE, "-k", "cube")
    assert part.returncode == 0, part.stdout
    before = (tmp_path / "b.json").read_bytes()
    pruned = project(*FILE, "--gradtest-baseline-prune", "-k", "cube")
    assert pruned.returncode == 1
    assert "only a part was checked" in pruned.stdout
    assert (tmp_path / "b.json").read_bytes() == before


def test_what_is_gone_is_said_and_taken_out_when_asked(project, tmp_path):
    project(*FILE)
    gone = [("def wave_grad", "def other")]
    run = project(*FILE, edit=gone)
    assert run.returncode == 1
    assert "layers.py::wave: this was checked, and is gone" in run.stdout
    assert project(*FILE, "--gradtest-baseline-prune", edit=gone).returncode == 0
    assert {target for target, _, _ in read(tmp_path / "b.json")} == {"layers.py::cube"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--gradtest-baseline-update",), "--gradtest-baseline-update is about a baseline"),
        ((*FILE, "--gradtest-fail-on", "slower"), "'slower' is not known"),
        (("--gradtest-baseline", "damaged.json"), "damaged.json cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_runs(project, tmp_path, options, sentence):
    (tmp_path / "damaged.json").write_text("{", encoding="utf-8")
    run = project(*options)
    assert run.returncode == 4
    assert sentence in run.stderr + run.stdout
    assert not (tmp_path / "b.json").exists()
