"""What one verdict costs, beside what people do today: every coordinate by a difference quotient.

    python tests/benchmarks/first_look.py

Each checker looks at the same right gradient, and at one in which a single entry is off by 1 %.
The others return a number, which somebody has to hold against a tolerance.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import optimize

sys.path.insert(0, str(Path(__file__).resolve().parent))

from tables import provenance, table

import gradtest

Function = Callable[[Any], Any]


class Counted:
    """A function that counts its calls."""

    def __init__(self, function: Function) -> None:
        self.function, self.calls = function, 0

    def __call__(self, x: Any) -> Any:
        self.calls += 1
        return self.function(x)


class Objective(NamedTuple):
    """A function of n parameters and its gradient."""

    name: str
    make: Callable[[int], tuple[Function, Function, Any]]


def _rosenbrock(n: int) -> tuple[Function, Function, Any]:
    return optimize.rosen, optimize.rosen_der, np.random.default_rng(n).uniform(0.5, 1.5, n)


def _logistic(n: int) -> tuple[Function, Function, Any]:
    """Logistic regression of 20 examples on n features."""
    rng = np.random.default_rng(n)
    x, y = rng.standard_normal((20, n)), rng.choice([-1.0, 1.0], 20)

    def loss(w: Any) -> Any:
        return float(np.logaddexp(0, -y * (x @ w)).mean() + 0.05 * (w @ w))

    def gradient(w: Any) -> Any:
        margin = -y * (x @ w)
        return -(x.T @ (y * np.exp(margin - np.logaddexp(0, margin)))) / 20 + 0.1 * w

    return loss, gradient, rng.standard_normal(n) / np.sqrt(n)


OBJECTIVES = (Objective("Rosenbrock", _rosenbrock), Objective("logistic regression", _logistic))


def _gradtest(f: Function, grad: Function, x: Any) -> str:
    report = gradtest.check_grad(f, grad, x)
    return f"{report.verdict} ({report.resolution:.0e})" if report.ok else report.verdict


def _scipy(f: Function, grad: Function, x: Any) -> str:
    return f"{optimize.check_grad(f, grad, x):.1e}"


def _central(h: float) -> Callable[[Function, Function, Any], str]:
    def check(f: Function, grad: Function, x: Any) -> str:
        worst, analytic = 0.0, grad(x)
        for i in range(x.size):
            step = np.zeros_like(x)
            step[i] = h
            worst = max(worst, abs((f(x + step) - f(x - step)) / (2 * h) - analytic[i]))
        return f"{worst:.1e}"

    return check


CHECKERS: dict[str, Callable[[Function, Function, Any], str]] = {
    "gradtest.check_grad": _gradtest,
    "scipy.optimize.check_grad": _scipy,
    "central, h = 1e-6": _central(1e-6),
    "central, h = eps^(1/3)": _central(float(np.finfo(float).eps ** (1 / 3))),
}


def one_entry_off(grad: Function) -> Function:
    def wrong(x: Any) -> Any:
        d = np.array(grad(x))
        d[d.size // 3] *= 1.01
        return d

    return wrong


def rows(objective: Objective, n: int, repeats: int = 3) -> list[tuple[Any, ...]]:
    """Return one row for each checker: evaluations and time of the best of some runs, and its words."""
    f, grad, x = objective.make(n)
    found = []
    for name, check in CHECKERS.items():
        times = []
        for _ in range(repeats if n <= 1000 else 1):
            counted = Counted(f)
            start = time.perf_counter()
            right = check(counted, grad, x)
            times.append(time.perf_counter() - start)
        wrong = check(f, one_entry_off(grad), x)
        found.append((f"n = {n}, {name}", counted.calls, f"{1e3 * min(times):.2f}", right, wrong))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=10_000)
    options = parser.parse_args()
    print(provenance("numpy", "scipy", "gradtest"))
    for objective in OBJECTIVES:
        _gradtest(*objective.make(3))  # warm up
        lines = [row for n in (10, 100, 1000, 10_000) if n <= options.largest for row in rows(objective, n)]
        header = ("checker", "evaluations", "ms", "right gradient", "one entry off by 1 %")
        print(table(objective.name, header, lines))


if __name__ == "__main__":
    main()
