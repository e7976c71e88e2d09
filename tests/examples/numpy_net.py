"""A whole net of layers, and a loss of integer labels; one layer sums where the batch must be kept apart."""

import numpy as np

import gradtest


class Dense:
    def __init__(self, n_in, n_out):
        self.params = {"W": np.random.randn(n_in, n_out) / np.sqrt(n_in), "b": np.zeros(n_out)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        self.grads["W"], self.grads["b"] = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.params["W"].T


class MeanBias(Dense):
    def backward(self, dout):
        dx = super().backward(dout)
        self.grads["b"] = dout.mean(axis=0)
        return dx


class Classifier:
    dense = Dense

    def __init__(self, n_in, classes):
        self.layers = [self.dense(n_in, 3), self.dense(3, classes)]

    def forward(self, x, labels):
        self.hidden = np.tanh(self.layers[0].forward(x))
        logits = self.layers[1].forward(self.hidden)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.p, self.one_hot = p / p.sum(axis=1, keepdims=True), np.eye(p.shape[1])[labels]
        return -np.sum(self.one_hot * np.log(self.p)) / len(x)

    def backward(self):
        dhidden = self.layers[1].backward((self.p - self.one_hot) / len(self.p))
        return self.layers[0].backward(dhidden * (1 - self.hidden**2))


class Wrong(Classifier):
    dense = MeanBias


test_right = gradtest.property_of(Classifier(2, 3), x="batch 2", labels="batch : labels 3")
test_wrong = gradtest.property_of(Wrong(2, 3), x="batch 2", labels="batch : labels 3")
