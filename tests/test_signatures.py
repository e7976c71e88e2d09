"""The names of inputs, and in which order a derivative wants what."""

import functools
import inspect

import numpy as np
import pytest

from gradtest.errors import MisusedType
from gradtest.signatures import (
    ANYTHING,
    Plan,
    backward_plan,
    bind,
    check_fit,
    forward_plan,
    gradient_plan,
    label,
    meant,
    of_method,
)

ARRAY = np.zeros(2)
CACHED = (ARRAY, {"x": ARRAY})
FIRST, LAST = ("cotangent", "inputs"), ("inputs", "cotangent")

# The vjp, the names of the inputs, what forward returned, and what the vjp is to be given.
BACKWARD = [
    (lambda dout, x, w: 0, "x w", ARRAY, Plan(FIRST, placed=("x", "w"))),
    (lambda anything, x, w: 0, "x w", ARRAY, Plan(FIRST, placed=("x", "w"))),
    (lambda g, w, x: 0, "x w", ARRAY, Plan(FIRST, placed=("w", "x"))),
    (lambda dout, w: 0, "x w b", ARRAY, Plan(FIRST, placed=("w",))),
    (lambda dout, x, w, eps=1e-5: 0, "x w", ARRAY, Plan(FIRST, placed=("x", "w"))),
    (lambda dout, x, n=2: 0, "x n", ARRAY, Plan(FIRST, placed=("x", "n"))),
    (lambda dout, x, *, n: 0, "x n", ARRAY, Plan(FIRST, placed=("x",), keywords=("n",))),
    (lambda dout, x, **rest: 0, "x n", ARRAY, Plan(FIRST, placed=("x",), keywords=("n",))),
    (lambda g, p, q: 0, "x w", ARRAY, Plan(FIRST)),
    (lambda a, b, c: 0, "x w", ARRAY, Plan(FIRST)),
    (lambda g, *rest: 0, "x w", ARRAY, Plan(FIRST)),
    (lambda *everything: 0, "x w", ARRAY, Plan(FIRST)),
    (max, "x", ARRAY, Plan(FIRST)),
    (lambda x, w, dout: 0, "x w", ARRAY, Plan(LAST, placed=("x", "w"))),
    (lambda x, w, anything: 0, "x w", ARRAY, Plan(LAST, placed=("x", "w"))),
    (lambda w, dout: 0, "x w", ARRAY, Plan(LAST, placed=("w",))),
    (lambda p, q, grad_output: 0, "x w", ARRAY, Plan(LAST)),
    (lambda p, q, dZ: 0, "x w", ARRAY, Plan(LAST)),
    (lambda g, p, dim: 0, "x axis", ARRAY, Plan(FIRST)),
    (lambda lam, state, dt: 0, "y h", ARRAY, Plan(FIRST)),
    (lambda dout, cache: 0, "x w b", CACHED, Plan(("cotangent", "cache"))),
    (lambda dA, activation_cache: 0, "x w", CACHED, Plan(("cotangent", "cache"))),
    (lambda dout, ctx: 0, "x", (ARRAY, ARRAY), Plan(("cotangent", "cache"))),
    (lambda res, g: 0, "x w", CACHED, Plan(("cache", "cotangent"))),
    (lambda residuals, ct: 0, "x", (ARRAY, ARRAY), Plan(("cache", "cotangent"))),
    (lambda dh, dc, cache: 0, "x", (ARRAY, ARRAY, {}), Plan(("cotangent", "cache"), spread=True)),
    (lambda dout, x, cache: 0, "x cache", ARRAY, Plan(FIRST, placed=("x", "cache"))),
    (lambda dout: 0, "x w", ARRAY, Plan(("cotangent",))),
    (lambda whatever: 0, "x", ARRAY, Plan(("cotangent",))),
    (lambda dout, rate=0.1: 0, "x", ARRAY, Plan(("cotangent",))),
    (lambda dh, dc: 0, "x", (ARRAY, ARRAY), Plan(("cotangent",), spread=True)),
    (lambda g, x: 0, "x", (ARRAY, ARRAY), Plan(FIRST, placed=("x",))),
    (lambda g1, g2, x: 0, "x", (ARRAY, ARRAY), Plan(FIRST, True, placed=("x",))),
    (lambda x, g1, g2: 0, "x", (ARRAY, ARRAY), Plan(LAST, True, placed=("x",))),
]


def signature_text(function):
    return "?" if function is max else str(inspect.signature(function))


@pytest.mark.parametrize("row", BACKWARD, ids=lambda row: f"{signature_text(row[0])} of {row[1]}")
def test_backward_plans(row):
    vjp, names, returned, plan = row
    assert backward_plan(vjp, names.split(), returned) == plan


def test_a_backward_that_takes_inputs_only_is_a_gradient():
    with pytest.raises(
        MisusedType, match=r"takes x, w, which are inputs, and no cotangent .* give it as grad="
    ):
        backward_plan(lambda x, w: 0, ["x", "w"], ARRAY)


def test_gradient_plans():
    assert gradient_plan(lambda x, w: 0, ["x", "w"]) == Plan(("inputs",), placed=("x", "w"))
    assert gradient_plan(lambda w: 0, ["x", "w"]) == Plan(("inputs",), placed=("w",))
    assert gradient_plan(lambda p, q: 0, ["x", "w"]) == Plan(("inputs",))
    assert gradient_plan(max, ["x"]) == Plan(("inputs",))


def test_jvp_plans():
    together, apart = Plan(("primals", "tangents")), Plan(("primals", "tangents"), spread=True)
    assert forward_plan(lambda primals, tangents: 0, ["x"]) == together
    assert forward_plan(lambda primals, tangents: 0, ["x", "w"]) == together
    assert forward_plan(lambda x, dx: 0, ["x"]) == apart
    assert forward_plan(lambda x, w, dx, dw: 0, ["x", "w"]) == apart
    assert forward_plan(lambda p, q, r, s: 0, ["x", "w"]) == apart


def test_arguments_are_laid_out_as_planned():
    inputs = bind(lambda x, w, *, scale: 0, (1.0, 2.0), {"scale": 3.0})
    given = {"cotangent": ("a", "b"), "cache": {}}
    assert Plan(FIRST).arguments(inputs, given) == ([("a", "b"), 1.0, 2.0], {"scale": 3.0})
    assert Plan(LAST, spread=True).arguments(inputs, given) == ([1.0, 2.0, "a", "b"], {"scale": 3.0})
    assert Plan(FIRST, placed=("scale",)).arguments(inputs, given) == ([("a", "b"), 3.0], {})
    assert Plan(("cache", "cotangent"), spread=True).arguments(inputs, given)[0] == [{}, "a", "b"]


def test_inputs_stand_in_the_order_of_the_signature():
    def forward(x, w, b=0.0, *rest, scale=1.0, **more):
        return x

    bound = bind(forward, (1.0,), {"more": 5.0, "scale": 4.0, "w": 2.0})
    assert bound.names == ("x", "w", "scale", "more")
    assert bound.values == (1.0, 2.0, 4.0, 5.0)
    assert (bound.placed, bound.placeable) == (1, 2)
    assert bind(forward, (1.0, 2.0, 3.0, 4.0, 5.0), {}).names == ("x", "w", "b", "rest[0]", "rest[1]")


def test_inputs_of_what_has_no_signature():
    assert bind(max, ([1.0],), {}).names == ("x",)
    assert bind(max, (1.0, 2.0), {"key": abs}).names == ("x0", "x1", "key")
    assert bind(np.tanh, (1.0,), {}).names == ("x",)


def test_inputs_that_do_not_fit():
    def affine(x, w, b):
        return x

    with pytest.raises(MisusedType, match=r"do not fit affine\(x, w, b\): missing a required argument: 'b'"):
        bind(affine, (1.0, 2.0), {})
    with pytest.raises(MisusedType, match="unexpected keyword argument 'c'"):
        bind(affine, (1.0, 2.0, 3.0), {"c": 1.0})


def test_a_derivative_that_cannot_be_called_as_planned():
    def backward(dout, x):
        return dout

    check_fit("vjp", backward, [1, 2], {})
    check_fit("vjp", max, [1], {})
    with pytest.raises(
        MisusedType, match=r"vjp=backward\(dout, x\) cannot be given 3 arguments \(got an unexp"
    ):
        check_fit("vjp", backward, [1, 2], {"w": 3})


class Layer:
    def forward(self, x):
        return x

    def __call__(self, x):
        return x


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (np.tanh, "tanh"),
        (len, "len"),
        (Layer().forward, "Layer.forward"),
        (Layer(), "Layer"),
        (functools.partial(Layer().forward), "Layer.forward"),
        (functools.partial(np.clip, a_min=0), "clip"),
        (lambda x: x, "<lambda>"),
    ],
)
def test_labels(function, name):
    assert label(function) == name


def test_a_local_function_is_called_by_its_own_name():
    def affine(x):
        return x

    assert label(affine) == "affine"


KEYS = (
    *("W", "dW", "dw", "d_W", "grad_W", "W_grad", "gradient_W", "W_gradient", "gW", "gradW", "W_bar"),
    *("dL_dW", "dLdW", "dL/dW", "∂W", "∂L/∂W", "∇W"),
)


@pytest.mark.parametrize("key", KEYS)
def test_keys_that_mean_the_gradient_of_w(key):
    assert meant(key, ["x", "W", "b"]) == "W"


def test_a_key_means_the_plain_name_first():
    assert meant("dW", ["W", "dW"]) == "dW"
    assert meant("gb", ["b", "gb"]) == "gb"
    assert meant("w", ["W", "w"]) == "w"
    assert meant("velocity", ["W", "w"]) is None


def test_a_bound_method_as_a_function_with_a_name_and_a_signature():
    class Scaled:
        factor = 3.0

        def times(self, x, /, *rest, **named):
            return self.factor * x

    scaled = Scaled()
    plain, named = of_method(scaled.times), of_method(scaled.times, "triple", ANYTHING)
    assert plain(2.0) == named(2.0) == 6.0
    assert plain.__qualname__.endswith("times")
    assert str(inspect.signature(plain)) == "(x, /, *rest, **named)"
    assert (named.__qualname__, inspect.signature(named)) == ("triple", ANYTHING)
