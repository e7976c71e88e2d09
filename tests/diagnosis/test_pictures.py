"""What there is to draw: a decay and its plateau, an order of two or of one, every entry in its place."""

import sys

import numpy as np
import pytest

import gradtest
from gradtest.diagnosis.figure import figure
from gradtest.diagnosis.pictures import Coefficients, Entries, HeatMap, Remainder
from gradtest.errors import Misuse

W = np.random.default_rng(0).normal(size=(4, 5))
X = np.random.default_rng(1).normal(size=(3, 4))


def layer(x, w):
    return np.tanh(x @ w)


def backward(dout, x, w, row=1.0):
    d = dout * (1 - np.tanh(x @ w) ** 2)
    g = x.T @ d
    g[2] *= row
    return d @ w.T, g


def pictures(vjp=backward, inputs=(X, W), forward=layer):
    report = gradtest.check(gradtest.target(forward, vjp=vjp), *inputs)
    return report, {type(picture): picture for picture in report.pictures}


RIGHT, OF_RIGHT = pictures()
WRONG, OF_WRONG = pictures(lambda dout, x, w: backward(dout, x, w, row=1.5))


def test_the_coefficients_fall_to_the_plateau():
    found = OF_RIGHT[Coefficients]
    assert found.sizes[0] > 1e10 * found.plateau
    assert np.median(found.sizes[-8:]) < 4 * found.plateau


def test_the_remainder_is_of_order_two_where_the_slope_is_right_and_one_where_it_is_not():
    assert OF_RIGHT[Remainder].order == pytest.approx(2, abs=0.2)
    assert OF_WRONG[Remainder].order == pytest.approx(1, abs=0.1)


def test_the_block_that_disagrees_is_drawn():
    assert {picture.parameter for picture in WRONG.pictures} == {"w"}


def test_every_entry_is_in_its_place():
    entries, heat = OF_WRONG[Entries], OF_WRONG[HeatMap]
    assert entries.analytic.shape == (20,)
    np.testing.assert_array_equal(np.flatnonzero(entries.wrong), np.arange(10, 15))
    assert heat.off.shape == (4, 5)
    assert heat.off[2].min() > 1e-3 > 1e-9 > heat.off[[0, 1, 3]].max()


def test_a_large_block_has_no_entries_and_an_empty_report_no_pictures():
    _, found = pictures(lambda d, x: 2 * x * d, (np.linspace(1, 2, 100),), lambda x: x * x)
    assert set(found) == {Coefficients, Remainder}
    broken = gradtest.check(gradtest.target(np.sin, vjp=lambda d, x: None), np.ones(2))
    assert broken.pictures == ()


def test_a_function_without_curvature_has_no_order():
    _, found = pictures(lambda d, x: 2 * d, (np.array([1.3]),), lambda x: 2 * x)
    assert np.isnan(found[Remainder].order)


def test_the_figure_has_a_panel_for_each_picture_and_no_window():
    pytest.importorskip("matplotlib")
    before = "matplotlib.pyplot" in sys.modules  # some library of the other tests may have it
    made = WRONG.plot()
    titled = [axes.get_title() for axes in made.axes if axes.get_title()]
    assert titled == [picture.title for picture in WRONG.pictures]
    assert ("matplotlib.pyplot" in sys.modules) == before


def test_without_matplotlib_the_sentence_says_how_to_have_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(Misuse, match=r"pip install gradtest\[report\]"):
        WRONG.plot()


def test_nothing_to_draw_is_a_sentence():
    pytest.importorskip("matplotlib")
    with pytest.raises(Misuse, match="there is nothing to draw of f"):
        figure((), "f")
