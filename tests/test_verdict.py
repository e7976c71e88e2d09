"""A claim against a line: agrees, disagrees, undecided; tried at a = -b, 0, infinity and NaN."""

import functools
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtest.numerics.line import Line
from gradtest.numerics.rounding import EPS64, epsilon
from gradtest.probe import Claim
from gradtest.verdict import Word, compare, denies, least_seen, resolution_asked

METHODS = ["spectral", "central", "scipy"]
AGREES, DISAGREES, UNDECIDED = Word


def claim(value, size=None, eps=EPS64):
    """Return a claim of this slope, with the rounding that its precision allows."""
    size = abs(value) if size is None else size
    finite = math.isfinite(value)
    return Claim(value, size if finite else 0.0, 50 * eps * size if finite else 0.0)


def line(phi, **known):
    return Line(lambda t: float(phi(t)), **known)


def word(phi, value, method="spectral", **asked):
    return compare(line(phi), claim(value), method=method, **asked).word


# Functions of one variable and their slope at 0.
SMOOTH = {
    "sine": (math.sin, 1.0),
    "exponential": (math.exp, 1.0),
    "linear": (lambda t: 3 * t - 1, 3.0),
    "steep": (lambda t: 1e6 * math.sin(t), 1e6),
    "shallow": (lambda t: 1e-6 * math.sin(t), 1e-6),
    "logistic": (lambda t: 1 / (1 + math.exp(-t)), 0.25),
    "square root": (lambda t: math.sqrt(1 + t) if t > -1 else math.nan, 0.5),
    "logarithm": (lambda t: math.log(2 + t) if t > -2 else math.nan, 0.5),
    "kink 0.1 away": (lambda t: max(t - 0.1, 0) + 2 * t, 2.0),
    "kink 1e-5 away": (lambda t: max(t - 1e-5, 0) + 2 * t, 2.0),
    "oscillating": (lambda t: math.sin(100 * t), 100.0),
}
NOISY = {
    "offset 1e9": (lambda t: 1e9 + math.sin(t), 1.0),
    "float32": (lambda t: np.sin(np.float32(0.5) + np.float32(t)), math.cos(0.5)),
    "rounded to 1e-8": (lambda t: round(math.sin(t), 8), 1.0),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", SMOOTH)
def test_the_true_slope_never_disagrees(name, method):
    phi, slope = SMOOTH[name]
    found = compare(line(phi), claim(slope), method=method)
    assert found.word is not DISAGREES
    if method == "spectral":
        assert found.word is AGREES
        assert found.resolution <= 1e-6
    assert found.difference <= 3 * found.tolerance


@pytest.mark.parametrize("name", NOISY)
def test_the_true_slope_of_a_noisy_function_agrees(name):
    phi, slope = NOISY[name]
    found = compare(line(phi), claim(slope))
    assert found.word is AGREES, found
    assert 1e-12 < found.resolution <= 0.01


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", [-1.0, 0.0, 2.0, 0.5, 1.01, 0.99])
@pytest.mark.parametrize("name", sorted(set(SMOOTH) - {"oscillating", "kink 1e-5 away"}))
def test_a_gross_error_is_seen_by_every_method(name, factor, method):
    phi, slope = SMOOTH[name]
    found = compare(line(phi), claim(factor * slope, abs(slope)), method=method)
    assert found.word is DISAGREES, found
    assert found.excess > 3


@pytest.mark.parametrize("factor", [1 + 1e-6, 1 - 1e-6, 1 + 1e-9, -1 - 1e-9])
@pytest.mark.parametrize("name", SMOOTH)
def test_a_small_error_is_seen_by_the_spectral_probe(name, factor):
    phi, slope = SMOOTH[name]
    found = compare(line(phi), claim(factor * slope))
    assert found.word is DISAGREES or abs(factor - 1) <= found.resolution <= 1e-6


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("name", [*SMOOTH, *NOISY])
def test_three_times_the_stated_resolution_is_a_disagreement(name, sign):
    phi, slope = (SMOOTH | NOISY)[name]
    stated = compare(line(phi), claim(slope)).resolution
    assert compare(line(phi), claim((1 + sign * 3 * stated) * slope)).word is DISAGREES


@pytest.mark.parametrize("factor", [-1.0, 0.0, 2.0, 1.01])
@pytest.mark.parametrize("name", NOISY)
def test_an_error_beyond_the_noise_is_seen(name, factor):
    phi, slope = NOISY[name]
    assert word(phi, factor * slope) is DISAGREES


# -- the comparison itself ------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_of_opposite_sign_and_the_same_size(method):
    assert word(math.sin, -1.0, method) is DISAGREES
    assert word(lambda t: -math.sin(t), 1.0, method) is DISAGREES
    assert word(lambda t: -math.sin(t), -1.0, method) is not DISAGREES


@pytest.mark.parametrize("method", METHODS)
def test_zero_against_zero_and_zero_against_something(method):
    for flat in (lambda t: 0.0, lambda t: 1 / 3):
        found = compare(line(flat), claim(0.0), method=method)
        assert (found.word, found.resolution) == (AGREES, 0.0)
        assert word(flat, 1.0, method) is DISAGREES
        assert word(flat, -1e-3, method) is DISAGREES
    assert word(math.cos, 0.0, method) is not DISAGREES
    assert word(lambda t: t * t, 0.0, method) is not DISAGREES
    assert word(math.sin, 0.0, method) is DISAGREES


def test_a_path_said_to_be_cut_is_looked_at_as_sharply_as_is_easy():
    """In float32, of a function whose slope is a thousand times its rounding and less."""
    single = np.float32

    def phi(t, slope, bend):
        t = single(t)
        return float(single(8.5) + single(slope) * t + single(bend) * t * t)

    for slope, bend in itertools.product(np.linspace(1e-4, 3e-4, 21), (0.001, 0.003, 0.01)):
        held = compare(
            Line(functools.partial(phi, slope=slope, bend=bend), eps=epsilon("float32")), claim(0.0)
        )
        assert held.word is Word.DISAGREES, (slope, bend)


@pytest.mark.parametrize("constant", [7.5, 1.0, -0.25])
def test_a_constant_that_is_a_short_number_is_flat(constant):
    assert compare(line(lambda t: constant), claim(0.0)).word is AGREES
    assert word(lambda t: constant, 1.0) is DISAGREES


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_claim_that_is_no_number_never_agrees(value, method):
    for phi in (math.sin, math.cos, lambda t: 0.0, lambda t: 1e9 + math.sin(t)):
        found = compare(line(phi), claim(value), method=method)
        assert found.word is not AGREES
        assert found.difference == math.inf
    assert word(math.sin, value, method) is DISAGREES


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "phi",
    [
        lambda t: math.nan,
        lambda t: math.inf,
        lambda t: 1.0 if t == 0 else math.nan,
        lambda t: math.inf if t == 0 else 1.0,
    ],
)
@pytest.mark.parametrize("value", [0.0, 1.0, math.nan])
def test_a_function_that_is_no_number_decides_nothing(phi, value, method):
    found = compare(line(phi), claim(value), method=method)
    assert found.word is UNDECIDED
    assert "not finite" in found.reason


KINKED = [abs, lambda t: max(t, 0), lambda t: max(t, 0) - 3 * min(t, 0), lambda t: abs(math.sin(t)) + t]


@pytest.mark.parametrize("offset", [0.0, 1.0, 100.0])
@pytest.mark.parametrize("phi", KINKED)
@pytest.mark.parametrize("value", [-1.0, 0.0, 0.5, 1.0, 17.0])
def test_a_kink_at_the_point_decides_nothing(phi, value, offset):
    found = compare(line(lambda t: offset + phi(t)), claim(value))
    assert found.word is UNDECIDED
    assert "kink" in found.reason or "not smooth" in found.reason


@pytest.mark.parametrize("value", [0.0, 1.0, 1e6])
def test_a_jump_at_the_point_never_agrees_with_a_slope(value):
    assert word(lambda t: math.copysign(1.0, t) + t, value) is not AGREES


@settings(deadline=None, max_examples=100, derandomize=True)
@given(st.integers(-80, 80), st.integers(-80, 80), st.integers(-50, 30))
def test_the_verdict_does_not_depend_on_the_unit_of_the_function(slope, curvature, power):
    slope, curvature, unit = slope / 8, curvature / 8, 2.0**power

    def judged(scale):
        found = compare(
            line(lambda t: scale * (slope * math.sin(t) + curvature * t * t)), claim(scale * slope)
        )
        return found.word, found.evaluations

    assert judged(1.0) == judged(unit)


@settings(deadline=None, max_examples=150, derandomize=True)
@given(
    st.lists(st.integers(-20, 20), min_size=2, max_size=5),
    st.sampled_from([0.0, 1e-3, 1e-6, -1e-3, -2.0]),
)
def test_polynomials(coefficients, error):
    def phi(t):
        return math.fsum(c * t**k for k, c in enumerate(coefficients))

    slope = coefficients[1]
    found = compare(line(phi), claim(slope * (1 + error), abs(slope)))
    assert found.word is (AGREES if error * slope == 0 else DISAGREES), found


def test_a_claim_has_the_rounding_of_its_precision():
    """A slope that was computed from terms a million times larger may be off by some eps of these."""
    blunt = claim(1.0 + 1e-9, size=1e8)
    assert compare(line(math.sin), blunt).word is not DISAGREES
    assert compare(line(math.sin), claim(1.0 + 1e-9)).word is DISAGREES


def test_what_is_asked_is_kept():
    def noisy():
        rng = np.random.default_rng(0)
        return line(lambda t: math.sin(t) + 1e-7 * rng.standard_normal())

    assert compare(noisy(), claim(1.0)).word is AGREES
    strict = compare(noisy(), claim(1.0), resolution=1e-9)
    assert strict.word is UNDECIDED
    assert "could not be seen" in strict.reason
    assert compare(line(math.sin), claim(1.0), resolution=1e-12).word is AGREES


def test_a_check_that_would_not_have_seen_one_per_cent_does_not_agree():
    rng = np.random.default_rng(0)
    found = compare(line(lambda t: math.sin(t) + 0.3 * rng.standard_normal()), claim(1.0))
    assert found.word is UNDECIDED
    assert found.reason


@pytest.mark.parametrize("seed", range(10))
def test_noise_is_never_taken_for_a_wrong_slope(seed):
    rng = np.random.default_rng(seed)
    for level in (1e-10, 1e-6, 1e-3, 0.1):
        found = compare(line(lambda t, level=level: math.sin(t) + level * rng.standard_normal()), claim(1.0))
        assert found.word is not DISAGREES, (level, found)


@pytest.mark.parametrize("digits", [3, 4, 5, 6, 7, 8, 10])
def test_a_staircase_is_never_taken_for_its_steps(digits):
    """Values that were rounded on the way: flat below the step, and that is no slope of zero."""
    for at in (0.1, 0.3, 0.7, 1.1):
        found = compare(line(lambda t, at=at: round(math.sin(at + t), digits)), claim(math.cos(at)))
        assert found.word is not DISAGREES, (at, found)


@pytest.mark.parametrize("method", METHODS)
def test_the_cost_is_counted_and_bounded(method):
    asked = []

    def phi(t):
        asked.append(t)
        return math.sin(t)

    found = compare(line(phi), claim(1.0), method=method)
    assert found.evaluations == len(asked) == len(set(asked))
    assert found.evaluations <= 12
    asked.clear()
    rough = np.random.default_rng(0)
    found = compare(line(lambda t: phi(t) + rough.random()), claim(1.0), method=method, budget=40)
    assert found.evaluations == len(asked) <= 40 + 70  # what was begun is finished


def test_resolutions_asked_by_default():
    assert resolution_asked(2.0**-52) == 1e-6
    assert resolution_asked(2.0**-23) == pytest.approx(3072 * 2.0**-23)
    assert resolution_asked(2.0**-7) == 0.15


def test_the_words_are_plain_text():
    assert [str(word) for word in Word] == ["agrees", "disagrees", "undecided"]


# -- another claim, on the same measurement -------------------------------------------------------


@pytest.mark.parametrize("name", [*SMOOTH, *NOISY])
def test_a_measurement_that_agreed_denies_what_a_look_of_its_own_contradicts_and_nothing_nearer(name):
    phi, slope = (SMOOTH | NOISY)[name]
    found = compare(line(phi), claim(slope))
    least = least_seen(found)
    assert found.tolerance < least < 3.5 * max(found.tolerance, 2 * found.resolution * abs(slope))
    assert denies(found, -slope)
    assert denies(found, math.nan)
    assert not denies(found, slope)
    beyond = found.estimate.value + 1.01 * least
    assert denies(found, beyond)
    assert not denies(found, found.estimate.value + 0.99 * least)
    assert word(phi, beyond) is DISAGREES
