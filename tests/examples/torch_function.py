"""Softplus as a ``torch.autograd.Function``: log(1 + exp(βx)) / β, where β is a number."""

import torch
from hypothesis import strategies as st

import gradtest


class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.save_for_backward(x)
        ctx.beta = beta
        return torch.logaddexp(beta * x, torch.zeros_like(x)) / beta

    @staticmethod
    def backward(ctx, dout):
        (x,) = ctx.saved_tensors
        return dout * torch.sigmoid(ctx.beta * x), None


class SoftplusOfOne(Softplus):
    @staticmethod
    def backward(ctx, dout):
        (x,) = ctx.saved_tensors
        return dout * torch.sigmoid(x), None  # it has forgotten β


test_right = gradtest.property_of(Softplus, x="batch n", beta=st.sampled_from([0.5, 1.0, 2.0]))
test_wrong = gradtest.property_of(SoftplusOfOne, x="batch n", beta=st.sampled_from([0.5, 1.0, 2.0]))
