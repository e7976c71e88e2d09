"""Inputs as users describe them: their structure, their coverage, their smallest cases, their speed."""

from collections import Counter, namedtuple
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gradtest.errors import Misuse, MisusedType
from gradtest.properties.strategies import arrays, domains_of, inputs
from gradtest.properties.values import Flavour
from gradtest.spaces.domains import Interval, Real
from tests.properties.drawn import QUIET, draws, events_of, share, smallest

# Structure


def test_equal_names_are_equal_sizes():
    for p in draws(inputs(x="batch in", w="in out", b="out", k="2 out"), 100):
        (batch, n_in), (n_in_too, n_out) = p["x"].shape, p["w"].shape
        assert n_in == n_in_too
        assert p["b"].shape == (n_out,)
        assert p["k"].shape == (2, n_out)
        assert batch <= 5


def test_keys_keep_their_order_and_strategies_are_used_as_they_are():
    strategy = inputs(z="n", rate=st.just(0.5), weights="n[l]", a="", stride=st.integers(1, 3))
    for p in draws(strategy, 50):
        assert list(p) == ["z", "rate", "weights", "a", "stride"]
        assert p["rate"] == 0.5
        assert p["a"].shape == ()
        assert p["stride"] in (1, 2, 3)
        assert isinstance(p["weights"], list)


Pair = namedtuple("Pair", "left right")


def test_containers_are_kept():
    shapes = {"layers": [{"w": "in out", "b": "out"}, ("in", st.just(3))], "pair": Pair("in", "3")}
    for p in draws(inputs(**shapes), 50):
        first, second = p["layers"]
        assert list(first) == ["w", "b"]
        assert first["w"].shape == (second[0].size, first["b"].size)
        assert second[1] == 3
        assert isinstance(second, tuple)
        assert isinstance(p["pair"], Pair)
        assert p["pair"].right.shape == (3,)


def test_layers():
    shapes = {"weights": "n[l] n[l-1]", "biases": "n[l]", "x": "n[0] batch", "y": "n[L] batch : {0, 1}"}
    strategy = inputs(**shapes, depth=(2, 4))
    depths = Counter()
    for p in draws(strategy, 200):
        shapes = [weight.shape for weight in p["weights"]]
        depths[len(shapes)] += 1
        assert [(bias.size,) for bias in p["biases"]] == [shape[:1] for shape in shapes]
        assert all(after[1] == before[0] for before, after in pairwise(shapes))
        assert p["x"].shape == (shapes[0][1], p["y"].shape[1])
        assert p["y"].shape[0] == shapes[-1][0]
        assert set(np.unique(p["y"])) <= {0, 1}
        assert p["y"].dtype == np.float64
    assert set(depths) == {2, 3, 4}
    assert min(depths.values()) >= 40


def test_leading_dims_are_shared():
    counts = Counter()
    for p in draws(inputs(x="... in", y="...", w="in"), 200):
        assert p["x"].shape == p["y"].shape + p["w"].shape
        counts[p["y"].ndim] += 1
    assert set(counts) == {0, 1, 2}
    assert min(counts.values()) >= 30


def test_a_gufunc_signature_and_more_inputs_beside_it():
    for p in draws(inputs("(n,k),(k,m),()->(n,m)", bias="m", sizes={"n": (6, 7)}), 50):
        assert list(p) == ["x0", "x1", "x2", "bias"]
        assert 6 <= p["x0"].shape[0] <= 7
        assert p["x0"].shape[1] == p["x1"].shape[0]
        assert p["bias"].size == p["x1"].shape[1]
        assert p["x2"].ndim == 0


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_dtypes(dtype):
    for p in draws(inputs(x="k 3 : simplex", w="n[l]", y="3 : labels k", m="k : mask", dtype=dtype), 30):
        assert p["x"].dtype == dtype
        assert all(w.dtype == dtype for w in p["w"])
        assert p["y"].dtype == np.int64
        assert p["m"].dtype == np.bool_


def test_several_dtypes_are_drawn_one_for_each_example():
    strategy = inputs(x="n", w="n[l]", z="n : complex", y="n : {0, 1}", dtype=("float64", "float32"))
    seen = Counter()
    for p in draws(strategy, 100):
        kind = p["x"].dtype
        assert {a.dtype for a in (p["x"], p["y"], *p["w"])} == {kind}
        assert p["z"].dtype == np.result_type(kind, np.complex64)
        seen[kind.name] += 1
    assert set(seen) == {"float64", "float32"}
    assert min(seen.values()) >= 25
    assert smallest(strategy, lambda p: True)["x"].dtype == np.float64


def test_layouts_are_drawn_for_each_array():
    strategy = inputs(x="a b", w="n[l] n[l-1]", sizes={"a": (2, 3), "b": (2, 3), "n": (2, 3)}, layout="any")
    seen, mixed = Counter(), 0
    for p in draws(strategy, 200):
        several = [p["x"], *p["w"]]
        for x in several:
            flags = x.flags
            seen[flags.c_contiguous, flags.f_contiguous, flags.writeable, min(x.strides) < 0] += 1
        mixed += len({x.strides for x in several}) > 1
    assert len(seen) == 5
    assert min(seen.values()) >= 0.05 * sum(seen.values())
    assert mixed > 50
    assert smallest(strategy, lambda p: True)["x"].flags.c_contiguous
    found = smallest(strategy, lambda p: p["x"].strides[0] < 0)
    assert found["x"].strides[0] < 0
    assert all(w.flags.c_contiguous and w.flags.writeable for w in found["w"])
    assert all(x.flags.f_contiguous for x in draws(arrays((2, 3), layout="F"), 20))


def test_a_layout_is_told_beside_the_example(capsys):
    @settings(QUIET, max_examples=1, phases=[Phase.generate])
    @given(inputs(x="2 3", w="n[l] n[l-1]", layout="reversed", depth=1))
    def fails(p):
        raise AssertionError

    with pytest.raises(AssertionError) as caught:
        fails()
    told = "\n".join(caught.value.__notes__)
    assert "x is laid out in memory: reversed" in told
    assert "w[0] is laid out in memory: reversed" in told


def test_examples_stay_what_they_were_where_nothing_more_is_drawn():
    plain, more = inputs(x="n m"), inputs(x="n m", dtype=["float64"], layout=["C"])
    for one, other in zip(draws(plain, 30), draws(more, 30), strict=True):
        assert np.array_equal(one["x"], other["x"])


def test_complex_numbers_have_both_parts():
    seen = [p["z"] for p in draws(inputs(z="n : complex", sizes={"n": (1, 40)}), 300)]
    assert all(z.dtype == np.complex128 for z in seen)
    assert share(seen, lambda z: z.real.any() and z.imag.any()) > 0.8
    assert share(seen, lambda z: (z == 0).any()) >= 0.02
    assert share(seen, lambda z: np.abs(z).min() >= 20) >= 0.02
    z = smallest(inputs(z="n : complex"), lambda p: p["z"].size >= 2)["z"]
    assert z.tolist() == [1 + 2j, 0.5 - 1j]
    large = smallest(arrays(50, domain="complex"), lambda z: True)
    assert large.shape == (50,)


def test_names_that_are_taken_are_given_in_a_mapping():
    taken = ("sizes", "depth", "dtype", "layout", "nasty", "signature", "described")
    p = smallest(inputs(dict.fromkeys(taken, "n"), x="n", sizes={"n": 3}), lambda p: True)
    assert set(p) == {*taken, "x"}
    assert all(value.shape == (3,) for value in p.values())
    assert list(domains_of({"depth": "n : simplex"}, x="n")) == ["depth", "x"]


def test_labels_follow_the_size_of_their_dim():
    top = 0
    for p in draws(inputs(z="batch k", y="batch : labels k", i="7 : indices n[L]", w="n[l]"), 200):
        assert p["y"].min() >= 0
        assert p["y"].max() < p["z"].shape[1]
        assert p["i"].max() < p["w"][-1].size
        top += p["y"].max() == p["z"].shape[1] - 1
    assert top > 50


def test_domains():
    shapes = {"a": "2 k : simplex", "b": "k k : spd", "c": "n : unit", "d": "n in [0, 2]", "e": ": positive"}
    domains = domains_of(**shapes)
    for p in draws(inputs(**shapes, nasty=True), 100):
        assert all(domains[name].contains(p[name]) for name in p)


def test_domains_of():
    found = domains_of(x="n", w=[{"b": "n : (0, 1)"}], weights="n[l]", s=st.integers())
    assert found == {"x": Real(), "w[0]['b']": Interval(0, 1), "weights": Real()}
    assert list(domains_of("(n)->()", y="n : positive")) == ["x0", "y"]


def test_single_arrays():
    assert all(x.shape == (2, 3) for x in draws(arrays((2, 3)), 20))
    assert all(x.shape == (4,) for x in draws(arrays(4), 20))
    assert all(x.shape == () for x in draws(arrays(()), 20))
    assert {x.shape[0] for x in draws(arrays("n 2", sizes={"n": (2, 3)}), 50)} == {2, 3}
    assert all(x.min() > 0 and x.max() < 1 for x in draws(arrays("n", domain="(0, 1)"), 50))
    assert all(x.min() > 0 for x in draws(arrays("n", domain=Interval(0)), 50))


def test_strategies_compose():
    twice = st.lists(inputs(x="n"), min_size=2, max_size=2).map(lambda pair: pair[0]["x"].size)
    assert smallest(twice, lambda n: n > 2) == 3


# Coverage


def test_examples_differ_in_their_shapes():
    # Hypothesis copies draws over each other where they share a label; see _LABEL.
    seen = draws(inputs(x="a b c d", y="e f", s=st.binary()), 500)
    assert len({(p["x"].shape, p["y"].shape) for p in seen}) >= 400


def flavours_seen(arrays_seen):
    """Count the triggers by what the values are, not by what the strategy calls them."""
    seen = Counter()
    for x in arrays_seen:
        size = np.abs(x)
        seen["zeros"] += bool((x == 0).any())
        seen["all zero"] += not x.any()
        seen["integers"] += bool((x == np.round(x)).all() and size.max() <= 4 and (size > 0).sum() > 1)
        seen["constant"] += x.size > 1 and np.unique(x).size == 1 and bool(x.all())
        seen["ties"] += x.size > 1 and 1 < np.unique(x).size < x.size
        seen["saturated"] += size.min() >= 20
        seen["tiny"] += size.max() <= 2e-3 and size.min() > 0
        seen["mixed"] += x.size > 1 and size.max() / max(size.min(), 1e-9) >= 1e3 and bool(x.all())
    return {name: count / len(arrays_seen) for name, count in seen.items()}


def test_every_flavour_is_in_five_percent_of_the_arrays():
    seen = draws(inputs(x="batch in", w="in out", b="out", sizes={"in": (2, 5), "out": (2, 5)}), 600)
    found = flavours_seen([x for p in seen for x in p.values()])
    rare = {name: part for name, part in found.items() if part < (0.01 if name == "all zero" else 0.05)}
    assert not rare, found


def generic(p):
    return all(np.abs(x).min() >= 1 / 8 and np.abs(x).max() <= 6 for x in p.values())


def test_half_of_the_examples_are_all_generic():
    strategy = {"x": "batch in", "w": "in out", "b": "out"}
    assert 0.4 <= share(draws(inputs(**strategy)), generic) <= 0.65
    assert share(draws(inputs(**strategy, nasty=False)), generic) == 1
    assert share(draws(inputs(**strategy, nasty=True)), generic) <= 0.15


def test_equal_inputs_are_in_five_percent_of_the_nasty_examples():
    seen = draws(inputs(x="3 2", y="3 2", nasty=True))
    equal = [p for p in seen if np.array_equal(p["x"], p["y"])]
    assert len(equal) >= 0.05 * len(seen)
    assert not any(np.shares_memory(p["x"], p["y"]) for p in equal)
    calm = draws(inputs(x="3 2", y="3 2", nasty=False))
    assert share(calm, lambda p: np.array_equal(p["x"], p["y"])) < 0.01


def test_size_one_square_and_larger_shapes_all_occur():
    seen = draws(inputs(x="batch in", w="in out"))
    sizes = [(*p["x"].shape, p["w"].shape[1]) for p in seen]
    assert share(sizes, lambda s: s[0] > 1) >= 0.6
    for axis in range(3):
        assert share(sizes, lambda s, axis=axis: s[axis] == 1) >= 0.05
    for one, other in combinations(range(3), 2):
        assert share(sizes, lambda s, one=one, other=other: s[one] == s[other] > 1) >= 0.05
    assert share(sizes, lambda s: len(set(s)) == 3) >= 0.2


def test_triggers_are_reported_as_events(monkeypatch):
    common = {f"input: {flavour.value}" for flavour in Flavour if flavour is not Flavour.GENERIC}
    assert set(events_of(monkeypatch, inputs(x="3", y="3"))) == common | {"input: equal inputs"}
    assert set(events_of(monkeypatch, arrays("3"))) == common
    assert not events_of(monkeypatch, inputs(x="3", nasty=False))


# Shrinking


def test_the_smallest_example_is_small_plain_and_not_zero():
    p = smallest(inputs(x="batch in"), lambda p: True)
    assert p["x"].shape == (1, 1)
    assert p["x"] == 1
    p = smallest(inputs(x="batch in", w="in out", b="out"), lambda p: True)
    assert [x.ravel().tolist() for x in p.values()] == [[1], [0.5], [2]]


def test_smallest_examples_keep_distinct_plain_values():
    x = smallest(inputs(x="batch in"), lambda p: p["x"].size >= 3)["x"]
    assert x.size <= 4
    assert np.unique(x).size == x.size
    assert set(x.ravel()) <= {1, 0.5, 2, -1}


def test_zero_is_found_only_where_it_is_needed():
    strategy = inputs(x="batch in", w="in out")
    for seed in range(2):
        assert (smallest(strategy, lambda p: (p["x"] == 0).any(), seed)["x"] == 0).all()
    for predicate in [
        lambda p: p["x"].size >= 4,
        lambda p: p["x"].shape[0] == p["x"].shape[1] > 1,
        lambda p: (p["x"] < 0).any() and p["w"].size >= 2,
        lambda p: abs(p["x"] @ p["w"]).max() > 3,
    ]:
        p = smallest(strategy, predicate)
        assert p["x"].all(), p
        assert p["w"].all(), p


def test_the_shape_shrinks_without_losing_the_values():
    # Two such entries never come from zero bytes: they must be carried along from shape to shape.
    found = smallest(inputs(x="batch in"), lambda p: (p["x"].ravel()[:2] > 3.1).sum() == 2)
    assert found["x"].size == 2
    assert (found["x"] > 3.1).all()


# Misuse


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: inputs(), "no input was described"),
        (lambda: inputs(x=3), "x=3 is neither a shape nor a strategy"),
        (lambda: inputs(x=[3]), r"x\[0\]=3 is neither"),
        (lambda: inputs(x={"a": None}), r"x\['a'\]=None is neither"),
        (lambda: inputs(x="n : positiv"), "x='n : positiv': .*did you mean 'positive'"),
        (lambda: inputs(x="n", sizes={"m": 2}), "did you mean|known"),
        (lambda: inputs(x="n", sizes={"n": (3, 2)}), "upside down"),
        (lambda: inputs(w="n[l]", depth=(3, 2)), "depth=.*upside down"),
        (lambda: inputs(x="n", dtype="int64"), "no real floating dtype"),
        (lambda: inputs(x="n", dtype="flot32"), "no real floating dtype"),
        (lambda: inputs("(n)->()", x0="n"), "already"),
        (lambda: inputs({"x": "n"}, x="n"), "x is described twice"),
        (lambda: inputs({3: "n"}), "the input 3 has no name"),
        (lambda: inputs(x="n", dtype=("float64", "int8")), "no real floating dtype"),
        (lambda: inputs(x="n", dtype=()), "no real floating dtype"),
        (lambda: inputs(x="n", dtype="complex128"), "'n : complex' makes complex numbers"),
        (lambda: inputs(x="n", layout="D"), "no layout"),
        (lambda: arrays("n[l]"), "list of arrays"),
        (lambda: arrays((2, -1)), "no shape"),
        (lambda: arrays((2, 3), domain="spd"), "square"),
        (lambda: domains_of(x=3), "neither a shape"),
    ],
)
def test_misuse_is_said_at_the_call(call, words):
    with pytest.raises(Misuse, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_misused_types_are_type_errors():
    for call in (lambda: inputs(x=3), lambda: arrays(1.5), lambda: inputs(x="n", dtype=None.__class__)):
        with pytest.raises(MisusedType):
            call()


# Words


def test_a_strategy_prints_as_what_was_asked_for():
    assert "x='batch in', y='3'" in repr(inputs(x="batch in", y="3"))
