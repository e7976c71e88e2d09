"""An Op of PyTensor, and one whose pullback does not use what comes from above."""

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op

import gradtest


class LogSumExp(Op):
    def make_node(self, x):
        x = pt.as_tensor_variable(x)
        return Apply(self, [x], [pt.vector(dtype=x.dtype)])

    def perform(self, node, inputs, output_storage):
        (x,) = inputs
        output_storage[0][0] = np.logaddexp.reduce(x, axis=1)

    def pullback(self, inputs, outputs, cotangents):
        (x,) = inputs
        return [cotangents[0][:, None] * pt.exp(x - outputs[0][:, None])]


class Wrong(LogSumExp):
    def pullback(self, inputs, outputs, cotangents):
        (x,) = inputs
        return [pt.exp(x - outputs[0][:, None])]


test_right = gradtest.property_of(LogSumExp(), x="batch n")
test_wrong = gradtest.property_of(Wrong(), x="batch n")
