"""The document: what is written can be read, nothing is lost, and a damaged one gets a sentence."""

import json
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradtest
from gradtest.campaign import Campaign, Judged
from gradtest.errors import Misuse
from gradtest.plan import Plan
from gradtest.record import plain_data
from gradtest.subjects.subject import Subject
from gradtest.surfaces.reports.document import Document, as_json, decoded, read
from gradtest.surfaces.reports.from_ledger import document_of, misuse_of

W = np.random.default_rng(0).normal(size=(4, 5))


def dense(x, w):
    return np.tanh(x @ w)


def dense_vjp(dout, x, w):
    d = dout * (1 - np.tanh(x @ w) ** 2)
    return -d @ w.T, x.T @ d


def never(x):
    return np.full_like(x, np.nan)


@pytest.fixture(scope="module")
def document() -> Document:
    """A right gradient, a wrong one, one that is NaN, and a function that is never finite."""
    subjects = [
        Subject(gradtest.target(np.sin, grad=np.cos, name="sin"), place="mod:sin"),
        Subject(gradtest.target(dense, vjp=dense_vjp), {"x": "batch in", "w": "in out"}, "mod:dense"),
        Subject(gradtest.target(np.exp, grad=lambda x: np.nan * x, name="nan"), place="mod:nan"),
        Subject(gradtest.target(never, grad=never), {"x": "n"}, "mod:never"),
    ]
    plan = Plan(opinions=("central",), max_examples=10, again=("--seed", "0"), draw=True)
    return document_of(Campaign(subjects, plan).run(), "mod")


def again(document: Document) -> Document:
    return decoded(as_json(document).encode(), "it")


def test_what_is_written_can_be_read(document):
    assert as_json(again(document)) == as_json(document)
    assert [one.verdict for one in document.targets] == ["agrees", "disagrees", "disagrees", "misused"]


def test_json_has_no_numbers_that_are_none(document):
    text = as_json(document)
    json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    (finding,) = again(document).targets[2].findings
    assert math.isnan(float(finding.entry.analytic))


def test_a_finding_brings_its_words_and_how_to_look_again(document):
    wrong = document.targets[1]
    (finding,) = wrong.findings
    assert finding.message.splitlines()[0] == finding.headline
    assert finding.headline.startswith("gradtest GT101: wrong gradient for x")
    assert "smallest case" in finding.message
    assert wrong.again == "python -m gradtest check mod:dense --seed 0"
    assert (wrong.file, wrong.line) == ("tests/surfaces/reports/test_document.py", DENSE_VJP)


DENSE_VJP = dense_vjp.__code__.co_firstlineno


def test_what_cannot_be_checked_says_what_to_write(document):
    assert 'for example --inputs "x: n : positive"' in document.targets[3].misuse


def test_pictures_are_plain_numbers_of_the_smallest_failing_case_or_the_least_sharp(document):
    kinds = [[type(picture).__name__ for picture in one.pictures] for one in document.targets]
    assert kinds[0] == ["Coefficients", "Remainder", "Entries"]
    assert {"Coefficients", "Entries"} <= set(kinds[1])
    assert kinds[3] == []
    assert document.targets[1].pictures[0].parameter == "x"


def test_drawing_costs_nothing_where_nobody_asked(monkeypatch):
    def drawn(*args):
        raise AssertionError("it was drawn")

    monkeypatch.setattr("gradtest.laws.derivative.pictures_of", drawn)
    subject = Subject(gradtest.target(np.sin, grad=np.cos), {"x": "n"})
    ledger = Campaign([subject], Plan(max_examples=3)).run()
    assert document_of(ledger, "mod").targets[0].pictures == []
    assert ledger.records[0].crash == ""


def test_a_function_that_raises_where_it_is_drawn_is_drawn_as_nowhere():
    armed = False

    def f(x):
        if armed:
            raise ValueError("not now")
        return np.sin(x)

    def arm(event):
        nonlocal armed
        armed = armed or isinstance(event, Judged)

    campaign = Campaign(
        [Subject(gradtest.target(f, grad=np.cos), {"x": "n"})], Plan(max_examples=1, draw=True)
    )
    campaign.hear = arm
    (entries,) = again(document_of(campaign.run(), "mod")).targets[0].pictures
    assert np.isnan(float(entries.numeric[0]))


def test_a_run_that_could_not_begin_has_a_document_too():
    document = again(misuse_of("say how", "mod", 4))
    assert (document.misuse, document.exit_code, document.targets) == ("say how", 4, [])


RAGGED = {"kind": "HeatMap", "parameter": "x", "off": [[1.0], []]}


def picture(data, number):
    return data["targets"][1]["pictures"][number]


def spoilt(document: Document, change) -> bytes:
    data = json.loads(as_json(document))
    change(data)
    return json.dumps(data).encode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data.update(format=99), "it has format 99, and this gradtest reads format 1"),
        (
            lambda data: data.update(oops=1),
            "Object contains unknown field `oops`",
        ),
        (lambda data: data["targets"][0].update(cases="many"), "targets[0].cases: Expected `int`, got `str`"),
        (lambda data: data["targets"][0].update(resolution="1"), "matching regex"),
        (lambda data: data["targets"][0].pop("name"), "targets[0]: Object missing required field `name`"),
        (lambda data: picture(data, 0).update(kind="movie"), "Invalid value 'movie'"),
        (lambda data: picture(data, 0).update(sizes=[]), "targets[1].pictures[0]: there are no coefficients"),
        (lambda data: picture(data, 1)["steps"].pop(), "there are not as many sizes as steps"),
        (lambda data: picture(data, 2)["wrong"].pop(), "there are not as many numbers of each kind"),
        (lambda data: data["targets"][1].update(pictures=[RAGGED]), "the rows are not of one length"),
    ],
)
def test_what_is_damaged_gets_a_sentence(document, change, said):
    with pytest.raises(Misuse, match=re.escape(said)):
        decoded(spoilt(document, change), "it")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", b'{"format": 1, "x": ' + b"[" * 10**5])
def test_what_is_no_document_at_all_gets_a_sentence(text, tmp_path):
    path = tmp_path / "report.json"
    path.write_bytes(text)
    with pytest.raises(Misuse, match="is no report of gradtest"):
        read(path)
    with pytest.raises(Misuse, match="cannot be read"):
        read(tmp_path / "nowhere.json")


@given(st.text())
def test_any_text_survives(text):
    document = misuse_of(text, text, 4)
    assert again(document) == document
    assert document.checked == text.encode("utf-8", "backslashreplace").decode()


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (np.array([1.5, np.nan, np.inf, -np.inf]), [1.5, "nan", "inf", "-inf"]),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.zeros(5000), {"shape": [5000], "dtype": "float64"}),
        ((1, (2.0, None)), [1, [2.0, None]]),
        ({1: {"a": object}}, {"1": {"a": "<class 'object'>"}}),
        (1 + 2j, "(1+2j)"),
        ("a\udc80", "a\\udc80"),
    ],
)
def test_values_become_plain_data(value, data):
    assert plain_data(value) == data
    json.dumps(plain_data(value), allow_nan=False).encode()
