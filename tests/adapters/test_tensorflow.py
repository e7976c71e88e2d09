"""TensorFlow and Keras: custom gradients, tf.function, layers and their variables."""

import os

import numpy as np
import pytest

import gradtest
from gradtest.errors import GradientError, Misuse, MisusedType

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
tf = pytest.importorskip("tensorflow")

X = np.array([[0.5, -1.5, 2.0], [1.25, -0.75, 0.25]])


def sine(factor=1.0):
    @tf.custom_gradient
    def sine(x, w):
        def grad(dout):
            dx = dout * w * tf.cos(w * x)
            return dx, factor * tf.reduce_sum(dout * x * tf.cos(w * x), axis=0)

        return tf.sin(w * x), grad

    return sine


def test_a_custom_gradient():
    report = gradtest.check(sine(), X, X[0])
    assert report.ok
    assert report.target == "sine"
    assert [block.name for block in report.blocks] == ["x", "w"]
    assert report.resolution < 1e-7
    (finding,) = gradtest.check(sine(2.0), X, X[0]).findings
    assert (finding.parameter, finding.code) == ("w", "GT102")


def test_a_property():
    gradtest.property_of(sine(), x="batch n", w="n")()
    with pytest.raises(GradientError, match="wrong gradient for w"):
        gradtest.property_of(sine(-1.0), x="batch n", w="n")()


def test_functions_of_tensorflow_and_others():
    assert gradtest.check(tf.function(lambda x: tf.tanh(x) ** 2), X).ok
    assert gradtest.check(tf.nn.softmax, X).ok
    target = gradtest.autodiff(
        lambda x, rows: {"out": tf.gather(x, rows)}, "tensorflow", wrt="x", name="rows"
    )
    report = gradtest.check(target, X, np.array([1, 0, 1]))
    assert report.ok
    assert report.target == "rows"


def test_a_path_that_was_cut():
    cut = gradtest.autodiff(lambda x: x * tf.stop_gradient(tf.tanh(x)), "tensorflow")
    assert gradtest.check(cut, X).verdict == "disagrees"


def test_layers_of_keras():
    keras = pytest.importorskip("keras")
    dense = keras.layers.Dense(2, activation="tanh", dtype="float64")
    with pytest.raises(Misuse, match="has no weights yet; call it once"):
        gradtest.check(dense, X)
    dense(X)
    before = [v.numpy() for v in dense.variables]
    report = gradtest.check(dense, X)
    assert report.ok
    assert [block.name for block in report.blocks] == ["inputs", "kernel", "bias"]
    assert report.resolution < 1e-7
    gradtest.property_of(dense, inputs="batch 3")()
    assert all(np.array_equal(v.numpy(), b) for v, b in zip(dense.variables, before, strict=True))
    single = keras.layers.Dense(2)
    single(X)
    assert gradtest.check(single, X).ok


def test_tensors_are_asked_for_as_arrays():
    with pytest.raises(MisusedType, match=r"is a tensor of TensorFlow; give it as an array"):
        gradtest.check(tf.nn.relu, tf.constant(X))
