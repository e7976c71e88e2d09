"""phi to the slope at 0: values, errors, costs, and what is said where there is no slope."""

import doctest
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtest.numerics.differentiate as differentiate
from gradtest.numerics.differentiate import derivative, looks, one_sided
from gradtest.numerics.estimate import Quality
from gradtest.numerics.line import Line

exactly = settings(deadline=None, derandomize=True, max_examples=60)

# name, phi, truth, evaluations, stated error
SMOOTH = [
    ("sin", math.sin, 1.0, 13, 1e-11),
    ("exp", math.exp, 1.0, 13, 1e-11),
    ("tanh", lambda t: math.tanh(1 + t), 1 - math.tanh(1.0) ** 2, 13, 1e-11),
    ("log", lambda t: math.log(2 + t), 0.5, 13, 1e-11),
    ("a line", lambda t: 3 - 2 * t, -2.0, 13, 1e-10),
    ("a cubic", lambda t: t**3 - 5 * t + 1, -5.0, 13, 1e-10),
    ("a pole at 0.01", lambda t: 1 / (0.01 - t), 1e4, 45, 1e-5),
    ("100 waves", lambda t: math.sin(100 * t), 100.0, 45, 1e-6),
    ("1e5 waves", lambda t: math.sin(1e5 * t), 1e5, 75, 1e-2),
    ("1e8 waves", lambda t: math.sin(1e8 * t), 1e8, 60, 1e3),
    ("waves on it", lambda t: math.exp(t) + 1e-6 * math.sin(1e5 * t + 1), 1 + 0.1 * math.cos(1), 60, 1e-5),
    ("1e9 + sin", lambda t: 1e9 + math.sin(t), 1.0, 60, 3e-5),
    ("1e-9 sin", lambda t: 1e-9 * math.sin(t), 1e-9, 13, 1e-19),
    ("a gentle slope", lambda t: 1 + 1e-6 * t, 1e-6, 60, 1e-12),
]


@pytest.mark.parametrize(
    ("phi", "truth", "cost", "sharp"), [row[1:] for row in SMOOTH], ids=[row[0] for row in SMOOTH]
)
def test_smooth(phi, truth, cost, sharp):
    line = Line(phi)
    slope = derivative(line)
    assert abs(slope.value - truth) <= slope.error <= sharp
    assert slope.confirmed
    assert slope.quality in (Quality.CLEAN, Quality.NOISE)
    assert line.evaluations <= cost


@exactly
@given(st.lists(st.integers(-8, 8), min_size=1, max_size=6))
def test_polynomials(c):
    slope = derivative(lambda t: float(sum(a * t**k for k, a in enumerate(c))))
    truth = float(c[1]) if len(c) > 1 else 0.0
    assert slope.finite
    assert abs(slope.value - truth) <= slope.error


@exactly
@given(st.integers(-20, 20), st.integers(-20, 20))
def test_powers_of_two_scale_the_slope_exactly(height, width):
    plain = derivative(lambda t: math.exp(math.sin(1 + t)))
    up, across = 2.0**height, 2.0**width
    scaled = derivative(
        Line(lambda t: up * math.exp(math.sin(1 + t / across)), scale=across, widest=4 * across)
    )
    assert scaled.value == plain.value * up / across
    assert scaled.error == plain.error * up / across


@exactly
@given(st.floats(-10, 10))
def test_mirrored(x):
    there = derivative(lambda t: math.sin(x + t) * math.exp(t / 2))
    back = derivative(lambda t: math.sin(x - t) * math.exp(-t / 2))
    assert abs(there.value + back.value) <= there.error + back.error


def test_the_first_look_is_enough_to_agree():
    line = Line(math.exp, origin=1.0)
    first = next(iter(looks(line)))
    assert line.evaluations == 4
    assert first.nodes == 4
    assert not first.confirmed
    assert abs(first.value - 1) <= first.error < 1e-10


def test_looks_only_get_better_where_the_function_is_smooth():
    errors = [look.error for look in looks(Line(lambda t: math.exp(math.sin(1 + t)))) if look.confirmed]
    assert all(later <= earlier for earlier, later in itertools.pairwise(errors))
    assert errors[-1] < errors[0] / 5


def test_looks_come_to_an_end():
    rng = np.random.default_rng(5)
    for phi in (math.exp, abs, lambda t: 0.0, lambda t: float(rng.standard_normal()), lambda t: float(t > 0)):
        line = Line(phi)
        assert list(looks(line))
        assert line.evaluations < 250


# -- noise ------------------------------------------------------------------------------------


def shaken(level, kind, seed):
    def phi(t):
        rng = np.random.default_rng((seed, int(np.float64(t).view(np.uint64))))
        noise = {
            "normal": rng.standard_normal(),
            "uniform": rng.uniform(-1.7, 1.7),
            "two-valued": rng.integers(0, 2) * 2 - 1,
        }[kind]
        return math.exp(1 + t) * (1 + level * float(noise))

    return phi


@pytest.mark.parametrize("kind", ["normal", "uniform", "two-valued"])
@pytest.mark.parametrize("level", [1e-12, 1e-9, 1e-6, 1e-4])
def test_noise(kind, level):
    off, cost = [], []
    for seed in range(30):
        line = Line(shaken(level, kind, seed))
        slope = derivative(line)
        assert slope.quality is Quality.NOISE
        assert slope.error < 300 * level**0.8 * math.e
        off.append(abs(slope.value - math.e) / slope.error)
        cost.append(line.evaluations)
    assert max(off) <= 1.2
    assert np.median(cost) <= 49


@pytest.mark.parametrize("digits", [3, 6, 9, 12])
@pytest.mark.parametrize("phi", [math.sin, math.exp], ids=["sin", "exp"])
def test_values_rounded_to_decimals_are_noisy_and_never_flat(digits, phi):
    slope = derivative(lambda t: round(phi(0.3 + t), digits))
    truth = math.cos(0.3) if phi is math.sin else math.exp(0.3)
    assert slope.quality is Quality.NOISE
    assert abs(slope.value - truth) <= slope.error < 0.3


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("x", [0.3, 1.0, -2.0])
@pytest.mark.parametrize("f", [np.sin, np.exp, np.tanh, np.arctan], ids=lambda f: f.__name__)
def test_float32_inside(f, x, told):
    x = float(np.float32(x))
    slope = derivative(
        Line(lambda t: float(f(np.float32(x + t))), eps=2.0**-23 if told else 2.0**-52, scale=abs(x))
    )
    truth = {"sin": math.cos(x), "exp": math.exp(x), "tanh": 1 - math.tanh(x) ** 2, "arctan": 1 / (1 + x * x)}
    assert abs(slope.value - truth[f.__name__]) <= slope.error < 1e-3


def test_float32_inside_stands_still_on_tiny_steps_and_is_not_believed():
    phi = Line(lambda t: float(np.exp(np.float32(1.0 + t))))
    assert len({phi(2.0**-29 * k) for k in range(-4, 5)}) == 1
    for look in looks(phi):
        assert not (look.flat and look.confirmed)
        assert not look.confirmed or abs(look.value - math.e) <= look.error


def test_a_relative_noise_where_the_function_is_zero():
    def phi(t):
        rng = np.random.default_rng((7, int(np.float64(t).view(np.uint64))))
        return math.sin(t) * (1 + 1e-6 * float(rng.standard_normal()))

    slope = derivative(phi)
    assert slope.finite
    assert abs(slope.value - 1) <= slope.error < 1e-3


# -- kinks, jumps, plateaus -------------------------------------------------------------------


@pytest.mark.parametrize("smooth", [lambda t: 0.0, math.exp, lambda t: 3 * t], ids=["0", "exp", "3 t"])
@pytest.mark.parametrize("by", [1.0, -0.01, 100.0])
def test_a_kink_at_the_point_is_recognised_cheaply(smooth, by):
    line = Line(lambda t: smooth(t) + by * abs(t))
    assert any(look.quality is Quality.KINK and line.evaluations <= 33 for look in looks(line))
    slope = derivative(Line(lambda t: smooth(t) + by * abs(t)))
    assert slope.quality is Quality.KINK
    assert not slope.finite


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("power", range(1, 11))
def test_a_kink_nearby_is_not_at_the_point(power, side):
    at = side * 10.0**-power
    line = Line(lambda t: 2 * t + max(t - at, 0.0) - max(-at, 0.0))
    slope = derivative(line)
    truth = 2.0 if at > 0 else 3.0
    assert abs(slope.value - truth) <= slope.error < 0.1
    assert line.evaluations <= 80


@pytest.mark.parametrize("by", [1.0, 0.01, -1e-4])
def test_a_jump_at_the_point_is_no_noise(by):
    slope = derivative(lambda t: math.exp(t) + (by if t > 0 else 0.0))
    assert slope.quality is Quality.JUMP
    assert not slope.finite


@pytest.mark.parametrize("at", [1e-1, 1e-3, -1e-5, 1e-7])
def test_a_jump_nearby(at):
    slope = derivative(lambda t: math.exp(t) + (0.01 if t > at else 0.0))
    assert abs(slope.value - 1) <= slope.error < 1e-4


@pytest.mark.parametrize("power", [1 / 3, 1 / 2, 2 / 3])
def test_a_cusp_has_no_slope(power):
    slope = derivative(lambda t: 1 + abs(t) ** power)
    assert not slope.finite


@pytest.mark.parametrize("power", [1.5, 2.5])
def test_what_is_bent_more_than_a_kink_has_a_slope(power):
    slope = derivative(lambda t: 2 * t + abs(t) ** power)
    assert abs(slope.value - 2) <= slope.error < 1e-3


@pytest.mark.parametrize(
    "phi",
    [
        lambda t: 0.0,
        lambda t: math.pi,
        lambda t: max(t - 0.1, 0.0),
        lambda t: math.pi + max(t - 1e-5, 0.0),
        lambda t: math.pi * math.floor(7.3 * (1 + t)),
        lambda t: math.tanh(40 + t),
    ],
)
def test_a_plateau_is_flat(phi):
    slope = derivative(phi)
    assert slope.finite
    # 1.0 is a short value: how finely it was rounded cannot be told
    assert abs(slope.value) <= slope.error < 0.1


@pytest.mark.parametrize("widest", [4.0, 5.7, 0.3])
def test_where_nothing_moves_the_looks_come_to_an_end(widest):
    """The widest interval is a power of two, also where the width that is allowed is none."""
    assert sum(1 for _ in looks(Line(lambda t: 2.0, widest=widest))) < 20


@pytest.mark.parametrize("side", [+1, -1])
def test_what_starts_to_move_gently_is_flat_before_and_no_rounding(side):
    slope = one_sided(Line(lambda t: max(2 * t - 2, 0.0)), side)
    assert abs(slope.value) <= slope.error < 1e-9


def test_rounding_of_what_cancels_is_seen_far_out():
    """Values near 0 move in steps of 6e-8 of the 1 that was taken away: no step is small beside them."""

    def phi(t):
        return float(np.float32(np.float32(1) + np.float32(1e-9 * t)) - np.float32(1))

    slope = derivative(Line(phi, eps=2.0**-23, widest=2.0**20))
    assert not slope.finite or abs(slope.value - 1e-9) <= slope.error


def test_a_hint_is_taken_where_the_error_is_still_too_large():
    def noisy(t):
        return math.sin(t) + 1e-6 * math.sin(1e17 * t)

    def steps(wanted):
        return [look.step for look in looks(Line(noisy, hint=(2.0, 64)), wanted)]

    assert 2.0 in steps(1e-10)
    assert 2.0 not in steps(1e-3)


# -- edges and holes --------------------------------------------------------------------------


def guarded(phi):
    def inside(t):
        try:
            return phi(t)
        except ValueError:
            return math.nan

    return inside


@pytest.mark.parametrize("room", [0.1, 1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("f", [math.log, math.sqrt], ids=["log", "sqrt"])
def test_near_the_edge_of_a_domain_the_probe_shrinks(f, room):
    slope = derivative(guarded(lambda t: f(room + t)))
    truth = 1 / room if f is math.log else 0.5 / math.sqrt(room)
    assert slope.quality is Quality.CLEAN
    assert abs(slope.value - truth) <= slope.error < 1e-4 * truth


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(
    ("phi", "truth"),
    [
        (math.sqrt, None),
        (lambda t: t * math.sqrt(t), 0.0),
        (lambda t: 1 + 2 * t + t * math.sqrt(t), 2.0),
        (lambda t: math.exp(t) + 0 * math.sqrt(t), 1.0),
        (lambda t: t * math.log(t) if t > 0 else 0 * math.sqrt(t), None),
    ],
    ids=["sqrt", "t sqrt t", "1 + 2 t + t sqrt t", "exp", "t log t"],
)
def test_at_the_edge_of_a_domain_one_side_will_do(phi, truth, side):
    slope = derivative(guarded(lambda t: phi(side * t)))
    if truth is None:
        assert not slope.finite
        return
    assert slope.quality is Quality.EDGE
    assert abs(slope.value - side * truth) <= slope.error < 1e-3


def test_a_probe_never_asks_again_beyond_an_edge_it_has_met():
    asked = []

    def phi(t):
        asked.append(t)
        return math.log(1e-3 + t) if t > -1e-3 else math.nan

    derivative(phi)
    assert sum(t <= -1e-3 for t in asked) <= 8


@pytest.mark.parametrize(
    "phi",
    [
        lambda t: math.nan,
        lambda t: math.inf,
        lambda t: math.nan if t == 0 else math.sin(t),
        lambda t: 1.0 if t == 0 else math.nan,
        lambda t: math.copysign(math.inf, t),
    ],
)
def test_what_is_not_finite(phi):
    slope = derivative(phi)
    assert slope.quality is Quality.NON_FINITE
    assert not slope.finite


def test_a_hole_further_off_does_not_matter():
    slope = derivative(lambda t: math.nan if 0.25 < t < 0.3 else math.exp(t))
    assert abs(slope.value - 1) <= slope.error < 1e-10


# -- one side ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "truth"), [(1, 3.0), (-1, 1.0)])
def test_one_sided(side, truth):
    line = Line(lambda t: math.exp(t) + max(2 * t, 0.0))
    slope = one_sided(line, side)
    assert abs(slope.value - truth) <= slope.error < 1e-9
    assert line.evaluations <= 20


def test_one_sided_asks_one_side_only():
    line = Line(lambda t: math.exp(t) if t >= 0 else pytest.fail(f"asked at {t}"))
    assert one_sided(line, 1).finite


@pytest.mark.parametrize("side", [1, -1])
def test_a_vertical_side_has_no_slope(side):
    assert not one_sided(Line(lambda t: math.sqrt(abs(t))), side).finite


# -- misuse -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("returned", "name"), [(np.ones(3), "ndarray"), ("many", "str"), (None, "NoneType"), (1j, "complex")]
)
def test_what_is_not_one_number_is_named(returned, name):
    with pytest.raises(TypeError, match=rf"returned {name}, expected one real number"):
        derivative(lambda t: returned)


def test_one_number_in_any_dress_will_do():
    for dress in (np.float32, np.float64, np.asarray, int):
        assert derivative(lambda t, dress=dress: dress(3.0)).value == 0.0


def test_an_error_of_the_function_itself_comes_through():
    with pytest.raises(ZeroDivisionError):
        derivative(lambda t: 1 / t)


def test_a_budget_is_about_kept():
    rng = np.random.default_rng(1)
    line = Line(lambda t: float(rng.standard_normal()))
    derivative(line, budget=20)
    assert line.evaluations <= 20 + 16


def test_doctests():
    assert doctest.testmod(differentiate).failed == 0
