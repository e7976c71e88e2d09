"""Every domain keeps its promises: members are placed inside, and tangents and rooms stay inside."""

import doctest
import math

import numpy as np
import pytest

import gradtest.spaces.domains as domains
from gradtest.errors import Misuse
from gradtest.spaces.domains import NAMED, Labels, Simplex, read_domain

CONTINUOUS = [
    *(name for name, domain in NAMED.items() if domain.differentiable),
    "(0, 1)",
    "[-2, 2]",
    "[0, 1)",
    "(5, inf)",
    "(-inf, -1]",
    "(1e-3, 2e-3]",
]
DISCRETE = ["{0, 1}", "{-1, 2.5}", "ints -3 3", "ints 5 5", "integers", "labels 3", "indices 3", "mask"]


def members(text, dtype="float64"):
    """Yield placed arrays of every kind of entry: generic, zero, equal, large and tiny."""
    domain = read_domain(text).bind(int)
    rng = np.random.default_rng(7)
    for raw in (
        rng.normal(size=(2, 3, 3)),
        np.zeros((3, 3)),
        np.ones((3, 3)),
        1e3 * rng.normal(size=(3, 3)),
        1e-6 * rng.normal(size=(3, 3)),
        rng.integers(-3, 4, (3, 3)).astype(float),
        10.0 ** rng.integers(-6, 4, (3, 3)),
        rng.normal(size=(1, 1)),
    ):
        yield domain, domain.place(raw.astype(dtype)).astype(domain.dtype(dtype))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("text", CONTINUOUS + DISCRETE)
def test_what_is_placed_is_inside_and_stays_where_it_is(text, dtype):
    for domain, point in members(text, dtype):
        assert domain.contains(point), (text, point)
        assert point.dtype == domain.dtype(dtype)
        np.testing.assert_allclose(domain.place(point), point, rtol=1e-6)


@pytest.mark.parametrize("text", CONTINUOUS)
def test_a_probe_within_the_room_never_leaves(text):
    rng = np.random.default_rng(11)
    for domain, point in members(text):
        anywhere = rng.uniform(0.5, 1.5, point.shape) * rng.choice([-1, 1], point.shape)
        direction = domain.tangent(point, anywhere)
        room = domain.room(point, direction)
        assert room > 0
        # A straight line leaves the sphere at second order: there a tiny step stands for all.
        ends = (1e-9,) if text == "unit" else (min(room, 1e3), 0.5 * min(room, 1e3), 1e-9 * min(room, 1.0))
        for t in ends:
            for side in (t, -t):
                assert domain.contains(point + side * direction), (text, side)


@pytest.mark.parametrize("text", ["positive", "(0, 1)", "[-2, 2]", "simplex", "spd", "lower"])
def test_the_room_is_not_wasted(text):
    domain, point = next(members(text))
    direction = domain.tangent(point, np.random.default_rng(3).normal(size=point.shape))
    beyond = 1.01 * domain.room(point, direction)
    inside = [domain.contains(point + t * direction) for t in (beyond, -beyond)]
    # Beyond the diagonal's zero a triangular matrix is invertible again: only the zero is outside.
    assert text == "lower" or not all(inside)


@pytest.mark.parametrize("text", DISCRETE)
def test_nothing_moves_where_nothing_is_differentiable(text):
    for domain, point in members(text):
        assert not domain.differentiable
        direction = np.ones(point.shape)
        assert not domain.tangent(point, direction).any()
        assert domain.room(point, direction) == 0
        assert domain.room(point, 0 * direction) == math.inf


def test_tangents_by_hand():
    v = np.array([[1.0, 2.0], [4.0, 3.0]])
    eye = np.eye(2)
    assert np.allclose(read_domain("simplex").tangent(eye, v).sum(axis=-1), 0)
    assert np.allclose((read_domain("unit").tangent(eye, v) * eye).sum(axis=-1), 0)
    assert np.array_equal(read_domain("spd").tangent(eye, v), [[1, 3], [3, 3]])
    assert np.array_equal(read_domain("lower").tangent(eye, v), [[1, 0], [4, 3]])
    assert read_domain("positive").tangent(eye + 1, v) is not None
    assert np.array_equal(read_domain("[0, 1]").tangent(eye / 2, v), [[1, 0], [0, 3]])


def test_rooms_by_hand():
    x = np.array([1.0, 3.0])
    assert read_domain("positive").room(x, np.array([-2.0, 1.0])) == pytest.approx(0.5, rel=2e-3)
    assert read_domain("positive").room(x, np.zeros(2)) == math.inf
    assert read_domain("[-2, 4]").room(x, np.array([1.0, 1.0])) == pytest.approx(1.0, rel=2e-3)
    assert read_domain("spd").room(np.diag([1.0, 4.0]), np.diag([0.0, 8.0])) == pytest.approx(0.5, rel=2e-3)
    assert read_domain("real").room(x, x) == math.inf


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("(0, 1)", [0.0]),
        ("(0, 1)", [1.0]),
        ("[0, 1)", [1.0]),
        ("[0, 1]", [1.0000001]),
        ("positive", [np.inf]),
        ("positive", [np.nan]),
        ("[0, inf)", [np.inf]),
        ("(-inf, 0]", [-np.inf]),
        ("real", [np.nan]),
        ("simplex", [0.5, 0.4]),
        ("simplex", [1.0, 0.0]),
        ("unit", [1.0, 1e-3]),
        ("spd", [[1.0, 2.0], [2.0, 1.0]]),
        ("spd", [[1.0, 0.1], [0.0, 1.0]]),
        ("lower", [[1.0, 1e-9], [1.0, 1.0]]),
        ("lower", [[0.0, 0.0], [1.0, 1.0]]),
        ("symmetric", [1.0, 2.0]),
        ("{0, 1}", [0.5]),
        ("labels 3", [3]),
        ("labels 3", [-1]),
        ("ints -3 3", [0.5]),
        ("mask", [1.0]),
    ],
)
def test_what_is_outside_is_not_contained(text, outside):
    assert not read_domain(text).bind(int).contains(np.array(outside))


def test_ends_are_rounded_like_the_entries():
    # 0.3 in float32 is larger than 0.3.
    assert read_domain("[0, 0.3]").contains(np.array([0.3], np.float32))
    assert not read_domain("[0, 0.3)").contains(np.array([0.3], np.float32))
    assert not read_domain("[0, 0.3]").contains(np.array([0.3], np.float32).astype(np.float64))


@pytest.mark.parametrize("text", CONTINUOUS + DISCRETE + ["labels k", "labels n[L]"])
def test_names_are_read_back(text):
    domain = read_domain(text)
    assert read_domain(domain.name) == domain
    assert hash(read_domain(domain.name)) == hash(domain)


def test_plain_values_are_plain_distinct_and_not_zero():
    reals = read_domain("real").plain()
    assert reals.size == np.unique(reals).size == 256
    assert np.array_equal(reals * 32, np.round(reals * 32))
    assert np.array_equal(reals, reals.astype(np.float16))
    assert np.abs(reals).min() >= 1 / 8
    assert np.abs(reals).max() <= 6
    assert list(reals[:5]) == [1, 0.5, 2, -1, 1.5]
    for text in CONTINUOUS:
        domain = read_domain(text)
        values = domain.plain()
        assert values.size == np.unique(values).size >= 128
        assert 0 not in values
        assert domain.core or domain.contains(values)


def test_a_simplex_of_any_size_sums_to_one_exactly():
    for k in (1, 2, 3, 7, 100, 3000):
        for raw in (np.ones(k), np.arange(float(k)), 10.0 ** -np.arange(k % 300 or 1)):
            placed = Simplex().place(raw.astype(np.float32))
            assert placed.dtype == np.float32
            assert placed.min() > 0
            assert placed.astype(float).sum() == 1


def test_labels_know_their_count_once_bound():
    labels = Labels("k")
    assert labels.count is None
    assert labels.bind({"k": 4}.__getitem__).count == 4
    assert read_domain("labels 3").bind({}.__getitem__).count == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("positiv", "did you mean 'positive'"),
        ("", "unknown"),
        ("(0, 1", "unbalanced"),
        ("(0; 1)", "brackets"),
        ("{0, 1", "unbalanced"),
        ("{}", "empty"),
        ("(1, 0)", "smaller end first"),
        ("(1, 1)", "empty"),
        ("(nan, 1)", "empty"),
        ("[0, inf]", "takes in infinity"),
        ("[-inf, 0]", "takes in infinity"),
        ("ints 3 -3", "smaller end first"),
        ("(a, 1)", "where a number should stand"),
        ("{a}", "where a number should stand"),
        ("labels", "incomplete"),
        ("ints 3", "incomplete"),
    ],
)
def test_misuse_says_what_to_write(text, words):
    with pytest.raises(Misuse, match=words) as caught:
        read_domain(text)
    assert "\n" not in str(caught.value)


def test_examples_in_the_docstrings():
    outcome = doctest.testmod(domains)
    assert outcome.attempted >= 10
    assert not outcome.failed
