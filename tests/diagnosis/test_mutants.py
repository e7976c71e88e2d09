"""Mutants: what is called caught is caught by a check of its own, what is no mutant is no other gradient."""

import dataclasses
import itertools
import re

import numpy as np
import pytest

import gradtest
from gradtest.case import Case
from gradtest.diagnosis.mutants import MOST_ENTRIES, MUTATIONS, Fate, Mutant, Power, mutants_of
from gradtest.judgement import judge
from gradtest.probe import Probe
from gradtest.settings import DEFAULT, Settings
from gradtest.verdict import Word

NAMES = [mutation.name for mutation in MUTATIONS]


def affine(x, w, b):
    return x @ w + b


def affine_backward(dout, x, w, b):
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def relu(x):
    return np.maximum(x, 0)


def relu_backward(dout, x):
    return dout * (x > 0)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_backward(dout, x):
    p = softmax(x)
    return p * (dout - (dout * p).sum(axis=-1, keepdims=True))


def judged(forward, vjp, *inputs):
    """Return the judgements of a case, and the case."""
    case = Case(gradtest.target(forward, vjp=vjp), inputs)
    rng = np.random.default_rng(0)
    return judge(Probe(case, rng), rng, DEFAULT), case


def fates(forward, vjp, *inputs):
    judgements, _ = judged(forward, vjp, *inputs)
    assert {str(judgement.word) for judgement in judgements} == {"agrees"}
    return {(m.parameter, m.mutation): (m.fate, m.reason) for m in mutants_of(judgements)}


def points(dtype):
    rng = np.random.default_rng(3)

    def values(*shape):
        return rng.normal(size=shape).astype(dtype)

    mixed = values(4, 3) * np.array([[1e-3], [1.0], [10.0], [100.0]], dtype)
    zeros = values(3, 3) * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]], dtype)
    return {
        "affine": (affine, affine_backward, values(2, 3), values(3, 3), values(3)),
        "affine of mixed size": (affine, affine_backward, mixed, values(3, 2), values(2)),
        "relu": (relu, relu_backward, values(3, 4)),
        "softmax": (softmax, softmax_backward, values(3, 3)),
        "softmax with zeros": (softmax, softmax_backward, zeros),
        "sine of one number": (np.sin, lambda d, x: d * np.cos(x), values()),
    }


# -- caught ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", points("float64"))
def test_what_is_called_caught_is_contradicted_by_a_check_of_its_own(name, dtype):
    forward, vjp, *inputs = points(dtype)[name]
    judgements, case = judged(forward, vjp, *inputs)
    caught = [m for m in mutants_of(judgements) if m.fate is Fate.CAUGHT]
    assert len(caught) > 3 * len(inputs)
    for mutant in caught:
        (mutation,) = (one for one in MUTATIONS if one.name == mutant.mutation)
        block = case.names.index(mutant.parameter)
        typical = _typical(judgements[block])

        def spoiled(dout, *inputs, block=block, mutation=mutation, typical=typical):
            returned = vjp(dout, *inputs)
            gradients = list(returned) if isinstance(returned, tuple) else [returned]
            changed = mutation.change(np.asarray(gradients[block], np.float64), typical)
            gradients[block] = changed.astype(dtype)
            return tuple(gradients)

        again, _ = judged(forward, spoiled, *inputs)  # the same cotangent, and a whole look of its own
        assert again[block].word is Word.DISAGREES, mutant


def _typical(judgement):
    g = np.asarray(judgement.probe.gradients[judgement.block], np.float64)
    return float(np.median(np.abs(g[g != 0])))


def test_all_that_apply_are_caught_where_all_is_plain():
    x, w, b = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]]), np.arange(1.0, 10).reshape(3, 3), np.ones(3)
    found = fates(affine, affine_backward, x, w, b)
    assert {fate for fate, _ in found.values()} == {Fate.CAUGHT}
    assert {name for parameter, name in found if parameter == "w"} == set(NAMES) - {"not zero where it is"}
    assert "transposed" not in {name for parameter, name in found if parameter == "b"}


def test_they_cost_no_evaluation():
    judgements, case = judged(affine, affine_backward, np.ones((2, 3)), np.ones((3, 2)), np.ones(2))
    before = case.evaluations
    assert len(mutants_of(judgements)) > 20
    assert case.evaluations == before


def test_those_that_are_done_are_left_out():
    judgements, _ = judged(np.sin, lambda d, x: d * np.cos(x), np.array([0.3, 0.7]))
    done = {("x", name) for name in NAMES if name != "twice"}
    assert [mutant.mutation for mutant in mutants_of(judgements, done)] == ["twice"]


# -- the same gradient ----------------------------------------------------------------------------

SAME = {
    "transposed": (
        (lambda s: np.sum(s * s.T), lambda d, s: 2 * d * s.T, np.array([[1.0, 2.0], [2.0, 3.0]])),
        "its gradient is symmetric",
    ),
    "averaged over its first axis": (
        (np.sum, lambda d, x: d * np.ones_like(x), np.array([1.0, 2.0, 4.0])),
        "the rows of its gradient are equal",
    ),
    "shifted by one place": (
        (np.sum, lambda d, x: d * np.ones_like(x), np.array([1.0, 2.0, 4.0])),
        "the entries of its gradient are equal",
    ),
    "negative entries cut": (
        (np.sum, lambda d, x: np.abs(d) * np.ones_like(x), np.array([1.0, 2.0])),
        "no entry of its gradient is negative",
    ),
    "last row missing": (
        (lambda x: x[0] ** 2, lambda d, x: 2 * d * x * (np.arange(3) == 0), np.array([1.0, 2.0, 4.0])),
        "the last row of its gradient is zero",
    ),
}


@pytest.mark.parametrize("mutation", SAME)
def test_what_is_no_other_gradient_is_recognised(mutation):
    (forward, gradient, x), reason = SAME[mutation]
    judgements, _ = _with_grad(forward, gradient, x)
    found = {m.mutation: (m.fate, m.reason) for m in mutants_of(judgements)}
    assert found[mutation] == (Fate.EQUIVALENT, reason)
    assert found["negated"] == (Fate.CAUGHT, "")


def _with_grad(forward, gradient, x):
    target = gradtest.target(forward, grad=lambda x: gradient(1.0, x))
    case = Case(target, (x,))
    rng = np.random.default_rng(0)
    return judge(Probe(case, rng), rng, DEFAULT), case


def test_of_a_gradient_that_is_zero_only_what_claims_a_slope_is_a_mutant():
    found = fates(
        lambda x, b: x * x + 0 * b, lambda d, x, b: (2 * x * d, 0 * b), np.array([1.3, 2.7]), np.ones(2)
    )
    assert found["b", "negated"] == found["b", "zeroed"] == (Fate.EQUIVALENT, "its gradient is zero")
    assert found["b", "not zero where it is"] == found["b", "one entry off"] == (Fate.CAUGHT, "")
    power = Power({key: Mutant(*key, *fate) for key, fate in found.items()})
    assert list(power.blind()) == [
        "b: its gradient is zero in every case, so that only a wrong zero would have been seen"
    ]


def test_what_is_within_the_rounding_of_half_precision_is_no_mutant():
    x = np.array([0.5, 1.0, 1.5], np.float16)
    found = fates(lambda x: x * x, lambda d, x: (2 * x * d).astype(np.float16), x)
    assert found["x", "1.001 times"][0] is not Fate.CAUGHT
    assert found["x", "negated"] == (Fate.CAUGHT, "")


# -- missed ---------------------------------------------------------------------------------------


def test_what_is_too_small_beside_the_rest_is_missed_and_said_with_its_numbers():
    x = np.array([1e-8, 1.0, 1e6, 2e-3])
    found = fates(lambda x: x**2, lambda d, x: 2 * x * d, x)
    fate, reason = found["x", "last row missing"]
    assert fate is Fate.MISSED
    moved, needed = map(float, re.findall(r"\d+e[+-]\d+", reason))
    assert 0 < moved < needed
    assert reason == f"it moves the slope by {moved:.0e}, and {needed:.0e} would have been seen"


def test_entries_that_only_a_second_look_could_see_are_not_missed():
    """One entry drowns the others; where the gradient is zero, nothing should move."""
    c = np.array([1e9, 1.0, 1.0, 1.0, 0.0, 0.0])
    x = np.array([0.3, 1.1, 0.7, -1.3, 0.9, 1.7])
    judgements, _ = judged(lambda x: np.sin(c * x), lambda d, x: d * c * np.cos(c * x), x)
    assert judgements[0].further
    caught = {m.mutation for m in mutants_of(judgements) if m.fate is Fate.CAUGHT}
    assert "not zero where it is" in caught
    alone = [dataclasses.replace(judgement, further=()) for judgement in judgements]
    assert {m.mutation for m in mutants_of(alone) if m.fate is Fate.CAUGHT} < caught


def test_a_subgradient_that_was_let_pass_was_not_measured():
    case = Case(gradtest.target(np.abs, vjp=lambda d, x: d * np.sign(x)), (np.array([0.0]),))
    rng = np.random.default_rng(0)
    judgements = judge(Probe(case, rng), rng, Settings(kinks="subgradient"))
    assert {m.fate for m in mutants_of(judgements)} == {Fate.MISSED}
    assert all(m.reason.startswith("not decided: kink") for m in mutants_of(judgements))


# -- large, complex, forward ----------------------------------------------------------------------


def test_of_a_large_block_the_slope_as_a_whole_is_changed():
    found = fates(lambda x: x * x, lambda d, x: 2 * x * d, np.linspace(1, 2, MOST_ENTRIES + 1))
    assert {name for _, name in found} == {"1.001 times", "twice", "negated", "zeroed"}
    assert {fate for fate, _ in found.values()} == {Fate.CAUGHT}


def test_of_a_jvp_the_slope_as_a_whole_is_changed():
    target = gradtest.target(np.sin, jvp=lambda primals, tangents: np.cos(primals[0]) * tangents[0])
    power = gradtest.check(target, np.array([0.3, 0.4])).mutants
    assert (power.caught, power.total) == (4, 4)


# -- many cases -----------------------------------------------------------------------------------


def mutant(fate, name="twice", parameter="w"):
    return Mutant(parameter, name, fate, "" if fate is Fate.CAUGHT else "some reason")


@pytest.mark.parametrize("order", list(itertools.permutations(Fate)))
def test_a_mutant_is_caught_if_it_is_in_any_case(order):
    power = Power()
    for fate in order:
        power.add([mutant(fate)])
    assert (power.caught, power.total, power.survivors) == (1, 1, ())
    assert ("w", "twice") in power
    assert ("w", "negated") not in power


def test_missed_outweighs_the_same():
    power = Power()
    for fate in (Fate.EQUIVALENT, Fate.MISSED, Fate.EQUIVALENT):
        power.add([mutant(fate)])
    assert (power.caught, power.total, power.survivors) == (0, 1, (mutant(Fate.MISSED),))
    assert ("w", "twice") not in power
    assert list(power.blind()) == ["w twice: some reason"]


def test_the_same_is_not_counted_and_said_by_itself():
    power = Power()
    power.add([mutant(Fate.CAUGHT), mutant(Fate.EQUIVALENT, "transposed"), mutant(Fate.MISSED, "clipped")])
    assert (power.caught, power.total) == (1, 2)
    assert [one.mutation for one in power.survivors] == ["clipped", "transposed"]
    assert list(power.same()) == ["w transposed is the same: some reason in every such case"]
    assert list(power.by_parameter()) == ["w"]


# -- where it is read -----------------------------------------------------------------------------


def test_a_report_that_agrees_has_its_mutants_and_one_that_does_not_has_none():
    x, w, b = np.array([[1.0, -2.0]]), np.array([[0.5, 2.0], [-1.0, 3.0]]), np.array([1.0, -3.0])
    report = gradtest.assert_gradients(affine, affine_backward, x, w, b)
    assert report.mutants.caught == report.mutants.total > 25
    wrong = gradtest.target(affine, vjp=lambda d, x, w, b: (d @ w.T, -x.T @ d, d.sum(axis=0)))
    assert gradtest.check(wrong, x, w, b).mutants.total == 0
