"""Which changes fail."""

import math

import pytest

from gradtest.baseline.changes import Change, Kind
from gradtest.baseline.gate import ALL, read_gate
from gradtest.errors import Misuse

WORSE = {
    Kind.REGRESSED,
    Kind.NOT_FOLLOWED,
    Kind.NEW_FINDING,
    Kind.EXPIRED,
    Kind.LOST_DIGITS,
    Kind.GAVE_UP,
    Kind.VANISHED,
    Kind.LOST_POWER,
}


def failing(*words: str, factor: float = 1e3) -> set[Kind]:
    gate = read_gate(words)
    return {kind for kind in Kind if gate.fails(Change(kind, "f", factor=factor))}


def test_by_default_all_that_is_worse_fails_and_nothing_else():
    assert failing(*ALL) == WORSE


def test_each_word_stands_for_its_own_kinds():
    assert failing("new") == {Kind.REGRESSED, Kind.NOT_FOLLOWED, Kind.NEW_FINDING, Kind.EXPIRED}
    assert failing("unchecked") == {Kind.GAVE_UP, Kind.VANISHED, Kind.LOST_POWER}
    assert failing("accuracy>10x") == {Kind.LOST_DIGITS}
    assert failing("new, unchecked") == failing("new", "unchecked") == WORSE - {Kind.LOST_DIGITS}


def test_digits_count_only_beyond_the_factor():
    assert failing("accuracy>1000x", factor=1e3) == set()
    assert failing("accuracy>999x", factor=1e3) == {Kind.LOST_DIGITS}
    assert failing("accuracy>10x", factor=math.inf) == {Kind.LOST_DIGITS}


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("news", "--fail-on 'news' is not known; did you mean 'new'"),
        ("accuracy", "did you mean 'accuracy>10x'"),
        ("accuracy>10", "did you mean 'accuracy>10x'"),
        ("accuracy>2x", "recorded as powers of ten; write accuracy>10x or more"),
        ("", "--fail-on '' is not known"),
        ("new,", "--fail-on '' is not known"),
    ],
)
def test_what_is_not_understood_gets_a_sentence(word, sentence):
    with pytest.raises(Misuse) as said:
        read_gate([word])
    assert sentence in str(said.value)
