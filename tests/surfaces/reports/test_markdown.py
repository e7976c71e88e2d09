"""Markdown: read as GitHub reads it, every text means itself, and none becomes markup."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gradtest.diagnosis.visible import one_line, visible
from gradtest.surfaces.reports.markdown import MOST_ROWS, escaped, fenced, markdown

SNAPSHOT = Path(__file__).parents[2] / "snapshots" / "report_everything.md"
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NASTY = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<script",
    "<div",
    "<!-- ",
    "[a](javascript:alert(1))",
    "![a](http://x/y.png)",
    "<http://x>",
    "http://x and www.x.y",
    "a | b",
    "`code` ``` ~~~ fence",
    "1. one",
    "- two",
    "# three ===",
    "> four",
    "**bold** __bold__ *i* _i_ ~~gone~~ $x$ :smile:",
    "&lt;b&gt; &#64; &amp;",
    "@me #12",
    "\\*",
    "two\n\nparagraphs",
    "|---|\n|---|",
    "ŷ ⊙ 数 ∂L/∂W^{L-1}",
    "\u202etxet",
]


def means_itself(text: str) -> None:
    """In a cell, in a heading and at the beginning of an item there is the same text, and text alone."""
    written = escaped(text)
    for line in (f"| a |\n| --- |\n| x{written} |", f"### x{written}", f"- x{written}", f"- {written} y"):
        tokens = READER.parse(line)
        *_, children = [token.children for token in tokens if token.type == "inline"]
        assert {child.type for child in children} == {"text"}, line
        assert "".join(child.content for child in children).strip("xy ") == one_line(text).strip("xy ")
    assert tokens[2].type == "paragraph_open", "it began something"


@pytest.mark.parametrize("text", NASTY)
def test_a_nasty_name_means_itself(text):
    means_itself(text)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_name_means_itself(text):
    means_itself(text)


@given(st.text(st.sampled_from("\\`*_{}[]()#+-.!|~<>&@:$=^1w /\n\tab"), max_size=12))
@settings(max_examples=500)
def test_any_punctuation_means_itself(text):
    means_itself(text)


@given(st.text(max_size=60))
@example("```\n<b>\n````\n~~~")
@example("    indented\n\n- list")
def test_any_message_stands_in_its_block_as_it_is(text):
    (block,) = READER.parse("\n".join(["before", "", *fenced(text), "", "after"]))[3:-3]
    assert block.type == "fence"
    assert block.content == visible(text) + "\n"


def test_the_words_are_pinned(document):
    assert markdown(document()) == SNAPSHOT.read_text(encoding="utf-8")


@given(st.text(max_size=30), st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@example("<details>", "</details>")
def test_no_name_becomes_html_in_a_whole_report(document, one, found, name, text):
    wrong = one(name, "disagrees", findings=[found(headline=text, message=text)], notes=[text], place=name)
    report = markdown(document(wrong, checked=name))
    tokens = READER.parse(report)
    assert [token.content for token in tokens if token.type == "html_block"] == []
    within = {child.type for token in tokens for child in token.children or ()}
    assert within <= {"text", "strong_open", "strong_close", "softbreak"}
    assert visible(text) + "\n" in [token.content for token in tokens if token.type == "fence"]


def test_many_that_agree_are_folded_and_the_others_stand_first(document, one):
    many = [one(f"f{i}") for i in range(MOST_ROWS)]
    report = markdown(document(*many, one("g", "undecided")))
    assert report.index("| g |") < report.index("<details><summary>40 derivatives that agree</summary>")
    assert report.index("</summary>\n\n| derivative |") < report.index("| f0 |")
    html = [token.content for token in READER.parse(report) if token.type == "html_block"]
    assert [text.strip()[:10] for text in html] == ["<details><", "</details>"]
    assert "<details>" not in markdown(document(*many))


def test_a_report_of_a_thousand_findings_fits_into_the_summary_of_a_job(document, one, found):
    long = found(message="x" * 4000)
    report = markdown(document(*(one(f"f{i}", "disagrees", findings=[long]) for i in range(1000))))
    assert len(report.encode()) < 1 << 20
    assert "And 900 more." in report


def test_a_baseline_says_what_changed(document, worse):
    report = markdown(document(baseline=worse))
    assert "### Since the baseline b.json (9 entries): 2 changes" in report
    assert "- **fails:** layers.py::cube, x: the gradient moved (1 to 2)" in report
    assert "- layers.py:\\:tanh: the function changed" in report
    worse.changes, worse.unwritten = [], "the run did not come to its end"
    assert "there is none: the run did not come to its end" in markdown(document(baseline=worse))


def test_a_part_of_a_run_is_said_to_be_one(document, one):
    report = markdown(document(one("f"), partial="shard 2 of 4 is missing", exit_code=5))
    assert "**The derivative agrees.**\n\n**shard 2 of 4 is missing**" in report
