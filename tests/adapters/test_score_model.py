"""Models with loglike, score and hessian."""

import numpy as np
import pytest

import gradtest
from gradtest.adapters.recognise import as_target

rng = np.random.default_rng(0)
X = np.column_stack([np.ones(30), rng.normal(size=(30, 2))])
Y = (rng.random(30) > 0.5).astype(float)


class Logistic:
    def loglike(self, params):
        z = X @ params
        return np.sum(Y * z - np.logaddexp(0, z))

    def score(self, params):
        return X.T @ (Y - 1 / (1 + np.exp(-X @ params)))

    def hessian(self, params):
        p = 1 / (1 + np.exp(-X @ params))
        return -(X.T * (p * (1 - p))) @ X


class Reversed(Logistic):
    def score(self, params):
        return -super().score(params)


def test_a_model_of_ones_own():
    assert gradtest.check(Logistic(), np.array([0.3, -0.2, 0.5])).verdict == "agrees"
    assert "hess" in as_target(Logistic()).further
    report = gradtest.check(Reversed(), np.array([0.3, -0.2, 0.5]))
    assert report.findings[0].what == "the sign is flipped"


@pytest.mark.parametrize(
    "name", ["Logit", "Probit", "Poisson", "OLS", "NegativeBinomial", "GLM", "GLM gamma"]
)
def test_statsmodels(name):
    sm = pytest.importorskip("statsmodels.api")
    counts = np.round(3 * Y + rng.random(30))
    made = {
        "Logit": lambda: sm.Logit(Y, X),
        "Probit": lambda: sm.Probit(Y, X),
        "Poisson": lambda: sm.Poisson(counts, X),
        "OLS": lambda: sm.OLS(Y, X),
        "NegativeBinomial": lambda: sm.NegativeBinomial(counts, X),
        "GLM": lambda: sm.GLM(Y, X, family=sm.families.Binomial()),
        # Its scale is estimated where it is not given.
        "GLM gamma": lambda: sm.GLM(Y + 1, X, family=sm.families.Gamma(sm.families.links.Log())),
    }
    params = np.array([0.3, -0.2, 0.25, *([0.4] if name == "NegativeBinomial" else [])])
    report = gradtest.check(made[name](), params)
    broken = [law.name for law in report.laws if law.verdict == "disagrees"]
    # Its Hessian is not the derivative of its score: -2.0 for -10.0 in the last row (statsmodels 0.14).
    assert broken == (["second-order"] if name == "NegativeBinomial" else [])
    assert {law.name: law.verdict for law in report.laws}["derivative"] == "agrees"
