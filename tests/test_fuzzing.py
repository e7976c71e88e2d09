"""A campaign without end: its rounds, its journal, and that nothing decided is lost."""

import dataclasses
import json
from pathlib import Path
from textwrap import dedent

import msgspec
import pytest

from gradtest import workers
from gradtest.campaign import Campaign
from gradtest.errors import Misuse
from gradtest.fuzzing import CASES, Fuzzing, Journal, heading_of, journal_path, seconds_of, variant_of
from gradtest.plan import Plan
from gradtest.subjects.places import find
from gradtest.workers import Engine, Found

LAYERS = """
    import numpy as np
    def right(x): return np.tanh(x)
    def right_grad(x): return 1 - np.tanh(x) ** 2
    def wide(x): return x**2
    def wide_grad(x): return 2 * x if x.size < 20 else 2.1 * x
    def picky(x):
        if x.dtype != np.float64: raise TypeError("doubles only")
        return x**3
    def picky_grad(x): return 3 * x**2
"""


@pytest.fixture
def where(tmp_path, monkeypatch) -> Found:
    """Three targets in a file; their units are carried out in this process, one after the other."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fuzzed_layers.py").write_text(dedent(LAYERS), encoding="utf-8")
    monkeypatch.setattr(workers.signal, "signal", lambda *args: None)

    def here(units, engine, begun):
        for unit in units:
            number, line = workers._carried_out(unit)
            yield number, workers.Record.from_line(line)

    monkeypatch.setattr("gradtest.fuzzing.results", here)
    workers._subjects.cache_clear()
    return Found("fuzzed_layers.py")


def fuzzing(where: Found, journal: Path | None = None, **more) -> Fuzzing:
    campaign = Campaign(find(where.place), Plan(given={"x": "n"}, **more))
    written = Journal(journal)
    heading = heading_of("1.0", where.place, campaign)
    written.check(heading)
    written.open(heading)
    return Fuzzing(campaign, where, written)


ENGINE = Engine(1)


# -- rounds ---------------------------------------------------------------------------------------


def test_what_shows_in_large_shapes_only_is_found_and_looked_at_no_more(where):
    run = fuzzing(where)
    heard = []
    run.hear = lambda unit, record: heard.append((unit, record.name, record.verdict))
    ledger = run.run(ENGINE, None, 9 * CASES)
    verdicts = {record.name: record.verdict for record in ledger.records}
    assert verdicts == {"right": "agrees", "wide": "disagrees", "picky": "agrees"}
    (broken,) = [unit for unit, name, verdict in heard if verdict == "disagrees"]
    assert broken == 4  # the second round, which is the first that is larger
    assert not any(unit > broken and unit % 3 == 1 for unit, _, _ in heard)
    assert ledger.records[1].findings[0].parameter == "x"
    assert "--round 1" in ledger.records[1].again


def test_a_precision_that_is_not_taken_is_passed_over(where):
    run = fuzzing(where)
    heard = {}
    run.hear = lambda unit, record: heard.setdefault(unit, record)
    ledger = run.run(ENGINE, None, 14 * CASES)
    assert heard[11].verdict == "skipped"  # picky in float32
    assert "doubles only" in heard[11].skip
    assert ledger.records[2].verdict == "agrees"


def test_the_same_round_draws_the_same_cases(where):
    one, other = fuzzing(where), fuzzing(where)
    lines = [run.run(ENGINE, None, None, only=3).records[0].as_line() for run in (one, other)]
    first, second = (json.loads(line) | {"seconds": 0} for line in lines)
    assert first == second
    assert one.unit(9).plan.settings.seed != one.unit(12).plan.settings.seed


def test_the_time_is_kept_to_and_what_has_begun_is_ended(where):
    assert fuzzing(where).run(ENGINE, 0.0, None).records[0].tally.cases == 0
    assert fuzzing(where).run(ENGINE, 1e-9, 1).seconds < 20


def test_dtypes_that_are_asked_for_are_the_only_ones():
    assert {variant_of(number, ("float32",)).dtype for number in range(30)} == {"float32"}
    assert {variant_of(number).dtype for number in range(30)} == {"float64", "float32", "float16"}


def test_what_is_skipped_by_the_user_is_not_looked_at(where):
    assert fuzzing(where, skip="slow").run(ENGINE, None, 100).records[0].verdict == "skipped"


# -- the journal ----------------------------------------------------------------------------------


def test_a_run_goes_on_where_another_ended(where, tmp_path):
    path = tmp_path / "j.jsonl"
    first = fuzzing(where, path)
    first.run(ENGINE, None, 4 * CASES)
    first.journal.close()
    second = fuzzing(where, path)
    heard = []
    second.hear = lambda unit, record: heard.append(unit)
    second.run(ENGINE, None, 8 * CASES)
    second.journal.close()
    assert heard
    kept = {unit for unit, record in first.journal.decided.items() if not record.findings}
    assert second.journal.decided.keys() == kept | set(heard)
    assert next(record.tally.cases for record in second.ledger.records) > CASES
    assert Journal(path).decided.keys() == second.journal.decided.keys()


def test_what_was_broken_is_looked_at_again(where, tmp_path):
    path = tmp_path / "j.jsonl"
    first = fuzzing(where, path)
    first.run(ENGINE, None, 5 * CASES)
    first.journal.close()
    broken = {unit for unit, record in first.journal.decided.items() if record.findings}
    assert broken == {4}
    again = fuzzing(where, path)
    again.journal.close()
    assert 4 not in again.journal.decided


def test_a_torn_line_is_done_again_and_nothing_else(where, tmp_path):
    path = tmp_path / "j.jsonl"
    run = fuzzing(where, path)
    run.run(ENGINE, None, 3 * CASES)
    run.journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    torn = Journal(path)
    assert len(torn.decided) == len(run.journal.decided) - 1
    torn.open(torn.heading)
    torn.add(2, run.journal.decided[2])
    torn.close()
    assert path.read_bytes() == whole
    path.write_bytes(whole + b'{"unit": 9, "rec')
    longer = Journal(path)
    longer.open(longer.heading)
    longer.close()
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"checked": "other.py"}, r"it is about other\.py \(fuzzed_layers\.py::right, .*, \.\.\.\)"),
        ({"targets": ["a"]}, r"it is about fuzzed_layers\.py \(a\)"),
        ({"seed": 9}, "it was begun with --seed 9"),
        ({"plans": "other"}, "its targets were looked at with other options"),
        ({"gradtest": "0.9"}, "gradtest 0.9 wrote it, and this is 1.0"),
    ],
)
def test_a_journal_of_something_else_is_refused_and_stays(where, tmp_path, change, said):
    path = tmp_path / "j.jsonl"
    fuzzing(where, path).journal.close()
    heading = json.loads(path.read_text()) | change
    path.write_text(json.dumps(heading) + "\n")
    before = path.read_bytes()
    with pytest.raises(Misuse, match=f"cannot be continued: {said}; begin anew with --afresh"):
        fuzzing(where, path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no journal of gradtest fuzz"),
        ("hello\n", "is no journal of gradtest fuzz"),
        ("[" * 100_000, "is no journal of gradtest fuzz"),
        ('HEADING\n{"unit": 1}\n', "is damaged in line 2"),
        ('HEADING\n{"unit": 1, "record": {}}\n', "is damaged in line 2"),
        ('HEADING\n{"unit": "a", "record": 1}\n{}\n', "is damaged in line 2"),
    ],
)
def test_a_damaged_journal_is_refused_and_stays(where, tmp_path, text, said):
    path = tmp_path / "j.jsonl"
    heading = heading_of("1.0", "x", Campaign(find(where.place), Plan()))
    path.write_text(text.replace("HEADING", json.dumps(msgspec.to_builtins(heading))))
    before = path.read_bytes()
    with pytest.raises(Misuse, match=said):
        Journal(path)
    assert path.read_bytes() == before


def test_the_place_of_a_journal_depends_on_what_it_is_about_and_not_on_the_seed(where, tmp_path):
    plan = Plan(given={"x": "n"})
    heading = heading_of("1.0", "a.py", Campaign(find(where.place), plan))
    reseeded = dataclasses.replace(plan, settings=plan.settings.but(seed=7))
    same = heading_of("1.1", "a.py", Campaign(find(where.place), reseeded))
    other = heading_of("1.0", "b.py", Campaign(find(where.place), plan))
    assert journal_path(tmp_path, heading) == journal_path(tmp_path, same)
    assert journal_path(tmp_path, heading) != journal_path(tmp_path, other)
    assert same.seed == 7


# -- times ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("1.5h", 5400), ("7", 7), ("1m5s", 65)]
)
def test_times_are_read(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["ten", "", "10 minutes", "-5s", "0", "0m", "5m1h", "nan"])
def test_what_is_no_time_gets_a_sentence(text):
    with pytest.raises(Misuse, match="is no time; write 90s, 10m or 1h30m"):
        seconds_of(text)
