"""Parameters and gradients of an object, paired by their names."""

from types import SimpleNamespace

import numpy as np
import pytest

from gradtest.parameters import full_name, numbers, paired, short_name, without_doubles
from gradtest.spaces.objects import at

W, B = np.ones((2, 3)), np.ones(3)
DW, DB = 2 * W, 2 * B


class Layer:
    def __init__(self, **held):
        self.__dict__.update(held)


@pytest.mark.parametrize(
    "held",
    [
        {"W": W, "dW": DW},
        {"_W": W, "_dW": DW},
        {"weight": W, "grad_weight": DW},
        {"weights": W, "weights_gradient": DW},
        {"params": {"W": W}, "grads": {"W": DW}},
        {"params": {"W": W}, "grads": {"dW": DW}},
        {"params": {"W": W, "dW": DW}},
        {"params": [W], "grads": [DW]},
        {"parameters": [(W, DW)]},
        {"inner": Layer(weight=Layer(data=W, grad=DW))},
        {"layers": [{"W": W, "dW": DW}]},
    ],
    ids=lambda held: ", ".join(held),
)
def test_pairs(held):
    layer = Layer(**held)
    found = without_doubles(layer, list(paired(layer)))
    assert [(at(layer, p.path) is W, at(layer, p.gradient) is DW) for p in found] == [(True, True)]


def test_what_a_net_says_of_its_parameters_comes_before_what_its_layers_say():
    inner = Layer(W=W, dW=DW)
    net = Layer(layers=[inner], params={"W1": W}, grads={"W1": DW / 4})
    (pair,) = without_doubles(net, list(paired(net)))
    assert at(net, pair.gradient) is net.grads["W1"]


def test_gradients_of_a_shared_array_are_all_kept():
    net = Layer(layers=[Layer(W=W, dW=DW), Layer(W=W, dW=3 * W)])
    assert len(without_doubles(net, list(paired(net)))) == 2


def test_a_ring_of_objects_is_walked_once():
    a = Layer(W=W, dW=DW)
    a.other = Layer(back=a)
    assert len(list(paired(a))) == 1
    assert len(list(numbers(a))) == 2


def test_names():
    path = ((".", "layers"), ("[]", 0), (".", "params"), ("[]", "W"))
    assert (short_name(path), full_name(path)) == ("W", "layers[0].W")
    assert short_name(((".", "weight"), (".", "data"))) == "weight"
    assert short_name(((".", "params"), ("[]", 1))) == "[1]"


def test_what_is_no_gradient():
    assert list(paired(SimpleNamespace(data=W, depth=3, velocity=W))) == []
