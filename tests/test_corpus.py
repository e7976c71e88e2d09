"""The corpus of the benchmarks is right, and on a slice of it gradtest is."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

# The corpus lies with the benchmarks, which are scripts and no package.
sys.path.insert(0, str(Path(__file__).resolve().parent / "benchmarks"))

import families
import verdicts
from families import FAMILIES, Family, Inputs, Mutant
from verdicts import Setting, leaves_of, with_leaves

TINY = 1e-30
SEEDS = range(3)

#: How exactly the independent derivative is known, where that is not to rounding.
KNOWN_TO = {"sin in float32": 1e-6}


def cotangent(family: Family, out: np.ndarray, seed: int) -> np.ndarray:
    if family.form == "grad":
        return np.ones_like(out)
    rng = np.random.default_rng(seed)
    return (rng.uniform(0.5, 1.5, out.shape) * rng.choice([-1, 1], out.shape)).astype(out.dtype)


def output(family: Family, inputs: Inputs) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(family.forward(**inputs))


# -- derivatives from elsewhere ----------------------------------------------------------------------


class Entry:
    """One entry of one block of the inputs: how the contracted output depends on it."""

    def __init__(
        self, family: Family, inputs: Inputs, g: np.ndarray, block: int, index: tuple[int, ...]
    ) -> None:
        self.family, self.inputs, self.g, self.block, self.index = family, inputs, g, block, index
        self.leaves = leaves_of(family, inputs)
        self.value = float(self.leaves[block][index])

    def phi(self, by: complex) -> complex:
        kind = np.complex128 if isinstance(by, complex) else np.float64
        moved = [np.array(x, dtype=kind if i == self.block else x.dtype) for i, x in enumerate(self.leaves)]
        moved[self.block][self.index] += by
        return complex((output(self.family, with_leaves(self.family, self.inputs, moved)) * self.g).sum())

    def slope(self) -> float:
        """The derivative: by a complex step, or extrapolated from central differences (Richardson)."""
        if self.family.analytic:
            return self.phi(TINY * 1j).imag / TINY
        h = 1e-2 * min(1.0, abs(self.value) or 1.0)
        table: list[list[float]] = []
        for _ in range(5):
            row = [(self.phi(h).real - self.phi(-h).real) / (2 * h)]
            for j, coarser in enumerate(table[-1] if table else []):
                row.append(row[j] + (row[j] - coarser) / (4 ** (j + 1) - 1))
            table.append(row)
            h /= 2
        return table[-1][-1]

    def kinked(self) -> bool:
        """Whether the two sides differ."""
        h = 1e-8 * (abs(self.value) or float(np.abs(self.leaves[self.block]).mean()) or 1.0)
        here = self.phi(0.0).real
        right, left = (self.phi(h).real - here) / h, (here - self.phi(-h).real) / h
        return abs(right - left) > 1e-3 * (abs(right) + abs(left))


def wrong_entries(family: Family, seed: int, *, nasty: bool) -> list[str]:
    """Return the entries at which the corpus disagrees with the derivative from elsewhere."""
    inputs = families.draw(family, seed, nasty=nasty)
    out = output(family, inputs)
    g = cotangent(family, out, seed)
    relative = KNOWN_TO.get(family.name, 1e-9 if family.analytic else 1e-5)
    size = 1e-12 * float(np.abs(out * g).sum())
    wrong = []
    for block, claimed in enumerate(families.gradients(family, family.derivative, inputs, g)):
        largest = float(np.abs(claimed).max())
        for index in np.ndindex(claimed.shape):
            entry = Entry(family, inputs, g, block, index)
            if family.convention and entry.value == 0:
                continue
            slope = entry.slope()
            allowed = relative * (abs(slope) + largest) + size / max(abs(entry.value), 1e-3) + TINY
            if not abs(slope - claimed[index]) <= allowed and not entry.kinked():
                wrong.append(f"{family.name} seed {seed} block {block}{index}: {claimed[index]} for {slope}")
    return wrong


# -- the corpus --------------------------------------------------------------------------------------


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    assert len(FAMILIES) >= 45
    assert sum(len(family.mutants) for family in FAMILIES.values()) >= 100


@pytest.mark.parametrize("nasty", [False, True], ids=["generic", "nasty"])
def test_right_gradients_are_right(nasty: bool) -> None:
    found = [
        line
        for family in FAMILIES.values()
        for seed in SEEDS
        for line in wrong_entries(family, seed, nasty=nasty)
    ]
    assert found == []


def test_a_wrong_gradient_would_be_seen() -> None:
    family = FAMILIES["batch norm"]
    wrong = Family("wrong", family.forward, family.mutants[0].derivative, family.wrt, family.draw)
    assert wrong_entries(wrong, 0, nasty=False)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("nasty", [False, True], ids=["generic", "nasty"])
def test_all_arithmetic_is_in_the_dtype_of_the_inputs(dtype: type, nasty: bool) -> None:
    for family in FAMILIES.values():
        inputs = families.draw(family, 1, nasty=nasty, dtype=dtype)
        out = output(family, inputs)
        gradients = families.gradients(family, family.derivative, inputs, cotangent(family, out, 1))
        leaves = leaves_of(family, inputs)
        assert [x.shape for x in leaves] == [d.shape for d in gradients], family.name
        assert {a.dtype for a in (out, *leaves, *gradients)} == {np.dtype(dtype)}, family.name
        assert all(np.isfinite(a).all() for a in (out, *gradients)), family.name


def shows(family: Family, mutant: Mutant) -> bool:
    for seed in range(200):
        inputs = families.draw(family, seed, nasty=seed % 2 == 0)
        g = cotangent(family, output(family, inputs), seed)
        if max(verdicts.visibility(family, mutant, inputs, g)) > 1e-9:
            return True
    return False


def test_every_mistake_shows_at_some_input() -> None:
    hidden = [(f.name, m.kind, m.trigger) for f in FAMILIES.values() for m in f.mutants if not shows(f, m)]
    assert hidden == []


# -- gradtest on a slice of it -------------------------------------------------------------------------

SLICE = [Setting(nasty, single) for nasty in (False, True) for single in (False, True)]


@pytest.mark.parametrize("setting", SLICE, ids=str)
def test_no_false_alarm(setting: Setting) -> None:
    rows = [row for family in FAMILIES.values() for row in verdicts.right(family, 0, setting, plant=False)]
    assert [row for row in rows if row.verdict == "disagrees"] == []
    undecided = [row for row in rows if row.verdict == "undecided"]
    assert len(undecided) <= 0.02 * len(rows), undecided


@pytest.mark.parametrize("setting", SLICE[::2], ids=str)
def test_mistakes_that_show_are_found(setting: Setting) -> None:
    found = [
        verdicts.mistake_at(family, mutant, 1, setting)
        for family in FAMILIES.values()
        for mutant in family.mutants
    ]
    assert [row for row in found if row.outcome in ("missed", "wrong block")] == []


def test_a_function_that_moves_in_a_few_steps_comes_to_an_end() -> None:
    """The cosine of two numbers is a sign: what moves is rounding, in so few steps that they say little."""
    rows = list(
        verdicts.right(FAMILIES["cosine"], 53, verdicts.Setting(nasty=True, single=False), plant=False)
    )
    assert [row.verdict for row in rows] == ["agrees", "agrees"]
    assert all(row.evaluations < 200 for row in rows)
