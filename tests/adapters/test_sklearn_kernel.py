"""scikit-learn's kernels and Gaussian processes, by theta."""

import numpy as np
import pytest

import gradtest

kernels = pytest.importorskip("sklearn.gaussian_process.kernels")
gaussian = pytest.importorskip("sklearn.gaussian_process")

rng = np.random.default_rng(0)
X = rng.normal(size=(5, 2))

RIGHT = [
    kernels.RBF(1.3),
    kernels.RBF([0.5, 2.0]),
    kernels.Matern(0.7, nu=1.5),
    kernels.RationalQuadratic() + kernels.WhiteKernel(),
    kernels.ExpSineSquared() * kernels.ConstantKernel(2.0),
    kernels.DotProduct() ** 2,
]


@pytest.mark.parametrize("kernel", RIGHT, ids=str)
def test_kernels(kernel):
    report = gradtest.check(kernel, X)
    assert report.verdict == "agrees", str(report)
    assert [block.name for block in report.blocks] == ["theta"]


class Forgetful(kernels.RBF):
    """The derivative by the length scale, not by its logarithm."""

    def __call__(self, X, Y=None, eval_gradient=False):
        if not eval_gradient:
            return super().__call__(X, Y)
        K, gradient = super().__call__(X, Y, eval_gradient=True)
        return K, gradient / self.length_scale


def test_a_kernel_that_forgets_the_logarithm():
    assert gradtest.check(Forgetful(1.0), X).ok  # nothing to see at 1
    test = gradtest.property_of(Forgetful(1.0), X="n d")  # but theta is drawn
    with pytest.raises(gradtest.GradientError, match="wrong gradient for theta"):
        test()


def test_the_marginal_likelihood_of_a_process():
    kernel = kernels.RBF() + kernels.WhiteKernel(0.1)
    process = gaussian.GaussianProcessRegressor(kernel, optimizer=None).fit(X, np.sin(X[:, 0]))
    assert gradtest.check(process, np.array([0.2, -1.0])).verdict == "agrees"
