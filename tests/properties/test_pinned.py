"""Pinned points: generic, with sizes of their own, and the same for ever."""

import numpy as np
import pytest
from hypothesis import strategies as st

from gradtest.errors import Misuse
from gradtest.properties.pinned import pinned

NETWORK = {"weights": "n[l] n[l-1]", "biases": "n[l]", "x": "n[0] batch", "y": "n[L] batch : {0, 1}"}


def test_every_name_has_a_size_of_its_own_and_a_network_has_layers():
    point = pinned(NETWORK, 0)
    sizes = [w.shape for w in point["weights"]]
    assert len(sizes) == 2
    assert sizes[1][1] == sizes[0][0] == point["biases"][0].shape[0]
    assert len({*sizes[0], *sizes[1], *point["x"].shape}) == 4
    assert set(np.unique(point["y"])) == {0.0, 1.0}


def test_another_seed_is_another_point_of_the_same_sizes():
    one, other = pinned({"x": "batch in", "b": ""}, 0), pinned({"x": "batch in", "b": ""}, 1)
    assert one["x"].shape == other["x"].shape == (2, 3)
    assert not np.any(one["x"] == other["x"])
    assert one["b"] != other["b"]


def test_no_two_inputs_and_no_two_layers_are_alike():
    point = pinned({"x": "n n", "y": "n n", "w": "n[l] 3"}, 0)
    arrays = [point["x"], point["y"], *point["w"]]
    assert len({float(a.flat[0]) for a in arrays}) == len(arrays)


def test_nested_inputs_are_nested_alike_and_keep_their_order():
    point = pinned({"z": {"w": "a b", "b": ["b", ": positive"]}, "a": "b"}, 0)
    assert list(point) == ["z", "a"]
    assert point["z"]["b"][1] > 0


def test_the_numbers_stay_what_they_are():
    """A baseline rests on them."""
    point = pinned({"x": "batch in", "p": "batch : (0, 1)"}, 0)
    assert point["x"].tolist() == [[3.5479, 0.1867, -3.4743], [-1.4515, 2.8673, -3.3235]]
    assert point["p"].tolist() == [0.637, 0.2698]


def test_what_hypothesis_draws_cannot_be_pinned():
    with pytest.raises(Misuse, match="inputs\\['x'\\] are drawn by a Hypothesis strategy"):
        pinned({"x": st.floats(0, 1)}, 0)
