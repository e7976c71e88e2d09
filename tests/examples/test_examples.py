"""The examples: one small program for each kind of target, with a right and a wrong gradient.

In each file here, ``test_right`` passes and ``test_wrong`` fails, and says that a gradient, or a
Hessian, is wrong.
"""

import importlib.util
import re
from pathlib import Path

import pytest

from gradtest.errors import GradientError

HERE = Path(__file__).parent
EXAMPLES = sorted(path for path in HERE.glob("*.py") if not path.name.startswith("test_"))


def loaded(path):
    """Return the example, or skip the test where it needs what is not installed."""
    spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ModuleNotFoundError as missing:
        pytest.skip(f"needs {missing.name}, which is not installed")
    return module


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_right_gradient_passes(path):
    loaded(path).test_right()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_wrong_gradient_fails(path):
    with pytest.raises((GradientError, BaseExceptionGroup)) as raised:
        loaded(path).test_wrong()
    errors = getattr(raised.value, "exceptions", [raised.value])
    assert all(isinstance(error, GradientError) for error in errors)
    assert any(re.search("wrong (gradient|Hessian|Hessian product) for", str(error)) for error in errors)
