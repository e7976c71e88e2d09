"""Calibration of the numerical derivative: how often is the truth inside, how tight, at what cost?

    python tests/benchmarks/calibration.py [--each N] [--only KIND ...] [--no-peers] [--plot FILE.png]

Prints four tables: `derivative` without a claim; `compare` with right and wrong claims; the
peers on the same lines; gradtest's own time.  Every number is a share or a ratio of counts,
except the last table.  ``--plot`` draws stated against true errors, a panel for each kind.

Printed on 2026-11-22 (2 shared x86-64 cores, CPython 3.11.7, NumPy 2.4.6, commit b7211e7), in all::

    derivative   8,885 lines   99.96 % inside   5.9 digits stated   37 evaluations (median)
    compare      8,705 claims  83.68 % agree    16.30 % undecided   2 right ones contradicted

Both of those contradicted cancel inside, and so does what lies outside its error by far; of the kinds
computed in float64 only that one let claims pass that are off by 3 resolutions (8).  Own time: 3.2 us
an evaluation.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if importlib.util.find_spec("gradtest") is None:  # not installed: run from the checkout
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import calibration_cases
import peers
import rough_cases
from functions_with_known_derivatives import Case

from gradtest.numerics.chebyshev import slopes_at_centre
from gradtest.numerics.differentiate import derivative
from gradtest.numerics.estimate import Estimate, Quality
from gradtest.numerics.line import Line
from gradtest.numerics.spectrum import read
from gradtest.probe import Claim
from gradtest.verdict import Word, compare

CONFIDENT = (Quality.CLEAN, Quality.NOISE, Quality.EDGE)


@dataclass(frozen=True)
class Measured:
    """What `derivative` said of one case."""

    case: Case
    slope: Estimate
    evaluations: int

    @property
    def confident(self) -> bool:
        return self.slope.finite and self.slope.quality in CONFIDENT

    @property
    def off(self) -> float:
        """|numeric - true| in units of the stated error; infinite for a value where there is none.

        At a kink the value must hold both one-sided derivatives in its error.
        """
        if math.isnan(self.case.truth) and self.case.sides is None:
            return math.inf
        away = max(abs(self.slope.value - true) for true in self.case.sides or [self.case.truth])
        return away / self.slope.error if self.slope.error else math.inf if away else 0.0


@dataclass(frozen=True)
class Held:
    """What `compare` said of one case with one claim (`wrong` by that relative error)."""

    case: Case
    wrong: float | str
    word: Word
    resolution: float
    evaluations: int


def line_of(case: Case) -> Line:
    return Line(case.phi, **case.options)


def measure(case: Case) -> Measured:
    line = line_of(case)
    return Measured(case, derivative(line), line.evaluations)


def hold(case: Case, factor: float, wrong: float | str) -> Held:
    line = line_of(case)
    value = case.truth * factor
    found = compare(line, Claim(value, abs(value), 50 * line.eps * abs(value)))
    return Held(case, wrong, found.word, found.resolution, line.evaluations)


def claims(case: Case) -> Iterable[Held]:
    """Hold the right claim against the line, then wrong ones that it should have told apart."""
    right = hold(case, 1.0, 0.0)
    yield right
    if right.word is not Word.AGREES or case.truth == 0.0 or not 0 < right.resolution < 0.3:
        return
    for error in (1e-3, 1e-6):
        if 4 * right.resolution < error:
            yield hold(case, 1 + error, error)
            yield hold(case, 1 - error, error)
    yield hold(case, 1 + 3 * right.resolution, "3 r")
    yield hold(case, 1 - 3 * right.resolution, "3 r")


def best_in_hindsight(case: Case) -> float:
    """Return the least error stated by any one interval that does hold the truth."""
    line = line_of(case)
    best = math.inf
    for n in (8, 16, 32):
        for k in range(-2, 36):
            step = 2.0**-k
            if step > line.widest:
                continue
            reading = read(line.around(step, n), step, slopes_at_centre(n), line)
            if reading is not None and abs(reading.value - case.truth) <= reading.error:
                best = min(best, reading.error)
    return best


# -- tables -----------------------------------------------------------------------------------


def median(values: Iterable[float]) -> float:
    return statistics.median(list(values) or [math.nan])


def at_most(values: Iterable[float], share: float) -> float:
    ordered = sorted(values) or [math.nan]
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:6.2f}" if whole else "     -"


def digits(x: float) -> float:
    return math.log10(x) if 0 < x < math.inf else math.nan


def by_kind(items: Iterable[Any], kind: Callable[[Any], str]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for item in items:
        groups[kind(item)].append(item)
    return groups


def show(title: str, head: str, rows: Iterable[str]) -> None:
    print(f"\n{title}\n{head}\n{'-' * len(head)}")
    for row in rows:
        print(row)


def derivative_row(name: str, group: Sequence[Measured], hindsight: bool) -> str:
    sure = [m for m in group if m.confident]
    inside = sum(m.off <= 1 for m in sure)
    worst = max((m.off for m in sure), default=math.nan)
    real = [m for m in sure if m.case.truth and math.isfinite(m.off)]
    stated = median(-digits(m.slope.error / abs(m.case.truth)) for m in real)
    lost = median(-digits(max(m.off, 1e-6)) for m in real)
    given_up = math.nan
    if hindsight:
        some = real[:: max(1, len(real) // 40)]
        bests = [(m.slope.error, best_in_hindsight(m.case)) for m in some]
        given_up = median(digits(error / best) for error, best in bests if best < math.inf)
    cost = [m.evaluations for m in group]
    return (
        f"{name:24s}{len(group):6d} {share(inside, len(sure))} {worst:8.2g}"
        f" {share(len(group) - len(sure), len(group))} {stated:7.1f} {lost:6.1f} {given_up:6.1f}"
        f"   {median(cost):5.0f} {at_most(cost, 0.9):5.0f} {max(cost):5.0f}"
    )


def show_derivative(measured: Sequence[Measured], hindsight: bool) -> None:
    head = f"{'derivative':24s} cases inside%  worst   none%  digits   lost   best   evals   90%   max"
    groups = by_kind(measured, lambda m: m.case.kind)
    rows = [derivative_row(name, group, hindsight) for name, group in groups.items()]
    proper = [m for m in measured if m.case.kind != rough_cases.ANOTHER]
    show(
        "Without a claim.  inside: truth within the stated error, where a value is given (as smooth or\n"
        "noisy, or from one side at an edge);  worst: |numeric - true| / error;  none: no such value;\n"
        "digits: stated, relative;  lost: digits between true and stated error;  best: digits between\n"
        f"stated error and that of the best interval.  {rough_cases.ANOTHER}: what is computed is locally\n"
        "another smooth function than what is meant, and has another derivative; left out of the sum.",
        head,
        [*rows, derivative_row("sum", proper, False)],
    )


def compare_row(name: str, group: Sequence[Held]) -> str:
    right = [h for h in group if h.wrong == 0.0]
    words = [h.word for h in right]
    agreed = [h for h in right if h.word is Word.AGREES]
    resolution = median(digits(h.resolution) for h in agreed if h.resolution)
    cost = [h.evaluations for h in right]
    row = (
        f"{name:24s}{len(right):6d} {share(len(agreed), len(right))}"
        f" {share(words.count(Word.UNDECIDED), len(right))} {words.count(Word.DISAGREES):6d}"
        f"  {resolution:6.1f}   {median(cost):5.0f} {at_most(cost, 0.9):5.0f} {max(cost, default=0):5.0f}  "
    )
    for wrong in (1e-3, 1e-6, "3 r"):
        tried = [h for h in group if h.wrong == wrong]
        found = sum(h.word is Word.DISAGREES for h in tried)
        slipped = sum(h.word is Word.AGREES for h in tried)
        row += f" {share(found, len(tried))}{slipped:5d}"
    return row


def show_compare(held: Sequence[Held]) -> None:
    head = (
        f"{'compare':24s} cases agrees% undec%  false  resol.   evals   90%   max"
        "   1e-3 slip    1e-6 slip     3r slip"
    )
    groups = by_kind(held, lambda h: h.case.kind)
    rows = [compare_row(name, group) for name, group in groups.items()]
    proper = [h for h in held if h.case.kind != rough_cases.ANOTHER]
    show(
        "With a claim.  false: right claims contradicted;  resol.: median log10 of the resolution stated;\n"
        "then claims wrong by 1e-3, 1e-6 and 3 resolutions: found, and how many agreed all the same",
        head,
        [*rows, compare_row("sum", proper)],
    )


def peer_row(name: str, group: Sequence[Case], method: peers.Method) -> str:
    results = [method.measure(case) for case in group]
    pairs = [(abs(r.value - c.truth), r, c) for r, c in zip(results, group, strict=True)]
    finite = [(off, r, c) for off, r, c in pairs if math.isfinite(off)]
    right = median(-digits(max(off, 1e-17 * abs(c.truth)) / abs(c.truth)) for off, r, c in finite if c.truth)
    known = [(off, r) for off, r, c in finite if math.isfinite(r.error)]
    inside = sum(off <= r.error for off, r in known)
    cost = median(r.evaluations for r in results)
    return f" {right:5.1f} {share(inside, len(known))} {cost:5.0f} |"


def show_peers(cases: Sequence[Case], most: int) -> None:
    methods = [method for method in peers.methods() if method.available()]
    for method in peers.methods():
        if not method.available():
            print(f"\n{method.name}: not installed, left out")
    groups = by_kind(cases, lambda c: c.kind)
    head = f"{'':24s}" + "".join(f"{method.name:>20s} |" for method in methods)
    second = f"{'peers':24s}" + "  true inside%  cost |" * len(methods)
    rows = []
    for name, group in groups.items():
        some = group[:: max(1, len(group) // most)]
        rows.append(f"{name:24s}" + "".join(peer_row(name, some, method) for method in methods))
    show(
        "The peers, on up to that many lines of each kind.  true: median digits that are right;\n"
        "inside: truth within the error it states (where it states one);  cost: median evaluations",
        head + "\n" + second,
        rows,
    )


def own_time() -> list[tuple[str, float, int]]:
    """Return gradtest's own microseconds for one call with a trivial phi, and its evaluations."""

    def agreed(line: Line) -> None:
        compare(line, Claim(1.0, 1.0, 1e-14))

    rows = []
    for name, work in (("compare, right claim", agreed), ("derivative", lambda line: derivative(line))):
        line = Line(math.exp)
        work(line)
        times = []
        for _ in range(7):
            start = time.process_time()
            for _ in range(300):
                work(Line(math.exp))
            times.append((time.process_time() - start) / 300)
        rows.append((name, 1e6 * min(times), line.evaluations))
    return rows


def show_time() -> None:
    show(
        "Own time, phi = math.exp",
        f"{'':24s} us a call   evaluations   us an evaluation",
        [f"{name:24s} {us:9.1f} {n:13d} {us / n:18.2f}" for name, us, n in own_time()],
    )


# -- picture ----------------------------------------------------------------------------------


def plot(measured: Sequence[Measured], file: str) -> None:
    """Draw stated against true relative error, one panel for each kind."""
    from matplotlib.figure import Figure

    groups = by_kind([m for m in measured if m.confident and m.case.truth], lambda m: m.case.kind)
    columns = 6
    lines = -(-len(groups) // columns)
    figure = Figure(figsize=(3 * columns, 2.8 * lines), layout="constrained")
    for number, (kind, group) in enumerate(groups.items()):
        axes = figure.add_subplot(lines, columns, number + 1)
        size = [abs(m.case.truth) for m in group]
        true = [max(abs(m.slope.value - m.case.truth) / s, 1e-18) for m, s in zip(group, size, strict=True)]
        axes.loglog([m.slope.error / s for m, s in zip(group, size, strict=True)], true, ".", ms=2)
        axes.loglog([1e-18, 1], [1e-18, 1], "k-", lw=0.5)
        axes.set(title=kind, xlim=(1e-18, 10), ylim=(1e-18, 10))
    figure.supxlabel("stated error, relative")
    figure.supylabel("true error, relative (below the line: inside)")
    figure.savefig(file, dpi=100)


def gather(each: int, only: Sequence[str]) -> list[Case]:
    kinds = calibration_cases.KINDS | rough_cases.KINDS
    unknown = [name for name in only if name not in kinds]
    if unknown:
        raise SystemExit(f"unknown kind {unknown[0]!r}; known: {', '.join(kinds)}")
    return [case for name, make in kinds.items() if not only or name in only for case in make(each)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=4, help="random directions at each point")
    parser.add_argument("--only", nargs="*", default=[], help="kinds to measure")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--no-hindsight", action="store_true")
    parser.add_argument("--misses", type=int, default=0, help="list so many of the worst cases")
    parser.add_argument("--plot", metavar="FILE.png")
    asked = parser.parse_args()
    cases = gather(asked.each, asked.only)
    measured = [measure(case) for case in cases]
    show_derivative(measured, not asked.no_hindsight)
    bad = sorted((m for m in measured if m.confident and m.off > 1), key=lambda m: -m.off)
    for m in bad[: asked.misses]:
        print(f"{m.off:9.2g}  {m.case}  true {m.case.truth:.6g}  {m.slope}")
    held = [h for case in cases if math.isfinite(case.truth) for h in claims(case)]
    show_compare(held)
    for h in [
        h
        for h in held
        if (h.wrong == 0.0) == (h.word is Word.DISAGREES) and not (h.wrong == 0.0 and h.word is Word.AGREES)
    ][: asked.misses]:
        print(f"  {h.word}  claim off by {h.wrong}: {h.case}  r={h.resolution:.2g} n={h.evaluations}")
    if not asked.no_peers:
        show_peers(cases, most=40)
    show_time()
    if asked.plot:
        plot(measured, asked.plot)


if __name__ == "__main__":
    main()
