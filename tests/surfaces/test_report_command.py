"""`report`: the reports of a run that is over, from its document alone."""

import json

import pytest

CUBE = """
    def cube(x): return x**3
    def cube_grad(x): return -3 * x**2
"""


@pytest.fixture
def document(place, write, gradtest):
    """A document in a place where there is no code to be run any more."""
    path = write("layers.py", CUBE)
    run = gradtest("check", "layers.py", "-n", "3", "--seed", "0", "--report", "json,md,junit,gitlab")
    assert run.exit_code == 1
    path.unlink()
    return place / "gradtest-report" / "report.json"


def test_the_reports_are_those_of_the_run(place, gradtest, document):
    run = gradtest("report", str(document), "--report", "md,junit,gitlab,json", "--report-dir", "again")
    assert run.exit_code == 0, run.output
    names = sorted(path.name for path in document.parent.iterdir())
    assert names == sorted(path.name for path in (place / "again").iterdir())
    assert len(names) == 4
    for name in names:
        assert (place / "again" / name).read_bytes() == (document.parent / name).read_bytes()


def test_what_came_on_stdout_is_a_document_too(place, write, gradtest):
    write("layers.py", CUBE)
    (place / "out.json").write_text(
        gradtest("check", "layers.py", "-n", "3", "--json").stdout, encoding="utf-8"
    )
    run = gradtest("report", "out.json", "--report", "md", "--annotations", "github")
    assert run.exit_code == 0
    assert "::error file=layers.py,line=4," in run.stderr
    assert "wrong gradient for x" in (place / "gradtest-report" / "report.md").read_text(encoding="utf-8")


def test_the_page_has_its_pictures(gradtest, document):
    pytest.importorskip("jinja2")
    assert gradtest("report", str(document), "--report", "html").exit_code == 0
    assert "<svg " in (document.parent / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere.json", "--report", "md"], "the report nowhere.json cannot be read: No such file"),
        (["layers.py", "--report", "md"], "the report layers.py is no report of gradtest"),
        (["layers.py"], "say which reports to make of layers.py, for example --report html,md"),
    ],
)
def test_misuse_gets_a_sentence(write, gradtest, words, sentence):
    write("layers.py", CUBE)
    run = gradtest("report", *words)
    assert run.exit_code == 4
    assert sentence in run.output


def test_a_damaged_document_is_left_as_it_is(gradtest, document):
    data = json.loads(document.read_text(encoding="utf-8"))
    data["targets"][0]["cases"] = "many"
    document.write_text(json.dumps(data), encoding="utf-8")
    before = document.read_bytes()
    run = gradtest("report", str(document), "--report", "json")
    assert run.exit_code == 4
    assert "targets[0].cases: Expected `int`, got `str`" in run.output
    assert document.read_bytes() == before
