"""A case along lines: what is claimed, what is measured, and where one stands."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtest.case import Case, Raised
from gradtest.errors import MisusedType
from gradtest.matching import BrokenContract
from gradtest.numerics.differentiate import derivative
from gradtest.probe import Probe
from gradtest.targets import target

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
W = np.array([[0.5, 1.5], [-1.0, 2.0], [0.75, -0.25]])


def rng(seed=0):
    return np.random.default_rng(seed)


def product(x, w):
    return np.tanh(x @ w)


def product_vjp(g, x, w):
    dz = g * (1 - np.tanh(x @ w) ** 2)
    return dz @ w.T, x.T @ dz


def product_jvp(primals, tangents):
    (x, w), (dx, dw) = primals, tangents
    return (1 - np.tanh(x @ w) ** 2) * (dx @ w + x @ dw)


def probe_of(subject, *inputs, seed=0):
    return Probe(Case(subject, inputs), rng(seed))


BOTH = [target(product, vjp=product_vjp), target(product, jvp=product_jvp)]


@pytest.mark.parametrize("subject", BOTH, ids=lambda t: t.form)
@pytest.mark.parametrize("seed", range(5))
def test_what_is_claimed_along_a_line_is_its_slope(subject, seed):
    probe = probe_of(subject, X, W, seed=seed)
    assert probe.blocks == [0, 1]
    for direction in (probe.towards(0, rng(seed)), probe.towards(1, rng(seed)), probe.everywhere(rng(seed))):
        claim, slope = probe.claim(direction), derivative(probe.line(direction))
        assert abs(claim.value - slope.value) <= slope.error + claim.rounding
        assert abs(claim.value) <= claim.size * (1 + 1e-12)
        assert 0 < claim.rounding < 1e-12 * claim.size


def test_both_forms_claim_the_same():
    back, forth = (probe_of(subject, X, W) for subject in BOTH)
    direction = back.everywhere(rng())
    assert back.origin == forth.origin
    assert back.claim(direction).value == pytest.approx(forth.claim(direction).value, rel=1e-13)


def test_the_line_passes_through_the_point():
    probe = probe_of(BOTH[0], X, W)
    line = probe.line(probe.everywhere(rng()))
    before = probe.case.evaluations
    assert line(0.0) == probe.origin
    assert probe.case.evaluations == before  # it is known already
    assert line(0.25) != probe.origin
    assert probe.case.evaluations == before + 1


def test_a_line_is_the_contraction_with_one_cotangent():
    probe = probe_of(BOTH[0], X, W)
    direction = probe.everywhere(rng())
    w = probe.cotangents[0]
    there = np.sum(w * product(X + 0.25 * direction[0], W + 0.25 * direction[1]))
    assert probe.line(direction)(0.25) == pytest.approx(there, rel=1e-14)


def test_the_cotangent_is_random_and_replays():
    one, same, other = (probe_of(BOTH[0], X, W, seed=seed).cotangents[0] for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert np.all(one != 0)
    assert len(np.unique(np.abs(one))) > 1


def test_a_scalar_has_the_cotangent_one_where_its_gradient_is_given():
    assert probe_of(target(lambda x: float(np.sum(x)), grad=np.ones_like), X).cotangents == {0: 1.0}
    drawn = probe_of(target(lambda x: np.sum(x), vjp=lambda g, x: g * np.ones_like(x)), X).cotangents[0]
    assert drawn != 1.0


def test_an_upstream_gradient_that_is_ignored_is_seen():
    probe = probe_of(target(np.sin, vjp=lambda g, x: np.cos(x)), X)
    direction = probe.everywhere(rng())
    slope = derivative(probe.line(direction))
    assert abs(probe.claim(direction).value - slope.value) > 100 * slope.error


def test_several_outputs_have_a_cotangent_each():
    def forward(x):
        return {"sin": np.sin(x), "n": 3, "sum": (x.sum(), "text")}

    def backward(g, x):
        assert g["n"] is None
        assert g["sum"][1] is None
        return g["sin"] * np.cos(x) + g["sum"][0]

    probe = probe_of(target(forward, vjp=backward), X)
    assert len(probe.cotangents) == 2
    direction = probe.everywhere(rng())
    slope = derivative(probe.line(direction))
    assert abs(probe.claim(direction).value - slope.value) <= slope.error + probe.claim(direction).rounding


@pytest.mark.parametrize(
    ("dtypes", "eps"),
    [
        (("f8", "f8"), 2.0**-52),
        (("f4", "f8"), 2.0**-23),
        (("f8", "f4"), 2.0**-23),
        (("f2", "f8"), 2.0**-10),
    ],
)
def test_the_precision_is_that_of_the_coarsest(dtypes, eps):
    taken, given = dtypes
    subject = target(lambda x: np.sin(x).astype(given), vjp=lambda g, x: (g * np.cos(x)).astype(taken))
    probe = probe_of(subject, X.astype(taken))
    assert probe.eps == eps
    assert probe.claim(probe.everywhere(rng())).rounding >= eps * probe.claim(probe.everywhere(rng())).size


def test_the_precision_of_the_gradient_counts_too():
    sharp = probe_of(target(np.sin, vjp=lambda g, x: g * np.cos(x)), X)
    blunt = probe_of(target(np.sin, vjp=lambda g, x: (g * np.cos(x)).astype("f4")), X)
    direction = sharp.everywhere(rng())
    assert blunt.claim(direction).rounding > 1e8 * sharp.claim(direction).rounding


# -- directions -----------------------------------------------------------------------------------


def test_towards_one_block_the_others_stand_still():
    probe = probe_of(BOTH[0], X, W)
    assert list(probe.towards(1, rng())) == [1]
    assert set(probe.everywhere(rng())) == {0, 1}


def test_nothing_is_claimed_for_what_gets_no_gradient():
    probe = probe_of(target(product, vjp=lambda g, x, w: (None, product_vjp(g, x, w)[1])), X, W)
    assert probe.blocks == [1]
    assert set(probe.everywhere(rng())) == {1}
    assert probe_of(target(product, jvp=product_jvp, wrt="w"), X, W).blocks == [1]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 999), st.sampled_from([2.0**-6, 2.0**-9]))
def test_nearby_every_entry_is_elsewhere(seed, distance):
    probe = probe_of(BOTH[0], X, W, seed=seed)
    near = probe.nearby(rng(seed), distance)
    for here, there in zip(probe.leaves, near.leaves, strict=True):
        shift = np.abs(there - here) / np.abs(here)
        assert np.all((shift > 0.4 * distance / 2) & (shift < 1.6 * distance))
    assert near.cotangents is probe.cotangents
    assert np.array_equal(probe.leaves[0], X)
    direction = near.everywhere(rng(seed))
    slope = derivative(near.line(direction))
    assert abs(near.claim(direction).value - slope.value) <= slope.error + near.claim(direction).rounding


@pytest.mark.parametrize("form", ["grad", "vjp"])
def test_what_is_claimed_along_a_line_is_what_is_claimed_there(form):
    """A gradient by itself is asked without the function; a pullback belongs to a call of that."""
    derivative = np.cos if form == "grad" else lambda dout, x: dout * np.cos(x)
    probe = probe_of(target(lambda x: np.sin(x).sum(), **{form: derivative}), np.array([0.3, 1.2]))
    direction, before = probe.everywhere(rng()), probe.case.evaluations
    claimed = probe.claim_along(direction, 0.25)
    assert probe.case.evaluations - before == (0 if form == "grad" else 1)
    assert claimed == probe.along(direction, 0.25).claim(direction)


def test_nearby_stays_inside_of_a_domain():
    with np.errstate(all="ignore"):
        inside = probe_of(target(np.sqrt, grad=lambda x: 0.5 / np.sqrt(x)), np.zeros(3))
        near = inside.nearby(rng(), 2.0**-7)
    assert np.all(near.leaves[0] > 0)
    nowhere = probe_of(target(lambda x: np.where(x == 1, x, np.nan), grad=np.ones_like), np.ones(3))
    assert nowhere.nearby(rng(), 2.0**-7) is None


def test_nearby_a_function_that_raises():
    def picky(x):
        if not np.array_equal(x, np.ones(3)):
            raise OSError("only here")
        return x

    assert probe_of(target(picky, vjp=lambda g, x: g), np.ones(3)).nearby(rng(), 2.0**-7) is None


# -- outside --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [ValueError, ZeroDivisionError, OverflowError, FloatingPointError, RuntimeError, np.linalg.LinAlgError],
)
def test_where_a_function_is_not_defined_the_line_has_no_value(error):
    def forward(x):
        if x[0] > 1.001:
            raise error("outside")
        return x

    probe = probe_of(target(forward, vjp=lambda g, x: g), np.array([1.0]))
    line = probe.line({0: np.array([1.0])})
    assert math.isnan(line(0.25))
    assert math.isfinite(line(-0.25))


def test_a_warning_of_the_function_is_not_in_the_way():
    with np.errstate(all="ignore"):
        probe = probe_of(target(np.log, grad=lambda x: 1 / x), np.array([0.5]))
        assert math.isnan(probe.line({0: np.array([1.0])})(-0.75))


def test_what_the_point_itself_raises():
    def fails(x):
        raise ValueError("no")

    with pytest.raises(Raised, match="forward raised ValueError: no"):
        probe_of(target(fails, grad=np.ones_like), X)
    with pytest.raises(BrokenContract, match=r"of shape \(2,\), but `x` has shape \(2, 3\)"):
        probe_of(target(np.sin, vjp=lambda g, x: np.ones(2)), X)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (lambda x: np.argmax(x), "returned int64, which has no derivative"),
        (lambda x: x > 0, "returned bool, which has no derivative"),
        (lambda x: 3, "returned int, which has no derivative"),
        (lambda x: None, "returned NoneType, which has no derivative"),
        (lambda x: "text", "returned str, which has no derivative"),
        (lambda x: {}, "which has no derivative"),
    ],
)
def test_an_output_without_derivative_is_misuse(output, words):
    with pytest.raises(MisusedType, match=words):
        probe_of(target(output, vjp=lambda g, x: x), X)
