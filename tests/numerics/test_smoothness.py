"""What two scales have in common tells kinks, jumps, noise and steps apart."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtest.numerics.chebyshev import nodes, slopes_at_centre
from gradtest.numerics.line import Line
from gradtest.numerics.smoothness import exponent, noise_like, reach, slight, step_height, symmetric
from gradtest.numerics.spectrum import read

exactly = settings(deadline=None, derandomize=True, max_examples=60)


def reading(phi, step, n=8):
    line = Line(phi)
    return read(line.around(step, n), step, slopes_at_centre(n), line)


def noise(seed):
    rng = np.random.default_rng((abs(seed), seed > 0))
    return lambda t: 1 + t + 1e-7 * float(rng.standard_normal())


@pytest.mark.parametrize("power", [0.0, 1 / 3, 0.5, 1.0, 1.5, 2.5])
def test_a_power_at_the_point_is_found(power):
    def phi(t):
        return 0.5 * t + (abs(t) ** power if t else 0.0)

    found = exponent(reading(phi, 2.0**-10), reading(phi, 2.0**-20))
    assert found == pytest.approx(power, abs=0.02)


@pytest.mark.parametrize(
    "phi",
    [
        lambda t: math.exp(t) + max(t - 2.0**-22, 0.0),  # a kink within the nearer interval
        noise(1),
        lambda t: math.sin(1e5 * t),
        lambda t: 1.0,
    ],
)
def test_nothing_else_has_a_power(phi):
    assert exponent(reading(phi, 2.0**-10), reading(phi, 2.0**-20)) is None


def test_noise_hardly_ever_has_a_power():
    found = [exponent(reading(noise(k), 2.0**-10), reading(noise(-k), 2.0**-20)) for k in range(1, 500)]
    assert sum(power is not None for power in found) <= 1


def test_neighbouring_scales_tell_no_power():
    assert exponent(reading(abs, 2.0**-10), reading(abs, 2.0**-12)) is None


@pytest.mark.parametrize(
    ("phi", "expected"),
    [
        (abs, True),
        (lambda t: 3 + 2 * t + 0.1 * abs(t), True),
        (lambda t: max(t - 1e-4, 0.0), False),
        (lambda t: math.exp(100 * t), False),
        (lambda t: float(t > 0), False),
    ],
)
def test_symmetric(phi, expected):
    assert symmetric(reading(phi, 2.0**-10)) is expected


def test_noise_is_slight_and_does_not_fall():
    found = [noise_like(reading(noise(seed), 2.0**-6)) for seed in range(300)]
    assert sum(found) >= 290


def test_kinks_are_not_slight():
    rng = np.random.default_rng(3)
    for at in rng.uniform(-0.95, 0.95, 100) * 2.0**-10:
        assert not slight(reading(lambda t, at=at: 1 + max(t - at, 0.0), 2.0**-10))


@pytest.mark.parametrize("k", [1.0, 30.0, 1e3])
@pytest.mark.parametrize("level", [1e-16, 1e-8, 1e-4])
def test_reach_is_where_the_series_meets_the_noise(k, level):
    step = 2.0**-6 / k
    width = reach(reading(lambda t: math.exp(k * t), step), 8, level, 0.5 * step)
    last = abs(reading(lambda t: math.exp(k * t), width, 16).c[8])
    assert level / 1000 <= last <= 1000 * level  # a factor of two in the width


def test_reach_of_what_does_not_move():
    assert reach(reading(lambda t: 1.0, 2.0**-10), 8, 1e-16, 1e-3) == math.inf


@exactly
@given(
    st.lists(st.integers(0, 60), min_size=4, max_size=17, unique=True),
    st.floats(1e-6, 1e6),
    st.floats(-100, 100),
)
def test_steps_have_their_height(levels, height, start):
    common = math.gcd(*(level - levels[0] for level in levels))
    found = step_height([height * (start + level) for level in levels])
    assert found == pytest.approx(common * height, rel=1e-6)


@pytest.mark.parametrize("phi", [math.sin, math.exp, lambda t: t, lambda t: 1e9 + t, lambda t: max(t, 0.0)])
def test_what_is_not_stepped_has_no_height(phi):
    assert step_height([phi(0.37 * t) for t in nodes(16)]) == 0.0


@pytest.mark.parametrize("bits", [8, 11])
def test_short_arithmetic_moves_in_steps(bits):
    def rounded(value):
        fraction, exponent = math.frexp(value)
        return math.ldexp(round(math.ldexp(fraction, bits)), exponent - bits)

    width = 2.0 ** (3 - bits)  # narrow enough for fewer than 256 steps
    samples = [0.3 * rounded(math.exp(rounded(0.5 + width * t))) for t in nodes(16)]
    assert step_height(samples) == pytest.approx(0.3 * 2.0 ** (1 - bits), rel=1e-9)
