"""Mistakes planted in the reference, one at a time: each must be found, and the reference itself be right."""

import dataclasses
import importlib.util
import sys

import numpy as np
import pytest
from hypothesis import Phase

import gradtest
import gradtest.properties.search as searching
import reference
from gradtest.properties.search import search
from gradtest.properties.strategies import inputs
from gradtest.subjects.offered import subjects

NETWORK = reference.DERIVATIVES[-1]["inputs"]


@pytest.fixture
def unshrunk(monkeypatch):
    """Found is enough here: the smallest case is not looked for, which takes most of the time."""
    usual = searching._quiet

    def quiet(base):
        chosen = usual(base)
        return chosen | {"phases": [phase for phase in chosen["phases"] if phase is not Phase.shrink]}

    monkeypatch.setattr(searching, "_quiet", quiet)


@pytest.fixture
def garden(monkeypatch):
    """Import the reference once more, under a name of its own, so that it can be tampered with."""
    spec = importlib.util.spec_from_file_location(
        "tampered_reference", reference.__file__, submodule_search_locations=list(reference.__path__)
    )
    package = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, package)
    spec.loader.exec_module(package)
    yield package
    for name in [name for name in sys.modules if name.startswith(spec.name + ".")]:
        del sys.modules[name]


def outcome(package, mean=True, **asked):
    forward, gradient = (
        (package.mean_loss, package.mean_loss_gradients)
        if mean
        else (package.summed_loss, package.summed_loss_gradients)
    )
    return search(gradtest.target(forward, grad=gradient), inputs(**NETWORK), **asked)


# -- mistakes in one function, which the others use --------------------------------------------


def flipped(right):
    return lambda *args: -right(*args)


def doubled(right):
    return lambda *args: 2 * right(*args)


def hardly_off(right):
    return lambda *args: right(*args) * (1 + 1e-6)


def zero(right):
    return lambda *args: 0 * right(*args)


def first_of_the_batch(right):
    def pullback(cotangent, W, a, b):
        return right(cotangent[:, :1], W, a[:, :1], b)

    return pullback


def averaged_over_the_batch(right):
    return lambda cotangent, W, a, b: cotangent.mean(axis=1)


def not_summed(right):
    return lambda cotangent, W, a, b: cotangent


def summed_over_units(right):
    return lambda cotangent, W, a, b: np.resize(cotangent.sum(axis=0), b.shape)


def transposed_where_square(right):
    def pullback(*args):
        found = right(*args)
        return found.T if found.shape[0] == found.shape[1] else found

    return pullback


def one_entry_off(right):
    def pullback(*args):
        found = right(*args)
        found[0, 0] *= 1.01
        return found

    return pullback


def last_entry_off(right):
    def pullback(*args):
        found = right(*args)
        found[-1, -1] *= 1.01
        return found

    return pullback


def through_untransposed_weights(right):
    def error(cotangent, z, W, b):
        if W.shape[0] != W.shape[1]:
            return right(cotangent, z, W, b)
        return W @ cotangent * reference.relu_derivative(z)

    return error


def without_relu(right):
    return lambda cotangent, z, W, b: W.T @ cotangent


def relu_slope(below, above):
    def planted(right):
        return lambda cotangent, z, W, b: W.T @ cotangent * np.where(z > 0, above, below)

    return planted


def relu_of_what_comes_out(right):
    def error(cotangent, z, W, b):
        above = W @ np.maximum(z, 0) + b[:, None]
        return W.T @ (cotangent * (above > 0)) * reference.relu_derivative(z)

    return error


def relu_twice(right):
    return lambda cotangent, z, W, b: (
        W.T @ (cotangent * reference.relu_derivative(z[: len(cotangent)])) * (reference.relu_derivative(z))
        if len(z) >= len(cotangent)
        else right(cotangent, z, W, b)
    )


def with_sigmoid_slope(right):
    return lambda z, y: right(z, y) * reference.sigmoid_derivative(z)


def labels_added(right):
    return lambda z, y: reference.sigmoid(z) + y


def logits_minus_labels(right):
    return lambda z, y: z - y


ANY = {"sign": flipped, "factor 2": doubled, "off by 1e-6": hardly_off, "zero": zero}
WEIGHTS = {
    "transposed": transposed_where_square,
    "first of the batch": first_of_the_batch,
    "first entry off by 1 %": one_entry_off,
    "last entry off by 1 %": last_entry_off,
}
BIASES = {
    "mean": averaged_over_the_batch,
    "not summed": not_summed,
    "summed over the units": summed_over_units,
    "first of the batch": first_of_the_batch,
}
ERRORS = {
    "W for W^T": through_untransposed_weights,
    "no ReLU'": without_relu,
    "ReLU' leaks below 0": relu_slope(0.01, 1.0),
    "ReLU' is 0.99 above 0": relu_slope(0.0, 0.99),
    "ReLU' is 1 below 0 too": relu_slope(1.0, 1.0),
    "ReLU' on the wrong side": relu_slope(1.0, 0.0),
    "ReLU' of the layer above": relu_of_what_comes_out,
    "ReLU' of both": relu_twice,
}
LOSS = {"times sigmoid'": with_sigmoid_slope, "plus y": labels_added, "z for sigmoid(z)": logits_minus_labels}

PLANTED = [
    *(("weight_pullback", name, plant) for name, plant in (ANY | WEIGHTS).items()),
    *(("bias_pullback", name, plant) for name, plant in (ANY | BIASES).items()),
    *(
        ("input_pullback", name, plant)
        for name, plant in (ANY | {"transposed": transposed_where_square}).items()
    ),
    *(("hidden_error", name, plant) for name, plant in (ANY | ERRORS).items()),
    *(("error_signal", name, plant) for name, plant in (ANY | LOSS).items()),
]


@pytest.mark.parametrize(("function", "name", "plant"), PLANTED, ids=[f"{f}: {n}" for f, n, _ in PLANTED])
def test_a_planted_mistake_is_found(garden, unshrunk, monkeypatch, function, name, plant):
    monkeypatch.setattr(garden.network, function, plant(getattr(garden.network, function)))
    found = outcome(garden)
    assert found.findings
    assert found.tally.disagrees == 1  # the first ends the generation
    named = {finding.parameter.partition("[")[0] for finding in found.findings}
    touched = {"weight_pullback": {"weights"}, "bias_pullback": {"biases"}, "input_pullback": {"x"}}
    contract = any(finding.code.startswith("GT3") for finding in found.findings)
    assert contract or named <= touched.get(function, {"weights", "biases", "x"})


# -- mistakes in one layer of the whole ----------------------------------------------------------


def in_layer(change, part, layer):
    def planted(gradients):
        pieces = list(getattr(gradients, part))
        pieces[layer] = change(pieces[layer])
        return gradients._replace(**{part: pieces})

    return planted


def in_input(change):
    return lambda gradients: gradients._replace(x=change(gradients.x))


LAYERS = {
    f"{part}[{layer}] {name}": in_layer(change, part, layer)
    for part in ("weights", "biases")
    for layer in (0, -1)
    for name, change in (("zero", np.zeros_like), ("off by 1e-6", lambda g: g * (1 + 1e-6)))
} | {"x zero": in_input(np.zeros_like), "x off by 1e-6": in_input(lambda g: g * (1 + 1e-6))}


@pytest.mark.parametrize("name", LAYERS)
def test_a_mistake_in_one_layer_is_found_there(garden, unshrunk, monkeypatch, name):
    right = garden.mean_loss_gradients
    monkeypatch.setattr(garden, "mean_loss_gradients", lambda *args: LAYERS[name](right(*args)))
    found = outcome(garden)
    part = name.partition(" ")[0].partition("[")[0]
    assert {finding.parameter.partition("[")[0] for finding in found.findings} == {part}
    words = {finding.what for finding in found.findings}
    assert any(("zero" if name.endswith("zero") else "times what it should be") in what for what in words)


@pytest.mark.slow
@pytest.mark.parametrize("mean", [True, False])
def test_sum_taken_for_mean_or_mean_for_sum(garden, mean):
    forward = garden.mean_loss if mean else garden.summed_loss
    gradient = garden.summed_loss_gradients if mean else garden.mean_loss_gradients
    found = search(gradtest.target(forward, grad=gradient), inputs(**NETWORK))
    assert found.findings
    assert all("times what it should be" in finding.what for finding in found.findings)
    assert found.findings[0].inputs["x"].shape[1] == 2  # the smallest batch in which it shows


def test_the_relu_of_the_layer_below(garden, unshrunk, monkeypatch):
    """ReLU' taken at z^(l-1) instead of z^l, wherever the shapes let it pass."""

    def backward(cotangent, weights, biases, trace):
        shifted = [
            z if k == 0 or z.shape != trace.z[k - 1].shape else trace.z[k - 1] for k, z in enumerate(trace.z)
        ]
        return reference.backward(cotangent, weights, biases, garden.Trace(trace.a, shifted))

    monkeypatch.setattr(garden.network, "backward", backward)
    assert outcome(garden).findings


def test_the_activations_of_the_layer_itself(garden, unshrunk, monkeypatch):
    """a^l instead of a^(l-1) in the gradient of W^l, wherever the shapes let it pass."""

    def backward(cotangent, weights, biases, trace):
        pairs = zip(trace.a[:-1], trace.a[1:], strict=True)
        shifted = [above if above.shape == below.shape else below for below, above in pairs]
        return reference.backward(cotangent, weights, biases, garden.Trace([*shifted, trace.a[-1]], trace.z))

    monkeypatch.setattr(garden.network, "backward", backward)
    assert outcome(garden).findings


# -- what is right ------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [True, False])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_reference_itself_agrees(garden, mean, seed):
    found = outcome(garden, mean, seed=seed)
    assert found.findings == ()
    assert found.tally.agrees >= 0.95 * found.tally.cases
    assert found.tally.cases == 100
    assert found.tally.vacuous() == ""


@pytest.mark.parametrize("at_zero", [0.5, 1.0])
def test_another_convention_at_the_kink_is_no_mistake(garden, monkeypatch, at_zero):
    monkeypatch.setattr(garden.hidden_layer, "relu_derivative", lambda z: np.heaviside(z, at_zero))
    assert outcome(garden).findings == ()


SUBJECTS = {subject.target.name: subject for subject in subjects(reference)}


@pytest.mark.parametrize("name", SUBJECTS)
def test_every_term_agrees(name):
    found = search(SUBJECTS[name].target, inputs(**SUBJECTS[name].inputs))
    assert found.findings == ()
    assert found.tally.agrees >= 0.9 * found.tally.cases


def scaled(value, factor):
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(scaled(part, factor) for part in value))
    if isinstance(value, (list, tuple)):
        return type(value)(scaled(part, factor) for part in value)
    return value * factor


@pytest.mark.slow
@pytest.mark.parametrize("factor", [-1.0, 2.0, 0.0, 1 + 1e-6, 1 - 1e-6])
@pytest.mark.parametrize("name", SUBJECTS)
def test_a_factor_in_any_term_is_found(unshrunk, name, factor):
    subject = SUBJECTS[name]
    right = subject.target.derivative

    def wrong(*args):
        return scaled(right(*args), factor)

    found = search(dataclasses.replace(subject.target, derivative=wrong), inputs(**subject.inputs))
    words = {finding.what for finding in found.findings}
    assert any({-1.0: "sign", 0.0: "zero"}.get(factor, "times what it should be") in what for what in words)
