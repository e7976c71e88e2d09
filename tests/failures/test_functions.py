"""Functions in a script: imported by name where they have one, else copied with all that they use."""

import functools
import math
import subprocess
import sys
from math import exp
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import rosen

from gradtest.failures.functions import Named, Script, load, named
from gradtest.failures.packing import CannotKeep
from tests.failures import users

ROOT = Path(__file__).resolve().parents[2]
K = 3.0


def inner(x):
    return K * np.sin(x)


def outer(x, scale=K):
    """Uses a function and constants of this module, which imports gradtest."""
    return inner(x) * exp(scale)


def decorator(function):
    @functools.wraps(function)
    def wrapped(x):
        return 2 * function(x)

    return wrapped


@decorator
def decorated(x):
    return x + 1


def made(a, table):
    def closure(dout, x):
        return dout * a * np.cos(x) * table

    return closure, lambda dout, x: dout * a


CLOSURE, LAMBDA = made(2.0, np.array([1.0, 2.0]))
ONE, OTHER = (lambda x: x + 1, lambda x: x * np.pi)


def brought(function, base=ROOT):
    script = Script(base)
    name = script.bring(function, "role")
    paths = [f"import sys; sys.path[:0] = [str({path})]" for path in script.paths]
    top = f"from pathlib import Path\nROOT = Path({str(base)!r})"
    return name, "\n".join([top, *paths, *script.imports, *script.copies])


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (users.affine, "affine"),
        (users.Dense.forward, "Dense.forward"),
        (np.tanh, "tanh"),
        (np.linalg.norm, "norm"),
        (math.sin, "sin"),
        (rosen, "rosen"),
        (decorated, "decorated"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_can_be_imported_has_a_name_and_is_found_by_it(function, name):
    place = named(function)
    assert place.name == name
    assert load(place) is function


@pytest.mark.parametrize("function", [CLOSURE, LAMBDA, ONE, users.Dense().forward.__call__, object()])
def test_what_is_made_while_the_program_runs_has_none(function):
    assert named(function) is None


def test_a_function_that_is_gone_gets_a_sentence():
    place = named(users.affine)
    with pytest.raises(CannotKeep, match=r"tests\.failures\.users has no gone any more"):
        load(Named(place.module, place.file, "gone"))
    with pytest.raises(CannotKeep, match="no_such_module cannot be imported"):
        load(Named("no_such_module", "", "f"))


def test_a_file_is_loaded_where_its_name_leads_elsewhere(tmp_path):
    (tmp_path / "users.py").write_text("def affine():\n    return 'another'\n", encoding="utf-8")
    found = load(Named("tests.failures.users", str(tmp_path / "users.py"), "affine"))
    assert found() == "another"
    assert sys.modules["tests.failures.users"] is users


# -- scripts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (users.affine, (np.ones((1, 2)), np.ones((2, 1)), np.ones(1))),
        (users.Dense.forward, (2.0,)),
        (np.tanh, (0.5,)),
        (rosen, (np.array([1.0, 2.0]),)),
        (outer, (0.5,)),
        (decorated, (0.5,)),
        (CLOSURE, (2.0, 0.5)),
        (LAMBDA, (2.0, 0.5)),
        (ONE, (0.5,)),
        (OTHER, (0.5,)),
        (abs, (-1.0,)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_function_in_a_script_does_what_it_does_here_and_needs_nothing_of_ours(
    function, arguments, tmp_path
):
    name, top = brought(function)
    text = (
        f"{top}\nimport sys\nprint(np.array2string(np.asarray({name}(*eval(sys.argv[1]))), precision=12))\n"
    )
    text += "print([m for m in ('gradtest', 'hypothesis', 'pytest') if m in sys.modules])"
    (tmp_path / "it.py").write_text("import numpy as np\nfrom numpy import array\n" + text, encoding="utf-8")
    words = [sys.executable, str(tmp_path / "it.py"), repr(arguments)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    said = np.array2string(np.asarray(function(*arguments)), precision=12)
    assert done.stdout.splitlines() == [*said.splitlines(), "[]"], top + done.stderr


def test_a_path_in_a_script_is_relative_to_the_folder():
    assert f"str(ROOT / {ROOT.name!r})" in brought(users.affine, ROOT.parent)[1]
    assert "str(ROOT)" in brought(users.affine)[1]


def test_of_two_lambdas_on_a_line_the_right_one_is_copied():
    assert brought(ONE)[1].endswith("role = lambda x: x + 1")
    assert brought(OTHER)[1].endswith("role = lambda x: x * np.pi")


THING = object()


def uses_a_thing(x):
    return THING, x


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (uses_a_thing, "it uses THING, a object, which cannot be copied"),
        (functools.partial(users.affine, b=0.0), "it has no name and no source"),
        (eval("lambda x: x"), "the source of <lambda> is not to be had"),
    ],
)
def test_what_cannot_be_had_again_gets_a_sentence(function, why):
    with pytest.raises(CannotKeep, match=why):
        brought(function)


def test_names_that_the_script_needs_are_kept_free():
    script = Script(ROOT)
    script.reserve(["affine"])
    assert script.bring(users.affine, "forward") == "affine_"
    assert "from tests.failures.users import affine as affine_" in script.imports
    assert script.bring(users.affine, "derivative") == "affine_"
