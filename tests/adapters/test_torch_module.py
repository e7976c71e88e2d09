"""Instances of torch.nn.Module: parameters, buffers, modes, and that the module is left as it was."""

import numpy as np
import pytest

import gradtest
from gradtest.adapters.recognise import as_target
from gradtest.errors import GradientError, Misuse

torch = pytest.importorskip("torch")
nn = torch.nn

X = np.array([[0.5, -1.5, 2.0], [1.25, -0.75, 0.25], [-0.5, 1.0, -2.5], [2.25, 0.125, -1.0]])


class Scaled(torch.autograd.Function):
    """gamma * x, and a gradient that has forgotten gamma: right as long as gamma = 1."""

    @staticmethod
    def forward(ctx, x, gamma):
        ctx.save_for_backward(x, gamma)
        return x * gamma

    @staticmethod
    def backward(ctx, dout):
        x, _ = ctx.saved_tensors
        return dout, (dout * x).sum(0)


class Scale(nn.Module):
    def __init__(self, scaled=Scaled.apply):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(3))
        self.scaled = scaled

    def forward(self, x):
        return self.scaled(x, self.gamma)


def blocks(report):
    return [block.name for block in report.blocks]


def state_of(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Dropout(), nn.Linear(4, 2))


def test_inputs_and_parameters_by_name():
    report = gradtest.check(nn.Linear(3, 2), X)
    assert report.ok
    assert report.target == "Linear"
    assert blocks(report) == ["input", "weight", "bias"]
    assert report.resolution < 1e-7  # a copy in float64


@pytest.mark.parametrize("training", [True, False])
def test_a_module_is_left_as_it_was(training):
    net = network().train(training)
    before, draws = state_of(net), torch.get_rng_state()
    assert gradtest.check(net, X).ok
    assert net.training is training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())
    assert torch.equal(torch.get_rng_state(), draws)
    assert net[0].weight.dtype is torch.float32


def test_float32_where_it_is_given():
    report = gradtest.check(network(), torch.tensor(X, dtype=torch.float32))
    assert report.ok
    assert report.resolution > 1e-7
    report = gradtest.check(network(), X.astype(np.float32))
    assert report.resolution > 1e-7


def test_what_is_right_only_for_the_weights_it_began_with():
    assert gradtest.check(Scale(), X).ok
    with pytest.raises(GradientError, match="wrong gradient for x"):
        gradtest.property_of(Scale(), x="batch 3")()
    gradtest.property_of(Scale(torch.mul), x="batch 3")()


def test_a_parameter_can_be_described():
    test = gradtest.property_of(Scale(), x="batch 3", gamma="3 : {1}")
    test()
    with pytest.raises(Misuse, match="'beta' is not an input of Scale; its inputs are x, gamma"):
        gradtest.property_of(Scale(), x="batch 3", beta="3")


def test_a_property_in_float32():
    gradtest.property_of(nn.Linear(3, 2), input="batch 3", dtype="float32")()


@pytest.mark.parametrize(
    ("module", "inputs", "weight"),
    [
        (nn.LSTM(3, 2), (X[:, None],), "weight_hh_l0"),
        (nn.Conv1d(4, 2, 2), (X[None],), "weight"),
        (nn.MultiheadAttention(3, 1), (X, X, X), "in_proj_weight"),
        (nn.Embedding(5, 3), (np.array([1, 4, 1]),), "weight"),
        (nn.LayerNorm(3), (X,), "weight"),
        (nn.Bilinear(3, 3, 2), (X, X[::-1]), "weight"),
        (nn.PReLU(), (X,), "weight"),
        (nn.CrossEntropyLoss(), (X, np.array([0, 2, 1, 1])), "input"),
    ],
)
def test_modules_of_torch(module, inputs, weight):
    report = gradtest.check(module, *inputs)
    assert report.ok
    assert report.resolution < 1e-6
    (block,) = (block for block in report.blocks if block.name == weight)
    assert block.resolution > 0  # it has an effect


def test_frozen_and_tied_parameters():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.there = nn.Linear(3, 3, bias=False)
            self.back = nn.Linear(3, 3, bias=False)
            self.back.weight = self.there.weight
            self.shift = nn.Parameter(torch.ones(3), requires_grad=False)

        def forward(self, x):
            return self.back(torch.tanh(self.there(x))) + self.shift

    report = gradtest.check(Tied(), X)
    assert report.ok
    assert blocks(report) == ["x", "there.weight"]


def test_a_path_that_was_cut_is_a_gradient_of_zero():
    class Cut(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3))

        def forward(self, x):
            return torch.tanh(x * self.weight.detach()) + x

    (finding,) = gradtest.check(Cut(), X).findings
    assert finding.parameter == "weight"


def test_inputs_that_require_a_gradient_are_those_that_are_checked_besides_the_parameters():
    x, y = torch.tensor(X), torch.tensor(X[::-1].copy(), requires_grad=True)
    assert blocks(gradtest.check(nn.Bilinear(3, 3, 2), x, y)) == ["input2", "weight", "bias"]


def test_a_parameter_with_the_name_of_an_input():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.x = nn.Parameter(torch.ones(3))

        def forward(self, x):
            return x * self.x

    assert blocks(gradtest.check(Twice(), X)) == ["x", "self.x"]


def test_buffers_start_anew_in_every_call():
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, x):
            self.calls += 1
            return x * self.calls

    module = Counting()
    assert gradtest.check(module, X).ok
    assert module.calls == 0


def test_outputs_in_containers():
    class Several(nn.Module):
        def forward(self, x):
            return {"sine": torch.sin(x), "rest": (x.detach(), [x**2, x.argmax()])}

    assert gradtest.check(Several(), X).ok


def test_a_lazy_module_has_no_parameters_yet():
    with pytest.raises(Misuse, match=r"LazyLinear has no value for weight yet .* call it once"):
        as_target(nn.LazyLinear(2))


def test_a_module_that_cannot_be_copied():
    class Stubborn(nn.Linear):
        def __deepcopy__(self, memo):
            raise RuntimeError("no")

    with pytest.raises(Misuse, match=r"Stubborn cannot be copied \(RuntimeError: no\)"):
        as_target(Stubborn(2, 2))
