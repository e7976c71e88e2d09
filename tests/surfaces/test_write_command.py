"""The command that writes tests."""

import subprocess
import sys

import pytest

MODULE = """
import numpy as np


def affine(x, w, b):
    return x @ w + b


def affine_backward(dout, x, w, b):
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def square(x):
    return x**2


def dsquare(x):
    return 3 * x


def configured(config, x):
    return config["factor"] * x


def configured_backward(dout, config, x):
    return None, config["factor"] * dout


class Layer:
    def forward(self, x):
        raise NotImplementedError

    def backward(self, dout):
        raise NotImplementedError


class SoftmaxLoss(Layer):
    def forward(self, logits, labels):
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.p, self.labels = p / p.sum(axis=1, keepdims=True), labels
        return -np.log(self.p[np.arange(len(labels)), labels]).sum()

    def backward(self):
        d = self.p.copy()
        d[np.arange(len(d)), self.labels] -= 1
        return d
"""

WRITTEN = '''"""Derivatives of layers.py, held to their laws over generated inputs."""

import gradtest
import layers

test_affine = gradtest.property_of(layers.affine, layers.affine_backward, x="batch in", w="in out", b="out")
test_square = gradtest.property_of((layers.square, layers.dsquare), x="n")
'''


def gradtest_in(folder, *words):
    command = [sys.executable, "-m", "gradtest", "write", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    (folder / "layers.py").write_text(MODULE)
    done = gradtest_in(folder, "layers.py", "-o", "test_layers.py")
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_what_is_written(written):
    folder, said = written
    assert said == "wrote test_layers.py: 3 tests, 1 TODO (shapes that could not be guessed)\n"
    text = (folder / "test_layers.py").read_text()
    assert text.startswith(WRITTEN)
    assert "# TODO: nothing says how the inputs of configured look" in text
    assert 'test_softmax_loss = gradtest.property_of(layers.SoftmaxLoss, logits="batch k", labels=' in text
    assert "Layer," not in text.replace("SoftmaxLayer,", "")  # the abstract one
    assert max(map(len, text.splitlines())) <= 110


def test_what_is_written_runs(written):
    folder, _ = written
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_layers.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert "1 failed, 2 passed" in done.stdout
    assert "wrong gradient for x" in done.stdout  # of the square


def test_nothing_is_overwritten(written):
    folder, _ = written
    (folder / "test_mine.py").write_text("precious = True\n")
    done = gradtest_in(folder, "layers.py::square", "-o", "test_mine.py")
    assert done.returncode == 4
    assert "test_mine.py exists; give --force to overwrite it" in done.stderr
    assert (folder / "test_mine.py").read_text() == "precious = True\n"
    assert gradtest_in(folder, "layers.py::square", "-o", "test_mine.py", "--force").returncode == 0
    assert "test_square" in (folder / "test_mine.py").read_text()


def test_shapes_that_are_given_and_another_folder(written):
    folder, _ = written
    (folder / "tests").mkdir()
    words = ("layers.py::configured", "--inputs", "config: n", "--inputs", "x: n")
    done = gradtest_in(folder, *words)
    assert 'property_of(layers.configured, layers.configured_backward, config="n", x="n")' in done.stdout
    done = gradtest_in(folder, "layers.py::square", "-o", "tests/test_square.py")
    text = (folder / "tests" / "test_square.py").read_text()
    assert 'sys.path.insert(0, str(Path(__file__).parent / ".."))' in text
    compile(text, "test_square.py", "exec")
