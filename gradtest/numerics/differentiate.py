"""phi to the estimate of phi'(0): the spectral line probe.

Sample phi on Chebyshev points of [-h, h], read slope, error and noise off the coefficients
(`spectrum`), and move h: down while the tail stands above the rounding (a kink, or too
coarse), up while the rounding is what limits the error.  What Chebfun does to functions, done
to a derivative check.  Sources: Trefethen (2013); Aurentz and Trefethen (2017); More and Wild,
*Estimating computational noise* (2011); Shi, Xie, Xuan and Nocedal, *Adaptive
finite-difference interval estimation for noisy derivative-free optimization* (2022).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

from .chebyshev import slopes_at_centre, slopes_at_end
from .estimate import Estimate, Quality
from .line import Line
from .rounding import power_of_two
from .spectrum import Reading, read

__all__ = ["derivative", "looks", "one_sided"]

_DOWN = 1 / 16  # one step down: a smooth tail of degree 8 falls by 16**8, the error grows by 16
_FAR = 2.0**-12  # where noise is suspected: nothing that looked like it is still folded there
_FINER = 1 / 4  # the scale that confirms: near enough to be as sharp, far enough to alias otherwise
_MOST_UP = 2.0**12  # a jump further than this is not trusted to one reading of the noise
_SMALLEST = 2.0**-40  # of the scale: below, x + t v has no digits left to differ in


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
        Relative error at which to stop looking.
    budget : int
        About the largest number of evaluations of `phi`.  A smooth function takes 10 to 20.

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
    best: Estimate | None = None
    for look in looks(line, wanted):
        if look.confirmed and (best is None or look.error < best.error):
            best = look
            if look.error <= wanted * abs(look.value):
                break
        if line.evaluations >= budget:
            break
    if best is not None and (best.quality is not Quality.ROUGH or not _two_slopes(line)):
        return best
    return _without_value(line)


def _real(phi: Callable[[float], float]) -> Callable[[float], float]:
    def checked(t: float) -> float:
        value = phi(t)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"phi({t!r}) returned {type(value).__name__}, expected one real number"
            ) from None

    return checked


def _two_slopes(line: Line) -> bool:
    """Whether the two sides differ, which a centre that stayed rough does not tell."""
    left, right = one_sided(line, -1), one_sided(line, +1)
    return left.finite and right.finite and abs(left.value - right.value) > 2 * (left.error + right.error)


def _without_value(line: Line) -> Estimate:
    """Say why there is no derivative: the two sides differ, or nothing was finite or resolved."""
    if not math.isfinite(line(0.0)):
        quality = Quality.NON_FINITE
    else:
        left, right = one_sided(line, -1), one_sided(line, +1)
        if not (left.finite or right.finite):
            quality = Quality.ROUGH
        elif left.finite and right.finite and not left.matches(right):
            quality = Quality.KINK
        else:
            quality = Quality.NOISE if left.finite and right.finite else Quality.NON_FINITE
    return Estimate(math.nan, math.inf, quality=quality)


def looks(line: Line, wanted: float = 1e-10) -> Iterator[Estimate]:
    """Yield ever better estimates of the slope of `line` at 0; stop pulling when satisfied.

    The first costs 4 evaluations (and phi(0)) and is optimistic; it may agree with a claim made
    without looking, since a wrong claim does not agree by chance to ten digits.  Only an
    estimate that is `confirmed` by another scale may contradict one.

    Parameters
    ----------
    line : Line
    wanted : float
        Relative error below which no other scale is looked for.

    Yields
    ------
    Estimate
        In the order in which they were found; not necessarily improving.
    """
    return _Centre(line, wanted).run()


def one_sided(line: Line, side: int, *, wanted: float = 1e-10) -> Estimate:
    """Return the derivative at 0 from one side (+1: right, -1: left), with its error.

    The same as `derivative` on [0, h] or [-h, 0].  The ends weigh T'_k(-1) = +-k**2, so that the
    error is larger than that of a two-sided probe by a factor of ten or so.  Costs 20 to 60
    evaluations.
    """
    best: Estimate | None = None
    for look in _Side(line, wanted, side).run():
        if look.confirmed and (best is None or look.error < best.error):
            best = look
            if look.error <= wanted * abs(look.value):
                break
    return best or Estimate(math.nan, math.inf, quality=Quality.ROUGH)


class _Centre:
    """The search over scales; `_Side` shares it, with another interval and other weights."""

    def __init__(self, line: Line, wanted: float) -> None:
        self.line = line
        self.wanted = wanted
        self.readings: list[Reading] = []
        self.tails: list[float] = []  # their heights, on the way down
        self.noise = 0.0  # of one sample, once it is known to be noise and not structure

    # -- one look ---------------------------------------------------------------------------

    def sample(self, step: float, n: int) -> Reading | None:
        line = self.line
        return read(line.around(step, n), step, slopes_at_centre(n), line)

    def look(self, step: float, n: int) -> Reading | None:
        reading = self.sample(step, n)
        if reading is not None:
            self.readings.append(reading)
        return reading

    def estimate(self, reading: Reading | None) -> Estimate:
        if reading is None:
            return Estimate(math.nan, math.inf, quality=Quality.NON_FINITE)
        return Estimate(
            reading.value,
            reading.error,
            step=abs(reading.step),
            nodes=reading.nodes,
            noise=reading.noise,
            steepest=reading.steepest,
            flat=reading.flat,
            confirmed=self.confirmed(reading),
            quality=self.quality(reading),
        )

    def quality(self, reading: Reading) -> Quality:
        if not reading.rough:
            return Quality.CLEAN
        if reading.noise <= 10 * self.noise:
            return Quality.NOISE
        falls = [later / earlier for earlier, later in itertools.pairwise(self.tails)]
        kinked = len(falls) >= 2 and all(_DOWN / 3 < fall < 3 * _DOWN for fall in falls[-2:])
        return Quality.KINK if kinked else Quality.ROUGH

    def confirmed(self, reading: Reading) -> bool:
        """Whether another scale, itself not much blunter, says the same (this catches aliasing)."""
        return reading.nodes > 4 and any(
            other.step != reading.step
            and other.nodes > 4
            and other.error <= 64 * reading.error
            and abs(other.value - reading.value) <= other.error + reading.error
            for other in self.readings
        )

    # -- the search -------------------------------------------------------------------------

    def run(self) -> Iterator[Estimate]:
        line = self.line
        step = min(power_of_two(line.scale * line.eps ** (1 / 6)), power_of_two(line.widest))
        yield self.estimate(self.look(step, 4))
        reading = self.look(step, 8)
        if reading is not None:
            self.tails.append(reading.plateau)
        yield self.estimate(reading)
        yield from self.down(step, reading)
        yield from self.up()
        yield from self.confirm()
        yield from self.average()

    def down(self, step: float, reading: Reading | None) -> Iterator[Estimate]:
        """Shrink while the tail stands above the rounding.

        A tail that shrinks with the interval is a kink, at the point or a little way off; one
        that stays is noise, or an oscillation so fast that it looks like noise, which a far
        jump tells apart.
        """
        while reading is None or reading.rough:
            stays = len(self.tails) > 1 and self.tails[-1] > self.tails[-2] / 3
            step *= _FAR if stays else _DOWN
            if step < _SMALLEST * self.line.scale:
                return
            reading = self.look(step, 8)
            if reading is not None:
                self.tails.append(reading.plateau)
            yield self.estimate(reading)
            if reading is not None and (
                reading.stairs or (stays and self.tails[-1] > self.tails[-2] / 3)
            ):
                self.noise = reading.noise
                return

    def up(self) -> Iterator[Estimate]:
        """Widen while noise is what limits the error; more nodes where the series is longer."""
        while self.readings:
            best = self.best()
            need = best.error / max(self.wanted * max(abs(best.value), best.steepest), 5e-324)
            factor = min(power_of_two(max(need, 1.0)) * 2, _MOST_UP, power_of_two(self.line.widest / best.step))
            if need <= 1 or factor < 2:
                return
            improved = False
            while factor >= 2 and not improved:
                for n in (8, 16, 32):
                    wider = self.look(best.step * factor, n)
                    yield self.estimate(wider)
                    if wider is None or wider.error < best.error / 2:
                        break
                    if not wider.rough:
                        break
                improved = wider is not None and wider.error < best.error / 2
                factor = factor / 8
            if not improved:
                return

    def confirm(self) -> Iterator[Estimate]:
        """Look at the scale next to the best one, finer first."""
        if not self.readings:
            return
        best = self.best()
        for factor in (_FINER, 1 / _FINER):
            if best.step * factor <= self.line.widest:
                other = self.look(best.step * factor, best.nodes)
                yield self.estimate(best)
                yield self.estimate(other)

    def average(self) -> Iterator[Estimate]:
        """More nodes at the best scale and beside it: the noise goes down as 1/sqrt(n)."""
        for n in (16, 32, 64):
            if not self.readings:
                return
            best = self.best()
            for factor in (1.0, _FINER):
                reading = self.look(best.step * factor, n)
                yield self.estimate(reading)

    def best(self) -> Reading:
        long = [r for r in self.readings if r.nodes > 4]
        return min(long or self.readings, key=_error)


class _Side(_Centre):
    """The search on [0, h] (side +1) or [-h, 0] (side -1)."""

    def __init__(self, line: Line, wanted: float, side: int) -> None:
        super().__init__(line, wanted)
        self.side = side

    def sample(self, step: float, n: int) -> Reading | None:
        line, signed = self.line, self.side * step
        # d/dt of T_k(2 t/h - 1) at t = 0 is 2 T'_k(-1) / h: half the width is the unit.
        reading = read(line.beside(signed, n), signed / 2, slopes_at_end(n), line)
        return None if reading is None else reading._replace(step=step)


def _error(reading: Reading) -> float:
    return reading.error
