"""What became of a target as plain data: nothing is lost on the way, and a damaged line is refused."""

import json

import msgspec
import numpy as np
import pytest

import gradtest
from gradtest.campaign import look
from gradtest.diagnosis.report import message
from gradtest.plan import Known, Plan
from gradtest.record import Record, Value
from gradtest.subjects.subject import Subject

X = {"x": "batch in"}


def record(forward=np.sin, grad=np.cos, shapes=X, name="f", **more) -> Record:
    subject = Subject(gradtest.target(forward, grad=grad, name=name), shapes, f"mod:{name}")
    return look(subject, Plan(opinions=("central", "scipy"), max_examples=8, draw=True, pin=True, **more))


def noisy(x):
    return np.sin(x) + 1e-3 * np.sin(1e9 * x)


RECORDS = {
    "agrees": record(),
    "disagrees": record(grad=lambda x: -np.cos(x)),
    "nan": record(grad=lambda x: np.nan * x),
    "raises": record(forward=lambda x: x["none"]),
    "undecided": record(noisy),
    "contradicted": record(lambda x: np.abs(x - 1e-3), lambda x: np.sign(x - 1e-3)),
    "misused": record(lambda x: np.nan * x, shapes=None),
    "known": record(grad=lambda x: -np.cos(x), known=(Known("GT101", "as published"),)),
    "skipped": record(skip="slow"),
    "large": record(grad=lambda x: -np.cos(x), shapes={"x": "30 40"}),
}


@pytest.mark.parametrize("name", RECORDS)
def test_nothing_is_lost_in_a_line(name):
    one = RECORDS[name]
    line = one.as_line()
    again = Record.from_line(line)
    assert "\n" not in line
    assert again.as_line() == line
    assert again.verdict == one.verdict
    assert list(map(message, again.findings)) == list(map(message, one.findings))
    assert again.tally == one.tally
    assert [type(picture) for picture in again.pictures] == [type(picture) for picture in one.pictures]


def test_the_verdicts_are_what_they_should_be():
    verdicts = {name: one.verdict for name, one in RECORDS.items()}
    same = ("agrees", "disagrees", "undecided", "misused", "known", "skipped")
    assert [verdicts[name] for name in same] == list(same)
    assert verdicts["nan"] == verdicts["raises"] == verdicts["large"] == "disagrees"


def test_the_inputs_of_a_finding_are_plain_data_and_shown_as_they_were():
    (finding,) = RECORDS["disagrees"].findings
    assert finding.inputs["x"] == Value("[[1.0]]", 1, [[1.0]])
    (large,) = RECORDS["large"].findings
    assert repr(large.inputs["x"]) == "array of shape (30, 40), float64"
    assert "x = array of shape (30, 40), float64" in message(large)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.pop("name"),
        lambda data: data.update(more=1),
        lambda data: data.update(seconds="soon"),
        lambda data: data["tally"].update(cases="many"),
        lambda data: data.pop("tally"),
        lambda data: data.update(opinions=[1]),
        lambda data: data["findings"].append({"code": 1}),
        lambda data: data["pictures"].append({"kind": "movie"}),
        lambda data: data["pictures"].append({"kind": "Coefficients", "parameter": "x"}),
    ],
)
def test_a_damaged_line_is_refused(spoil):
    data = json.loads(RECORDS["disagrees"].as_line())
    spoil(data)
    with pytest.raises((msgspec.MsgspecError, ValueError)):
        Record.from_line(json.dumps(data))
