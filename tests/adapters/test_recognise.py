"""Whatever people have, as a target."""

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

import gradtest
from gradtest.adapters.recognise import as_target
from gradtest.errors import MisusedType

X = np.array([1.3, 0.7])


def test_a_target_is_its_own():
    square = gradtest.target(np.square, grad=lambda x: 2 * x)
    assert as_target(square) is square


def test_a_pair_of_functions():
    assert gradtest.check((rosen, rosen_der), X).ok
    assert gradtest.check((rosen, lambda x: -rosen_der(x)), X).verdict == "disagrees"


def test_what_is_not_recognised_is_named_and_what_was_looked_for():
    with pytest.raises(MisusedType, match=r"rosen is not recognised \(looked for: .*a pair \(fun, jac\)"):
        as_target(rosen)
    with pytest.raises(MisusedType, match=r"dict object is not recognised .*gradtest\.target\(forward, vjp="):
        as_target({})
