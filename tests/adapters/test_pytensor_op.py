"""PyTensor's Ops."""

import numpy as np
import pytest

import gradtest
from gradtest.errors import MisusedType

pytensor = pytest.importorskip("pytensor")
import pytensor.scalar as ps  # noqa: E402  # only where it is installed
import pytensor.tensor as pt  # noqa: E402
from pytensor.graph.basic import Apply  # noqa: E402
from pytensor.graph.op import Op  # noqa: E402

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 3))


class Doubled(Op):
    """y = 2 x + n, for an integer n."""

    factor = 2.0

    def make_node(self, x, n):
        x, n = pt.as_tensor_variable(x), pt.as_tensor_variable(n)
        return Apply(self, [x, n], [x.type()])

    def perform(self, node, inputs, output_storage):
        x, n = inputs
        output_storage[0][0] = 2.0 * x + n

    def pullback(self, inputs, outputs, cotangents):
        return [self.factor * cotangents[0], pytensor.gradient.disconnected_type()]

    def connection_pattern(self, node):
        return [[True], [False]]


class Wrong(Doubled):
    factor = 1.0


def test_an_op_of_ones_own():
    report = gradtest.check(Doubled(), X, np.array(3))
    assert report.verdict == "agrees", str(report)
    assert [block.name for block in report.blocks] == ["x"]
    report = gradtest.check(Wrong(), X, np.array(3))
    assert report.findings[0].code == "GT102"
    assert "Doubled.pullback" in report.findings[0].source  # where it is written


@pytest.mark.parametrize(
    ("op", "inputs"),
    [
        (pt.sin, (X,)),
        (pt.mul, (X, rng.normal(size=(2, 1)))),
        (ps.exp, (X,)),
        (pt.math.Dot(), (X, rng.normal(size=(3, 2)))),
    ],
    ids=["elementwise", "broadcast", "scalar", "of matrices"],
)
def test_ops_of_pytensor(op, inputs):
    assert gradtest.check(op, *inputs).verdict == "agrees"


def test_a_property_and_float32():
    test = gradtest.property_of(pt.mul, x="a b", y="a b")
    test()
    report = gradtest.check(pt.sin, X.astype(np.float32))
    assert report.verdict == "agrees"
    assert 1e-9 < report.resolution < 1e-3


def test_several_outputs():
    report = gradtest.check(pt.linalg.SVD(full_matrices=False), X)
    assert report.verdict == "agrees", str(report)


def test_an_op_without_a_pullback():
    with pytest.raises(MisusedType, match="SLogDet has no pullback"):
        gradtest.check(pt.linalg.SLogDet(), X @ X.T)
