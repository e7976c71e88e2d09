"""NumPy layers in the spellings that people use: recognised, right ones agree, wrong ones do not."""

import functools

import numpy as np
import pytest

import gradtest
from gradtest.adapters.recognise import as_target
from gradtest.errors import MisusedType

rng = np.random.default_rng(0)
X = rng.normal(size=(3, 2))


class Dense:
    """``W`` / ``dW`` as attributes; everything else here is a variation of it."""

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.zeros(n_out)
        self.dW = self.db = None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Accumulating(Dense):
    def __init__(self, n_in, n_out):
        super().__init__(n_in, n_out)
        self.dW, self.db = np.zeros((n_in, n_out)), np.zeros(n_out)

    def backward(self, dout):
        self.dW += self.x.T @ dout
        self.db += dout.sum(axis=0)
        return dout @ self.W.T


class Returning(Dense):
    def backward(self, dout):
        return dout @ self.W.T, self.x.T @ dout, dout.sum(axis=0)


class ReturningDict(Dense):
    def backward(self, dout):
        return {"dx": dout @ self.W.T, "dW": self.x.T @ dout, "db": dout.sum(axis=0)}


class Dicts:
    def __init__(self, n_in, n_out):
        self.params = {"W": np.random.randn(n_in, n_out), "b": np.zeros(n_out)}
        self.grads = {}

    def __call__(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        self.grads["W"] = self.x.T @ dout
        self.grads["b"] = dout.sum(axis=0)
        return dout @ self.params["W"].T


class Lists:
    def __init__(self, n_in, n_out):
        self.params = [np.random.randn(n_in, n_out), np.zeros(n_out)]
        self.grads = [np.zeros_like(p) for p in self.params]

    def forward(self, x):
        self.x = x
        return x @ self.params[0] + self.params[1]

    def backward(self, dout):
        self.grads[0][...] = self.x.T @ dout
        self.grads[1][...] = dout.sum(axis=0)
        return dout @ self.params[0].T


class Cell:
    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)


class Cells:
    """Parameters that are objects with ``data`` and ``grad``."""

    def __init__(self, n_in, n_out):
        self.weight, self.bias = Cell(np.random.randn(n_in, n_out)), Cell(np.zeros(n_out))

    def parameters(self):
        return [self.weight, self.bias]

    def forward(self, x):
        self.x = x
        return x @ self.weight.data + self.bias.data

    def backward(self, dout):
        self.weight.grad += self.x.T @ dout
        self.bias.grad += dout.sum(axis=0)
        return dout @ self.weight.data.T


class Lazy:
    """Makes its weights in the first call, and forgets earlier calls when asked."""

    def __init__(self, n_out=4):
        self.n_out, self.params, self.grads, self.inputs = n_out, {}, {}, []

    def forward(self, x):
        if not self.params:
            self.params["W"] = np.random.randn(x.shape[1], self.n_out)
            self.flush_gradients()
        self.inputs.append(x)
        return x @ self.params["W"]

    def backward(self, dout):
        (x,) = self.inputs
        self.grads["W"] += x.T @ dout
        return dout @ self.params["W"].T

    def flush_gradients(self):
        self.inputs = []
        self.grads = {"W": np.zeros_like(self.params["W"])}


class OnTheObject:
    """Returns nothing: output and gradients are attributes, as in a well-known book."""

    def __init__(self, n_in, n_out):
        self.weights, self.biases = np.random.randn(n_in, n_out), np.zeros((1, n_out))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs @ self.weights + self.biases

    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        self.dbiases = dvalues.sum(axis=0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T


class Updating:
    """Takes a learning rate, and changes the weights at once."""

    def __init__(self, n_in, n_out):
        self.weights, self.bias = np.random.randn(n_in, n_out), np.zeros(n_out)

    def forward(self, input):
        self.input = input
        return input @ self.weights + self.bias

    def backward(self, output_gradient, learning_rate):
        input_gradient = output_gradient @ self.weights.T
        self.weights -= learning_rate * (self.input.T @ output_gradient)
        self.bias -= learning_rate * output_gradient.sum(axis=0)
        return input_gradient


class Cached(Dense):
    def forward(self, x):
        return x @ self.W + self.b, (x,)

    def backward(self, dout, cache):
        (x,) = cache
        self.dW, self.db = x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


class Net:
    def __init__(self, n_in, n_out):
        self.layers = [Dense(n_in, 4), Dicts(4, n_out)]

    def forward(self, x):
        return self.layers[1](self.layers[0].forward(x))

    def backward(self, dout):
        return self.layers[0].backward(self.layers[1].backward(dout))


SPELLINGS = {
    Dense: {"x", "W", "b"},
    Accumulating: {"x", "W", "b"},
    Returning: {"x", "W", "b"},
    ReturningDict: {"x", "W", "b"},
    Dicts: {"x", "W", "b"},
    Lists: {"x", "[0]", "[1]"},
    Cells: {"x", "weight", "bias"},
    OnTheObject: {"inputs", "weights", "biases"},
    Updating: {"input", "weights", "bias"},
    Cached: {"x", "W", "b"},
    Net: {"x", "layers[0].W", "layers[0].b", "layers[1].W", "layers[1].b"},
}


def compared(report):
    return {block.name for block in report.blocks}


@pytest.mark.parametrize("kind", SPELLINGS, ids=lambda kind: kind.__name__)
def test_spellings(kind):
    for subject in (kind(2, 5), kind):  # an object, and the class: then one is made for the input
        report = gradtest.check(subject, X)
        assert report.verdict == "agrees", str(report)
        assert compared(report) == SPELLINGS[kind]


@pytest.mark.parametrize("kind", SPELLINGS, ids=lambda kind: kind.__name__)
def test_wrong_gradients_are_seen_in_every_spelling(kind):
    class Wrong(kind):
        @functools.wraps(kind.backward)
        def backward(self, dout, *more, **named):
            return super().backward(2 * dout, *more, **named)

    report = gradtest.check(Wrong(2, 5), X)
    assert {finding.parameter for finding in report.findings} == SPELLINGS[kind]


def test_weights_that_are_made_in_the_first_call():
    report = gradtest.check(Lazy(), X)
    assert report.verdict == "agrees"
    assert compared(report) == {"x", "W"}
    assert gradtest.check(Lazy, X).ok


def test_the_object_is_left_as_it_was():
    layer = Accumulating(2, 5)
    layer.backward(np.ones_like(layer.forward(X)))  # it has been used
    before = {name: np.array(value) for name, value in vars(layer).items()}
    assert gradtest.check(layer, 2 * X).ok  # what was accumulated does not count
    assert {name: value.tolist() for name, value in before.items()} == {
        name: value.tolist() for name, value in vars(layer).items()
    }


class Dropout:
    def __init__(self, p=0.5):
        self.p = p

    def forward(self, x):
        self.mask = (np.random.rand(*x.shape) > self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


def test_dropout_draws_the_same_mask_in_all_evaluations_and_leaves_the_state_alone():
    state = np.random.get_state()[2]
    assert gradtest.check(Dropout(), rng.normal(size=(4, 5))).verdict == "agrees"
    assert np.random.get_state()[2] == state


class Counting(Dense):
    """A layer with running statistics and a momentum that is called dW."""

    def __init__(self, n_in, n_out):
        super().__init__(n_in, n_out)
        self.dW = rng.normal(size=(n_in, n_out))  # the last step of the optimiser
        self.calls, self.mean = 0, np.zeros(n_in)

    def forward(self, x):
        self.calls += 1
        self.mean = 0.9 * self.mean + 0.1 * x.mean(axis=0)
        return super().forward(x) * (1 if self.calls == 1 else 2)

    def backward(self, dout):
        self.gW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


def test_state_does_not_reach_the_next_evaluation_and_momentum_is_no_gradient():
    report = gradtest.check(Counting(2, 5), X)
    assert report.verdict == "agrees", str(report)
    assert compared(report) == {"x", "W", "b"}


class SoftmaxCrossEntropy:
    def forward(self, logits, labels):
        z = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.p, self.labels = z / z.sum(axis=1, keepdims=True), labels
        return -np.log(self.p[np.arange(len(labels)), labels]).mean()

    def backward(self):
        d = self.p.copy()
        d[np.arange(len(d)), self.labels] -= 1
        return d / len(d)


class SquaredError:
    """Labels first, and gradients of the predictions: ``grad`` of the inputs alone."""

    @staticmethod
    def loss(y_true, y_pred):
        return np.mean((y_pred - y_true) ** 2)

    @staticmethod
    def grad(y_true, y_pred):
        return 2 * (y_pred - y_true) / y_pred.size


def test_losses():
    assert gradtest.check(SoftmaxCrossEntropy(), X, np.array([0, 1, 1])).ok
    report = gradtest.check(SquaredError(), X, X[::-1] / 2)
    assert report.ok
    assert compared(report) == {"y_pred"}
    test = gradtest.property_of(SoftmaxCrossEntropy(), logits="batch k", labels="batch : labels k")
    test()


class Sigmoid:
    def fn(self, z):
        return 1 / (1 + np.exp(-z))

    def grad(self, z):
        return self.fn(z) * (1 - self.fn(z))


def test_an_activation_with_an_elementwise_derivative():
    assert gradtest.check(Sigmoid(), X).ok
    assert gradtest.check(Sigmoid, X).ok


class TwoLayers:
    """``loss(X, y) -> loss, grads`` beside a dict of parameters."""

    def __init__(self, d=2, h=4):
        self.params = {"W1": np.random.randn(d, h), "W2": np.random.randn(h)}

    def loss(self, X, y):
        h = np.tanh(X @ self.params["W1"])
        error = h @ self.params["W2"] - y
        back = np.outer(error, self.params["W2"]) * (1 - h**2)
        return 0.5 * error @ error, {"W1": X.T @ back, "W2": h.T @ error}


def test_a_net_that_returns_loss_and_gradients():
    report = gradtest.check(TwoLayers(), X, X[:, 0] ** 2)
    assert report.verdict == "agrees"
    assert compared(report) == {"W1", "W2"}


class Shared:
    """Two layers that hold one array: its gradient is the sum of theirs."""

    def __init__(self, n):
        self.first, self.second = Dense(n, n), Dense(n, n)
        self.second.W = self.first.W

    def forward(self, x):
        return self.second.forward(np.tanh(self.first.forward(x)))

    def backward(self, dout):
        dh = self.second.backward(dout)
        return self.first.backward(dh * (1 - np.tanh(self.first.x @ self.first.W + self.first.b) ** 2))


def test_a_shared_array_is_one_parameter():
    report = gradtest.check(Shared(2), X)
    assert report.verdict == "agrees", str(report)
    assert compared(report) == {"x", "W", "first.b", "second.b"}


class LayerNorm:
    def __init__(self, n):
        self.gamma, self.beta = np.ones(n), np.zeros(n)

    def forward(self, x):
        self.centred = x - x.mean(axis=1, keepdims=True)
        self.width = np.sqrt((self.centred**2).mean(axis=1, keepdims=True) + 1e-5)
        return self.gamma * self.centred / self.width + self.beta

    def backward(self, dout):
        y = self.centred / self.width
        self.dgamma, self.dbeta = (dout * y).sum(axis=0), dout.sum(axis=0)
        g = dout  # and where is gamma?
        return (g - g.mean(axis=1, keepdims=True) - y * (g * y).mean(axis=1, keepdims=True)) / self.width


def test_a_property_draws_the_parameters_too():
    """With gamma = 1, as it begins, nothing is wrong."""
    assert gradtest.check(LayerNorm, X).ok
    test = gradtest.property_of(LayerNorm, x="batch n")
    with pytest.raises(gradtest.GradientError, match="wrong gradient for x"):
        test()


def test_a_class_of_which_no_object_can_be_made():
    class Particular(Dense):
        def __init__(self, config):
            super().__init__(config["in"], config["out"])

    with pytest.raises(MisusedType, match=r"no arguments were found with which Particular\(config\)"):
        gradtest.check(Particular, X)


def test_an_object_that_cannot_be_copied():
    layer = Dense(2, 3)
    layer.handle = (i for i in range(3))
    with pytest.raises(MisusedType, match=r"Dense cannot be copied .*generator"):
        gradtest.check(layer, X)


def test_what_raises_is_a_finding():
    report = gradtest.check(Dense(7, 3), X)
    assert report.verdict == "disagrees"
    assert report.findings[0].code == "GT310"


def test_what_has_no_derivative_is_not_recognised():
    class Nothing:
        def forward(self, x):
            return x

    with pytest.raises(MisusedType, match="an object or a class with forward and backward"):
        as_target(Nothing())


class Window(Dense):
    """Wants at least three columns."""

    def __init__(self, n):
        super().__init__(3, n)

    def forward(self, x):
        return super().forward(x[:, :3])

    def backward(self, dout):
        dx = np.zeros((len(dout), self.width))
        dx[:, :3] = super().backward(dout)
        return dx


def test_inputs_for_which_no_object_can_be_made_are_passed_over():
    class Sized(Window):
        def forward(self, x):
            self.width = x.shape[1]
            return super().forward(x)

    gradtest.property_of(Sized, x="batch n")()
    with pytest.raises(MisusedType, match="no arguments were found"):
        gradtest.property_of(Sized, x="batch 2")()


class LstmLike:
    """Two outputs, of which backward takes the gradient of the first."""

    def forward(self, x):
        self.x = x
        return np.tanh(x), np.exp(x)

    def backward(self, dh):
        return dh * (1 - np.tanh(self.x) ** 2)


def test_the_first_of_two_outputs():
    assert gradtest.check(LstmLike(), X).verdict == "agrees"


class Residual:
    """Two outputs, and their gradients the other way round; the second may be missing, in the last layer."""

    def forward(self, x, skipped):
        self.x = x
        main, skip = x + np.tanh(x), skipped + 2 * np.tanh(x)
        return main, skip

    def backward(self, dskip, dmain=None):
        slope = 1 - np.tanh(self.x) ** 2
        dx = 2 * slope * dskip
        return dx if dmain is None else dx + (1 + slope) * dmain, dskip


class ResidualUnnamed(Residual):
    def forward(self, x, skipped):
        return super().forward(x, skipped)

    def backward(self, dout_skip, dout_main=None):
        return super().backward(dout_skip, dout_main)


class ResidualWrong(Residual):
    def backward(self, dskip, dmain=None):
        dx, dskipped = super().backward(dskip, dmain)
        return dx + dskip, dskipped


def test_gradients_of_outputs_are_told_by_the_names_of_these():
    assert gradtest.check(Residual(), X, X + 1).verdict == "agrees"
    wrong = gradtest.check(ResidualWrong(), X, X + 1)
    assert [finding.parameter for finding in wrong.findings] == ["x"]


def test_an_output_by_its_name_is_the_one_that_backward_means():
    class Cell(LstmLike):
        def forward(self, x):
            c, h = super().forward(x)[::-1]
            return c, h

    assert gradtest.check(Cell(), X).verdict == "agrees"


def test_nothing_tells_of_which_output_a_gradient_is():
    with pytest.raises(MisusedType, match=r"dout_main, of which it needs dout_skip alone.*2 outputs"):
        gradtest.check(ResidualUnnamed(), X, X + 1)
