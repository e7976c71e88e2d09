"""Every suspect recognises its mistake, only it does, and what is right or another mistake earns nothing."""

import functools
from typing import NamedTuple

import numpy as np
import pytest

import gradtest
from gradtest.case import Case
from gradtest.diagnosis import factors, misplaced, paths, regions, slopes, suspects, terms, weights
from gradtest.diagnosis.measured import measure
from gradtest.diagnosis.suspects import SUSPECTS, recognise
from gradtest.diagnosis.suspicion import UNKNOWN, Cases, seen_of
from gradtest.probe import Probe

NAMES = {suspect.__name__: suspect for suspect in SUSPECTS}


def spread(rng, *shape):
    """Return numbers of either sign, none of them near 0."""
    return rng.choice([-1, 1], shape) * rng.uniform(0.3, 1.8, shape)


def sizes(rng, n):
    return tuple(int(k) for k in rng.integers(2, 5, n))


def vector(rng):
    return (spread(rng, *sizes(rng, 1)),)


def matrix(rng):
    return (spread(rng, *sizes(rng, 2)),)


def square(rng):
    (n,) = sizes(rng, 1)
    return (spread(rng, n, n),)


def with_zeros(rng):
    x = spread(rng, 3)
    x[rng.integers(0, 3)] = 0.0
    return (x,)


def twins(rng):
    n, m = sizes(rng, 2)
    return spread(rng, n, m), spread(rng, n, m)


def layer(rng):
    n, i, o = sizes(rng, 3)
    return spread(rng, n, i), spread(rng, i, o), spread(rng, o)


def two_layers(rng):
    n, i, h, o = sizes(rng, 4)
    return spread(rng, n, i), spread(rng, i, h), spread(rng, h), spread(rng, h, o)


def bilinear(rng):
    (n,) = sizes(rng, 1)
    return spread(rng, 2, n), spread(rng, n, n), spread(rng, n, 2)


def system(rng):
    (n,) = sizes(rng, 1)
    return spread(rng, n), spread(rng, n, n)


def picked(rng):
    return spread(rng, 3), rng.integers(0, 3, 5)


def flagged(rng):
    return spread(rng, 3), bool(rng.integers(0, 2))


def scaled(rng):
    n, m = sizes(rng, 2)
    return spread(rng, n, m), rng.uniform(0.3, 1.8, m)


def ragged(rng):
    return (spread(rng, int(rng.integers(1, 3)), 3),)


def cases_of(forward, wrong, inputs, at=0, count=24):
    """Return `count` cases, measured where the gradient of an input is wrong, seen where it is right."""
    target = gradtest.target(forward, vjp=wrong)
    cases = Cases()
    for seed in range(count):
        rng = np.random.default_rng(seed)
        with np.errstate(all="ignore"):
            probe = Probe(Case(target, inputs(rng)), rng)
            measured = measure(probe, at)
        if measured is not None and measured.failing:
            cases.append(measured)
        else:
            cases.right.append(seen_of(probe.case, probe.case.names[at]))
    return cases


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def normalised(x):
    return x / np.sqrt((x * x).sum(-1, keepdims=True))


def hidden(x, w, b, v):
    return np.tanh(x @ w + b) @ v


def taken(x, index):
    return np.sin(x)[index]


def assigned(g, x, index):
    dx = np.zeros_like(x)
    dx[index] = g * np.cos(x)[index]
    return dx


def both(x):
    return np.sin(x), x**3


def above(g, m):
    return np.tril(g * np.cos(m)) + 2 * np.triu(g * np.cos(m), 1)


def smoothed(x, y):
    q = 0.9 * np.eye(3)[y] + 0.1 / 3
    return -(q * np.log(softmax(x))).sum()


def labelled(rng):
    (n,) = sizes(rng, 1)
    return spread(rng, n, 3), rng.integers(0, 3, n)


class Row(NamedTuple):
    """A mistake: which suspect recognises it, what the headline says, and the mistake."""

    suspect: object
    words: str
    forward: object
    wrong: object
    inputs: object
    at: int = 0


ROWS = [
    Row(
        regions.not_finite,
        "not finite where x is 0",
        lambda x: x * x,
        lambda g, x: g * 2 * x**2 / x,
        with_zeros,
    ),
    Row(paths.cut, "it is zero", np.sin, lambda g, x: 0 * x, vector),
    Row(factors.sign, "the sign is flipped", np.sin, lambda g, x: -g * np.cos(x), vector),
    Row(factors.constant_factor, "it is 2 times", np.sin, lambda g, x: 2 * g * np.cos(x), vector),
    Row(
        factors.size_factor,
        "1/x.shape[0] times",
        lambda x: np.sin(x).sum(),
        lambda g, x: g * np.cos(x) / x.shape[0],
        matrix,
    ),
    Row(misplaced.transposed, "it is transposed", np.sin, lambda g, x: (g * np.cos(x)).T, square),
    Row(paths.wrong_side, "on the wrong side", lambda x: np.maximum(x, 0), lambda g, x: g * (x < 0), matrix),
    Row(
        paths.mask_ignored,
        "not zero where the function does not move",
        lambda x: np.maximum(x, 0),
        lambda g, x: g,
        matrix,
    ),
    Row(
        terms.direct_path,
        "the term upstream gradient is missing",
        lambda x: x + np.sin(x),
        lambda g, x: g * np.cos(x),
        matrix,
    ),
    Row(paths.passed_on, "passes the upstream gradient on", np.tanh, lambda g, x: g, matrix),
    Row(paths.ignores_upstream, "the upstream gradient is ignored", np.sin, lambda g, x: np.cos(x), matrix),
    Row(
        slopes.elementwise_slope,
        "the slope is the output itself",
        np.tanh,
        lambda g, x: g * np.tanh(x),
        matrix,
    ),
    Row(
        slopes.slope_elsewhere,
        "the slope is taken at the output",
        np.arctan,
        lambda g, x: g / (1 + np.arctan(x) ** 2),
        matrix,
    ),
    Row(
        factors.value_factor,
        "it is the derivative by log x",
        lambda x: np.exp(np.sin(x)).sum(),
        lambda g, x: g * np.exp(np.sin(x)) * np.cos(x) * x,
        vector,
    ),
    Row(
        factors.input_factor,
        "the factor w is missing",
        lambda x, w: (np.sin(x) * w).sum(1),
        lambda g, x, w: (g[:, None] * np.cos(x), (g[:, None] * np.sin(x)).sum(0)),
        scaled,
    ),
    Row(
        misplaced.reversed_or_shifted,
        "it is reversed along axis 0",
        np.sin,
        lambda g, x: (g * np.cos(x))[::-1],
        vector,
    ),
    Row(
        misplaced.another_input,
        "it is the gradient for b",
        lambda a, b: np.sin(a) + b**2 * a,
        lambda g, a, b: (g * 2 * a * b, g * (np.cos(a) + b**2)),
        twins,
    ),
    Row(paths.one_output, "only output 0 counts", both, lambda g, h, x: g * np.cos(x), vector),
    Row(
        paths.clipped,
        "it is clipped at 1",
        lambda x: x**3,
        lambda g, x: np.clip(g * 3 * x**2, -1, 1),
        matrix,
    ),
    Row(
        paths.one_slice,
        "only the first along axis 0 counts",
        lambda x, w, b: np.sin(x @ w) + b,
        lambda g, x, w, b: (None, None, g[0]),
        layer,
        2,
    ),
    Row(
        paths.diagonal_only,
        "only the diagonal of the Jacobian",
        softmax,
        lambda g, x: g * softmax(x) * (1 - softmax(x)),
        matrix,
    ),
    Row(paths.not_accumulated, "only the last use counts", taken, assigned, picked),
    Row(
        misplaced.jacobian_untransposed,
        "the Jacobian is used untransposed",
        lambda x, m: m @ np.sin(x),
        lambda g, x, m: (np.cos(x) @ (m.T * 0) + jacobian_of_sines(x, m) @ g, None),
        system,
    ),
    Row(
        misplaced.transposed_input,
        "as if m were transposed",
        lambda a, m, b: a @ m @ b,
        lambda g, a, m, b: (g @ b.T @ m, None, None),
        bilinear,
    ),
    Row(
        paths.upstream_misused,
        "the sum of the upstream gradient",
        lambda x, w, b: np.tanh(x @ w + b),
        lambda g, x, w, b: (None, None, (g.sum() * (1 - np.tanh(x @ w + b) ** 2)).sum(0)),
        layer,
        2,
    ),
    Row(
        slopes.output_slope,
        "the slope 1 - y**2 at the output is missing",
        lambda x, w, b: np.tanh(x @ w + b),
        lambda g, x, w, b: (g @ w.T, x.T @ g, g.sum(0)),
        layer,
        1,
    ),
    Row(
        slopes.hidden_slope,
        "the slope of the activation is missing (tanh)",
        hidden,
        lambda g, x, w, b, v: (None, x.T @ (g @ v.T), None, None),
        two_layers,
        1,
    ),
    Row(
        terms.upstream_term,
        "the term upstream * sin(b) is missing",
        lambda a, b: np.exp(np.sin(a)) + a * np.sin(b),
        lambda g, a, b: (g * np.exp(np.sin(a)) * np.cos(a), g * a * np.cos(b)),
        twins,
    ),
    Row(
        terms.multiple_of,
        "off by a multiple of w",
        lambda x, w, b: np.tanh(x @ w + b),
        lambda g, x, w, b: (None, x.T @ (g * (1 - np.tanh(x @ w + b) ** 2)) + g.std() * w, None),
        layer,
        1,
    ),
    Row(
        terms.matrix_term,
        "is missing",
        lambda a, m, b: np.sin(a @ m) @ b + a @ b,
        lambda g, a, m, b: (g @ b.T * np.cos(a @ m) @ m.T, None, None),
        bilinear,
    ),
    Row(
        terms.statistics_held_fixed,
        "along axis 1",
        normalised,
        lambda g, x: g / np.sqrt((x * x).sum(-1, keepdims=True)),
        lambda rng: (spread(rng, 2, 4),),
    ),
    Row(
        paths.symmetric_only,
        "right along symmetric matrices only",
        lambda m: np.sum(np.sin(m) ** 2 * np.arange(1, m.size + 1).reshape(m.shape)),
        lambda g, m: lopsided(g * np.sin(2 * m) * np.arange(1, m.size + 1).reshape(m.shape)),
        square,
    ),
    Row(
        regions.only_with_flags,
        "wrong only where train is true",
        lambda x, train: np.exp(x) * np.sin(x) ** 3 if train else np.sin(x),
        lambda g, x, train: g * np.exp(np.sin(3 * x)) if train else g * np.cos(x),
        flagged,
    ),
    Row(
        misplaced.in_another_order,
        "its entries are in the wrong order",
        np.sin,
        lambda g, x: (g * np.cos(x))[np.argsort(np.cos(7 * x))],
        lambda rng: (spread(rng, 4),),
    ),
    Row(
        regions.only_in_entries,
        "wrong only where x is negative",
        lambda x: np.where(x > 0, np.sin(x), np.exp(x) * np.cos(3 * x)),
        lambda g, x: g * np.where(x > 0, np.cos(x), np.exp(np.sin(5 * x))),
        matrix,
    ),
    Row(
        misplaced.only_at_a_place,
        "only the last entry is wrong",
        lambda x: np.exp(x) * np.sin(x) ** 3,
        lambda g, x: (
            g
            * np.where(
                np.arange(len(x)) == len(x) - 1,
                np.cos(np.exp(x)),
                np.exp(x) * (np.sin(x) ** 3 + 3 * np.sin(x) ** 2 * np.cos(x)),
            )
        ),
        vector,
    ),
    Row(
        factors.ignores_an_input,
        "it does not depend on b",
        lambda a, b: np.sin(a * b) + np.exp(a) * np.cos(b),
        lambda g, a, b: (g * np.exp(np.cos(3 * a)), None),
        twins,
    ),
    Row(
        misplaced.right_in_sum,
        "its sum is right, its entries are not",
        lambda x: np.exp(np.sin(x)),
        lambda g, x: moved_about(g * np.cos(x) * np.exp(np.sin(x)), x),
        vector,
    ),
    Row(
        regions.only_in_cases,
        "wrong only where x.shape[0] > 1",
        lambda x: np.sin(x * x[::-1]) * np.cumsum(np.cos(x), 0),
        lambda g, x: smeared(g, x),
        ragged,
    ),
    Row(
        slopes.gate_slope,
        "the slope is b times that of sigmoid",
        lambda a, b: a * sigmoid(a) * b,
        lambda g, a, b: (g * b * sigmoid(a) * sigmoid(-a), None),
        twins,
    ),
    Row(
        weights.output_weight,
        "the factor w is missing at each output",
        lambda x, w: normalised(x) * w,
        lambda g, x, w: (through_norm(g, x), None),
        scaled,
    ),
    Row(
        terms.off_by_the_labels,
        "off by a constant and y, one-hot",
        smoothed,
        lambda g, x, y: g * (softmax(x) - np.eye(3)[y]),
        labelled,
    ),
    Row(
        misplaced.along_the_other_axis,
        "it goes along the wrong axis",
        lambda x: np.cumsum(np.sin(x), 1),
        lambda g, x: np.cos(x) * np.flip(np.cumsum(np.flip(g, 0), 0), 0),
        matrix,
    ),
    Row(
        regions.only_beyond,
        "wrong only where x is larger than about 0.9",
        lambda x: np.where(x > 0.9, np.exp(x) * np.sin(3 * x), np.sin(x)),
        lambda g, x: g * np.where(x > 0.9, np.exp(np.sin(5 * x)), np.cos(x)),
        lambda rng: (spread(rng, 6),),
    ),
    Row(
        misplaced.only_in_a_part,
        "only the second of 3 equal parts is wrong",
        lambda x: np.exp(x) * np.sin(x) ** 3,
        lambda g, x: g * np.where(np.arange(6) // 2 == 1, np.cos(np.exp(x)), slope_of_bumps(x)),
        lambda rng: (spread(rng, 6),),
    ),
    Row(
        paths.cut_in_places,
        "zero in places where the function moves",
        lambda x: np.exp(x) * np.sin(x) ** 3,
        lambda g, x: g * slope_of_bumps(x) * (np.cos(40 * x) > 0),
        lambda rng: (spread(rng, 6),),
    ),
    Row(
        misplaced.right_at_a_place,
        "only the last entry is right",
        lambda x: np.exp(x) * np.sin(x) ** 3,
        lambda g, x: g * np.where(np.arange(5) < 4, np.cos(np.exp(x)), slope_of_bumps(x)),
        lambda rng: (spread(rng, 5),),
    ),
    Row(
        weights.wrong_outputs,
        "made of outputs that it does not reach",
        lambda a, b: np.exp(np.sin(np.concatenate([a, b]))),
        lambda g, a, b: (g[: len(a)] * np.exp(np.cos(a)), g[: len(b)] * np.exp(np.cos(b))),
        lambda rng: (spread(rng, 2), spread(rng, 3)),
        1,
    ),
    Row(
        factors.varying_factor,
        "all entries are off by one factor, another in each case",
        lambda x: np.sum(np.sin(x)) ** 2,
        lambda g, x: g * 2 * np.sum(np.sin(x)) * np.cos(x) * np.exp(np.cos(3 * x).sum() / 4),
        matrix,
    ),
    Row(
        weights.factor_of_slices,
        "every row is off by a factor of its own",
        lambda x: np.sum(np.sin(x), 1) ** 3,
        lambda g, x: 3 * (g * np.exp(np.cos(x).sum(1)) * np.sum(np.sin(x), 1) ** 2)[:, None] * np.cos(x),
        matrix,
    ),
    Row(
        weights.from_place_to_place,
        "only what goes from each place to itself is wrong",
        lambda x: np.sin(x) * np.exp(x).sum(),
        lambda g, x: g * np.exp(np.sin(x)) + (g * np.sin(x)).sum() * np.exp(x) - g * np.sin(x) * np.exp(x),
        vector,
    ),
    Row(
        slopes.arguments_swapped,
        "right with a and b swapped in the function",
        lambda a, b: np.exp(np.sin(a) * np.cos(b)),
        lambda g, a, b: (-g * np.exp(np.sin(b) * np.cos(a)) * np.sin(b) * np.sin(a), None),
        twins,
    ),
    Row(
        paths.not_linear,
        "not linear in the upstream gradient",
        np.sin,
        lambda g, x: np.exp(np.sin(3 * g)) * np.cos(x),
        vector,
    ),
    Row(
        regions.right_where_plain,
        "right only where w is 1",
        lambda x, w: np.exp(np.sin(x)) * (1 + w) + np.cos(x * w),
        lambda g, x, w: (g * (np.exp(np.sin(x)) * np.cos(x) * (1 + w**5) - w**3 * np.sin(x * w**2)), None),
        scaled,
    ),
]


def slope_of_bumps(x):
    return np.exp(x) * (np.sin(x) ** 3 + 3 * np.sin(x) ** 2 * np.cos(x))


def through_norm(g, x):
    n = np.sqrt((x * x).sum(-1, keepdims=True))
    return g / n - x * (g * x).sum(-1, keepdims=True) / n**3


def moved_about(right, x):
    return right + np.exp(np.sin(5 * x)) - np.exp(np.sin(5 * x)).mean()


def jacobian_of_sines(x, m):
    return m * np.cos(x)


def lopsided(s):
    """Return a matrix with the symmetric part of `s`, all of it below the diagonal."""
    return np.tril(s + s.T, -1) + np.diag(np.diag(s))


def smeared(g, x):
    if len(x) == 1:
        return g * (2 * x * np.cos(x * x) * np.cos(x) - np.sin(x * x) * np.sin(x))
    return g * np.exp(np.sin(3 * x + x.sum()))


def name_of(row):
    return row.suspect.__name__


def test_every_suspect_has_a_row():
    assert {name_of(row) for row in ROWS} == set(NAMES)


@pytest.fixture(scope="module")
def measured():
    """Return the cases of a row, measured once."""
    known = {}

    def cases(row):
        if name_of(row) not in known:
            known[name_of(row)] = cases_of(*row[2:])
        return known[name_of(row)]

    return cases


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_it_is_recognised_by_its_own_suspect_and_by_no_other(row, measured, monkeypatch):
    cases = measured(row)
    suspicion = recognise(cases)
    assert row.words in suspicion.what
    assert suspicion.what.startswith(row.suspect(cases).what)  # more may be said of what is wrong there
    others = tuple(suspect for suspect in SUSPECTS if suspect is not row.suspect)
    monkeypatch.setattr(suspects, "SUSPECTS", others)
    assert not recognise(measured(row)).what.startswith(suspicion.what)


RIGHT = [
    (np.sin, lambda g, x: g * np.cos(x), matrix),
    (lambda x: np.maximum(x, 0), lambda g, x: g * (x > 0), matrix),
    (softmax, lambda g, x: softmax(x) * (g - (g * softmax(x)).sum(-1, keepdims=True)), matrix),
    (lambda x: np.sin(x).sum(), lambda g, x: g * np.cos(x), square),
    (lambda x: x * 1.0, lambda g, x: g, vector),
]


@functools.cache
def right_cases(row):
    forward, vjp, inputs = row
    target = gradtest.target(forward, vjp=vjp)
    rngs = map(np.random.default_rng, range(8))
    return Cases(measure(Probe(Case(target, inputs(rng)), rng), 0) for rng in rngs)


@pytest.mark.parametrize("suspect", SUSPECTS, ids=lambda suspect: suspect.__name__)
@pytest.mark.parametrize("right", RIGHT, ids=range(len(RIGHT)))
def test_a_right_gradient_earns_nothing(suspect, right):
    cases = right_cases(right)
    assert not any(one.failing for one in cases)
    assert suspect(cases) is None


def nonsense(g, x):
    """Return what has nothing to do with the derivative, and is of its size."""
    return np.exp(np.sin(12 * x + 3 * np.cos(x.sum()))) * (np.roll(g, 1) + 0.3 * np.flip(g))


@pytest.mark.parametrize("seed", range(4))
def test_nonsense_is_called_unknown(seed):
    function = [np.sin, np.exp, softmax, lambda x: np.tanh(x) + x**2][seed]
    assert recognise(cases_of(function, nonsense, matrix)) == UNKNOWN


def test_noise_is_no_factor():
    """x**2 + 1e8 has hardly any digits left: a suspicion must explain more than noise does."""

    def wrong(g, x):
        dx = 2 * g * x
        dx[0] += 3e-3
        return dx

    what = recognise(cases_of(lambda x: x**2 + 1e8, wrong, vector)).what
    assert "factor" not in what
    assert "times" not in what


def test_a_suspect_that_fails_is_passed_over(monkeypatch, caplog):
    def broken(cases):
        raise np.exceptions.AxisError("axis 2 is out of bounds")

    monkeypatch.setattr(suspects, "SUSPECTS", (broken, *SUSPECTS))
    with caplog.at_level("DEBUG", logger="gradtest"):
        found = recognise(cases_of(np.sin, lambda g, x: -g * np.cos(x), vector))
    assert found.what == "the sign is flipped"
    assert "the suspect broken failed" in caplog.text


def test_blocks_of_several_ranks_are_no_obstacle():
    def any_rank(rng):
        return (spread(rng, *sizes(rng, int(rng.integers(0, 4)))),)

    found = recognise(cases_of(np.sin, lambda g, x: np.exp(g) * np.asarray(x).sum(), any_rank))
    assert found.code.startswith("GT1")


def complex_numbers(rng):
    return (spread(rng, 3) + 1j * spread(rng, 3),)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda g, z: -g * np.conj(2 * z), "the sign is flipped"),
        (lambda g, z: g * np.conj(z), "it is 1/2 times what it should be"),
        (lambda g, z: (g * np.conj(2 * z)).real, "only the imaginary part is wrong"),
    ],
    ids=["sign", "factor", "part"],
)
def test_complex_numbers_are_looked_at_as_pairs(wrong, words):
    assert words in recognise(cases_of(lambda z: z * z, wrong, complex_numbers)).what


def along(domain, forward, wrong, inputs):
    """Return cases of a target on a domain."""
    target = gradtest.target(forward, grad=wrong, domains={"p": domain})
    rngs = map(np.random.default_rng, range(12))
    return Cases(measure(Probe(Case(target, inputs(rng)), rng), 0) for rng in rngs)


def shares(rng):
    p = rng.uniform(0.2, 1, 3)
    return (p / p.sum(),)


def entropy(p):
    return -(p * np.log(p)).sum()


def test_along_a_simplex_a_sign_or_a_factor_is_recognised():
    assert recognise(along("simplex", entropy, np.log, shares)).what == "the sign is flipped"
    assert "1/2 times" in recognise(along("simplex", entropy, lambda p: -np.log(p) / 2, shares)).what


def test_along_a_simplex_no_entry_is_blamed():
    """Of what is no gradient, but that along the domain, nothing can be said that needs single entries."""
    wrong = along("simplex", entropy, lambda p: -np.log(p) + p, shares)
    assert not any(measured.alone for measured in wrong)
    assert recognise(wrong) == UNKNOWN


def test_along_a_simplex_a_right_gradient_earns_nothing():
    right = along("simplex", entropy, lambda p: -np.log(p) + 5, shares)
    assert not any(measured.failing for measured in right)


def test_of_wrong_entries_the_cause_is_said_too():
    found = recognise(
        cases_of(
            lambda x: x**3, lambda g, x: g * 3 * x**2 * np.where(x < 0, 2.5, 1), lambda rng: (spread(rng, 5),)
        )
    )
    assert found.what == "wrong only where x is negative; there it is 5/2 times what it should be"
    assert "; there analytic / numeric = 5/2 in " in found.why


def test_a_factor_that_another_case_contradicts_is_none():
    """It is 8 / 3 in all cases but one, where it is as plainly something else."""

    def once(rng):
        x = spread(rng, 3)
        return x, 0.3 if x[0] > 1.55 else 0.375

    found = recognise(cases_of(lambda x, p: x**2 / p, lambda g, x, p: (2 * g * x / p**2, None), once))
    assert found.what == "the factor p is missing"


def test_a_value_that_never_changes_is_no_factor():
    """Half of the cases are right, so that no constant is believed; that y is 1 in all explains nothing."""

    def ones(rng):
        return spread(rng, 3), np.ones(3)

    def wrong(g, x, y):
        return 2 * g * x * y * (np.e if x[0] > 0.9 else 1), None

    cases = cases_of(lambda x, y: x**2 * y, wrong, ones)
    assert cases.mostly_right
    assert "factor y" not in recognise(cases).what


def test_of_cases_nothing_is_said_that_is_not_known_of_right_ones():
    """The output of a right case is not kept: that its size is odd in all wrong ones says nothing."""

    def even_or_odd(rng):
        return (spread(rng, 3),)

    cases = cases_of(
        np.sin, lambda g, x: g * np.exp(np.sin(9 * x)) if x[0] > 0 else g * np.cos(x), even_or_odd
    )
    assert len(cases.right) >= regions.RIGHT
    assert "output" not in recognise(cases).what
    assert not any(name.startswith("output") for name, _ in regions._size_features(cases[0]))


def test_another_slope_of_a_hidden_layer_is_named():
    """Units that are saturated tell nothing of it, and do not hide what the others tell."""

    def large(rng):
        x, w, b, v = two_layers(rng)
        w[:, 0] *= 40
        return x, w, b, v

    def wrong(g, x, w, b, v):
        h = np.tanh(x @ w + b)
        return None, x.T @ (g @ v.T * (1 - np.tanh(h) ** 2)), None, None

    found = recognise(cases_of(hidden, wrong, large, 1))
    assert found.what == "the slope of the hidden activation (tanh) is taken at the output"


def test_a_factor_that_right_cases_have_too_is_none():
    """Where an option is 2 the sign is lost for negative x; where it is 1, nothing is wrong."""

    def optional(rng):
        return spread(rng, 3), np.float64(rng.integers(1, 3)), int(rng.integers(1, 3))

    def wrong(g, x, p, kind):
        return g * p * np.cos(x) * (np.sign(x) if kind == 2 else 1), None, None

    found = recognise(cases_of(lambda x, p, kind: p * np.sin(x), wrong, optional, count=40))
    assert found.what.startswith("wrong only where kind > 1")


def test_where_a_number_lies_is_seen_of_single_ones():
    """An input without axes has a sign, too."""

    def wrong(g, x, p):
        return g * (np.cos(x) if p > 0 else np.exp(np.sin(7 * x))), None

    found = recognise(
        cases_of(lambda x, p: np.sin(x), wrong, lambda rng: (spread(rng, 3), spread(rng)[()]), count=40)
    )
    assert found.what == "wrong only where p is negative"


def test_no_cases_no_suspicion():
    assert recognise(Cases()) == UNKNOWN
