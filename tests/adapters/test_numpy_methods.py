"""The two methods of a layer: told by their names, and how backward is called by its signature."""

import numpy as np
import pytest

from gradtest.adapters.numpy_methods import RATE_GIVEN, Backward, methods_of
from gradtest.errors import MisusedType
from gradtest.signatures import Plan

FIRST, X = ("cotangent",), ("x",)


def layer(**methods):
    return type("Layer", (), methods)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("forward", "backward"), ("forward", "backward", "pullback")),
        (("fprop", "bprop"), ("fprop", "bprop", "pullback")),
        (("__call__", "backward"), ("__call__", "backward", "pullback")),
        (("forward", "backward", "grad"), ("forward", "backward", "pullback")),
        (("fn", "grad"), ("fn", "grad", "gradient")),
        (("loss",), ("loss", "loss", "both")),
        (("forward",), None),
        (("backward", "gradient"), None),
    ],
)
def test_methods_are_told_by_their_names(names, found):
    kind = layer(**dict.fromkeys(names, lambda self, x: x))
    methods = methods_of(kind)
    assert (methods and (methods.forward, methods.backward, methods.form)) == found


def test_methods_may_be_inherited_and_a_gradient_that_is_no_method_is_none():
    class Derived(layer(forward=lambda self, x: x)):
        def backward(self, dout):
            return dout

    assert methods_of(Derived).backward == "backward"
    assert methods_of(layer(fn=lambda self, x: x, grad=None)) is None


def test_a_method_without_its_object_is_read_and_not_called():
    methods = methods_of(
        layer(forward=lambda self, x, scale=1.0: x, backward=staticmethod(lambda dout: dout))
    )
    assert list(methods.signature("forward").parameters) == ["x", "scale"]
    assert list(methods.signature("backward").parameters) == ["dout"]
    unbound = methods.unbound("forward")
    assert unbound.__qualname__ == "Layer.forward"
    with pytest.raises(MisusedType, match=r"Layer\.forward is called on an object that is made"):
        unbound(1.0)


def test_forward_may_leave_its_output_on_the_object():
    def forward(self, x):
        self.cache, self.out = "x", 2 * x

    kind = layer(forward=forward, backward=lambda self, dout: dout)
    assert methods_of(kind).run(kind(), (np.ones(2),), {}).tolist() == [2, 2]


@pytest.mark.parametrize(
    ("backward", "nothing_upstream", "plan"),
    [
        (lambda self, dout: 0, False, Plan(FIRST)),
        (lambda self, x: 0, False, Plan(FIRST)),
        (lambda self, dout, lr: 0, False, Plan(FIRST)),
        (lambda self, *douts: 0, False, Plan(FIRST)),
        (lambda self, dout=None: 0, False, Plan(FIRST)),
        (lambda self, dout, cache: 0, False, Plan(("cotangent", "cache"))),
        (lambda self, dout, x: 0, False, Plan(("cotangent", "inputs"), placed=X)),
        (lambda self: 0, True, Plan(())),
        (lambda self, lr: 0, True, Plan(())),
        (lambda self, x=None: 0, True, Plan(("inputs",), placed=X)),
    ],
)
def test_how_backward_is_called(backward, nothing_upstream, plan):
    kind = layer(forward=lambda self, x: x, backward=backward)
    own = Backward(methods_of(kind), X)
    assert own.nothing_upstream is nothing_upstream
    assert own.plan(kind(), np.ones(2)) == plan


def test_a_learning_rate_is_given_so_large_that_the_gradient_keeps_its_digits():
    kind = layer(forward=lambda self, x: x, backward=lambda self, dout, lr: (dout, lr))
    own = Backward(methods_of(kind), X)
    assert own.rate == "lr"
    assert own.of(kind())(3.0) == (3.0, RATE_GIVEN)
    assert Backward(methods_of(kind), ("x", "lr")).rate == "", "an input of that name is the input"
