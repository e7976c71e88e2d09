"""numpy-ml 0.1.2: the layers, modules, losses and activations of its neural nets, as cases of the trial."""

from __future__ import annotations

import collections
import collections.abc
import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import gradtest

__all__ = ["NAME", "REAL", "cases"]

NAME = "numpy-ml"

Case = tuple[str, Any, Callable[[np.random.Generator], tuple[Any, ...]]]

#: What disagrees, and why that is a mistake of the library: read in its source, and confirmed otherwise.
REAL: dict[str, str] = {
    "layer Embedding, pool sum": "dW[ids] += dy adds once for a word that occurs twice in a row",
    "layer Embedding, pool mean": "dW[ids] += dy adds once for a word that occurs twice in a row",
    "layer SparseEvolution": "forward calls numpy.random.binomial(shape=), which no version takes",
    "layer Pool2D max {'pad': 1}": "backward takes windows of X without its padding, and they may be empty",
    "wrapper Dropout": "backward does not apply the mask to the gradient of the input",
    "layer RNN": "gradients is a property without a setter, which the base class sets",
    "layer LSTM": "gradients is a property without a setter, which the base class sets",
}


def _imported() -> Any:
    """Import the library, which was written for older versions of Python."""
    for name in ("Hashable", "Iterable", "Mapping"):
        setattr(collections, name, getattr(collections.abc, name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import numpy_ml.neural_nets as nets
    return nets


def normal(*shape: int) -> Callable[[np.random.Generator], tuple[Any, ...]]:
    return lambda rng: (rng.normal(size=shape),)


def cases() -> Iterator[Case]:
    """Yield name, what to check, and how its inputs are drawn."""
    nets = _imported()
    yield from _activations(nets.activations)
    yield from _losses(nets.losses, nets.activations)
    yield from _layers(nets.layers, nets.wrappers)
    yield from _modules(nets.modules)


def _activations(known: Any) -> Iterator[Case]:
    for name in known.ActivationBase.__subclasses__():
        made = name()
        yield f"activation {name.__name__}", made, normal(3, 4)
        second = gradtest.target(functools.partial(_real, made.grad), grad=made.grad2)
        yield f"activation {name.__name__}, second derivative", second, normal(3, 4)
    yield "activation Identity", known.Identity(), normal(3, 4)


def _real(function: Callable[..., Any], x: Any) -> Any:
    return 1.0 * function(x)  # one of them is made of integers


def _losses(known: Any, activations: Any) -> Iterator[Case]:
    squared, cross, tanh = known.SquaredError(), known.CrossEntropy(), activations.Tanh()

    def classes(rng: np.random.Generator) -> tuple[Any, ...]:
        return rng.normal(size=(4, 3)), np.eye(3)[rng.integers(0, 3, 4)]

    def softmax(z: Any) -> Any:
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    # Both are gradients by what goes into the activation before them, as their docstrings say.
    yield (
        "loss SquaredError",
        gradtest.target(
            lambda z, y: squared.loss(y, tanh.fn(z)),
            grad=lambda z, y: squared.grad(y, tanh.fn(z), z, tanh),
            wrt="z",
        ),
        lambda rng: (rng.normal(size=(4, 3)), rng.normal(size=(4, 3))),
    )
    yield (
        "loss CrossEntropy",
        gradtest.target(
            lambda z, y: cross.loss(y, softmax(z)), grad=lambda z, y: cross.grad(y, softmax(z)), wrt="z"
        ),
        classes,
    )
    variational = known.VAELoss()

    def by_name(y: Any, y_pred: Any, t_mean: Any, t_log_var: Any) -> dict[str, Any]:
        d_pred, d_log_var, d_mean = variational.grad(y, y_pred, t_mean, t_log_var)
        return {"y_pred": d_pred, "t_log_var": d_log_var, "t_mean": d_mean}

    yield (
        "loss VAELoss",
        gradtest.target(variational.loss, grad=by_name, wrt=("y_pred", "t_mean", "t_log_var")),
        lambda rng: (
            *(rng.uniform(0.1, 0.9, size=(3, 4)), rng.uniform(0.1, 0.9, size=(3, 4))),
            *(rng.normal(size=(3, 2)), rng.normal(size=(3, 2))),
        ),
    )


def _layers(known: Any, wrappers: Any) -> Iterator[Case]:
    several = lambda rng: ([rng.normal(size=(3, 4)) for _ in range(3)],)  # noqa: E731  # a short one
    yield "layer Add", known.Add("Tanh"), several
    yield "layer Multiply", known.Multiply("Tanh"), several
    yield "layer Flatten", known.Flatten(), normal(2, 3, 2)
    yield "layer BatchNorm1D", known.BatchNorm1D(), normal(5, 3)
    yield "layer BatchNorm2D", known.BatchNorm2D(), normal(3, 4, 2, 2)
    yield "layer LayerNorm1D", known.LayerNorm1D(), normal(4, 5)
    yield "layer LayerNorm2D", known.LayerNorm2D(), normal(3, 4, 2, 2)
    words = lambda rng: (rng.integers(0, 6, size=(3, 4)),)  # noqa: E731
    for pool in (None, "sum", "mean"):
        yield f"layer Embedding, pool {pool}", known.Embedding(3, 6, pool=pool), words
    for act in (None, "Tanh", "ReLU", "Sigmoid"):
        yield f"layer FullyConnected, {act}", known.FullyConnected(4, act), normal(5, 3)
    yield "layer Softmax", known.Softmax(), normal(4, 3)
    yield "layer SparseEvolution", known.SparseEvolution(4, act_fn="Tanh"), normal(5, 3)
    for how in ({}, {"pad": 1}, {"stride": 2}, {"dilation": 1}, {"pad": "same"}):
        yield f"layer Conv1D {how or ''}", known.Conv1D(3, 3, act_fn="Tanh", **how), normal(2, 7, 2)
    for how in ({}, {"pad": 1}, {"stride": 2}, {"dilation": 1}, {"pad": "same"}):
        yield f"layer Conv2D {how or ''}", known.Conv2D(3, (2, 3), act_fn="Tanh", **how), normal(2, 6, 7, 2)
    for mode in ("max", "average"):
        for how in ({}, {"stride": 2}, {"pad": 1}):
            yield (
                f"layer Pool2D {mode} {how or ''}",
                known.Pool2D((2, 2), mode=mode, **how),
                normal(2, 4, 4, 2),
            )
    for how in ({}, {"stride": 2}, {"pad": 1}):
        yield (
            f"layer Deconv2D {how or ''}",
            known.Deconv2D(3, (2, 3), act_fn="Tanh", **how),
            normal(2, 4, 5, 2),
        )
    yield "layer RNNCell", known.RNNCell(3), normal(2, 4)
    yield "layer LSTMCell", known.LSTMCell(3), normal(2, 4)
    yield "layer RNN", lambda: known.RNN(3), normal(2, 4, 3)
    yield "layer LSTM", lambda: known.LSTM(3), normal(2, 4, 3)
    three = lambda rng: tuple(rng.normal(size=(2, n, 3)) for n in (4, 4, 4))  # noqa: E731
    yield "layer DotProductAttention", known.DotProductAttention(), three
    yield "wrapper Dropout", wrappers.Dropout(known.FullyConnected(4, "Tanh"), 0.5), normal(5, 3)


def _modules(known: Any) -> Iterator[Case]:
    identity = functools.partial(known.SkipConnectionIdentityModule, 2, (3, 3), (3, 3), act_fn="Tanh")
    yield "module SkipConnectionIdentityModule", identity, normal(2, 4, 4, 2)
    conv = functools.partial(
        known.SkipConnectionConvModule, 3, 2, (3, 3), (3, 3), (3, 3), 1, 1, 1, 1, act_fn="Tanh"
    )
    yield "module SkipConnectionConvModule", conv, normal(2, 5, 5, 2)
    yield "module BidirectionalLSTM", functools.partial(known.BidirectionalLSTM, 3), normal(2, 3, 4)
    three = lambda rng: tuple(rng.normal(size=(4, 6)) for _ in range(3))  # noqa: E731
    attention = functools.partial(known.MultiHeadedAttentionModule, n_heads=2)
    yield "module MultiHeadedAttentionModule", attention, three
    both = lambda rng: tuple(rng.normal(size=(2, 6, 2)) for _ in range(2))  # noqa: E731
    yield (
        "module WavenetResidualModule",
        functools.partial(known.WavenetResidualModule, 2, 3, 1, 2),
        both,
    )
