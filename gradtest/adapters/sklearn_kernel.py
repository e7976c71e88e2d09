"""scikit-learn: kernels and Gaussian processes, by theta, the logarithm of their hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradtest.signatures import standing_for
from gradtest.targets import Target, target

__all__ = ["LOOKED_FOR", "recognise"]

LOOKED_FOR = "a scikit-learn kernel or Gaussian process"


def recognise(subject: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Target | None:
    """Return the target of a kernel, or of the marginal likelihood of a fitted Gaussian process; else None.

    Of a kernel the inputs are ``X``, by which nothing is claimed, and its parameter ``theta``; the
    derivative is what ``kernel(X, eval_gradient=True)`` returns.  Of a Gaussian process the input
    is ``theta``.

    Notes
    -----
    Every evaluation runs on a clone with another theta.
    """
    if callable(getattr(subject, "clone_with_theta", None)) and np.size(getattr(subject, "theta", ())):
        return _of_kernel(subject)
    if callable(getattr(subject, "log_marginal_likelihood", None)) and hasattr(subject, "kernel_"):
        return _of_process(subject)
    return None


def _of_kernel(kernel: Any) -> Target:
    def gram(X: Any, *, theta: Any) -> Any:
        return kernel.clone_with_theta(theta)(X)

    def gradient(X: Any, *, theta: Any) -> Any:
        return kernel.clone_with_theta(theta)(X, eval_gradient=True)[1]

    standing_for(gradient, type(kernel).__call__)
    name = type(kernel).__name__
    return target(gram, grad=gradient, wrt="theta", parameters={"theta": kernel.theta}, name=name)


def _of_process(process: Any) -> Target:
    def likelihood(theta: Any) -> Any:
        return process.log_marginal_likelihood(theta, clone_kernel=True)

    def gradient(theta: Any) -> Any:
        return process.log_marginal_likelihood(theta, eval_gradient=True, clone_kernel=True)[1]

    standing_for(gradient, type(process).log_marginal_likelihood)
    return target(likelihood, grad=gradient, name=type(process).__name__)
