"""The pages of `explain`: one for every code, and examples that do what the page says."""

import linecache
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

import gradtest
from gradtest.diagnosis.explanation import contents, page
from gradtest.errors import Misuse
from gradtest.laws.catalogue import LAWS
from gradtest.properties.search import Vacuous

SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in Path(gradtest.__file__).parent.rglob("*.py"))

PAGES = list(contents())
CODES = [name for name in PAGES if name.startswith("GT")]
WORDS = [name for name in PAGES if name not in CODES]


def examples(name: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page(name), re.DOTALL)


def earned(report: gradtest.Report) -> str:
    """Return the codes of a report, or what its laws say where nothing is wrong and something undecided."""
    if report.verdict == "disagrees":
        return " ".join(finding.code for finding in report.findings)
    return " ".join(law.reason for law in report.laws if law.verdict == "undecided")


def run(name: str, number: int) -> str:
    """Run an example; return the codes that it earns, why it decides nothing, or nothing."""
    text, file = examples(name)[number], f"<example {number} of {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)  # suspects read it
    scope = {"np": np, "gradtest": gradtest}
    few = settings(max_examples=100, database=None, derandomize=True)
    before = settings.default
    settings.register_profile("pages", few)
    settings.load_profile("pages")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(text, file, "exec"), scope)
            if "report" in scope:
                return earned(scope["report"])
            scope["test"]()
    except gradtest.GradientError as error:
        return " ".join(finding.code for finding in error.report.findings)
    except Vacuous as vacuous:
        return str(vacuous)
    finally:
        settings.register_profile("before", before)
        settings.load_profile("before")
    return ""


def test_every_code_has_a_page_with_a_title_and_every_page_of_a_code_is_needed():
    assert set(re.findall(r"\bGT\d{3}\b", SOURCE)) == set(CODES)
    assert all(contents().values())


def test_the_words_of_reports_have_pages():
    words = {"float32", "kinks", "noise", "resolution", "special points", "undecided"}
    assert words | {law.name for law in LAWS} == set(WORDS)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_a_cause_two_examples_a_fix_and_fits_a_terminal(name):
    text = page(name)
    assert text.startswith(f"# {name}: ")
    assert text.count("\nWrong:\n\n```python\n") == text.count("\nRight:\n\n```python\n") == 1
    if name in CODES:
        assert "\nTo fix it: " in text
        assert "\nIf it is meant: " in text
    assert max(map(len, text.splitlines())) <= 110
    wrong, right = examples(name)
    assert wrong != right
    assert all(len(example.strip().splitlines()) <= 20 for example in (wrong, right))


@pytest.mark.parametrize("name", CODES)
def test_the_wrong_example_earns_the_code(name):
    said = run(name, 0)
    undecided = {"GT121": "inaccurate: the gradient is right in kind", "GT201": "not deterministic: "}
    assert undecided[name] in said if name in undecided else name in said.split()


@pytest.mark.parametrize("name", WORDS)
def test_the_wrong_example_of_a_word_is_red(name):
    assert run(name, 0) != ""


@pytest.mark.parametrize("name", PAGES)
def test_the_right_example_is_green(name):
    assert run(name, 1) == ""


def test_a_page_is_found_in_any_case_and_an_unknown_one_names_the_nearest():
    assert page("gt101") == page("GT101")
    assert page("Special Points").startswith("# special points: ")
    with pytest.raises(Misuse, match="no page 'GT1000'; did you mean 'GT100'"):
        page("GT1000")
    with pytest.raises(Misuse, match="did you mean 'kinks'"):
        page("kink")
    with pytest.raises(Misuse, match="python -m gradtest explain lists them"):
        page("qqqqq")
