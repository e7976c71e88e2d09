"""What the tests of reports share: a document with everything in it, made of plain data."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import UNSET

from gradtest.surfaces.reports.document import (
    Change,
    Checked,
    Coefficients,
    Contradicted,
    Counts,
    Document,
    Entries,
    Found,
    HeatMap,
    Kept,
    Measured,
    Mutants,
    Remainder,
    Survivor,
)

MESSAGE = """gradtest GT101: wrong gradient for w - the sign is flipped
  w[0, 0]       analytic  -1.5    1 of 6 entries; the other 5 agree
                numeric    1.5 ± 2e-15
  smallest case x = [[1.5, 0.25]]"""


def finding(**more: Any) -> Found:
    said = {
        "code": "GT101",
        "headline": MESSAGE.splitlines()[0],
        "message": MESSAGE,
        "target": "dense",
        "parameter": "w",
        "what": "the sign is flipped",
        "entry": Measured((0, 0), -1.5, 1.5, 2e-15, True),
        "source": "layers.py:31  dense_backward",
        "inputs": {"x": [[1.5, 0.25]]},
        "again": "python -m gradtest replay 7wf3mu",
    }
    return Found(**(said | more))


def checked(name: str = "f", verdict: str = "agrees", **more: Any) -> Checked:
    said = {
        "name": name,
        "place": f"layers.py::{name}",
        "key": f"layers.py::{name}",
        "verdict": verdict,
        "cases": 100,
        "agrees": 100,
        "resolution": 2e-10,
        "evaluations": 700,
        "laws": {"derivative": {"agrees": 100}, "purity": {"agrees": 12}},
        "again": f"python -m gradtest check layers.py::{name} --seed 0",
        "seconds": 0.25,
    }
    return Checked(**(said | more))


DRAWN = [
    Coefficients("w", [1.0, 0.5, 1e-3, 1e-9, 1e-16, 0.0, "nan"], 1e-16, 0.125),
    Remainder("w", [0.25, 0.125, 0.0625], [1e-2, 2.5e-3, 0.0], 2.0),
    Entries("w", [-1.5, 2.0, "nan"], [1.5, 2.0, 0.0], [1e-15, 1e-15, "inf"], [True, False, True]),
    HeatMap("w", [[2.0, 0.0], [1e-12, "nan"]]),
]

EVERYTHING = [
    checked(
        "cube",
        laws={
            "derivative": {"agrees": 98, "undecided: too coarse": 2},
            "purity": {"skipped: no cotangent": 4},
        },
        undecided=2,
        agrees=98,
        reasons={"too coarse": 2},
        resolutions=[1e-12, 1e-10, 2e-10],
        mutants=Mutants(
            1, 2, {"x": ["twice"]}, [Survivor("x", "clipped", "missed", "it")], ["x clipped: it"]
        ),
        opinions={"central": Counts(cases=25, agrees=24, disagrees=1)},
        contradictions={"central": Contradicted(finding(headline="gradtest GT100: central says so"), 1)},
        notes=["2 undecided: too coarse", "central disagrees in 1 of 25 cases, where this does not"],
        pictures=DRAWN[:2],
    ),
    checked(
        "dense",
        "disagrees",
        file="src/layers.py",
        line=31,
        cases=3,
        agrees=2,
        disagrees=1,
        laws={"derivative": {"agrees": 2, "disagrees": 1}},
        findings=[
            finding(),
            finding(code="GT100", headline="gradtest GT100: x", message="and x", parameter="x"),
        ],
        others_say={"central": "disagrees"},
        pictures=DRAWN,
    ),
    checked("narrow", "misfit", findings=[finding(code="GT301", headline="gradtest GT301: shape")], laws={}),
    checked(
        "huber", "known", findings=[finding()], known={"GT101": "erratum"}, notes=["known GT101: erratum"]
    ),
    checked("coarse", "undecided", agrees=0, undecided=100, vacuous="nothing was decided: all 100 cases"),
    checked("never", "misused", cases=0, agrees=0, laws={}, misuse="never was not finite; say --inputs"),
    checked("broken", "crashed", crash="RuntimeError: a fault\nprobe.py:3  line"),
    checked("later", "skipped", skip="slow", notes=["skipped: slow"], cases=0, agrees=0, laws={}),
    checked("last", "waiting", cases=0, agrees=0, laws={}),
]


@pytest.fixture
def document() -> Callable[..., Document]:
    """Return a document of some targets, by default of one for each verdict."""

    def made(*targets: Checked, **more: Any) -> Document:
        said = {
            "gradtest": "1.2.3",
            "checked": "layers.py",
            "seed": 0,
            "max_examples": 100,
            "method": "spectral",
            "opinions": ["central"],
            "exit_code": 1,
            "seconds": 2.5,
            "targets": list(targets or EVERYTHING),
            "baseline": UNSET,
        }
        return Document(**(said | more))

    return made


@pytest.fixture
def one() -> Callable[..., Checked]:
    """Return one target that agrees, or what else is said of it."""
    return checked


@pytest.fixture
def found() -> Callable[..., Found]:
    """Return a finding."""
    return finding


@pytest.fixture
def worse() -> Kept:
    """What came of a baseline in which cube moved, and dense is no more decided than it was."""
    moved = "layers.py::cube, x: the gradient moved (1 to 2)"
    changes = [
        Change("gradient moved", "layers.py::cube", "x", "1 to 2", True, moved),
        Change("function changed", "layers.py::tanh", "", "", False, "layers.py::tanh: the function changed"),
    ]
    return Kept("b.json", 9, False, "", False, [], ["layers.py::coarse"], changes)
