"""The pytest plugin: light, quiet, and a failure that shows the finding alone."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.surfaces.pytest_process import PLUGIN, ROOT, run_pytest

TESTS = """
import gradtest
import numpy as np
from hypothesis import given


def affine(x, w):
    return x @ w


def affine_backward(dout, x, w):
    return dout @ w.T, -x.T @ dout


test_tanh = gradtest.property_of(np.tanh, lambda g, x: g * (1 - np.tanh(x) ** 2), x="batch in")
test_affine = gradtest.property_of(affine, affine_backward, x="batch in", w="in out")


def test_at_a_point():
    gradtest.assert_gradients(affine, affine_backward, np.ones((2, 3)), np.ones((3, 4)))


@given(gradtest.inputs(x="batch in", w="in out"))
def test_given(p):
    gradtest.assert_gradients(affine, affine_backward, **p)
"""

LINE = TESTS.splitlines().index("def affine_backward(dout, x, w):") + 1
HEADLINE = "gradtest GT101: wrong gradient for w - the sign is flipped"


def pytest_in(folder: Path, text: str, *options: str, plugin: bool = True, **environment: str) -> str:
    """Run pytest in a folder of its own, in a process of its own, with the plugin; return what it prints."""
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    run = run_pytest(folder, *options, plugin=plugin, **environment)
    return run.stdout + run.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("users")


@pytest.fixture(scope="module")
def failing(folder):
    """What one run prints in which properties, plain tests and tests with @given fail."""
    return pytest_in(folder, TESTS, "-v", "--junitxml=out.xml", "--hypothesis-seed=7")


@pytest.fixture(scope="module")
def misused(folder):
    return pytest_in(folder, MISUSED, "--hypothesis-seed=1")


def failures(output: str) -> dict[str, str]:
    """Return the text below the title of each failure."""
    part = output.split("= FAILURES =")[1].split("= gradtest =")[0].rpartition("\n")[0]
    titled = re.split(r"^_+ (\w+) _+$", part, flags=re.MULTILINE)[1:]
    return dict(zip(titled[::2], titled[1::2], strict=True))


# -- it weighs nothing ----------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["gradtest", PLUGIN])
def test_importing_it_loads_no_numpy_and_no_hypothesis(module):
    assert _loaded(f"import {module}") == "[]"


def test_the_check_of_imports_can_fail():
    assert "hypothesis" in _loaded("import gradtest; gradtest.inputs")


def _loaded(statement: str) -> str:
    heavy = "[m for m in ('numpy', 'scipy', 'hypothesis', 'optree', 'rich', 'click') if m in sys.modules]"
    code = f"import sys; {statement}; print({heavy})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return run.stdout.strip()


def test_where_gradtest_is_not_used_it_says_nothing_and_loads_nothing(tmp_path):
    text = """
import sys

def test_plain():
    assert "numpy" not in sys.modules and "gradtest.run" not in sys.modules
"""
    output = pytest_in(
        tmp_path, text, "-p", "no:hypothesispytest", "-p", "no:jaxtyping"
    )  # others may load it
    assert "1 passed" in output
    assert "= gradtest =" not in output


@pytest.mark.parametrize("name", ["pytest_plugin", "pytest_failure", "pytest_summary", "__init__"])
def test_pytest_leaves_the_plugin_as_it_is(name):
    text = (ROOT / "gradtest" / "surfaces" / f"{name}.py").read_text(encoding="utf-8")
    assert "PYTEST_DONT_REWRITE" in text.split('"""')[1]


# -- what it shows --------------------------------------------------------------------------------

OUR_FRAMES = re.compile(r"(?<!\.)gradtest/(?!surfaces)\w+|hypothesis/core|site-packages")


def test_a_property_that_fails_shows_its_message_and_nothing_else(failing):
    text = failures(failing)["test_affine"].strip()
    assert text.startswith(HEADLINE)
    assert f"  where         test_it.py:{LINE}  affine_backward" in text
    assert "  smallest case x = [[1.0]]" in text
    assert not OUR_FRAMES.search(text), text
    assert "hypothesis" not in text.lower()


def test_the_headline_survives_alone(failing):
    for name in ("test_affine", "test_at_a_point", "test_given"):
        assert f"FAILED test_it.py::{name} - {HEADLINE}" in failing


@pytest.mark.parametrize("style", ["short", "line", "native"])
def test_it_looks_the_same_in_other_styles(folder, style):
    output = pytest_in(folder, TESTS, f"--tb={style}", "-k", "affine", "--hypothesis-seed=7")
    part = output.split("= FAILURES =")[1].split("= gradtest =")[0]
    assert f"\n{HEADLINE}\n  w[" in part
    assert not OUR_FRAMES.search(part), part
    assert f"FAILED test_it.py::test_affine - {HEADLINE}" in output


def test_inside_a_users_test_the_users_line_is_shown_and_no_frame_of_ours(failing):
    text = failures(failing)["test_at_a_point"]
    assert (
        "\n>       gradtest.assert_gradients(affine, affine_backward, np.ones((2, 3)), np.ones((3, 4)))"
        in text
    )
    assert re.search(r"^test_it.py:\d+: GradientError$", text, re.M)
    assert not OUR_FRAMES.search(text), text
    assert not OUR_FRAMES.search(failures(failing)["test_given"])


def test_full_trace_shows_all_frames(folder):
    assert "gradtest/run.py" in pytest_in(folder, TESTS, "-k", "at_a_point", "--full-trace")


def test_junit_has_the_headline_and_the_message(failing, folder):
    texts = {
        case.get("name"): case.find("failure")
        for case in ElementTree.parse(folder / "out.xml").iter("testcase")
    }
    failure = texts["test_affine"]
    assert failure.get("message") == HEADLINE
    assert failure.text.startswith(HEADLINE)
    assert "smallest case x = [[1.0]]" in failure.text


MISUSED = """
import gradtest
import numpy as np


def test_misuse():
    gradtest.assert_gradients(abs, abs, 1)


test_nothing = gradtest.property_of(lambda x: x * np.nan, lambda g, x: g, x="n")


def test_plain():
    gradtest.Settings()
    assert 1 == 2
"""


def test_misuse_in_a_test_is_a_sentence_below_the_users_line(misused):
    text = failures(misused)["test_misuse"]
    assert "\n>       gradtest.assert_gradients(abs, abs, 1)" in text
    assert not OUR_FRAMES.search(text), text
    assert re.search(r"FAILED test_it.py::test_misuse - gradtest: .*integer", misused)


def test_what_decides_nothing_fails_in_its_own_words(misused):
    assert re.search(
        r"FAILED test_it.py::test_nothing - gradtest: <lambda>: nothing was decided: all \d+ cases", misused
    )
    assert not OUR_FRAMES.search(failures(misused)["test_nothing"])


def test_other_failures_are_left_alone(misused):
    assert "\nE       assert 1 == 2" in failures(misused)["test_plain"]


# -- what it counts -------------------------------------------------------------------------------


def test_the_summary_says_what_was_checked_and_nothing_is_written(tmp_path):
    output = pytest_in(tmp_path, TESTS, "-k", "tanh", "--hypothesis-seed=7")
    assert re.search(r"^=+ gradtest =+$", output, re.M)
    assert re.search(r"^1 target, 100 cases: 100 agree; [\d,]+ evaluations$", output, re.M)
    assert re.search(r"^worst resolution \de-\d+: a gradient off by that share would be seen$", output, re.M)
    assert re.search(
        r"^mutants caught (\d+) of \1: wrong versions of the gradients that agree$", output, re.M
    )
    assert "seed: --hypothesis-seed=7" in output
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"test_it.py", "pytest.ini", "__pycache__", ".hypothesis"}  # the last is Hypothesis's own


def test_undecided_cases_are_counted_with_their_reason(misused):
    assert re.search(r"^  <lambda>: \d+ of \d+ undecided: the function is not finite", misused, re.M)


BLIND = """
import gradtest
import numpy as np

test_blind = gradtest.property_of(
    lambda x, b: x * x + 0 * b, lambda dout, x, b: (2 * x * dout, 0 * b), x="n", b="n"
)
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_mutants_that_were_not_caught_are_named_with_the_reason(tmp_path, workers):
    if workers:
        pytest.importorskip("xdist")
    output = pytest_in(tmp_path, BLIND, *workers)
    assert re.search(r"^mutants caught (\d+) of \d+: ", output, re.M), output
    assert "  not caught: <lambda>: b: its gradient is zero in every case, so that only a" in output


def test_workers_add_up_and_keep_the_headline(folder):
    pytest.importorskip("xdist")
    output = pytest_in(folder, TESTS, "-n", "2", "-k", "tanh or affine", "--tb=short", "--hypothesis-seed=7")
    assert re.search(r"^2 targets, \d+ cases: 100 agree, \d+ disagree; ", output, re.M), output
    assert f"FAILED test_it.py::test_affine - {HEADLINE}" in output
    assert f"\n{HEADLINE}\n  w[" in output


def test_the_seed_that_a_profile_fixes_is_said(folder):
    assert "seed: fixed by the Hypothesis profile" in pytest_in(folder, TESTS, "-k", "tanh", CI="true")


# -- manners --------------------------------------------------------------------------------------


def test_property_tests_stand_in_the_users_file(failing):
    assert re.search(r"^test_it.py::test_tanh PASSED", failing, re.M), failing
    assert re.search(r"^test_it.py::test_affine FAILED", failing, re.M)


def test_property_tests_have_the_marker(folder):
    output = pytest_in(folder, TESTS, "-m", "gradtest", "--collect-only", "-q")
    assert output.split()[:2] == ["test_it.py::test_tanh", "test_it.py::test_affine"]
    assert "2/4 tests collected" in output


def test_without_the_plugin_the_tests_run_all_the_same(folder):
    output = pytest_in(folder, TESTS, "-k", "tanh or affine", plugin=False)
    assert "1 failed, 1 passed" in output
    assert HEADLINE in output


def test_without_the_plugin_of_hypothesis_it_works_all_the_same(folder):
    output = pytest_in(folder, TESTS, "-k", "tanh or affine", "-p", "no:hypothesispytest", "--tb=short")
    assert "1 failed, 1 passed" in output
    assert f"FAILED test_it.py::test_affine - {HEADLINE}" in output


def test_the_entry_point_is_the_plugin():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'[project.entry-points.pytest11]\ngradtest = "{PLUGIN}"' in text
