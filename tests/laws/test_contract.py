"""What comes back has the precision of what went in."""

import numpy as np
import pytest

import gradtest
from gradtest import Settings, target

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])


def test_a_gradient_in_a_lower_precision():
    def backward(dout, x):
        return (dout * np.cos(x)).astype(np.float32)

    subject = target(np.sin, vjp=backward)
    assert gradtest.check(subject, X, settings=Settings(laws="derivative")).ok
    report = gradtest.check(subject, X)
    assert [law.name for law in report.laws if law.verdict == "disagrees"] == ["contract"]
    (finding,) = report.findings
    assert (finding.code, finding.what) == ("GT303", "backward returns float32 for x, which is float64")
    assert finding.headline == "gradtest GT303: backward returns float32 for x, which is float64"


@pytest.mark.parametrize(
    ("forward", "backward", "x"),
    [
        (np.sin, lambda dout, x: dout * np.cos(x), X),
        (np.sin, lambda dout, x: (dout * np.cos(x)).astype(np.float64), X.astype(np.float32)),
        # where the map itself computes in float32, no digits are lost
        (lambda x: np.sin(x.astype("f4")), lambda dout, x: dout * np.cos(x.astype("f4")), X),
        (lambda x: x.sum(), lambda dout, x: np.full(x.shape, dout), X),
        (lambda x: float(x.sum()), lambda dout, x: dout * np.ones(x.shape, int), X),
    ],
)
def test_what_is_no_lower_precision(forward, backward, x):
    assert gradtest.check(target(forward, vjp=backward), x, settings=Settings(laws="contract")).ok


def test_what_nothing_is_claimed_for_is_said():
    subject = target(lambda x, y: x * y, vjp=lambda dout, x, y: (dout * y, None))
    report = gradtest.check(subject, X, X + 1, settings=Settings(laws="contract"))
    assert (report.verdict, report.laws[0].reason) == ("agrees", "nothing is claimed for y")


def test_what_does_not_fit_is_of_the_contract():
    report = gradtest.check(target(np.sin, vjp=lambda dout, x: dout.T), X)
    assert [(law.name, law.verdict) for law in report.laws] == [("contract", "disagrees")]
    assert report.findings[0].code == "GT301"
