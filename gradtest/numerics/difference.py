"""Second and third opinions: difference quotients, as estimates with an error of their own.

They have the shape of `differentiate.looks`, so that the same verdict is passed on them.  Their
errors are honest but large: a fixed step knows nothing of noise, and cannot tell a kink at the
point from a smooth function (`judgement` looks nearby for that).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from .estimate import Estimate, Quality
from .line import Line

__all__ = ["central", "scipy_forward"]


def central(line: Line, wanted: float = 1e-10) -> Iterator[Estimate]:
    """Yield the central difference with h = eps**(1/3), and its error by that with 2 h.

    Costs 4 evaluations.  Truncation grows as h**2: the two quotients differ by three times the
    error of the first.
    """
    step = line.scale * line.eps ** (1 / 3)
    narrow = (line(step) - line(-step)) / (2 * step)
    wide = (line(2 * step) - line(-2 * step)) / (4 * step)
    yield _estimate(line, narrow, abs(wide - narrow), step, 4)


def scipy_forward(line: Line, wanted: float = 1e-10) -> Iterator[Estimate]:
    """Yield what `scipy.optimize.check_grad` compares with: a forward difference, h = sqrt(eps).

    The error is judged by the same with h doubled (truncation grows as h).  Costs 2 evaluations.
    """
    from scipy.optimize import approx_fprime  # 0.4 s to import: only where it is asked for

    step = line.scale * math.sqrt(line.eps)
    narrow, wide = (float(approx_fprime([0.0], lambda t: line(float(t[0])), h)[0]) for h in (step, 2 * step))
    yield _estimate(line, narrow, 2 * abs(wide - narrow), step, 2)


def _estimate(line: Line, value: float, truncation: float, step: float, nodes: int) -> Estimate:
    rounding = 4 * line.eps * max(abs(line(0.0)), line.magnitude) / step
    error = truncation + rounding
    if not math.isfinite(value) or not math.isfinite(error):
        return Estimate(math.nan, math.inf, quality=Quality.NON_FINITE)
    steady = truncation <= max(1e-3 * abs(value), rounding)
    quality = Quality.CLEAN if steady else Quality.ROUGH
    flat = value == truncation == 0.0
    return Estimate(value, error, step=step, nodes=nodes + 1, flat=flat, confirmed=steady, quality=quality)
