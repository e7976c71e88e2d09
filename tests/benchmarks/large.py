"""One block of up to 1e8 parameters: the verdict, the wrong entry by name, evaluations, time and memory.

    python tests/benchmarks/large.py                                # up to 1e7 in float64
    python tests/benchmarks/large.py --dtype float32 --largest 100000000

The function is a weighted sum of x - x**3 / 3 (x in [0.5, 1.5], weights in [-1.5, -0.5] and
[0.5, 1.5]); its gradient is right, or has one entry that is wrong.  Each line is measured in a process
of its own.  Memory is the peak less that of the function itself, in copies of x; evaluations are those of
the verdict, and of all that was asked until the entry was named and its cause looked for.

Printed on 2026-11-22 (2 shared x86-64 cores under other load, NumPy 2.4.6, commit 135ee9f)::

    n                       gradient    verdict  resolution  evaluations  in all     s  copies  named
    1e+06 float64              right     agrees       1e-10           10      10   0.6     4.4
    1e+06 float64  one entry doubled  disagrees       1e-10           60      92   2.5     9.1  right
    1e+06 float64     one entry zero  disagrees       1e-10           60      92   3.1     9.1  right
    1e+06 float64  one entry negated  disagrees       1e-10           60      92   2.9     9.1  right
    1e+07 float64              right     agrees       2e-10           10      10   4.1     4.0
    1e+07 float64  one entry doubled  disagrees       2e-10           60     100  28.1     9.0  right
    1e+07 float64     one entry zero  disagrees       2e-10           60     100  25.6     9.0  right
    1e+07 float64  one entry negated  disagrees       2e-10           60      92  25.1     9.0  right
    1e+08 float32              right     agrees       4e-02           19      19  90.7     5.3

In float32 one wrong entry among 1e6 moves the function along a line by less than its rounding, and passes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from peak_memory import peak
from tables import provenance, table

import gradtest

MISTAKES = {"right": None, "one entry doubled": 2.0, "one entry zero": 0.0, "one entry negated": -1.0}


def target(n: int, dtype: str, mistake: str) -> tuple[Any, Any, int]:
    """Return a target of n parameters, a point, and the place of the entry that `mistake` is about."""
    rng = np.random.default_rng(0)
    x = rng.random(n, dtype=np.dtype(dtype).type)
    x += x.dtype.type(0.5)
    w = rng.random(n, dtype=x.dtype.type)
    w += x.dtype.type(0.5)
    w[1::2] *= -1
    place = int(rng.integers(n))

    def forward(x: Any) -> Any:
        y = x * x
        y *= -1 / x.dtype.type(3)
        y += 1
        y *= x
        return np.dot(w, y)

    def gradient(x: Any) -> Any:
        g = x * x
        np.subtract(1, g, out=g)
        g *= w
        factor = MISTAKES[mistake]
        if factor is not None:
            g[place] *= g.dtype.type(factor)
        return g

    return gradtest.target(forward, grad=gradient, name="weighted sum"), x, place


def one(n: int, dtype: str, mistake: str) -> dict[str, Any]:
    """Judge one case in this process."""
    small, point, _ = target(10, dtype, mistake)
    gradtest.check(small, point)  # imports
    subject, x, place = target(n, dtype, mistake)
    calls = 0

    def counted(x: Any) -> Any:
        nonlocal calls
        calls += 1
        return subject.forward(x)

    float(subject.forward(x))
    before = peak()
    start = time.perf_counter()
    report = gradtest.check(gradtest.target(counted, grad=subject.derivative, name=subject.name), x)
    entry = report.findings[0].entry if report.findings else None
    seconds = time.perf_counter() - start
    return {
        "verdict": report.verdict,
        "resolution": report.resolution,
        "evaluations": report.evaluations,
        "in all": calls,
        "seconds": seconds,
        "copies": (peak() - before) / x.nbytes,
        "named": "" if entry is None else "right" if entry.index == (place,) else f"{entry.index}",
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smallest", type=int, default=1_000_000)
    parser.add_argument("--largest", type=int, default=10_000_000)
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    parser.add_argument("--one", nargs=2, metavar=("N", "MISTAKE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(one(int(asked.one[0]), asked.dtype, asked.one[1])))
        return
    print(provenance("numpy", "gradtest"))
    rows, n = [], asked.smallest
    while n <= asked.largest:
        for mistake in MISTAKES:
            command = [sys.executable, __file__, "--dtype", asked.dtype, "--one", str(n), mistake]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            cost = json.loads(done.stdout.splitlines()[-1])
            words = [cost["verdict"], f"{cost['resolution']:.0e}", cost["evaluations"], cost["in all"]]
            spent = [f"{cost['seconds']:.1f}", f"{cost['copies']:.1f}"]
            rows.append([f"{n:.0e} {asked.dtype}", mistake, *words, *spent, cost["named"]])
            print(rows[-1], flush=True)
        n *= 10
    header = ["n", "gradient", "verdict", "resolution", "evaluations", "in all", "s", "copies of x", "named"]
    print(table("One block of many parameters", header, rows))


if __name__ == "__main__":
    main()
