"""The command `check`: what it prints, what it ends with, and that it can end badly."""

import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CUBE = """
    def cube(x): return x**3
    def cube_grad(x): return 3 * x**2
"""
PAIRS = """
    def cube(x): return x**3
    def cube_grad(x): return 3 * x**2

    def dense(x, w, b): return x @ w + b
    def dense_backward(dout, x, w, b): return dout @ w.T, -x.T @ dout, dout.sum(0)
"""


def in_a_process(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in `folder`, with gradtest from this checkout."""
    return subprocess.run(
        [sys.executable, "-m", "gradtest", *words],
        cwd=folder,
        env=_environment(**environment),
        capture_output=True,
        text=True,
        timeout=120,
    )


def _environment(**more: str) -> dict[str, str]:
    dropped = ("CI", "FORCE_COLOR", "COLUMNS", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | more


def test_the_domains_of_the_inputs_are_kept_to(write, gradtest):
    write(
        "entropy.py",
        """
        def entropy(p):
            if abs(p.sum() - 1) > 1e-12:
                raise ValueError("no distribution")
            return -(p * np.log(p)).sum()

        def entropy_grad(p): return -np.log(p)
        """,
    )
    result = gradtest("check", "entropy.py", "--inputs", "p: k : simplex", "-n", "30", "--method", "central")
    assert result.exit_code == 0, result.output


# -- the reference --------------------------------------------------------------------------------


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with a copy of the reference, and nothing else."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "reference", tmp_path / "reference", ignore=ignored)
    return tmp_path


def plant(folder: Path, file: str, right: str, wrong: str) -> None:
    path = folder / "reference" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(right) == 1, "the line that is spoilt is there no more"
    path.write_text(text.replace(right, wrong), encoding="utf-8")


def test_the_reference_agrees_by_all_three_methods(copied):
    run = in_a_process(copied, "check", "reference", "-n", "8", "--seed", "3", "--json")
    assert run.returncode == 0, run.stdout + run.stderr
    report = json.loads(run.stdout)
    assert len(report["targets"]) == 14
    for target in report["targets"]:
        assert target["verdict"] == "agrees", target["name"]
        assert target["cases"] == 8
        assert target["agrees"] >= 6, target["name"]
        for method in ("central", "scipy"):
            assert target["opinions"][method]["disagrees"] == 0, (target["name"], method)
    asked = [target["opinions"]["central"] for target in report["targets"]]
    assert sum(tally["agrees"] for tally in asked) > 80


def test_a_wrong_term_is_found_and_its_smallest_case_can_be_read(copied):
    plant(copied, "activations.py", "return sigmoid(z) * sigmoid(-z)", "return sigmoid(z) * (2 - sigmoid(z))")
    run = in_a_process(copied, "check", "reference", "-n", "8", "--seed", "3")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "14 derivatives: 13 agree, 1 disagrees." in run.stdout
    assert re.search(r"gradtest GT1\d\d: wrong gradient for z - ", run.stdout)
    assert "smallest case z = [[1.0]]" in run.stdout
    assert "where         activations.py:" in run.stdout
    assert "others say    central disagrees   scipy disagrees" in run.stdout
    assert "python -m gradtest check reference:sigmoid_derivative --seed 3 -n 8" in run.stdout
    assert run.stdout.rstrip().endswith("Seed: 3")


def test_a_wrong_step_between_layers_is_found_in_whole_networks(copied):
    # ReLU' forgotten: right where every unit is alive, and in networks of one layer.
    plant(copied, "hidden_layer.py", "W.T @ cotangent * relu_derivative(z)", "W.T @ cotangent + 0 * z")
    shutil.copy(ROOT / "pyproject.toml", copied)  # a copy may have one, or not
    run = in_a_process(copied, "check", "reference:summed_loss_gradients", "-n", "20", "--seed", "3")
    assert run.returncode == 1, run.stdout + run.stderr
    assert re.search(r"wrong gradient for (weights|biases)\[0\]|wrong gradient for x", run.stdout)


def test_the_command_that_is_named_finds_the_same_again(copied):
    plant(copied, "activations.py", "return sigmoid(z) * sigmoid(-z)", "return sigmoid(z) * sigmoid(z)")
    first = in_a_process(copied, "check", "reference:sigmoid", "--seed", "5", "-n", "30")
    again = re.search(r"search again +python -m gradtest (.+)", first.stdout)
    assert again is not None
    second = in_a_process(copied, *again[1].split())
    finding = re.compile(r"gradtest GT(?:.+\n)+")
    assert finding.search(first.stdout)[0] == finding.search(second.stdout)[0]


# -- what it prints -------------------------------------------------------------------------------


def test_a_file_of_pairs_is_checked(gradtest, write):
    write("layers.py", PAIRS)
    result = gradtest("check", "layers.py", "--seed", "1", "-n", "20")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0].startswith(
        "gradtest 0.1.0 checks layers.py: 2 derivatives, 20 cases each; method: spectral"
    )
    assert re.search(r"^ cube +agrees +20 +0 ", result.output, re.M)
    assert re.search(r"^ dense +disagrees ", result.output, re.M)
    assert "inputs guessed: x: batch in, w: in out, b: out (else say --inputs)" in result.output
    assert "gradtest GT101: wrong gradient for w - the sign is flipped" in result.output
    assert "2 derivatives: 1 agrees, 1 disagrees." in result.output
    assert lines[-1] == "Seed: 1"


@pytest.mark.parametrize(
    "where", ["layers.py::cube", "layers:cube", "sub/layers.py::cube", "sub.layers:cube", "sub"]
)
def test_a_place_can_be_named_in_many_ways(gradtest, write, where):
    cube = PAIRS.split("\n\n")[0]
    write("layers.py", cube)
    write("sub/layers.py", cube)
    result = gradtest("check", where, "-n", "5")
    assert result.exit_code == 0, result.output
    assert "The derivative agrees." in result.output


def test_the_derivative_and_the_inputs_can_be_said(gradtest, write):
    write(
        "layers.py",
        "def f(a, b): return a * b\ndef back(g, a, b): return g * b, g * a\ndef jac(a, b): return b, a",
    )
    said = ["--inputs", "a: n : positive", "--inputs", "b: n"]
    for option in (["--vjp", "back"], ["--grad", "jac"]):
        result = gradtest("check", "layers.py::f", *option, *said, "-n", "5", "--json")
        assert result.exit_code == 0, result.output
        report = json.loads(result.output)
        assert report["targets"][0]["inputs"] == {"a": "n : positive", "b": "n"}
        assert report["targets"][0]["inputs_from"] == "--inputs"


@pytest.mark.parametrize("method", ["spectral", "central", "scipy"])
def test_one_method_can_be_asked_alone(gradtest, write, method):
    write("layers.py", PAIRS)
    result = gradtest("check", "layers.py::cube", "--method", method, "-n", "5", "--seed", "1")
    assert result.exit_code == 0, result.output
    assert f"method: {method}\n" in result.output
    assert "opinions" not in result.output


def test_a_resolution_that_cannot_be_had_leaves_all_undecided(gradtest, write):
    write("layers.py", PAIRS)
    result = gradtest("check", "layers.py::cube", "--method", "central", "--resolution", "1e-15", "-n", "10")
    assert result.exit_code == 5, result.output
    assert re.search(r"nothing was decided|of 10 cases are undecided", result.output)
    assert "The derivative is undecided." in result.output


def test_a_gradient_of_nothing_but_zeros_is_no_success(gradtest, write):
    write("layers.py", "def f(x): return 0 * x\ndef df(x): return 0 * x")
    result = gradtest("check", "layers.py::f", "-n", "10")
    assert result.exit_code == 5, result.output
    assert "the gradient was zero in all" in result.output


def test_mutants_are_counted_in_the_summary_and_listed_on_request(gradtest, write):
    write("layers.py", "def square(x):\n    return x * x\n\ndef dsquare(x):\n    return 2 * x\n")
    quiet, listed = (
        gradtest("check", "layers.py", "-n", "5"),
        gradtest("check", "layers.py", "-n", "5", "--mutants"),
    )
    assert re.search(r"^  mutants +caught (\d+) of \1 wrong versions", quiet.output, re.M), quiet.output
    assert "Mutants: " not in quiet.output
    assert re.search(r"^Mutants: .*\n square\n   x  (\d+) of \1$", listed.output, re.M), listed.output
    assert listed.exit_code == 0


def test_a_function_that_raises_is_a_finding_with_its_inputs(gradtest, write):
    write(
        "layers.py",
        """
        def f(x):
            if x[0] > 2:
                raise ZeroDivisionError("bad luck")
            return x**2

        def df(x):
            return 2 * x
        """,
    )
    result = gradtest("check", "layers.py::f", "--inputs", "x: n", "--seed", "1")
    assert result.exit_code == 1, result.output
    assert "GT310: f: forward raised ZeroDivisionError" in result.output
    assert "bad luck" in result.output
    assert re.search(r"smallest case x = \[\d", result.output)


def test_the_seed_is_always_said_and_in_ci_always_the_same(gradtest, write, monkeypatch):
    write("layers.py", PAIRS)
    seeds = {gradtest("check", "layers.py::cube", "-n", "1").output.splitlines()[-1] for _ in range(3)}
    assert len(seeds) > 1
    assert all(re.fullmatch(r"Seed: \d+", seed) for seed in seeds)
    monkeypatch.setenv("CI", "true")
    assert gradtest("check", "layers.py::cube", "-n", "1").output.endswith("Seed: 0\n")


def test_the_same_seed_gives_the_same_cases(gradtest, write):
    write("layers.py", PAIRS)
    first, second = (gradtest("check", "layers.py::dense", "--seed", "7", "--json").output for _ in range(2))
    assert _without_times(json.loads(first)) == _without_times(json.loads(second))


def _without_times(report):
    if isinstance(report, dict):
        return {key: _without_times(value) for key, value in report.items() if key != "seconds"}
    return [_without_times(item) for item in report] if isinstance(report, list) else report


# -- json -----------------------------------------------------------------------------------------


def test_json_stands_alone_on_stdout_and_is_strict(place, write):
    write(
        "chatty.py", "print('hello')\ndef f(x): print('working'); return x**2\ndef df(x): return np.nan * x"
    )
    run = in_a_process(place, "check", "chatty.py", "-n", "3", "--json", "--seed", "1")
    assert run.returncode == 1, run.stderr
    report = json.loads(run.stdout, parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))
    (target,) = report["targets"]
    assert target["findings"][0]["entry"]["analytic"] == "nan"
    assert target["findings"][0]["headline"].startswith("gradtest GT106")
    assert report["exit_code"] == 1
    assert "working" in run.stderr


def test_a_misuse_is_json_too(gradtest):
    result = gradtest("check", "nowhere.py", "--json")
    assert result.exit_code == 4
    report = json.loads(result.stdout)
    assert report["exit_code"] == 4
    assert "there is no file 'nowhere.py'" in report["misuse"]
    assert "there is no file 'nowhere.py'" in result.stderr


# -- how it ends ----------------------------------------------------------------------------------

SLOW = """
    import pathlib, time
    def quick(x): return x**2
    def quick_grad(x): return 2 * x
    def slow(x): pathlib.Path("begun").touch(); time.sleep(0.02); return x**2
    def slow_grad(x): return 2 * x
    def never(x): return x
    def never_grad(x): return x
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process alone")
@pytest.mark.parametrize("option", [[], ["--json"]])
def test_an_interruption_keeps_what_was_decided(place, write, option):
    write("waiting.py", SLOW)
    words = [sys.executable, "-m", "gradtest", "check", "waiting.py", "-n", "50", *option]
    # A shell's background ignores the signal, and a process would inherit that; a handler is not inherited.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            words, cwd=place, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)
    _wait_for(place / "begun")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 2, out + err
    assert "Traceback" not in out + err
    if option:
        report = json.loads(out)
        assert report["interrupted"]
        assert [target["verdict"] for target in report["targets"]] == ["agrees", "stopped", "waiting"]
    else:
        assert "Interrupted. 3 derivatives: 1 agrees, 1 was stopped, 1 was not reached." in out


def _wait_for(path: Path) -> None:
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until, "it never began"
        time.sleep(0.05)
    time.sleep(0.5)  # the guess is over, the cases have begun


def test_a_fault_of_gradtest_itself_says_so(gradtest, write, monkeypatch):
    def fault(*args, **kwargs):
        raise RuntimeError("a fault")

    monkeypatch.setattr("gradtest.campaign.search", fault)
    write("layers.py", PAIRS)
    result = gradtest("check", "layers.py::cube")
    assert result.exit_code == 3
    assert (
        "gradtest itself failed on cube; please report it:\n  RuntimeError: a fault\n  campaign.py:"
        in result.output
    )


def test_nothing_is_written_but_output(gradtest, write, place):
    write("layers.py", CUBE)
    assert gradtest("check", "layers.py", "-n", "5").exit_code == 0
    left = {path.name for path in place.iterdir()} - {"__pycache__", ".hypothesis"}  # the last is its own
    assert left == {"layers.py"}


def test_what_was_found_is_written_and_can_be_replayed(gradtest, write, place):
    write("layers.py", CUBE.replace("3 * x**2", "2 * x**2"))
    found = gradtest("check", "layers.py", "-n", "5")
    again = re.search(r"^  again +python -m gradtest replay (\w+)   or   python (\S+)$", found.output, re.M)
    assert again, found.output
    assert (place / again[2]).is_file()
    failed = gradtest("replay", again[1])
    assert (failed.exit_code, failed.output.splitlines()[0].split()[:2]) == (1, [again[1], "FAILED"])
    write("layers.py", CUBE)
    del sys.modules["layers"]
    importlib.invalidate_caches()
    fixed = gradtest("replay", "all")
    assert (fixed.exit_code, fixed.output.split()[:2]) == (0, [again[1], "FIXED"])
