"""The direction in which the house is built: floors, names, docstrings, held by reading the source.

Each rule is a function from a tree of source files to a list of offences, so that it can be shown an offence
and has to see it (the last part of this page).
"""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: A module imports its own floor and those beneath.
FLOORS = (
    ("errors", "settings", "numerics"),
    ("spaces",),
    ("targets", "signatures", "parameters", "matching", "case", "probe"),
    ("verdict", "claimed_slopes", "steps", "judgement", "kinks"),
    ("diagnosis",),
    ("failures",),
    ("laws",),
    ("properties",),
    ("adapters",),
    ("subjects",),
    (
        "run",
        "replay",
        "guess",
        "plan",
        "record",
        "baseline",
        "campaign",
        "extremes",
        "workers",
        "shards",
        "fuzzing",
    ),
    ("surfaces",),
)
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}

#: The doors: found lazily, they may name anything.
DOORS = ("gradtest", "gradtest.__main__")

#: What adapters may know of the house.
ADAPTERS_KNOW = ("targets", "spaces", "errors", "signatures", "parameters")

NAMED_FOR_NOTHING = {"utils", "util", "misc", "helpers", "helper", "common", "core", "base", "tools", "stuff"}

FRAMEWORKS = {"torch", "jax", "jaxlib", "tensorflow", "keras", "autograd", "equinox", "flax", "optax", "cupy"}
FRAMEWORKS |= {"xgboost", "lightgbm", "sklearn", "pytensor", "mlx", "dask", "jaxtyping", "aesara"}


# -- reading --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Module:
    """One source file: its dotted name and its syntax tree."""

    name: str
    tree: ast.Module
    is_package: bool

    @property
    def part(self) -> str:
        """The floor's name for it: numerics for gradtest.numerics.line."""
        return self.name.split(".")[1] if "." in self.name else ""

    @property
    def package(self) -> str:
        return self.name if self.is_package else self.name.rpartition(".")[0]


@dataclass(frozen=True)
class Import:
    """One imported module, from wherever in a file: on top, deferred, or for types only."""

    name: str
    relative: bool
    line: int


def read(folder: Path) -> dict[str, Module]:
    """Return all modules of a package, by name."""
    modules = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if package else parts)
        modules[name] = Module(name, ast.parse(path.read_text(encoding="utf-8")), package)
    return modules


def imports(module: Module, modules: dict[str, Module]) -> Iterator[Import]:
    """Yield what a module imports; ``from package import module`` imports the module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, False, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(module, node)
            for alias in node.names:
                name = f"{base}.{alias.name}"
                yield Import(name if name in modules else base, node.level > 0, node.lineno)


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.package.split(".")
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, *(node.module.split(".") if node.module else [])])


def inner(modules: dict[str, Module]) -> Iterator[tuple[Module, Import, Module]]:
    """Yield the imports of one module of the house by another, doors aside."""
    for module in modules.values():
        for found in imports(module, modules):
            if module.name not in DOORS and found.name not in DOORS and found.name in modules:
                yield module, found, modules[found.name]


# -- rules ----------------------------------------------------------------------------------------


def floors(modules: dict[str, Module]) -> list[str]:
    """A module imports its own floor and those beneath."""
    return [
        f"{module.name}:{found.line} imports {found.name}, which stands on a higher floor"
        for module, found, other in inner(modules)
        if FLOOR[other.part] > FLOOR[module.part]
    ]


def known_floors(modules: dict[str, Module]) -> list[str]:
    """Every module stands on a floor."""
    return sorted({m.part for m in modules.values() if m.name not in DOORS} - set(FLOOR))


def neighbours(modules: dict[str, Module]) -> list[str]:
    """Inside a folder imports are relative, across floors absolute."""
    offences = []
    for module, found, other in inner(modules):
        if module.part == other.part and not found.relative:
            offences.append(f"{module.name}:{found.line} imports its neighbour {found.name} by its full name")
        if FLOOR[module.part] != FLOOR[other.part] and found.relative:
            offences.append(f"{module.name}:{found.line} imports {found.name} as if it were a neighbour")
    return offences


def cycles(modules: dict[str, Module]) -> list[str]:
    """No module imports itself through others, not even for its types."""
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for module, found, _ in inner(modules):
        if found.name != module.name and not (
            modules[found.name].is_package and found.name == module.package
        ):
            graph[module.name].add(found.name)
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def adapters(modules: dict[str, Module]) -> list[str]:
    """An adapter knows targets, spaces and errors, and no adapter of another library."""
    return [
        f"{module.name}:{found.line} imports {found.name}"
        for module, found, other in inner(modules)
        if module.part == "adapters" and other.part not in ADAPTERS_KNOW
        if _library(module) != _library(other)
    ]


def _library(module: Module) -> str:
    """Return torch for gradtest.adapters.torch_module, nothing for what is no adapter."""
    return module.name.rpartition(".")[2].partition("_")[0] if module.part == "adapters" else ""


def reference_unknown(modules: dict[str, Module]) -> list[str]:
    """Gradtest does not know the reference."""
    return _imported(modules, lambda top: top == "reference")


def reference_alone(modules: dict[str, Module]) -> list[str]:
    """The reference knows NumPy, the standard library, and itself."""
    return _imported(modules, lambda top: top not in {"numpy", "reference"} | sys.stdlib_module_names)


def _imported(modules: dict[str, Module], wrong: Callable[[str], bool]) -> list[str]:
    return [
        f"{module.name}:{found.line} imports {found.name}"
        for module in modules.values()
        for found in imports(module, modules)
        if wrong(found.name.split(".")[0])
    ]


def frameworks(modules: dict[str, Module]) -> list[str]:
    """A framework is named in its adapter and nowhere else; prose may mention it."""
    offences = []
    for module in modules.values():
        if module.part == "adapters":
            continue
        prose = set(map(id, _docstring_nodes(module.tree)))
        for node in ast.walk(module.tree):
            word = _word(node) if id(node) not in prose else ""
            if word.split(".")[0] in FRAMEWORKS:
                offences.append(f"{module.name}:{getattr(node, 'lineno', 0)} names {word}")
    return offences


def _word(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.ImportFrom):
        return node.module or ""
    return str(getattr(node, "id", getattr(node, "name", "")) or "")


def names(modules: dict[str, Module]) -> list[str]:
    """A file is named for what it knows."""
    return [name for name in modules if set(name.split(".")) & NAMED_FOR_NOTHING]


def shadows(modules: dict[str, Module]) -> list[str]:
    """No public name of the front door equals the name of a module beside it."""
    door = modules.get("gradtest")
    offered = _offered(door.tree) if door else []
    return [name for name in offered if f"gradtest.{name}" in modules]


def light_surfaces(modules: dict[str, Module]) -> list[str]:
    """The page of `surfaces` offers no names and imports nothing: the plugin stays light."""
    module = modules.get("gradtest.surfaces")
    return [f"line {found.line}: {found.name}" for found in imports(module, modules)] if module else []


# -- docstrings -----------------------------------------------------------------------------------


def _docstring_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            yield body[0].value


def _offered(tree: ast.Module) -> list[str]:
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def described(modules: dict[str, Module]) -> list[str]:
    """Every module has a docstring that begins with a sentence."""
    firsts = {
        name: (ast.get_docstring(module.tree) or "").split("\n\n")[0] for name, module in modules.items()
    }
    return [name for name, first in firsts.items() if not first]


def listed(modules: dict[str, Module]) -> list[str]:
    """What a module lists in ``__all__`` is there, in order."""
    offences = []
    for module in modules.values():
        offered = _offered(module.tree)
        bound = {getattr(n, "name", None) for n in module.tree.body} | set(_bound(module.tree))
        offences += [f"{module.name}: {name}" for name in offered if name not in bound]
        if offered != sorted(offered, key=_as_ruff_sorts):
            offences.append(f"{module.name}: __all__ is not in order")
    return [o for o in offences if not o.startswith("gradtest: ")]  # the front door finds its names lazily


def _bound(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name) for alias in node.names)


def _as_ruff_sorts(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2), name


def documented(modules: dict[str, Module]) -> list[str]:
    """Every public function and class has a docstring in NumPy's style, which names only what is there."""
    offences = []
    for module in modules.values():
        offered = set(_offered(module.tree))
        for node in module.tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in offered:
                offences += [f"{module.name}.{node.name}: {what}" for what in _faults(node)]
    return offences


def _faults(node: ast.FunctionDef | ast.ClassDef) -> Iterator[str]:
    text = ast.get_docstring(node)
    if not text:
        yield "no docstring"
        return
    if not text.split("\n\n")[0].split("\n")[-1].rstrip().endswith((".", ":")):
        yield "its first sentence has no end"
    lines = text.splitlines()
    for heading, underline in pairwise(lines):
        if underline and set(underline) == {"-"} and len(underline) != len(heading):
            yield f"the line below {heading} is not as long"
    if isinstance(node, ast.FunctionDef):
        known = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
        unknown = [name for name in _parameters(text) if name not in known]
        if unknown:
            yield f"describes {', '.join(unknown)}, which it does not take"


def _parameters(text: str) -> Iterator[str]:
    """Yield the names in the section Parameters."""
    _, found, rest = text.partition("Parameters\n----------\n")
    if not found:
        return
    lines = rest.split("\n\n")[0].splitlines()
    for line in lines:
        if line and not line.startswith(" "):
            yield from (name.strip().lstrip("*") for name in line.split(" : ")[0].split(","))


OF_GRADTEST = (
    *(known_floors, floors, neighbours, cycles, adapters, reference_unknown, frameworks),
    *(names, shadows, light_surfaces, described, listed, documented),
)
OF_REFERENCE = (reference_alone, cycles, names, described, documented)


# -- the house ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gradtest_modules():
    return read(ROOT / "gradtest")


@pytest.mark.parametrize("rule", OF_GRADTEST, ids=lambda rule: rule.__name__)
def test_gradtest_keeps(rule, gradtest_modules):
    assert len(gradtest_modules) > 40, "the house was not read"
    assert rule(gradtest_modules) == []


@pytest.mark.parametrize("rule", OF_REFERENCE, ids=lambda rule: rule.__name__)
def test_the_reference_keeps(rule):
    assert rule(read(ROOT / "reference")) == []


def test_the_front_door_is_documented_with_parameters_and_results():
    import gradtest

    for name in gradtest.__all__:
        value = getattr(gradtest, name)
        if not isinstance(value, type):
            assert "Parameters\n    ----------\n" in value.__doc__, name
            assert "Returns\n    -------\n" in value.__doc__, name


# -- and every rule can fail ----------------------------------------------------------------------

MISDESCRIBED = '''
__all__ = ["f"]
def f(x):
    """Do it.

    Parameters
    ----------
    y : int
    """
'''

PLANTED = {
    known_floors: {"cellar.py": '"""A floor that nobody knows."""'},
    floors: {"spaces/a.py": "from gradtest.verdict import Word", "verdict.py": ""},
    neighbours: {"numerics/a.py": "from gradtest.numerics.b import c", "numerics/b.py": ""},
    cycles: {"numerics/a.py": "def f():\n    from .b import g", "numerics/b.py": "from .a import f"},
    adapters: {"adapters/a.py": "from .b import c", "adapters/b.py": ""},
    reference_unknown: {"run.py": "def f():\n    import reference.loss"},
    frameworks: {"spaces/a.py": "def f(x):\n    return sys.modules.get('torch')"},
    names: {"numerics/utils.py": ""},
    shadows: {"__init__.py": "__all__ = ['run']", "run.py": ""},
    light_surfaces: {"surfaces/__init__.py": "from .table import Table", "surfaces/table.py": ""},
    described: {"run.py": "x = 1"},
    listed: {"run.py": "__all__ = ['gone']"},
    documented: {"run.py": MISDESCRIBED},
    reference_alone: {"run.py": "import scipy"},
}


@pytest.mark.parametrize("rule", [*OF_GRADTEST, reference_alone], ids=lambda rule: rule.__name__)
def test_a_planted_offence_is_seen(rule, tmp_path):
    for name, text in PLANTED[rule].items():
        path = tmp_path / "gradtest" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert len(rule(read(tmp_path / "gradtest"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "if TYPE_CHECKING:\n    from gradtest.verdict import Word",
        "def f():\n    import gradtest.verdict",
        "from gradtest import verdict",
        "from .. import verdict",
        "from ..verdict import Word",
    ],
)
def test_an_import_is_seen_wherever_it_hides(text, tmp_path):
    for name, source in {"spaces/a.py": text, "verdict.py": "", "__init__.py": ""}.items():
        path = tmp_path / "gradtest" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    assert floors(read(tmp_path / "gradtest")) != []


def test_tests_have_names_of_their_own_and_no_packages():
    tests = list((ROOT / "tests").rglob("test_*.py"))
    names = [path.name for path in tests]
    assert len(tests) > 20
    assert [name for name in set(names) if names.count(name) > 1] == []
