"""How a notebook shows a report: the words, the pictures, and no name that is markup."""

import html
import re
from html.parser import HTMLParser

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

import gradtest
from gradtest.diagnosis.notebook import as_html
from gradtest.diagnosis.pictures import Coefficients
from gradtest.diagnosis.visible import visible


class Page(HTMLParser):
    """The elements and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data):
        self.texts[self.tags[-1]] = self.texts.get(self.tags[-1], "") + data


def test_a_report_shows_its_words_and_pictures():
    report = gradtest.check(gradtest.target(np.sin, grad=lambda x: -np.cos(x)), np.ones(3))
    text = report._repr_html_()
    page = Page(text)
    assert page.texts["p"] == "gradtest GT101: wrong gradient for x - the sign is flipped"
    assert page.texts["pre"] == str(report).partition("\n")[2]
    assert page.tags.count("svg") == page.tags.count("figure") == 3
    assert '<p class="headline disagrees">' in text
    assert len(text) < 20_000


def test_an_agreement_is_told_too():
    page = Page(gradtest.check(gradtest.target(np.sin, grad=np.cos), np.ones(3))._repr_html_())
    assert page.texts["p"] == "gradtest: sin agrees"
    assert page.tags.count("svg") == 3


def test_nothing_is_run_or_fetched():
    tags = set(Page(as_html("f agrees", "agrees", [Coefficients("w", np.ones(3), 0.1, 0.1)])).tags)
    assert tags == {"div", "style", "p", "pre", "figure", "svg", "path", "text", "figcaption"}


@given(st.text(), st.text())
@example("<b>\n</pre><script>", "<img src=x onerror=alert(1)>")
def test_any_text_survives(words, name):
    text = as_html(words, "disagrees", [Coefficients(name, np.ones(3), 0.1, 0.1)])
    first, _, rest = visible(words).partition("\n")
    parts = re.findall(r"<(?:p|pre|figcaption)(?: [^>]*)?>(.*?)</", text, re.DOTALL)
    said = list(map(html.unescape, parts))
    assert said[:2] == [first, rest]
    assert said[2].startswith(f"{visible(name)}: Chebyshev coefficients on the line")
    assert set(Page(text).tags) == {"div", "style", "p", "pre", "figure", "svg", "path", "text", "figcaption"}
