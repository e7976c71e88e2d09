"""Plain functions of torch's tensors, and those of torch itself."""

import numpy as np
import pytest

import gradtest
from gradtest.adapters.recognise import as_target
from gradtest.errors import Misuse, MisusedType

torch = pytest.importorskip("torch")

X = np.array([[0.5, -1.5, 2.0], [1.25, -0.75, 0.25]])


def entropy(x, *, axis=-1):
    p = torch.softmax(x, axis)
    return -(p * p.log()).sum(axis)


def test_a_function_that_is_given_tensors():
    report = gradtest.check(entropy, torch.tensor(X), axis=0)
    assert report.ok
    assert report.target == "entropy"
    assert [block.name for block in report.blocks] == ["x"]


def test_a_function_of_arrays_has_to_say_who_differentiates_it():
    with pytest.raises(MisusedType, match=r"gradtest\.autodiff\(entropy, 'torch'\) if it is differentiated"):
        gradtest.check(entropy, X)
    assert gradtest.check(gradtest.autodiff(entropy, "torch"), X).ok
    # Where it saturates, autograd is left with the rounding of what cancels.
    gradtest.property_of(gradtest.autodiff(entropy, "torch"), x="batch n : (-3, 3)")()


@pytest.mark.parametrize("function", [torch.sin, torch.nn.functional.softplus, torch.Tensor.exp])
def test_functions_of_torch_are_known(function):
    report = gradtest.check(function, X)
    assert report.ok
    assert report.resolution < 1e-7


def test_names_and_inputs_can_be_chosen():
    target = gradtest.autodiff(lambda x, y: x * y.detach(), "torch", wrt="x", name="held")
    report = gradtest.check(target, X, X + 1)
    assert report.ok
    assert report.target == "held"
    assert [block.name for block in report.blocks] == ["x"]


def test_a_detached_path_is_seen():
    wrong = gradtest.autodiff(lambda x: x * torch.tanh(x).detach(), "torch")
    assert gradtest.check(wrong, X).verdict == "disagrees"


def test_containers_of_tensors():
    def loss(model, x):
        return ((x @ model["weight"] + model["bias"]) ** 2).mean()

    model = {"weight": torch.ones(3, 2, dtype=torch.float64), "bias": torch.zeros(2, dtype=torch.float64)}
    report = gradtest.check(loss, model, torch.tensor(X))
    assert report.ok
    assert [block.name for block in report.blocks] == ["model['bias']", "model['weight']", "x"]


def test_tensors_in_half_precision():
    for dtype in (torch.bfloat16, torch.float16):
        assert gradtest.check(torch.nn.functional.silu, torch.tensor(X, dtype=dtype)).verdict != "disagrees"


def test_what_cannot_be_called():
    assert as_target(torch.sin).name == "sin"
    with pytest.raises(MisusedType, match="not recognised"):
        as_target(torch.ones(2))


def test_an_empty_tensor():
    with pytest.raises(Misuse, match=r"y is empty \(shape \(0, 3\)\)"):
        gradtest.check(lambda x, y: x @ y.T, torch.ones(2, 3), torch.ones(0, 3))
