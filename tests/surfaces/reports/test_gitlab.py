"""GitLab's code quality: what it requires of each problem, and fingerprints that stay."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradtest.diagnosis.visible import one_line
from gradtest.surfaces.reports.gitlab import gitlab


def rows(document) -> list[dict]:
    return json.loads(gitlab(document))


def test_every_problem_has_what_gitlab_requires(document):
    said = rows(document())
    assert [(row["check_name"], row["severity"], row["location"]["path"]) for row in said] == [
        ("GT101", "critical", "src/layers.py"),
        ("GT100", "critical", "src/layers.py"),
        ("GT301", "critical", "layers.py"),
        ("undecided", "minor", "layers.py"),
        ("misused", "major", "layers.py"),
        ("crashed", "major", "layers.py"),
    ]
    assert said[0]["description"] == "gradtest GT101: wrong gradient for w - the sign is flipped"
    assert said[0]["location"]["lines"] == {"begin": 31}


def test_fingerprints_are_unlike_and_the_same_in_the_next_run(document, one, found):
    twice = one("f", "disagrees", findings=[found(), found()])
    marks = [row["fingerprint"] for row in rows(document(twice))]
    assert len(set(marks)) == 2
    moved = one("f", "disagrees", findings=[found(evaluations=7, message="x"), found()], file="a.py", line=3)
    assert [row["fingerprint"] for row in rows(document(moved))] == marks


def test_a_module_is_a_path(document, one):
    (row,) = rows(document(one("f", "undecided", place="pkg.mod:f")))
    assert row["location"]["path"] == "pkg/mod.py"


def test_what_does_not_fail_is_for_information(document):
    assert {row["severity"] for row in rows(document(exit_code=0))} == {"info"}


@given(st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_survives(document, one, found, text):
    (row,) = rows(document(one(text, "disagrees", findings=[found(headline=text)])))
    assert row["description"] == one_line(text)
