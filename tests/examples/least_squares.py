"""Residuals and their Jacobian for `scipy.optimize.least_squares`; one without an inner derivative."""

import numpy as np

import gradtest

t = np.linspace(0, 1, 9)
y = 2 * np.exp(-1.5 * t)


def residuals(p):
    return p[0] * np.exp(-p[1] * t) + p[2] - y


def jacobian(p):
    decay = np.exp(-p[1] * t)
    return np.column_stack([decay, -p[0] * t * decay, np.ones_like(t)])


def jacobian_wrong(p):
    decay = np.exp(-p[1] * t)
    return np.column_stack([decay, -p[0] * decay, np.ones_like(t)])


test_right = gradtest.property_of((residuals, jacobian), p="3")
test_wrong = gradtest.property_of((residuals, jacobian_wrong), p="3")
