"""The domains that a target learns from its shapes, and which input is which."""

from collections import namedtuple

import numpy as np
import pytest
from hypothesis import strategies as st

import gradtest
from gradtest.properties.drawn_domains import within
from gradtest.properties.search import case_of, search
from gradtest.properties.strategies import inputs
from gradtest.signatures import bind
from tests.guarded import Guarded

X, Y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
Pair = namedtuple("Pair", "left right")


def of(forward, **kwargs):
    return gradtest.target(forward, vjp=lambda *args: args[0], name="f", **kwargs)


# -- which input is which -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forward", "point", "called"),
    [
        (lambda x, y: (x, y), dict(x=X, y=Y), (X, Y)),
        (lambda x, y: (x, y), dict(y=Y, x=X), (X, Y)),
        (lambda x, axis=7, y=None: (x, axis, y), dict(x=X, y=Y), (X, 7, Y)),
        (lambda x, *, y: (x, y), dict(y=Y, x=X), (X, Y)),
        (lambda x, /, y: (x, y), dict(y=Y, x=X), (X, Y)),
        (lambda *rest: rest, dict(a=X, b=Y), (X, Y)),
        (lambda x, **rest: (x, *rest.values()), dict(x=X, w=Y), (X, Y)),
        (lambda x, y: (x, y), dict(a=X, b=Y), (X, Y)),
        (np.divmod, dict(a=X, b=Y), np.divmod(X, Y)),
    ],
)
def test_inputs_find_their_places(forward, point, called):
    returned = case_of(of(forward), point).raw()
    assert all(np.array_equal(one, other) for one, other in zip(returned, called, strict=True))


def test_a_point_that_does_not_fit_gets_a_sentence():
    with pytest.raises(gradtest.Misuse, match="the inputs do not fit"):
        case_of(of(lambda x, y: x), dict(y=Y))


def test_an_optional_input_in_the_middle_may_be_left_out():
    def scaled(x, axis=None, w=1.0):
        return x * w

    right = gradtest.target(scaled, vjp=lambda g, x, w: (g * w, np.sum(g * x)))
    outcome = search(right, inputs(x="n", w=""), max_examples=10)
    assert outcome.tally.agrees == outcome.tally.cases > 0


# -- domains --------------------------------------------------------------------------------------


def domains(target, **shapes):
    return {name: domain.name for name, domain in within(target, shapes).domains.items()}


def test_a_target_learns_the_domains_of_its_shapes():
    of_one = of(lambda x, y, z: x)
    assert domains(of_one, x="n : simplex", y="n", z="n : labels n") == {"x": "simplex", "z": "labels n"}
    assert domains(of_one, x={"a": ["n", "n : (0, 1)"]}, y=st.integers(), z="n : complex") == {
        "x['a'][1]": "(0, 1)"
    }
    assert domains(of_one, x=Pair("n", "n n : spd"), y="n", z="n") == {"x.right": "spd"}
    assert within(of_one, dict(x="n", y="n", z="n")) is of_one


def test_what_a_target_states_itself_comes_first():
    stated = of(lambda x, y: x, domains={"x": "positive"})
    assert domains(stated, x="n : (0, 1)", y="n : unit") == {"x": "(0, inf)", "y": "unit"}


def test_inputs_without_names_have_their_domains_by_position():
    _, second = bind(np.hypot, (X, Y), {}).names
    assert domains(of(np.hypot), a="n", b="n : positive") == {second: "(0, inf)"}
    assert domains(of(lambda *rest: rest), a="n", b="n : positive") == {"rest[1]": "(0, inf)"}


def test_parameters_of_the_target_are_no_hindrance():
    layer = of(lambda x, w: x, parameters={"w": X})
    assert domains(layer, x="n : positive") == {"x": "(0, inf)"}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "shape",
    [
        *("batch k : simplex", "k k : spd", "k k : symmetric", "k : unit", "k k : lower"),
        *("n : (0, 1)", "n : [0, 1]", "n : nonnegative", "n : positive", "n : [-2, 2]"),
    ],
)
def test_a_search_never_leaves_the_domains(shape, dtype):
    def gradient(x):
        number = np.arange(x.size, dtype=x.dtype).reshape(x.shape)
        return np.sin(number + x) + x * np.cos(number + x)

    def wrong(x):
        return gradient(x) * (1 + 0.1 * np.cos(np.arange(x.size, dtype=x.dtype)).reshape(x.shape))

    def value(x):
        return np.sum(x * np.sin(np.arange(x.size, dtype=x.dtype).reshape(x.shape) + x))

    for claim, found in ((gradient, False), (wrong, True)):
        guarded = Guarded(shape.partition(" : ")[2], value)
        subject = within(gradtest.target(guarded, grad=claim, name="f"), {"x": shape})
        outcome = search(subject, inputs(x=shape, dtype=dtype), max_examples=60)
        assert bool(outcome.findings) == found, outcome.findings
        assert guarded.outside == 0
        assert guarded.asked > 60
        if not found:
            assert outcome.tally.agrees >= 0.9 * outcome.tally.cases


def test_a_property_has_its_domains_from_its_shapes():
    def entropy(p):
        if not np.isclose(p.sum(), 1, rtol=0, atol=1e-12):
            raise ValueError("not a distribution")
        return -np.sum(p * np.log(p))

    gradtest.property_of(gradtest.target(entropy, grad=lambda p: -np.log(p)), p="k : simplex")()
