"""A target at a point: names, misuse, the count of evaluations, and that nothing does harm to anything."""

import dataclasses
import re
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import gradtest
from gradtest.case import Case, Raised
from gradtest.errors import GradientError, Misuse, MisusedType
from gradtest.matching import BrokenContract
from gradtest.spaces.containers import flatten
from gradtest.targets import target

X = np.array([1.0, -2.0, 0.5])


class Parameters(NamedTuple):
    w: np.ndarray
    b: np.ndarray


@dataclasses.dataclass
class Layer:
    weight: np.ndarray
    bias: np.ndarray
    kind: str = "tanh"


def anything(*args, **kwargs):
    return 0.0


def case_of(*args, **kwargs):
    return Case(target(anything, vjp=anything), args, kwargs)


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (X, ["p"]),
        (1.5, ["p"]),
        ([X, X], ["p[0]", "p[1]"]),
        ({"W": X, "b": [X, X]}, ["p['W']", "p['b'][0]", "p['b'][1]"]),
        (Parameters(X, X), ["p.w", "p.b"]),
        (Layer(X, X), ["p.weight", "p.bias", "p.kind"]),
        ([(X, {"a": X})], ["p[0][0]", "p[0][1]['a']"]),
        (([], X), ["p[1]"]),
    ],
)
def test_every_leaf_has_a_name_that_can_be_typed(value, names):
    case = Case(target(lambda p: 0.0, vjp=anything), (value,))
    assert list(case.names) == names
    for name, leaf in zip(case.names, case.leaves, strict=True):
        assert eval(name, {"p": value}) is leaf or np.array_equal(eval(name, {"p": value}), leaf)


def test_leaves_know_their_input():
    case = Case(target(lambda ws, empty, n, x: 0.0, vjp=anything), ([X, X], [], 3, X))
    assert [case.owner(i) for i in range(4)] == ["ws", "ws", "n", "x"]
    assert case.real == (0, 1, 3)
    assert [one.first for one in case.inputs] == [0, 2, 2, 3]


def test_the_point_is_given_back_by_name():
    layer = Layer(X, 2 * X)
    case = Case(target(lambda layer, x, kind: 0.0, vjp=anything), (layer,), {"kind": "relu", "x": X})
    assert list(case.point()) == ["layer", "x", "kind"]
    assert np.array_equal(case.point()["layer"].bias, layer.bias)
    assert not np.shares_memory(case.point()["layer"].bias, layer.bias)
    moved = case.at([leaf + 1 if i in case.real else leaf for i, leaf in enumerate(case.leaves)])
    assert np.array_equal(moved.point()["layer"].bias, 2 * X + 1)
    assert moved.point()["layer"].kind == "tanh"
    assert np.array_equal(case.point()["x"], X)


# -- misuse ---------------------------------------------------------------------------------------

MISUSE = [
    (
        np.array([1, 2]),
        r"rest\[0\] holds integers \(int64\), which have no derivative; .* rest\[0\]\.astype\(float\)",
    ),
    (np.array([True]), r"rest\[0\] holds integers \(bool\)"),
    (3, r"rest\[0\]=3 is an integer, which has no derivative; give 3\.0"),
    (True, r"rest\[0\]=True is an integer, which has no derivative; give 1\.0"),
    (np.zeros((0, 3), complex), r"rest\[0\] is empty \(shape \(0, 3\)\)"),
    (
        np.array([1.0, None]),
        r"rest\[0\] is an array of objects; gradtest needs numbers: give rest\[0\]\.astype\(float\)",
    ),
    (
        np.zeros((0, 3)),
        r"rest\[0\] is empty \(shape \(0, 3\)\): there is nothing to differentiate; give at least one",
    ),
    ([X, np.zeros(0)], r"rest\[0\]\[1\] is empty"),
    ("abc", r"anything got no real array to differentiate by \(only str\); pass its inputs"),
    (None, r"\(only NoneType\)"),
    ({}, r"\(only nothing\)"),
    ([1, 2], r"rest\[0\]\[0\]=1 is an integer"),
]


@pytest.mark.parametrize(("value", "sentence"), MISUSE, ids=[repr(value) for value, _ in MISUSE])
def test_inputs_of_no_use_get_a_sentence(value, sentence):
    named = target(lambda *rest: 0.0, vjp=anything, name="anything")
    with pytest.raises(Misuse, match=sentence) as caught:
        Case(named, (value,))
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, GradientError)


def test_no_inputs_at_all():
    with pytest.raises(MisusedType, match=r"anything got no real array to differentiate by \(only nothing\)"):
        case_of()


def test_what_is_not_real_is_passed_on_untouched():
    labels, words = np.array([0, 2]), np.array(["cat", "dog"], dtype=object)
    seen = []

    def forward(x, labels, words, kind, nothing, flag):
        seen.append((labels, words, kind, nothing, flag))
        return float(x[labels].sum())

    def gradient(x, labels, words, kind, nothing, flag):
        g = np.zeros_like(x)
        np.add.at(g, labels, 1.0)
        return g

    report = gradtest.check(target(forward, grad=gradient), X, labels, words, "max", None, True)
    assert report.ok
    assert [block.name for block in report.blocks] == ["x"]
    for got in seen:
        assert np.array_equal(got[0], labels)
        assert got[2:] == ("max", None, True)
        assert list(got[1]) == ["cat", "dog"]


# -- evaluations ----------------------------------------------------------------------------------


def counted(function):
    def counting(*args):
        counting.calls += 1
        return function(*args)

    counting.calls = 0
    return counting


@pytest.mark.parametrize("method", ["spectral", "central", "scipy"])
@pytest.mark.parametrize(
    ("function", "gradient", "point"),
    [
        (np.tanh, lambda x: 1 - np.tanh(x) ** 2, X),
        (np.tanh, lambda x: np.tanh(x) ** 2 - 1, X),
        (np.abs, np.sign, np.array([0.0, 1.0])),
        (np.abs, lambda x: -np.sign(x), np.array([0.0, 1.0])),
        (np.prod, lambda x: 0 * x, np.array([0.0, 2.0, 3.0])),
        (lambda x: np.linalg.norm(x), lambda x: np.nan * x, np.zeros(3)),
    ],
)
def test_every_call_of_forward_is_counted(function, gradient, point, method):
    forward = counted(function)
    report = gradtest.check(target(forward, grad=gradient), point, settings=gradtest.Settings(method=method))
    assert report.evaluations == forward.calls
    for finding in report.findings:
        assert finding.evaluations <= forward.calls


def test_cases_made_from_one_another_share_the_count():
    forward = counted(np.sin)
    case = Case(target(forward, grad=np.cos), (X,))
    assert case.evaluations == 0
    far = case.at([X + 1]).at([X + 2])
    far.raw()
    case.raw()
    case.call([X])
    assert case.evaluations == far.evaluations == forward.calls == 3


# -- no harm --------------------------------------------------------------------------------------


#: What is changed in place is against the law *purity*; here it only must not disturb the measurement.
MEASURED = gradtest.Settings(laws="derivative")


def relu_in_place(x):
    x[x < 0] = 0
    return x


@pytest.mark.parametrize(
    "layout", [np.copy, np.asfortranarray, lambda x: x[::-1], lambda x: np.broadcast_to(x, x.shape)]
)
def test_a_forward_that_writes_into_its_input_is_measured_right(layout):
    x = layout(np.array([[1.0, -2.0], [0.5, 3.0]]))
    before = x.copy()
    subject = target(relu_in_place, vjp=lambda g, x: g * (x > 0))
    assert gradtest.check(subject, x, settings=MEASURED).ok
    assert np.array_equal(x, before)
    wrong = target(relu_in_place, vjp=lambda g, x: g * (x < 0))
    assert gradtest.check(wrong, x).verdict == "disagrees"


def test_a_forward_that_writes_into_an_input_which_stands_still():
    def forward(x, w):
        x *= 2  # while w is moved, x must stay what it was
        return np.sin(x * w)

    def backward(g, x, w):
        slope = g * np.cos(2 * x * w) * 2
        return slope * w, slope * x

    case = Case(target(forward, vjp=backward), (X, X + 1))
    assert case.mutated == ()
    case.raw()
    assert case.mutated == ("x",)
    assert case.at([X, X]).mutated == ("x",)
    assert gradtest.check(target(forward, vjp=backward), X.copy(), X + 1, settings=MEASURED).ok


def test_labels_that_are_written_into():
    def forward(x, labels):
        labels -= 1
        return x[labels] ** 2

    def backward(g, x, labels):
        labels -= 1
        grad = np.zeros_like(x)
        np.add.at(grad, labels, 2 * g * x[labels])
        return grad

    labels = np.array([1, 3, 3])
    assert gradtest.check(target(forward, vjp=backward), X, labels).ok
    assert labels.tolist() == [1, 3, 3]


def test_a_backward_that_writes_into_all_it_is_given():
    def backward(dout, x, w):
        grads = dout * w, dout * x
        for array in (dout, x, w):
            array[...] = np.nan
        return grads

    assert gradtest.check(target(lambda x, w: x * w, vjp=backward), X, X + 1, settings=MEASURED).ok


def test_a_backward_that_writes_into_its_cotangent_and_returns_it():
    def backward(dout, x):
        dout *= x > 0
        return dout

    kinked = np.array([0.0, 1.0, -1.0])
    assert gradtest.check(target(lambda x: np.maximum(x, 0), vjp=backward), kinked).ok


def test_a_backward_that_returns_the_same_buffer_each_time():
    buffer = np.empty(3)

    def backward(dout, x):
        return np.multiply(dout, np.sign(x), out=buffer)

    assert gradtest.check(target(np.abs, vjp=backward), np.array([0.0, 1.0, -1.0])).ok
    case = Case(target(np.abs, vjp=backward), (X,))
    gradient = case.pull_back(case.raw(), np.ones(3))[0]
    buffer[:] = np.nan
    assert np.array_equal(gradient, np.sign(X))


def test_a_forward_that_returns_the_same_buffer_each_time():
    buffer = np.empty(3)
    subject = target(lambda x: np.sin(x, out=buffer), vjp=lambda g, x: g * np.cos(x))
    assert gradtest.check(subject, X).ok


def test_a_gradient_that_shares_memory_with_an_input():
    assert gradtest.check(target(lambda x: 0.5 * float(x @ x), grad=lambda x: x), X).ok


@settings(deadline=None, max_examples=50)
@given(arrays(np.float64, array_shapes(max_dims=3, max_side=3), elements=st.floats(-10, 10)))
def test_the_inputs_are_never_changed(x):
    def forward(x):
        y = np.sin(x)
        x += 1
        return y

    def backward(g, x):
        result = g * np.cos(x)
        x -= 1
        return result

    before = x.copy()
    gradtest.check(target(forward, vjp=backward), x)
    assert np.array_equal(x, before)


# -- what raises ----------------------------------------------------------------------------------


def test_what_raises_is_said_with_its_role():
    def fails(*args):
        raise KeyError("no such layer")

    with pytest.raises(Raised, match=r"forward raised KeyError: 'no such layer'") as caught:
        Case(target(fails, vjp=np.multiply), (X,)).raw()
    assert isinstance(caught.value.__cause__, KeyError)
    case = Case(target(np.sin, vjp=fails), (X,))
    with pytest.raises(Raised, match="vjp raised KeyError"):
        case.pull_back(case.raw(), X)
    pushed = Case(target(np.sin, jvp=fails), (X,))
    with pytest.raises(Raised, match="jvp raised KeyError"):
        pushed.push_forward({0: X}, flatten(X))


@pytest.mark.parametrize("role", ["forward", "grad", "jvp"])
def test_an_interrupt_is_not_swallowed(role):
    def interrupted(*args):
        raise KeyboardInterrupt

    subject = target(
        **{"forward": np.sin, "grad": np.cos, role: interrupted}
        if role != "jvp"
        else dict(forward=np.sin, jvp=interrupted)
    )
    with pytest.raises(KeyboardInterrupt):
        gradtest.check(subject, X)


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x[::-1],
        lambda x: x[::2, ::-3],
        lambda x: x[:, 1:4],
        lambda x: x.T[::2],
        lambda x: x[::-1].T,
        lambda x: x.view("c16"),
        lambda x: x.astype("c16").real,
    ],
)
def test_copies_of_views_keep_their_layout(view):
    x = view(np.arange(48.0).reshape(6, 8))
    seen = []

    def forward(x):
        seen.append(x)
        return x.real.sum()

    case = Case(target(forward, vjp=lambda g, x: seen.append(x) or np.ones_like(x)), (x,))
    case.pull_back(case.raw(), 1.0)
    for given_ in seen:
        assert given_.strides == x.strides
        assert np.array_equal(given_, x)
        assert not np.shares_memory(given_, x)
        assert given_.flags.writeable


def test_a_view_of_far_more_is_copied_without_it():
    few = np.zeros((1000, 1000))[::500, ::500]
    assert Case(target(np.sum, grad=np.ones_like), (few,)).leaves[0].base is None
    alike = np.broadcast_to(np.ones(3), (4, 3))
    assert Case(target(np.sum, grad=np.ones_like), (alike,)).leaves[0].base is None


def test_a_backward_that_forgets_the_layout_is_found():
    def backward(g, x):
        return np.frombuffer(x.base if x.base is not None else x, x.dtype)[: x.size].reshape(x.shape) * 2 * g

    subject = target(lambda x: np.sum(x**2), vjp=backward)
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    assert gradtest.check(subject, x).ok
    assert gradtest.check(subject, x[::-1]).verdict == "disagrees"


def test_copies_keep_their_layout():
    seen = []

    def forward(x):
        seen.append(x)
        return x.sum()

    Case(target(forward, grad=np.ones_like), (np.asfortranarray(np.ones((3, 2))),)).raw()
    assert seen[0].flags.f_contiguous


# -- jvp ------------------------------------------------------------------------------------------


def test_a_jvp_is_given_a_tangent_for_every_input():
    seen = {}

    def jvp(primals, tangents):
        seen.update(primals=primals, tangents=tangents)
        return tangents[0]["w"]

    parameters, labels = {"w": X, "b": X}, np.array([1, 2])
    case = Case(target(lambda p, y, kind: p["w"], jvp=jvp), (parameters, labels, "relu"))
    assert case.movable == (0, 1)
    case.push_forward({1: 2 * X}, flatten(X))
    tangents, y_tangent, kind_tangent = seen["tangents"]
    assert np.array_equal(tangents["w"], 2 * X)
    assert np.array_equal(tangents["b"], 0 * X)
    assert np.array_equal(y_tangent, [0.0, 0.0])
    assert kind_tangent is None
    assert seen["primals"][2] == "relu"


def test_a_jvp_may_name_its_inputs():
    case = Case(target(lambda x, w: x * w, jvp=lambda p, t: t[1] * p[0], wrt="w"), (X, X))
    assert case.movable == (1,)


@pytest.mark.parametrize("result", [np.zeros(2), (X, np.zeros((3, 1))), "text", (X, X, X)])
def test_a_tangent_that_is_not_like_the_output(result):
    case = Case(target(np.sin, jvp=lambda primals, tangents: result), (X,))
    with pytest.raises(BrokenContract, match=re.escape("where the output has shape (3,)")):
        case.push_forward({0: X}, flatten(X))


# -- parameters of the target ---------------------------------------------------------------------


def test_parameters_that_the_target_holds_are_further_inputs():
    def scaled(x, **weights):
        return x * weights["gain"]

    def vjp(g, x, **weights):
        return g * weights["gain"], np.sum(g * x)

    held = target(scaled, vjp=vjp, parameters={"gain": np.array(2.0)})
    case = Case(held, (np.array([1.0, -3.0]),))
    assert case.names == ("x", "gain")
    returned = case.raw()
    assert [float(np.sum(g)) for g in case.pull_back(returned, np.ones(2)).values()] == [4.0, -2.0]
    given = Case(held, (np.array([1.0, -3.0]),), {"gain": np.array(5.0)})
    assert given.raw().tolist() == [5.0, -15.0]
