"""A Hessian, or a product with it, beside the gradient."""

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der, rosen_hess, rosen_hess_prod

import gradtest
from gradtest import Settings, target

X = np.array([1.3, 0.7, -0.8])
ORDER = Settings(laws="second-order")


def half_diagonal(x):
    return rosen_hess(x) * (1 - np.eye(3) / 2)


def wrong_cross_term(x):
    hess = rosen_hess(x)
    hess[0, 1] = hess[1, 0] = -200 * x[0]  # -400
    return hess


def not_symmetric(x):
    hess = rosen_hess(x)
    hess[0, 1] = 0.0
    return hess


@pytest.mark.parametrize("hess", [half_diagonal, wrong_cross_term, not_symmetric], ids=lambda f: f.__name__)
def test_only_second_order_sees_a_wrong_hessian(hess):
    report = gradtest.check(target(rosen, grad=rosen_der, hess=hess), X)
    assert [law.name for law in report.laws if law.verdict == "disagrees"] == ["second-order"]
    (finding,) = report.findings
    assert finding.headline.startswith(f"gradtest {finding.code}: wrong Hessian for x")
    assert finding.target == "rosen"
    assert finding.source.endswith(hess.__name__)


def test_a_wrong_product():
    def product(x, v):
        return 2 * rosen_hess_prod(x, v)

    (finding,) = gradtest.check(target(rosen, grad=rosen_der, hvp=product), X).findings
    assert finding.headline.startswith("gradtest GT102: wrong Hessian product for x - it is 2 times")


def test_a_product_may_take_its_vector_by_keyword():
    def product(x, *, v):
        return rosen_hess_prod(x, v)

    assert gradtest.check(target(rosen, grad=rosen_der, hvp=product), X).ok
    wrong = target(rosen, grad=rosen_der, hvp=lambda x, *, v: -product(x, v=v))
    (finding,) = gradtest.check(wrong, X).findings
    assert finding.code == "GT101"
    assert finding.source.startswith("test_second_order.py:")


def test_right_ones():
    report = gradtest.check(target(rosen, grad=rosen_der, hess=rosen_hess, hvp=rosen_hess_prod), X)
    assert report.ok
    assert {law.name: law.verdict for law in report.laws}["second-order"] == "agrees"


def test_a_wrong_gradient_with_its_own_hessian_is_for_the_first_law():
    subject = target(rosen, grad=lambda x: 2 * rosen_der(x), hess=lambda x: 2 * rosen_hess(x))
    assert gradtest.check(subject, X, settings=ORDER).ok
    assert gradtest.check(subject, X).verdict == "disagrees"


def test_asymmetry_is_seen_where_the_gradient_is_too_noisy_to_measure():
    """In steps of 1000, the gradient cannot be measured; symmetry needs no measurement."""
    subject = target(rosen, grad=lambda x: np.round(rosen_der(x), -3), hess=not_symmetric)
    assert gradtest.check(subject, X, settings=ORDER).findings[0].code == "GT133"


def test_objectives_have_a_derivative_for_each_prediction():
    """As XGBoost and LightGBM have them: gradients and second derivatives entry by entry."""
    y = np.array([0.0, 1.0, 1.0])

    def loss(p):
        return np.log1p(np.exp(p)) - y * p

    def grad(p):
        return 1 / (1 + np.exp(-p)) - y

    def hess(p):
        s = 1 / (1 + np.exp(-p))
        return s * (1 - s)

    assert gradtest.check(target(loss, grad=grad, hess=hess), X).ok
    wrong = gradtest.check(target(loss, grad=grad, hess=lambda p: np.ones_like(p)), X)
    assert wrong.findings[0].law == "second-order"


def test_a_vjp_has_a_gradient_too():
    subject = target(
        lambda x: float(np.sin(x).sum()),
        vjp=lambda dout, x: dout * np.cos(x),
        hvp=lambda x, v: -np.sin(x) * v,
    )
    assert gradtest.check(subject, X).ok
    wrong = target(subject.forward, vjp=subject.derivative, hvp=lambda x, v: np.sin(x) * v)
    assert gradtest.check(wrong, X).findings[0].code == "GT101"


def test_what_cannot_be_asked_is_skipped():
    def reason(subject, *inputs):
        return gradtest.check(subject, *inputs, settings=ORDER).reason

    assert reason(target(rosen, grad=rosen_der), X).endswith("no second derivative is claimed (hess=, hvp=)")
    two = target(lambda x, y: x @ y, vjp=lambda g, x, y: (g * y, g * x), hess=lambda x, y: np.eye(3))
    assert "gradients are claimed for x, y; choose one by wrt=" in reason(two, X, X)
