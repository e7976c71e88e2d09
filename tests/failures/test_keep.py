"""Failure folders: written whole, run again with NumPy alone, never over what is damaged."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gradtest
from gradtest.failures.case_file import FOLDER, Failure, failures, identity, read, write
from gradtest.failures.keep import keep, keeping, kept
from gradtest.failures.packing import CannotKeep, unpack
from tests.failures import users

ROOT = Path(__file__).resolve().parents[2]
K = 2.0
rng = np.random.default_rng(0)


def target(*args, **kwargs):
    return gradtest.target(*args, **kwargs)


W = {"w": [rng.normal(size=(2, 9)), rng.normal(size=(9, 2))]}
CASES = {
    "arrays": (
        target(users.affine, vjp=users.affine_backward),
        [rng.normal(size=(2, 3)), rng.normal(size=(3, 2)), np.ones(2)],
    ),
    "a cache": (target(users.cached, vjp=users.cached_backward), [np.array([1.0, 2.0])]),
    "nested, and too large to be spelled out": (
        target(users.network, vjp=users.network_backward), [W, rng.normal(size=(40, 2))],
    ),
    "a gradient": (target(users.rosen, grad=users.d_rosen), [np.array([1.3, 0.7])]),
    "two outputs, two cotangents": (
        target(users.split, vjp=users.split_backward), [np.array([1.0, 2.0, 3.0])],
    ),
    "an input by keyword": (
        target(users.product, vjp=users.product_backward), [np.array([1.0, 2.0]), {"scale": 3.0}],
    ),
    "a shape that does not fit": (
        target(users.matmul, vjp=users.matmul_transposed), [np.ones((2, 3)), np.ones((3, 4))],
    ),
    "a derivative that raises": (target(users.matmul, vjp=users.raises), [np.ones((2, 3)), np.ones((3, 4))]),
    "a function that raises": (target(users.explodes, vjp=users.cached_backward), [np.ones(2)]),
    "a Jacobian": (target(users.softmax, grad=users.softmax_jacobian), [np.array([0.1, 0.2, 0.7])]),
    "a pullback": (target(value_and_pullback=users.sine_and_pullback), [np.ones(2)]),
    "value and gradient in one": (target(value_and_grad=users.half_square_and_gradient), [np.ones(2)]),
    "static methods, a number": (target(users.Dense.forward, vjp=users.Dense.backward), [1.5]),
    "float32": (target(np.tanh, vjp=lambda dout, x: dout / np.cosh(x)), [np.float32(1.5)]),
    "functions that have no name": (target(lambda x: x * K, vjp=lambda dout, x: dout * K * 2), [1.5]),
}  # fmt: skip
NO_NUMBER = ("a shape that does not fit", "a derivative that raises", "a function that raises")


def report(name):
    made, inputs = CASES[name]
    by_name = inputs[-1] if "by keyword" in name else {}
    return gradtest.check(made, *(inputs[:-1] if by_name else inputs), **by_name)


def kept_in(folder, name, **more):
    made, _ = CASES[name]
    return keep(made, report(name).findings, base=folder, **more)


def run(script, **environment):
    """Run a script where gradtest, Hypothesis and pytest cannot be imported."""
    code = (
        "import sys, runpy\n"
        "for name in ('gradtest', 'hypothesis', 'pytest', 'scipy', 'optree'): sys.modules[name] = None\n"
        f"runpy.run_path({str(script)!r}, run_name='__main__')"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=script.parent)


def only(found):
    (one,) = found
    return one


# -- scripts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_a_script_shows_the_failure_again_without_anything_of_ours(name, tmp_path):
    for finding in kept_in(tmp_path, name):
        again = re.fullmatch(r"python -m gradtest replay (\w{6})   or   python (\S+)", finding.again)
        assert again, finding.again
        done = run(tmp_path / again[2])
        assert done.returncode == 1, done.stdout + done.stderr
        assert "FAILED" in done.stdout
        if name not in NO_NUMBER:
            numbers = re.search(r"analytic (\S+)   numeric (\S+) \+- (\S+)", done.stdout)
            analytic, numeric, error = map(float, numbers.groups())
            assert abs(analytic - numeric) > 3 * error


def test_a_script_says_fixed_when_it_is(tmp_path):
    text = (ROOT / "tests" / "failures" / "users.py").read_text(encoding="utf-8")
    (tmp_path / "layers_of_mine.py").write_text(text, encoding="utf-8")
    sys.path.insert(0, str(tmp_path))
    try:
        import layers_of_mine as layers
    finally:
        sys.path.remove(str(tmp_path))
    made = target(layers.affine, vjp=layers.affine_backward)
    finding = only(
        keep(made, gradtest.check(made, np.ones((1, 2)), np.ones((2, 1)), np.ones(1)).findings, base=tmp_path)
    )
    script = tmp_path / finding.again.split()[-1]
    assert run(script).returncode == 1
    (tmp_path / "layers_of_mine.py").write_text(text.replace("-x.T @ dout", "x.T @ dout"), encoding="utf-8")
    done = run(script)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "FIXED: they agree"), done.stderr


def test_what_a_plain_difference_cannot_show_has_no_script(tmp_path):
    made = target(np.sin, vjp=lambda dout, x: dout * np.cos(x) * (1 + 1e-12))
    finding = only(
        keep(
            made,
            gradtest.check(made, np.array([0.5]), settings=gradtest.Settings(resolution=1e-13)).findings
            or [_some(made)],
            base=tmp_path,
        )
    )
    assert re.fullmatch(
        r"python -m gradtest replay \w{6}   \(no repro.py: it did not fail by itself\)", finding.again
    )


def test_of_complex_numbers_the_script_moves_one_part(tmp_path):
    made = target(users.squared, vjp=users.squared_back)
    (finding,) = keep(made, gradtest.check(made, np.array([1 + 2j, -0.5j])).findings, base=tmp_path)
    script = tmp_path / finding.again.split()[-1]
    assert re.search(r"\.(real|imag)\)\n", script.read_text(encoding="utf-8"))
    shown = run(script)
    assert (shown.returncode, shown.stdout.splitlines()[-1]) == (1, "FAILED: they differ"), shown.stderr


@pytest.mark.parametrize(
    ("made", "point", "why"),
    [
        (target(np.sin, jvp=lambda x, dx: -np.cos(x) * dx), np.array([0.5]), "it is not written for a jvp"),
        (
            target(np.exp, grad=lambda z: 2 * np.exp(z)),
            np.array([0.5 + 1j]),
            "for complex numbers it is written for a vjp in the convention of torch",
        ),
    ],
    ids=["jvp", "complex"],
)
def test_where_no_script_can_be_written_the_message_says_why(made, point, why, tmp_path):
    (finding,) = keep(made, gradtest.check(made, point).findings, base=tmp_path)
    assert finding.again.endswith(f"   (no repro.py: {why})")
    assert not list(tmp_path.rglob("repro.py"))


def _some(made):
    wrong = target(np.sin, vjp=lambda dout, x: -dout * np.cos(x))
    return only(gradtest.check(wrong, np.array([0.5])).findings)


# -- folders --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_is_read_again(name, tmp_path):
    finding = kept_in(tmp_path, name, test="tests/test_it.py::test_it")[0]
    failure, archive = read(tmp_path, finding.again.split()[4])
    assert (failure.headline, failure.code, failure.parameter) == (
        finding.headline,
        finding.code,
        finding.parameter,
    )
    assert failure.test == "tests/test_it.py::test_it"
    for key, data in failure.inputs.items():
        np.testing.assert_equal(unpack(data, archive), finding.inputs[key])
    assert failure.entry is None or float(failure.entry["analytic"]) == finding.entry.analytic


def test_the_same_failure_has_the_same_folder_and_another_one_another(tmp_path):
    first = [finding.again for finding in kept_in(tmp_path, "a cache")]
    assert [finding.again for finding in kept_in(tmp_path, "a cache")] == first
    kept_in(tmp_path, "arrays")
    kept_in(tmp_path, "a cache", test="another::test")
    assert len(list(failures(tmp_path))) == 3


def test_another_precision_has_another_folder(tmp_path):
    made, (x, w, b) = CASES["arrays"]
    for dtype in ("float64", "float32"):
        wrong = gradtest.check(made, x.astype(dtype), w.astype(dtype), b.astype(dtype)).findings
        keep(made, wrong, base=tmp_path)
    assert len(list(failures(tmp_path))) == 2 * len(wrong)


def test_an_id_is_short_and_depends_on_every_word():
    words = ("affine", "w", "GT101")
    assert re.fullmatch(r"[a-z2-9]{6}", identity(*words))
    others = {identity(*words[:i], "other", *words[i + 1 :]) for i in range(3)}
    assert len(others | {identity(*words)}) == 4
    assert identity("ab", "c") != identity("a", "bc")


def test_git_does_not_see_the_folder(tmp_path):
    kept_in(tmp_path, "a cache")
    assert (tmp_path / ".gradtest" / ".gitignore").read_text().splitlines()[-1] == "*"
    (tmp_path / ".gradtest" / ".gitignore").write_text("mine\n")
    kept_in(tmp_path, "arrays")
    assert (tmp_path / ".gradtest" / ".gitignore").read_text() == "mine\n"


def test_nothing_but_the_three_files_is_left(tmp_path):
    kept_in(tmp_path, "a cache")
    kept_in(tmp_path, "a cache")
    left = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert left == [".gitignore", "arrays.npz", "case.json", "repro.py"]
    assert len(list((tmp_path / FOLDER).iterdir())) == 1


def test_where_nothing_can_be_written_the_finding_says_so(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(30, "Read-only file system", ".gradtest")

    monkeypatch.setattr(Path, "mkdir", refuse)
    finding = only(kept_in(tmp_path, "a cache"))
    assert finding.again == "not written to .gradtest/failures: [Errno 30] Read-only file system: '.gradtest'"
    monkeypatch.undo()
    (tmp_path / ".gradtest").write_text("a file in the way")
    assert only(kept_in(tmp_path, "a cache")).again.startswith("not written to .gradtest/failures: ")


DAMAGE = {
    "no JSON": lambda home: (home / "case.json").write_text("{"),
    "another version": lambda home: (home / "case.json").write_text('{"format": 99}'),
    "keys that are missing": lambda home: (home / "case.json").write_text('{"format": 1, "functions": {}}'),
    "a list": lambda home: (home / "case.json").write_text("[]"),
    "no case": lambda home: (home / "case.json").unlink(),
    "no arrays": lambda home: (home / "arrays.npz").unlink(),
    "half of the arrays": lambda home: (home / "arrays.npz").write_bytes(
        (home / "arrays.npz").read_bytes()[:50]
    ),
    "empty arrays": lambda home: (home / "arrays.npz").write_bytes(b""),
    "pickles": lambda home: np.savez(home / "arrays.npz", x=np.array([print], dtype=object)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_gets_a_sentence_and_is_not_written_over(damage, tmp_path):
    id = only(kept_in(tmp_path, "a cache")).again.split()[4]
    home = tmp_path / FOLDER / id
    DAMAGE[damage](home)
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    with pytest.raises(CannotKeep, match=id):
        read(tmp_path, id)
    again = only(kept_in(tmp_path, "a cache")).again
    assert re.match(
        rf"not written to .gradtest/failures: .gradtest/failures/{id} (is damaged|was written by)", again
    )
    assert {path.name: path.read_bytes() for path in home.iterdir()} == before


def test_reading_runs_nothing(tmp_path, monkeypatch):
    id = only(kept_in(tmp_path, "a cache")).again.split()[4]
    (tmp_path / FOLDER / id / "repro.py").write_text("raise SystemExit('it was run')")
    monkeypatch.setattr("importlib.import_module", lambda name: pytest.fail("it was imported"))
    assert isinstance(read(tmp_path, id)[0], Failure)


def test_an_interrupted_write_leaves_the_old_folder(tmp_path, monkeypatch):
    id = only(kept_in(tmp_path, "a cache")).again.split()[4]
    failure, archive = read(tmp_path, id)
    monkeypatch.setattr(
        np, "savez_compressed", lambda *args, **kwargs: (_ for _ in ()).throw(OSError("disk full"))
    )
    with pytest.raises(OSError, match="disk full"):
        write(tmp_path, failure, archive, "")
    assert read(tmp_path, id)[0] == failure
    assert len(list((tmp_path / FOLDER).iterdir())) == 1


def test_json_is_strict(tmp_path):
    id = only(kept_in(tmp_path, "a cache")).again.split()[4]
    text = (tmp_path / FOLDER / id / "case.json").read_text(encoding="utf-8")
    json.loads(text, parse_constant=lambda word: pytest.fail(word))


# -- when -----------------------------------------------------------------------------------------


def test_a_report_that_agrees_or_was_written_is_left_alone(tmp_path):
    fine = gradtest.check(target(np.sin, grad=np.cos), np.array([0.5]))
    assert kept(fine, base=tmp_path) is fine
    once = kept(report("a cache"), base=tmp_path)
    assert once.findings[0].again
    assert kept(once, base=tmp_path) is once


def test_an_error_on_its_way_out_is_written_and_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    with pytest.raises(gradtest.GradientError) as caught, keeping():
        report("a cache").raise_if_wrong()
    assert re.search(r"^  again +python -m gradtest replay \w{6}", str(caught.value), re.M)
    assert len(list(failures(tmp_path))) == 1


def test_under_pytest_that_is_left_to_the_plugin(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(gradtest.GradientError), keeping():
        report("a cache").raise_if_wrong()
    assert list(failures(tmp_path)) == []
