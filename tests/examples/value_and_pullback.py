"""``f -> value, pullback``: a quadratic form, and one whose pullback takes the matrix to be symmetric."""

import gradtest


def form(x, a):
    def pullback(dout):
        return dout * (a + a.T) @ x, dout * x[:, None] * x

    return x @ a @ x, pullback


def form_wrong(x, a):
    def pullback(dout):
        return dout * 2 * a @ x, dout * x[:, None] * x

    return x @ a @ x, pullback


test_right = gradtest.property_of(gradtest.target(value_and_pullback=form), x="n", a="n n")
test_wrong = gradtest.property_of(gradtest.target(value_and_pullback=form_wrong), x="n", a="n n")
