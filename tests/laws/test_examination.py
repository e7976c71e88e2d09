"""Which laws are looked at, in which cases, and what their answers come to."""

from typing import get_args

import numpy as np
import pytest

import gradtest
from gradtest import Settings, target
from gradtest.case import Case
from gradtest.laws.catalogue import LAWS, asked
from gradtest.laws.examination import ONE_IN, case_is_due, examine
from gradtest.properties.search import search
from gradtest.properties.strategies import inputs
from gradtest.settings import DEFAULT, LawName

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
SINE = target(np.sin, vjp=lambda dout, x: dout * np.cos(x))
CLIPPED = target(np.sin, vjp=lambda dout, x: np.clip(dout, -5, 5) * np.cos(x), name="clipped")


def names(report):
    return [law.name for law in report.laws]


def test_the_settings_know_the_laws_by_name():
    assert tuple(law.name for law in LAWS) == get_args(LawName)
    assert Settings(laws="all").laws == get_args(LawName)


def test_laws_are_asked_for_by_name_in_the_order_of_the_catalogue():
    report = gradtest.check(SINE, X, settings=Settings(laws=("purity", "derivative")))
    assert names(report) == ["derivative", "purity"]
    assert names(gradtest.check(SINE, X)) == [law.name for law in LAWS if law.default]


def test_of_many_cases_few_are_held_to_all_laws():
    rng = np.random.default_rng(0)
    due = sum(case_is_due(Case(SINE, (rng.normal(size=3),))) for _ in range(400))
    assert 400 / ONE_IN / 2 < due < 400 / ONE_IN * 2 < 200


def test_without_the_derivative_nothing_is_measured():
    report = gradtest.check(SINE, X, settings=Settings(laws="contract"))
    assert (report.verdict, report.blocks, report.evaluations) == ("agrees", (), 1)


def test_one_case_of_eight_is_looked_at_by_all_laws():
    rng = np.random.default_rng(0)
    reports = [examine(Case(SINE, (rng.standard_normal(3),)), DEFAULT, sparingly=True) for _ in range(400)]
    full = sum("purity" in names(report) for report in reports)
    assert 400 / ONE_IN / 2 < full < 400 / ONE_IN * 2
    assert all({"derivative", "contract"} <= set(names(report)) for report in reports)
    assert len(asked(DEFAULT, every=False)) == 2


def test_laws_that_are_named_are_looked_at_in_every_case():
    rng = np.random.default_rng(0)
    settings = Settings(laws="purity")
    for _ in range(20):
        report = examine(Case(SINE, (rng.standard_normal(3),)), settings, sparingly=True)
        assert names(report) == ["purity"]


def test_a_wrong_gradient_is_told_by_the_derivative_alone():
    wrong = target(np.sin, vjp=lambda dout, x: np.clip(dout, -5, 5) * np.sin(x))
    report = gradtest.check(wrong, X)
    assert [(law.name, law.verdict) for law in report.laws] == [("derivative", "disagrees")]


def test_a_search_looks_at_all_laws_in_its_first_case_and_shrinks_what_they_find():
    seen = []
    outcome = search(
        CLIPPED, inputs(x="n m"), max_examples=50, observe=lambda point, report: seen.append(report)
    )
    assert "linearity" in names(seen[0])
    (finding,) = outcome.findings
    assert finding.code == "GT131"
    assert finding.inputs["x"].shape == (1, 1)
    assert outcome.tally.disagrees == 1


def test_a_law_that_only_some_cases_break_is_found_all_the_same():
    """Where x is positive only, and in cases that are not the first."""
    subject = target(
        np.sin, vjp=lambda dout, x: np.where(x > 1, np.clip(dout, -5, 5), dout) * np.cos(x), name="above one"
    )
    for seed in range(5):
        assert search(subject, inputs(x="n"), max_examples=100, seed=seed).findings


def test_a_property_holds_the_laws_it_is_given():
    gradtest.property_of(CLIPPED, laws="derivative", x="n")()
    with pytest.raises(gradtest.GradientError, match="GT131"):
        gradtest.property_of(CLIPPED, x="n")()
    with pytest.raises(gradtest.GradientError, match="GT131"):
        gradtest.property_of(CLIPPED, laws=("derivative", "linearity"), x="n")()


def test_a_law_that_makes_the_target_raise_is_a_finding():
    def backward(dout, x):
        if not dout.any():
            raise ZeroDivisionError("no gradient")
        return dout * np.cos(x)

    report = gradtest.check(target(np.sin, vjp=backward), X)
    (finding,) = report.findings
    assert (report.verdict, finding.code) == ("disagrees", "GT310")
    assert finding.detail == "ZeroDivisionError: no gradient"


def test_an_unknown_law_is_named_with_the_nearest():
    with pytest.raises(gradtest.Misuse, match=r"'linear' is not a law; did you mean 'linearity'\?"):
        Settings(laws=("derivative", "linear"))
    with pytest.raises(gradtest.Misuse, match=r"laws=\(\) names no law; give a tuple of names: derivative"):
        Settings(laws=())
    with pytest.raises(gradtest.Misuse, match="laws=3 names no law"):
        Settings(laws=3)


def test_a_gradient_that_depends_on_what_came_before_is_diagnosed_as_that():
    """Its numbers have no form of their own: here those of the forward pass before the last one."""
    kept = [np.ones(3), np.ones(3)]

    def forward(x):
        kept[:] = [kept[1], np.array(x)]
        return x**2

    stale = target(forward, vjp=lambda g, x: 2 * g * kept[0])
    (finding,) = gradtest.check(stale, X).findings
    assert (finding.code, finding.law) == ("GT306", "purity")
