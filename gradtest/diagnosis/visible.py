"""Anybody's text, as it may stand in any report: what no format can carry, or what misleads, is spelt out."""

from __future__ import annotations

import re

__all__ = ["one_line", "visible"]

#: Control characters but for line feeds and tabs; ends of lines that only some know; marks that turn the
#: direction of writing, so that a text reads otherwise than it is; halves of characters; no characters.
_HIDDEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)


def visible(text: str) -> str:
    r"""Return a text without what cannot be seen.

    >>> visible("\x1b[31mred\r\n"), visible("a\u202eb"), visible("ŷ ⊙ 数")
    ('\\x1b[31mred\n', 'a\\u202eb', 'ŷ ⊙ 数')
    """
    return _HIDDEN.sub(_spelt, text.replace("\r\n", "\n"))


def _spelt(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def one_line(text: str) -> str:
    """Return a text for a place that has one line.

    >>> one_line("two\\nlines")
    'two lines'
    """
    return " ".join(visible(text).split())
