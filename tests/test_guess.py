"""The shapes of inputs that nobody described."""

from typing import Annotated, Any

import numpy as np
import pytest

from gradtest.errors import Misuse
from gradtest.guess import inputs_of
from gradtest.targets import target


def guessed(forward, known=None, given=None, **derivative):
    return inputs_of(target(forward, **derivative), known, given or {})


def affine(x, w, b):
    return x @ w + b


def affine_backward(g, x, w, b):
    return g @ w.T, x.T @ g, g.sum(0)


def columns(W, a, b):
    return W @ a + b[:, None]


def columns_backward(g, W, a, b):
    return g @ a.T, W.T @ g, g.sum(1)


def layer_norm(x, gamma, beta):
    return x / (1 + np.sum(x**2, -1, keepdims=True)) * gamma + beta


def quadratic(A, x):
    return x @ A @ x


@pytest.mark.parametrize(
    ("forward", "derivative", "shapes"),
    [
        (np.sin, {"grad": np.cos}, ["n"]),
        (lambda x, y: x * y, {"vjp": lambda g, x, y: (g * y, g * x)}, ["n", "n"]),
        (affine, {"vjp": affine_backward}, ["batch in", "in out", "out"]),
        (columns, {"vjp": columns_backward}, ["out in", "in batch", "out"]),
        (quadratic, {"grad": lambda A, x: (np.outer(x, x), (A + A.T) @ x)}, ["n n", "n"]),
        (np.linalg.det, {"grad": lambda a: np.linalg.det(a) * np.linalg.inv(a).T}, ["n n"]),
        (lambda x: float(x) ** 2, {"grad": lambda x: 2 * float(x)}, [""]),
        (lambda x, axis=0: x.sum(axis), {"vjp": lambda g, x: g * np.ones_like(x)}, ["n"]),
        # where it is finite
        (np.log, {"grad": lambda x: 1 / x}, ["n : positive"]),
        (lambda p: np.log(p / (1 - p)), {"grad": lambda p: 1 / (p * (1 - p))}, ["n : (0, 1)"]),
    ],
)
def test_plain_shapes_are_tried_until_both_functions_run(forward, derivative, shapes):
    found = guessed(forward, **derivative)
    assert list(found.shapes.values()) == shapes
    assert found.origin == "a guess"


def test_a_derivative_that_never_fits_is_asked_about_the_first_shapes_that_the_function_takes():
    found = guessed(lambda x: x**2, vjp=lambda g, x: (2 * x * g)[None])
    assert list(found.shapes.values()) == ["n"], "and not about numbers, whose shape is soon right"


def test_annotations_that_carry_shapes_are_read():
    def linear(x: Annotated[np.ndarray, "batch in"], w: Annotated[np.ndarray, 7, "in"]):
        return x @ w

    found = guessed(linear, vjp=lambda g, x, w: (np.outer(g, w), x.T @ g))
    assert dict(found.shapes) == {"x": "batch in", "w": "in"}


def test_objects_that_know_their_dims_are_read():
    class Dims:
        def __init__(self, text: str) -> None:
            self.dim_str = text

    def linear(x, w):
        return x @ w

    linear.__annotations__ = {"x": Dims("batch in"), "w": Dims("in out")}
    found = guessed(linear, vjp=lambda g, x, w: (g @ w.T, x.T @ g))
    assert dict(found.shapes) == {"x": "batch in", "w": "in out"}
    assert found.origin == "annotations"


def test_an_annotation_that_means_something_else_does_no_harm():
    def square(x: Annotated[Any, "in the open interval"]):
        return x @ x

    assert dict(guessed(square, grad=lambda x: 2 * x).shapes) == {"x": "n"}


def test_what_is_said_comes_first_and_the_rest_is_guessed():
    found = guessed(affine, given={"w": "3 out", "unknown": "n"}, vjp=affine_backward)
    assert dict(found.shapes)["w"] == "3 out"
    assert found.origin == "a guess"


def test_what_is_said_is_taken_in_the_order_of_the_function():
    found = guessed(affine, given={"b": "k", "w": "n k", "x": "m n"}, vjp=affine_backward)
    assert list(found.shapes) == ["x", "w", "b"]
    assert found.origin == "--inputs"


def test_what_is_said_overrides_the_table():
    found = guessed(np.log, known={"x": "n"}, given={"x": "n : positive"}, grad=lambda x: 1 / x)
    assert dict(found.shapes) == {"x": "n : positive"}


def test_an_optional_input_may_be_left_out_before_one_that_is_given():
    found = guessed(
        lambda x, axis=0, w=1.0: x * w, given={"x": "n", "w": "n"}, vjp=lambda g, x, w: (g * w, g * x)
    )
    assert dict(found.shapes) == {"x": "n", "w": "n"}


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (lambda x: x / 0, 'not finite at any point that was tried; .* --inputs "x: n : positive"'),
        (lambda config: config["rate"], 'no plain guess fits .* --inputs "config: batch in"'),
        (lambda *arrays: arrays, 'no plain guess fits; say it, for example --inputs "x: batch in"'),
        (lambda x: str(x), r"no plain guess fits \(.*returned str"),
    ],
)
def test_where_nothing_fits_the_words_to_write_are_shown(forward, message):
    with pytest.raises(Misuse, match=message):
        guessed(forward, vjp=lambda g, x: g)
