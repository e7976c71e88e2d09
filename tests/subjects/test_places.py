"""What there is to check in a place: names, tables, files, folders, packages."""

import sys
import textwrap
from textwrap import dedent

import pytest

from gradtest.errors import Misuse
from gradtest.subjects.modules import load
from gradtest.subjects.offered import subjects
from gradtest.subjects.places import find


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file into a new current folder; what is imported from there is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    before = set(sys.modules)

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    yield write
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def forms(found):
    return {subject.target.name: subject.target.form for subject in found}


# -- pairs by name --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "derivative", "form"),
    [
        # pullbacks
        ("f(x)", "f_vjp(g, x)", "vjp"),
        ("f(x)", "f_backward(dout, x)", "vjp"),
        ("f(x)", "f_backward(dout, cache)", "vjp"),
        ("f(x)", "f_bwd(ct, x)", "vjp"),
        ("f(x)", "f_pullback(g, x)", "vjp"),
        ("f(x)", "backward_f(dy, x)", "vjp"),
        ("f_forward(x, w)", "f_backward(dout, cache)", "vjp"),
        ("f_forward(x, w)", "f_backward(x, w, grad_out)", "vjp"),
        ("f_fwd(x)", "f_bwd(g, x)", "vjp"),
        ("forward(x)", "backward(dout, x)", "vjp"),
        ("forward_f(x)", "backward_f(dout, x)", "vjp"),
        ("reluForward(x)", "reluBackward(dout, x)", "vjp"),
        # gradients
        ("f(x)", "df(x)", "grad"),
        ("f(x)", "d_f(x)", "grad"),
        ("f(x)", "f_grad(x)", "grad"),
        ("f(x)", "grad_f(x)", "grad"),
        ("f(x)", "f_gradient(x)", "grad"),
        ("f(x)", "f_prime(x)", "grad"),
        ("f(x)", "fprime(x)", "grad"),
        ("f(x)", "f_derivative(x)", "grad"),
        ("f(x)", "f_der(x)", "grad"),
        ("f(x)", "f_jac(x)", "grad"),
        ("f(x)", "f_jacobian(x)", "grad"),
        ("fun(x)", "jac(x)", "grad"),
        ("loss(x)", "grad(x)", "grad"),
        # a gradient in name, a pullback in kind, and the other way round
        ("f(x)", "df(dout, x)", "vjp"),
        ("f(x)", "f_grad(x, upstream)", "vjp"),
        ("f(x)", "f_backward(x)", "grad"),
        ("mse(pred, y)", "mse_backward(pred, y)", "grad"),
        ("huber(r, delta)", "huber_grad(r, delta)", "grad"),
        # both at once, and forward mode
        ("f(x)", "f_and_grad(x)", "value_and_grad"),
        ("f(x)", "f_jvp(primals, tangents)", "jvp"),
    ],
)
def test_a_derivative_is_known_by_its_name_and_its_parameters(write, function, derivative, form):
    write("pairs.py", f"def {function}: pass\ndef {derivative}: pass\n")
    (found,) = find("pairs.py")
    assert found.target.forward.__name__ == function.split("(")[0]
    assert found.target.derivative.__name__ == derivative.split("(")[0]
    assert found.target.form == form
    assert found.place == f"pairs.py::{function.split('(')[0]}"


@pytest.mark.parametrize("name", ["f_helper(x)", "g_grad(x)", "graduate(x)", "_f_grad(x)"])
def test_what_only_looks_alike_is_no_derivative(write, name):
    write("pairs.py", f"def f(x): pass\ndef {name}: pass\n")
    with pytest.raises(Misuse, match=r"pairs.py holds nothing to check"):
        find("pairs.py")


def test_functions_that_were_only_imported_are_not_checked(write):
    write("theirs.py", "def f(x): pass\ndef df(x): pass\n")
    write("mine.py", "from theirs import f, df\ndef g(x): pass\ndef dg(x): pass\n")
    assert set(forms(find("mine.py"))) == {"g"}


def test_a_target_that_a_module_makes_is_found(write):
    write(
        "made.py",
        "import gradtest\ntwice = gradtest.target(lambda x: 2 * x, vjp=lambda g, x: 2 * g, name='twice')\n",
    )
    assert forms(find("made.py")) == {"twice": "vjp"}
    assert forms(find("made.py::twice")) == {"twice": "vjp"}
    assert forms(find(".")) == {"twice": "vjp"}


# -- tables ---------------------------------------------------------------------------------------

TABLE = """
    def f(x): return x
    def df(x): return 1
    def g(x): return x
    def dg(c, x): return c
    def other(x): pass
    def other_grad(x): pass
    DERIVATIVES = [
        {"forward": f, "grad": df, "inputs": {"x": "n"}, "equation": "f'"},
        {"forward": g, "vjp": dg, "inputs": {"x": "batch n"}, "name": "second"},
        {"forward": f, "vjp": dg, "wrt": "x"},
    ]
"""


def test_a_table_comes_before_names(write):
    write("table.py", TABLE)
    found = find("table.py")
    assert [s.target.name for s in found] == ["f'", "second", "f"]
    assert [s.inputs for s in found] == [{"x": "n"}, {"x": "batch n"}, None]
    assert found[0].place == "table.py::df"


@pytest.mark.parametrize(("name", "count"), [("f", 2), ("df", 1), ("dg", 2), ("second", 1), ("other", 1)])
def test_a_row_is_named_by_its_name_or_either_function(write, name, count):
    write("table.py", TABLE)
    assert len(find(f"table.py::{name}")) == count


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("3", r"DERIVATIVES\[0\] is not a mapping with a 'forward'"),
        ("{'grad': f}", r"DERIVATIVES\[0\] is not a mapping with a 'forward'"),
        ("{'forward': f, 'gard': f}", r"unknown key 'gard'; did you mean 'grad'\?"),
        ("{'forward': f}", "no derivative"),
    ],
)
def test_a_row_that_cannot_be_read_gets_a_sentence(write, row, message):
    write("table.py", f"def f(x): return x\nDERIVATIVES = [{row}]\n")
    with pytest.raises(Misuse, match=message):
        find("table.py")


# -- places ---------------------------------------------------------------------------------------

PAIR = "def f(x): pass\ndef df(x): pass\n"


def test_in_a_folder_only_what_can_be_checked_is_imported(write):
    write("code/pair.py", PAIR)
    write("code/deeper/pair.py", PAIR)
    write("code/script.py", "raise SystemExit('was run')\n")
    write("code/test_pair.py", PAIR)
    write("code/conftest.py", PAIR)
    write("code/.hidden/pair.py", PAIR)
    write("code/env/pyvenv.cfg", "")
    write("code/env/pair.py", PAIR)
    found = find("code")
    assert sorted(s.place for s in found) == ["code/deeper/pair.py::f", "code/pair.py::f"]
    assert {s.target.name for s in found} == {s.place for s in found}, "equal names are told apart"


def test_a_file_in_a_folder_that_cannot_be_read_is_no_silence(write):
    write("code/pair.py", PAIR)
    write("code/broken.py", "def (")
    with pytest.raises(Misuse, match=r"broken.py cannot be read as Python"):
        find("code")


def test_a_package_is_imported_as_one(write):
    write("pack/__init__.py", "")
    write("pack/tools.py", "two = 2\n")
    write("pack/pair.py", "from .tools import two\n" + PAIR)
    for place in ("pack", "./pack", "pack/pair.py", "pack.pair", "pack.pair:f", "pack/pair.py::f"):
        (found,) = find(place)
        assert found.target.forward.__module__ == "pack.pair", place


def test_the_table_of_a_package_is_all_there_is_to_it(write):
    write("pack/__init__.py", "from .table import DERIVATIVES\n")
    write("pack/table.py", "def g(x): pass\ndef h(x): pass\nDERIVATIVES = [{'forward': g, 'grad': h}]\n")
    write("pack/pair.py", PAIR)
    assert [s.target.forward.__name__ for s in find("pack")] == ["g"]
    assert [s.target.forward.__name__ for s in find("pack/")] == ["g"]


def test_two_files_of_one_name_are_two_modules(write):
    write("one/pair.py", PAIR + "which = 1\n")
    write("two/pair.py", PAIR + "which = 2\n")
    assert [load("one/pair.py").which, load("two/pair.py").which] == [1, 2]


def test_a_file_finds_its_neighbours(write):
    write("sub/neighbour.py", "two = 2\n")
    write("sub/pair.py", "from neighbour import two\n" + PAIR)
    assert set(forms(find("sub/pair.py"))) == {"f"}


def test_what_lies_here_comes_before_what_is_installed(write, monkeypatch):
    write("reference/__init__.py", PAIR)
    monkeypatch.delitem(sys.modules, "reference", raising=False)
    assert [s.target.forward.__name__ for s in find("reference")] == ["f"]


def test_the_reference_lists_all_its_derivatives():
    import reference

    assert len(subjects(reference)) == len(reference.DERIVATIVES)


def test_layers_are_found_but_for_abstract_ones(tmp_path, monkeypatch):
    text = """
    import numpy as np

    class Layer:
        def forward(self, x):
            raise NotImplementedError

        def backward(self, dout):
            raise NotImplementedError

    class Tanh(Layer):
        def forward(self, x):
            self.y = np.tanh(x)
            return self.y

        def backward(self, dout):
            return dout * (1 - self.y**2)
    """
    path = tmp_path / "layers_of_a_student.py"
    path.write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(tmp_path)
    assert [subject.target.name for subject in find(str(path))] == ["Tanh"]
    assert [subject.target.name for subject in find(str(tmp_path))] == ["Tanh"]  # in a folder, too
    assert [subject.target.name for subject in find(f"{path}::Tanh")] == ["Tanh"]


# -- functions with a derivative of their own -----------------------------------------------------

RULES = """
    import functools
    import jax, jax.numpy as jnp

    @jax.custom_vjp
    def product(x, y): return jnp.sin(x) * y
    def product_fwd(x, y): return product(x, y), (x, y)
    def product_bwd(kept, g):
        x, y = kept
        return g * y * jnp.cos(x), g * jnp.sin(x)
    product.defvjp(product_fwd, product_bwd)

    @functools.partial(jax.custom_jvp)
    def growth(x): return jnp.exp(x)
    @growth.defjvp
    def growth_jvp(primals, tangents): return growth(*primals), jnp.exp(*primals) * tangents[0]
"""


def test_decorated_functions_are_found_and_their_rules_are_not_taken_for_pairs(write):
    pytest.importorskip("jax")
    write("pkg/rules.py", RULES)
    write("pkg/plain.py", "def f(x): return x")
    for place in ("pkg/rules.py", "pkg"):
        assert sorted(subject.target.name for subject in find(place)) == ["growth", "product"]
