"""What is known of the noise: pooled, doubted where it rests on little, and never less than the steps."""

import math

import pytest

from gradtest.numerics.noise import Noise
from gradtest.numerics.spectrum import Reading


def tail(noise, count=5, step=1.0, nodes=8):
    return Reading(0.0, 0.0, noise / math.sqrt(nodes / 2), 0.0, 1.0, step, nodes, nodes + 1, count, [0.0])


def test_nothing_is_known_at_first():
    assert not Noise().heard
    assert Noise().of(0.5) == 0.0


def test_tails_are_pooled_by_their_length():
    noise = Noise()
    noise.hear(tail(3.0, 10**6), tail(4.0, 10**6))
    assert noise.of(1.0) == pytest.approx(math.sqrt(12.5), rel=1e-4)


def test_the_fewer_coefficients_the_more_doubt():
    levels = []
    for count in (2, 5, 20, 1000):
        noise = Noise()
        noise.hear(tail(1.0, count))
        levels.append(noise.of(1.0))
    assert levels == sorted(levels, reverse=True)
    assert levels[0] > 2.5
    assert levels[-1] < 1.01


def test_noise_that_grows_with_the_step():
    noise = Noise()
    noise.hear(tail(1e-6, step=1e-3), tail(1e-9, step=1e-6), growing=True)
    assert noise.of(1e-2) == pytest.approx(10 * noise.of(1e-3))
    assert noise.of(1e-3) > 1e-6


def test_of_steps_the_largest_counts():
    noise = Noise()
    noise.hear_steps(0.25, tail(1e-3, 100), tail(0.5, 5), tail(1e-3, 100))
    assert noise.of(1.0) >= 0.5
    noise = Noise()
    noise.hear_steps(0.25, tail(1e-3, 100))
    assert noise.of(1.0) == 0.25
