"""`pytest --gradtest`: the targets of pyproject.toml, without any test code."""

import re
import subprocess
from textwrap import dedent

import pytest

from tests.surfaces.pytest_process import run_pytest

LAYERS = """
    import numpy as np

    def cube(x): return x**3
    def cube_grad(x): return 3 * x**2

    def dense(x, w): return x @ w
    def dense_backward(dout, x, w): return dout @ w.T, -x.T @ dout

    def slow(x): raise AssertionError("is not called")
    def slow_grad(x): return x
"""

CONFIG = """
    [tool.gradtest]
    targets = ["layers.py"]
    cases = 5

    [[tool.gradtest.overrides]]
    match = "slow"
    skip = true
    reason = "takes a day"
"""

KNOWN = """
    [[tool.gradtest.overrides]]
    match = "*dense"
    known = "GT101"
    reason = "kept for the paper"
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "layers.py").write_text(dedent(LAYERS), encoding="utf-8")

    def run(config: str, *options: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "pyproject.toml").write_text(dedent(config), encoding="utf-8")
        return run_pytest(tmp_path, *options)

    return run


def test_every_target_is_a_test(project):
    run = project(CONFIG, "--gradtest", "-v", "--hypothesis-seed=1")
    assert run.returncode == 1
    assert "pyproject.toml::layers.py:cube PASSED" in run.stdout
    assert "pyproject.toml::layers.py:dense FAILED" in run.stdout
    assert "pyproject.toml::layers.py:slow SKIPPED (takes a day)" in run.stdout
    assert "FAILED pyproject.toml::layers.py:dense - gradtest GT101: wrong gradient for w" in run.stdout
    assert "2 targets, " in run.stdout


@pytest.mark.slow
def test_with_xdist_every_target_is_one_test_and_the_tally_is_the_sum(project):
    alone, several = (
        project(CONFIG, "--gradtest", "-v", "--hypothesis-seed=1", "-p", "xdist", "-n", count)
        for count in ("0", "2")
    )
    assert (alone.returncode, several.returncode) == (1, 1), several.stdout + several.stderr
    for name, word in (("cube", "PASSED"), ("dense", "FAILED"), ("slow", "SKIPPED")):
        assert len(re.findall(rf"\[gw\d\].* {word} pyproject.toml::layers.py:{name}", several.stdout)) == 1
    said = re.compile(r"^2 targets, .*|^mutants caught.*|^worst resolution.*", re.M)
    assert said.findall(alone.stdout) == said.findall(several.stdout) != []


def test_a_precision_and_a_time_are_kept_to(project):
    config = """
        [tool.gradtest]
        targets = ["layers.py::cube"]
        cases = 1000000
        seconds = 0.3
        dtypes = ["float64", "float32"]
    """
    run = project(config, "--gradtest", "-v")
    assert run.returncode == 0, run.stdout
    assert "pyproject.toml::layers.py:cube PASSED" in run.stdout
    assert "pyproject.toml::layers.py:cube in float32 PASSED" in run.stdout


def test_what_is_known_is_expected_to_fail_and_k_and_m_choose(project):
    run = project(dedent(CONFIG) + dedent(KNOWN), "--gradtest", "-v", "-m", "gradtest", "-k", "dense or cube")
    assert run.returncode == 0
    assert "layers.py:dense XFAIL (known GT101: kept for the paper)" in run.stdout
    assert "1 passed, 1 deselected, 1 xfailed" in run.stdout


def test_a_known_finding_that_is_gone_warns(project):
    run = project(dedent(CONFIG) + dedent(KNOWN).replace("*dense", "cube"), "--gradtest", "-k", "cube")
    assert run.returncode == 0
    assert "GT101 was known here (kept for the paper) and is gone: take the override out" in run.stdout


def test_without_the_option_nothing_is_collected(project):
    assert project(CONFIG).returncode == 5


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("", "--gradtest: no targets are named; write in pyproject.toml: [tool.gradtest] targets"),
        ("[tool.gradtest]\ntarget = []", "--gradtest: pyproject.toml: tool.gradtest: unknown key 'target'"),
        ("[tool.gradtest]\ntargets = ['nowhere']", "there is no module 'nowhere'"),
    ],
)
def test_misuse_gets_a_sentence(project, config, sentence):
    run = project(config, "--gradtest")
    assert run.returncode == 4
    assert sentence in run.stderr
