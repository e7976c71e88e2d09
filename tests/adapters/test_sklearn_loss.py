"""scikit-learn's losses."""

import numpy as np
import pytest

import gradtest
from gradtest.adapters.recognise import as_target

losses = pytest.importorskip("sklearn._loss.loss")

rng = np.random.default_rng(0)
Y, RAW, WEIGHT = rng.uniform(0.1, 0.9, 5), rng.normal(size=5), np.array([1.0, 2.0, 0.5, 1.5, 3.0])


@pytest.mark.parametrize(
    "name", ["HalfSquaredError", "HalfPoissonLoss", "HalfGammaLoss", "HalfBinomialLoss", "ExponentialLoss"]
)
def test_losses(name):
    loss = getattr(losses, name)()
    assert gradtest.check(loss, Y, RAW).verdict == "agrees"
    assert gradtest.check(loss, Y, RAW, WEIGHT).verdict == "agrees"
    assert "hvp" in as_target(loss).further


def test_several_classes():
    loss = losses.HalfMultinomialLoss(n_classes=3)
    report = gradtest.check(loss, np.array([0, 1, 2, 1]), rng.normal(size=(4, 3)))
    assert report.verdict == "agrees"
    assert "hvp" not in as_target(loss).further  # the diagonal is not the whole
    assert "hvp" not in as_target(losses.HuberLoss(delta=0.5)).further  # approximate by its own word


def test_a_wrong_one():
    class Wrong(losses.HalfSquaredError):
        def gradient(self, *args, **kwargs):
            return 2 * super().gradient(*args, **kwargs)

    (finding,) = gradtest.check(Wrong(), Y, RAW).findings
    assert finding.parameter == "raw_prediction"
    assert finding.code == "GT102"
