"""Inputs as data and back: the same values, nothing run, and a sentence for what cannot be kept."""

import dataclasses
import json
import math
import pickle
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradtest.failures.packing import CannotKeep, libraries, pack, spell, unpack


def there_and_back(value):
    archive = {}
    data = json.loads(json.dumps(pack(value, "x", archive), allow_nan=False))
    return unpack(data, archive)


def same(a, b):
    assert type(a) is type(b)
    if isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        return all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (np.ndarray, np.generic)):
        same_bytes = a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        return same_bytes or (a.ndim == 0 and a.dtype == b.dtype and repr(a) == repr(b))  # a NaN is a NaN
    return a == b or (a != a and b != b)


numbers = st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text()
some_arrays = hnp.arrays(st.sampled_from(["f8", "f4", "f2", "i8", "?", "c16"]), hnp.array_shapes(min_side=0))
scalars = some_arrays.filter(lambda a: a.size).map(lambda a: a.reshape(-1)[0])
nested = st.recursive(
    numbers | some_arrays | scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(nested)
def test_what_is_packed_comes_back_as_it_was(value):
    assert same(there_and_back(value), value)


class Pair(NamedTuple):
    left: float
    right: object


@dataclasses.dataclass
class Layer:
    weight: object
    bias: object = None


def test_named_tuples_and_dataclasses_come_back_as_what_they_were():
    back = there_and_back(Pair(1.5, [Layer(np.ones(2), 3)]))
    assert isinstance(back, Pair)
    assert isinstance(back.right[0], Layer)
    assert same(back.right[0].weight, np.ones(2))


def test_numbers_that_numpy_does_not_know_come_back():
    value = np.array([1.5, -2.0], pytest.importorskip("ml_dtypes").bfloat16)
    assert same(there_and_back(value), value)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (np.array([None]), "x is an array of objects"),
        ([{"w": object()}], r"x\[0\]\['w'\] is a object"),
        ({1: 2.0}, "x is a dict"),
        (lambda: 0, "x is a function"),
        (dataclasses.make_dataclass("L", ["a"])(1.0), None),
    ],
)
def test_what_cannot_be_kept_gets_a_sentence(value, what):
    if what is None:
        type(value).__qualname__ = "f.<locals>.L"
        what = "x is a L, a class that cannot be imported by its name"
    with pytest.raises(CannotKeep, match=what):
        pack(value, "x", {})


@pytest.mark.parametrize(
    "data",
    [
        {"array": "gone", "dtype": "float64"},
        {"float": "os.system('true')"},
        {"class": "os:system", "fields": {"command": "true"}, "more": 1},
        {"class": "no.such.module:Layer", "fields": {}},
        {"list": 1, "tuple": 2, "x": 3},
    ],
)
def test_damaged_data_is_a_sentence_and_runs_nothing(data, monkeypatch):
    monkeypatch.setattr("os.system", lambda command: pytest.fail("it was run"))
    with pytest.raises(CannotKeep):
        unpack(data, {})


# -- as Python ------------------------------------------------------------------------------------


@given(nested)
def test_the_expression_makes_the_same_value(value):
    archive = {}
    text = spell(pack(value, "x", archive), "x", archive, lambda name, text: text)
    names = {"np": np, "arrays": archive, "math": math}
    assert same(eval(text, names), value)


def test_an_expression_can_be_changed_where_its_name_says():
    archive = {}
    data = pack({"w": [np.ones(2), 0.5]}, "p", archive)
    text = spell(data, "p", archive, lambda name, text: f"f({text})" if name == "p['w'][1]" else text)
    assert text == "{'w': [np.array([1.0, 1.0]), f(0.5)]}"


def test_large_arrays_are_read_from_the_archive():
    archive = {}
    assert spell(pack(np.zeros(65), "x", archive), "x", archive, lambda n, t: t) == "arrays['x']"
    assert archive["x"].shape == (65,)


def test_libraries_are_named():
    assert list(libraries({"tuple": [{"array": "x", "dtype": "float32", "of": "torch"}, 1.0]})) == ["torch"]


def test_nothing_is_pickled():
    with pytest.raises(CannotKeep):
        pack(pickle.Pickler, "x", {})
