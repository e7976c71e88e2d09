"""Verdicts on the corpus: false alarms, undecided, cost, and what becomes of wrong gradients.

    python tests/benchmarks/verdicts.py --verdicts 100000 --journal verdicts.journal

Right gradients first, on generic and on nasty inputs, in float64 and float32; then wrong ones, in
terms of whether the mistake is visible at the input at all; then errors planted just above the
resolution that an *agrees* states.

Printed on 2026-11-22 (2 shared x86-64 cores, CPython 3.11.7, NumPy 2.4.6, SciPy 1.17.1, commit a92e0b2)
with ``--verdicts 100000 --mistakes 8000``, 179 families, in a quarter of an hour::

    right gradients  verdicts  false  undecided  evaluations  resolution  3 x resolution found
    float64 generic    24,660      0     0.00 %          9.5       1e-10   100.00 % of 3,909
    float64 nasty      24,392      0     0.37 %         10.3       1e-10    99.91 % of 3,522
    float32 generic    24,660      0     0.41 %         16.5       1e-04    99.97 % of 3,887
    float32 nasty      24,392      0     3.26 %         17.0       1e-04    99.91 % of 3,441

    wrong gradients   visible  found  missed  undecided
    float64 generic     1,813  100.00 %    0          0
    float64 nasty       1,542   99.74 %    0          4
    float32 generic     1,619   99.32 %    0         11
    float32 nasty       1,349   97.41 %    1         34

(evaluations and resolution: medians; the evaluations of a block are those of all default laws).  In
well-conditioned float32 an error of 10 % was found in 100 %, one of 0.1 % in 98.46 % of 3,757 blocks.
"""

from __future__ import annotations

import argparse
import math
import pickle
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

import families
from families import FAMILIES, Family, Inputs, Mutant
from tables import provenance, table

import gradtest

__all__ = ["Mistake", "Right", "judge", "leaves_of", "mistake_at", "target_of", "visibility"]

#: The norm of a difference weighs its entries otherwise than a line does: so much is left open.
SLACK = 3.0

#: Outputs that lose less than this of the function's own slope to the rounding of float32.
WELL_CONDITIONED = 1e-5


@dataclass(frozen=True, slots=True)
class Setting:
    """Where inputs come from."""

    nasty: bool
    single: bool

    @property
    def dtype(self) -> Any:
        return np.float32 if self.single else np.float64

    def __str__(self) -> str:
        return f"{'float32' if self.single else 'float64'} {'nasty' if self.nasty else 'generic'}"


SETTINGS = tuple(Setting(nasty, single) for single in (False, True) for nasty in (False, True))


@dataclass(frozen=True, slots=True)
class Right:
    """The verdict on one block of a right gradient, and on the same with errors planted in it.

    `planted`, `coarse` and `fine` are the words for a scale error of 3 times the resolution, of
    10 % and of 0.1 %; empty where they were not tried.
    """

    setting: Setting
    family: str
    seed: int
    block: str
    verdict: str
    reason: str
    resolution: float
    evaluations: float
    planted: str = ""
    coarse: str = ""
    fine: str = ""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What became of one wrong gradient.

    `outcome` is "found", "missed", "undecided", "not visible" (the gradient is right at this
    input, or differs at a kink only, where that is a convention), "below resolution" or "wrong
    block" (a block was blamed whose gradient is right).
    """

    setting: Setting
    family: str
    kind: str
    trigger: str
    seed: int
    outcome: str
    detail: str = ""


# -- one verdict -----------------------------------------------------------------------------------


def target_of(family: Family, derivative: Callable[..., Any]) -> gradtest.Target:
    return gradtest.target(family.forward, **{family.form: derivative}, wrt=family.wrt, name=family.name)


def judge(family: Family, derivative: Callable[..., Any], inputs: Inputs) -> gradtest.Report:
    """Return gradtest's report on `derivative` at `inputs`."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return gradtest.check(target_of(family, derivative), **inputs)


def leaves_of(family: Family, inputs: Inputs) -> list[Any]:
    """Return the arrays by which `family` differentiates, in the order of its gradients."""
    return [leaf for name in family.wrt for leaf in families.floats(inputs[name])]


def with_leaves(family: Family, inputs: Inputs, leaves: Sequence[Any]) -> Inputs:
    rest = list(leaves)
    return {**inputs, **{name: families.build(inputs[name], rest) for name in family.wrt}}


def scaled(family: Family, block: int, factor: float) -> Callable[..., Any]:
    """Return the right derivative with one block scaled."""

    def derivative(*args: Any, **inputs: Any) -> Any:
        result = family.derivative(*args, **inputs)
        leaves = families.floats(result)
        leaves[block] = (leaves[block] * factor).astype(leaves[block].dtype)
        return families.build(result, leaves)

    return derivative


# -- right gradients -------------------------------------------------------------------------------


def right(family: Family, seed: int, setting: Setting, plant: bool) -> Iterator[Right]:
    """Judge the right gradient at one input; with `plant`, errors in one of its blocks too."""
    inputs = families.draw(family, seed, nasty=setting.nasty, dtype=setting.dtype)
    report = judge(family, family.derivative, inputs)
    if not report.blocks:
        yield Right(
            setting, family.name, seed, "", report.verdict, report.reason, math.inf, report.evaluations
        )
    chosen = seed % max(1, len(report.blocks))
    for i, block in enumerate(report.blocks):
        verdict = "convention" if family.convention and block.verdict == "disagrees" else block.verdict
        words: dict[str, str] = {}
        if plant and i == chosen and verdict == "agrees" and block.resolution > 0:
            words = planted(family, inputs, i, block.resolution, setting)
        share = report.evaluations / len(report.blocks)
        yield Right(
            setting, family.name, seed, block.name, verdict, block.reason, block.resolution, share, **words
        )


def planted(
    family: Family, inputs: Inputs, block: int, resolution: float, setting: Setting
) -> dict[str, str]:
    """Judge the gradient with scale errors planted in one block, and return the words for it."""

    def word(error: float) -> str:
        return judge(family, scaled(family, block, 1 + error), inputs).blocks[block].verdict

    words = {"planted": word(SLACK * resolution)}
    if setting.single and not setting.nasty and well_conditioned(family, inputs, block):
        words |= {"coarse": word(0.1), "fine": word(0.001)}
    return words


def widened(value: Any) -> Any:
    """Return inputs with every float32 array in float64."""
    if isinstance(value, dict):
        return {name: widened(part) for name, part in value.items()}
    if isinstance(value, list):
        return [widened(part) for part in value]
    return value.astype(np.float64) if getattr(value, "dtype", None) == np.float32 else value


def well_conditioned(family: Family, inputs: Inputs, block: int) -> bool:
    """Whether rounding in float32 moves the outputs by little, against their slope along the block."""
    with np.errstate(all="ignore"):
        out = np.asarray(family.forward(**inputs), dtype=np.float64)
        exact = np.asarray(family.forward(**widened(inputs)))
        g = np.ones(np.shape(exact))
        slope = families.gradients(family, family.derivative, widened(inputs), g)[block]
    size = np.abs(slope * sizes(leaves_of(family, inputs)[block])).sum()
    return bool(np.linalg.norm(out - exact) <= WELL_CONDITIONED * size)


# -- wrong gradients -------------------------------------------------------------------------------


def sizes(x: Any) -> Any:
    """Return the size of each entry, of their mean where one is zero, 1 where all are."""
    size = np.abs(np.asarray(x, dtype=np.float64))
    mean = size.mean()
    return np.where(size < 1e-12 * mean, mean, size) if mean > 0 else np.ones_like(size)


def visibility(family: Family, mutant: Mutant, inputs: Inputs, g: Any) -> list[float]:
    """Return for each block how far the wrong gradient is from the right one, relative to it.

    Infinite where it is not finite.
    """
    correct = families.gradients(family, family.derivative, inputs, g)
    wrong = families.gradients(family, mutant.derivative, inputs, g)
    found = []
    for x, a, b in zip(leaves_of(family, inputs), correct, wrong, strict=True):
        size = sizes(x)
        difference = np.linalg.norm(((b.astype(np.float64) - a) * size).reshape(-1))
        whole = np.abs(a * size).sum()
        if not math.isfinite(difference):
            found.append(math.inf)
        else:
            found.append(float(difference / whole) if whole > 0 else math.inf if difference > 0 else 0.0)
    return found


class Watch:
    """A derivative that remembers the first cotangent it was given."""

    def __init__(self, family: Family, derivative: Callable[..., Any]) -> None:
        self.family, self.derivative = family, derivative
        self.g: Any = None

    def __call__(self, *args: Any, **inputs: Any) -> Any:
        if self.g is None:
            self.g = np.array(args[0]) if self.family.form == "vjp" else np.float64(1.0)
        return self.derivative(*args, **inputs)


def beside(family: Family, inputs: Inputs, seed: int) -> Inputs:
    """Return a generic point close by: every entry off by about 2**-8 of its size."""
    rng = np.random.default_rng(seed)
    leaves = []
    for x in leaves_of(family, inputs):
        shift = rng.uniform(0.5, 1.5, x.shape) * rng.choice([-1, 1], x.shape)
        leaves.append((x + 2.0**-8 * shift * sizes(x)).astype(x.dtype))
    return with_leaves(family, inputs, leaves)


def mistake_at(family: Family, mutant: Mutant, seed: int, setting: Setting) -> Mistake:
    """Judge a wrong gradient at one input, and say what became of it."""
    inputs = families.draw(family, seed, nasty=setting.nasty, dtype=setting.dtype)
    watch = Watch(family, mutant.derivative)
    report = judge(family, watch, inputs)
    here = visibility(family, mutant, inputs, watch.g)
    outcome, detail = _outcome(family, mutant, inputs, watch.g, report, here, setting)
    return Mistake(setting, family.name, mutant.kind, mutant.trigger, seed, outcome, detail)


def _slopes(family: Family, inputs: Inputs, g: Any) -> list[float]:
    """Return for each block how far it can move the outputs, relative to their size."""
    with np.errstate(all="ignore"):
        size = float(np.abs(np.asarray(family.forward(**inputs)) * g).sum())
    correct = families.gradients(family, family.derivative, inputs, g)
    leaves = leaves_of(family, inputs)
    return [
        float(np.abs(d * sizes(x)).sum()) / size if size > 0 else math.inf
        for d, x in zip(correct, leaves, strict=True)
    ]


def _outcome(
    family: Family,
    mutant: Mutant,
    inputs: Inputs,
    g: Any,
    report: gradtest.Report,
    here: list[float],
    setting: Setting,
) -> tuple[str, str]:
    least, rounding = (1e-4, 1e-6) if setting.single else (1e-9, 1e-14)
    around = [visibility(family, mutant, beside(family, inputs, k), g) for k in range(4)]
    near = [min(places) for places in zip(*around, strict=True)]
    anywhere = [max(h, *places) for h, *places in zip(here, *around, strict=True)]
    visible = [
        h > least and (n > least or mutant.kind == "special point") for h, n in zip(here, near, strict=True)
    ]
    if not report.blocks:
        return ("found" if any(visible) else "wrong block"), report.reason
    blamed = [block.verdict == "disagrees" for block in report.blocks]
    for block, blame, most in zip(report.blocks, blamed, anywhere, strict=True):
        if blame and most <= rounding:
            return ("not visible" if family.convention else "wrong block"), block.name
    if any(b and v for b, v in zip(blamed, visible, strict=True)):
        return "found", ""
    if not any(visible):
        return "not visible", ""
    for block, seen in zip(report.blocks, visible, strict=True):
        if seen and block.verdict == "undecided":
            return "undecided", block.reason
    drowned = [slope < 64 * np.finfo(setting.dtype).eps for slope in _slopes(family, inputs, g)]
    for block, seen, h, lost in zip(report.blocks, visible, here, drowned, strict=True):
        if seen and h > SLACK * block.resolution and not (lost and block.resolution == 0):
            return (
                "missed",
                f"{block.name}: off by {h:.1e}, resolution {block.resolution:.1e}, {block.reason}",
            )
    return "below resolution", ""


# -- many ------------------------------------------------------------------------------------------


def _rights(job: tuple[str, Setting, range]) -> list[Right]:
    name, setting, seeds = job
    return [row for seed in seeds for row in right(FAMILIES[name], seed, setting, plant=seed % 4 == 0)]


def _mistakes(job: tuple[str, Setting, range]) -> list[Mistake]:
    name, setting, seeds = job
    family = FAMILIES[name]
    return [
        mistake_at(family, mutant, seed, setting)
        for i, mutant in enumerate(families.mutants(family))
        if not (mutant.float64_only and setting.single)
        for seed in range(seeds.start + 1000 * i, seeds.stop + 1000 * i)  # each at inputs of its own
    ]


class Journal:
    """What was judged so far, job by job: a long run can be stopped, read meanwhile, and taken up again."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.done: dict[tuple[str, Any], list[Any]] = {}
        if path is not None and path.exists():
            with path.open("rb") as file:
                while file.peek(1):
                    work, job, rows = pickle.load(file)
                    self.done[work, job] = rows

    def add(self, work: str, job: Any, rows: list[Any]) -> None:
        self.done[work, job] = rows
        if self.path is not None:
            with self.path.open("ab") as file:
                pickle.dump((work, job, rows), file)


def _run(
    pool: Any, journal: Journal, work: Callable[[Any], list[Any]], names: Sequence[str], per: int
) -> list[Any]:
    jobs = [(n, s, range(i, min(i + 25, per))) for i in range(0, per, 25) for s in SETTINGS for n in names]
    left = [job for job in jobs if (work.__name__, job) not in journal.done]
    for job, rows in zip(left, pool(work, left), strict=True):
        journal.add(work.__name__, job, rows)
    return [row for job in jobs for row in journal.done[work.__name__, job]]


# -- the tables ------------------------------------------------------------------------------------


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "-"


def rights_table(rows: Sequence[Right]) -> str:
    lines = []
    for setting in SETTINGS:
        mine = [r for r in rows if r.setting == setting]
        words = Counter(r.verdict for r in mine)
        evaluations = [r.evaluations for r in mine]
        seen = [r.resolution for r in mine if r.verdict == "agrees" and r.resolution > 0]
        lines.append(
            (
                setting,
                len(mine),
                words["disagrees"],
                words["convention"],
                words["undecided"],
                _percent(words["undecided"], len(mine)),
                f"{np.median(evaluations):.1f}",
                f"{np.quantile(evaluations, 0.9):.0f}",
                f"{np.median(seen):.0e}",
                f"{np.quantile(seen, 0.9):.0e}",
            )
        )
    header = (
        "right gradients",
        "verdicts",
        "false",
        "convention",
        "undecided",
        "share",
        "evaluations",
        "90 %",
        "resolution",
        "90 %",
    )
    return table("Right gradients: verdicts on blocks", header, lines)


def planted_table(rows: Sequence[Right]) -> str:
    lines = []
    for setting in SETTINGS:
        mine = [r for r in rows if r.setting == setting]
        for what, field in (("3 x resolution", "planted"), ("10 %", "coarse"), ("0.1 %", "fine")):
            words = Counter(word for r in mine if (word := getattr(r, field)))
            total = words.total()
            if total:
                lines.append(
                    (
                        f"{setting}, {what}",
                        total,
                        _percent(words["disagrees"], total),
                        words["undecided"],
                        words["agrees"],
                    )
                )
    header = ("scale error planted", "blocks", "found", "undecided", "missed")
    return table(
        "Errors planted in gradients that agreed (10 % and 0.1 %: well-conditioned functions)", header, lines
    )


_OUTCOMES = ("found", "missed", "undecided", "below resolution", "wrong block", "not visible")


def mistakes_table(rows: Sequence[Mistake]) -> str:
    lines = []
    for setting in SETTINGS:
        words = Counter(r.outcome for r in rows if r.setting == setting)
        visible = words["found"] + words["missed"] + words["undecided"]
        lines.append((setting, visible, _percent(words["found"], visible), *(words[w] for w in _OUTCOMES)))
    return table(
        "Wrong gradients, by input", ("wrong gradients", "visible", "share found", *_OUTCOMES), lines
    )


def kinds_table(rows: Sequence[Mistake]) -> str:
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    for r in rows:
        by_kind[r.kind][r.outcome] += 1
    lines = [(kind, *(words[w] for w in _OUTCOMES)) for kind, words in sorted(by_kind.items())]
    return table("Wrong gradients, by kind", ("kind", *_OUTCOMES), lines)


def worst_table(rows: Sequence[Right], most: int = 12) -> str:
    lines = []
    for setting in SETTINGS:
        mine = [r for r in rows if r.setting == setting]
        every = Counter(r.family for r in mine)
        undecided = [r for r in mine if r.verdict == "undecided"]
        for name, n in Counter(r.family for r in undecided).most_common(most):
            reason = Counter(r.reason.split(":")[0][:60] for r in undecided if r.family == name).most_common(
                1
            )[0][0]
            lines.append((f"{setting}  {name}", n, _percent(n, every[name]), reason))
    return table("Undecided: the worst families", ("family", "undecided", "share", "mostly because"), lines)


def _listed(title: str, rows: Sequence[Any], most: int = 40) -> None:
    if rows:
        print(f"\n{title} ({len(rows)})")
        for row in rows[:most]:
            print("  ", row.setting, "|", row.family, "| seed", row.seed, "|", *_details(row))


def _details(row: Right | Mistake) -> tuple[Any, ...]:
    if isinstance(row, Right):
        return row.block, "|", row.reason or row.verdict, f"| resolution {row.resolution:.1e}"
    return row.kind, "|", row.trigger, "|", row.detail


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verdicts", type=int, default=6000, help="about how many, on right gradients")
    parser.add_argument("--mistakes", type=int, default=None, help="about how many wrong gradients")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--family", action="append", choices=sorted(FAMILIES), help="only these")
    parser.add_argument("--journal", type=Path, help="a file to note what is done in, and to go on from")
    options = parser.parse_args()
    names = options.family or list(FAMILIES)
    blocks = sum(len(leaves_of(FAMILIES[n], families.draw(FAMILIES[n], 0))) for n in names)
    wrong = sum(len(list(families.mutants(FAMILIES[n]))) for n in names)
    per_right = max(1, round(options.verdicts / (len(SETTINGS) * blocks)))
    mistakes = max(4000, options.verdicts // 5) if options.mistakes is None else options.mistakes
    per_wrong = -(-mistakes // (len(SETTINGS) * wrong))
    journal = Journal(options.journal)
    print(provenance("numpy", "scipy", "gradtest"))
    print(f"{len(names)} families, {wrong} wrong gradients")
    with ProcessPoolExecutor(options.processes) as executor:
        pool = executor.map if options.processes > 1 else map
        rights: list[Right] = _run(pool, journal, _rights, names, per_right)
        wrongs: list[Mistake] = _run(pool, journal, _mistakes, names, per_wrong)
    print(
        rights_table(rights),
        planted_table(rights),
        mistakes_table(wrongs),
        kinds_table(wrongs),
        worst_table(rights),
        sep="\n",
    )
    _listed("False alarms", [r for r in rights if r.verdict == "disagrees"])
    _listed("Planted, not seen", [r for r in rights if r.planted == "agrees"])
    _listed("Planted, undecided", [r for r in rights if r.planted == "undecided"])
    _listed("Missed", [r for r in wrongs if r.outcome == "missed"], most=80)
    _listed("Right blocks blamed", [r for r in wrongs if r.outcome == "wrong block"])
    _listed("Undecided on wrong gradients", [r for r in wrongs if r.outcome == "undecided"], most=30)


if __name__ == "__main__":
    main()
