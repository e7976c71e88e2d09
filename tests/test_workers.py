"""Several targets at a time: the same results, and nobody is lost with a worker that dies."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from gradtest import workers
from gradtest.campaign import Campaign
from gradtest.errors import Misuse
from gradtest.plan import Plan
from gradtest.workers import Found, Unit, count_of

pytest.importorskip("joblib", reason="joblib is not installed")
ROOT = Path(__file__).resolve().parents[1]

#: A right and a wrong gradient, one that is NaN, one for which no inputs are known, and one that speaks.
LAYERS = """
    import os
    import numpy as np

    def cube(x): return x**3
    def cube_grad(x): return 3 * x**2
    def dense(x, w, b): return x @ w + b
    def dense_backward(dout, x, w, b): return dout @ w.T, -x.T @ dout, dout.sum(0)
    def lost(x): return x**2
    def lost_grad(x): return np.nan * x
    def nowhere(x): return np.sqrt(x - 1e9)
    def nowhere_grad(x): return x
    def chatty(x):
        print("hello")
        return np.abs(x)
    def chatty_grad(x): return np.sign(x)
"""
DYING = """
    import os, signal
    def right(x): return x**2
    def right_grad(x): return 2 * x
    def ends(x): os._exit(7)
    def ends_grad(x): return x
    def killed(x): os.kill(os.getpid(), signal.SIGKILL)
    def killed_grad(x): return x
    def wrong(x): return x**2
    def wrong_grad(x): return 3 * x
"""


def written(folder: Path, text: str) -> None:
    (folder / "layers.py").write_text(dedent(text), encoding="utf-8")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "gradtest", "check", "layers.py", "--seed", "3", "--inputs", "x: n", *words]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "FORCE_COLOR", "COLUMNS")}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


def check(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), cwd=folder, env=environment(), capture_output=True, text=True, timeout=240
    )


def without_times(report):
    if isinstance(report, dict):
        return {key: without_times(value) for key, value in report.items() if key != "seconds"}
    return [without_times(item) for item in report] if isinstance(report, list) else report


@pytest.mark.slow
def test_all_that_is_said_and_written_is_the_same_with_workers_and_without(tmp_path):
    written(tmp_path, LAYERS)
    seen = {}
    for jobs in ("1", "2", "3"):
        baseline = tmp_path / f"{jobs}.json"
        words = ["-n", "12", "--plot", "--dtypes", "float64,float32", "--baseline", str(baseline), "-j", jobs]
        run = check(tmp_path, *words, "--json")
        assert run.returncode == 1, run.stderr
        document = without_times(json.loads(run.stdout))
        document["baseline"].pop("file")
        seen[jobs] = document, baseline.read_bytes()
        assert "hello" in run.stderr
    assert seen["1"] == seen["2"] == seen["3"]
    words = [target["verdict"] for target in seen["2"][0]["targets"]]
    assert words[:3] == ["agrees", "agrees", "disagrees"]
    assert {"misused", "disagrees"} <= set(words)
    failures = list((tmp_path / ".gradtest" / "failures").glob("*/case.json"))
    assert len(failures) == len({f["again"] for t in seen["2"][0]["targets"] for f in t["findings"]})


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_worker_that_dies_is_told_and_takes_nobody_with_it(tmp_path):
    written(tmp_path, DYING)
    run = check(tmp_path, "-n", "5", "-j", "2", "--json")
    targets = {target["name"]: target for target in json.loads(run.stdout)["targets"]}
    verdicts = {name: target["verdict"] for name, target in targets.items()}
    assert verdicts == {"right": "agrees", "ends": "misused", "killed": "misused", "wrong": "disagrees"}
    assert "ends ended its process (exit code EXIT(7))" in targets["ends"]["misuse"]
    assert "SIGKILL" in targets["killed"]["misuse"]
    assert run.returncode == 1


SLOW = """
    import time
    def quick(x): return x**2
    def quick_grad(x): return 2 * x
    def slow(x): open("begun", "w").close(); time.sleep(0.05); return x**2
    def slow_grad(x): return 2 * x
    def other(x): time.sleep(0.05); return x**2
    def other_grad(x): return 2 * x
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process alone")
@pytest.mark.parametrize("send", ["kill", "killpg"])  # to one process, and to all of the terminal
def test_an_interruption_keeps_what_was_decided_and_leaves_no_worker(tmp_path, send):
    written(tmp_path, SLOW)
    # A shell's background ignores the signal, and a process would inherit that; a handler is not inherited.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command("-n", "300", "-j", "2"),
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert process.stdout is not None
    until = time.monotonic() + 100
    rows = ""
    while " quick " not in rows or not (tmp_path / "begun").exists():  # its row is written when it has ended
        assert time.monotonic() < until, "it never began"
        rows += process.stdout.readline() if " quick " not in rows else ""
    getattr(os, send)(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2, out + err
    assert "Interrupted. 3 derivatives: 1 agrees, 2 were stopped." in out
    assert "Traceback" not in out + err
    while running_in(process.pid):
        assert time.monotonic() < until, "a worker was left behind"
        time.sleep(0.1)


def running_in(session: int) -> list[str]:
    """Return the processes of a session that are still running, where the system says."""
    stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]
    fields = [stat.rpartition(")")[2].split() for stat in stats]  # state, parent, group, session, ...
    return [
        stat for stat, rest in zip(stats, fields, strict=True) if rest[3] == str(session) and rest[0] != "Z"
    ]


@pytest.mark.slow
def test_blas_takes_one_thread_in_a_worker(tmp_path):
    threads = '1 if os.environ.get("OPENBLAS_NUM_THREADS") == "1" else -1'
    written(tmp_path, f"import os\ndef f(x): return x**2\ndef f_grad(x): return 2 * x * ({threads})\n")
    assert check(tmp_path, "-n", "3", "-j", "2").returncode == 0


# -- without processes ----------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", ["0", "-1", "many", "1.5", ""])
def test_a_number_of_workers_that_is_none_gets_a_sentence(jobs):
    with pytest.raises(Misuse, match="is no number of workers; give a number from 1 upwards, or auto"):
        count_of(jobs)


def test_auto_is_as_many_as_there_are():
    assert 1 <= count_of("auto") <= (os.cpu_count() or 1)


def test_without_joblib_it_is_said_how_to_have_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(Misuse, match=r"-j auto needs joblib, .* pip install 'gradtest\[fuzz\]'"):
        count_of("auto")
    with pytest.raises(Misuse, match=r"-j 4 needs joblib"):
        count_of("4")


@pytest.fixture
def unit(tmp_path, monkeypatch) -> Unit:
    """A unit of work, to be carried out in this process."""
    monkeypatch.setattr(workers.signal, "signal", lambda *args: None)
    written(tmp_path, LAYERS)
    where = Found(str(tmp_path / "layers.py"))
    plan = Plan(max_examples=3, given={"x": "n"})
    blanks = Campaign(where(), plan).ledger.records
    return Unit(7, where, 0, plan, blanks[0])


def test_a_unit_gives_its_number_and_one_line(unit):
    number, line = workers._carried_out(unit)
    assert number == 7
    assert "\n" not in line
    assert json.loads(line)["tally"]["agrees"] == 3


def test_a_target_that_is_not_there_any_more_is_told(unit):
    for lost in (replace(unit, index=99), replace(unit, index=1)):
        assert "does not find cube" in json.loads(workers._carried_out(lost)[1])["misuse"]


def test_a_fault_in_a_worker_is_that_of_its_unit(unit, monkeypatch):
    def fault(*args):
        raise RuntimeError("a fault")

    monkeypatch.setattr(workers, "look", fault)
    assert json.loads(workers._carried_out(unit)[1])["crash"] == "RuntimeError: a fault"
