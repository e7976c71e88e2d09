"""The grammar of shapes: what each string means, and what is said about one that means nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtest.errors import Misuse, MisusedType
from gradtest.properties.shapes import Dim, Draft, Sizes, read_shape, read_signature


def dims(text):
    return [str(dim) for dim in read_shape(text).dims]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("batch in", ["batch", "in"]),
        ("batch, in", ["batch", "in"]),
        ("(batch, in)", ["batch", "in"]),
        ("  a   b ", ["a", "b"]),
        ("in", ["in"]),
        ("batch in : (0, 1)", ["batch", "in"]),
        ("batch in in (0, 1)", ["batch", "in"]),
        ("2 in [-2, 2]", ["2"]),
        ("in [-2, 2]", []),
        ("in[l] in[l-1]", ["in[l]", "in[l-1]"]),
        ("", []),
        ("()", []),
        (" : positive", []),
        ("... 3", ["3"]),
        ("n[l] n[l - 1]", ["n[l]", "n[l-1]"]),
        ("n[0] n[2] n[L] n[L-1]", ["n[0]", "n[2]", "n[L]", "n[L-1]"]),
        ("größe", ["größe"]),
    ],
)
def test_dims(text, expected):
    assert dims(text) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("n", "real"),
        ("out batch : (0, 1)", "(0, 1)"),
        ("out batch:(0,1)", "(0, 1)"),
        ("n k : simplex", "simplex"),
        ("k k : spd", "spd"),
        ("k k : lower", "lower"),
        ("n : unit", "unit"),
        ("n : [-2, 2]", "[-2, 2]"),
        ("2 in [-2, 2]", "[-2, 2]"),
        ("2 in {0, 1}", "{0, 1}"),
        ("n : labels k", "labels k"),
        ("n : indices k", "indices k"),
        ("n : mask", "mask"),
        ("n : ints -3 3", "ints -3 3"),
    ],
)
def test_domains(text, name):
    assert read_shape(text).domain.name == name


def test_leading_dims_and_layers():
    assert read_shape("... 3").leading
    assert not read_shape("3").leading
    assert read_shape("n[l]").layered
    assert not read_shape("n[0] n[L] n[2]").layered


def test_sizes_are_found_by_name_and_layer():
    sizes = Sizes({"b": 2, ("n", 0): 3, ("n", 1): 4, ("n", 2): 5}, depth=2, leading=(7,))
    assert read_shape("b 6").size_of(sizes) == (2, 6)
    assert read_shape("... b").size_of(sizes) == (7, 2)
    assert [read_shape("n[l] n[l-1]").size_of(sizes, layer) for layer in (1, 2)] == [(4, 3), (5, 4)]
    assert read_shape("n[0] n[1] n[L] n[L-1]").size_of(sizes) == (3, 4, 5, 4)
    assert sizes.of_name("n[L]") == 5
    assert sizes.of_name("b") == 2
    assert sizes.of_name("3") == 3


@settings(derandomize=True, deadline=None)
@given(st.data())
def test_every_size_lies_in_its_range(data):
    ranges = {"a": (0, 3), "b": (2, 2), "c": (1, 1000), "n": (2, 4), "n[0]": 9, "n[L]": (10, 400)}
    texts = ["a b c", "... a", "n[l] n[l-1]", "n[L] d"]
    draft = Draft([read_shape(text) for text in texts], ranges, depth=(2, 3))
    sizes = draft.read(data.draw(st.binary(min_size=draft.length, max_size=draft.length)))
    assert 2 <= sizes.depth <= 3
    assert len(sizes.leading) <= 2
    assert all(1 <= n <= 5 for n in sizes.leading)
    for name, low, high in [("a", 0, 3), ("b", 2, 2), ("c", 1, 1000), ("d", 1, 5)]:
        assert low <= sizes.named[name] <= high
    assert sizes.named["n", 0] == 9
    assert 10 <= sizes.named["n", sizes.depth] <= 400
    assert all(2 <= sizes.named["n", layer] <= 4 for layer in range(1, sizes.depth))


def test_the_ends_of_a_range_are_reached_and_smaller_bytes_are_smaller_sizes():
    draft = Draft([read_shape("a c")], {"a": (0, 6), "c": (1, 1000)})
    assert draft.length == 3
    assert dict(draft.read(bytes(3)).named) == {"a": 0, "c": 1}
    assert dict(draft.read(b"\xff" * 3).named) == {"a": 6, "c": 1000}
    read = [draft.read(bytes([code, 0, 0])).named["a"] for code in range(256)]
    assert read == sorted(read)
    assert {read.count(size) for size in range(7)} <= {36, 37}


def test_nothing_is_read_where_nothing_is_open():
    draft = Draft([read_shape("3 4")])
    assert draft.length == 0
    assert draft.read(b"") == Sizes({})


def test_signatures():
    first, second = read_signature("(n,k),(k,m)->(n,m)")
    assert first == read_shape("n k")
    assert second == read_shape("k m")
    assert [shape.dims for shape in read_signature("(),(3) -> ()")] == [(), (Dim("", "", 3),)]


@pytest.mark.parametrize("text", ["(n,k)", "(n->(n)", "n,k->n", "(m?,n)->(n)", "", None])
def test_no_signature(text):
    with pytest.raises(Misuse, match="gufunc signature"):
        read_signature(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("n : simplx", "did you mean 'simplex'"),
        ("n : (0, 1", "unbalanced"),
        ("n[l", "unbalanced"),
        ("n l]", "unbalanced"),
        ("n[k]", "write n\\[l\\]"),
        ("n[]", "empty index"),
        ("n[l-2]", "before the input"),
        ("n[L-2]", "before the input"),
        ("n[-1]", "before the input"),
        ("-1", "where a dim should stand"),
        ("3d", "where a dim should stand"),
        ("a*b", "where a dim should stand"),
        ("3 ...", "where a dim should stand"),
        ("k m : spd", "square"),
        ("k : lower", "too few dims"),
        (" : simplex", "too few dims"),
    ],
)
def test_misuse_names_the_shape_and_says_what_to_write(text, words):
    with pytest.raises(Misuse, match=words) as caught:
        read_shape(text)
    assert "\n" not in str(caught.value)


def test_no_string():
    with pytest.raises(MisusedType, match="3 is no shape"):
        read_shape(3)


@pytest.mark.parametrize(
    ("texts", "sizes", "depth", "words"),
    [
        (["batch"], {"batch": (5, 2)}, 1, "upside down.*\\(2, 5\\)"),
        (["batch"], {"batch": -1}, 1, "below 0"),
        (["batch"], {"batch": 1.5}, 1, "no size"),
        (["batch"], {"batch": (1, 2, 3)}, 1, "no size"),
        (["batch"], {"batch": True}, 1, "no size"),
        (["batch"], {"bach": 2}, 1, "did you mean 'batch'"),
        (["3"], {"n": 2}, 1, "no input has a named dim"),
        (["n[l]"], {"n[l]": 2}, 1, "which no input has"),
        (["n[l]"], {}, 0, "below 1"),
        (["n[l]"], {}, (6, 1), "upside down"),
        (["n : labels k"], {}, 1, "no input has such a dim"),
        (["n : labels k", "k"], {"k": (0, 3)}, 1, "none at all"),
        (["n : labels 0"], {}, 1, "none at all"),
    ],
)
def test_sizes_are_checked_before_anything_is_drawn(texts, sizes, depth, words):
    with pytest.raises(Misuse, match=words):
        Draft([read_shape(text) for text in texts], sizes, depth)
