"""What happened is told apart: one thing each time, beyond the errors of both sides."""

import datetime
import math

import pytest
from msgspec.structs import replace

from gradtest.baseline.changes import Kind, compare
from gradtest.baseline.entries import Accepted, Entry, Parameter
from gradtest.baseline.number import Number, recorded

TODAY = datetime.date(2026, 11, 22)


def numbers(*values: float) -> list[Number]:
    return [recorded(value, 1e-9) for value in values]


def parameter(*slopes: float, verdict: str = "agrees", accuracy: float | None = 1e-10, **more) -> Parameter:
    slopes = slopes or (0.5, -0.75)
    said = {"resolution": 1e-10} | more
    return Parameter(verdict=verdict, accuracy=accuracy, slopes=numbers(*slopes), **said)


RIGHT = parameter()
WRONG = parameter(0.5, 0.75, verdict="disagrees", accuracy=1.0)


def entry(*values: float, **more) -> Entry:
    said = {"inputs": "x: n", "verdict": "agrees", "parameters": {"x": RIGHT, "w": RIGHT}}
    whose = {"target": "f", "law": "derivative", "dtype": "float64"}
    return Entry(drawn=recorded(1.0, 1e-9), values=numbers(*(values or (1.0, 2.0))), **whose | said | more)


OLD = entry()


def with_x(x: Parameter) -> Entry:
    return entry(parameters={"x": x, "w": RIGHT})


def told(old: Entry, new: Entry) -> list[tuple[str, str]]:
    return [(change.kind.name, change.parameter) for change in compare(old, new, TODAY)]


def test_nothing_is_said_of_nothing_nor_of_what_is_within_the_errors():
    assert told(OLD, OLD) == []
    assert told(OLD, entry(1.0 + 1e-9, 2.0, parameters={"x": parameter(0.5, -0.75 + 1e-9), "w": RIGHT})) == []


@pytest.mark.parametrize(
    ("new", "said"),
    [
        # the value moved
        (entry(1.0, 2.1), [("CHANGED", "")]),
        (entry(1.0, 2.1, parameters={"x": parameter(0.6, -0.75), "w": RIGHT}), [("CHANGED", "")]),
        (entry(1.0, 2.1, parameters={"x": WRONG, "w": RIGHT}), [("NOT_FOLLOWED", "x")]),
        # the gradient moved alone
        (with_x(WRONG), [("REGRESSED", "x")]),
        (with_x(parameter(0.5, -0.7)), [("REGRESSED", "x")]),
        (with_x(parameter(0.5, math.nan)), [("REGRESSED", "x")]),
        # digits
        (
            with_x(parameter(0.5, -0.7500001, verdict="disagrees", accuracy=1e-6)),
            [("LOST_DIGITS", "x")],
        ),
        (with_x(parameter(accuracy=1e-8)), [("LOST_DIGITS", "x")]),
        (with_x(parameter(accuracy=1e-9)), []),
        # power
        (
            with_x(parameter(resolution=1e-8, accuracy=1e-8)),
            [("LOST_POWER", "x")],
        ),
        (with_x(parameter(resolution=None)), [("LOST_POWER", "x")]),
        (with_x(parameter(resolution=1e-9)), []),
        # what is decided no more, and what came and went
        (
            with_x(parameter(verdict="undecided", resolution=None)),
            [("GAVE_UP", "x")],
        ),
        (entry(verdict="undecided"), [("GAVE_UP", "")]),
        (entry(verdict="misused", unpinned="x is complex"), [("GAVE_UP", "")]),
        (replace(OLD, values=[], parameters={}, unpinned="it is not finite"), [("GAVE_UP", "")]),
        (entry(parameters={"x": RIGHT}), [("VANISHED", "w")]),
        (entry(parameters={"x": RIGHT, "w": RIGHT, "b": RIGHT}), [("NEW", "b")]),
        # asked at other inputs
        (entry(7.0, 8.0, inputs="x: n m"), [("OTHER_INPUTS", "")]),
        (replace(entry(7.0, 8.0), drawn=recorded(2.0, 1e-9)), [("OTHER_INPUTS", "")]),
    ],
)
def test_one_thing_that_happened_is_told_as_that(new, said):
    assert told(OLD, new) == said


def test_a_function_that_changed_may_have_lost_power_too():
    new = entry(1.0, 2.1, parameters={"x": parameter(resolution=1e-5, accuracy=1e-5), "w": RIGHT})
    assert told(OLD, new) == [("LOST_POWER", "x"), ("CHANGED", "")]


def test_what_became_better_is_said_and_does_not_count_as_worse():
    old = entry(parameters={"x": WRONG, "w": RIGHT}, verdict="disagrees")
    assert told(old, OLD) == [("IMPROVED", "x")]
    blunt = parameter(0.5, -0.7500001, accuracy=1e-6)
    assert told(entry(parameters={"x": blunt, "w": RIGHT}), OLD) == [("IMPROVED", "x")]
    assert told(entry(verdict="undecided"), OLD) == []


def test_nan_stays_silent_only_where_it_was_nan_before():
    both = with_x(parameter(0.5, math.nan, verdict="disagrees", accuracy=None))
    assert told(both, both) == []
    assert told(both, with_x(WRONG)) == [("REGRESSED", "x")]


# -- findings -------------------------------------------------------------------------------------

SIGN = Accepted("GT101", "x", "as published")


def test_a_finding_is_new_known_or_gone():
    found = entry(verdict="disagrees", findings=[Accepted("GT101", "x")])
    assert told(OLD, found) == [("NEW_FINDING", "x")]
    assert told(entry(findings=[SIGN]), found) == []
    assert told(entry(findings=[SIGN]), OLD) == [("GONE", "x")]


def test_it_is_the_same_finding_by_its_input_and_its_family():
    known = entry(findings=[SIGN])
    assert told(known, entry(verdict="disagrees", findings=[Accepted("GT104", "x")])) == []
    other = [("NEW_FINDING", "w"), ("GONE", "x")]
    assert told(known, entry(verdict="disagrees", findings=[Accepted("GT101", "w")])) == other
    contract = [("NEW_FINDING", "x"), ("GONE", "x")]
    assert told(known, entry(verdict="misfit", findings=[Accepted("GT302", "x")])) == contract


def test_a_finding_is_not_gone_where_nothing_was_decided():
    assert told(entry(findings=[SIGN], verdict="disagrees"), entry(verdict="undecided")) == [("GAVE_UP", "")]


def test_what_was_accepted_expires_on_its_day():
    for days, said in ((1, []), (0, [("EXPIRED", "x")]), (-1, [("EXPIRED", "x")])):
        until = Accepted("GT101", "x", "as published", TODAY + datetime.timedelta(days))
        assert told(entry(findings=[until]), entry(findings=[Accepted("GT101", "x")])) == said


def test_a_wrong_gradient_is_told_once():
    found = [Accepted("GT101", "x")]
    new = entry(verdict="disagrees", findings=found, parameters={"x": WRONG, "w": RIGHT})
    assert told(OLD, new) == [("REGRESSED", "x")]
    assert told(OLD, entry(1.0, 3.0, verdict="disagrees", findings=found, parameters=new.parameters)) == [
        ("NOT_FOLLOWED", "x")
    ]
    raises = replace(OLD, verdict="disagrees", values=[], parameters={}, unpinned="forward raised ValueError")
    assert told(OLD, replace(raises, findings=[Accepted("GT310")])) == [("NEW_FINDING", "")]


def test_what_is_mended_is_told_once():
    old = entry(verdict="disagrees", findings=[SIGN], parameters={"x": WRONG, "w": RIGHT})
    assert told(old, OLD) == [("GONE", "x")]


def test_parameters_of_a_layer_belong_to_their_input():
    layers = {"weights[0]": WRONG, "weights[1]": RIGHT}
    found = [Accepted("GT101", "weights")]
    old = entry(parameters={"weights[0]": RIGHT, "weights[1]": RIGHT})
    assert told(old, entry(verdict="disagrees", parameters=layers, findings=found)) == [
        ("REGRESSED", "weights[0]")
    ]


def test_the_sentence_says_where_what_and_how_much():
    (change,) = compare(OLD, with_x(WRONG), TODAY)
    assert str(change) == (
        "f, x: the gradient moved, and the function did not (slope -0.75 to 0.75 at pinned point 2)"
    )
    (change,) = compare(OLD, with_x(parameter(accuracy=1e-6)), TODAY)
    assert str(change) == "f, x: the gradient lost digits (it was right to 1e-10 of its size, now to 1e-06)"
    assert change.factor == pytest.approx(1e4)
    assert len({kind.value for kind in Kind}) == len(Kind)
