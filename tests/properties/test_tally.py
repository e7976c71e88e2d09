"""Counting cases, and when a run of them says nothing."""

import dataclasses
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtest.diagnosis.mutants import Fate, Mutant
from gradtest.diagnosis.report import BlockReport, Report
from gradtest.properties.tally import Tally


def block(resolution=1e-9, verdict="agrees", place="at the point"):
    return BlockReport("x", "x", (2,), verdict, "", resolution, 0.5, place)


def report(verdict="agrees", reason="", resolution=1e-9, evaluations=7, place="at the point"):
    return Report("f", verdict, reason, (block(resolution, verdict, place),), evaluations)


def counted(*reports):
    tally = Tally()
    for one in reports:
        tally.add(one)
    return tally


def test_reports_are_counted_by_their_verdict():
    tally = counted(
        report(resolution=1e-9),
        report(resolution=1e-4, place="at a generic point nearby"),
        report(resolution=0.0),
        report("disagrees"),
        report("undecided", "x: the function is too noisy here: an error below 1e-1 could not be seen"),
    )
    assert (tally.cases, tally.agrees, tally.disagrees, tally.undecided) == (5, 3, 1, 1)
    assert (tally.nearby, tally.nothing, tally.evaluations) == (1, 1, 35)
    assert tally.resolution == 1e-4
    assert tally.reasons == Counter({"the function is too noisy here": 1})


def test_reasons_are_counted_without_their_numbers():
    reasons = ["x: too coarse: an error below 3e-02", "w: too coarse: an error below 1e-01", "x: kink"]
    tally = counted(*(report("undecided", reason) for reason in reasons))
    assert tally.reasons == Counter({"too coarse": 2, "kink": 1})


@given(st.lists(st.sampled_from(["agrees", "disagrees", "undecided"])), st.integers(0, 20))
def test_the_tallies_of_two_workers_add_up(verdicts, cut):
    reports = [report(verdict, "x: kink", resolution=10.0**-i) for i, verdict in enumerate(verdicts)]
    left, right = counted(*reports[:cut]), counted(*reports[cut:])
    left.merge(right)
    assert left == counted(*reports)


def test_mutants_are_those_of_all_cases_and_travel_as_data():
    def with_mutants(*mutants):
        return dataclasses.replace(report(), mutate=lambda done: [m for m in mutants if m[:2] not in done])

    one = counted(
        with_mutants(Mutant("w", "twice", Fate.MISSED, "why"), Mutant("b", "twice", Fate.CAUGHT)),
        with_mutants(Mutant("b", "twice", Fate.MISSED, "never asked"), Mutant("w", "clipped", Fate.MISSED)),
    )
    other = counted(with_mutants(Mutant("w", "twice", Fate.CAUGHT)))
    assert (one.mutants.caught, one.mutants.total) == (1, 3)
    data = json.loads(json.dumps(one.as_data()))  # as pytest-xdist sends it
    assert Tally.from_data(data) == one
    other.merge(Tally.from_data(data))
    assert (other.mutants.caught, other.mutants.total) == (2, 3)


def test_of_what_does_not_agree_there_are_no_mutants():
    def fail(done):
        pytest.fail("asked for")

    counted(*(dataclasses.replace(report(verdict), mutate=fail) for verdict in ("disagrees", "undecided")))


VACUOUS = [
    ([], "nothing was checked: no case was generated"),
    ([report("undecided", "x: kink")], "nothing was decided: all 1 cases are undecided (kink)"),
    (
        [report("undecided", "x: kink")] * 3 + [report("undecided", "noise")],
        "all 4 cases are undecided (kink)",
    ),
    (
        [report("undecided", "x: kink")] * 3 + [report()] * 2,
        "3 of 5 cases are undecided (kink); draw the inputs from where the function is smooth and finite",
    ),
    (
        [report(resolution=0.0)] * 3,
        "the gradient was zero in all 3 cases that were decided, so that only a wrong zero would have been "
        "seen",
    ),
    ([report(resolution=0.0)] * 3 + [report("undecided", "x: kink")], "the gradient was zero in all 3 cases"),
]
MEANINGFUL = [
    [report()],
    [report(resolution=0.0), report()],
    [report("undecided", "x: kink"), report()],
    [report("disagrees")],
    [report("disagrees"), *[report("undecided", "x: kink")] * 9],
    [report(resolution=0.0)],
]


@pytest.mark.parametrize(("reports", "words"), VACUOUS, ids=[words for _, words in VACUOUS])
def test_a_run_that_says_nothing_says_why(reports, words):
    assert words in counted(*reports).vacuous()


@pytest.mark.parametrize("reports", MEANINGFUL, ids=lambda reports: "+".join(r.verdict for r in reports))
def test_a_run_that_says_something(reports):
    assert counted(*reports).vacuous() == ""
