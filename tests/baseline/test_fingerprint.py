"""What a target is at pinned points: the same again, and another where it is another."""

import itertools

import numpy as np
import pytest
from hypothesis import strategies as st

from gradtest.baseline.entries import Parameter
from gradtest.baseline.fingerprint import Fingerprint, Unpinned, fingerprint
from gradtest.settings import DEFAULT
from gradtest.targets import Target, target

AFFINE = {"x": "batch in", "w": "in out", "b": "out"}


def affine(x, w, b):
    return x @ w + b


def affine_backward(g, x, w, b):
    return g @ w.T, x.T @ g, g.sum(0)


def other_blas(x, w, b):
    return (np.flip(x, 1)[..., None] * np.flip(w, 0)).cumsum(1)[:, -1] + b


def other_blas_backward(g, x, w, b):
    first, *_ = affine_backward(g[:, ::-1], x, w[:, ::-1], b)
    return first, other_blas(x.T, g, 0.0), np.flip(g, 0).cumsum(0)[-1]


def seen(forward, shapes=None, **derivative) -> Fingerprint:
    return fingerprint(target(forward, **derivative), shapes or {"x": "batch n"}, DEFAULT)


def texts(numbers) -> list[str]:
    return list(map(str, numbers))


def of(parameter: Parameter) -> tuple[str, float | None, float | None, list[str]]:
    return parameter.verdict, parameter.accuracy, parameter.resolution, texts(parameter.slopes)


def test_it_is_the_same_again_and_with_sums_in_another_order():
    one = seen(affine, AFFINE, vjp=affine_backward)
    for other in (
        seen(affine, AFFINE, vjp=affine_backward),
        seen(other_blas, AFFINE, vjp=other_blas_backward),
    ):
        assert texts(one.values) == texts(other.values)
        assert str(one.drawn) == str(other.drawn)
        assert {n: of(p) for n, p in one.parameters.items()} == {
            n: of(p) for n, p in other.parameters.items()
        }


def test_every_parameter_has_a_slope_at_every_point_and_a_verdict():
    found = seen(affine, AFFINE, vjp=affine_backward)
    assert list(found.parameters) == ["x", "w", "b"]
    for parameter in found.parameters.values():
        assert parameter.verdict == "agrees"
        assert len(parameter.slopes) == len(found.values) == 3
        assert (parameter.accuracy, parameter.resolution) == (1e-10, 1e-8)
        assert all(number.error < 1e-6 for number in parameter.slopes)


def test_a_flipped_gradient_flips_its_slopes_and_nothing_else():
    """A direction that followed the claimed gradient would flip with it."""
    right = seen(affine, AFFINE, vjp=affine_backward)
    wrong = seen(affine, AFFINE, vjp=lambda g, x, w, b: (g @ w.T, -x.T @ g, g.sum(0)))
    assert texts(wrong.values) == texts(right.values)
    assert str(wrong.drawn) == str(right.drawn)
    pairs = zip(right.parameters["w"].slopes, wrong.parameters["w"].slopes, strict=True)
    assert all(one.value == -other.value for one, other in pairs)
    assert (wrong.parameters["w"].verdict, wrong.parameters["x"].verdict) == ("disagrees", "agrees")
    assert wrong.parameters["w"].accuracy >= 1


@pytest.mark.parametrize("size", [3e-6, 3e-4, 3e-2, 0.5])
def test_the_accuracy_is_how_far_the_gradient_is_off(size):
    found = seen(np.sin, grad=lambda x: np.cos(x) * (1 + size))
    assert size <= found.parameters["x"].accuracy <= 10 * size


def test_a_gradient_in_float32_is_seen_to_have_lost_digits():
    found = seen(np.sin, grad=lambda x: np.cos(x.astype(np.float32)).astype(float))
    assert 1e-8 <= found.parameters["x"].accuracy <= 1e-6


def test_a_gradient_that_is_only_rounding_is_recorded_as_zero():
    """What a bias before a normalisation claims is another number on every machine."""

    def centred(x, b):
        z = x + b
        return z - z.mean(0)

    def backward(g, x, b):
        dz = g - g.mean(0)
        return dz, dz.sum(0)

    found = seen(centred, {"x": "batch n", "b": "n"}, vjp=backward)
    assert all(number.value == 0 for number in found.parameters["b"].slopes)
    assert all(0 < number.error < 1e-9 for number in found.parameters["b"].slopes)


def test_a_value_that_cancels_is_recorded_as_zero():
    found = seen(lambda x: x.mean() - x.T.mean(), grad=np.zeros_like)
    assert all(number.value == 0 for number in found.values)


@pytest.mark.parametrize("returned", [np.float32, np.float64])
def test_numbers_of_float32_are_recorded_to_what_float32_carries(returned):
    def single(x):
        return np.sin(x.astype(np.float32)).astype(returned)

    found = seen(single, vjp=lambda g, x: (g * np.cos(x.astype(np.float32))).astype(float))
    assert all(1e-6 < number.error <= 1e-2 for number in found.values)


def test_what_the_target_holds_itself_is_pinned_as_well():
    def scaled(gamma: np.ndarray) -> Target:
        return target(
            lambda x, gamma: x * gamma,
            vjp=lambda g, x, gamma: {"x": g * gamma, "gamma": (g * x).sum(0)},
            parameters={"gamma": gamma},
        )

    draw = np.random.default_rng(0)
    one, other = (fingerprint(scaled(draw.normal(size=4)), {"x": "batch 4"}, DEFAULT) for _ in range(2))
    assert texts(one.values) == texts(other.values)
    assert list(one.parameters) == ["x", "gamma"]


def test_what_the_target_holds_is_not_equal_to_its_inputs():
    equal = target(
        lambda x, y: x - y, vjp=lambda g, x, y: {"x": g, "y": -g}, parameters={"y": np.array([-1.0, 1.0])}
    )
    assert all(number.value for number in fingerprint(equal, {"x": "2"}, DEFAULT).values)


def test_layers_and_integers_are_pinned():
    def network(weights, x, labels):
        for w in weights:
            x = np.tanh(w @ x)
        return float(x[0] @ (labels - 0.5))

    def gradients(weights, x, labels):
        layers = [x]
        for w in weights:
            layers.append(np.tanh(w @ layers[-1]))
        g = np.zeros_like(layers[-1])
        g[0] = labels - 0.5
        found = []
        for w, below, above in zip(weights[::-1], layers[-2::-1], layers[:0:-1], strict=True):
            g = g * (1 - above**2)
            found.insert(0, g @ below.T)
            g = w.T @ g
        return {"weights": found, "x": g}

    shapes = {"weights": "n[l] n[l-1]", "x": "n[0] batch", "labels": "batch : {0, 1}"}
    found = seen(network, shapes, grad=gradients)
    assert {name: p.verdict for name, p in found.parameters.items()} == {
        "weights[0]": "agrees",
        "weights[1]": "agrees",
        "x": "agrees",
    }


def test_a_function_may_overflow_on_the_way():
    """As where a user turns warnings into errors."""
    found = seen(lambda x: 1 / (1 + np.exp(-1e3 * x)), grad=lambda x: np.exp(-1e3 * x) * 0.0)
    assert len(found.values) == 3


def test_the_seed_of_the_run_does_not_matter():
    pinned_ = [
        fingerprint(target(np.sin, grad=np.cos), {"x": "n"}, DEFAULT.but(seed=seed)) for seed in (0, 12345)
    ]
    assert of(pinned_[0].parameters["x"]) == of(pinned_[1].parameters["x"])


# -- nothing to compare ---------------------------------------------------------------------------


def raising(x):
    raise ZeroDivisionError


COUNTER = itertools.count()


@pytest.mark.parametrize(
    ("forward", "derivative", "shapes", "why"),
    [
        (np.sin, {"grad": np.cos}, {"x": st.floats(0, 1)}, "drawn by a Hypothesis strategy"),
        (raising, {"grad": np.cos}, {"x": "n"}, "forward raised ZeroDivisionError at a pinned point"),
        (np.sin, {"grad": raising}, {"x": "n"}, "grad raised ZeroDivisionError at a pinned point"),
        (np.log, {"grad": lambda x: 1 / x}, {"x": "n"}, "not finite at a pinned point"),
        (np.sin, {"vjp": lambda g, x: g[:1]}, {"x": "n"}, "shape"),
        (lambda x: x * next(COUNTER), {"grad": np.cos}, {"x": "n"}, "not the same when it is called twice"),
        (np.sin, {"grad": lambda x: x * next(COUNTER)}, {"x": "n"}, "not the same when it is called twice"),
    ],
)
def test_a_target_that_cannot_be_pinned_says_why(forward, derivative, shapes, why):
    with pytest.raises(Unpinned, match=why):
        fingerprint(target(forward, name="f", **derivative), shapes, DEFAULT)
