"""How drawn arrays lie in memory."""

import numpy as np
import pytest

from gradtest.errors import Misuse
from gradtest.properties.layouts import Layout, laid_out, read_layouts

X = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("x", [X, X.astype("c8"), np.arange(3), np.float32([[[1]]]), np.array(2.0), X[:0]])
def test_values_and_dtype_stay(layout, x):
    found = laid_out(x, layout)
    assert (found.shape, found.dtype) == (x.shape, x.dtype)
    assert np.array_equal(found, x)
    assert not np.shares_memory(found, x)


def test_layouts_are_what_they_are_called():
    found = {layout: laid_out(X, layout) for layout in Layout}
    assert found[Layout.C].flags.c_contiguous
    assert found[Layout.FORTRAN].flags.f_contiguous
    assert not found[Layout.FORTRAN].flags.c_contiguous
    assert not found[Layout.STRIDED].flags.forc
    assert all(step > 0 for step in found[Layout.STRIDED].strides)
    assert all(step < 0 for step in found[Layout.REVERSED].strides)
    assert [layout for layout in Layout if not found[layout].flags.writeable] == [Layout.READ_ONLY]


def test_words_for_layouts():
    assert read_layouts("any") == tuple(Layout)
    assert read_layouts("F") == (Layout.FORTRAN,)
    assert read_layouts(["C", "reversed"]) == (Layout.C, Layout.REVERSED)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("fortran", r"layout='fortran' names no layout in 'fortran'; known: C, F, any, read-only, reversed"),
        (("C", "revers"), r"did you mean 'reversed'\?"),
        (3, "layout=3 is no layout; write 'any', or some of C, F, strided, reversed, read-only"),
        ((), "is no layout"),
        ((3,), "is no layout"),
    ],
)
def test_misuse_gets_a_sentence(words, sentence):
    with pytest.raises(Misuse, match=sentence):
        read_layouts(words)
