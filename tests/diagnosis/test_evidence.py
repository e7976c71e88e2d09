"""What a finding leaves behind: a headline that survives alone, and gross told from marginal."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtest.diagnosis.evidence import GROSS, Entry, Finding


def finding(**changed):
    usual = dict(code="GT101", target="f", parameter="w", what="the sign is flipped")
    return Finding(**usual | changed)


def test_headlines():
    assert finding().headline == "gradtest GT101: wrong gradient for w - the sign is flipped"
    broken = finding(code="GT301", what="f returned a gradient for `w` of shape (2,)")
    assert broken.headline == "gradtest GT301: f returned a gradient for `w` of shape (2,)"


@given(
    st.text(min_size=1, max_size=150), st.sampled_from(["GT101", "GT301"]), st.text(min_size=1, max_size=150)
)
def test_a_headline_is_short(what, code, parameter):
    headline = finding(what=what, code=code, parameter=parameter).headline
    assert len(headline) <= 100
    assert headline.startswith(f"gradtest {code}: ")
    whole = finding(what="short", code=code).headline
    assert not whole.endswith("...")


@pytest.mark.parametrize(
    ("excess", "gross"),
    [(1.0, False), (GROSS, False), (1.01 * GROSS, True), (math.inf, True), (math.nan, False)],
)
def test_gross_is_far_beyond_what_it_may_be(excess, gross):
    entry = Entry((0,), 1.0, 2.0, 0.1, True)
    assert finding(entry=entry, excess=excess).gross is gross


def test_a_broken_contract_is_gross():
    assert finding(code="GT301", excess=0.0).gross


@pytest.mark.parametrize(
    ("analytic", "numeric", "difference"),
    [
        (1.0, -1.0, 2.0),
        (0.0, 0.0, 0.0),
        (math.inf, 1.0, math.inf),
        (math.inf, math.inf, math.nan),
        (math.nan, 1.0, math.nan),
    ],
)
def test_the_difference_of_an_entry(analytic, numeric, difference):
    found = Entry((0,), analytic, numeric, 0.1, True).difference
    assert found == difference or (math.isnan(found) and math.isnan(difference))
