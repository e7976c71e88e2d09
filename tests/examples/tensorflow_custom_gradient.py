"""Clipping with a straight-through gradient where it does not clip, in TensorFlow."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

import gradtest


@tf.custom_gradient
def clipped(x):
    return tf.clip_by_value(x, -1.0, 1.0), lambda dout: tf.where(tf.abs(x) < 1, dout, tf.zeros_like(dout))


@tf.custom_gradient
def straight_through(x):
    return tf.clip_by_value(x, -1.0, 1.0), lambda dout: dout  # as if nothing were clipped


test_right = gradtest.property_of(clipped, x="batch n")
test_wrong = gradtest.property_of(straight_through, x="batch n")
