"""Which entries of a block are wrong: each of a few, one among many, a row, a channel, or all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtest
from gradtest.case import Case
from gradtest.diagnosis.localise import FEW, locate
from gradtest.judgement import judge
from gradtest.probe import Probe
from gradtest.settings import DEFAULT
from gradtest.verdict import Word


def located(x, change, function=np.sin, slope=np.cos):
    """Return where a gradient is wrong that `change` has spoiled, and the evaluations it took."""
    calls = []

    def forward(x):
        calls.append(1)
        return function(x)

    def backward(dout, x):
        g = np.asarray(dout * slope(x))
        change(g)
        return g

    case = Case(gradtest.target(forward, vjp=backward), (x,))
    rng = np.random.default_rng(0)
    (judgement,) = judge(Probe(case, rng), rng, DEFAULT)
    assert judgement.word is Word.DISAGREES
    before = len(calls)
    return locate(judgement), len(calls) - before


def spread(shape, seed=0):
    return np.random.default_rng(seed).uniform(0.2, 1.2, shape)


def spoil(*places, factor=1.5):
    def change(g):
        for place in places:
            g[place] *= factor

    return change


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([(1,), (5,), (3, 4), (2, 3, 2), (8, 8)]), st.data())
def test_of_few_entries_each_is_measured(shape, data):
    places = data.draw(st.sets(st.tuples(*(st.integers(0, n - 1) for n in shape)), min_size=1, max_size=4))
    found, _ = located(spread(shape), spoil(*places))
    assert found.complete
    assert len(found.entries) == np.prod(shape) <= FEW
    assert {entry.index for entry in found.entries if entry.wrong} == places
    for entry in found.entries:
        ratio = 1.5 if entry.index in places else 1.0
        assert entry.analytic == pytest.approx(ratio * entry.numeric, rel=1e-9)
        assert entry.error < 1e-6 * abs(entry.numeric)


def test_a_number_has_one_entry_without_index():
    found, _ = located(np.array(0.7), spoil(()))
    assert [(entry.index, entry.wrong) for entry in found.entries] == [((), True)]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1999), st.sampled_from([-1.0, 0.0, 1.01, 1 + 1e-4]))
def test_one_wrong_entry_among_many_is_named(place, factor):
    found, evaluations = located(spread((40, 50)), spoil(np.unravel_index(place, (40, 50)), factor=factor))
    assert [entry.index for entry in found.entries if entry.wrong] == [np.unravel_index(place, (40, 50))]
    assert found.complete
    assert found.named == "one entry is"
    assert evaluations <= 60


def test_one_wrong_entry_among_a_million_is_named():
    place = (733, 19)
    found, evaluations = located(spread((1000, 1000)), spoil(place), function=lambda x: np.sin(x).sum(axis=0))
    assert [entry.index for entry in found.entries if entry.wrong] == [place]
    assert evaluations <= 60


@pytest.mark.parametrize("factor", [2.0, 0.0, -1.0, 1.1])
@pytest.mark.parametrize("form", ["vjp", "grad"])
def test_one_wrong_entry_among_many_costs_less_than_150_evaluations_in_all(form, factor):
    """Of the forward function: the verdict, the entry, its numbers, and what is said of the cause.

    The terms cancel, so that their rounding is far beyond that of the sum.
    """
    calls, weights, place = [], spread(200_000, seed=1), 123_456
    weights[::2] *= -1

    def forward(x):
        calls.append(1)
        return weights @ np.sin(x)

    def gradient(x):
        g = weights * np.cos(x)
        g[place] *= factor
        return g

    derivative = gradient if form == "grad" else lambda dout, x: dout * gradient(x)
    subject = gradtest.target(forward, **{form: derivative})
    report = gradtest.check(subject, spread(200_000))
    (finding,) = report.findings
    assert (finding.entry.index, finding.code) == ((place,), "GT124")
    assert finding.what == "only one entry is wrong"
    assert finding.entry.analytic == pytest.approx(factor * finding.entry.numeric, rel=1e-3, abs=1e-3)
    assert len(calls) <= 150


def test_two_wrong_entries_far_apart():
    places = {(3, 7), (31, 44)}
    found, _ = located(spread((40, 50)), spoil(*places))
    assert {entry.index for entry in found.entries if entry.wrong} == places
    assert found.complete
    assert found.named == "2 entries are"


@pytest.mark.parametrize(("place", "words"), [(np.s_[3, :], "row 3"), (np.s_[:, 17], "column 17")])
def test_a_row_or_a_column(place, words):
    found, _ = located(spread((40, 50)), spoil(place))
    assert found.slice == words
    assert found.complete
    assert found.named == f"{words} is"
    assert all(entry.wrong for entry in found.entries)


def test_a_channel():
    found, _ = located(spread((4, 6, 5, 5)), spoil(np.s_[:, 2]))
    assert "axis 1" in found.slice
    assert "2" in found.slice


def test_wrong_everywhere_is_not_listed():
    found, evaluations = located(spread((40, 50)), spoil(np.s_[:]))
    assert 1 <= len(found.entries) <= 8
    assert all(entry.wrong for entry in found.entries)
    assert found.slice == found.named == ""
    assert evaluations <= 60


@pytest.mark.parametrize(
    ("factor", "words"),
    [(0.0, "; there it is 0"), (-1.0, "; there it is -1 times what it should be"), (1.37, "")],
)
def test_by_what_a_row_of_many_is_wrong(factor, words):
    def gradient(x):
        g = np.cos(x)
        g[17] *= factor
        return g

    (finding,) = gradtest.check(
        gradtest.target(lambda x: np.sin(x).sum(), grad=gradient), spread((90, 50))
    ).findings
    assert finding.what == f"only row 17 is wrong{words}"
