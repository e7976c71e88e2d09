"""What a person sees of a failure under pytest: in every style, on every terminal, in colour or not."""

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from tests.surfaces.pytest_process import arguments, run_pytest

TESTS = """
import gradtest
import numpy as np
from hypothesis import given


class Dense:
    def __init__(self, size_in=3, size_out=2):
        self.params = {"weight_of_the_layer": np.ones((size_in, size_out)), "bias": np.zeros(size_out)}

    def forward(self, x):
        self.x = x
        return x @ self.params["weight_of_the_layer"] + self.params["bias"]

    def backward(self, dout):
        self.grads = {"weight_of_the_layer": -self.x.T @ dout, "bias": 2 * dout.sum(0)}
        return dout @ self.params["weight_of_the_layer"].T


test_dense = gradtest.property_of(Dense, x="batch 3")


def sine(x):
    return np.sin(x)


@given(gradtest.inputs(x="n"))
def test_sine(p):
    gradtest.assert_gradients(sine, lambda g, x: -g * np.cos(x), **p)
"""

THEIR_FRAMES = re.compile(r"site-packages|(?<!\.)gradtest/(?!surfaces)\w+\.py|_pytest|pluggy|hypothesis/core")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def piped(folder: Path, *options: str, **environment: str) -> str:
    """Return what a run prints into a pipe."""
    (folder / "test_it.py").write_text(TESTS, encoding="utf-8")
    return run_pytest(folder, *options, TERM="xterm", **environment).stdout


def on_a_terminal(folder: Path, columns: int, *options: str) -> str:
    """Return what a run prints on a terminal of so many columns."""
    (folder / "test_it.py").write_text(TESTS, encoding="utf-8")
    how = arguments(folder, *options, TERM="xterm", COLUMNS=str(columns))
    ours, theirs = pty.openpty()
    with subprocess.Popen(**how, stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL):
        os.close(theirs)
        read = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # how a terminal ends on Linux
                break
            if not piece:
                break
            read += piece
    os.close(ours)
    return COLOUR.sub("", read.decode()).replace("\r\n", "\n")


def message(output: str) -> str:
    """Return the message of the property, with all that belongs to it."""
    found = re.search(r"^_+ test_dense _+\n(.*?)^_+ test_sine", output, re.MULTILINE | re.DOTALL)
    assert found is not None, output
    return found[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("users")


@pytest.fixture(scope="module")
def brief(folder):
    """What a quiet run prints into a pipe, as in CI."""
    return piped(folder, "-q", "--tb=short", COLUMNS="40")


@pytest.fixture(scope="module")
def native(folder):
    return piped(folder, "-q", "--tb=native")


@pytest.mark.parametrize("style", ["brief", "native"])
def test_no_frame_but_the_users_in_any_style(style, request):
    output = request.getfixturevalue(style)
    shown = output.partition("= FAILURES =")[2].partition("= gradtest =")[0]
    assert "wrong gradient for x" in shown
    assert not THEIR_FRAMES.search(shown), shown
    assert "gradtest.assert_gradients(sine" in shown  # the user's own line
    assert "target score" not in shown
    assert "array(" not in message(output)


@pytest.mark.parametrize("options", [["--tb=line"], ["--tb=no", "-n", "2"]], ids=" ".join)
def test_the_headlines_are_there_however_little_is_shown(folder, options):
    output = piped(folder, "-q", *options)
    for name in ("x - the sign is flipped", "weight_of_the_layer - the sign is flipped"):
        assert re.search(f"FAILED test_it.py::test_.*wrong gradient for {name}", output), output


def test_without_the_plugin_of_hypothesis_it_is_the_same_message(folder, brief):
    without = piped(folder, "-q", "-p", "no:hypothesispytest")
    assert message(brief).splitlines()[0] == message(without).splitlines()[0]
    assert not THEIR_FRAMES.search(message(without))


def test_more_is_shown_when_more_is_asked_for(folder, brief):
    whole = message(piped(folder, "-v"))
    assert "  also wrong    bias - it is 2 times what it should be" in message(brief)
    assert message(brief).count("  why ") == 1
    assert "gradtest GT102: wrong gradient for bias - it is 2 times what it should be" in whole
    assert whole.count("  why ") == 2


def test_on_a_narrow_terminal_lines_are_broken_under_their_own_text(folder):
    output = on_a_terminal(folder, 40, "-q", "--tb=short")
    lines = message(output).splitlines()
    assert max(map(len, lines)) <= 40
    upstream = next(i for i, line in enumerate(lines) if line.startswith("  upstream"))
    assert lines[upstream + 1].startswith(" " * 16)
    assert "output" in "".join(lines[upstream : upstream + 4])
    summary = output.partition("= gradtest =")[2].partition("= short test")[0]
    assert max(map(len, summary.splitlines()[1:])) <= 40


def test_on_a_wide_terminal_and_in_a_file_nothing_is_broken(folder, brief):
    wide = message(on_a_terminal(folder, 160, "-q"))
    for label in ("  upstream", "  also wrong", "  why"):
        assert [line for line in wide.splitlines() if line.startswith(label)] == [
            line for line in message(brief).splitlines() if line.startswith(label)
        ]


def test_colour_adds_no_word_and_takes_none(folder, brief):
    full = piped(folder, "-q", FORCE_COLOR="1")
    assert "\x1b[" not in brief
    assert "\x1b[" in full
    assert message(COLOUR.sub("", full)).splitlines()[0] == message(brief).splitlines()[0]
