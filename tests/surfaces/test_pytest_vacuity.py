"""A test that says nothing is red, with a sentence; one that says something is left alone."""

import re

import pytest

from tests.surfaces.test_pytest_plugin import failures, pytest_in

TESTS = """
import gradtest
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.gradtest
def test_empty():
    pass


@pytest.mark.gradtest
def test_checked():
    assert gradtest.check(gradtest.target(np.sin, grad=np.cos), np.array([0.5])).ok


@pytest.mark.gradtest
def test_asserted():
    gradtest.assert_gradients(np.sin, lambda dout, x: dout * np.cos(x), np.array([0.5]))


@pytest.mark.gradtest
def test_skipped():
    pytest.skip("not today")


@settings(deadline=None, max_examples=20)
@given(gradtest.inputs(x="n"))
def test_undecided(p):
    gradtest.assert_gradients(lambda x: x * np.nan, lambda dout, x: dout, **p)


@settings(deadline=None, max_examples=20)
@given(gradtest.inputs(x="n"))
def test_zero(p):
    gradtest.assert_gradients(lambda x: 0 * x, lambda dout, x: 0 * dout, **p)


@settings(deadline=None, max_examples=20)
@given(gradtest.inputs(x="n"))
def test_decided(p):
    gradtest.assert_gradients(lambda x: np.sin(x), lambda dout, x: dout * np.cos(x), **p)


test_filtered = gradtest.property_of(
    np.sin, lambda dout, x: dout * np.cos(x), x=st.floats(0, 1).filter(lambda x: False)
)


def test_plain():
    pass
"""

SAYS = {
    "test_empty": "gradtest: test_empty is marked gradtest, and returned without a check; call",
    "test_undecided": "gradtest: <lambda>: nothing was decided: all 20 cases are undecided (the function",
    "test_zero": "gradtest: <lambda>: the gradient was zero in all 20 cases that were decided",
    "test_filtered": "gradtest: sin: nothing was checked: every input that was drawn was filtered out",
}


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    return pytest_in(tmp_path_factory.mktemp("vacuous"), TESTS, "--hypothesis-seed=1")


@pytest.mark.parametrize("name", SAYS)
def test_what_says_nothing_is_red_and_says_why(output, name):
    text = failures(output)[name]
    assert text.strip().startswith(SAYS[name])
    assert "Traceback" not in text
    assert re.search(rf"^FAILED test_it.py::{name} - ", output, re.M)


def test_what_says_something_is_left_alone(output):
    assert "4 failed, 4 passed, 1 skipped" in output
    assert set(failures(output)) == set(SAYS)


def test_all_tests_are_counted_all_the_same(output):
    assert re.search(r"^4 targets, 61 cases: 41 agree, 20 undecided; ", output, re.M), output


def test_workers_say_the_same(tmp_path):
    pytest.importorskip("xdist")
    spread = pytest_in(tmp_path, TESTS, "-n", "2", "-k", "empty or zero or decided", "--tb=line")
    assert "3 failed, 1 passed" in spread
    assert SAYS["test_empty"] in spread
