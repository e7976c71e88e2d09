"""The command explain: a page, a list, the nearest page; as wide as the terminal and no wider than a page."""

import pytest

from gradtest.diagnosis.explanation import contents
from gradtest.surfaces.explain_command import _shown
from gradtest.surfaces.lines import cells, plain


def test_a_code_is_explained(gradtest):
    result = gradtest("explain", "gt102")
    assert result.exit_code == 0
    assert result.output.startswith("GT102: it is off by a constant factor\n\n")
    assert (
        "\nWrong:\n\n    def square(x):\n        return x**2\n\n\n    def square_backward(dout, x):\n"
        in result.output
    )
    assert "```" not in result.output


def test_words_may_have_blanks(gradtest):
    assert gradtest("explain", "special", "points").output.startswith("special points: ")


def test_without_a_word_all_pages_are_listed(gradtest):
    lines = gradtest("explain").output.splitlines()
    for name, title in contents().items():
        assert any(line.startswith(name) and title.split()[0] in line for line in lines)


def test_an_unknown_word_is_misuse(gradtest):
    result = gradtest("explain", "GT999")
    assert result.exit_code == 4
    assert "there is no page 'GT999'" in result.stderr


@pytest.mark.parametrize("width", [60, 100])
def test_a_page_is_filled_and_its_examples_are_left_as_they_are(width):
    text = "# GT1: a title\n\nOne two\nthree.\n\n```python\nx  =  1\n\ny = 2\n```\n\n" + "word " * 40
    lines = [plain(line) for line in _shown(text, width)]
    assert lines[:7] == ["GT1: a title", "", "One two three.", "", "    x  =  1", "", "    y = 2"]
    assert all(cells(line) <= width for line in lines)
