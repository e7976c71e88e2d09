"""What scipy's optimisers are given, in its forms."""

import numpy as np
import pytest
import scipy.sparse as sparse
from scipy.optimize import NonlinearConstraint, rosen, rosen_der, rosen_hess, rosen_hess_prod
from scipy.sparse.linalg import aslinearoperator

import gradtest
from gradtest.adapters.recognise import as_target
from gradtest.errors import MisusedType

X = np.array([1.3, 0.7, 0.2])
T = np.linspace(0, 1, 7)


def scaled(x, a, b):
    return a * np.sum(x**2) + b * x[0]


def scaled_gradient(x, a, b):
    return 2 * a * x + np.array([b, 0.0, 0.0])


def residuals(x):
    return x[0] * np.exp(-x[1] * T) - x[2]


def jacobian(x):
    e = np.exp(-x[1] * T)
    return np.stack([e, -x[0] * T * e, -np.ones(7)], axis=1)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ((rosen, rosen_der), (rosen, lambda x: -rosen_der(x))),
        (
            (lambda x: (rosen(x), rosen_der(x)), True),
            (lambda x: (rosen(x), 2 * rosen_der(x)), True),
        ),
        (
            {"fun": scaled, "jac": scaled_gradient, "args": (2.0, 3.0), "x0": X, "method": "BFGS"},
            {"fun": scaled, "jac": lambda x, a, b: 2 * a * x, "args": (2.0, 3.0)},
        ),
        (
            {"fun": lambda x, a: a * x @ x, "jac": lambda x, a: 2 * a * x, "args": 2.0, "type": "ineq"},
            {"fun": lambda x, a: a * x @ x, "jac": lambda x, a: 3 * a * x, "args": 2.0, "type": "ineq"},
        ),
        ((residuals, jacobian), (residuals, lambda x: -jacobian(x))),
        (
            (residuals, lambda x: sparse.csr_array(jacobian(x))),
            (residuals, lambda x: sparse.csr_array(-jacobian(x))),
        ),
        (
            (residuals, lambda x: aslinearoperator(jacobian(x))),
            (residuals, lambda x: aslinearoperator(-jacobian(x))),
        ),
        (
            NonlinearConstraint(residuals, 0, 1, jac=jacobian),
            NonlinearConstraint(residuals, 0, 1, jac=lambda x: 2 * jacobian(x)),
        ),
    ],
    ids=["pair", "jac=True", "minimize", "constraint", "least squares", "sparse", "operator", "object"],
)
def test_forms(right, wrong):
    assert gradtest.check(right, X).verdict == "agrees"
    assert gradtest.check(wrong, X).verdict == "disagrees"


def test_second_derivatives_are_further_claims():
    triple = as_target((rosen, rosen_der, rosen_hess))
    assert set(triple.further) == {"hess"}
    problem = as_target({"fun": rosen, "jac": rosen_der, "hess": "2-point", "hessp": rosen_hess_prod})
    assert set(problem.further) == {"hvp"}
    held = as_target(
        {"fun": scaled, "jac": scaled_gradient, "hessp": lambda x, p, a, b: 2 * a * p, "args": (1, 2)}
    )
    assert held.further["hvp"](X, X).tolist() == (2 * X).tolist()


def test_default_arguments_behind_those_that_are_given():
    fun = {"fun": lambda x, a, b=2.0: a * b * x @ x, "jac": lambda x, a, b=2.0: 2 * a * b * x, "args": (3.0,)}
    assert gradtest.check(fun, X).ok


def test_no_derivative_is_claimed():
    with pytest.raises(MisusedType, match="jac='2-point' of rosen claims no derivative"):
        as_target({"fun": rosen, "jac": "2-point"})


def test_other_mappings_and_pairs_are_not_taken():
    for subject in ({"fun": rosen}, {"fun": rosen, "jac": rosen_der, "colour": 1}, (rosen, 3.0), (1, 2, 3)):
        with pytest.raises(MisusedType, match=r"is not recognised \(looked for"):
            as_target(subject)
