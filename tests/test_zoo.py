"""The zoo: every wrong gradient is found with default settings, no twin and no trap is ever called wrong."""

from __future__ import annotations

import itertools
import math
import sys
from pathlib import Path

import numpy as np
import pytest

# The specimens lie beside the tests, which are no package.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from specimens import MEANT, SPECIMENS, TRAPS, Specimen, Trap

import gradtest
from gradtest.diagnosis.explanation import contents
from gradtest.diagnosis.report import message
from gradtest.properties.search import search
from gradtest.settings import DEFAULT

#: Twins and traps are drawn this often here; the slow tests look at the default hundred.
FEW = 25


class Found(BaseException):
    """Ends a search at its first finding: the smallest case is not looked for here."""


def is_found(specimen: Specimen, seed: int) -> bool:
    def stop(point, report):
        if report.verdict == "disagrees":
            raise Found

    try:
        search(specimen.target(), specimen.inputs, seed=seed, settings=specimen.settings, observe=stop)
    except Found:
        return True
    return False


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.name)
def test_every_specimen_is_found(specimen):
    assert is_found(specimen, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.name)
def test_every_specimen_is_found_with_another_seed(specimen):
    assert is_found(specimen, seed=1)


def hold(target, inputs, cases, mostly="agrees", settings=DEFAULT):
    outcome = search(target, inputs, max_examples=cases, settings=settings)
    assert outcome.findings == ()
    if mostly:
        assert outcome.tally.undecided <= outcome.tally.cases / 4, dict(outcome.tally.reasons)


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.name)
def test_no_twin_is_called_wrong(specimen):
    hold(specimen.twin(), specimen.inputs, FEW, settings=specimen.settings)


@pytest.mark.slow
@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.name)
def test_no_twin_is_called_wrong_in_a_hundred_cases(specimen):
    hold(specimen.twin(), specimen.inputs, 100, settings=specimen.settings)


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_no_trap_is_called_wrong(trap: Trap):
    hold(trap.target(), trap.inputs, FEW, trap.mostly)


@pytest.mark.slow
@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_no_trap_is_called_wrong_in_a_hundred_cases(trap: Trap):
    hold(trap.target(), trap.inputs, 100, trap.mostly)


@pytest.mark.parametrize("trap", MEANT, ids=lambda trap: trap.name)
def test_what_is_meant_and_cannot_be_told_from_wrong(trap: Trap):
    """The limits that the README states: whoever moves one of them moves it there, too."""
    assert search(trap.target(), trap.inputs, max_examples=FEW).findings


# -- what is said of them -------------------------------------------------------------------------


def pasted(text):
    """Return the input that a row of a message shows, as a person would type it again."""
    value, _, dtype = text.partition("  (")
    value = eval(value, {"nan": math.nan, "inf": math.inf})
    if isinstance(value, list):
        return np.array(value, dtype=dtype.rstrip(")") or np.float64)
    return value


def smallest_case(message):
    """Return the inputs that the end of a message shows, by name."""
    first, *more = message[message.index("  smallest case ") :].splitlines()
    rows = [first, *itertools.takewhile(lambda row: not row[:16].strip(), more)]
    return {name: pasted(text) for name, _, text in (row[16:].partition(" = ") for row in rows)}


def fails_again_as_printed(specimen):
    outcome = search(specimen.target(), specimen.inputs, settings=specimen.settings)
    text = message(outcome.findings[0])
    case = smallest_case(text)
    assert sorted(case) == sorted(outcome.findings[0].inputs)
    again = gradtest.check(specimen.target(), *case.values(), settings=specimen.settings)
    assert again.verdict == "disagrees", text
    return outcome.findings[0]


@pytest.mark.parametrize("specimen", SPECIMENS[::24], ids=lambda specimen: specimen.name)
def test_the_printed_case_fails_again(specimen):
    fails_again_as_printed(specimen)


@pytest.mark.slow
@pytest.mark.parametrize("specimen", SPECIMENS[::5], ids=lambda specimen: specimen.name)
def test_the_printed_cases_of_many_fail_again(specimen):
    fails_again_as_printed(specimen)


# -- the zoo itself -------------------------------------------------------------------------------


def test_there_are_enough_of_them():
    assert len(SPECIMENS) >= 90
    assert len({specimen.name for specimen in SPECIMENS}) == len(SPECIMENS)
    assert len({trap.name for trap in TRAPS}) == len(TRAPS)


def test_every_specimen_says_what_it_must_earn():
    for specimen in SPECIMENS:
        assert set(specimen.code.split()) <= set(contents()), specimen.name
        assert specimen.words, specimen.name


def test_a_specimen_is_judged_strictly():
    specimen = next(one for one in SPECIMENS if one.name == "weight_sign")
    assert specimen.judged("GT101", "the sign is flipped") == "right"
    assert specimen.judged("GT100", "cause unknown") == "unknown"
    assert specimen.judged("GT123", "wrong only where x is 0") == "where"
    assert specimen.judged("GT105", "it is zero, the function moves") == "wrong"


def test_a_right_gradient_in_the_place_of_a_wrong_one_is_not_found():
    """The first test can fail: with the twin's derivative there is nothing to find."""
    specimen = next(one for one in SPECIMENS if one.name == "weight_sign")
    healed = Specimen(**{**vars(specimen), "wrong": specimen.right})
    assert not is_found(healed, seed=0)


def test_a_wrong_gradient_in_the_place_of_a_twin_is_called_wrong():
    specimen = next(one for one in SPECIMENS if one.name == "weight_sign")
    with pytest.raises(AssertionError):
        hold(specimen.target(), specimen.inputs, FEW)


def test_specimens_leave_their_inputs_alone():
    specimen = next(one for one in SPECIMENS if one.name == "fill_counts_repeats")
    x, value, index = np.array([1.0, 2.0]), np.array(3.0), np.array([0, 0])
    specimen.forward(x, value, index)
    assert x.tolist() == [1.0, 2.0]
