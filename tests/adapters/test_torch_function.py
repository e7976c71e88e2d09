"""Subclasses of torch.autograd.Function: what is asked of them, and how they may answer."""

import numpy as np
import pytest

import gradtest
from gradtest.errors import GradientError, Misuse

torch = pytest.importorskip("torch")

X = np.array([[0.5, -1.5, 2.0], [1.25, -0.75, 0.25]])
W = np.array([1.5, -0.5, 0.75])


class Power(torch.autograd.Function):
    """x**p * w, and what was asked for in the last call."""

    asked = None
    recording = 0

    @staticmethod
    def forward(ctx, x, w, p=2):
        Power.recording += torch.is_grad_enabled() or x.requires_grad
        ctx.save_for_backward(x, w)
        ctx.p = p
        return x**p * w

    @staticmethod
    def backward(ctx, dout):
        x, w = ctx.saved_tensors
        Power.asked = ctx.needs_input_grad
        dx = dw = None
        if ctx.needs_input_grad[0]:
            dx = dout * ctx.p * x ** (ctx.p - 1) * w
        if ctx.needs_input_grad[1]:
            dw = (dout * x**ctx.p).sum(0)
        return dx, dw, None


class PowerDoubled(Power):
    @staticmethod
    def backward(ctx, dout):
        dx, dw, _ = Power.backward(ctx, dout)
        return dx, None if dw is None else 2 * dw, None


def verdict(*args, **kwargs):
    return gradtest.check(*args, **kwargs).verdict


@pytest.mark.parametrize("power", [Power, Power.apply])
def test_a_function_and_its_apply(power):
    report = gradtest.check(power, X, W)
    assert report.ok
    assert report.target == "Power"
    assert [block.name for block in report.blocks] == ["x", "w"]
    assert report.resolution < 1e-7


def test_a_wrong_gradient_has_the_name_and_the_place_of_the_backward():
    report = gradtest.check(PowerDoubled, X, W, 3)
    (finding,) = report.findings
    assert finding.parameter == "w"
    assert finding.what == "it is 2 times what it should be"
    assert finding.source.endswith("PowerDoubled.backward")


def test_what_is_no_tensor_is_passed_on():
    assert verdict(Power, X, W, 3) == "agrees"
    assert verdict(Power, X, W, p=3) == "agrees"


def test_only_what_requires_a_gradient_is_asked_for():
    x, w = torch.tensor(X), torch.tensor(W, requires_grad=True)
    report = gradtest.check(Power, x, w)
    assert [block.name for block in report.blocks] == ["w"]
    assert Power.asked == (False, True)
    assert verdict(PowerDoubled, x.requires_grad_(), w.detach()) == "agrees"


def test_a_gradient_left_out_is_missed_only_where_it_was_asked_for():
    class Halfway(Power):
        @staticmethod
        def backward(ctx, dout):
            return Power.backward(ctx, dout)[0], None, None

    report = gradtest.check(Halfway, X, W)
    assert report.ok
    assert [block.name for block in report.blocks] == ["x"]
    (finding,) = gradtest.check(Halfway, torch.tensor(X), torch.tensor(W, requires_grad=True)).findings
    assert finding.code == "GT302"
    assert "returned nothing for `w`" in finding.what


def test_measuring_records_nothing():
    Power.recording = 0
    alone = gradtest.Settings(laws=("derivative",))  # others ask for more gradients
    report = gradtest.check(Power, torch.tensor(X, requires_grad=True), torch.tensor(W), settings=alone)
    assert report.evaluations > 3
    assert Power.recording <= 2  # once to learn which outputs have a history, once for the gradient


def test_in_float32_the_resolution_is_that_of_float32():
    report = gradtest.check(Power, torch.tensor(X, dtype=torch.float32), torch.tensor(W, dtype=torch.float32))
    assert report.ok
    assert 1e-8 < report.resolution < 1e-2


@pytest.mark.parametrize("view", [X[::-1], X.T.copy().T, np.broadcast_to(X[:1], (2, 3))])
def test_arrays_that_torch_does_not_have(view):
    assert verdict(Power, view, W) == "agrees"
    assert verdict(PowerDoubled, view, W) == "disagrees"


def test_several_outputs_one_of_them_no_function_of_the_inputs():
    class Standardised(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            scale = x.abs().amax()
            ctx.mark_non_differentiable(scale)
            ctx.save_for_backward(x)
            return x.sin(), x.argmax(), scale, x**2

        @staticmethod
        def backward(ctx, dsin, dargmax, dscale, dsquare):
            (x,) = ctx.saved_tensors
            return dsin * x.cos() + dsquare * 2 * x

    assert verdict(Standardised, X) == "agrees"


def test_a_setup_context_of_its_own():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x**3

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, dout):
            return dout * 3 * ctx.saved_tensors[0] ** 2

    report = gradtest.check(Cube, X)
    assert report.ok
    assert [block.name for block in report.blocks] == ["x"]


def test_what_works_in_place_works_on_copies():
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x.mul_(2)

        @staticmethod
        def backward(ctx, dout):
            return 2 * dout

    x = X.copy()
    assert verdict(Doubled, x) == "agrees"
    assert np.array_equal(x, X)


def test_what_draws_draws_the_same_and_leaves_the_generator_alone():
    class Dropped(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mask = torch.rand_like(x) < 0.5
            return x * ctx.mask

        @staticmethod
        def backward(ctx, dout):
            return dout * ctx.mask

    before = torch.get_rng_state()
    assert verdict(Dropped, X) == "agrees"
    assert torch.equal(torch.get_rng_state(), before)


def test_a_backward_that_cannot_be_used_is_a_finding():
    class Short(Power):
        @staticmethod
        def backward(ctx, dout):
            return dout

    (finding,) = gradtest.check(Short, X, W).findings
    assert finding.code == "GT310"
    assert "incorrect number of gradients" in finding.detail


def test_a_property():
    gradtest.property_of(Power, x="batch n", w="n")()
    with pytest.raises(GradientError, match="wrong gradient for w"):
        gradtest.property_of(PowerDoubled, x="batch n", w="n")()


def test_an_input_that_there_is_not():
    with pytest.raises(Misuse, match=r"'v' is not an input of Power; its inputs are x, w, p"):
        gradtest.property_of(Power, x="batch n", v="n")


# -- double backward ------------------------------------------------------------------------------

SECOND = gradtest.Settings(laws="second-order")


class HalfDetached(Power):
    """Right, but the second derivative by x lacks the path that was detached."""

    @staticmethod
    def backward(ctx, dout):
        x, w = ctx.saved_tensors
        return dout * 2 * x.detach() * w, (dout * x**2).sum(0), None


class InNumPy(Power):
    @staticmethod
    def backward(ctx, dout):
        x, w = (saved.detach().numpy() for saved in ctx.saved_tensors)
        g = dout.detach().numpy()
        return torch.from_numpy(g * 2 * x * w), torch.from_numpy((g * x**2).sum(0)), None


class Once(Power):
    backward = staticmethod(torch.autograd.function.once_differentiable(Power.backward))


def test_double_backward_is_held_to_the_backward_pass():
    (law,) = gradtest.check(Power, X, W, 3, settings=SECOND).laws
    assert (law.verdict, law.reason) == ("agrees", "")
    assert gradtest.check(HalfDetached, X, W).ok  # not meant to be differentiated, perhaps
    wrong = gradtest.check(HalfDetached, X, W, settings=SECOND)
    assert wrong.verdict == "disagrees"
    assert wrong.findings[0].headline.startswith("gradtest GT1")
    assert "wrong second derivative for x" in wrong.findings[0].headline
    assert wrong.findings[0].source.endswith("HalfDetached.backward")


def test_double_backward_with_other_inputs_beside():
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Softmax(-1))
    assert gradtest.check(module, X, settings=SECOND).ok
    x = torch.tensor(X, requires_grad=True)
    assert gradtest.check(Power, x, torch.tensor(W), settings=SECOND).ok


@pytest.mark.parametrize("function", [InNumPy, Once])
def test_a_backward_that_is_not_recorded_claims_no_second_derivative(function):
    (law,) = gradtest.check(function, X, W, settings=SECOND).laws
    assert law.verdict == "skipped"
    assert law.reason.startswith("its backward pass cannot be differentiated: ")
