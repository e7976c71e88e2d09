"""A loss in plain torch: a Huber loss, and one through which part of the gradient does not flow."""

import torch

import gradtest


def huber(prediction, truth):
    error = prediction - truth
    small = error.abs() < 1
    return torch.where(small, 0.5 * error**2, error.abs() - 0.5).mean()


def huber_weighted(prediction, truth):
    weight = 1 / (1 + (prediction - truth).detach() ** 2)  # held on purpose, or by mistake?
    return (weight * (prediction - truth) ** 2).mean()


test_right = gradtest.property_of(gradtest.autodiff(huber, "torch"), prediction="n", truth="n")
test_wrong = gradtest.property_of(gradtest.autodiff(huber_weighted, "torch"), prediction="n", truth="n")
