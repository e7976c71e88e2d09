"""`check --baseline`: what it says, what it ends with, and that it writes nothing that was not asked for."""

import json
import sys

import pytest

OPS = """
    def cube(x): return x**3
    def cube_grad(x): return 3 * x**2

    def wave(x): return np.sin(x)
    def wave_grad(x): return np.cos(x)
"""
CONFIG = '[tool.gradtest]\ntargets = ["ops.py"]\ncases = 4\nbaseline = "b.json"\n'


@pytest.fixture
def check(write, place, gradtest, monkeypatch):
    """Check the operators with a baseline; `edit` replaces words in them first."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # two versions in one second

    def run(*words, edit=(), target=("ops.py",)):
        text = OPS
        for old, new in edit:
            assert old in text
            text = text.replace(old, new)
        write("ops.py", text)
        for name in [n for n, m in sys.modules.items() if str(place) in str(getattr(m, "__file__", ""))]:
            del sys.modules[name]
        return gradtest("check", *target, "-n", "4", "--seed", "1", "--method", "spectral", *words)

    return run


BASELINE = ("--baseline", "b.json")
FLIPPED = ("return np.cos(x)", "return -np.cos(x)")
DOUBLED = (("return x**3", "return 2 * x**3"), ("return 3 *", "return 6 *"))


def test_the_first_run_writes_and_fails_once(check, place):
    first = check(*BASELINE)
    assert first.exit_code == 1
    assert (
        "There was no baseline b.json: it was written (2 entries), and this run fails once." in first.output
    )
    second = check(*BASELINE)
    assert second.exit_code == 0, second.output
    assert "Nothing changed since the baseline b.json (2 entries)." in second.output
    assert sorted(path.name for path in place.iterdir() if path.is_file()) == ["b.json", "ops.py"]


def test_every_precision_has_an_entry_of_its_own(check, place):
    both = ("--dtypes", "float64,float32")
    assert "(4 entries)" in check(*BASELINE, *both).output
    lost = ("return np.cos(x)", "return np.cos(x) * (2 if x.dtype == np.float32 else 1)")
    run = check(*BASELINE, *both, edit=[lost])
    assert run.exit_code == 1
    said = run.output.split("Since the baseline")[1]
    assert "ops.py::wave in float32, x: the gradient moved, and the function did not" in said
    assert "wave, x" not in said
    assert "Nothing changed" in check(*BASELINE, *both).output
    gone = check(*BASELINE)
    assert "ops.py::cube in float32: this was checked, and is gone" in gone.output


def test_a_known_finding_does_not_fail_and_another_does(check):
    check(*BASELINE, edit=[FLIPPED])
    assert check(*BASELINE, edit=[FLIPPED]).exit_code == 0
    both = check(*BASELINE, edit=[FLIPPED, ("return 3 *", "return -3 *")])
    assert both.exit_code == 1
    assert "ops.py::cube, x: the gradient moved, and the function did not (slope" in both.output
    assert "wave, x" not in both.output.split("Since the baseline")[1]


def test_a_changed_function_is_said_and_does_not_fail(check):
    check(*BASELINE)
    run = check(*BASELINE, edit=DOUBLED)
    assert run.exit_code == 0
    assert "ops.py::cube: the function changed, and the gradient followed" in run.output
    assert "To accept what changed, run the same with --baseline-update." in run.output
    accepted = check(*BASELINE, "--baseline-update", edit=DOUBLED)
    assert accepted.exit_code == 0
    assert "It was updated" in accepted.output
    assert "Nothing changed" in check(*BASELINE, edit=DOUBLED).output


def test_what_is_gone_fails_until_it_is_taken_out(check):
    check(*BASELINE)
    gone = [("def wave_grad", "def other")]
    run = check(*BASELINE, edit=gone)
    assert run.exit_code == 1
    assert "ops.py::wave: this was checked, and is gone" in run.output
    assert check(*BASELINE, "--fail-on", "new", edit=gone).exit_code == 0
    pruned = check(*BASELINE, "--baseline-prune", edit=gone)
    assert (pruned.exit_code, "Taken out of it: ops.py::wave." in pruned.output) == (0, True)
    assert check(*BASELINE, edit=gone).exit_code == 0


def test_pruning_is_refused_with_a_sentence(check, place):
    check(*BASELINE)
    before = (place / "b.json").read_bytes()
    run = check(*BASELINE, "--baseline-prune", edit=[FLIPPED])
    assert run.exit_code == 4
    assert "--baseline-prune takes nothing out of b.json: wave failed" in run.output
    assert (place / "b.json").read_bytes() == before


def test_a_part_is_compared_with_its_own_entries_only(check):
    check(*BASELINE)
    run = check(*BASELINE, target=["ops.py::cube"])
    assert run.exit_code == 0, run.output
    assert "Nothing changed since the baseline b.json (2 entries)." in run.output


def test_digits_fail_by_the_factor_that_was_asked_for(check):
    single = [("np.cos(x)", "np.cos(x) * (1 + 1e-5)")]
    check(*BASELINE)
    run = check(*BASELINE, "--fail-on", "accuracy>10x", edit=single)
    assert run.exit_code == 1
    assert "ops.py::wave, x: the gradient lost digits" in run.output


def test_what_was_undecided_before_does_not_fail(check):
    noisy = [("np.sin(x)", "np.modf(1e4 * np.sin(1e6 * x))[0]")]
    check(*BASELINE, edit=noisy)
    assert check(*BASELINE, edit=noisy).exit_code == 0
    alone = check(*BASELINE, edit=noisy, target=["ops.py::wave"])
    assert alone.exit_code == 5  # nothing was decided at all
    gave_up = check(*BASELINE, edit=[*noisy, ("return x**3", "return np.log(-1 - x**2)")])
    assert gave_up.exit_code == 1
    said = "ops.py::cube: this was decided, and is no more (agrees, now cube is not finite at any point"
    assert said in gave_up.output


def test_json_says_the_same(check):
    born = json.loads(check(*BASELINE, "--json").output)
    assert born["baseline"]["born"] is True
    assert born["exit_code"] == 1
    run = check(*BASELINE, "--json", edit=[FLIPPED])
    data = json.loads(run.output)
    (change,) = data["baseline"]["changes"]
    assert (change["kind"], change["target"], change["parameter"], change["fails"]) == (
        "regressed",
        "ops.py::wave",
        "x",
        True,
    )
    assert run.exit_code == data["exit_code"] == 1


def test_pyproject_may_name_the_file_and_what_fails(check, place):
    (place / "pyproject.toml").write_text(CONFIG + 'fail-on = ["new"]\n', encoding="utf-8")
    assert check(target=()).exit_code == 1
    assert (place / "b.json").exists()
    gone = [("def wave_grad", "def other")]
    assert check(edit=gone, target=()).exit_code == 0
    assert check("--fail-on", "unchecked", edit=gone, target=()).exit_code == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--baseline-update",), "--baseline-update is about a baseline; name it: --baseline FILE"),
        (("--fail-on", "new"), "--fail-on is about a baseline"),
        ((*BASELINE, "--fail-on", "slower"), "--fail-on 'slower' is not known"),
        (("--baseline", "nowhere/b.json"), "there is no folder nowhere"),
        (("--baseline", "damaged.json"), "the baseline damaged.json cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_runs(check, place, words, sentence):
    (place / "damaged.json").write_text("{", encoding="utf-8")
    run = check(*words)
    assert run.exit_code == 4
    assert sentence in run.output
    assert "checks ops.py" not in run.output
    assert not (place / "b.json").exists()
    assert (place / "damaged.json").read_text(encoding="utf-8") == "{"
