"""What `scipy.optimize.minimize` is given: a valley with its gradient, once without a factor."""

import numpy as np

import gradtest


def valley(x, steepness):
    return steepness * np.sum((x[1:] - x[:-1] ** 2) ** 2) + np.sum((1 - x[:-1]) ** 2)


def slope(x, steepness):
    along, across = x[1:] - x[:-1] ** 2, 1 - x[:-1]
    g = np.zeros_like(x)
    g[1:] += 2 * steepness * along
    g[:-1] -= 4 * steepness * x[:-1] * along + 2 * across
    return g


def slope_wrong(x, steepness):
    return slope(x, steepness) / 2  # check_grad sees nothing at the minimum, x = 1


test_right = gradtest.property_of({"fun": valley, "jac": slope, "args": (100.0,)}, x="3")
test_wrong = gradtest.property_of({"fun": valley, "jac": slope_wrong, "args": (100.0,)}, x="3")
