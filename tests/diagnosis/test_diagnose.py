"""A finding is diagnosed once, whatever the target does, and for a bounded number of evaluations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtest
import gradtest.laws.derivative as law
from gradtest.case import Case
from gradtest.diagnosis import confirm, diagnose, measured
from gradtest.errors import GradientError
from gradtest.properties.search import search

SHAPES = dict(x="batch in", w="in out", b="out")


def affine(x, w, b):
    return x @ w + b


def averaged(dout, x, w, b):
    return dout @ w.T, x.T @ dout / len(x), dout.sum(axis=0)


def leaky(x):
    return np.where(x > 0, x, 0.1 * x)


def steeper(dout, x):
    return dout * np.where(x > 0, 1.0, 0.2)


@pytest.fixture
def diagnoses(monkeypatch):
    """Count the findings that are diagnosed."""
    seen = []
    usual = diagnose.diagnose

    def counted(*args):
        seen.append(args)
        return usual(*args)

    monkeypatch.setattr(law, "diagnose", counted)
    return seen


# -- once ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verbosity", ["normal", "verbose"])
def test_a_property_diagnoses_the_smallest_case_and_no_other(diagnoses, verbosity, capsys):
    """Where Hypothesis is verbose it shows every failing case, each with its exception's text."""
    import hypothesis

    before = hypothesis.settings.get_current_profile_name()
    hypothesis.settings.register_profile("talks", verbosity=hypothesis.Verbosity[verbosity], database=None)
    hypothesis.settings.load_profile("talks")
    try:
        test = gradtest.property_of(leaky, steeper, x="n")
        with pytest.raises(GradientError) as caught:
            test()
    finally:
        hypothesis.settings.load_profile(before)
    assert diagnoses == []
    text = str(caught.value)
    assert text == str(caught.value)
    assert len(diagnoses) == 1
    assert "wrong only where x is negative" in text
    assert "  smallest case x = [" in text


def test_a_search_diagnoses_the_smallest_case_and_no_other(diagnoses):
    search(gradtest.target(leaky, vjp=steeper), gradtest.inputs(x="n"))
    assert len(diagnoses) == 1


def test_in_a_test_of_ones_own_the_cases_on_the_way_have_a_cheap_text(diagnoses):
    seen = []

    @settings(database=None, max_examples=50, derandomize=True)
    @given(st.lists(st.floats(-3, 3), min_size=1, max_size=4))
    def check(x):
        try:
            gradtest.assert_gradients(leaky, steeper, np.array(x))
        except GradientError as error:
            seen.append(str(error))  # as a verbose Hypothesis does, and older ones always
            raise

    with pytest.raises((GradientError, ExceptionGroup)):
        check()
    whole = [text for text in seen if "analytic" in text]
    assert 1 <= len(whole) <= 4 < len(seen)  # one for each class of error
    assert len(diagnoses) == len(whole)
    assert all("not the smallest case yet" in text for text in seen if text not in whole)


def test_all_that_a_property_finds_is_one_error():
    def wrong(dout, x, w, b):
        return -dout @ w.T, x.T @ dout, 2 * dout.sum(axis=0)

    with pytest.raises(GradientError) as caught:
        gradtest.property_of(affine, wrong, **SHAPES)()
    assert {finding.parameter for finding in caught.value.report.findings} == {"x", "b"}
    assert "b - it is 2 times what it should be" in str(caught.value)


# -- bounded ---------------------------------------------------------------------------------------


def test_a_finding_takes_some_hundreds_of_evaluations():
    calls = []

    def forward(x, w, b):
        calls.append(1)
        return np.tanh(x @ w + b)

    def wrong(dout, x, w, b):
        return dout @ w.T, x.T @ dout, dout.sum(axis=0)

    with pytest.raises(GradientError) as caught:
        gradtest.property_of(forward, wrong, **SHAPES)()
    before = len(calls)
    first, *_ = caught.value.report.findings
    assert "in " in first.why
    for finding in caught.value.report.findings:
        assert finding.parameter in SHAPES
    entries = sum(value.size for value in first.inputs.values())
    bound = confirm.GATHERING + confirm.LOOKING + 3 * (confirm.ASKING // 3 + confirm.LEAST_SHARE) + 600
    # Each entry of the smallest case is measured by itself, and once more where it is beside another case.
    assert 100 < len(calls) - before < bound + 100 * entries


def test_suspicions_say_on_how_many_cases_they_were_tested():
    finding = search(gradtest.target(affine, vjp=averaged), gradtest.inputs(**SHAPES)).findings[0]
    assert finding.what == "it is 1/x.shape[0] times what it should be"
    assert finding.why.startswith("analytic / numeric = 1/x.shape[0] in ")
    assert " cases" in finding.why


# -- whatever the target does ------------------------------------------------------------------------


def test_a_jvp_is_diagnosed():
    twice = gradtest.target(np.sin, jvp=lambda primals, tangents: 2 * np.cos(primals[0]) * tangents[0])
    finding = gradtest.check(twice, np.array([0.5, 1.0, -0.7])).findings[0]
    assert finding.what == "it is 2 times what it should be"
    assert search(twice, gradtest.inputs(x="n")).findings[0].what == finding.what


def test_a_target_that_fails_elsewhere_keeps_its_finding():
    def fragile(x):
        if x.size > 2:
            raise ZeroDivisionError("not here")
        return np.sin(x)

    finding = gradtest.check(
        gradtest.target(fragile, vjp=lambda g, x: -g * np.cos(x)), np.array([0.5])
    ).findings[0]
    assert (finding.code, finding.parameter) == ("GT101", "x")


@pytest.mark.parametrize("part", ["numbers", "measure"])
def test_a_diagnosis_that_fails_is_no_reason_to_lose_a_finding(monkeypatch, part):
    def broken(*args, **kwargs):
        raise np.exceptions.AxisError("out of bounds")

    monkeypatch.setattr(measured if part == "numbers" else confirm, part, broken)
    wrong = gradtest.target(np.sin, vjp=lambda g, x: -g * np.cos(x))
    finding = gradtest.check(wrong, np.array([0.5, 1.0])).findings[0]
    assert (finding.code, finding.what) == ("GT100", "cause unknown")
    assert finding.entry.wrong


def test_complex_inputs_have_findings_with_a_suspicion():
    wrong = gradtest.target(lambda z: z * z, vjp=lambda g, z: 3 * g * np.conj(z))
    report = gradtest.check(wrong, np.array([1.0 + 0.5j]))
    assert report.verdict == "disagrees"
    assert report.findings[0].what == "it is 3/2 times what it should be"


# -- numbers that people know ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("backward", "upstream", "numbers"),
    [
        (lambda g, x: g * 2 * x * 2, "ones: the derivative of the sum of the output", (12.0, 6.0)),
        (lambda g, x: 2 * x, "1 at output[0], 0 elsewhere", (6.0, 0.0)),
        (lambda g, x: g * g * g * 2 * x, "2 everywhere", (48.0, 12.0)),
    ],
)
def test_an_entry_is_shown_with_a_plain_cotangent(backward, upstream, numbers):
    found = gradtest.check(gradtest.target(lambda x: x * x, vjp=backward), np.array([1.0, 3.0]))
    finding = found.findings[0]
    assert finding.upstream == upstream
    assert (finding.entry.analytic, finding.entry.numeric) == pytest.approx(numbers)
    assert f"  upstream      {upstream}" in str(found)


def test_the_gradient_of_a_number_needs_no_words_for_its_cotangent():
    finding = gradtest.check(
        gradtest.target(lambda x: x @ x, grad=lambda x: 3 * x), np.array([1.0, 2.0])
    ).findings[0]
    assert finding.upstream == ""
    assert (finding.entry.analytic, finding.entry.numeric) == pytest.approx((6.0, 4.0))


def test_single_numbers_are_varied_in_further_cases():
    """A factor that is the same plain number in all that a strategy draws would look like a constant."""
    subject = gradtest.target(lambda x, p: x / p, vjp=lambda g, x, p: (g / p**2, None))
    cases = [Case(subject, (np.array([0.5, k]), 0.375)) for k in range(1, 9)]
    varied = [float(probe.leaves[1]) for probe in confirm.Others(lambda: cases).drawn("x", seed=0)]
    assert len(varied) == 8
    assert len(set(varied)) > 4
    assert all(0.25 < p < 0.5 for p in varied)


def test_a_number_that_may_not_be_varied_is_left_as_it_is():
    def power(x, p):
        if p != 2.0:
            raise ValueError(p)
        return x**p

    subject = gradtest.target(power, vjp=lambda g, x, p: (g * x, None))
    cases = [Case(subject, (np.array([0.5, k]), 2.0)) for k in range(1, 4)]
    assert [float(probe.leaves[1]) for probe in confirm.Others(lambda: cases).drawn("x", seed=0)] == [2.0] * 3
