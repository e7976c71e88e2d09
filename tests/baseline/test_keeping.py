"""A baseline beside a run: what is accepted, what is said, what is written, and what is left alone."""

import datetime
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gradtest.baseline.keeping import Account, Baseline, covers
from gradtest.baseline.recording import name_of, seen
from gradtest.baseline.store import read, written
from gradtest.campaign import Campaign
from gradtest.errors import Misuse
from gradtest.plan import Known, Plan
from gradtest.record import Ledger
from gradtest.settings import DEFAULT
from gradtest.subjects.subject import Subject
from gradtest.targets import target

TODAY = datetime.date(2026, 11, 22)


def subject(name: str, forward=np.sin, grad=np.cos, shape: str = "n") -> Subject:
    return Subject(target(forward, grad=grad, name=name), {"x": shape}, f"ops.py::{name}")


SINE = subject("sine")
COSINE = subject("cosine", np.cos, lambda x: -np.sin(x))
WRONG = subject("wrong", np.sin, lambda x: -np.cos(x))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "b.json"


def everything(name: str) -> bool:
    return True


def run(path: Path, *subjects: Subject, seed: int = 0, update: bool = False, whole=everything) -> Account:
    baseline = Baseline(path, TODAY)
    ledger = ledger_of(baseline, *subjects, seed=seed)
    return (baseline.updated if update else baseline.compared)(seen(ledger.records), whole)


def ledger_of(baseline: Baseline, *subjects: Subject, seed: int = 0) -> Ledger:
    plan = Plan(DEFAULT.but(seed=seed), max_examples=4, pin=True)
    return Campaign(subjects, plan, lambda one: replace(plan, known=baseline.known(name_of(one)))).run()


def kinds(account: Account) -> list[tuple[str, str]]:
    return [(change.kind.name, change.target) for change in account.changes]


def test_a_missing_file_is_written_with_what_was_found_and_holds_the_next_time(path):
    account = run(path, SINE, WRONG)
    assert account.born
    assert account.entries == 2
    assert account.changes == []
    (entry,) = (entry for entry in read(path).values() if entry.findings)
    assert [(one.code, one.input) for one in entry.findings] == [("GT101", "x")]
    before = path.read_bytes()
    for seed in (1, 2):
        again = run(path, SINE, WRONG, seed=seed)
        assert (again.born, again.changes) == (False, [])
    assert path.read_bytes() == before


def test_what_is_known_is_known_to_the_campaign_until_it_expires(path):
    run(path, WRONG)
    assert ledger_of(Baseline(path, TODAY), WRONG).records[0].verdict == "known"
    path.write_text(path.read_text(encoding="utf-8").replace("null", '"2026-11-22"'), encoding="utf-8")
    assert ledger_of(Baseline(path, TODAY), WRONG).records[0].verdict == "disagrees"
    assert kinds(run(path, WRONG)) == [("EXPIRED", "ops.py::wrong")]


def test_what_an_override_accepts_is_no_business_of_the_baseline(path):
    plan = Plan(max_examples=4, known=(Known("GT101", "as published"),), pin=True)
    Baseline(path, TODAY).compared(seen(Campaign([WRONG], plan).run().records), everything)
    (entry,) = read(path).values()
    assert entry.findings == []


def test_a_comparison_writes_nothing(path):
    run(path, SINE)
    before = path.read_bytes()
    changed = subject("sine", lambda x: 2 * np.sin(x), lambda x: 2 * np.cos(x))
    assert kinds(run(path, changed, COSINE)) == [("NEW", "ops.py::cosine"), ("CHANGED", "ops.py::sine")]
    assert path.read_bytes() == before


def test_an_update_merges_only_what_ran(path):
    run(path, SINE, COSINE)
    before = read(path)
    changed = subject("sine", lambda x: 2 * np.sin(x), lambda x: 2 * np.cos(x))
    account = run(path, changed, update=True, whole=lambda name: name == "ops.py::sine")
    assert account.updated
    after = read(path)
    kept, other = ("ops.py::cosine", "derivative", "float64"), ("ops.py::sine", "derivative", "float64")
    assert written({kept: after[kept]}) == written({kept: before[kept]})
    assert after[other].values[0].value == pytest.approx(2 * before[other].values[0].value)
    assert run(path, changed, COSINE).changes == []


def test_an_update_keeps_every_byte_that_still_holds(path):
    run(path, SINE, WRONG)
    text = path.read_text(encoding="utf-8").replace("was there when the baseline was written", "because")
    digits = [line for line in text.splitlines() if "± 1e-10" in line or "± 1e-09" in line]
    assert digits
    # The last digit of another machine: still within the errors.
    value, error = digits[-1].split(" ± ")
    other = f"{value[:-1]}{(int(value[-1]) + 1) % 10 if value[-1] != '9' else 8} ± {error}"
    text = text.replace(digits[-1], other)
    path.write_text(text, encoding="utf-8")
    run(path, SINE, WRONG, update=True, seed=5)
    assert path.read_text(encoding="utf-8") == text


def test_an_update_accepts_what_is_new_and_forgets_what_is_gone(path):
    run(path, SINE, WRONG)
    right = subject("wrong")
    run(path, right, subject("sine", grad=lambda x: -np.cos(x)), update=True)
    found = {entry.target: [one.code for one in entry.findings] for entry in read(path).values()}
    assert found == {"ops.py::sine": ["GT101"], "ops.py::wrong": []}


def test_a_target_is_gone_only_if_it_would_have_been_there(path):
    run(path, SINE, COSINE)
    assert kinds(run(path, SINE)) == [("VANISHED", "ops.py::cosine")]
    assert kinds(run(path, SINE, whole=lambda name: "cosine" not in name)) == []


def test_what_is_skipped_or_was_not_reached_is_not_gone_and_keeps_its_entry(path):
    run(path, SINE, COSINE)
    before = path.read_bytes()
    baseline = Baseline(path, TODAY)
    campaign = Campaign([SINE, COSINE], Plan(max_examples=4, skip="slow", pin=True))
    assert baseline.updated(seen(campaign.ledger.records), everything).changes == []  # waiting
    assert baseline.updated(seen(campaign.run().records), everything).changes == []  # skipped
    assert path.read_bytes() == before


def test_no_file_is_born_from_a_run_that_was_cut_short(path):
    account = Baseline(path, TODAY).compared(
        seen(Campaign([SINE], Plan(pin=True)).ledger.records), everything
    )
    assert account.unwritten == "the run did not come to its end"
    assert not path.exists()


def test_two_runs_that_both_find_no_file_write_it_together(path):
    first, second = Baseline(path, TODAY), Baseline(path, TODAY)
    first.compared(seen(ledger_of(first, SINE).records), everything)
    second.compared(seen(ledger_of(second, COSINE).records), everything)
    assert {target for target, _, _ in read(path)} == {"ops.py::sine", "ops.py::cosine"}


def test_what_was_undecided_before_is_settled(path):
    noisy = subject("noisy", lambda x: np.modf(1e4 * np.sin(1e6 * x))[0])
    run(path, noisy)
    account = run(path, noisy)
    assert account.settled == {"ops.py::noisy"}
    assert account.changes == []


def test_a_damaged_file_is_refused_before_anything_runs(path):
    path.write_text("{", encoding="utf-8")
    with pytest.raises(Misuse, match="cannot be read"):
        Baseline(path, TODAY)
    with pytest.raises(Misuse, match="there is no folder"):
        Baseline(path.parent / "nowhere" / "b.json", TODAY)


# -- pruning --------------------------------------------------------------------------------------


def prune(path: Path, *subjects: Subject, whole=everything, cut: bool = False) -> Account:
    baseline = Baseline(path, TODAY)
    cut_short = Campaign(subjects, Plan(max_examples=4, pin=True)).ledger
    run_ = seen((cut_short if cut else ledger_of(baseline, *subjects)).records)
    return baseline.pruned(baseline.compared(run_, whole), run_, whole)


def test_what_is_gone_is_taken_out_when_asked(path):
    run(path, SINE, COSINE, WRONG)
    account = prune(path, SINE, WRONG)
    assert account.pruned == ["ops.py::cosine"]
    assert account.changes == []
    assert {target for target, _, _ in read(path)} == {"ops.py::sine", "ops.py::wrong"}


@pytest.mark.parametrize(
    ("subjects", "how", "why"),
    [
        ((SINE,), {"cut": True}, "did not come to its end"),
        ((SINE, subject("broken", grad=lambda x: -np.cos(x))), {}, "broken failed"),
        (
            (SINE,),
            {"whole": lambda name: "cosine" not in name},
            "only a part was checked, and ops.py::cosine",
        ),
    ],
)
def test_a_run_that_cannot_tell_what_is_gone_takes_nothing_out(path, subjects, how, why):
    run(path, SINE, COSINE)
    before = path.read_bytes()
    with pytest.raises(Misuse, match=why):
        prune(path, *subjects, **how)
    assert path.read_bytes() == before


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "name", "covered"),
    [
        ("ops.py", "ops.py::f", True),
        ("ops.py::f", "ops.py::f", True),
        ("ops.py::f", "ops.py::f (twice)", True),
        ("ops.py::f", "ops.py::ff", False),
        ("pkg", "pkg.mod:f", True),
        ("pkg", "pkg2.mod:f", False),
        ("src/", "src/ops.py::f", True),
        (".", "ops.py::f", True),
        ("other.py", "ops.py::f", False),
    ],
)
def test_a_place_covers_what_lies_in_it(place, name, covered):
    assert covers(place, name) is covered


def test_a_name_is_a_place_and_more_where_that_says_more():
    made = target(np.sin, grad=np.cos, name="∂a/∂z")
    assert name_of(Subject(made, None, "ops.py::sin")) == "ops.py::sin (∂a/∂z)"
    assert name_of(Subject(made, None, "")) == "∂a/∂z"
    assert name_of(SINE) == "ops.py::sine"
