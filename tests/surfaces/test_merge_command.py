"""Shards on the command line: written by `check --shard`, made one by `merge`."""

import json
import re
from pathlib import Path

import pytest

LAYERS = """
    def cube(x): return x**3
    def cube_grad(x): return 3 * x**2
    def dense(x, w, b): return x @ w + b
    def dense_backward(dout, x, w, b): return dout @ w.T, -x.T @ dout, dout.sum(0)
"""


@pytest.fixture
def shards(place, write, gradtest):
    """Run all shards of a file; say what came of it."""

    def run(text: str = LAYERS, *words: str, count: int = 2):
        write("layers.py", text)
        return [
            gradtest("check", "layers.py", "--seed", "1", "-n", "11", "--shard", f"{k}/{count}", *words)
            for k in range(1, count + 1)
        ]

    return run


def test_shards_are_written_and_merged(shards, gradtest, place):
    first, second = shards()
    assert (first.exit_code, second.exit_code) == (1, 1), first.output
    assert "gradtest 0.1.0 checks layers.py, shard 1/2: 2 derivatives, 5 cases each" in first.output
    assert first.output.splitlines()[-1].startswith("Written: gradtest-report/shard-1-of-2.jsonl")
    together = gradtest("merge", "gradtest-report")
    assert together.exit_code == 1
    assert "checks layers.py in 2 shards: 2 derivatives, 11 cases each" in together.output
    assert re.search(r"^ cube +agrees +11 +0 ", together.output, re.M), together.output
    assert "gradtest GT101: wrong gradient for w - the sign is flipped" in together.output
    assert "2 derivatives: 1 agrees, 1 disagrees." in together.output
    assert together.output.endswith("Seed: 1\n")
    again = re.search(r"search again +python -m gradtest (.+)", together.output)
    assert "GT101" in gradtest(*again[1].split()).output


def test_the_document_of_a_merge_is_that_of_a_run(shards, gradtest):
    shards()
    files = sorted(map(str, Path("gradtest-report").iterdir()))
    together = json.loads(gradtest("merge", *files, "--json", "--report", "json").stdout)
    alone = json.loads(gradtest("check", "layers.py", "--seed", "1", "-n", "11", "--json").stdout)
    assert set(together) == set(alone)
    assert [set(target) for target in together["targets"]] == [set(target) for target in alone["targets"]]
    assert (together["seed"], together["max_examples"], together["checked"]) == (1, 11, "layers.py")
    assert json.loads(Path("gradtest-report/report.json").read_text(encoding="utf-8")) == together


def test_shards_that_agree_agree(shards, gradtest):
    runs = shards(LAYERS.split("def dense")[0])
    assert [run.exit_code for run in runs] == [0, 0]
    assert gradtest("merge", "gradtest-report").exit_code == 0


def test_a_missing_shard_is_no_success(shards, gradtest):
    shards(LAYERS.split("def dense")[0], count=3)
    Path("gradtest-report/shard-2-of-3.jsonl").unlink()
    together = gradtest("merge", "gradtest-report")
    assert together.exit_code == 5
    assert "Shard 2 of 3 is missing: not all cases were looked at, and this is no success." in together.output
    quiet = gradtest("merge", "gradtest-report", "--json")
    assert (quiet.exit_code, json.loads(quiet.stdout)["exit_code"]) == (5, 5)
    assert "is missing" in quiet.stderr


def test_what_a_shard_could_not_decide_is_left_to_the_merge(shards, gradtest):
    # Zero in all cases: too little is decided in each part, and in all.
    runs = shards("def f(x): return 0 * x\ndef f_grad(x): return 0 * x")
    assert [run.exit_code for run in runs] == [0, 0]
    assert gradtest("merge", "gradtest-report").exit_code == 5


def test_a_baseline_is_held_against_all_shards(shards, gradtest, write):
    shards()
    born = gradtest("merge", "gradtest-report", "--baseline", "b.json")
    assert born.exit_code == 1
    assert "it was written (2 entries)" in born.output
    held = gradtest("merge", "gradtest-report", "--baseline", "b.json")
    assert held.exit_code == 0, held.output
    assert "known GT101" in held.output
    assert "Nothing changed since the baseline" in held.output
    runs = shards(LAYERS, "--baseline", "b.json")  # what it accepts does not fail a shard
    assert [run.exit_code for run in runs] == [0, 0], runs[0].output
    assert gradtest("merge", "gradtest-report", "--baseline", "b.json").exit_code == 0
    alone = gradtest("check", "layers.py", "--seed", "9", "--baseline", "b.json")
    assert alone.exit_code == 0, "one run and a merge hold the same baseline"
    Path("gradtest-report/shard-1-of-2.jsonl").unlink()
    without = gradtest("merge", "gradtest-report", "--baseline", "b.json")
    assert without.exit_code == 4
    assert "measured in shard 1, which is missing" in without.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--shard", "3/2", "--seed", "1"], "--shard 3/2 is no part; write K/N with K from 1 to N"),
        (["--shard", "1/2"], "--shard 1/2 needs a seed, the same for all shards; add --seed 0"),
        (["--shard-file", "a.jsonl"], "--shard-file a.jsonl is where a shard goes; say which: --shard 1/4"),
        (
            ["--shard", "1/2", "--seed", "1", "--shard-file", "layers.py"],
            "layers.py is there and is no shard",
        ),
    ],
)
def test_misuse_of_shards_gets_a_sentence_before_anything_is_run(gradtest, write, words, said):
    write("layers.py", "raise SystemError('it was run')")
    result = gradtest("check", "layers.py", *words)
    assert result.exit_code == 4
    assert said in result.output


def test_misuse_of_merge_gets_a_sentence(gradtest, write, place):
    write("layers.py", LAYERS)
    (place / "empty").mkdir()
    for words, said in (
        (["layers.py"], "layers.py is no shard of gradtest"),
        (["nowhere.jsonl"], "the shard nowhere.jsonl cannot be read"),
        (["empty"], "there is no shard-K-of-N.jsonl in empty"),
    ):
        result = gradtest("merge", *words)
        assert (result.exit_code, said in result.output) == (4, True), result.output
    quiet = gradtest("merge", "layers.py", "--json")
    assert (quiet.exit_code, json.loads(quiet.stdout)["exit_code"]) == (4, 4)
