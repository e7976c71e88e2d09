"""Networks of any depth: their shapes, the trouble that only they have, their smallest cases, their speed."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtest.properties.network as network
from gradtest.errors import Misuse
from gradtest.properties.network import networks
from gradtest.properties.values import Flavour
from tests.properties.drawn import QUIET, draws, events_of, share, smallest


def test_networks_have_trouble_of_their_own():
    seen = draws(networks(widths=(2, 5)), 400)
    pairs = [list(zip(p["weights"], p["biases"], strict=True)) for p in seen]
    dead = share(
        pairs, lambda ls: any(((w == 0).all(axis=1) & (b == 0)).any() or (b == -100).any() for w, b in ls)
    )
    saturated = share(seen, lambda p: np.isin(p["biases"][-1], [40, -40, 1e3, -1e3]).any())
    duplicated = share(
        pairs,
        lambda ls: any(np.unique(np.c_[w, b], axis=0).shape[0] < b.size and w.any() for w, b in ls),
    )
    assert min(dead, saturated, duplicated) >= 0.05, (dead, saturated, duplicated)
    calm = draws(networks(widths=(2, 5), nasty=False), 100)
    assert all(np.abs(b).max() <= 6 and b.all() for p in calm for b in p["biases"])
    assert all(w.all() for p in calm for w in p["weights"])


def test_networks_obey_their_ranges():
    sizes = {"n[0]": 9, "n[L]": 1}
    for p in draws(networks(2, (3, 4), batch=7, sizes=sizes, labels="batch : labels n[0]"), 50):
        (n1, n0), (n2, n1_too) = (w.shape for w in p["weights"])
        assert n0 == 9
        assert 3 <= n1 == n1_too <= 4
        assert n2 == 1
        assert p["x"].shape == (9, 7)
        assert p["y"].shape == (7,)
        assert p["y"].max() < 9


def test_deep_generic_networks_do_not_explode():
    def last(p):
        a = p["x"]
        for w, b in zip(p["weights"], p["biases"], strict=True):
            a = np.maximum(w @ a + b[:, None], 0)
        return np.abs(a).max()

    assert np.median([last(p) for p in draws(networks(depth=6, widths=(4, 8), nasty=False), 100)]) < 1e3


def test_trouble_is_made_in_copies():
    weight, bias = np.arange(6.0).reshape(3, 2), np.arange(3.0)
    for spoil in network._TROUBLES:
        made = {"weights": [weight], "biases": [bias]}
        for code in range(6):
            spoil(made, 0, code)
        assert made["biases"][0] is not bias
        assert np.array_equal(weight.ravel(), np.arange(6))
        assert np.array_equal(bias, np.arange(3))


def test_a_duplicated_unit_equals_another():
    made = {"weights": [np.arange(6.0).reshape(3, 2)], "biases": [np.arange(3.0)]}
    network._duplicate_unit(made, 0, 1)
    assert np.array_equal(made["weights"][0], [[0, 1], [2, 3], [2, 3]])
    assert np.array_equal(made["biases"][0], [0, 1, 1])


def test_triggers_are_reported_as_events(monkeypatch):
    common = {f"input: {flavour.value}" for flavour in Flavour if flavour is not Flavour.GENERIC}
    own = {"input: dead unit", "input: saturated output", "input: duplicated unit"}
    assert set(events_of(monkeypatch, networks())) >= common | own


def test_depth_shrinks_to_what_is_needed():
    p = smallest(networks(), lambda p: len(p["weights"]) >= 2 and p["x"].shape[1] >= 2)
    assert [w.shape for w in p["weights"]] == [(1, 1), (1, 1)]
    assert p["x"].shape == (1, 2)
    assert all(w.all() for w in p["weights"])
    assert all(b.all() for b in p["biases"])


def test_misuse_is_said_at_the_call():
    with pytest.raises(Misuse, match="upside down"):
        networks(widths=(8, 1))


def seconds_for(strategy):
    """Return the processor time of 300 examples, most of it Hypothesis's own."""

    @settings(QUIET, max_examples=300)
    @given(strategy)
    def nothing(p):
        pass

    started = time.process_time()
    nothing()
    return time.process_time() - started


def test_a_network_takes_a_few_integers_time():
    # Measured: about 1.0 ms against 0.5 ms. The limit only catches a change of kind.
    assert seconds_for(networks(depth=3)) < 8 * seconds_for(st.integers(0, 10**9))


def test_a_strategy_prints_as_what_was_asked_for():
    assert " at 0x" not in repr(networks())
