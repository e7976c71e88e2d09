"""phi to the estimate of phi'(0): the spectral line probe.

Sample phi on Chebyshev points of [-h, h], read slope, error and noise off the coefficients
(`spectrum`), and choose h by what they say (`search`).  What Chebfun does to functions, done
to a derivative check.  Sources: Trefethen (2013); Aurentz and Trefethen (2017); More and Wild,
*Estimating computational noise* (2011); Shi, Xie, Xuan and Nocedal, *Adaptive
finite-difference interval estimation for noisy derivative-free optimization* (2022).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from .estimate import Estimate, Quality
from .line import Line
from .rounding import EPS64
from .search import Centre, Side

__all__ = ["EASY", "derivative", "looks", "one_sided"]

#: The relative error to be had without effort, as a power of the rounding.
EASY = 0.64

_VALUES = (Quality.CLEAN, Quality.NOISE, Quality.EDGE)


def derivative(
    phi: Callable[[float], float] | Line,
    *,
    scale: float = 1.0,
    wanted: float = 1e-10,
    budget: int = 200,
) -> Estimate:
    """Return the derivative of `phi` at 0, with how far it may be off.

    Parameters
    ----------
    phi : callable, float -> float
        Asked on both sides of 0, at distances from about ``scale * 1e-12`` up to ``4 * scale``.
    scale : float, in units of t
        How far one has to go for the argument of phi to change by about its own size.
    wanted : float
        Relative error at which to stop looking; in low precision at what is had without effort.
    budget : int
        About the largest number of evaluations of `phi`.  A smooth function takes 13, a noisy one
        some 40.

    Returns
    -------
    Estimate
        `value` and `error` in units of phi / t.  `error` is infinite where no two scales agree
        (`quality` says what was seen instead): a kink at 0, a jump, non-finite values.

    Raises
    ------
    TypeError
        If `phi` returns something other than one real number.

    Notes
    -----
    Not to be trusted without a second thought where `phi` has structure below 1e-12 of `scale`,
    or a feature so narrow that every sample misses it.

    >>> import math
    >>> slope = derivative(math.sin)
    >>> abs(slope.value - 1) <= slope.error < 1e-10
    True
    >>> derivative(abs).quality
    <Quality.KINK: 'the function has a kink at the point itself'>
    """
    line = phi if isinstance(phi, Line) else Line(_real(phi), scale=scale)
    wanted = _within_reach(line, wanted)
    return _best(looks(line, wanted), line, wanted, budget)


def _within_reach(line: Line, wanted: float) -> float:
    return max(wanted, line.eps**EASY) if line.eps > EPS64 else wanted


def _best(found: Iterable[Estimate], line: Line, wanted: float, budget: int) -> Estimate:
    """Return the sharpest confirmed estimate, or one without a value that says what was seen."""
    best: Estimate | None = None
    seen: Quality | None = None
    for look in found:
        if look.confirmed and (best is None or look.error < best.error):
            best = look
            if look.error <= wanted * abs(look.value):
                break
        elif look.quality not in _VALUES and seen not in (Quality.KINK, Quality.JUMP):
            seen = look.quality
        if line.evaluations >= budget:
            break
    return best or Estimate(math.nan, math.inf, quality=seen or Quality.ROUGH)


def _real(phi: Callable[[float], float]) -> Callable[[float], float]:
    def checked(t: float) -> float:
        value = phi(t)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise TypeError(f"phi({t!r}) returned {type(value).__name__}, expected one real number") from None

    return checked


def looks(line: Line, wanted: float = 1e-10) -> Iterator[Estimate]:
    """Yield ever better estimates of the slope of `line` at 0; stop pulling when satisfied.

    The first costs 4 evaluations (and phi(0)) and is optimistic; it may agree with a claim made
    without looking, since a wrong claim does not agree by chance to ten digits.  Only an
    estimate that is `confirmed` by another scale may contradict one.

    Parameters
    ----------
    line : Line
    wanted : float
        Relative error from which on a confirmation is worth more than more digits.

    Yields
    ------
    Estimate
        In the order in which they were found.  Where only one side of the point is finite, those
        of `one_sided`, of quality EDGE.
    """
    centre = Centre(line, wanted)
    yield from centre.run()
    if not centre.readings and math.isfinite(line(0.0)):
        for side in (+1, -1):
            for look in Side(line, wanted, side).run():
                yield replace(look, quality=Quality.EDGE) if look.confirmed else look


def one_sided(line: Line, side: int, *, wanted: float = 1e-10) -> Estimate:
    """Return the derivative at 0 from one side (+1: right, -1: left), with its error.

    The same as `derivative` on [0, h] or [-h, 0].  The ends weigh T'_k(-1) = +-k**2, so that the
    error is larger than that of a two-sided probe by a factor of ten or so.  Costs 13 to 60
    evaluations.
    """
    wanted = _within_reach(line, wanted)
    return _best(Side(line, wanted, side).run(), line, wanted, line.evaluations + 200)
