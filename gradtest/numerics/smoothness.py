"""Kinks, jumps, steps and noise, read off samples already taken, and how far smoothness reaches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from .spectrum import Reading

__all__ = ["exponent", "fall", "noise_like", "reach", "slight", "step_height", "symmetric"]

_ALIKE = 0.999  # cosine above which two tails are one shape; of 4 normal numbers, one pair in 20,000
_FINE = 2.0**-34  # of the values: below, a common step cannot be told from rounding (sqrt(eps) and some)


def exponent(wide: Reading, narrow: Reading) -> float | None:
    """Return a if the function is rough as |t|**a at the point itself, None if it is otherwise.

    What is singular at 0 looks the same at every scale, but for its height h**a: 1 for a kink,
    0 for a jump, 1/2 for a cusp.  Noise never looks the same twice; a kink elsewhere moves
    within the interval; a smooth function is smooth.
    """
    if abs(narrow.step) > abs(wide.step) / 8:
        return None  # too near to tell one power from another
    a, b = wide.c[5:], narrow.c[5:]  # which no smooth function reaches, on the scales where this is asked
    high, low = math.hypot(*a), math.hypot(*b)
    if not (0.0 < high < math.inf and 0.0 < low < math.inf):
        return None
    cosine = math.fsum((x / high) * (y / low) for x, y in zip(a, b, strict=True))
    if abs(cosine) < _ALIKE:
        return None
    return math.log(low / high) / math.log(abs(narrow.step / wide.step))


def symmetric(reading: Reading) -> bool:
    """Whether all but the slope is even about the point, as a kink at the point is."""
    odd = max(map(abs, reading.c[3::2]))
    even = max(map(abs, reading.c[4::2]))
    return odd < 0.02 * even


def slight(reading: Reading, share: float = 1e-3) -> bool:
    """Whether the tail is far too small for a kink, which leaves a hundredth of slope times width."""
    return reading.plateau < share * abs(reading.step) * reading.steepest


def fall(reading: Reading) -> float:
    """Return how much lower the last coefficients are than those before.

    About 1 for noise (99 in 100 are above 0.15), 0.1 for a kink (3 in 4 are below 0.15), and
    r**3 where the series falls as r**k.
    """
    return math.hypot(*reading.c[6:9]) / max(math.hypot(*reading.c[3:6]), 1e-300)


def noise_like(reading: Reading) -> bool:
    """Whether the tail is slight and does not fall."""
    return slight(reading) and fall(reading) >= 0.15


def reach(reading: Reading, n: int, noise: float, usual: float) -> float:
    """Return the half-width on which about n terms bring the series down to the noise of one sample.

    Pairs of coefficients e_k = max(|c_k|, |c_k+1|), k = 1, 3, 5, ... (odd and even functions
    have only every other one) are taken to fall as e_1 r**(k-1) with the slowest r seen above
    the plateau, and where none is seen as `usual` for a function that is smooth in units of its
    own scale; on f times the width they fall as (f r)**(k-1), and the last is to meet the noise.
    """
    size = [abs(x) for x in reading.c]
    pairs = [max(size[k : k + 2]) for k in range(1, len(size) - 1, 2)]
    first = pairs[0]
    if first <= 0.0:
        return math.inf
    falls = [(pair / first) ** (1 / j) for j, pair in enumerate(pairs) if j and pair > 4 * reading.plateau]
    slowest = max(falls, default=min(usual**2, reading.plateau / first))
    level = max(noise * math.sqrt(2 / n), 1e-300)
    by = (math.log(level / first) - (n - 1) / 2 * math.log(max(slowest, 1e-30))) / n
    return abs(reading.step) * math.exp(by)


def step_height(samples: Sequence[float]) -> float:
    """Return the height of which all differences among the samples are multiples, 0 if there is none.

    What is computed in few bits moves in such steps, also after a multiplication by any number.
    Euclid's algorithm.  Steps below 1/256 of the range of the samples are not told: the nodes
    themselves are multiples of 2**-11, and so are the values of anything linear.
    """
    values = sorted(set(samples))
    spread = values[-1] - values[0]
    fine = _FINE * max(abs(values[0]), abs(values[-1]))
    common = 0.0
    for low, high in pairwise(values):
        a, b = high - low, common
        while b > fine:
            a, b = b, abs(math.remainder(a, b))
        common = a
    return common if common > max(spread / 256, 8 * fine) else 0.0
