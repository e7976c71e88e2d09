"""Entries: plain when shrunk, of every flavour when asked for, and always in their domain and dtype."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtest.errors import Misuse
from gradtest.properties.values import SMALL, Flavour, assemble, draw_array, flavours_of, seeded
from gradtest.spaces.domains import NAMED, read_domain
from tests.properties.drawn import QUIET, smallest

TEXTS = [*NAMED, "(0, 1)", "[-2, 2]", "[0, 1]", "{0, 1}", "ints -3 3", "labels 3", "indices 3"]


@st.composite
def drawn(draw, shape, domain, flavour=Flavour.GENERIC, dtype="float64", first=0):
    return draw_array(draw, shape, domain, flavour, dtype, first)


def sample(shape, text, flavour, dtype="float64", count=20):
    """Return arrays drawn from every code and seed alike, without Hypothesis."""
    domain = read_domain(text).bind(int)
    size = int(np.prod(shape))
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 256, (count, size), np.uint8)
    made = [assemble(code, shape, domain, flavour, dtype) for code in codes]
    large = [seeded(shape, seed, domain=domain, flavour=flavour, dtype=dtype) for seed in range(5)]
    return domain, made + large


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("text", TEXTS)
def test_every_flavour_lies_in_its_domain(text, dtype):
    for flavour in flavours_of(read_domain(text)):
        for shape in [(2, 2), (3, 4, 4), (5, 1, 1), (20, 20)]:
            domain, made = sample(shape, text, flavour, dtype, 4)
            for array in made:
                assert array.shape == shape
                assert array.dtype == domain.dtype(dtype)
                assert array.flags.writeable
                assert array.flags.c_contiguous
                assert domain.contains(array), (text, flavour, array)
                if array.dtype.kind == "f":
                    assert not np.any((array != 0) & (np.abs(array) < np.finfo(array.dtype).tiny))


def test_flavours_are_what_they_are_called():
    x = {flavour: np.stack(sample((3, 4), "real", flavour)[1][:20]) for flavour in Flavour}
    assert not (x[Flavour.GENERIC] == 0).any()
    integers = x[Flavour.INTEGERS]
    assert np.array_equal(integers, np.round(integers))
    assert (integers == 0).any()
    zeros = (x[Flavour.ZEROS] == 0).sum(axis=(1, 2))
    assert zeros.min() >= 1
    assert zeros.max() == 12
    assert (zeros < 12).any()
    assert all(np.unique(array).size <= 6 for array in x[Flavour.TIES])
    assert all(np.unique(array).size == 1 for array in x[Flavour.CONSTANT])
    assert np.abs(x[Flavour.LARGE]).min() >= 20
    assert np.abs(x[Flavour.LARGE]).max() == 1000
    assert np.abs(x[Flavour.TINY]).min() >= 1e-6
    assert np.abs(x[Flavour.TINY]).max() <= 2e-3
    assert np.abs(x[Flavour.MIXED]).max() / np.abs(x[Flavour.MIXED]).min() >= 1e6
    assert (x[Flavour.GENERIC] < 0).mean() == pytest.approx(0.5, abs=0.1)


def test_flavours_keep_their_meaning_in_a_domain():
    names = {text: [flavour.value for flavour in flavours_of(read_domain(text))] for text in TEXTS}
    assert all(found[0] == "generic" for found in names.values())
    assert "exact zeros" not in names["positive"]
    assert "exact zeros" in names["nonnegative"]
    assert "exact zeros" in names["[0, 1]"]
    assert "exact zeros" not in names["(0, 1)"]
    assert "tiny" in names["(0, 1)"]
    assert "saturated" in names["(0, 1)"]
    assert names["mask"] == names["labels 3"] == ["generic", "constant"]
    near_the_ends = sample((3, 4), "(0, 1)", Flavour.LARGE)[1][0]
    assert set(np.unique(np.minimum(near_the_ends, 1 - near_the_ends))) == {2.0**-10}


def test_indices_repeat_on_purpose():
    domain = read_domain("indices 1000").bind(int)
    rng = np.random.default_rng(1)
    made = [assemble(rng.integers(0, 256, 3, np.uint8), (3,), domain, Flavour.GENERIC) for _ in range(100)]
    repeated = sum(np.unique(array).size < 3 for array in made)
    assert 30 <= repeated <= 80
    assert np.unique(smallest(drawn((2,), domain), lambda x: True)).size == 1


@pytest.mark.parametrize("text", [text for text in TEXTS if read_domain(text).differentiable])
def test_what_is_shrunk_is_plain_distinct_and_not_zero(text):
    array = smallest(drawn((2, 2), read_domain(text)), lambda x: True)
    assert np.diag(array).all()
    assert text == "lower" or array.all()
    if read_domain(text).core == 0:
        assert np.unique(array).size == 4
        assert np.array_equal(array * 8, np.round(array * 8))


def test_shrinking_reaches_zero_only_where_it_must():
    domain = read_domain("real")
    plain = smallest(drawn((1, 3), domain, Flavour.ZEROS), lambda x: True)
    assert (plain != 0).sum() == 2
    negative = smallest(drawn((1, 3), domain), lambda x: bool((x < 0).all()))
    assert np.all(np.isin(negative, [-1, -0.5, -2, -1.5]))
    small = smallest(drawn((1, 1), domain), lambda x: bool(abs(x[0, 0]) < 0.3))
    assert abs(small[0, 0]) in (0.25, 0.125)


def test_shapes_of_about_one_size_share_their_bytes():
    # Bytes of another length would be forgotten when Hypothesis goes from one shape to the other.
    asked = []

    def record(strategy, label=None):
        asked.append(strategy)
        return bytes(range(100, 164))

    made = [draw_array(record, shape, read_domain("real")) for shape in [(1, 1), (2, 2), (2, 3), (4, 4)]]
    assert asked[0] is asked[1] is not asked[2] is asked[3]
    assert made[0][0, 0] == made[1][0, 0]
    assert np.array_equal(made[2].ravel(), made[3].ravel()[:6])


def test_a_smaller_byte_is_a_plainer_value_wherever_it_stands():
    plain = [1, 0.5, 2, -1, 1.5, -0.5, 3, -2, 0.25, -1.5, 2.5, -3, 0.75, -0.25, 4, -2.5]
    for position in range(16):
        index = np.arange(16, dtype=np.uint8) ^ np.uint8(position)
        assert sorted(assemble(index, (16,), read_domain("real"), Flavour.GENERIC)) == sorted(plain)


@QUIET
@given(drawn((4, 4), read_domain("real")))
def test_generic_entries_are_short_and_exact_in_float32(x):
    assert np.array_equal(x, x.astype(np.float32))
    assert np.array_equal(32 * x, np.round(32 * x))
    assert np.abs(x).min() >= 1 / 8
    assert np.abs(x).max() <= 6


def test_arrays_are_new_memory():
    seen = []

    @QUIET
    @given(drawn((2, 2), read_domain("real")))
    def look(x):
        assert not any(np.shares_memory(x, y) for y in seen[-5:])
        seen.append(x)
        x[...] = 0  # writeable, and without effect on what is drawn next

    look()


def test_zero_size():
    assert smallest(drawn((0, 3), read_domain("simplex")), lambda x: True).shape == (0, 3)
    assert smallest(drawn((3, 0), read_domain("unit"), dtype="float32"), lambda x: True).dtype == np.float32


def test_scalars():
    scalar = smallest(drawn((), read_domain("real")), lambda x: True)
    assert isinstance(scalar, np.ndarray)
    assert scalar.shape == ()
    assert scalar == 1


def test_large_arrays_come_from_a_seed_and_are_printed_as_a_call():
    shape = (5, SMALL // 4)

    @settings(derandomize=True, deadline=None, database=None)
    @given(drawn(shape, read_domain("(0, 1)"), Flavour.GENERIC, "float32"))
    def fail(x):
        raise AssertionError

    with pytest.raises(AssertionError) as caught:
        fail()
    note = "\n".join(caught.value.__notes__)
    assert "seeded(" in note
    assert "array(" not in note
    (argument,) = (line for line in note.splitlines() if "seeded(" in line)
    assert len(argument) < 100
    shown = smallest(drawn(shape, read_domain("(0, 1)"), dtype="float32"), lambda x: True)
    assert np.array_equal(shown, seeded(shape, 0, domain="(0, 1)", dtype="float32"))


def test_seeded_entries_are_decimals_without_zeros_and_mostly_distinct():
    x = seeded((400, 500), 3)
    assert x.all()
    assert np.allclose(x, np.round(x, 4), atol=1e-12)
    assert np.abs(x).max() <= 4
    assert np.unique(seeded((100,), 3)).size >= 98
    assert not np.array_equal(seeded((100,), 3), seeded((100,), 4))
    assert seeded((100,), 3, scale=0.5).max() == seeded((100,), 3).max() / 2


@pytest.mark.parametrize("call", [{"domain": "labels k"}, {"domain": "positiv"}])
def test_seeded_refuses_words_it_cannot_read(call):
    with pytest.raises(Misuse, match=r"write a number|did you mean"):
        seeded((3,), 0, **call)


def test_nothing_overflows_in_half_precision():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for flavour in Flavour:
            sample((4, 4), "real", flavour, "float16")
