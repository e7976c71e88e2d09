"""What comes back, matched to the inputs: the ways to read it, and the sentences where it fits in none."""

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtest.matching import BrokenContract, Input, Matcher, as_array
from gradtest.spaces.containers import flatten

X, W, B = np.zeros((2, 3)), np.zeros((3, 4)), np.zeros(4)
DX, DW, DB = X + 1, W + 2, B + 3


def matcher(wrt=None, **inputs):
    made, first = [], 0
    for name, value in inputs.items():
        tree = flatten(value)
        made.append(Input(name, value, tuple(tree.leaves), tree.paths, first))
        first += len(tree.leaves)
    return Matcher("backward", made, wrt)


def matched(result, wrt=None, **inputs):
    """Return what came back, by the name of the leaf."""
    reader = matcher(wrt, **inputs)
    names = [one.name + path for one in reader.inputs.values() for path in one.paths]
    return {names[i]: piece for i, piece in reader.match(result).items()}


def same(found, expected):
    return set(found) == set(expected) and all(
        np.array_equal(found[name], expected[name]) for name in expected
    )


class Named(NamedTuple):
    w: object
    x: object


@dataclasses.dataclass
class Layer:
    weight: object
    bias: object


LAYERS = [{"W": W, "b": B}, {"W": W.T, "b": X[0]}]
DLAYERS = [{"W": DW, "b": DB}, {"W": DW.T, "b": DX[0]}]

# What came back, the inputs, and whose gradients these are.
ROWS = {
    "one array": (DX, dict(x=X), dict(x=DX)),
    "one array of several inputs": (DX, dict(x=X, w=W), dict(x=DX)),
    "one array after labels": (DX, dict(y=np.array([1]), x=X), dict(x=DX)),
    "a tuple": ((DX, DW), dict(x=X, w=W), dict(x=DX, w=DW)),
    "a tuple of one": ((DX,), dict(x=X), dict(x=DX)),
    "a list of one": ([DX], dict(x=X), dict(x=DX)),
    "a prefix": ((DX, DW), dict(x=X, w=W, b=B), dict(x=DX, w=DW)),
    "None inside": ((None, DW), dict(x=X, w=W), dict(w=DW)),
    "None for labels": ((DX, None, DW), dict(x=X, y=1, w=W), dict(x=DX, w=DW)),
    "labels left out": ((DX, DW), dict(x=X, y=1, w=W), dict(x=DX, w=DW)),
    "zeros for labels": ((DX, 0, DW), dict(x=X, y=1, w=W), dict(x=DX, w=DW)),
    "a dict": (dict(w=DW, x=DX), dict(x=X, w=W), dict(w=DW, x=DX)),
    "a dict of some": (dict(dw=DW), dict(x=X, w=W), dict(w=DW)),
    "a dict with more than was asked": (dict(dw=DW, dx=DX, dh=DB), dict(x=X, w=W), dict(w=DW, x=DX)),
    "a named tuple": (Named(DW, DX), dict(x=X, w=W), dict(w=DW, x=DX)),
    "a named tuple with other names": (Named(DX, DW), dict(a=X, b=W), dict(a=DX, b=DW)),
    "a list for a list": ([DX, DW], dict(ws=[X, W]), {"ws[0]": DX, "ws[1]": DW}),
    "a tuple for a list": ((DX, DW), dict(ws=[X, W]), {"ws[0]": DX, "ws[1]": DW}),
    "a list in a tuple": (([DX, DW],), dict(ws=[X, W]), {"ws[0]": DX, "ws[1]": DW}),
    "a list for the first": ([DX, DW], dict(ws=[X, W], b=B), {"ws[0]": DX, "ws[1]": DW}),
    "a list and an array": (([DX, DW], DB), dict(ws=[X, W], b=B), {"ws[0]": DX, "ws[1]": DW, "b": DB}),
    "lists of one": (([DX], [DB]), dict(ws=[X], bs=[B]), {"ws[0]": DX, "bs[0]": DB}),
    "a list of one for a list of one": ([DX], dict(ws=[X]), {"ws[0]": DX}),
    "an array for a list": (DX, dict(ws=[X[0], X[1]]), {"ws[0]": DX[0], "ws[1]": DX[1]}),
    "a stack for a list of one": (DX[None], dict(ws=[X]), {"ws[0]": DX}),
    "as many layers as inputs": ([DX, DW], dict(ws=[X, W], bs=[B, B]), {"ws[0]": DX, "ws[1]": DW}),
    "None in a list": (([None, DW], DB), dict(ws=[X, W], b=B), {"ws[1]": DW, "b": DB}),
    "layers of dicts": (DLAYERS, dict(layers=LAYERS), {
        "layers[0]['W']": DW, "layers[0]['b']": DB, "layers[1]['W']": DW.T, "layers[1]['b']": DX[0],
    }),
    "dW inside": (
        (dict(dW=DW, db=DB), DX), dict(p=dict(W=W, b=B), x=X), {"p['W']": DW, "p['b']": DB, "x": DX},
    ),
    "dW alone": (dict(dW=DW, db=DB), dict(p=dict(W=W, b=B), x=X), {"p['W']": DW, "p['b']": DB}),
    "dW of the second input": (dict(dx=DX, dW=DW), dict(x=X, p=dict(W=W, b=B)), {"x": DX, "p['W']": DW}),
    "a dataclass": (Layer(DW, DB), dict(p=Layer(W, B)), {"p.weight": DW, "p.bias": DB}),
    "a dict for a dataclass": (dict(grad_weight=DW), dict(p=Layer(W, B)), {"p.weight": DW}),
    "a tuple for a dataclass": ((DW, DB), dict(p=Layer(W, B)), {"p.weight": DW, "p.bias": DB}),
    "a tuple for a named tuple": ((DW, DX), dict(p=Named(W, X)), {"p.w": DW, "p.x": DX}),
    "a list of numbers": ([1.0, 2.0, 3.0, 4.0], dict(b=B), dict(b=[1.0, 2.0, 3.0, 4.0])),
    "as many numbers as inputs": ([1.0, 2.0], dict(x=B[:2], y=B[:2]), dict(x=[1.0, 2.0])),
    "a number each": ((1.0, 2.0), dict(x=1.0, y=1.0), dict(x=1.0, y=2.0)),
    "stacked": (np.array([1.0, 2.0]), dict(x=1.0, y=1.0), dict(x=1.0, y=2.0)),
    "stacked rows": (DX, dict(x=X[0], y=X[1]), dict(x=DX[0], y=DX[1])),
    "the shape decides nothing alone": ((DW, DX), dict(x=X, w=W), dict(x=DW, w=DX)),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_whose_gradients_these_are(row):
    result, inputs, expected = ROWS[row]
    assert same(matched(result, **inputs), expected)


def test_an_axis_too_many_is_not_taken_for_a_stack():
    assert matched(DX[None], x=X)["x"].shape == (1, 2, 3)  # and so it does not fit
    assert matched(np.stack([DX, DX]), x=X, w=X)["w"].shape == (2, 3)


def test_wrt_names_the_inputs_in_its_own_order():
    assert same(matched((DB, DX), ("b", "x"), x=X, w=W, b=B), dict(b=DB, x=DX))
    assert same(matched(DW, ("w",), x=X, w=W, b=B), dict(w=DW))
    assert same(matched(dict(dw=DW), ("w",), x=X, w=W, b=B), dict(w=DW))
    assert same(matched((None, DW, None), ("w",), x=X, w=W, b=B), dict(w=DW))


# What came back, the inputs, the code, and the sentence.
BROKEN = {
    "nothing": (None, dict(x=X), "GT302", "backward returned None; is a return statement missing?"),
    "too many": (
        (DX, DW, DB), dict(x=X, w=W), "GT301",
        "backward returned 3 gradients, but the differentiable inputs are x, w; return one for each, in this "
        "order, or name them with wrt=",
    ),
    "too many of one": (
        (DX, DX), dict(x=X), "GT301",
        "backward returned 2 gradients, but the only input to differentiate by is x",
    ),
    "a name that is none": (
        dict(dx=DX, dq=DW), dict(x=X, w=W), "GT301",
        "backward returned a gradient called 'dq', but there is no such input; the inputs are x, w",
    ),
    "a part that is none": (
        dict(V=DW), dict(p=dict(W=W, b=B)), "GT301",
        "backward returned a gradient for `p['V']`, but p has no such part; its parts are p['W'], p['b']",
    ),
    "too few layers": (
        [DX], dict(ws=[X, W]), "GT301", "backward returned 1 gradients for `ws`, which has 2 parts",
    ),
    "too few layers inside": (
        ([DX], DB), dict(ws=[X, W], b=B), "GT301",
        "backward returned 1 gradients for `ws`, which has 2 parts",
    ),
    "an array for a dict": (
        DX, dict(p=dict(W=W, b=B)), "GT302",
        "backward returned ndarray as the gradient for `p`; expected a dict",
    ),
    "a list for a dict": (
        [DX, DX], dict(p=dict(W=W, b=B)), "GT302",
        "backward returned list as the gradient for `p`; expected a dict",
    ),
    "a dict for a list": (
        dict(a=DX, b=DW), dict(ws=[X, W]), "GT302",
        "backward returned dict as the gradient for `ws`; expected a list",
    ),
    "a dict for an array": (
        dict(a=DX), dict(x=X), "GT302", "backward returned dict as the gradient for `x`; expected an array",
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", BROKEN)
def test_what_fits_in_no_way_gets_a_sentence(row):
    result, inputs, code, sentence = BROKEN[row]
    with pytest.raises(BrokenContract) as caught:
        matched(result, **inputs)
    assert (caught.value.code, caught.value.message) == (code, sentence)


def test_what_wrt_names_must_come_back():
    with pytest.raises(BrokenContract, match="backward returned nothing for `w`, which wrt= names"):
        matched((DX, None), ("x", "w"), x=X, w=W)
    with pytest.raises(BrokenContract, match="returned 1 gradients, but the differentiable inputs are x, w;"):
        matched((DX,), ("x", "w"), x=X, w=W)
    with pytest.raises(BrokenContract, match="returned 3 gradients, but the differentiable inputs are x, w;"):
        matched((DX, DW, DB), ("x", "w"), x=X, w=W)


# -- one gradient ---------------------------------------------------------------------------------

FITTING = [
    (np.ones((2, 3)), X),
    (np.ones((2, 3), dtype=int), X),
    (np.ones((2, 3), dtype=bool), X),
    (np.ones((2, 3), dtype=np.float32), X),
    ([[1, 2, 3], [4, 5, 6]], X),
    (1.0, 2.0),
    (1, 2.0),
    (1.0, np.array(2.0)),
    (1.0, np.array([2.0])),
    (1.0, np.array([[2.0]])),
    (np.array(1.0), np.array([2.0])),
    (np.array([1.0]), 2.0),
    (np.array([[1.0]]), np.float64(2.0)),
    (np.float32(1.0), np.float32(2.0)),
]


@pytest.mark.parametrize(("gradient", "leaf"), FITTING, ids=repr)
def test_gradients_that_fit(gradient, leaf):
    found = matcher(x=leaf).fitted("x", leaf, gradient)
    assert np.shape(found) == np.shape(leaf)
    assert np.array_equal(np.ravel(found), np.ravel(gradient))


UNFIT = [
    ((1, 4), (4,), " The entries are as many: .reshape(4,) would give them its shape."),
    ((4, 1), (4,), " The entries are as many: .reshape(4,) would give them its shape."),
    ((4,), (1, 4), " The entries are as many: .reshape(1, 4) would give them its shape."),
    ((6,), (2, 3), " The entries are as many: .reshape(2, 3) would give them its shape."),
    ((1,), (1, 1), " The entries are as many: .reshape(1, 1) would give them its shape."),
    ((3, 2), (2, 3), " Was the result left transposed?"),
    ((1, 4), (4, 1), " Was the result left transposed?"),
    ((5, 4), (4,), " Was the sum over a broadcast axis forgotten?"),
    ((2, 3), (1, 3), " Was the sum over a broadcast axis forgotten?"),
    ((2, 3), (), " Was the sum over a broadcast axis forgotten?"),
    ((), (2, 3), " Was it summed over an axis too many?"),
    ((3,), (2, 3), " Was it summed over an axis too many?"),
    ((5,), (4,), ""),
    ((2, 2), (3, 3), ""),
]


@pytest.mark.parametrize(("found", "needed", "hint"), UNFIT)
def test_shapes_that_do_not_fit(found, needed, hint):
    leaf = np.ones(needed)
    with pytest.raises(BrokenContract) as caught:
        matcher(x=leaf).fitted("x", leaf, np.ones(found))
    expected = f"backward returned a gradient for `x` of shape {found}, but `x` has shape {needed}.{hint}"
    assert (caught.value.code, caught.value.message) == ("GT301", expected)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(1, 3), max_size=3), st.lists(st.integers(1, 3), max_size=3))
def test_a_shape_fits_only_itself_but_for_one_bare_number(found, needed):
    leaf, gradient = np.ones(needed), np.ones(found)
    bare = gradient.size == leaf.size == 1 and () in (gradient.shape, leaf.shape)
    try:
        matcher(x=leaf).fitted("x", leaf, gradient)
        fits = True
    except BrokenContract:
        fits = False
    assert fits == (found == needed or bare)


@pytest.mark.parametrize(
    ("gradient", "sentence"),
    [
        (
            X + 1j,
            "backward returned a gradient for `x` that is complex (imaginary part up to 1), where real "
            "numbers are needed; return its real part",
        ),
        (X.astype(object), "backward returned a gradient for `x` of dtype object; expected real numbers"),
        (X.astype(str), "backward returned a gradient for `x` of dtype <U32; expected real numbers"),
        ("text", "backward returned str as the gradient for `x`; expected an array"),
        ([[1.0], [2.0, 3.0]], "backward returned list as the gradient for `x`; expected an array"),
        (object(), "backward returned object as the gradient for `x`; expected an array"),
        (np.sin, "backward returned ufunc as the gradient for `x`; expected an array"),
    ],
)
def test_what_is_not_made_of_real_numbers(gradient, sentence):
    with pytest.raises(BrokenContract) as caught:
        matcher(x=X).fitted("x", X, gradient)
    assert (caught.value.code, caught.value.message) == ("GT302", sentence)


def test_a_tuple_of_arrays_is_one_jacobian_only_where_there_may_be_one():
    tree = flatten(B)
    reader = Matcher("gradient", [Input("b", B, tuple(tree.leaves), tree.paths, 0)], jacobians=True)
    assert np.array_equal(reader.match((DB, DB))[0], [DB, DB])
    with pytest.raises(BrokenContract, match="returned 2 gradients"):
        matched((DB, DB), b=B)


def test_a_sparse_jacobian_is_an_array():
    from scipy import sparse

    assert np.array_equal(as_array(sparse.csr_array(np.eye(2))), np.eye(2))


# -- contraction ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("taken", "given", "gradient"),
    [
        ((2, 3), (), (2, 3)),
        ((2, 3), (1,), (2, 3)),
        ((2, 3), (1, 1), (2, 3)),
        ((2, 3), (1,), (1, 2, 3)),
        ((2, 3), (4,), (4, 2, 3)),
        ((2, 3), (4, 5), (4, 5, 2, 3)),
        ((3,), (3,), (3, 3)),
        ((), (4,), (4,)),
    ],
)
def test_jacobians_are_contracted_over_the_output(taken, given, gradient):
    rng = np.random.default_rng(0)
    leaf, out, w, g = rng.random(taken), rng.random(given), rng.random(given), rng.random(gradient)
    expected = np.sum(
        w.reshape(*given, *[1] * len(taken)) * g.reshape(*given, *taken), axis=tuple(range(len(given)))
    )
    found = matcher(x=leaf).contracted("x", leaf, out, w, g)
    assert np.allclose(np.reshape(found, taken), expected, rtol=1e-14)


def test_an_elementwise_derivative_is_multiplied():
    w, g = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
    assert np.array_equal(matcher(x=w).contracted("x", w, w, w, g), w * g)


def test_a_jacobian_of_another_shape():
    with pytest.raises(BrokenContract) as caught:
        matcher(x=X).contracted("x", X, B, B, np.ones((2, 3)))
    assert caught.value.message == (
        "backward returned shape (2, 3) for `x`, where the output has shape (4,) and the input (2, 3); "
        "expected a Jacobian of shape (4, 2, 3)"
    )
    with pytest.raises(
        BrokenContract, match=r"shape \(2, 3, 2, 3\), or an elementwise derivative of shape \(2, 3\)"
    ):
        matcher(x=X).contracted("x", X, X, X, np.ones((3, 2)))


# -- again ----------------------------------------------------------------------------------------


def test_what_was_read_once_is_read_alike_again():
    reader = matcher(x=X, y=np.array([1]), w=W)
    for scale in (1.0, 2.0, 3.0):
        assert same(reader.match((scale * DX, None, scale * DW)), {0: scale * DX, 2: scale * DW})
        assert same(reader.match(dict(dw=scale * DW, dx=scale * DX)), {0: scale * DX, 2: scale * DW})
    with pytest.raises(BrokenContract):
        reader.match((DX, None, DW, DB))


def test_one_array_for_two_inputs_is_the_gradient_of_both():
    reader = matcher(x=B, y=B)
    for _ in range(2):
        assert same(reader.match((DB, DB)), {0: DB, 1: DB})


def test_a_gradient_that_is_missing_now_may_come_later():
    reader = matcher(x=1.0, y=1.0)
    assert reader.match((None, 2.0)) == {1: 2.0}
    assert reader.match((3.0, 2.0)) == {0: 3.0, 1: 2.0}
    assert reader.match((None, 4.0)) == {1: 4.0}


def test_the_same_structure_in_other_shapes_is_read_anew():
    reader = matcher(x=X, w=X.T)
    assert same(reader.match([DX, DX.T]), {0: DX, 1: DX.T})
    rows = matcher(x=B[:2], y=B[:2])
    assert same(rows.match([1.0, 2.0]), {0: [1.0, 2.0]})
    assert same(rows.match([DB[:2], DB[2:]]), {0: DB[:2], 1: DB[2:]})
    assert same(rows.match([3.0, 4.0]), {0: [3.0, 4.0]})


nested = st.recursive(
    st.tuples(st.integers(0, 2), st.integers(1, 3)).map(lambda size: np.ones((size[1],) * size[0])),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.sampled_from("abcd"), inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(["x", "ws", "p"]), nested, min_size=1), st.booleans())
def test_gradients_nested_like_the_inputs_find_their_leaves(inputs, by_name):
    reader = matcher(**inputs)
    leaves, pieces = [], {}
    for name, value in inputs.items():
        tree = flatten(value)
        own = [leaf * (len(leaves) + k + 2) for k, leaf in enumerate(tree.leaves)]
        leaves += own
        pieces[name] = tree.build(own)
    result = {f"d{name}": piece for name, piece in pieces.items()} if by_name else tuple(pieces.values())
    for _ in range(2):
        found = reader.match(result)
        assert sorted(found) == list(range(len(leaves)))
        assert all(found[i] is leaf for i, leaf in enumerate(leaves))
