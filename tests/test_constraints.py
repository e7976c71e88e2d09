"""Inputs with a domain: nothing is asked outside, and a claim is held along the domain only."""

import functools

import numpy as np
import pytest

import gradtest
from gradtest import Settings, target
from gradtest.case import Case, Raised
from gradtest.errors import Misuse
from gradtest.probe import Probe
from tests.guarded import Guarded

N = np.array([3.0, 1.0, 4.0])
M = np.diag([1.0, 2.0, 3.0])
P, U, L = np.array([0.5, 0.125, 0.375]), np.array([0.6, 0.0, 0.8]), np.array([[1.0, 0.0], [0.5, -2.0]])
S = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.25], [0.0, 0.25, 1.5]])


def lower_of(g):
    return np.tril(g)


# domain: function, its gradient in the whole space, a member, a gradient that differs by what the
# domain does not see, and one that is wrong along it.
TABLE = {
    "simplex": (
        lambda p: N @ np.log(p), lambda p: N / p, P, lambda p: N / p - 17.0, lambda p: N / p * [1, 1, 1.001],
    ),
    "spd": (
        lambda s: np.linalg.slogdet(s)[1], np.linalg.inv, S,
        lambda s: np.triu(2 * np.linalg.inv(s)) - np.diag(np.diag(np.linalg.inv(s))),  # of the upper half
        lambda s: np.triu(np.linalg.inv(s)),  # the same, with the factor 2 forgotten
    ),
    "symmetric": (
        lambda s: np.sum(s @ s @ s * M), lambda s: s @ s @ M + s @ M @ s + M @ s @ s, S,
        lambda s: s @ s @ M + s @ M @ s + M @ s @ s + 5 * (s @ M - M @ s), lambda s: 3 * s @ s @ M @ M,
    ),
    "unit": (
        lambda u: u @ M @ u, lambda u: 2 * M @ u, U, lambda u: 2 * M @ u - 5 * u, lambda u: M @ u,
    ),
    "lower": (
        lambda c: np.sum((c @ c.T) ** 2), lambda c: 4 * c @ c.T @ c, L, lambda c: lower_of(4 * c @ c.T @ c),
        lambda c: np.diag(np.diag(4 * c @ c.T @ c)),
    ),
    "(0, 1)": (
        lambda p: np.sum(N * np.log(p) + np.log1p(-p)), lambda p: N / p - 1 / (1 - p), P,
        lambda p: N / p - 1 / (1 - p), lambda p: N / p + 1 / (1 - p),
    ),
    "positive": (lambda x: np.sum(N * np.log(x)), lambda x: N / x, P, lambda x: N / x, lambda x: N / x**2),
    "nonnegative": (
        lambda x: np.sum(x**1.5), lambda x: 1.5 * np.sqrt(x), np.array([0.0, 0.25, 2.0]),
        lambda x: 1.5 * np.sqrt(x), np.sqrt,
    ),
    "[-2, 2]": (
        lambda x: np.sum(np.arcsin(x / 2) ** 2), lambda x: 2 * np.arcsin(x / 2) / np.sqrt(4 - x**2),
        np.array([-1.0, 0.5, 1.99]), lambda x: 2 * np.arcsin(x / 2) / np.sqrt(4 - x**2),
        lambda x: np.arcsin(x / 2) / np.sqrt(4 - x**2),
    ),
}  # fmt: skip


def checked(domain, gradient, dtype="float64", **kwargs):
    function, _, point, _, _ = TABLE[domain]
    guarded = Guarded(domain, function)
    with np.errstate(all="ignore"):
        report = gradtest.check(
            target(guarded, grad=gradient, name="f", domains={"x": domain}), point.astype(dtype), **kwargs
        )
        assert report.findings is not None  # diagnosis asks the function, too
    assert guarded.outside == 0
    assert guarded.asked > 0
    return report


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("domain", TABLE)
@pytest.mark.parametrize("which", [1, 3])
def test_right_gradients_agree_and_nothing_is_asked_outside(domain, which, dtype):
    for seed in range(5):
        report = checked(domain, TABLE[domain][which], dtype, settings=Settings(seed=seed))
        assert report.verdict == "agrees", report
        assert report.resolution <= (1e-8 if dtype == "float64" else 1e-2)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("domain", TABLE)
def test_wrong_gradients_are_found_and_nothing_is_asked_outside(domain, dtype):
    for seed in range(5):
        report = checked(domain, TABLE[domain][4], dtype, settings=Settings(seed=seed))
        assert report.verdict == "disagrees", report


@pytest.mark.parametrize("method", ["central", "scipy"])
@pytest.mark.parametrize("domain", TABLE)
def test_second_opinions_stay_inside_too(domain, method):
    assert checked(domain, TABLE[domain][1], settings=Settings(method=method)).verdict != "disagrees"


@pytest.mark.parametrize("kinks", ["subgradient", "strict"])
@pytest.mark.parametrize("domain", TABLE)
def test_every_policy_for_kinks_stays_inside(domain, kinks):
    for which, verdict in ((1, "agrees"), (4, "disagrees")):
        report = checked(domain, TABLE[domain][which], settings=Settings(kinks=kinks))
        assert report.verdict == verdict


def test_without_a_domain_the_normal_part_of_a_gradient_counts():
    function, _, point, convention, _ = TABLE["simplex"]
    assert gradtest.check(target(function, grad=convention), point).verdict == "disagrees"


def test_a_point_at_the_edge_is_judged_nearby():
    report = checked("nonnegative", TABLE["nonnegative"][1])
    assert report.reason == "at the edge of its domain: judged nearby"
    ends = target(np.square, grad=lambda x: 2 * x, domains={"x": "[0, 1]"})
    assert gradtest.check(ends, np.array([0.0, 1.0])).ok
    wrong = target(np.square, grad=lambda x: 3 * x, domains={"x": "[0, 1]"})
    assert gradtest.check(wrong, np.array([0.0, 1.0])).verdict == "disagrees"


@pytest.mark.parametrize("gap", [10.0**-k for k in range(1, 17)])
def test_next_to_an_end_nothing_is_called_wrong(gap):
    logit = functools.partial(target, lambda p: N @ (np.log(p) - np.log1p(-p)), domains={"p": "(0, 1)"})
    point = np.array([0.25, 1 - gap, gap])
    assert gradtest.check(logit(grad=lambda p: N / p + N / (1 - p)), point).ok
    assert gradtest.check(logit(grad=lambda p: N / p - N / (1 - p)), point).verdict == "disagrees"


def test_the_entry_is_named_along_the_domain():
    report = checked("lower", TABLE["lower"][4])
    (finding,) = report.findings
    assert finding.entry.index == (1, 0)
    assert finding.wrong == 1


def test_a_jvp_is_pushed_along_the_domain():
    seen = []

    def jvp(x, dx):
        seen.append(abs(float(np.sum(dx))))
        return N @ (dx / x)

    assert gradtest.check(target(lambda x: N @ np.log(x), jvp=jvp, domains={"x": "simplex"}), P).ok
    assert max(seen) < 1e-15


def test_one_wrong_entry_among_many_on_a_domain():
    rng = np.random.default_rng(0)
    many = rng.uniform(0.1, 0.9, 3000)

    def gradient(p):
        g = 1 / p - 1 / (1 - p)
        g[1234] *= 1.5
        return g

    guarded = Guarded("(0, 1)", lambda p: np.sum(np.log(p) + np.log1p(-p)))
    report = gradtest.check(target(guarded, grad=gradient, name="f", domains={"x": "(0, 1)"}), many)
    (finding,) = report.findings
    assert (finding.entry.index, finding.wrong) == ((1234,), 1)
    assert guarded.outside == 0


def test_a_wrong_probability_among_many_is_found():
    rng = np.random.default_rng(1)
    many = rng.dirichlet(np.ones(500))

    def gradient(p):
        g = 1 / p
        g[77] *= 1.5
        return g

    guarded = Guarded("simplex", lambda p: np.sum(np.log(p)))
    report = gradtest.check(target(guarded, grad=gradient, name="f", domains={"x": "simplex"}), many)
    assert report.verdict == "disagrees"
    assert report.findings
    assert guarded.outside == 0


# -- which inputs have which domain ---------------------------------------------------------------


def test_a_name_stands_for_all_that_is_inside():
    inside = target(
        lambda layer, x: np.sum(x), grad=lambda layer, x: (None, x),
        domains={"layer": "positive", "layer['cov']": "spd", "x": "real"},
    )  # fmt: skip
    case = Case(inside, ({"cov": S, "scale": [P, 2.0], "kind": "rbf"}, N))
    assert {case.names[i]: domain.name for i, domain in case.domains.items()} == {
        "layer['cov']": "spd",
        "layer['scale'][0]": "(0, inf)",
        "layer['scale'][1]": "(0, inf)",
    }


def test_what_is_discrete_is_not_differentiated_by():
    def loss(y, z):
        return np.sum(np.log1p(np.exp(-(2 * y - 1) * z)))

    def backward(y, z):
        return -(2 * y - 1) / (1 + np.exp((2 * y - 1) * z))

    labelled = target(loss, grad=backward, domains={"y": "{0, 1}"})
    report = gradtest.check(labelled, np.array([0.0, 1.0]), np.array([0.5, -2.0]))
    assert report.ok
    assert [block.name for block in report.blocks] == ["z"]
    both = target(loss, grad=lambda y, z: (np.nan * y, backward(y, z)), domains={"y": "{0, 1}"})
    assert [block.name for block in gradtest.check(both, np.zeros(2), N[:2]).blocks] == ["z"]


@pytest.mark.parametrize(
    ("domains", "sentence"),
    [
        ({"p": "simplx"}, r"domains\['p'\]: the domain 'simplx' is unknown; did you mean 'simplex'\?"),
        ({"p": 3}, r"domains\['p'\]=3 is no domain; give its name, such as 'simplex' or '\(0, 1\)'"),
        ({"q": "simplex"}, r"domains names 'q', but f has no such input; known: p"),
        ({"p[0]": "simplex"}, r"domains names 'p\[0\]', but f has no such input; known: p"),
        (
            {"p": "simplex"},
            r"p is not in its domain 'simplex': array\(\[3\., 1\., 4\.\]\); give a member, or",
        ),
        ({"p": "{1, 3, 4}"}, r"p has values in \{1, 3, 4\}, which has no derivative; give an input to"),
    ],
)
def test_misuse_gets_a_sentence(domains, sentence):
    with pytest.raises(Misuse, match=sentence) as caught:
        gradtest.check(target(lambda p: p @ p, grad=lambda p: 2 * p, domains=domains, name="f"), N)
    assert "\n" not in str(caught.value)


def test_the_probe_says_how_far_it_may_go():
    asked = []

    def square(x):
        asked.append(x)
        return np.sum(x**2)

    inside = target(square, grad=lambda x: 2 * x, domains={"x": "positive"})
    probe = Probe(Case(inside, (P,)), np.random.default_rng(0))
    direction = probe.towards(0, np.random.default_rng(0))
    line = probe.line(direction)
    assert line.widest < 2
    assert np.isnan(line(2 * line.widest))
    assert probe.along(direction, 1.01 * line.widest) is None
    assert probe.along(direction, -0.99 * line.widest) is not None
    assert all(np.all(x > 0) for x in asked)


def test_a_case_outside_of_its_domain_is_never_asked():
    inside = Guarded("positive", np.sum)
    case = Case(target(inside, grad=np.ones_like, name="f", domains={"x": "positive"}), (P,))
    with pytest.raises(Raised, match=r"x is not in its domain \(0, inf\)"):
        case.at([-P]).raw()
    assert inside.asked == 0


def test_a_function_that_does_not_move_is_asked_for_its_rounding_inside():
    flat = Guarded("spd", lambda s: 1.0)
    report = gradtest.check(
        target(flat, grad=np.zeros_like, name="f", domains={"x": "spd"}),
        np.array([[1, 1 - 1e-6], [1 - 1e-6, 1]]),
    )
    assert report.ok
    assert flat.outside == 0


def test_an_entry_next_to_an_end_is_measured_in_its_own_units():
    squares = target(lambda p: np.sum(p**2), grad=lambda p: p, domains={"p": "(0, 1)"})
    (finding,) = gradtest.check(squares, np.array([1 - 2.0**-9])).findings
    assert finding.entry.numeric == pytest.approx(2 - 2.0**-8, rel=1e-6)
    assert finding.entry.analytic == pytest.approx(1 - 2.0**-9)


def test_entries_at_an_edge_are_not_passed_over_where_there_are_many_inputs():
    def total(*xs):
        return sum(np.sum(x**2) for x in xs)

    def gradients(*xs):
        return tuple(np.array([3, 2]) * x for x in xs)  # the first entry is wrong, and sits at the edge

    names = [f"xs[{i}]" for i in range(6)]
    many = target(total, grad=gradients, domains=dict.fromkeys(names, "nonnegative"))
    report = gradtest.check(many, *[np.array([0.0, 1.0 + i]) for i in range(6)])
    assert [block.verdict for block in report.blocks] == ["disagrees"] * 6
