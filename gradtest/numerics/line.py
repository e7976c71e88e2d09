"""A real function of one real variable, sampled once at each place and counted."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

from .chebyshev import nodes
from .rounding import EPS64, grain

__all__ = ["Line", "highest"]

_NEAR = 2.0**-6  # a little way off, in units of t
_SPARE = 5  # bits of a short cotangent, by which the function may be multiplied


class Line:
    """phi(t), with what is known of it before it is asked.

    Parameters
    ----------
    phi : callable, float -> float
        May return NaN or infinity where it is not defined.
    scale : float, in units of t
        How far one has to go for the argument to change by about its own size.
    eps : float
        Relative rounding of the precision in which phi computes.
    magnitude : float
        Size of the largest terms that are added up to give phi, where that is more than
        phi itself (an inner product that cancels).
    widest : float, optional
        How far from 0 phi may be asked at all; about four times its own size by default.
    origin : float, optional
        phi(0), where it is known already.
    hint : (float, int), optional
        Half-width and nodes of an interval that served well on a line like this one.
    grain : callable, optional
        Returns the relative rounding that the values of phi show at t (`rounding.grain`), which
        may be coarser than `eps`.  Asked only where phi hardly moves; by default the values seen
        so far tell, and one at t.
    """

    def __init__(
        self,
        phi: Callable[[float], float],
        *,
        scale: float = 1.0,
        eps: float = EPS64,
        magnitude: float = 0.0,
        widest: float | None = None,
        origin: float | None = None,
        hint: tuple[float, int] | None = None,
        grain: Callable[[float], float] | None = None,
    ) -> None:
        self._phi = phi
        self._seen: dict[float, float] = {} if origin is None else {0.0: origin}
        self.scale = scale
        self.eps = eps
        self.magnitude = magnitude
        self.widest = 4 * max(scale, 1.0) if widest is None else widest
        self.hint = hint
        self.evaluations = 0
        self._grain = grain

    def __call__(self, t: float) -> float:
        value = self._seen.get(t)
        if value is None:
            self.evaluations += 1
            value = self._seen[t] = self._phi(t)
        return value

    def around(self, step: float, n: int) -> list[float]:
        """Return phi at the n + 1 Chebyshev points of [-step, step], from the right to the left."""
        return [self(step * node) for node in nodes(n)]

    def beside(self, step: float, n: int) -> list[float]:
        """Return phi at the n + 1 Chebyshev points between 0 and `step` (of either sign), 0 last."""
        return [self(step * (0.5 + 0.5 * node)) for node in nodes(n)]

    @property
    def top(self) -> float:
        """The largest size of phi that was seen so far, where it is finite."""
        return max((abs(value) for value in self._seen.values() if math.isfinite(value)), default=0.0)

    def grain(self, step: float = _NEAR) -> float:
        """Return the relative rounding that the values show about `step` away, at least `eps`.

        By a number that is not short: what is short there all the same was rounded.
        """
        t = step * math.pi / 4
        if self._grain is not None:
            return max(self.eps, self._grain(t))
        self(t)
        return max(self.eps, grain(list(self._seen.values()), _SPARE))


def highest(line: Line, least: float) -> list[float]:
    """Return up to three places off 0 where |phi| is at least `least`, the highest first.

    What grows exponentially is large only in a narrow window: of places in octaves the highest is
    taken, and then the higher ones halfway to its neighbours, as long as phi is steep there.  Costs
    some 16 evaluations, up to 12 more where it is.
    """

    def height(t: float) -> float:
        return abs(line(t))

    outward = [2.0**k for k in (-5, -4, -3, -2, -1, 0, *range(1, 64, 2)) if 2.0**k < line.widest]
    places = [side * t for side in (-1, 1) for t in (*outward, line.widest)]
    places = sorted(t for t in places if math.isfinite(line(t)))
    for _ in range(6):
        top = max(map(height, places), default=0.0)
        if top == 0.0 or top >= least:
            break
        at = next(i for i, t in enumerate(places) if height(t) == top)
        halfway = [(a + b) / 2 for a, b in itertools.pairwise(places[max(0, at - 1) : at + 2])]
        places = sorted({*places, *(t for t in halfway if math.isfinite(line(t)) and t != 0.0)})
        if all(top / 4 <= height(t) <= top for t in halfway):
            break
    return sorted((t for t in places if height(t) >= least), key=height, reverse=True)[:3]
