"""What cannot be seen is spelt out, and what can be seen stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtest.diagnosis.visible import one_line, visible


@pytest.mark.parametrize(
    "hidden", [0, 8, 27, 127, 0x85, 0x2028, 0x202A, 0x202E, 0x2066, 0x2069, 0xD800, 0xFFFF]
)
def test_what_cannot_be_seen_is_spelt(hidden):
    spelt = f"\\x{hidden:02x}" if hidden < 256 else f"\\u{hidden:04x}"
    assert visible(f"a{chr(hidden)}b") == f"a{spelt}b"


@pytest.mark.parametrize("text", ["ŷ ⊙ 数 é", "two\n\tlines", "👩‍🔬", "\u00a0"])
def test_what_can_be_seen_stays(text):
    assert visible(text) == text


@given(st.text())
def test_once_is_enough_and_every_format_can_carry_it(text):
    once = visible(text)
    assert visible(once) == once
    assert once.encode("utf-8").decode("utf-8") == once
    assert "\n" not in one_line(text)
    assert one_line(text) == one_line(one_line(text)).strip()
