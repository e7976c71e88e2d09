"""The command `fuzz`: what it finds, how it ends and goes on; on processes, on Dask and on Ray."""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

pytest.importorskip("joblib", reason="joblib is not installed")
ROOT = Path(__file__).resolve().parents[2]

#: Right, and wrong in large shapes only.
LAYERS = """
    import numpy as np
    def right(x): return np.tanh(x)
    def right_grad(x): return 1 - np.tanh(x) ** 2
    def wide(x): return x**2
    def wide_grad(x): return 2 * x if x.size < 20 else 2.1 * x
"""


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "gradtest", "fuzz", "layers.py", "--inputs", "x: n", *words]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "FORCE_COLOR", "COLUMNS")}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


def fuzz(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), cwd=folder, env=environment(), capture_output=True, text=True, timeout=240
    )


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    """A folder with a file of targets."""
    (tmp_path / "layers.py").write_text(dedent(LAYERS), encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_what_is_found_is_kept_and_judged_first_by_the_next_run_which_goes_on(layers):
    run = fuzz(layers, "--cases", "200", "--seed", "3", "-j", "2")
    assert run.returncode == 1, run.stdout + run.stderr
    assert run.stdout.startswith("gradtest 0.1.0 fuzzes layers.py: 2 derivatives, 200 cases, 2 processes\n")
    assert "wide, round 1: gradtest GT1" in run.stdout
    assert re.search(r"^ right +agrees ", run.stdout, re.M)
    (id,) = {path.name for path in (layers / ".gradtest" / "failures").iterdir() if path.name[0] != "."}

    (layers / "layers.py").write_text(dedent(LAYERS.replace("2.1", "2")), encoding="utf-8")
    again = fuzz(layers, "--cases", "400", "-j", "2")
    assert again.returncode == 0, again.stdout + again.stderr
    assert re.search(rf"^{id}  FIXED ", again.stdout, re.M)
    assert "goes on after " in again.stdout
    assert "All 2 derivatives agree." in again.stdout
    assert again.stdout.endswith("Seed: 3\n")

    other = fuzz(layers, "--cases", "400", "--seed", "4")
    assert (other.returncode, "it was begun with --seed 3" in other.stderr) == (4, True)


@pytest.mark.slow
def test_the_round_that_a_finding_names_finds_it_again(layers):
    words = ["-j", "2", "--seed", "3"]
    found = json.loads(fuzz(layers, "--cases", "150", *words, "--json").stdout)
    wide = found["targets"][1]
    assert found["exit_code"] == 1
    again = re.fullmatch(r"python -m gradtest fuzz layers.py::wide (.+)", wide["again"])
    run = subprocess.run(
        command("--seed", "3", "--round", again[1].split()[-1], "--json"),
        cwd=layers,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert json.loads(run.stdout)["targets"][1]["findings"] == wide["findings"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process alone")
def test_an_interruption_ends_with_a_summary_and_is_gone_on_with(layers):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command("--time", "5m", "--seed", "3", "-j", "2"),
            cwd=layers,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    until = time.monotonic() + 100
    while not (journals := list(layers.glob(".gradtest/fuzz/*.jsonl"))) or len(lines(journals[0])) < 4:
        assert time.monotonic() < until, "it never began"
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2, out + err
    assert "Interrupted. " in out
    assert "Traceback" not in out + err
    decided = lines(journals[0])
    again = fuzz(layers, "--cases", "1", "-j", "2")
    broken = sum(bool(json.loads(line)["record"]["findings"]) for line in decided[1:])
    assert f"goes on after {len(decided) - 1 - broken} units" in again.stdout
    assert lines(journals[0])[: len(decided)] == decided


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


# -- clusters -------------------------------------------------------------------------------------

NEEDED = {"dask": "distributed", "ray": "ray"}


@pytest.fixture(params=NEEDED)
def backend(request, layers) -> str:
    """An engine that is installed."""
    if importlib.util.find_spec(NEEDED[request.param]) is None:
        pytest.skip(f"{NEEDED[request.param]} is not installed")
    return request.param


@pytest.mark.slow
def test_a_cluster_of_two_processes_comes_to_the_same(layers, backend):
    said = {}
    for engine in ("loky", backend):
        words = ["--afresh", "--cases", "150", "--seed", "3", "-j", "2", "--backend", engine]
        run = fuzz(layers, *words, "--journal", f"{engine}.jsonl", "--json")
        assert run.returncode == 1, run.stderr
        said[engine] = json.loads(run.stdout)["targets"]
    findings = [[target["findings"] for target in targets] for targets in said.values()]
    assert findings[0] == findings[1]
    assert [target["verdict"] for target in said[backend]] == ["agrees", "disagrees"]
    journals = [{line["unit"]: line["record"] for line in entries(layers / f"{e}.jsonl")} for e in said]
    both = journals[0].keys() & journals[1].keys()
    assert len(both) >= 4
    assert all(journals[0][unit] == journals[1][unit] for unit in both)


def entries(path: Path) -> list[dict]:
    found = [json.loads(line) for line in lines(path)[1:]]
    for entry in found:
        entry["record"]["seconds"] = 0
    return found


@pytest.mark.slow
def test_a_worker_of_a_cluster_that_dies_is_told_and_takes_nobody_with_it(layers, backend):
    ends = "def ends(x): import os; os._exit(7)\n    def ends_grad(x): return x\n"
    dying = LAYERS.split("def wide")[0] + ends
    (layers / "layers.py").write_text(dedent(dying), encoding="utf-8")
    run = fuzz(layers, "--cases", "100", "-j", "2", "--backend", backend, "--json")
    targets = {target["name"]: target for target in json.loads(run.stdout)["targets"]}
    assert targets["right"]["verdict"] == "agrees"
    assert "ends ended its process" in targets["ends"]["misuse"]
    assert run.returncode == 4


# -- misuse ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--time", "ten"], "--time ten is no time; write 90s, 10m or 1h30m"),
        (["-j", "0"], "-j 0 is no number of workers"),
        (["--backend", "lokey"], "--backend lokey is not known; did you mean 'loky'?"),
        (["--scheduler", "tcp://1.2.3.4:8786"], "--scheduler tcp://1.2.3.4:8786 is about a cluster"),
        (["--dtypes", "float12"], "--dtypes 'float12' is no precision"),
        (["--journal", "layers.py"], "layers.py is no journal of gradtest fuzz"),
    ],
)
def test_misuse_gets_a_sentence(write, gradtest, words, said):
    write("layers.py", LAYERS)
    result = gradtest("fuzz", "layers.py", "--inputs", "x: n", *words)
    assert result.exit_code == 4, result.output
    assert said in result.output


@pytest.mark.parametrize("backend", NEEDED)
def test_a_backend_that_is_not_installed_gets_a_sentence(write, gradtest, monkeypatch, backend):
    monkeypatch.delitem(sys.modules, f"gradtest.adapters.{backend}_cluster", raising=False)
    for name in ("dask", "dask.distributed", "ray"):
        monkeypatch.setitem(sys.modules, name, None)
    write("layers.py", LAYERS)
    result = gradtest("fuzz", "layers.py", "--backend", backend)
    assert result.exit_code == 4
    assert f"--backend {backend} needs {backend}" in result.output
    assert "python -m pip install 'gradtest[clusters]'" in result.output
    quiet = gradtest("fuzz", "layers.py", "--backend", backend, "--json")
    assert json.loads(quiet.stdout)["exit_code"] == 4


def test_nothing_that_is_named_is_a_misuse(gradtest):
    result = gradtest("fuzz")
    assert (result.exit_code, "say what to check" in result.output) == (4, True)
