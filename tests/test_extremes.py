"""Inputs farther out than usual: as large and as far as was asked, and whatever a domain says is kept to."""

import numpy as np
import pytest
from hypothesis import find, given, settings

import gradtest
from gradtest.extremes import MOST_ENTRIES, drawn_farther, refusal

TARGET = gradtest.target(lambda x, w: x @ w, vjp=lambda d, x, w: (d @ w.T, x.T @ d), name="product")
SHAPES = {"x": "batch in", "w": "in out"}


def test_larger_shapes_are_drawn_in_step():
    point = find(drawn_farther(TARGET, SHAPES, "float64", width=32), lambda p: p["x"].shape[1] > 20)
    assert point["x"].shape[1] == point["w"].shape[0] > 20


@settings(max_examples=30, deadline=None)
@given(drawn_farther(TARGET, {"x": "a b c d"}, "float64", width=1000))
def test_no_array_takes_all_the_time_there_is(point):
    assert point["x"].size <= MOST_ENTRIES


@pytest.mark.parametrize(("scale", "dtype"), [(20, "float64"), (-20, "float32"), (-4, "float16")])
def test_real_inputs_are_scaled_in_their_own_precision(scale, dtype):
    plain = find(drawn_farther(TARGET, SHAPES, dtype), lambda p: True)
    point = find(drawn_farther(TARGET, SHAPES, dtype, scale=scale), lambda p: True)
    assert point["x"].dtype == dtype
    assert np.array_equal(point["x"], plain["x"] * np.dtype(dtype).type(2.0**scale))


@settings(max_examples=30, deadline=None)
@given(drawn_farther(TARGET, {"x": "n", "p": "n : (0, 1)", "y": "n : labels 3"}, "float64", scale=20))
def test_what_has_a_domain_stays_in_it(point):
    assert ((point["p"] > 0) & (point["p"] < 1)).all()
    assert set(point["y"].tolist()) <= {0, 1, 2}


def test_a_list_over_layers_is_scaled_throughout():
    shapes = {"weights": "n[l] n[l-1]"}
    point = find(drawn_farther(TARGET, shapes, "float64", scale=10), lambda p: len(p["weights"]) > 1)
    assert all(abs(weight).min() > 100 for weight in point["weights"])


def test_a_precision_that_is_not_taken_is_told():
    def only_double(x):
        if x.dtype != np.float64:
            raise TypeError("no loop for this")
        return x

    picky = gradtest.target(only_double, grad=np.ones_like)
    assert "no loop for this" in refusal(picky, {"x": "n"}, "float16")
    assert refusal(picky, {"x": "n"}, "float64") == ""
    assert refusal(gradtest.target(lambda x: np.nan * x, grad=np.ones_like), {"x": "n"}, "float32") == ""
