"""The zoo's table: is every wrong gradient found, how soon, how small, and is its mistake named?

    python tests/benchmarks/zoo.py [--seed N] [NAME ...]

One line for each specimen: after how many cases it was found, what became of the first suspect
(right, where, unknown, wrong), the size of the smallest case (most entries in any input),
forward evaluations until it was found, seconds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the specimens lie beside the tests

from specimens import SPECIMENS, Specimen

from gradtest.diagnosis.evidence import Finding
from gradtest.properties.search import search


class Row(NamedTuple):
    """One specimen's line."""

    name: str
    cases: int
    suspect: str
    entries: int
    evaluations: int
    seconds: float
    said: str


def entries(value: Any) -> int:
    """Return the size of an input, or of the largest part of one that is a container."""
    if isinstance(value, dict):
        return max(map(entries, value.values()), default=0)
    if isinstance(value, (list, tuple)):
        return max(map(entries, value), default=0)
    return int(np.size(value))


def first(findings: tuple[Finding, ...], specimen: Specimen) -> Finding | None:
    """Return the finding that would be read: that of the input which is wrong, or else the first."""
    wanted = [finding for finding in findings if finding.parameter == specimen.at]
    return next(iter(wanted or findings), None)


def row(specimen: Specimen, seed: int) -> Row:
    """Search for one specimen, shrink, diagnose."""
    start = time.perf_counter()
    outcome = search(specimen.target(), specimen.inputs, seed=seed, settings=specimen.settings)
    seconds = time.perf_counter() - start
    finding = first(outcome.findings, specimen)
    if finding is None:
        return Row(specimen.name, 0, "missed", 0, outcome.tally.evaluations, seconds, "")
    return Row(
        specimen.name,
        outcome.tally.cases,
        specimen.judged(finding.code, finding.what),
        entries(finding.inputs),
        outcome.tally.evaluations,
        seconds,
        f"{finding.code} {finding.what}",
    )


def show(line: Row) -> None:
    """Print one line."""
    print(
        f"{line.name:<50} {line.cases:>5} {line.suspect:<8} {line.entries:>7} {line.evaluations:>7} "
        f"{line.seconds:>6.1f}  {line.said[:70]}",
        flush=True,
    )


def totals(rows: list[Row]) -> str:
    """Return the totals, a line each."""
    found = [line for line in rows if line.suspect != "missed"]
    count = Counter(line.suspect for line in found)
    lines = [f"found            {len(found)} of {len(rows)}"]
    for word in ("right", "where", "unknown", "wrong"):
        lines.append(f"suspect {word:<8} {count[word]:>4}  {count[word] / max(1, len(found)):.1%}")
    if found:
        lines.append(f"smallest case    median {statistics.median(line.entries for line in found):g} entries")
        lines.append(f"found after      median {statistics.median(line.cases for line in found):g} cases")
        lines.append(f"time             {sum(line.seconds for line in rows):.0f} s")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="specimens whose name contains one of these; all by default")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    header = (
        f"{'specimen':<50} {'cases':>5} {'suspect':<8} {'entries':>7} {'evals':>7} {'s':>6}  first suspect"
    )
    print(header)
    rows = []
    for specimen in SPECIMENS:
        if asked.names and not any(name in specimen.name for name in asked.names):
            continue
        rows.append(row(specimen, asked.seed))
        show(rows[-1])
    print()
    print(totals(rows))


if __name__ == "__main__":
    main()
