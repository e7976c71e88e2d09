"""A root-mean-square normalisation with a scale, as a module around a Function of its own."""

import torch

import gradtest


class Normalise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, eps):
        r = torch.rsqrt((x * x).mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, r)
        return x * r

    @staticmethod
    def backward(ctx, dout):
        x, r = ctx.saved_tensors
        return r * dout - x * r**3 * (x * dout).mean(-1, keepdim=True), None


class NormaliseByConstant(Normalise):
    @staticmethod
    def backward(ctx, dout):
        _, r = ctx.saved_tensors
        return r * dout, None  # as if r were no function of x


class RMSNorm(torch.nn.Module):
    def __init__(self, width, normalise):
        super().__init__()
        self.gamma = torch.nn.Parameter(torch.ones(width))
        self.normalise = normalise

    def forward(self, x):
        return self.gamma * self.normalise.apply(x, 1e-5)


test_right = gradtest.property_of(RMSNorm(4, Normalise), x="batch 4")
test_wrong = gradtest.property_of(RMSNorm(4, NormaliseByConstant), x="batch 4")
