"""Parts of one run: their seeds and shares, and one run again of what their files say."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import gradtest
from gradtest.campaign import Campaign
from gradtest.errors import Misuse
from gradtest.plan import Plan
from gradtest.record import Ledger
from gradtest.settings import DEFAULT
from gradtest.shards import Merged, Shard, asking_of, merged, refuse_foreign, write
from gradtest.subjects.subject import Subject


def subject(name: str, grad=np.cos) -> Subject:
    return Subject(gradtest.target(np.sin, grad=grad, name=name), {"x": "n"}, f"ops.py::{name}")


RIGHT = subject("right")
WRONG = subject("wrong", lambda x: -np.cos(x))

PLAN = Plan(DEFAULT.but(seed=5), ("central",), 20)


def written(folder: Path, part: Shard, *subjects: Subject, plan: Plan = PLAN, checked="ops.py") -> Path:
    subjects = subjects or (RIGHT, WRONG)
    ledger = Campaign(subjects, part.part(plan)).run()
    path = folder / f"shard-{part.number}-of-{part.count}.jsonl"
    write(path, part, asking_of(checked, False, gradtest.__version__, plan, [plan] * len(subjects)), ledger)
    return path


@pytest.fixture(scope="module")
def shards(tmp_path_factory) -> list[Path]:
    """Three parts of one run."""
    folder = tmp_path_factory.mktemp("shards")
    return [written(folder, Shard(number, 3)) for number in (1, 2, 3)]


# -- parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cases", [1, 2, 7, 20, 100])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_the_parts_are_all_cases_with_a_seed_each(cases, count):
    plans = [Shard(k, count).part(dataclasses.replace(PLAN, max_examples=cases)) for k in range(1, count + 1)]
    assert sum(plan.max_examples for plan in plans) == max(cases, count) or cases < count
    assert all(plan.max_examples >= 1 for plan in plans)
    seeds = {plan.settings.seed for plan in plans}
    assert len(seeds) == count
    assert 5 not in seeds
    assert [plan.pin for plan in plans] == [True] + [False] * (count - 1)


@pytest.mark.parametrize("text", ["3/2", "0/2", "1", "1/0", "a/b", "-1/2", "1/2/3", ""])
def test_what_is_no_part_gets_a_sentence(text):
    with pytest.raises(Misuse, match="write K/N with K from 1 to N, as in --shard 2/4"):
        Shard.read(text)


# -- together -------------------------------------------------------------------------------------


def test_counts_are_added_and_the_smallest_findings_kept(shards):
    together = merged(shards)
    right, wrong = together.ledger.records
    assert (together.count, together.missing, together.asking.checked) == (3, (), "ops.py")
    assert (right.verdict, right.tally.cases, right.tally.agrees) == ("agrees", 20, 20)
    assert (right.opinions["central"].cases, len(right.resolutions), right.asked) == (20, 20, 20)
    assert wrong.verdict == "disagrees"
    (finding,) = wrong.findings
    assert finding.code == "GT101"
    assert repr(finding.inputs["x"]) == "[1.0]"
    assert (together.ledger.plan.settings.seed, together.ledger.plan.max_examples) == (5, 20)
    assert right.pinned is not None


def test_the_order_of_the_files_does_not_matter(shards):
    one, other = merged(shards), merged(shards[::-1])
    assert [r.as_line() for r in one.ledger.records] == [r.as_line() for r in other.ledger.records]


def test_a_smaller_finding_of_another_part_is_kept(shards):
    large, small = (merged([shard]).ledger.records[1] for shard in shards[:2])
    value = dataclasses.replace(large.findings[0].inputs["x"], text="[1.0, 2.0]", entries=2)
    grown = dataclasses.replace(large.findings[0], inputs={"x": value})
    large = dataclasses.replace(large, findings=(grown,), again="the first", said={"central": "first"})
    small = dataclasses.replace(small, again="the second", said={"central": "second"})
    for both in (large.merged(small), small.merged(large)):
        assert both.findings == small.findings
        assert (both.again, both.said) == ("the second", {"central": "second"})


def test_a_missing_part_is_told(shards):
    assert merged(shards[:1] + shards[2:]).missing == (2,)


def test_an_interrupted_part_makes_an_interrupted_run(shards, tmp_path):
    header, *lines = shards[0].read_text(encoding="utf-8").splitlines(keepends=True)
    cut = tmp_path / "cut.jsonl"
    cut.write_text(header.replace('"interrupted": false', '"interrupted": true') + "".join(lines))
    assert merged([cut, *shards[1:]]).ledger.interrupted


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda lines: [], "is no shard of gradtest"),
        (lambda lines: ['{"gradtest_baseline": 1}'], "is no shard of gradtest"),
        (lambda lines: ["\udcff"], "is no shard of gradtest"),
        (lambda lines: ["[" * 100_000], "is no shard of gradtest"),
        (lambda lines: [lines[0].replace('shard": 1', 'shard": 99'), *lines[1:]], "has format 99"),
        (
            lambda lines: [lines[0].replace('"targets": 2', '"targets": "two"'), *lines[1:]],
            "damaged in line 1",
        ),
        (lambda lines: lines[:-1], "is not whole: it has 1 of 2 targets"),
        (lambda lines: [*lines[:-1], lines[-1][: len(lines[-1]) // 2]], "damaged in line 3"),
        (lambda lines: [*lines[:-1], "[" * 100_000], "damaged in line 3"),
    ],
)
def test_a_damaged_file_gets_a_sentence_and_stays_as_it_is(shards, tmp_path, spoil, said):
    path = tmp_path / "shard-1-of-3.jsonl"
    text = "\n".join(spoil(shards[0].read_text(encoding="utf-8").splitlines()))
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    before = path.read_bytes()
    with pytest.raises(Misuse, match=said):
        merged([path, *shards[1:]])
    if "no shard" in said:
        with pytest.raises(Misuse, match="take it away, or name another --shard-file"):
            refuse_foreign(path)
    assert path.read_bytes() == before


def test_a_shard_may_be_written_over_by_its_next_run(shards, tmp_path):
    refuse_foreign(shards[0])
    refuse_foreign(tmp_path / "nothing.jsonl")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (
            {"plan": dataclasses.replace(PLAN, settings=DEFAULT.but(seed=6))},
            "the seed is 5 in one, 6 in the other",
        ),
        ({"plan": dataclasses.replace(PLAN, max_examples=21)}, "the number of cases is 20 in one, 21"),
        ({"checked": "others.py"}, "what was checked is ops.py in one, others.py in the other"),
        ({"part": Shard(2, 4)}, "the number of shards is 3 in one, 4 in the other"),
        ({"subjects": (RIGHT,)}, "their targets are not the same"),
        ({"plan": dataclasses.replace(PLAN, given={"x": "m"})}, "they were not given the same options"),
        ({"part": Shard(1, 3)}, "are both shard 1/3; leave one out"),
    ],
)
def test_what_are_no_parts_of_one_run_is_refused(shards, tmp_path, other, said):
    words = {"part": Shard(2, 3), "subjects": (RIGHT, WRONG), **other}
    path = written(tmp_path, words.pop("part"), *words.pop("subjects"), **words)
    with pytest.raises(Misuse, match=said):
        merged([shards[0], path])


def test_another_version_is_refused(shards, tmp_path):
    path = tmp_path / "other.jsonl"
    text = shards[1].read_text(encoding="utf-8")
    path.write_text(
        text.replace(f'"gradtest": "{gradtest.__version__}"', '"gradtest": "9.9"'), encoding="utf-8"
    )
    with pytest.raises(Misuse, match=r"gradtest is .* in one, 9\.9 in the other"):
        merged([shards[0], path])


def test_nothing_to_merge_is_a_misuse(tmp_path):
    with pytest.raises(Misuse, match="there is no shard to merge"):
        merged([])
    with pytest.raises(Misuse, match="cannot be read"):
        merged([tmp_path / "nowhere.jsonl"])


def test_what_cannot_be_written_gets_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    asking = asking_of("ops.py", False, "1", PLAN, [])
    with pytest.raises(Misuse, match="cannot be written"):
        write(tmp_path / "file" / "shard.jsonl", Shard(1, 2), asking, Ledger(PLAN, []))


def test_a_line_of_json_is_a_record(shards):
    lines = shards[0].read_text(encoding="utf-8").splitlines()
    assert [json.loads(line).get("name") for line in lines] == [None, "right", "wrong"]
    assert isinstance(merged(shards), Merged)
