"""gradtest write: a test file for a module, with the shapes of its inputs found by trying.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import json
import os
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradtest.errors import Misuse

from .asked import given_shapes
from .exit_codes import ExitCode

if TYPE_CHECKING:
    from gradtest.subjects.subject import Subject

__all__ = ["command"]

WIDTH = 110
_WORDS = re.compile(r"\W+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@click.command()
@click.argument("target")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write. [default: print]")
@click.option("--force", is_flag=True, help="Overwrite the file, if there is one.")
@click.option(
    "--inputs",
    multiple=True,
    metavar='"NAME: DIMS"',
    help='How an input looks, e.g. "x: batch in". Repeat.',
)
@click.pass_context
def command(
    ctx: click.Context, target: str, output: Path | None, force: bool, inputs: tuple[str, ...]
) -> None:
    """Write a test file for a module, a file, or one function or class of these.

    Functions and their derivatives are paired by their names, classes are taken that have forward and
    backward. How the inputs look is read off annotations, or found by trying; where that fails, there
    is a TODO.
    """
    if output is not None and output.exists() and not force:
        raise Misuse(f"{output} exists; give --force to overwrite it, or another name with -o")
    text, tests, todos = _written(target, given_shapes(inputs), output)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        left = f", {todos} TODO{'s' * (todos > 1)} (shapes that could not be guessed)" if todos else ""
        click.echo(f"wrote {output}: {tests} test{'s' * (tests != 1)}{left}")
    ctx.exit(ExitCode.AGREES if tests or todos else ExitCode.NOTHING_DECIDED)


def _written(place: str, given: Mapping[str, str], output: Path | None) -> tuple[str, int, int]:
    """Return the text, and how many tests and how many TODOs are in it."""
    from gradtest.guess import inputs_of, parameters_of
    from gradtest.subjects.places import find

    found = find(place)
    modules: dict[str, str] = {}
    blocks, todos = [], 0
    for subject in found:
        called = _called(subject, modules)
        if called is None:
            continue
        name = "test_" + _WORDS.sub("_", subject.place.rpartition(":")[2]).lower()
        try:
            shapes = inputs_of(subject.target, subject.inputs, given).shapes
            blocks.append(_assigned(name, called, shapes))
        except Misuse as misuse:
            todos += 1
            blanks = dict.fromkeys(parameters_of(subject.target) or ["x"], "...")
            reason = str(misuse).partition("; say it")[0].partition(", for example")[0]
            todo = textwrap.wrap(f"TODO: {reason}.", WIDTH - 2)
            blocks.append(
                "\n".join(f"# {line}" for line in (*todo, *_assigned(name, called, blanks).splitlines()))
            )
    text = "\n".join([*_heading(place, modules, output), "", *blocks]) + "\n"
    return text, len(blocks) - todos, todos


def _heading(place: str, modules: Mapping[str, str], output: Path | None) -> Iterator[str]:
    yield f'"""Derivatives of {place}, held to their laws over generated inputs."""\n'
    here = output.resolve().parent if output is not None else Path.cwd()
    elsewhere = sorted({root for root in modules.values() if Path(root) != here})
    if elsewhere:
        yield "import sys\nfrom pathlib import Path\n"
    yield "import gradtest" + "\n" * bool(elsewhere)
    for root in elsewhere:
        way = Path(os.path.relpath(root, here)).as_posix()
        yield f'sys.path.insert(0, str(Path(__file__).parent / "{way}"))'
    if elsewhere:
        yield ""
    yield from (f"import {name}" + "  # noqa: E402" * bool(elsewhere) for name in sorted(modules))


# -- one test -------------------------------------------------------------------------------------


def _called(subject: Subject, modules: dict[str, str]) -> list[str] | None:
    """Return how one writes a target, noting the modules it needs; None if its functions have no names."""
    made, name = subject.target, subject.place.rpartition(":")[2]
    module = _module_of(subject)
    if module is None:
        return None
    known = vars(module)

    def written(function: Any) -> str | None:
        key = getattr(function, "__name__", "")
        return f"{module.__name__}.{key}" if known.get(key) is function else None

    forward, derivative = written(made.forward), written(made.derivative)
    if forward is not None and derivative is not None:
        wrt = f", wrt={made.wrt!r}" if made.wrt else ""
        called = [f"gradtest.target({forward}, {made.form}={derivative}{wrt})"]
        if not wrt and made.form in ("vjp", "grad"):
            called = [forward, derivative] if made.form == "vjp" else [f"({forward}, {derivative})"]
    elif name in known:
        called = [f"{module.__name__}.{name}"]  # a target, or a class
    else:
        return None
    modules[module.__name__] = _root(module)
    return called


def _module_of(subject: Subject) -> Any:
    from gradtest.subjects.modules import load

    return load(re.split(r"::|:(?=\w+$)", subject.place)[0])


def _root(module: Any) -> str:
    """Return the folder from which a module is imported."""
    file = Path(module.__file__ or "").resolve()
    up = len(module.__name__.split(".")) + (file.name == "__init__.py") - 1
    return str(file.parents[up])


def _assigned(name: str, called: list[str], shapes: Mapping[str, Any]) -> str:
    """Return the line that makes a test, or several if it is long."""
    arguments = [*called, *(f"{key}={_quoted(shape)}" for key, shape in shapes.items())]
    line = f"{name} = gradtest.property_of({', '.join(arguments)})"
    if len(line) <= WIDTH:
        return line
    return f"{name} = gradtest.property_of(\n" + "".join(f"    {one},\n" for one in arguments) + ")"


def _quoted(shape: Any) -> str:
    return json.dumps(shape) if isinstance(shape, str) else repr(shape)
