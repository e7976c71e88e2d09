"""The page: all that is in the document is there, every text means itself, and nothing is fetched."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gradtest.diagnosis.visible import visible
from gradtest.errors import Misuse
from gradtest.surfaces.reports.document import as_json, decoded
from gradtest.surfaces.reports.publishing import wanted

pytest.importorskip("jinja2")
from gradtest.surfaces.reports.html import html

VOID = {"meta", "input", "link", "path"}
#: All elements that the page is made of, and no others.
KNOWN = """
    html head meta title style body a header p h1 h2 h3 span nav main form label input fieldset legend section
    article pre div figure figcaption svg path text table thead tbody tr th td details summary dl dt dd ul li
    script
"""


class Page(HTMLParser):
    """The elements of a page, each with its attributes and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.feed(text)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag, attrs):
        element = (tag, dict(attrs), [])
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for _, _, texts in self.open:
            texts.append(data)

    def texts(self, tag: str, kind: str = "") -> list[str]:
        return [
            "".join(t)
            for name, attrs, t in self.elements
            if name == tag and kind in (attrs.get("class") or "")
        ]


@pytest.fixture
def page(document) -> Page:
    return Page(html(document()))


def test_what_is_wrong_stands_there_with_its_words_and_how_to_see_it_again(page):
    assert page.texts("h3")[:2] == ["dense disagrees", "narrow misfit"]
    assert page.texts("p", "headline")[0] == "gradtest GT101: wrong gradient for w - the sign is flipped"
    assert page.texts("pre", "message")[0].endswith("smallest case x = [[1.5, 0.25]]")
    assert page.texts("pre", "message")[1] == "and x"
    commands = page.texts("pre", "command")
    assert commands[:2] == [
        "python -m gradtest replay 7wf3mu",
        "python -m gradtest check layers.py::dense --seed 0",
    ]


def test_the_matrix_has_a_row_for_each_target_and_a_cell_for_each_law(page):
    rows = [text.split("\n") for text in page.texts("tr")]
    cells = [[cell for cell in row if cell] for row in rows]
    assert cells[0] == [
        "derivative",
        "verdict",
        "derivative",
        "purity",
        "cases",
        "undecided",
        "resolution",
        "time",
    ]
    assert cells[1][:6] == ["cube", "agrees", "✓held", "–skipped", "100", "2"]
    assert cells[2][:4] == ["dense", "disagrees", "✗broken", "not looked at"]
    assert len(cells) == 10


def test_a_column_says_the_precision_where_there_are_several(document, one):
    several = Page(html(document(one("f"), one("f in float32", dtype="float32"))))
    assert "dtype" in several.texts("th")
    assert "float32" in several.texts("td")
    assert "dtype" not in Page(html(document(one("f")))).texts("th")


def test_every_picture_is_drawn_once(page):
    assert page.texts("figcaption") == [
        "w: Chebyshev coefficients on the line; within 1e-01 of the point they fall to 1e-16",
        "w: Taylor remainder; of order 2.0 in t; 2 where the slope is right",
        "w: analytic against numeric; 2 of 3 wrong",
        "w: error of the gradient, by place; 2 x 2; from blank, 1e-09 of the largest entry, to as much as "
        "that or more",
        "w: Chebyshev coefficients on the line; within 1e-01 of the point they fall to 1e-16",
        "w: Taylor remainder; of order 2.0 in t; 2 where the slope is right",
    ]


def test_every_link_leads_to_somewhere_within(page):
    ids = {attrs["id"] for _, attrs, _ in page.elements if attrs.get("id")}
    links = {attrs["href"] for tag, attrs, _ in page.elements if tag == "a"}
    assert links
    assert all(link[0] == "#" and link[1:] in ids for link in links)
    named = {attrs[name] for _, attrs, _ in page.elements for name in attrs if name == "aria-labelledby"}
    assert named <= ids


def test_a_baseline_says_what_changed(document, worse):
    said = Page(html(document(baseline=worse))).texts("li")
    assert "fails layers.py::cube, x: the gradient moved (1 to 2)" in said
    assert "layers.py::tanh: the function changed" in said
    worse.changes = []
    assert "Nothing changed." in Page(html(document(baseline=worse))).texts("p")
    worse.unwritten = "the run did not come to its end"
    said = Page(html(document(baseline=worse))).texts("p")
    assert "There is none, and none was written: the run did not come to its end." in said


def test_a_run_that_could_not_begin_has_a_page(document):
    made = document(misuse="say how", exit_code=4)
    made.targets = []
    assert Page(html(made)).texts("p", "conclusion") == ["Nothing was checked: say how"]


def test_a_part_of_a_run_is_said_to_be_one(document, one):
    page = Page(html(document(one("f"), partial="shard 2 of 4 is missing", exit_code=5)))
    assert page.texts("p", "conclusion") == ["The derivative agrees.", "shard 2 of 4 is missing"]
    assert page.texts("p", "conclusion good") == []


def test_the_page_is_made_of_the_document_alone(document):
    assert html(decoded(as_json(document()).encode(), "it")) == html(document())


def test_the_policy_lets_nothing_in_but_the_style_and_the_script(document):
    text = html(document())
    (policy,) = (
        attrs["content"]
        for tag, attrs, _ in Page(text).elements
        if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts.pop("default-src") == "'none'"
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert parts.pop(f"{tag}-src") == f"'sha256-{digest}'"
    assert parts == {"base-uri": "'none'", "form-action": "'none'"}


def test_no_element_has_a_style_or_a_handler_of_its_own_or_fetches(page):
    for tag, attrs, _ in page.elements:
        assert not any(name.startswith("on") or name in ("style", "src", "srcset") for name in attrs), tag


NASTY = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "</style><b>",
    "javascript:alert(1)",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &amp;amp;",
    "\u202etxet\x1b[31m\0",
    "<!-- -->",
    "]]>",
]


@pytest.mark.parametrize("text", NASTY)
def test_a_nasty_text_means_itself(document, one, found, worse, text):
    means_itself(document, one, found, text)


@given(st.text())
@example("\r\n")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_any_text_means_itself(document, one, found, text):
    means_itself(document, one, found, text)


def means_itself(document, one, found, text):
    """Wherever a text of the user's may stand, it is the text that was meant, and makes no element."""
    wrong = found(headline=text, message=f"m{text}", again=text, source=text)
    target = one(
        text,
        "disagrees",
        place=text,
        file=text,
        line=1,
        findings=[wrong],
        inputs={text: text},
        inputs_from=text,
        laws={text: {f"skipped: {text}": 1}},
        reasons={text: 1},
        notes=[text],
        again=text,
        others_say={text: text},
        dtype=text,
    )
    page = Page(html(document(target, one(text, "undecided", vacuous=text), checked=text, method=text)))
    assert {tag for tag, _, _ in page.elements} <= set(KNOWN.split())
    assert len([tag for tag, _, _ in page.elements if tag in ("script", "style")]) == 2
    seen = visible(text)
    assert page.texts("h1") == [seen]
    assert page.texts("title") == [f"gradtest: {seen}"]
    assert page.texts("h3")[0] == f"{seen} disagrees"
    assert visible(f"m{text}") in page.texts("pre", "message")
    assert all(attrs["href"].startswith("#") for tag, attrs, _ in page.elements if tag == "a")
    titles = {attrs["title"] for tag, attrs, _ in page.elements if tag == "td" and "title" in attrs}
    assert f"{seen}: skipped: {seen} in 1 case" in titles


def test_without_jinja_the_sentence_says_how_to_have_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Misuse, match=r'pip install "gradtest\[report\]"'):
        wanted(["html"])
    assert wanted(["md"]).kinds == ("md",)


def test_a_thousand_targets_take_no_more_than_a_few_megabytes(document):
    targets = document().targets * 112
    text = html(document(*targets))
    assert text.count("<details ") == len(targets) == 1008
    assert len(text) < 6e6
