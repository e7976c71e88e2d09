"""What people write, and that each form of it is understood."""

import dataclasses
import functools
from typing import NamedTuple

import numpy as np
import pytest

import gradtest
from gradtest.case import Case
from gradtest.errors import Misuse, MisusedType
from gradtest.targets import Target, target

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
W = np.array([[0.5, 1.5], [-1.0, 2.0], [0.75, -0.25]])
B = np.array([1.0, -3.0])


def affine(x, w, b):
    return x @ w + b


def backward(dout, x, w, b):
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


class Gradients(NamedTuple):
    b: np.ndarray
    w: np.ndarray
    x: np.ndarray


@dataclasses.dataclass
class Grads:
    grad_b: np.ndarray
    grad_w: np.ndarray
    grad_x: np.ndarray


class Dense:
    """Keeps what backward needs, as layers in lectures do."""

    def forward(self, x, w, b):
        self.x, self.w = x, w
        return affine(x, w, b)

    def backward(self, dout):
        return backward(dout, self.x, self.w, None)

    __call__ = forward


def with_cache(x, w, b):
    return affine(x, w, b), (x, w)


def affine_jvp(primals, tangents):
    (x, w, b), (dx, dw, db) = primals, tangents
    return affine(x, w, b), dx @ w + x @ dw + db


def value_and_pullback(x, w, b):
    return affine(x, w, b), lambda dout: backward(dout, x, w, b)


dense, shared = Dense(), Dense()

FORMS = {
    "cotangent first": dict(vjp=backward),
    "cotangent first, any name": dict(vjp=lambda v, x, w, b: backward(v, x, w, b)),
    "cotangent first, other names": dict(vjp=lambda v, p, q, r: backward(v, p, q, r)),
    "cotangent last": dict(vjp=lambda x, w, b, dout: backward(dout, x, w, b)),
    "cotangent last, other names": dict(vjp=lambda p, q, r, dZ: backward(dZ, p, q, r)),
    "inputs in another order": dict(vjp=lambda g, b, w, x: backward(g, x, w, b)),
    "not all inputs": dict(vjp=lambda dout, x, w: backward(dout, x, w, None)),
    "starred": dict(vjp=lambda dout, *inputs: backward(dout, *inputs)),
    "all starred": dict(vjp=lambda *everything: backward(*everything)),
    "partial": dict(vjp=functools.partial(lambda axis, g, x, w, b: backward(g, x, w, b), 0)),
    "a bound method": dict(vjp=dense.backward, forward=dense.forward),
    "a callable object": dict(vjp=shared.backward, forward=shared),
    "cache": dict(vjp=lambda dout, cache: backward(dout, *cache, None), forward=with_cache),
    "a cache by another name": dict(vjp=lambda dout, kept: backward(dout, *kept, None), forward=with_cache),
    "JAX's bwd": dict(vjp=lambda res, ct: backward(ct, *res, None), forward=with_cache),
    "a list": dict(vjp=lambda *all: list(backward(*all))),
    "a dict by name": dict(vjp=lambda *all: dict(zip("xwb", backward(*all), strict=True))),
    "a dict, dw": dict(vjp=lambda *all: dict(zip(("dx", "dw", "db"), backward(*all), strict=True))),
    "a dict, dW": dict(vjp=lambda *all: dict(zip(("dX", "dW", "db"), backward(*all), strict=True))),
    "a dict, grad_w": dict(
        vjp=lambda *all: dict(zip(("grad_x", "grad_w", "grad_b"), backward(*all), strict=True))
    ),
    "a dict, w_grad": dict(
        vjp=lambda *all: dict(zip(("x_grad", "w_grad", "b_grad"), backward(*all), strict=True))
    ),
    "a named tuple in another order": dict(vjp=lambda *all: Gradients(*backward(*all)[::-1])),
    "a dataclass in another order": dict(vjp=lambda *all: Grads(*backward(*all)[::-1])),
    "nested lists of numbers": dict(vjp=lambda *all: [g.tolist() for g in backward(*all)]),
    "value and pullback": dict(value_and_pullback=value_and_pullback, forward=None),
    "jvp": dict(jvp=affine_jvp),
    "jvp without the value": dict(jvp=lambda primals, tangents: affine_jvp(primals, tangents)[1]),
    "jvp one by one": dict(jvp=lambda x, w, b, dx, dw, db: affine_jvp((x, w, b), (dx, dw, db))[1]),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("named", [False, True])
def test_every_form_of_an_affine_map_agrees(form, named):
    subject = target(**{"forward": affine, **FORMS[form]})
    report = gradtest.check(subject, x=X, w=W, b=B) if named else gradtest.check(subject, X, W, B)
    assert report.verdict == "agrees", report
    assert {block.name for block in report.blocks} == {"x", "w", "b"}


@pytest.mark.parametrize("form", FORMS)
def test_a_sign_is_found_in_every_form(form):
    right = FORMS[form]
    kind = next(kind for kind in right if kind != "forward")
    subject = target(**{"forward": affine, **right})
    wrong = dataclasses.replace(subject, derivative=negated(subject.derivative))
    report = gradtest.check(wrong, X, W, B)
    assert report.verdict == "disagrees", (kind, report)
    assert {finding.code for finding in report.findings} == {"GT101"}


def negated(derivative):
    @functools.wraps(derivative)
    def wrong(*args, **kwargs):
        return negative(derivative(*args, **kwargs))

    return wrong


def negative(value):
    if dataclasses.is_dataclass(value):
        return type(value)(*(-getattr(value, f.name) for f in dataclasses.fields(value)))
    if isinstance(value, dict):
        return {key: negative(part) for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(negative, value))
    if isinstance(value, (list, tuple)):
        return type(value)(map(negative, value))
    return -value


# -- other maps -----------------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def affine_forward_cs231n(x, w, b):
    return x.reshape(x.shape[0], -1) @ w + b, (x, w, b)


def affine_backward_cs231n(dout, cache):
    x, w, _ = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout, dout.sum(axis=0)


def relu_forward(x):
    cache = x
    return np.maximum(0, x), cache


def relu_backward(dout, cache):
    dout[cache <= 0] = 0  # in place, as many do
    return dout


def lstm_step_forward(x, prev_h, prev_c, Wx):
    g = np.tanh(x @ Wx + prev_h)
    next_c = prev_c * 0.5 + g
    next_h = np.tanh(next_c)
    return next_h, next_c, (x, Wx, g, next_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, Wx, g, next_c = cache
    dc = dnext_c + dnext_h * (1 - np.tanh(next_c) ** 2)
    dg = dc * (1 - g * g)
    return dg @ Wx.T, dg, 0.5 * dc, x.T @ dg


def linear_activation_forward(A_prev, W, b):
    Z = W @ A_prev + b
    return np.tanh(Z), ((A_prev, W, b), Z)


def linear_activation_backward(dA, cache):
    (A_prev, W, _), Z = cache
    dZ = dA * (1 - np.tanh(Z) ** 2)
    return W.T @ dZ, dZ @ A_prev.T, dZ.sum(axis=1, keepdims=True)


def model(X, parameters):
    return np.tanh(X @ parameters["W1"]) @ parameters["W2"]


def model_backward(dout, X, parameters):
    H = np.tanh(X @ parameters["W1"])
    dA1 = dout @ parameters["W2"].T
    dZ1 = dA1 * (1 - H * H)
    return {"dX": dZ1 @ parameters["W1"].T, "dA1": dA1, "dW1": X.T @ dZ1, "dW2": H.T @ dout}


def softmax_loss(scores, y):
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = -np.log(p[rows, y]).mean()
    dscores = p
    dscores[rows, y] -= 1
    return loss, dscores / len(y)


def loss_with_gradients(w, b, x):
    r = x @ w + b
    return 0.5 * np.sum(r * r), x.T @ r, r.sum(axis=0)


def polar(r, t):
    return r * np.cos(t), r * np.sin(t)


PARAMETERS = {"W1": W, "W2": W.T}

# The target, and its inputs: what lectures, papers and libraries have.
OTHERS = {
    "a ufunc": (target(np.tanh, vjp=lambda g, x: g * (1 - np.tanh(x) ** 2)), (X,)),
    "a ufunc and its derivative": (target(np.sin, grad=np.cos), (X,)),
    "a builtin": (target(abs, grad=np.sign), (-1.5,)),
    "CS231n affine": (target(affine_forward_cs231n, vjp=affine_backward_cs231n), (X, W, B)),
    "CS231n relu": (target(relu_forward, vjp=relu_backward), (X,)),
    "CS231n lstm": (target(lstm_step_forward, vjp=lstm_step_backward), (X, X @ W, X @ W, W)),
    "CS231n softmax": (target(value_and_grad=softmax_loss), (X, np.array([0, 2]))),
    "Coursera layer": (
        target(linear_activation_forward, vjp=linear_activation_backward),
        (X, W, np.array([[0.1], [0.2], [0.3]])),
    ),
    "Coursera model": (target(model, vjp=model_backward), (X, PARAMETERS)),
    "value, then gradients": (target(value_and_grad=loss_with_gradients, wrt=("w", "b")), (W, B, X)),
    "value, then gradients of some": (target(value_and_grad=loss_with_gradients), (W, B, X)),
    "elementwise": (target(sigmoid, grad=lambda x: sigmoid(x) * sigmoid(-x)), (X,)),
    "a Jacobian": (target(lambda x: W @ x, grad=lambda x: W), (B,)),
    "a Jacobian as lists": (target(lambda x: W @ x, grad=lambda x: W.tolist()), (B,)),
    "a Jacobian of a matrix": (
        target(lambda x: x.sum(axis=0), grad=lambda x: np.eye(3)[:, None, :].repeat(2, axis=1)),
        (X,),
    ),
    "a gradient as a list": (target(lambda x: float(x @ x), grad=lambda x: [2 * x[0], 2 * x[1]]), (B,)),
    "a gradient as a tuple": (target(lambda x: x[0] * x[1], grad=lambda x: (x[1], x[0])), (B,)),
    "an output of shape (1,)": (target(lambda x: np.array([x @ x]), grad=lambda x: 2 * x), (B,)),
    "an output of shape (1,), Jacobian": (
        target(lambda x: np.array([x @ x]), grad=lambda x: 2 * x[None, :]),
        (B,),
    ),
    "a zero-dimensional output": (target(lambda x: np.array(x @ x), grad=lambda x: 2 * x), (B,)),
    "numbers": (target(lambda a, b: a * b**2, grad=lambda a, b: (b**2, 2 * a * b)), (2.0, 3.0)),
    "numbers, stacked": (
        target(lambda a, b: a * b**2, grad=lambda a, b: np.array([b**2, 2 * a * b])),
        (2.0, 3.0),
    ),
    "a number for an array of one": (target(lambda x: x[0] ** 2, grad=lambda x: 2 * float(x[0])), (B[:1],)),
    "a zero-dimensional input": (target(lambda x: x**2, grad=lambda x: 2 * float(x)), (np.array(1.5),)),
    "an array of one for a number": (target(lambda x: x**2, grad=lambda x: np.array([2 * x])), (1.5,)),
    "an integer gradient": (target(lambda x: x[0] * 3 + x[1] * 0, grad=lambda x: np.array([3, 0])), (B,)),
    "two outputs": (
        target(
            polar,
            vjp=lambda g, r, t: (
                g[0] * np.cos(t) + g[1] * np.sin(t),
                r * (g[1] * np.cos(t) - g[0] * np.sin(t)),
            ),
        ),
        (B, B + 1),
    ),
    "two outputs, one by one": (
        target(
            polar,
            vjp=lambda gx, gy, r, t: (
                gx * np.cos(t) + gy * np.sin(t),
                r * (gy * np.cos(t) - gx * np.sin(t)),
            ),
        ),
        (B, B + 1),
    ),
    "two outputs, jvp": (
        target(
            polar,
            jvp=lambda p, t: (
                t[0] * np.cos(p[1]) - t[1] * p[0] * np.sin(p[1]),
                t[0] * np.sin(p[1]) + t[1] * p[0] * np.cos(p[1]),
            ),
        ),
        (B, B + 1),
    ),
    "jvp of one input": (target(np.sin, jvp=lambda x, dx: np.cos(x) * dx), (X,)),
    "an output in a dict": (
        target(lambda x: {"y": x * x, "n": 3}, vjp=lambda g, x: 2 * x * g["y"]),
        (X,),
    ),
    "a list for a list": (
        target(
            lambda ws, x: ws[1] @ (ws[0] @ x),
            vjp=lambda g, ws, x: [np.outer(ws[1].T @ g, x), np.outer(g, ws[0] @ x)],
        ),
        ([W.T, W], np.array([1.0, 2.0, 3.0])),
    ),
    "a list of numbers": (
        target(lambda x: x[0] * x[1], grad=lambda x: np.array([x[1], x[0]])),
        ([2.0, 3.0],),
    ),
    "labels, and None for them": (
        target(lambda x, y: x[np.arange(2), y], vjp=lambda g, x, y: (g[:, None] * np.eye(3)[y], None)),
        (X, np.array([0, 2])),
    ),
    "labels, and zeros for them": (
        target(lambda x, y: x[np.arange(2), y], vjp=lambda g, x, y: (g[:, None] * np.eye(3)[y], 0 * y)),
        (X, np.array([0, 2])),
    ),
    "the first input only": (target(affine, vjp=lambda g, x, w, b: g @ w.T), (X, W, B)),
    "the first two inputs": (target(affine, vjp=lambda g, x, w, b: (g @ w.T, x.T @ g)), (X, W, B)),
    "wrt": (target(affine, vjp=lambda g, x, w, b: x.T @ g, wrt="w"), (X, W, B)),
    "wrt in another order": (
        target(affine, vjp=lambda *a: backward(*a)[::-1], wrt=("b", "w", "x")),
        (X, W, B),
    ),
    "settings beside arrays": (
        target(lambda x, kind="tanh": getattr(np, kind)(x), vjp=lambda g, x, kind: g * (1 - np.tanh(x) ** 2)),
        (X, "tanh"),
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_people_write_is_understood(name):
    subject, inputs = OTHERS[name]
    report = gradtest.check(subject, *inputs)
    assert report.verdict == "agrees", report


@pytest.mark.parametrize("name", OTHERS)
def test_and_would_be_found_wrong(name):
    subject, inputs = OTHERS[name]
    report = gradtest.check(dataclasses.replace(subject, derivative=changed(subject)), *inputs)
    assert report.verdict == "disagrees", report


def changed(subject):
    if subject.form == "value_and_grad":
        return lambda *args: (
            subject.derivative(*args)[0],
            *(2 * np.asarray(g) for g in subject.derivative(*args)[1:]),
        )
    return negated(subject.derivative)


def test_starred_inputs_have_names():
    subject = target(
        lambda *arrays: sum(a.sum() for a in arrays), grad=lambda *arrays: [np.ones_like(a) for a in arrays]
    )
    report = gradtest.check(subject, X, W, B)
    assert [block.name for block in report.blocks] == ["arrays[0]", "arrays[1]", "arrays[2]"]
    assert report.ok


def test_keyword_only_inputs_are_passed_by_name():
    def scaled(x, *, scale):
        return x * scale

    right = [
        lambda g, x, *, scale: (g * scale, np.sum(g * x)),
        lambda g, x, scale: (g * scale, np.sum(g * x)),
        lambda x, scale, g: (g * scale, np.sum(g * x)),
        lambda g, x, **rest: (g * rest["scale"], np.sum(g * x)),
    ]
    for vjp in right:
        report = gradtest.check(target(scaled, vjp=vjp), X, scale=2.5)
        assert report.ok, report
        assert len(report.blocks) == 2
    pushed = target(scaled, jvp=lambda primals, tangents, *, scale: tangents[0] * scale)
    report = gradtest.check(pushed, X, scale=2.5)
    assert [block.name for block in report.blocks] == ["x"]
    assert report.ok


# -- names ----------------------------------------------------------------------------------------


def test_what_a_target_is_called():
    assert target(affine, vjp=backward).name == "affine"
    assert target(affine, vjp=backward, name="layer 3").name == "layer 3"
    assert target(value_and_grad=softmax_loss).name == "softmax_loss"
    assert target(value_and_pullback=value_and_pullback).name == "value_and_pullback"
    assert target(functools.partial(affine, b=0.0), vjp=backward).name == "affine"
    assert target(dense, vjp=backward).name == "Dense"


def test_a_target_is_a_value():
    one, other = target(affine, vjp=backward), target(affine, vjp=backward)
    assert one == other
    assert isinstance(one, Target)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "other"


# -- misuse ---------------------------------------------------------------------------------------

MISUSE = [
    (dict(forward=affine), "target got no derivative; give exactly one of vjp=, grad=, value_and_grad="),
    (dict(forward=affine, vjp=backward, grad=backward), "target got vjp and grad; give exactly one of"),
    (dict(forward="affine", vjp=backward), r"forward='affine' is not callable; pass the function itself"),
    (dict(forward=affine, vjp="backward"), r"vjp='backward' is not callable; pass the function itself"),
    (dict(forward=affine, grad=np.eye(9)), r"grad=array\(\[\[.*\.\.\. is not callable"),
    (dict(vjp=backward), "target got vjp=backward without the map it belongs to; give forward="),
    (
        dict(forward=affine, vjp=backward, wrt=0),
        r"wrt=0 does not name inputs; give a name or a tuple of names",
    ),
    (dict(forward=affine, vjp=backward, wrt=("w", 1)), r"wrt=\('w', 1\) does not name inputs"),
    (dict(forward=affine, vjp=backward, wrt=()), r"wrt=\(\) does not name inputs"),
]


@pytest.mark.parametrize(("given", "sentence"), MISUSE, ids=[sentence[:30] for _, sentence in MISUSE])
def test_misuse_gets_a_sentence(given, sentence):
    with pytest.raises(MisusedType, match=sentence):
        target(**given)


def test_a_value_and_grad_that_returns_no_pair_is_misuse():
    with pytest.raises(
        MisusedType, match=r"value_and_grad=<lambda> returned float64; expected \(value, gradient\)"
    ):
        gradtest.check(target(value_and_grad=lambda x: x.sum()), X)


def test_a_cache_that_never_comes_is_misuse():
    with pytest.raises(
        MisusedType, match=r"takes a cache, but affine returned ndarray; let it return \(out, cache\)"
    ):
        gradtest.check(target(affine, vjp=lambda dout, cache: dout), X, W, B)


def test_a_gradient_of_several_outputs_is_misuse():
    with pytest.raises(
        MisusedType, match=r"polar returned tuple, and grad= is for one number or one array; .* vjp="
    ):
        gradtest.check(target(polar, grad=lambda r, t: r), B, B)


def test_a_vjp_that_takes_too_much_is_misuse():
    with pytest.raises(MisusedType, match=r"vjp=<lambda>\(g, x, y, z\) cannot be given 2 arguments"):
        gradtest.check(target(np.sin, vjp=lambda g, x, y, z: g), X)


def test_a_wrt_that_names_nothing_is_misuse():
    with pytest.raises(Misuse, match="wrt names 'W', but affine has no such input; known: b, w, x"):
        Case(target(affine, vjp=backward, wrt="W"), (X, W, B))
    with pytest.raises(Misuse, match="did you mean 'weights'"):
        Case(target(lambda weights: weights, grad=abs, wrt="weight"), (X,))
    with pytest.raises(MisusedType, match="wrt names 'y', which holds no real number; leave it out"):
        Case(target(lambda x, y: x, grad=lambda x, y: x, wrt="y"), (X, np.array([1, 2])))


# -- further claims -------------------------------------------------------------------------------


def test_a_jvp_beside_another_derivative_is_a_further_claim():
    both = target(affine, vjp=backward, jvp=lambda primals, tangents: tangents[0])
    assert (both.form, set(both.further)) == ("vjp", {"jvp"})
    alone = target(affine, jvp=lambda primals, tangents: tangents[0])
    assert (alone.form, dict(alone.further)) == ("jvp", {})


def test_a_hessian_needs_a_gradient_beside_it():
    assert set(target(affine, grad=backward, hess=affine).further) == {"hess"}
    with pytest.raises(MisusedType, match="no derivative"):
        target(affine, hess=affine)
    with pytest.raises(MisusedType, match="hess='H' is not callable"):
        target(affine, grad=backward, hess="H")
