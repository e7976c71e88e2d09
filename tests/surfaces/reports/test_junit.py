"""JUnit: it parses, it counts rightly, and any text comes back as it was."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradtest.diagnosis.visible import one_line, visible
from gradtest.surfaces.reports.junit import junit

SNAPSHOT = Path(__file__).parents[2] / "snapshots" / "report_everything.xml"


def cases(document) -> dict[str, ET.Element]:
    return {case.get("name"): case for case in ET.fromstring(junit(document)).iter("testcase")}


def test_the_words_are_pinned(document):
    assert junit(document()) == SNAPSHOT.read_text(encoding="utf-8")


def test_every_target_is_a_test_case_and_the_counts_are_right(document, worse):
    root = ET.fromstring(junit(document(baseline=worse)))
    for element in (root, *root):
        found = list(element.iter("testcase"))
        assert int(element.get("tests")) == len(found)
        for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(element.get(name)) == sum(case.find(tag) is not None for case in found), (tag, element)
    assert root.attrib == {
        "name": "gradtest",
        "tests": "10",
        "failures": "3",
        "errors": "2",
        "skipped": "4",
        "time": "2.500",
    }


@pytest.mark.parametrize(
    ("name", "tag", "kind"),
    [
        ("cube", None, None),
        ("dense", "failure", "GT101"),
        ("narrow", "failure", "GT301"),
        ("coarse", "error", "undecided"),
        ("never", "error", "misused"),
        ("broken", "error", "crashed"),
        ("huber", "skipped", None),
        ("later", "skipped", None),
        ("last", "skipped", None),
    ],
)
def test_what_a_case_ends_with(document, name, tag, kind):
    case = cases(document())[name]
    ends = [child for child in case if child.tag != "system-out"]
    assert [end.tag for end in ends] == ([] if tag is None else [tag])
    assert [end.get("type") for end in ends] == ([] if tag is None else [kind])


def test_a_failure_says_all_that_was_found_and_where(document):
    case = cases(document())["dense"]
    assert (case.get("file"), case.get("line"), case.get("classname")) == ("src/layers.py", "31", "layers.py")
    failure = case.find("failure")
    assert failure.get("message") == "gradtest GT101: wrong gradient for w - the sign is flipped (and 1 more)"
    assert failure.text.endswith("smallest case x = [[1.5, 0.25]]\n\nand x")


def test_what_the_exit_code_lets_pass_fails_nowhere(document, worse):
    root = ET.fromstring(junit(document(exit_code=0)))
    assert (root.get("failures"), root.get("errors")) == ("0", "0")
    assert cases(document(baseline=worse))["coarse"].find("error") is None, (
        "it is no less decided than it was"
    )


def test_what_is_worse_than_it_was_is_a_case_of_its_own(document, worse):
    case = cases(document(baseline=worse))["layers.py::cube, x: gradient moved"]
    assert case.find("failure").text == "layers.py::cube, x: the gradient moved (1 to 2)"


def test_a_run_that_could_not_begin_is_an_error(document):
    made = document(misuse="say how", exit_code=4)
    made.targets = []
    assert cases(made)["misused"].find("error").text == "say how"


def test_a_part_of_a_run_is_no_success(document, one):
    made = document(one("f"), partial="shard 2 of 4 is missing", exit_code=5)
    assert cases(made)["partial"].find("error").text == "shard 2 of 4 is missing"
    assert ET.fromstring(junit(made)).get("errors") == "1"


@given(st.text(), st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_survives(document, one, found, name, text):
    wrong = one(name, "disagrees", findings=[found(headline=text, message=text)], notes=[name])
    case, *_ = ET.fromstring(junit(document(wrong, checked=name))).iter("testcase")
    assert case.get("name") == one_line(name)
    assert case.find("failure").get("message") == one_line(text)
    assert (case.find("failure").text or "") == visible(text)
    assert one_line(name) in " ".join(case.find("system-out").text.split())
