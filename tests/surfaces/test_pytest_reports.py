"""Reports of a session of pytest: the same document as that of the command, from all workers."""

import subprocess
from textwrap import dedent

import pytest

from gradtest.surfaces.reports.document import read
from tests.surfaces.pytest_process import run_pytest

LAYERS = """
    import numpy as np

    def cube(x): return x**3
    def cube_backward(dout, x): return 3 * x**2 * dout

    def dense(x, w): return x @ w
    def dense_backward(dout, x, w): return dout @ w.T, -x.T @ dout

    def wave(x): return np.sin(x)
    def wave_backward(dout, x): return np.sin(x) * dout
"""

TESTS = """
    import gradtest, layers, numpy as np, pytest

    test_cube = gradtest.property_of(layers.cube, layers.cube_backward, x="n")
    test_dense = gradtest.property_of(layers.dense, layers.dense_backward, x="batch in", w="in out")

    @pytest.mark.xfail(reason="as in the paper")
    def test_wave():
        gradtest.assert_gradients(layers.wave, layers.wave_backward, np.ones(3))

    def test_expected():
        with pytest.raises(gradtest.GradientError):
            halved = gradtest.target(lambda x: x * x, vjp=lambda dout, x: x * dout, name="halved")
            gradtest.property_of(halved, x="n")()

    def test_plain(): pass
"""


@pytest.fixture
def session(tmp_path):
    for name, text in (("layers.py", LAYERS), ("test_layers.py", TESTS)):
        (tmp_path / name).write_text(dedent(text), encoding="utf-8")

    def run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return run_pytest(tmp_path, "--hypothesis-seed=0", *options, **environment)

    return run


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_a_session_has_the_document_of_what_it_checked(session, tmp_path, workers):
    if workers:
        pytest.importorskip("xdist")
    run = session("--gradtest-report", "json,md", "test_layers.py", *workers)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Reports: gradtest-report/report.json, gradtest-report/report.md" in run.stdout
    document = read(tmp_path / "gradtest-report" / "report.json")
    assert (document.checked, document.exit_code, document.seed) == ("pytest test_layers.py", 1, 0)
    targets = {target.name: target for target in document.targets}
    verdicts = {name: target.verdict for name, target in targets.items()}
    assert verdicts == {"cube": "agrees", "dense": "disagrees", "wave": "known", "halved": "known"}
    dense = targets["dense"]
    (finding,) = dense.findings
    assert finding.headline == "gradtest GT101: wrong gradient for w - the sign is flipped"
    assert finding.again.startswith("python -m gradtest replay ")
    assert (dense.file, dense.line) == ("layers.py", 8)
    assert dense.again == "python -m pytest 'test_layers.py::test_dense'"
    assert dense.pictures
    assert dense.disagrees > 0
    assert targets["wave"].known == {targets["wave"].findings[0].code: "as in the paper"}
    assert "no test failed for it" in targets["halved"].notes[-1]
    assert targets["cube"].cases == 100


OTHERS = """
    import gradtest

    def dense(x): return x**2
    def dense_gradient(x): return 3 * x
    test_dense = gradtest.property_of(gradtest.target(dense, grad=dense_gradient), x="n")
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_two_targets_of_one_name_are_two(session, tmp_path, workers):
    if workers:
        pytest.importorskip("xdist")
    (tmp_path / "test_others.py").write_text(dedent(OTHERS), encoding="utf-8")
    run = session("--gradtest-report", "json", "-k", "dense", *workers)
    assert "\n2 targets, " in run.stdout
    document = read(tmp_path / "gradtest-report" / "report.json")
    found = {target.name: (target.file, target.findings[0].code) for target in document.targets}
    assert found == {
        "dense (layers.py:8)": ("layers.py", "GT101"),
        "dense (test_others.py:5)": ("test_others.py", "GT102"),
    }
    assert all(target.disagrees for target in document.targets)


def test_a_failure_counts_even_where_another_was_expected(session, tmp_path):
    again = "\ndef test_again(): gradtest.assert_gradients(layers.wave, layers.wave_backward, np.ones(3))\n"
    path = tmp_path / "test_layers.py"
    path.write_text(path.read_text(encoding="utf-8") + again, encoding="utf-8")
    session("--gradtest-report", "json", "-k", "wave or again")
    (wave,) = read(tmp_path / "gradtest-report" / "report.json").targets
    assert wave.verdict == "disagrees"


def test_on_github_there_are_annotations_and_a_summary(session, tmp_path):
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    run = session("--gradtest-report", "md", "-k", "dense or cube", **environment)
    assert "::error file=layers.py,line=8,title=gradtest GT101%3A wrong gradient for w" in run.stderr
    assert "**2 derivatives: 1 agrees, 1 disagrees.**" in (tmp_path / "summary.md").read_text(
        encoding="utf-8"
    )
    assert "::error" not in session("-k", "dense", **environment).stderr, "nobody asked"


def test_pyproject_says_which_reports_and_what_is_pytests_own_is_left_to_it(session, tmp_path):
    config = '[tool.gradtest]\ntargets = ["layers.py::cube"]\ncases = 3\nreport = ["junit", "md"]\n'
    (tmp_path / "pyproject.toml").write_text(config + 'report-dir = "out"\n', encoding="utf-8")
    run = session("--gradtest", "-k", "layers.py:cube")
    assert run.returncode == 0, run.stdout + run.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.md"]
    assert "Reports: out/report.md" in run.stdout


def test_a_baseline_is_part_of_the_document(session, tmp_path):
    config = '[tool.gradtest]\ntargets = ["layers.py::cube"]\ncases = 3\nbaseline = "b.json"\n'
    (tmp_path / "pyproject.toml").write_text(config, encoding="utf-8")
    options = ("--gradtest", "--gradtest-report", "json", "-k", "layers.py:cube")
    assert session(*options).returncode == 1
    path = tmp_path / "gradtest-report" / "report.json"
    assert read(path).baseline.born
    layers = tmp_path / "layers.py"
    layers.write_text(layers.read_text(encoding="utf-8").replace("3 * x**2", "-3 * x**2"), encoding="utf-8")
    assert session(*options).returncode == 1
    (change,) = read(path).baseline.changes
    assert change.fails
    assert "the gradient moved" in change.said


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("junit", "JUnit is pytest's own here; write --junitxml=FILE"),
        ("htlm", "there is no report 'htlm'; did you mean 'html'"),
    ],
)
def test_a_report_that_cannot_be_had_is_said_before_anything_runs(session, kind, sentence):
    run = session("--gradtest-report", kind)
    assert run.returncode == 4
    assert f"--gradtest-report: {sentence}" in run.stderr


def test_where_nothing_was_checked_nothing_is_written(session, tmp_path):
    run = session("--gradtest-report", "json,md", "-k", "plain")
    assert run.returncode == 0
    assert not (tmp_path / "gradtest-report").exists()
