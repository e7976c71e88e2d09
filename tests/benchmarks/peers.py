"""Other ways to a numerical derivative, measured on the same lines as ours.

Each offers a value, an error where it states one, and its cost.  What is not installed is left
out.
"""

from __future__ import annotations

import importlib.util
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from functions_with_known_derivatives import Case

__all__ = ["Method", "Result", "methods"]


@dataclass(frozen=True)
class Result:
    value: float
    error: float  # infinite where none is stated
    evaluations: int


@dataclass(frozen=True)
class Method:
    name: str
    run: Callable[[Callable[[float], float], float], tuple[float, float]]
    needs: str = "math"

    def available(self) -> bool:
        return importlib.util.find_spec(self.needs) is not None

    def measure(self, case: Case) -> Result:
        count = 0

        def phi(t: float) -> float:
            nonlocal count
            count += 1
            return case.phi(float(t))

        scale = case.options.get("scale", 1.0)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                value, error = self.run(phi, scale)
            except (ArithmeticError, ValueError, np.linalg.LinAlgError):
                value, error = math.nan, math.inf
        return Result(value, error, count)


def _central(step: float) -> Callable[[Callable[[float], float], float], tuple[float, float]]:
    return lambda phi, scale: ((phi(step * scale) - phi(-step * scale)) / (2 * step * scale), math.inf)


def _ridders(phi: Callable[[float], float], scale: float) -> tuple[float, float]:
    """Ridders (1982) as in Press et al., *Numerical Recipes*, dfridr: h falls by 1.4 from 0.1."""
    step, by, best, error = 0.1 * scale, 1.4, math.nan, math.inf
    rows: list[list[float]] = []
    for i in range(10):
        row = [(phi(step) - phi(-step)) / (2 * step)]
        step /= by
        factor = by * by
        for j in range(i):
            row.append((row[j] * factor - rows[i - 1][j]) / (factor - 1))
            factor *= by * by
            worse = max(abs(row[-1] - row[-2]), abs(row[-1] - rows[i - 1][j]))
            if worse <= error:
                best, error = row[-1], worse
        rows.append(row)
        if i and abs(row[-1] - rows[i - 1][-1]) >= 2 * error:
            break
    return best, error


def _scipy(phi: Callable[[float], float], scale: float) -> tuple[float, float]:
    from scipy.differentiate import derivative

    found = derivative(np.vectorize(phi, otypes=[float]), 0.0, initial_step=0.5 * scale)
    return float(found.df), float(found.error)


def _numdifftools(phi: Callable[[float], float], scale: float) -> tuple[float, float]:
    import numdifftools

    scaled = np.vectorize(lambda t: phi(t * scale), otypes=[float])
    found = numdifftools.Derivative(scaled, full_output=True)(0.0)
    if isinstance(found, tuple) and len(found) == 2:  # before 0.10: the value and its story
        value, error = found[0], found[1].error_estimate
    else:
        value, error = found.estimate, found.error_estimate
    return float(value) / scale, float(error) / scale


def methods() -> list[Method]:
    return [
        Method("central, h=1e-6", _central(1e-6)),
        Method("central, eps^(1/3)", _central(float(np.finfo(float).eps) ** (1 / 3))),
        Method("Ridders", _ridders),
        Method("scipy.differentiate", _scipy, "scipy"),
        Method("numdifftools", _numdifftools, "numdifftools"),
    ]
