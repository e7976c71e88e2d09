"""The words are pinned: what a user reads is an interface, and its changes are reviewed.

Each text stands in ``tests/snapshots/NAME.txt`` and is compared exactly.  To change one on purpose:

    GRADTEST_UPDATE_SNAPSHOTS=1 python -m pytest tests/diagnosis/test_words.py

and read the difference before it is committed.  A text that has no file yet is written, and fails
once, so that none is born unseen; a file that no test asks for fails too.
"""

import os
import re
from pathlib import Path

import numpy as np
import pytest

import gradtest
from gradtest.diagnosis.evidence import Entry, Finding
from gradtest.diagnosis.report import BlockReport, Report, message

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
UPDATE = bool(os.environ.get("GRADTEST_UPDATE_SNAPSHOTS"))


def pinned(name, text):
    file = SNAPSHOTS / f"{name}.txt"
    found = file.read_text(encoding="utf-8") if file.exists() else None
    if found != text + "\n" and (UPDATE or found is None):
        SNAPSHOTS.mkdir(exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")
    assert found is not None, f"{file.name} was written; read it, and commit it"
    assert found == text + "\n"


# -- findings ------------------------------------------------------------------------------------------

INPUTS = {"x": np.array([[1.5, 0.25]]), "w": np.array([[2.0], [-1.0]]), "kind": "tanh"}
FINDINGS = {
    "sign": Finding(
        code="GT101",
        target="affine",
        parameter="w",
        what="the sign is flipped",
        entry=Entry((1, 0), -1.5, 1.5, 2e-15, True),
        wrong=2,
        measured=2,
        size=2,
        place="at the point",
        why="analytic / numeric = -1 in 2 of 2 entries",
        source="layers.py:31  affine_backward",
        others=(("x", "ok"), ("b", "undecided")),
        inputs=INPUTS,
        evaluations=112,
        excess=1e12,
    ),
    "special_point": Finding(
        code="GT106",
        target="product",
        parameter="x",
        what="it is not finite, the derivative is",
        entry=Entry((0,), float("nan"), 6.0, 1e-14, True),
        wrong=1,
        measured=3,
        size=3,
        place="at this special point",
        source="products.py:7  product_gradient",
        inputs={"x": np.array([0.0, 2.0, 3.0])},
        evaluations=90,
        excess=float("inf"),
    ),
    "one_among_many": Finding(
        code="GT100",
        target="dense",
        parameter="layers[0].weight",
        what="cause unknown",
        entry=Entry((733, 19), 0.500001, 0.5, 3e-9, True),
        wrong=1,
        measured=3,
        size=1_000_000,
        slice="row 733",
        place="at a generic point nearby",
        inputs={"layers": [{"weight": np.zeros((1000, 1000))}], "x": np.zeros(1000, "f4")},
        evaluations=187,
        excess=300.0,
    ),
    "number": Finding(
        code="GT102",
        target="square",
        parameter="x",
        what="it is 1/2 times what it should be",
        entry=Entry((), 3.0, 6.0, 1e-15, True),
        wrong=1,
        measured=1,
        size=1,
        why="analytic / numeric = 0.5 in 1 of 1 entries",
        inputs={"x": 3.0},
        evaluations=31,
        excess=1e15,
    ),
    "contract": Finding(
        code="GT301",
        target="affine",
        parameter="affine",
        what="affine_backward returned a gradient for `w` of shape (3, 2), but `w` has shape (2, 3)",
        source="layers.py:31  affine_backward",
        inputs={"w": np.zeros((2, 3), "f4")},
        evaluations=1,
        detail="affine_backward returned a gradient for `w` of shape (3, 2), but `w` has shape (2, 3). "
        "Was the result left transposed?",
    ),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_the_message_of_a_finding(name):
    pinned(f"finding_{name}", message(FINDINGS[name]))


def test_the_page_is_narrow_enough_for_a_terminal():
    for finding in FINDINGS.values():
        assert max(map(len, message(finding).splitlines()[1:])) <= 140
        assert len(finding.headline) <= 100


# -- reports -------------------------------------------------------------------------------------------

BLOCKS = (
    BlockReport("x", "x", (1, 2), "agrees", "", 3e-11, 0.2, "at the point"),
    BlockReport(
        "weights[0]", "weights", (2, 3), "agrees", "kink at the point: judged nearby", 4e-8, 0.1, "nearby"
    ),
    BlockReport("scale", "scale", (), "agrees", "", 0.0, 0.0, "at the point"),
)
NOTHING = "nothing was compared: no gradient came back for any real input"
UNDECIDED = BlockReport("b", "b", (3,), "undecided", "the function is too noisy here", float("inf"), 0.0, "")
REPORTS = {
    "agrees": Report("affine", "agrees", "", BLOCKS, 21),
    "undecided": Report(
        "affine", "undecided", "b: the function is too noisy here", (*BLOCKS, UNDECIDED), 161
    ),
    "nothing": Report("affine", "undecided", NOTHING, (), 1),
    "disagrees": Report(
        "affine", "disagrees", "", BLOCKS, 300, lambda *_: (FINDINGS["sign"], FINDINGS["number"])
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_the_text_of_a_report(name):
    pinned(f"report_{name}", str(REPORTS[name]))


# -- from end to end, with the numbers that depend on the machine left out -----------------------------


def masked(text):
    text = re.sub(r"± \S+", "± ...", text)
    text = re.sub(r"\d+ evaluations", "... evaluations", text)
    text = re.sub(r"test_words\.py:\d+", "test_words.py:...", text)
    return re.sub(r"an error of \S+ would", "an error of ... would", text)


def flipped(dout, x, w, b):
    return dout @ w.T, -x.T @ dout, dout.sum(axis=0)


def transposed(dout, x, w, b):
    return dout @ w.T, dout.T @ x, dout.sum(axis=0)


def affine(x, w, b):
    return x @ w + b


POINT = (np.array([[1.5, -0.5]]), np.array([[2.0, 1.0, 0.5], [-1.0, 3.0, 0.25]]), np.array([1.0, 2.0, -1.5]))


def right(dout, x, w, b):
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


@pytest.mark.parametrize("vjp", [right, flipped, transposed], ids=lambda vjp: vjp.__name__)
def test_a_check_from_end_to_end(vjp):
    pinned(f"check_{vjp.__name__}", masked(str(gradtest.check(gradtest.target(affine, vjp=vjp), *POINT))))


def test_no_snapshot_is_left_over():
    asked = {
        *(f"finding_{name}" for name in FINDINGS),
        *(f"report_{name}" for name in REPORTS),
        *(f"check_{name}" for name in ("right", "flipped", "transposed")),
    }
    mine = ("finding_", "report_", "check_")
    assert {file.stem for file in SNAPSHOTS.glob("*.txt") if file.stem.startswith(mine)} == asked
