"""What depends on something else than it is given, or harms what it is given."""

import numpy as np
import pytest

import gradtest
from gradtest import Settings, target

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
Y = X[::-1] / 2 + 1
MEASURED = Settings(laws="derivative")


def only_purity(report):
    """Return the one finding of a report in which no other law is broken."""
    assert [law.name for law in report.laws if law.verdict == "disagrees"] == ["purity"]
    (finding,) = report.findings
    assert len(finding.headline) <= 100
    return finding


# -- nothing is changed in place ------------------------------------------------------------------


def relu(x):
    return np.maximum(x, 0)


def relu_in_place(x):
    x[x < 0] = 0
    return x


def relu_backward(dout, x):
    return dout * (x > 0)


def relu_backward_in_place(dout, x):
    dout[x <= 0] = 0
    return dout


def test_a_forward_that_changes_its_input():
    subject = target(relu_in_place, vjp=relu_backward)
    assert gradtest.check(subject, X, settings=MEASURED).ok
    finding = only_purity(gradtest.check(subject, X))
    assert (finding.code, finding.what) == ("GT304", "relu_in_place changes x in place")
    assert gradtest.check(target(relu, vjp=relu_backward), X).ok


def test_a_backward_that_changes_its_input():
    def backward(dout, x):
        x[...] = x > 0
        return dout * x

    finding = only_purity(gradtest.check(target(relu, vjp=backward), X))
    assert finding.what == "backward changes x in place"


def test_a_backward_may_work_in_the_memory_of_its_upstream_gradient():
    assert gradtest.check(target(relu, vjp=relu_backward_in_place), X).ok


def test_running_statistics_are_kept_account_of():
    def forward(x, mean):
        mean *= 0.9
        mean += 0.1 * x.mean(axis=0)
        return x - x.mean(axis=0)

    subject = target(forward, vjp=lambda dout, x: dout - dout.mean(axis=0), wrt="x")
    assert gradtest.check(subject, X, np.zeros(3)).ok


# -- calls that disturb each other ----------------------------------------------------------------


class Workspace:
    """Keeps what backward needs in memory that every forward call shares."""

    def __init__(self, copy):
        self.saved, self.copy = np.empty_like(X), copy

    def forward(self, x):
        np.cos(x, out=self.saved)
        return np.sin(x), (self.saved.copy() if self.copy else self.saved,)

    def backward(self, dout, cache):
        return dout * cache[0]


def test_a_cache_that_the_next_forward_call_overwrites():
    shared, right = (Workspace(copy) for copy in (False, True))
    subject = target(shared.forward, vjp=shared.backward)
    assert gradtest.check(subject, X, settings=MEASURED).ok
    finding = only_purity(gradtest.check(subject, X))
    assert finding.code == "GT306"
    assert "a stale cache" in finding.what
    assert "after a forward pass at another point came between" in finding.detail
    assert gradtest.check(target(right.forward, vjp=right.backward), X).ok


class Half:
    """A layer that is told its input, but takes the mask from its last forward call."""

    def forward(self, x):
        self.slope = 1 - np.tanh(x) ** 2
        return x * np.tanh(x)

    def backward(self, dout, x):
        return dout * (np.tanh(x) + x * self.slope)


def test_a_layer_that_half_belongs_to_its_last_call():
    layer = Half()
    finding = only_purity(gradtest.check(target(layer.forward, vjp=layer.backward), X))
    assert finding.code == "GT306"


class Sine:
    """A layer as people write them: backward belongs to the last forward call."""

    def forward(self, x):
        self.x = x
        return np.sin(x)

    def backward(self, dout):
        return dout * np.cos(self.x)


def test_a_layer_that_keeps_its_last_call_is_no_finding():
    layer = Sine()
    assert gradtest.check(target(layer.forward, vjp=layer.backward), X).ok
    told = target(layer.forward, vjp=lambda dout, x: layer.backward(dout))
    assert gradtest.check(told, X).ok


def test_a_layer_that_keeps_its_first_call():
    class Stale(Sine):
        def forward(self, x):
            self.x = getattr(self, "x", x)
            return np.sin(x)

    layer = Stale()
    subject = target(layer.forward, vjp=layer.backward)
    assert gradtest.check(subject, X).ok  # at its first point nothing is stale yet
    assert gradtest.check(subject, Y).verdict == "disagrees"


def test_a_backward_that_uses_its_cache_up():
    def forward(x):
        return np.sin(x), {"slope": np.cos(x)}

    def backward(dout, cache):
        cache["slope"] *= dout
        return cache["slope"].copy()

    assert gradtest.check(target(forward, vjp=backward), X, settings=MEASURED).ok
    finding = only_purity(gradtest.check(target(forward, vjp=backward), X))
    assert (finding.code, finding.what) == (
        "GT305",
        "backward: a second backward pass gives another gradient",
    )


def test_a_backward_that_may_be_run_once_says_so():
    def forward(x):
        return np.sin(x), {"slope": np.cos(x)}

    def backward(dout, cache):
        return dout * cache.pop("slope")

    assert gradtest.check(target(forward, vjp=backward), X).ok


def test_a_gradient_that_is_added_to_what_was_left():
    class Accumulating:
        grad = 0.0

        def backward(self, dout, x):
            self.grad = self.grad + dout * np.cos(x)
            return self.grad

    report = gradtest.check(target(np.sin, vjp=Accumulating().backward), X, settings=Settings(laws="purity"))
    (finding,) = report.findings
    assert finding.code == "GT305"
    assert finding.what.endswith("every call adds to what the last one left")


# -- one array as two inputs ----------------------------------------------------------------------


def product_by_identity(dout, x, y):
    grads = {id(x): np.zeros_like(x), id(y): np.zeros_like(y)}
    grads[id(x)] += dout * y
    grads[id(y)] += dout * x
    return grads[id(x)], grads[id(y)]


def test_gradients_that_are_kept_by_the_identity_of_the_input():
    subject = target(lambda x, y: x * y, vjp=product_by_identity)
    assert gradtest.check(subject, X, Y, settings=MEASURED).ok
    finding = only_purity(gradtest.check(subject, X, Y))
    assert finding.code == "GT307"
    assert finding.what == "product_by_identity: wrong where x and y are the same array"
    assert gradtest.check(target(np.multiply, vjp=lambda dout, x, y: (dout * y, dout * x)), X, Y).ok


# -- not deterministic ----------------------------------------------------------------------------


def test_dropout_is_not_deterministic_and_not_wrong():
    rng = np.random.default_rng(0)

    def dropout(x):
        mask = rng.random(x.shape) < 0.5
        return x * mask, (mask,)

    report = gradtest.check(target(dropout, vjp=lambda dout, cache: dout * cache[0]), X)
    assert report.verdict != "disagrees"
    by_name = {law.name: law for law in report.laws}
    assert by_name["purity"].verdict == "undecided"
    assert by_name["purity"].reason == "not deterministic: the same inputs gave two outputs"
    assert by_name["linearity"].verdict == "undecided"


def test_a_gradient_by_chance_is_not_deterministic():
    rng = np.random.default_rng(0)
    noisy = target(np.sin, vjp=lambda g, x: g * np.cos(x) * (rng.random(x.shape) < 0.5))
    report = gradtest.check(noisy, X, settings=Settings(laws="purity"))
    assert (report.verdict, report.reason) == (
        "undecided",
        "purity: not deterministic: the same inputs gave two gradients",
    )


@pytest.mark.parametrize("law", ["purity", "linearity"])
def test_laws_replay(law):
    reports = [
        gradtest.check(target(np.sin, vjp=relu_backward), X, settings=Settings(laws=law, seed=3))
        for _ in "12"
    ]
    assert reports[0] == reports[1]


def test_a_gradient_that_settles_was_that_of_another_call():
    """What the forward pass before the last one left: right as soon as the same point is asked twice."""
    kept = [np.zeros(()), np.zeros(())]

    def forward(x):
        kept[:] = [kept[1], np.array(x)]
        return x**2

    def backward(g, x):
        return 2 * g * (kept[0] if kept[0].shape == x.shape else x)

    report = gradtest.check(target(forward, vjp=backward), np.array([0.5, 0.5]))
    assert {finding.code for finding in report.findings} == {"GT306"}, report
