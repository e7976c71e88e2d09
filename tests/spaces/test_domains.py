"""Every domain keeps its promises: members are placed inside, and tangents and rooms stay inside."""

import math

import numpy as np
import pytest

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
        for t in (min(room, 1e3), 0.5 * min(room, 1e3), 1e-9 * min(room, 1.0)):
            for side in (t, -t):
                assert domain.contains(domain.moved(point, direction, side)), (text, side)


@pytest.mark.parametrize("text", CONTINUOUS)
def test_a_way_leaves_its_point_in_its_direction(text):
    rng = np.random.default_rng(12)
    for domain, point in members(text):
        direction = domain.tangent(point, 1e-3 * rng.normal(size=point.shape) * np.abs(point))
        np.testing.assert_allclose(domain.moved(point, direction, 0.0), point, rtol=4e-16)
        t = min(2.0**-10, domain.room(point, direction))
        velocity = (domain.moved(point, direction, t) - domain.moved(point, direction, -t)) / (2 * t)
        size = np.abs(point).max() / t
        np.testing.assert_allclose(velocity, direction, atol=1e-9 * np.abs(direction).max() + 1e-15 * size)


@pytest.mark.parametrize("text", CONTINUOUS)
def test_tangents_are_a_linear_projection(text):
    rng = np.random.default_rng(13)
    for domain, point in members(text):
        u, v = rng.normal(size=(2, *point.shape)) * np.abs(point)
        once = domain.tangent(point, u)
        np.testing.assert_allclose(domain.tangent(point, once), once, atol=1e-14 * np.abs(u).max())
        both = domain.tangent(point, u + v)
        np.testing.assert_allclose(once + domain.tangent(point, v), both, atol=1e-14 * np.abs(u + v).max())


@pytest.mark.parametrize("text", CONTINUOUS)
def test_what_is_beside_a_member_is_another_member(text):
    rng = np.random.default_rng(14)
    for domain, point in members(text):
        for distance in (2.0**-7, 0.25):
            shift = distance * rng.choice([-1, 1], point.shape) * np.maximum(np.abs(point), 1e-3)
            there = domain.beside(point, shift)
            assert domain.contains(there), (text, point)
            assert np.abs(there - point).max() <= 3 * np.abs(shift).max() * max(1, point.shape[-1])
            alone = domain.core == 1 and point.shape[-1] == 1  # 1 is the only simplex of one entry
            assert alone or not np.array_equal(there, point)


@pytest.mark.parametrize(
    ("text", "entries", "stuck"),
    [
        ("[0, 1]", [0.0, 0.5], [True, False]),
        ("[0, 1]", [0.5, 1.0], [False, True]),
        ("(0, 1)", [1e-300, 1 - 2.0**-53], [False, True]),
        ("[-2, 2]", [-2 + 1e-12, 2 - 1e-3], [True, False]),
        ("nonnegative", [0.0, 1e-30], [True, False]),
    ],
)
def test_next_to_an_end_that_is_not_zero_nothing_can_be_measured(text, entries, stuck):
    domain, point = read_domain(text), np.array(entries)
    assert domain.on_edge(point)
    assert list(domain.tangent(point, np.ones(2)) == 0) == stuck
    assert not domain.on_edge(domain.beside(point, np.array([-0.01, 0.01])))


def test_one_entry_next_to_an_end_does_not_hold_back_the_others():
    domain, point = read_domain("(0, 1)"), np.array([0.5, 1 - 1e-6])
    direction = domain.shortened(point, np.array([0.25, 0.75]))
    assert direction[0] == 0.25
    assert 2.5e-7 < direction[1] <= 1e-6
    assert np.frexp(direction[1] / 0.75)[0] == 0.5
    assert domain.room(point, direction) >= 0.99
    whole = read_domain("spd")
    assert whole.shortened(np.eye(2), np.eye(2)).tolist() == np.eye(2).tolist()


def test_a_small_probability_does_not_hold_back_the_others():
    point, direction = np.array([1e-9, 0.25, 0.75 - 1e-9]), np.array([1e-9, -0.25, 0.5])
    tangent = read_domain("simplex").tangent(point, direction)
    assert abs(tangent.sum()) < 1e-16
    assert read_domain("simplex").room(point, tangent) > 0.5


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
