"""What forward calls its outputs, and which of them are meant."""

import pytest

from gradtest.adapters.numpy_outputs import paired_by_name, returned_names


class Cell:
    def both(self, x):
        h, self.c = x, -x
        return h, self.c

    def one(self, x):
        return x

    def in_two_places(self, x):
        if x > 0:
            h, c = x, 0
            return h, c
        c, h = x, 0
        return c, h

    def with_a_function_within(self, x):
        def twice(x):
            return x, x

        h, _ = twice(x)
        return h, x + 1


@pytest.mark.parametrize(
    ("method", "names"),
    [
        (Cell.both, ("h", "c")),
        (Cell.one, None),
        (Cell.in_two_places, None),
        (Cell.with_a_function_within, ("h", "")),
        (len, None),
    ],
)
def test_outputs_are_called_as_they_are_returned(method, names):
    assert returned_names(method) == names


@pytest.mark.parametrize(
    ("cotangents", "outputs", "order"),
    [
        (["dh", "dc"], ["h", "c"], (0, 1)),
        (["dc", "dh"], ["h", "c"], (1, 0)),
        (["grad_c"], ["h", "c"], (1,)),
        (["dout", "dc"], ["c", ""], (1, 0)),  # by what is left
        (["dout", "dc"], ["c", "h", "n"], None),  # either of two
        (["dout"], ["h", "c"], None),
        (["dh", "grad_h"], ["h", "c"], None),
    ],
)
def test_cotangents_are_of_the_outputs_that_they_name(cotangents, outputs, order):
    assert paired_by_name(cotangents, outputs) == order
