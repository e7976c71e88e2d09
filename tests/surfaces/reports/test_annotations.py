"""Annotations: at the user's own line, at most ten, and no text ends one or begins another."""

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gradtest.diagnosis.visible import one_line, visible
from gradtest.surfaces.reports.annotations import annotated


def read(line: str) -> tuple[str, dict[str, str], str]:
    """Read a workflow command as the runner does (actions/runner, ActionCommand.TryParseV2)."""
    found = re.fullmatch(r"::(\S+)(?: (.*?))?::(.*)", line)
    assert found, line
    kind, words, data = found.groups()
    pairs = dict(word.split("=", 1) for word in words.split(",") if word)
    return kind, {name: unescaped(value) for name, value in pairs.items()}, unescaped(data)


def unescaped(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_a_finding_stands_at_the_backward_function(document):
    kind, words, data = read(next(annotated(document())))
    assert kind == "error"
    assert words == {
        "file": "src/layers.py",
        "line": "31",
        "title": "gradtest GT101: wrong gradient for w - the sign is flipped",
    }
    assert data.startswith("  w[0, 0]       analytic  -1.5")
    assert data.endswith("x = [[1.5, 0.25]]")


def test_what_stands_nowhere_has_no_file_and_what_is_undecided_warns(document):
    said = [read(line) for line in annotated(document())]
    titles = {words["title"]: (kind, "file" in words) for kind, words, _ in said}
    assert titles["gradtest: coarse is undecided"] == ("warning", False)
    assert titles["gradtest: never cannot be checked"] == ("error", False)
    assert not any("huber" in title or "later" in title or "cube" in title for title in titles)


def test_there_are_at_most_ten_and_the_last_says_so(document, one, found):
    many = [one(f"f{i}", "disagrees", findings=[found()]) for i in range(12)]
    lines = list(annotated(document(*many)))
    assert len(lines) == 10
    assert read(lines[-1])[2] == "and 3 more: see the report of this run"
    assert len(list(annotated(document(*many[:10])))) == 10


def test_what_fails_comes_before_what_does_not(document, one, found, worse):
    lines = [read(line)[1]["title"] for line in annotated(document(baseline=worse))]
    assert lines[-1] == "gradtest: coarse is undecided"
    assert "gradtest: since the baseline: gradient moved" in lines


@pytest.mark.parametrize(
    "text", ["a::b", "x\n::error::gone", "100%0A", "a,b=c,line=1", "::set-output name=x::y"]
)
def test_a_nasty_text_stays_in_its_place(document, one, found, text):
    survives(document, one, found, text)


@given(st.text())
@example("%25")
@example("m")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_survives(document, one, found, text):
    survives(document, one, found, text)


def survives(document, one, found, text):
    target = one("f", "disagrees", file=text, line=3, findings=[found(headline=text, message=f"m{text}")])
    (line,) = annotated(document(target))
    assert "\n" not in line
    assert "\r" not in line
    kind, words, data = read(line)
    assert (kind, words.get("line"), data) == ("error", "3", visible(f"m{text}"))
    assert (words.get("file", ""), words.get("title", "")) == (one_line(text), one_line(text))
