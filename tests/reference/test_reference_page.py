"""The page says what is there: names, links, equations, examples. And what it may import."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path

import pytest

import reference

FOLDER = Path(reference.__file__).parent
PAGE = FOLDER / "README.md"
MODULES = [module.name for module in pkgutil.iter_modules([str(FOLDER)])]
LINK = re.compile(r"\[`(\w+)`\]\((\w+)\.py\)")


@pytest.mark.parametrize("module", MODULES)
def test_examples_of_the_modules(module):
    results = doctest.testmod(importlib.import_module(f"reference.{module}"))
    assert results.failed == 0


@pytest.mark.parametrize("name", reference.__all__)
def test_everything_public_is_explained(name):
    thing = getattr(reference, name)
    if inspect.isfunction(thing):
        assert all(part in thing.__doc__ for part in ("Parameters\n", "Returns\n", ">>> "))
        assert set(inspect.signature(thing).parameters) == set(thing.__annotations__) - {"return"}
    elif inspect.isclass(thing):
        assert thing.__doc__


def test_examples_of_the_page():
    results = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert results.failed == 0
    assert results.attempted > 0


def test_every_name_on_the_page_is_where_the_page_says():
    links = LINK.findall(PAGE.read_text(encoding="utf-8"))
    assert links
    for name, module in links:
        assert getattr(reference, name).__module__ == f"reference.{module}", name
    functions = {name for name in reference.__all__ if inspect.isfunction(getattr(reference, name))}
    assert {name for name, _ in links} == functions


def test_the_table_on_the_page_is_the_table_in_the_code():
    def link(function):
        return f"[`{function.__name__}`]({function.__module__.removeprefix('reference.')}.py)"

    on_the_page = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    in_the_code = []
    for row in reference.DERIVATIVES:
        derivative = row["vjp"] if "vjp" in row else row["grad"]
        in_the_code.append(f"| `{row['equation']}` | {link(row['forward'])} | {link(derivative)} |")
    assert on_the_page == in_the_code


def test_no_public_name_is_the_name_of_a_module():
    assert not set(reference.__all__) & set(MODULES)


def strangers(source):
    """What `source` imports that is neither NumPy, nor the standard library, nor the reference."""
    imports = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imports |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            imports.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Name) and node.id in {"__import__", "importlib"}:
            imports.add(node.id)
    return imports - {"numpy", "reference"} - (sys.stdlib_module_names - {"importlib"})


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.name)
def test_numpy_and_nothing_else(path):
    assert strangers(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    "source",
    [
        "import gradtest",
        "def f():\n    from gradtest.spaces import space",
        "import scipy.special as s",
        "import importlib",
    ],
)
def test_a_stranger_would_be_seen(source):
    assert strangers(source)
    assert not strangers(
        "import math\nimport numpy as np\nfrom . import loss\nfrom .layer import weighted_sum"
    )
