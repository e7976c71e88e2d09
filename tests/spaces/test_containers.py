"""Nested values taken apart and put together; their leaves have names."""

import dataclasses
from collections import OrderedDict, defaultdict, deque
from typing import NamedTuple

import numpy as np
import optree
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtest.spaces.containers import flatten, parts

A, B = np.zeros(2), np.ones(3)


class Pair(NamedTuple):
    w: object
    b: object


@dataclasses.dataclass
class Layer:
    weight: object
    bias: object = None
    kind: str = "tanh"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    layer: Layer
    scale: float


@dataclasses.dataclass
class Derived:
    w: object
    half: object = dataclasses.field(init=False)

    def __post_init__(self):
        self.half = None if self.w is None else self.w / 2


# Nested values, and the paths of their leaves.
VALUES = [
    (A, ("",)),
    (1.0, ("",)),
    (None, ("",)),
    ("text", ("",)),
    ([A, B], ("[0]", "[1]")),
    ((A, [B, None]), ("[0]", "[1][0]", "[1][1]")),
    ({"b": A, "a": B}, ("['a']", "['b']")),
    ({1: A, "a": {"x y": B}}, ("[1]", "['a']['x y']")),
    (OrderedDict(b=A, a=B), ("['b']", "['a']")),
    (defaultdict(list, b=A), ("['b']",)),
    (deque([A, B]), ("[0]", "[1]")),
    (Pair(A, [B]), (".w", ".b[0]")),
    (Layer(A, B), (".weight", ".bias", ".kind")),
    (Frozen(layer=Layer(A), scale=2.0), (".layer.weight", ".layer.bias", ".layer.kind", ".scale")),
    ([Layer(A), {"p": Pair(A, B)}], ("[0].weight", "[0].bias", "[0].kind", "[1]['p'].w", "[1]['p'].b")),
    (Derived(B), (".w",)),
    ([], ()),
    ({}, ()),
    ([(), {}], ()),
]


@pytest.mark.parametrize(("value", "paths"), VALUES, ids=repr)
def test_paths_can_be_typed(value, paths):
    tree = flatten(value)
    assert tree.paths == paths
    for leaf, path in zip(tree.leaves, paths, strict=True):
        assert eval("value" + path) is leaf


@pytest.mark.parametrize(("value", "paths"), VALUES, ids=repr)
def test_taken_apart_and_put_together(value, paths):
    tree = flatten(value)
    marks = [f"leaf {i}" for i in range(len(paths))]
    if isinstance(value, Derived):
        marks = [np.ones(1)]
    again = tree.build(marks)
    assert type(again) is type(value) or paths == ("",)
    assert flatten(again).leaves == marks
    assert flatten(again).paths == paths


@pytest.mark.parametrize(("value", "paths"), VALUES, ids=repr)
def test_parts_are_one_level_of_the_same(value, paths):
    inside = parts(value)
    if paths == ("",):
        assert inside is None
        return
    assert [part.path + path for part in inside for path in flatten(part.value).paths] == list(paths)
    for part in inside:
        assert eval("value" + part.path) is part.value
        assert part.key is None or part.key in part.path


def test_what_a_derived_field_holds_is_made_anew():
    tree = flatten(Derived(B))
    assert np.array_equal(tree.build([4 * B]).half, 2 * B)


def test_a_dataclass_that_its_author_taught_optree():
    @dataclasses.dataclass
    class Known:
        w: float

    optree.register_pytree_node(
        Known, lambda v: ((v.w,), None, ("w",)), lambda _, children: Known(*children), namespace="gradtest"
    )
    assert flatten(Known(1.0)).leaves == [1.0]
    assert flatten([Known(A), Known(B)]).leaves[1] is B


def test_a_class_is_a_leaf_though_it_is_a_dataclass():
    assert flatten([Layer, A]).leaves[0] is Layer


leaves = st.just(A) | st.floats() | st.none() | st.text(max_size=3)
nested = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2) | st.integers(0, 9), inner, max_size=3)
        | st.builds(Pair, inner, inner)
        | st.builds(Layer, inner, inner)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200)
@given(nested)
def test_the_leaves_are_those_that_building_takes(value):
    tree = flatten(value)
    marks = [object() for _ in tree.leaves]
    again = flatten(tree.build(marks))
    assert again.leaves == marks
    assert again.paths == tree.paths
    assert len(set(tree.paths)) == len(tree.paths)
