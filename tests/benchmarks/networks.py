"""The reference over generated networks: false alarms, undecided and cost, in one run.

    python tests/benchmarks/networks.py --networks 20000

Half of the networks are nasty on purpose: integers, zeros, ties, dead units, saturated outputs.

Printed on 2026-11-22 (2 shared x86-64 cores, CPython 3.11.7, NumPy 2.4.6, commit 135ee9f) for 2,000
networks: 0 false alarms, 7 undecided, a median of 4.3 evaluations a block.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # reference/ is not installed

import gradtest
import reference
from gradtest.properties.search import Point, search


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    target = gradtest.target(reference.summed_loss, grad=reference.summed_loss_gradients)
    verdicts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    costs: list[float] = []
    depths: Counter[int] = Counter()

    def observe(point: Point, report: gradtest.Report) -> None:
        verdicts[report.verdict] += 1
        depths[len(point["weights"])] += 1
        costs.append(report.evaluations / max(1, len(report.blocks)))
        if report.verdict == "undecided":
            reasons[report.reason] += 1

    start = time.perf_counter()
    outcome = search(
        target, gradtest.networks(), max_examples=options.networks, seed=options.seed, observe=observe
    )
    seconds = time.perf_counter() - start
    total = sum(verdicts.values())
    print(f"gradtest {gradtest.__version__}, NumPy {np.__version__}, Python {platform.python_version()}")
    print(f"networks          {total}  (depths {dict(sorted(depths.items()))})")
    print(f"false alarms      {verdicts['disagrees']}")
    print(f"undecided         {verdicts['undecided']}  ({verdicts['undecided'] / total:.2%})")
    print(f"judged nearby     {outcome.tally.nearby}  ({outcome.tally.nearby / total:.1%})")
    middle, high = np.quantile(costs, [0.5, 0.9])
    print(f"evaluations       median {middle:.1f} a block, 90 % below {high:.1f}")
    print(f"time              {seconds:.0f} s, {1000 * seconds / total:.1f} ms a network")
    for reason, count in reasons.most_common(8):
        print(f"  {count:5d}  {reason}")
    for finding in outcome.findings:
        print(finding.headline)


if __name__ == "__main__":
    main()
