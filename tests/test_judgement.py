"""At kinks, at special points and beside them: what is a convention, and what is wrong."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import gradtest
from gradtest.judgement import Place
from gradtest.settings import Settings

POLICIES = ["skip", "subgradient", "strict"]
METHODS = ["spectral", "central", "scipy"]


def verdict(forward, grad, x, **asked):
    return gradtest.check(gradtest.target(forward, grad=grad), x, settings=Settings(**asked))


def vjp_verdict(forward, vjp, *inputs, **asked):
    return gradtest.check(gradtest.target(forward, vjp=vjp), *inputs, settings=Settings(**asked))


# -- conventions at kinks are never wrong ---------------------------------------------------------


def relu(x):
    return np.maximum(x, 0)


def relu_slope(at_zero):
    return lambda x: np.where(x > 0, 1.0, np.where(x < 0, 0.0, at_zero))


def abs_slope(at_zero):
    return lambda x: np.where(x > 0, 1.0, np.where(x < 0, -1.0, at_zero))


def clip_slope(at_edge):
    return lambda x: np.where(np.abs(x) < 1, 1.0, np.where(np.abs(x) > 1, 0.0, at_edge))


def max_gradient(share):
    """Give the tied entries of the maximum their shares: the first all, or the last, or equal ones."""

    def gradient(x):
        tied = np.flatnonzero(x == x.max())
        g = np.zeros_like(x)
        if share == "all equally":
            g[tied] = 1 / tied.size
        else:
            g[tied[0 if share == "first" else -1]] = 1.0
        return g

    return gradient


def norm_gradient(at_zero):
    def gradient(x):
        size = np.linalg.norm(x)
        return x / size if size > 0 else np.full_like(x, at_zero)

    return gradient


def clip(x):
    return np.clip(x, -1, 1)


def leaky(x):
    return np.where(x > 0, x, 0.1 * x)


def leaky_slope(at_zero):
    return lambda x: np.where(x > 0, 1.0, np.where(x < 0, 0.1, at_zero))


MIXED = np.array([0.0, 1.0, -2.0, 0.0])
EDGES = np.array([1.0, -1.0, 0.5, 3.0])
KINKS = {
    **{f"relu, {s} at 0": (relu, relu_slope(s), MIXED) for s in (0.0, 0.5, 1.0)},
    **{f"relu at 0 alone, {s}": (relu, relu_slope(s), np.array([0.0])) for s in (0.0, 0.5, 1.0)},
    **{f"relu, zeros only, {s}": (relu, relu_slope(s), np.zeros((2, 3))) for s in (0.0, 0.5, 1.0)},
    **{f"abs, {s} at 0": (np.abs, abs_slope(s), MIXED) for s in (-1.0, 0.0, 0.3, 1.0)},
    **{f"leaky, {s} at 0": (leaky, leaky_slope(s), MIXED) for s in (0.1, 0.5, 1.0)},
    **{f"clip, {s} at the edges": (clip, clip_slope(s), EDGES) for s in (0.0, 0.5, 1.0)},
    **{
        f"max of ties, {share}": (np.max, max_gradient(share), np.array([2.0, 2.0, -1.0, 2.0]))
        for share in ("first", "last", "all equally")
    },
    **{f"norm at 0, {s}": (np.linalg.norm, norm_gradient(s), np.zeros(3)) for s in (0.0, 0.5)},
    "sum of abs, zeros": (lambda x: np.abs(x).sum(), abs_slope(0.0), np.zeros(4)),
    "max and min of ties": (
        lambda x: x.max() - x.min(),
        lambda x: max_gradient("first")(x) - max_gradient("first")(-x),
        np.array([1.0, 1.0, 1.0]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kinks", POLICIES)
@pytest.mark.parametrize("name", KINKS)
def test_a_subgradient_at_a_kink_is_never_wrong(name, kinks, method):
    report = verdict(*KINKS[name], kinks=kinks, method=method)
    assert report.verdict != "disagrees", report


@pytest.mark.parametrize("name", KINKS)
def test_by_default_a_kink_is_judged_beside_it(name):
    report = verdict(*KINKS[name])
    assert report.verdict == "agrees", report
    assert report.reason == "kink at the point: judged nearby"
    assert report.blocks[0].place == Place.NEARBY


@pytest.mark.parametrize(
    "name", [n for n in KINKS if n.startswith(("relu", "abs", "leaky", "clip", "max of"))]
)
def test_a_subgradient_is_known_by_its_policy(name):
    report = verdict(*KINKS[name], kinks="subgradient")
    assert report.verdict == "agrees"
    assert report.reason == "kink at the point: the claim is a subgradient"
    assert report.blocks[0].place == Place.HERE


@pytest.mark.parametrize("name", [n for n in KINKS if n.startswith(("relu", "abs", "leaky", "clip"))])
def test_at_a_kink_a_strict_judge_says_nothing(name):
    report = verdict(*KINKS[name], kinks="strict")
    assert report.verdict == "undecided"
    assert "kink at the point itself" in report.reason


OUTSIDE = {
    "relu, 2 at 0": (relu, relu_slope(2.0)),
    "relu, -1/2 at 0": (relu, relu_slope(-0.5)),
    "abs, 1.01 at 0": (np.abs, abs_slope(1.01)),
    "leaky, 0 at 0": (leaky, leaky_slope(0.0)),
}


@pytest.mark.parametrize("kinks", ["subgradient", "strict"])
@pytest.mark.parametrize("name", OUTSIDE)
def test_what_is_no_subgradient_is_wrong_where_it_is_asked_for(name, kinks):
    report = verdict(*OUTSIDE[name], MIXED, kinks=kinks)
    assert report.verdict == "disagrees", report
    assert report.findings[0].place == Place.HERE


@pytest.mark.parametrize("name", OUTSIDE)
def test_and_is_skipped_by_default(name):
    assert verdict(*OUTSIDE[name], MIXED).verdict == "agrees"


@pytest.mark.parametrize("kinks", POLICIES)
def test_the_chain_rule_at_a_kink_that_cancels(kinks):
    """relu(x) - relu(-x) has slope 1 at 0, and automatic differentiation says 0."""
    report = verdict(lambda x: relu(x) - relu(-x), lambda x: np.where(x == 0, 0.0, 1.0), MIXED, kinks=kinks)
    # Smooth in every direction: at this special point the claim is wrong, and said to be.
    assert report.verdict == "disagrees"
    assert report.findings[0].place == (Place.SPECIAL if kinks == "skip" else Place.HERE)


@pytest.mark.parametrize("kinks", POLICIES)
@pytest.mark.parametrize(
    ("forward", "slope"),
    [
        (relu, lambda x: np.where(x > 0, 1.0, 0.01)),
        (relu, lambda x: np.where(x > 0, 1.001, 0.0)),
        (np.abs, lambda x: np.where(x > 0, 1.0, -2.0)),
        (leaky, lambda x: np.where(x > 0, 1.0, 0.2)),
        (clip, lambda x: np.where(np.abs(x) < 1, 1.0, 0.5)),
        (clip, lambda x: np.where(x < 1, 1.0, 0.0)),
    ],
)
def test_wrong_on_one_side_of_a_kink_is_wrong(forward, slope, kinks):
    for x in (np.array([0.0, 2.0, -2.0, 0.5]), np.array([2.0, -2.0, 0.5])):
        assert verdict(forward, slope, x, kinks=kinks).verdict == "disagrees"


@settings(deadline=None, max_examples=100, derandomize=True)
@given(st.lists(st.integers(-2, 2), min_size=1, max_size=6), st.integers(0, 10), st.sampled_from(POLICIES))
def test_relu_of_integers_with_any_convention(entries, share, kinks):
    x = np.array(entries, float)
    assert verdict(relu, relu_slope(share / 10), x, kinks=kinks).verdict != "disagrees"


@settings(deadline=None, max_examples=40, derandomize=True)
@given(
    st.lists(st.integers(-1, 1), min_size=4, max_size=4),
    st.lists(st.integers(-1, 1), min_size=4, max_size=4),
    st.sampled_from(POLICIES),
)
@example([0, 0, 0, 0], [0, 0, 1, -1], "subgradient")
def test_a_layer_of_integers_on_many_kinks(w, x, kinks):
    w, x = np.reshape(w, (2, 2)) + 0.0, np.reshape(x, (2, 2)) + 0.0

    def backward(dout, w, x):
        dz = dout * (w @ x > 0)
        return dz @ x.T, w.T @ dz

    report = vjp_verdict(lambda w, x: relu(w @ x), backward, w, x, kinks=kinks)
    assert report.verdict != "disagrees", report


# -- special points: smooth, and wrong there only ----------------------------------------------


def broken_prod(x):
    with np.errstate(all="ignore"):
        return np.prod(x) / x


def masked_prod(x):
    with np.errstate(all="ignore"):
        return np.where(x == 0, 0.0, np.prod(x) / np.where(x == 0, 1, x))


def sigmoid(x):
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def by_norm(x):
    with np.errstate(all="ignore"):
        return 2 * np.linalg.norm(x) * (x / np.linalg.norm(x))


def power(x, n):
    return x**n


def power_backward(dout, x, n):
    with np.errstate(all="ignore"):
        return dout * n * x**n / x


def softplus(x):
    return np.logaddexp(0, x)


def sinc_slope(x):
    u = np.pi * np.where(x == 0, 1, x)
    return np.where(x == 0, 1.0, np.pi * (u * np.cos(u) - np.sin(u)) / u**2)


def variance_slope(x):
    return np.where(x == x.mean(), 1.0, 2 * (x - x.mean()) / x.size)


SPECIAL = {
    "product with one zero, by division": (np.prod, broken_prod, np.array([0.0, 2.0, 3.0])),
    "product with one zero, masked": (np.prod, masked_prod, np.array([0.0, 2.0, 3.0])),
    "softplus at 0, as two pieces": (softplus, lambda x: np.where(x == 0, 0.0, sigmoid(x)), np.zeros(2)),
    "softplus at 0, as a relu": (softplus, lambda x: np.where(x == 0, 1.0, sigmoid(x)), np.array([0.0, 1.0])),
    "squared norm at 0": (lambda x: x @ x, by_norm, np.zeros(3)),
    "sine over x at 0": (np.sinc, sinc_slope, np.array([0.0, 0.5])),
    "cube at 0, NaN": (lambda x: x**3, lambda x: 3 * x**3 / x, np.zeros(2)),
    "tanh at 0, zero": (np.tanh, lambda x: np.where(x == 0, 0.0, 1 - np.tanh(x) ** 2), np.array([0.0, 0.5])),
    "relu - relu of minus": (lambda x: relu(x) - relu(-x), lambda x: np.where(x == 0, 0.0, 1.0), np.zeros(1)),
    "x at the mean": (lambda x: x.var(), variance_slope, np.array([1.0, 2.0, 3.0])),
}  # fmt: skip


@pytest.mark.parametrize("kinks", POLICIES)
@pytest.mark.parametrize("name", SPECIAL)
def test_wrong_at_a_special_point_is_wrong(name, kinks):
    report = verdict(*SPECIAL[name], kinks=kinks)
    assert report.verdict == "disagrees", report
    assert report.findings[0].place in (Place.HERE, Place.SPECIAL)


@pytest.mark.parametrize("name", SPECIAL)
def test_and_right_beside_it(name):
    forward, gradient, x = SPECIAL[name]
    assert verdict(forward, gradient, x + np.linspace(0.25, 0.375, x.size) ** 2).verdict == "agrees"


@pytest.mark.parametrize("kinks", POLICIES)
def test_a_power_whose_exponent_is_zero(kinks):
    """0**0 is 1, and so is x**0 around: the slope is zero, not NaN."""
    wrong = vjp_verdict(lambda x: power(x, 0), lambda g, x: power_backward(g, x, 0), np.zeros(2), kinks=kinks)
    assert wrong.verdict == "disagrees"
    right = vjp_verdict(lambda x: power(x, 0), lambda g, x: 0 * x, np.zeros(2), kinks=kinks)
    assert right.verdict == "agrees"


@pytest.mark.parametrize("kinks", POLICIES)
@pytest.mark.parametrize(
    ("forward", "gradient", "x"),
    [
        (np.prod, lambda x: np.array([x[1] * x[2], x[0] * x[2], x[0] * x[1]]), np.array([0.0, 2.0, 3.0])),
        (np.prod, lambda x: np.array([x[1] * x[2], x[0] * x[2], x[0] * x[1]]), np.array([0.0, 0.0, 3.0])),
        (lambda x: x @ x, lambda x: 2 * x, np.zeros(3)),
        (lambda x: np.logaddexp(0, x), sigmoid, np.zeros(2)),
        (np.tanh, lambda x: 1 - np.tanh(x) ** 2, np.zeros(2)),
        (lambda x: x**3, lambda x: 3 * x**2, np.zeros(2)),
        (np.cos, lambda x: -np.sin(x), np.zeros(2)),
        (lambda x: 0 * x + 3, lambda x: 0 * x, np.ones(2)),
    ],
)
def test_right_at_a_special_point_agrees(forward, gradient, x, kinks):
    assert verdict(forward, gradient, x, kinks=kinks).verdict == "agrees"


# -- what is not finite -----------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_is_wrong_where_the_function_is_smooth(bad, method):
    one = lambda x: np.where(x == x[0], bad, np.cos(x))  # noqa: E731
    report = verdict(np.sin, one, np.array([0.3, 1.0]), method=method)
    assert report.verdict == "disagrees"
    everywhere = verdict(np.sin, lambda x: bad * np.ones_like(x), np.array([0.3, 1.0]), method=method)
    assert everywhere.findings[0].code == "GT106"


def test_a_function_that_is_not_finite_cannot_be_judged():
    nowhere = verdict(lambda x: np.nan * x, lambda x: x, np.ones(2))
    assert nowhere.verdict == "undecided"
    assert "not finite" in nowhere.reason
    with np.errstate(all="ignore"):
        negative = verdict(np.log, lambda x: 1 / x, np.array([-1.0, 2.0]))
    assert negative.verdict == "undecided"


def test_at_the_edge_of_a_domain_one_looks_inside():
    report = verdict(np.sqrt, lambda x: 0.5 / np.sqrt(x), np.array([0.0, 4.0]))
    assert report.verdict == "agrees"
    assert report.blocks[0].place == Place.NEARBY
    wrong = verdict(np.sqrt, lambda x: 1 / np.sqrt(x), np.array([0.0, 4.0]))
    assert wrong.verdict == "disagrees"


def test_a_function_that_raises_outside_of_its_domain():
    """What it may be asked nearby is not the fault of the one who wrote it."""

    def linear(x):
        assert np.all(x > 0), "positive numbers, please"
        return 3 * x

    def table(x):
        return np.array([1.0, 2.0, 4.0, 8.0])[np.floor(x).astype(int)] * x

    assert verdict(linear, lambda x: 3 + 0 * x, np.array([1e-3, 2.0])).verdict == "agrees"
    assert (
        verdict(
            table, lambda x: np.array([1.0, 2.0, 4.0, 8.0])[np.floor(x).astype(int)], np.array([3.99, 0.5])
        ).verdict
        != "disagrees"
    )


def test_a_function_whose_output_changes_its_shape_is_not_a_crash():
    def backward(dout, x):
        grad = np.zeros_like(x)
        grad[x > 0] = dout
        return grad

    for seed in range(5):
        report = vjp_verdict(lambda x: x[x > 0], backward, np.array([0.0, 0.0, -0.0, 1.0]), seed=seed)
        assert report.verdict != "disagrees"
    assert vjp_verdict(lambda x: x[x > 0], backward, np.array([0.5, -0.5, 1.0])).verdict == "agrees"


# -- what is not deterministic, or jumps ------------------------------------------------------


def test_a_random_function_cannot_be_judged():
    rng = np.random.default_rng(0)

    def dropout(x):
        mask = rng.random(x.shape) > 0.5
        return x * mask, mask

    report = vjp_verdict(dropout, lambda dout, cache: dout * cache, np.linspace(1, 2, 8))
    assert report.verdict == "undecided", report


def test_a_step_has_no_slope_at_its_edge():
    report = verdict(np.floor, lambda x: 0 * x, np.array([1.0, 2.5]))
    assert report.verdict == "agrees"
    assert verdict(np.floor, lambda x: 1 + 0 * x, np.array([1.25, 2.5])).verdict != "agrees"


# -- what is stated is kept -------------------------------------------------------------------


def signed_square(x):
    return x * np.abs(x)


def smaller_norm(x):
    return np.minimum(x[:3], x[3:])


def smaller_norm_pullback(dout, x):
    first = x[:3] <= x[3:]
    return np.concatenate([dout * first, dout * ~first])


def tempered(x):
    return softmax(x / np.float32(1.5))


def tempered_pullback(dout, x):
    p = tempered(x)
    return p * (dout - dout @ p) / np.float32(1.5)


STATED = {
    "sin over many periods": (np.sin, lambda dout, x: dout * np.cos(x), 10.0),
    "kinks of the second order": (signed_square, lambda dout, x: dout * 2 * np.abs(x), 2.0),
    "branches": (smaller_norm, smaller_norm_pullback, 2.0),
    "softmax": (tempered, tempered_pullback, 3.0),
}


@pytest.mark.parametrize("name", STATED)
def test_three_times_the_stated_resolution_is_found(name):
    """In float32, where inputs are small integers, zeros and ties half of the time."""
    forward, pullback, size = STATED[name]
    escaped = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=6) * size
        x = np.where(rng.random(6) < 0.5, np.round(x), x).astype(np.float32)
        stated = vjp_verdict(forward, pullback, x).blocks[0]
        if stated.verdict == "agrees" and stated.resolution > 0:
            factor = np.float32(1 + 3 * stated.resolution)

            def off(dout, x, factor=factor):
                return pullback(dout, x) * factor

            if vjp_verdict(forward, off, x).verdict != "disagrees":
                escaped.append((seed, stated.resolution))
    assert not escaped


# -- steps --------------------------------------------------------------------------------------


def staircase(x):
    return np.round(x, 3)


def three_decimals_lost(x):
    """Return sin x with the digits lost that 1e4 has no room for in float32."""
    return (np.sin(x) + np.float32(1e4)) - np.float32(1e4)


def test_no_slope_between_steps_is_not_called_wrong():
    """The derivative of what is rounded to three decimals is 0 almost everywhere."""
    report = vjp_verdict(staircase, lambda dout, x: 0 * x, np.array([31.4159]))
    assert report.verdict == "undecided"
    assert "moves in steps, and between them as the gradient says" in report.reason
    assert vjp_verdict(np.floor, lambda dout, x: 0 * x, 1e4 * np.linspace(1, 2, 7)).verdict == "undecided"


@pytest.mark.parametrize(
    ("decimals", "x"),
    [(3, [2.0, -1000.0]), (3, [0.3, 0.7]), (2, [1e4, 3.3]), (6, [0.3, 0.7]), (8, [0.123456789])],
)
def test_no_slope_is_not_called_wrong_between_the_smallest_steps(decimals, x):
    """A millionth of the values, and of several entries, of which one steps up where another steps down."""
    for seed in range(4):
        report = verdict(
            lambda x: float(np.round(x, decimals).sum()), lambda x: 0 * x, np.array(x), seed=seed
        )
        assert report.verdict != "disagrees"


@pytest.mark.parametrize("x", [[0.3, 0.7], [1.234, -5.4321, 12.5]])
def test_what_is_computed_in_float32_on_the_way_excuses_no_slope(x):
    def weighted(x):
        return float((np.sin(x.astype(np.float32)).astype(float) * (0.37, 1.7, 0.9)[: x.size]).sum())

    assert verdict(weighted, lambda x: 0 * x, np.array(x)).verdict == "disagrees"


def test_no_slope_is_not_right_either_where_digits_are_lost():
    """As a black box that is a staircase, too: neither wrong nor right can be said of it."""
    x = np.array([0.3, 0.7], np.float32)
    assert vjp_verdict(three_decimals_lost, lambda dout, x: 0 * x, x).verdict != "agrees"
    assert vjp_verdict(three_decimals_lost, lambda dout, x: dout * np.cos(x), x).verdict == "agrees"


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_steps_of_the_arithmetic_itself_excuse_no_slope(dtype):
    for x in (np.array([31.4159]), np.array([31.4159], np.float32)):
        report = vjp_verdict(lambda x: (x.astype(dtype) * 3).astype(x.dtype), lambda dout, x: 0 * x, x)
        assert report.verdict == "disagrees"


@pytest.mark.parametrize("seed", range(6))
def test_whole_numbers_are_not_the_steps_of_a_short_arithmetic(seed):
    """Up to 565 they fit float16, whose own steps are finer where the numbers are smaller."""
    x = np.random.default_rng(seed).normal(size=10)
    report = vjp_verdict(lambda x: np.floor(300 * x), lambda dout, x: np.zeros_like(x), x)
    assert report.verdict != "disagrees"
    wrong = vjp_verdict(lambda x: np.floor(300 * x), lambda dout, x: 30 * dout, x)
    assert wrong.verdict == "disagrees"


@pytest.mark.parametrize("seed", range(4))
def test_a_sawtooth_rises_between_its_steps(seed):
    """x - y * trunc(x / y) has slope 1 in x, as far as x is not rounded."""
    x, y = np.random.default_rng(seed).normal(size=3).astype(np.float32), np.float32(1e-4)
    assert vjp_verdict(lambda x: np.fmod(x, y), lambda dout, x: dout, x).verdict != "disagrees"


def test_a_wrong_slope_is_wrong_between_steps_too():
    assert vjp_verdict(staircase, lambda dout, x: -dout, np.array([31.4159])).verdict == "disagrees"


@pytest.mark.parametrize("shift", [17.0, 20.0, 60.0])
def test_what_is_below_a_step_of_the_rounding_cannot_be_seen(shift):
    """log(1 + e^-17) is 0 in float32, or one step of its rounding; the slope is what it is."""
    x = np.array([-shift], np.float32)
    report = vjp_verdict(lambda x: np.log(1 + np.exp(x)), lambda dout, x: dout * sigmoid(x), x)
    assert report.verdict == "undecided"


@pytest.mark.parametrize("x", [1.3e-5, 3.8e-6, 1.3e-6, 3.8e-8])
def test_steps_of_the_rounding_are_no_slope_of_zero(x):
    """Of 1 + x float32 keeps a hundred steps, or ten, or none."""
    report = vjp_verdict(lambda x: np.log(1 + x), lambda dout, x: dout / (1 + x), np.array([x], np.float32))
    assert report.verdict != "disagrees"


def test_a_slope_claimed_where_a_unit_is_dead_is_wrong():
    """It does not move at first, and then without a step."""
    report = vjp_verdict(relu, lambda dout, x: dout * 1e-3, np.array([-1.0, -2.0]))
    assert report.verdict == "disagrees"


# -- inaccurate, not wrong --------------------------------------------------------------------


def entropy(x):
    p = softmax(x)
    return -(p * np.log(p + np.finfo(p.dtype).tiny)).sum()


def entropy_gradient(x):
    p = softmax(x)
    logs = np.log(p + np.finfo(p.dtype).tiny)
    return -p * (logs - (p * logs).sum())


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_entropy_of_a_saturated_softmax_is_not_wrong(dtype):
    """Of the largest p the term p log p stands still at 0, and the others move smoothly."""
    x = np.array([99.0, 40.0, -60.0, 31.0], dtype)
    report = verdict(entropy, entropy_gradient, x)
    assert report.verdict == "undecided"
    assert "below the rounding of the function further out" in report.reason


def log_softmax(x):
    shifted = x - x.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def entropies(x):
    return -(np.exp(log_softmax(x)) * log_softmax(x)).sum(-1)


def entropies_pullback(g, x):
    logs = log_softmax(x)
    p = np.exp(logs)
    return -g[..., None] * p * (logs - (p * logs).sum(-1, keepdims=True))


#: Inputs at which terms of an entropy stand still beside others that do not: where the line that shows
#: it never gets to where the entropy is large, or only for a moment, and where it moves in steps.
SATURATED = (
    np.array([[-100.0, 55.30261634834057]]),
    np.array(
        [[26.621529, 62.52481, 21.193762, 40.877872, 1.4820018], [-54.76806, 100, 7.152525, -100, 86.90569]]
    ).astype(np.float32),
    np.array(
        [
            [-33.348576, 100, -14.376251, -20.208061, -13.960587],
            [68.37422, 88.03479, 45.214325, 21.92329, -19.715973],
        ]
    ).astype(np.float32),
)


@pytest.mark.parametrize("x", SATURATED)
def test_what_is_lost_in_a_saturated_softmax_is_not_wrong(x):
    assert vjp_verdict(entropies, entropies_pullback, x).verdict == "undecided"
    assert vjp_verdict(entropies, lambda g, x: 1.5 * entropies_pullback(g, x), x).verdict == "disagrees"


def mixture(mu, w, y):
    z = log_softmax(w) - 0.5 * (y[:, None] - mu) ** 2
    top = z.max(-1)
    return -(top + np.log(np.exp(z - top[:, None]).sum(-1))).sum()


def mixture_gradient(mu, w, y):
    r = np.exp(log_softmax(log_softmax(w) - 0.5 * (y[:, None] - mu) ** 2))
    return -(r * (y[:, None] - mu)).sum(0), -(r - np.exp(log_softmax(w))).sum(0)


@pytest.mark.parametrize(
    ("mu", "w", "dtype"),
    [
        ([2.4172373e-4, 2.05403e-3], [3.4010487, -7.1137953], np.float32),
        ([3.4054141e-3, -7.239767e-5, 1.8660609e-4], [8.1349611, 2.4829265e-2, 1.2328124e-4], np.float32),
        ([1.42341e-6, -1.37752e-6, -1.80317e-7, 2.53203e-7], [10, -3.4512, -10, -4.68676], np.float64),
    ],
)
def test_what_the_largest_term_of_a_likelihood_rounds_away_is_not_wrong(mu, w, dtype):
    """Beside entries so small, the function is large only at many times their size."""
    mu, w, y = (np.array(values, dtype) for values in (mu, w, [0.0]))
    target = gradtest.target(mixture, grad=mixture_gradient, wrt=("mu", "w"))
    for seed in range(4):
        report = gradtest.check(target, mu, w, y, settings=Settings(seed=seed))
        assert report.verdict != "disagrees"


@pytest.mark.parametrize("seed", [22, 34, 38, 112, 113, 118, 123, 221])
def test_a_saturated_classifier_is_not_wrong(seed):
    """All terms but one have vanished, so that the loss is exactly 0 far around; its gradient is 1e-39."""
    rng, dtype = np.random.default_rng(seed), (np.float64, np.float32)[seed % 2]
    batch, inside, hidden, outside = rng.integers(1, 4, 4) + np.array([0, 0, 0, 1])
    x = rng.normal(size=(batch, inside)).astype(dtype) * rng.choice([1, 1, 30])
    w0, b0 = rng.normal(size=(inside, hidden)).astype(dtype), rng.normal(size=hidden).astype(dtype)
    w1 = (rng.normal(size=(hidden, outside)) * rng.choice([1, 10])).astype(dtype)
    b1 = rng.choice([0.001, 100, 10, 1, -100, 40], size=outside).astype(dtype)
    labels = np.eye(outside)[(np.maximum(x @ w0 + b0, 0) @ w1 + b1).argmax(1)].astype(dtype)

    def probabilities(h, w1, b1):
        z = h @ w1 + b1
        shifted = z - z.max(-1, keepdims=True)
        return shifted, np.exp(shifted) / np.exp(shifted).sum(-1, keepdims=True)

    def loss(x, w0, b0, w1, b1):
        shifted, _ = probabilities(np.maximum(x @ w0 + b0, 0), w1, b1)
        return np.mean(np.log(np.exp(shifted).sum(-1)) - (shifted * labels).sum(-1))

    def gradient(x, w0, b0, w1, b1):
        h = np.maximum(x @ w0 + b0, 0)
        dz = (probabilities(h, w1, b1)[1] - labels) / len(x)
        dh = dz @ w1.T * (h > 0)
        return dh @ w0.T, x.T @ dh, dh.sum(0), h.T @ dz, dz.sum(0)

    report = gradtest.check(gradtest.target(loss, grad=gradient), x, w0, b0, w1, b1)
    assert report.verdict != "disagrees", report


def test_a_wrong_entropy_is_found_where_it_is_saturated():
    x = np.array([99.0, 40.0, -60.0, 31.0])
    assert verdict(entropy, lambda x: 1.04 * entropy_gradient(x), x).verdict == "disagrees"


def test_lost_digits_are_not_a_wrong_gradient():
    """sigma(z) - y with y = 1 has lost 3 % near z = 35, and is right all the same."""
    report = verdict(
        lambda z: np.logaddexp(0, -z).sum(), lambda z: 1 / (1 + np.exp(-z)) - 1, np.array([35.0])
    )
    assert report.verdict == "undecided"
    assert "inaccurate: the gradient is right in kind but has lost digits" in report.reason
    kept = verdict(lambda z: np.logaddexp(0, -z).sum(), lambda z: -sigmoid(-z), np.array([35.0]))
    assert kept.verdict == "agrees"


@pytest.mark.parametrize("z", [24.0, 24.25, 25.25, 28.25, 30.0, 36.5])
def test_lost_digits_are_nowhere_a_wrong_gradient(z):
    """However long the direction is, and however flat the gradient."""
    report = verdict(lambda z: np.logaddexp(0, -z).sum(), lambda z: 1 / (1 + np.exp(-z)) - 1, np.array([z]))
    assert report.verdict == "undecided"
    assert "inaccurate" in report.reason


def normalised(x):
    return x / np.maximum(np.linalg.norm(x), x.dtype.type(1e-12))


def normalised_pullback(dout, x):
    size = np.maximum(np.linalg.norm(x), x.dtype.type(1e-12))
    return (dout - normalised(x) * (normalised(x) @ dout)) / size


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_slope_that_holds_nearer_than_anybody_looks_is_not_wrong(dtype):
    x = np.zeros(3, dtype)
    assert vjp_verdict(normalised, normalised_pullback, x).verdict != "disagrees"

    def off(dout, x):
        return dtype(2) * normalised_pullback(dout, x)

    assert vjp_verdict(normalised, off, x + dtype(0.5)).verdict == "disagrees"


def test_a_wrong_gradient_is_not_excused_as_inaccurate():
    report = verdict(
        lambda z: np.logaddexp(0, -z).sum(), lambda z: 1.1 * (1 / (1 + np.exp(-z)) - 1), np.array([3.0])
    )
    assert report.verdict == "disagrees"


LARGE = np.full(3, 1e4, np.float32)


def in_logarithms(by=1.0):
    """Return the pullback of x, off by a factor, as one computes it who fears that e^x overflows."""
    return lambda dout, x: np.float32(by) * np.sign(dout) * np.exp((np.log(np.abs(dout)) - x) + x)


def test_digits_lost_to_logarithms_are_not_a_wrong_gradient():
    """log w - x keeps four digits of w near x = 1e4, the same ones wherever x is."""
    report = vjp_verdict(lambda x: x, in_logarithms(), LARGE)
    assert report.verdict == "undecided"
    assert "inaccurate: the gradient is right in kind but has lost digits" in report.reason


def test_a_factor_among_lost_digits_is_not_excused():
    """What 30 entries have lost leaves 5e-5 of their slope: the mean over multiples of w is surer."""
    assert vjp_verdict(lambda x: x, in_logarithms(1.00013), np.repeat(LARGE, 10)).verdict == "disagrees"


def test_what_depends_on_the_cotangent_by_mistake_is_not_excused():
    off = lambda dout, x: dout * np.abs(dout) ** np.float32(0.01)  # noqa: E731
    assert vjp_verdict(lambda x: x, off, LARGE).verdict == "disagrees"


def without_mean(x, weight):
    return (x - x.mean()) * weight


def rounding_for_zero(dout, x, weight):
    """Multiply out (x - mean) / deviation, and add one product exactly to the other, which was rounded."""
    over = 1 / np.float32(np.sqrt(1e-5))
    return np.zeros_like(x), dout * np.float32(x * np.float64(over) - np.float64(x.mean() * over))


@pytest.mark.parametrize("x", np.linspace(-9, -5, 7, dtype=np.float32))
def test_rounding_where_a_function_is_flat_is_not_a_wrong_gradient(x):
    """As torch has it for the weight of a layer norm of one entry, which is its mean."""
    inputs = np.full(1, x), np.full(1, -8.4784, np.float32)
    assert vjp_verdict(without_mean, rounding_for_zero, *inputs).verdict != "disagrees"

    def small(dout, x, weight):
        return np.zeros_like(x), dout * np.float32(1e-5) * x

    assert vjp_verdict(without_mean, small, *inputs).verdict == "disagrees"


@pytest.mark.parametrize("seed", [60, 144])
def test_a_slope_that_jumps_between_ties_does_not_scatter(seed):
    """One percent of the median from the lower of two middle entries alone, where some are tied."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, rng.choice([2, 4, 6])))
    x[rng.random(x.shape) < 0.5] = x[0, 0]

    def pullback(dout, x):
        order, upper = np.argsort(x, axis=1, kind="stable"), x.shape[1] // 2
        dx = np.zeros_like(x)
        for place, share in ((upper - 1, 0.505), (upper, 0.495)):
            dx[np.arange(len(x)), order[:, place]] += share * dout
        return dx

    assert vjp_verdict(lambda x: np.median(x, axis=1), pullback, x).verdict == "disagrees"


def reciprocal(x):
    return np.float32(1) / (np.float32(1e-8) + (x - 1).sum())


def test_a_value_of_its_own_has_no_slope_that_could_be_wrong():
    """1 / rounding, as in the inverse of a singular matrix, is of the ordinary size one rounding further."""
    x = np.ones(3, np.float32)
    report = verdict(reciprocal, lambda x: np.full_like(x, -(reciprocal(x) ** 2)), x)
    assert report.verdict == "agrees"
    assert report.blocks[0].place == Place.NEARBY
    wrong = verdict(reciprocal, lambda x: np.full_like(x, reciprocal(x) ** 2), x)
    assert wrong.verdict == "disagrees"


def test_a_slope_is_too_steep_for_a_function_that_is_smooth_at_the_point():
    def steep(x):
        return np.where(np.all(x == 1), np.float32(1e16), np.cos(x))

    assert verdict(lambda x: np.sin(x).sum(), steep, np.ones(3, np.float32)).verdict == "disagrees"


# -- two digits ------------------------------------------------------------------------------


def test_two_digits_are_enough_for_a_verdict():
    """In bfloat16 a gradient is right, or of the wrong sign: noise and claim allow little more."""
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    words = {factor: [] for factor in (1, -1)}
    for seed in range(10):
        x = np.random.default_rng(seed).normal(size=8).astype(bfloat16)
        for factor, seen in words.items():
            report = vjp_verdict(
                lambda x: np.sin(x).astype(x.dtype),
                lambda dout, x, factor=factor: (factor * dout * np.cos(x)).astype(x.dtype),
                x,
            )
            seen.append(report.verdict)
    assert words[1].count("agrees") > 5
    assert "disagrees" not in words[1]
    assert "agrees" not in words[-1]
    assert words[-1].count("disagrees") > 5


# -- size -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 4), (2, 3, 2), (400,)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_shape_and_one_wrong_entry(shape, dtype):
    x = np.linspace(0.5, 1.5, int(np.prod(shape))).reshape(shape).astype(dtype)
    assert verdict(np.sin, np.cos, x).verdict == "agrees"

    def one_off(x):
        g = np.asarray(np.cos(x))
        g[(-1,) * x.ndim] *= 1.5
        return g

    report = verdict(np.sin, one_off, x)
    assert report.verdict == "disagrees"
    assert report.findings[0].entry.index == tuple(n - 1 for n in shape)


def test_blocks_are_judged_each_by_itself():
    names = [f"p{i}" for i in range(8)]
    point = {name: np.linspace(1, 2, 3) * 10.0**i for i, name in enumerate(names)}

    def forward(p):
        return sum(np.sum(np.sin(p[name] / 10.0**i)) for i, name in enumerate(names))

    def gradient(p, wrong=None):
        return {
            name: (1 + (name == wrong)) * np.cos(p[name] / 10.0**i) / 10.0**i for i, name in enumerate(names)
        }

    report = verdict(forward, gradient, point)
    assert [block.verdict for block in report.blocks] == ["agrees"] * 8
    for wrong in ("p0", "p7"):
        report = verdict(forward, lambda p, wrong=wrong: gradient(p, wrong), point)
        assert [finding.parameter for finding in report.findings] == [f"p['{wrong}']"]


def test_a_wrong_small_entry_beside_large_ones():
    weights = 10.0 ** np.arange(0, -8, -2.0)

    def wrong(x):
        g = weights * np.cos(x)
        g[-1] *= 2
        return g

    x = np.linspace(0.2, 1, 4)
    assert verdict(lambda x: weights @ np.sin(x), lambda x: weights * np.cos(x), x).verdict == "agrees"
    assert verdict(lambda x: weights @ np.sin(x), wrong, x).verdict == "disagrees"


def test_a_path_that_is_cut_in_one_entry():
    def wrong(x):
        g = np.cos(x)
        g[0] = 0.0
        return g

    tiny = np.array([1e-9, 1.0, 2.0])
    assert verdict(lambda x: np.sin(x).sum(), wrong, tiny).verdict == "disagrees"


# -- what is said elsewhere, and in which precision ----------------------------------------------------


def test_a_place_that_could_not_have_seen_the_error_does_not_take_it_back():
    """Beside zeros the slope is 100 times smaller than at them: 3e-9 of it is not seen there by chance."""
    for seed in range(8):
        report = verdict(
            lambda x: ((x - 1e3) ** 2).sum(), lambda x: 2 * (x - 1e3) * (1 + 3e-9), np.zeros(2), seed=seed
        )
        assert report.verdict == "disagrees"


@pytest.mark.parametrize("seed", range(16))
def test_the_median_of_tied_entries_is_no_special_point(seed):
    """It is linear along every line through the point, and along many pairs of lines."""

    def slope(x):
        return np.eye(x.size)[np.argsort(x, kind="stable")[x.size // 2]]

    assert verdict(np.median, slope, np.ones(3), seed=seed).verdict == "agrees"


@pytest.mark.parametrize(("off", "word"), [(0.0, "agrees"), (1e-4, "disagrees")])
def test_a_gradient_computed_in_float32_is_held_to_float32(off, word):
    x = np.random.default_rng(3).standard_normal(4)
    report = vjp_verdict(np.sin, lambda g, x: g * np.cos(x.astype(np.float32)).astype(float) * (1 + off), x)
    assert report.verdict == word
    assert word == "disagrees" or 1e-6 < report.resolution < 1e-4


def test_a_term_that_rounding_holds_back_is_no_wrong_gradient():
    """In the entropy of (1 - p, p) in float32 the first term stands still for a while where p is 1e-7."""

    def log_softmax(x):
        return x - x.max() - np.log(np.exp(x - x.max()).sum())

    def entropy(x):
        return -(np.exp(log_softmax(x)) * log_softmax(x)).sum()

    def slope(x):
        return -np.exp(log_softmax(x)) * (log_softmax(x) + entropy(x))

    x = np.array([16.390738, -0.010192470], dtype=np.float32)
    for seed in range(4):
        assert verdict(entropy, slope, x, seed=seed).verdict != "disagrees"
        assert verdict(entropy, lambda x: 1.5 * slope(x), x, seed=seed).verdict == "disagrees"


@pytest.mark.parametrize(
    ("mu", "lv"), [([0.0033956324], [6.6536755e-05]), ([0, 0], [8.0235435e-07, 2.4544727e-07])]
)
def test_a_term_that_stands_still_beside_one_that_cancels_it_is_no_wrong_gradient(mu, lv):
    """In exp(x) - x near 0 rounding holds the first term back, and the second moves alone."""
    mu, lv = np.array(mu, np.float32), np.array(lv, np.float32)

    def divergence(mu, lv):
        return (np.exp(lv) + mu * mu - 1 - lv).sum() / 2

    for seed in range(8):
        settings = Settings(seed=seed)
        right = gradtest.target(divergence, grad=lambda mu, lv: (mu, np.expm1(lv) / 2))
        assert gradtest.check(right, mu, lv, settings=settings).verdict != "disagrees"
        wrong = gradtest.target(divergence, grad=lambda mu, lv: (mu, np.exp(lv) / 2))
        assert gradtest.check(wrong, mu, lv, settings=settings).verdict != "agrees"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_slope_claimed_for_an_oscillation_is_wrong(dtype):
    x = np.array([0.3, 1.1], dtype)
    assert vjp_verdict(lambda x: np.sin(1000 * x), lambda g, x: 0 * g, x).verdict == "disagrees"


@pytest.mark.parametrize("digits", [4, 6, 8])
def test_the_trend_of_values_rounded_to_decimals_is_never_wrong(digits):
    for seed in range(12):
        x = np.random.default_rng(seed).standard_normal(4)
        report = vjp_verdict(lambda x: np.round(np.sin(x), digits), lambda g, x: g * np.cos(x), x)
        assert report.verdict != "disagrees"
