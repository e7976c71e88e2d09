"""A year of a library of operators under a baseline: what is said of each change, and nothing else.

    python tests/benchmarks/year_of_a_library.py

Every month somebody changes something; `python -m gradtest check --baseline` is run as CI would, and
says what happened.  Printed is what it said, beside what was done; the run fails if it said
anything else.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BASELINE = "gradtest-baseline.json"
CHECK = ("--json", "--method", "spectral")

Operators = dict[str, str]

# -- the library ----------------------------------------------------------------------------------

#: What the operators are made of, and the same on a machine with another BLAS and another libm.
ARITHMETIC = """
def total(a, axis=-1): return a.sum(axis)
def product(a, b): return a @ b
def exp(x): return np.exp(x)
"""
ANOTHER_MACHINE = """
def total(a, axis=-1): return np.flip(a, axis).cumsum(axis).take(-1, axis)
def product(a, b): return total(a[..., :, None] * b, -2)
def exp(x): return np.exp2(x * 1.4426950408889634)
"""

#: An operator and its derivative; C is a constant of its own.
KINDS = {
    "tanh": """
        def NAME(x): return C * np.tanh(x)
        def NAME_backward(dout, x): return C * dout * (1 - np.tanh(x) ** 2)
        """,
    "affine": """
        def NAME(x, w, b): return product(x, w) + C * b
        def NAME_backward(dout, x, w, b): return product(dout, w.T), product(x.T, dout), C * total(dout, 0)
        """,
    "softmax": """
        def NAME(x):
            e = exp(C * x - C * x.max(-1, keepdims=True))
            return e / total(e)[..., None]
        def NAME_backward(dout, x):
            p = NAME(x)
            return C * p * (dout - total(dout * p)[..., None])
        """,
    "scores": """
        def NAME(x, w): return C * product(x, w.T)
        def NAME_backward(dout, x, w): return C * product(dout, w), C * product(dout.T, x)
        """,
    "squares": """
        def NAME(x): return C * total((x ** 2).reshape(-1))
        def NAME_grad(x): return 2 * C * x
        """,
    "standardised": """
        def NAME(x):
            d = x - total(x)[..., None] / x.shape[-1]
            return d / np.sqrt(total(d ** 2)[..., None] / x.shape[-1] + C)
        def NAME_backward(dout, x):
            n, d = x.shape[-1], x - total(x)[..., None] / x.shape[-1]
            s = np.sqrt(total(d ** 2)[..., None] / n + C)
            g = dout / s - d * total(dout * d)[..., None] / (n * s ** 3)
            return g - total(g)[..., None] / n
        """,
    "softplus": """
        def NAME(x): return np.log1p(exp(-np.abs(C * x))) + np.maximum(C * x, 0)
        def NAME_backward(dout, x): return C * dout / (1 + exp(-C * x))
        """,
    "gated": """
        def NAME(x, y): return C * x / (1 + exp(-y))
        def NAME_backward(dout, x, y):
            s = 1 / (1 + exp(-y))
            return C * dout * s, C * dout * x * s * (1 - s)
        """,
}

#: How the inputs of each kind look.
SHAPES = {
    "tanh": 'x = "batch n"',
    "affine": 'x = "batch in", w = "in out", b = "out"',
    "softmax": 'x = "batch n"',
    "scores": 'x = "batch in", w = "out in"',
    "squares": 'x = "batch n"',
    "standardised": 'x = "batch 5"',
    "softplus": 'x = "batch n"',
    "gated": 'x = "batch n", y = "batch n"',
}


def library(count: int) -> Operators:
    """Return the source of so many operators, by name."""
    kinds = list(KINDS)
    return dict(operator(kinds[i % len(kinds)], i) for i in range(count))


def operator(kind: str, i: int) -> tuple[str, str]:
    """Return the name and the source of the operator number `i`."""
    name = f"{kind}_{i:03}"
    lines = [line.removeprefix("        ") for line in KINDS[kind].strip("\n").splitlines()]
    return name, "\n".join(lines).replace("NAME", name).replace("C", f"{0.5 + i / 100}")


# -- the year -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Month:
    """What somebody does, and what has to be said of it.

    `does` changes the operators; `kinds` are the words for each operator that it touched, and `code` is
    what CI ends with.  What is not `merged` is not there next month.
    """

    what: str
    does: Callable[[Operators], Operators]
    kinds: Sequence[str] = ()
    code: int = 0
    update: bool = False
    merged: bool = True
    arithmetic: str = ARITHMETIC
    edits: Callable[[Path], None] = lambda path: None


def edited(name: str, *pairs: tuple[str, str]) -> Callable[[Operators], Operators]:
    """Return what puts other words in the source of one operator."""

    def edit(operators: Operators) -> Operators:
        text = operators[name]
        for old, new in pairs:
            assert old in text, (name, old)
            text = text.replace(old, new)
        return {**operators, name: text}

    return edit


def nothing(operators: Operators) -> Operators:
    return operators


def without(name: str) -> Callable[[Operators], Operators]:
    return lambda operators: {key: text for key, text in operators.items() if key != name}


def with_a_new_one(operators: Operators) -> Operators:
    return {**operators, **dict([operator("tanh", 900)])}


def expire(path: Path) -> None:
    """Let the accepted finding expire."""
    said = json.loads(path.read_text(encoding="utf-8"))
    for entry in said["entries"]:
        for finding in entry.get("findings", []):
            finding.update(reason="the paper's own sign", expires="2020-01-31")
    path.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


#: The constants of the operators that are touched.
WRONG_FROM_THE_BEGINNING = edited("squares_004", ("return 2 * 0.54 * x", "return -2 * 0.54 * x"))
FLOAT32 = edited("tanh_000", ("return 0.5 * dout * (", "return 0.5 * dout * np.float32("))

YEAR = (
    Month("nothing is written down yet", nothing, code=1),
    Month("nobody does anything", nothing),
    Month(
        "a function is changed, and its gradient",
        edited("tanh_000", ("0.5 *", "0.75 *")),
        ["changed"],
        merged=False,
    ),
    Month(
        "a function is changed, and not its gradient",
        edited("tanh_000", ("tanh_000(x): return 0.5 *", "tanh_000(x): return 0.75 *")),
        ["not followed"],
        1,
        merged=False,
    ),
    Month(
        "a gradient gets the wrong sign",
        edited("affine_001", ("product(x.T, dout)", "-product(x.T, dout)")),
        ["regressed"],
        1,
        merged=False,
    ),
    Month(
        "one term of a gradient is forgotten",
        edited("softmax_002", (" - total(dout * p)[..., None]", "")),
        ["regressed"],
        1,
        merged=False,
    ),
    Month("a gradient is computed in float32", FLOAT32, ["lost digits"], 1, merged=False),
    Month(
        "a function is rounded to ten digits",
        edited("tanh_000", ("x): return 0.5 * np.tanh(x)", "x): return np.round(0.5 * np.tanh(x), 10)")),
        ["lost power"],
        1,
        merged=False,
    ),
    Month(
        "a function becomes noisy",
        edited("tanh_000", ("np.tanh(x)\n", "(np.tanh(x) + 0.1 * np.modf(1e4 * np.sin(1e6 * x))[0])\n")),
        ["gave up"],
        1,
        merged=False,
    ),
    Month(
        "a gradient is wrong for a batch of one only",
        edited("scores_003", ("product(dout, w),", "product(dout, w) * (1 + (len(x) == 1)),")),
        ["new finding"],
        1,
        merged=False,
    ),
    Month("an operator is gone", without("gated_007"), ["vanished"], 1, merged=False),
    Month("an operator is added", with_a_new_one, ["new"]),
    Month(
        "a change is accepted",
        edited("affine_001", ("product(x", "2 * product(x"), ("product(dout", "2 * product(dout")),
        ["changed", "new"],
        update=True,
    ),
    Month("nobody does anything", nothing),
    Month("the machine has another BLAS", nothing, arithmetic=ANOTHER_MACHINE, update=True),
    Month("what was accepted has expired", nothing, ["expired"], 1, edits=expire),
    Month(
        "what was wrong from the beginning is mended",
        edited("squares_004", ("return -2 *", "return 2 *")),
        ["gone"],
    ),
)


@dataclass(frozen=True)
class Told:
    """What was said in one month."""

    month: Month
    changes: list[dict[str, Any]]
    code: int
    rewritten: bool
    seconds: float

    @property
    def kinds(self) -> list[str]:
        return sorted(change["kind"] for change in self.changes)

    @property
    def rightly(self) -> bool:
        """Whether exactly that was said, and no byte was written that need not be."""
        quiet = self.month.what == YEAR[0].what or (self.month.update and bool(self.month.kinds))
        return (
            self.kinds == sorted(self.month.kinds)
            and self.code == self.month.code
            and (quiet or not self.rewritten)
        )


def year(folder: Path, count: int = 200, cases: int = 10) -> Iterator[Told]:
    """Live through the year in a folder; yield what was said each month."""
    operators = WRONG_FROM_THE_BEGINNING(library(count))
    for number, month in enumerate(YEAR):
        changed = month.does(operators)
        write(folder, changed, month.arithmetic, cases)
        path = folder / BASELINE
        if path.exists():
            month.edits(path)
        before = path.read_bytes() if path.exists() else b""
        start = time.perf_counter()
        run = check(folder, number, *(["--baseline-update"] if month.update else []))
        seconds = time.perf_counter() - start
        said = json.loads(run.stdout)["baseline"]
        yield Told(month, said["changes"], run.returncode, path.read_bytes() != before, seconds)
        operators = changed if month.merged else operators


def write(folder: Path, operators: Operators, arithmetic: str, cases: int) -> None:
    """Write the library and what it says of gradtest."""
    (folder / "ops.py").write_text("\n".join(["import numpy as np", arithmetic, *operators.values()]))
    targets = [_described(name) for name in operators]
    config = ["[tool.gradtest]", f"cases = {cases}", f'baseline = "{BASELINE}"', "targets = [", *targets, "]"]
    (folder / "pyproject.toml").write_text("\n".join(config) + "\n")


def _described(name: str) -> str:
    kind = name.rpartition("_")[0]
    form = "grad" if kind == "squares" else "vjp"
    derivative = f"ops.py::{name}_{'grad' if form == 'grad' else 'backward'}"
    return f'  {{ forward = "ops.py::{name}", {form} = "{derivative}", inputs = {{ {SHAPES[kind]} }} }},'


def check(folder: Path, seed: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as CI does; every month draws other cases."""
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "gradtest",
            "check",
            "--json",
            "--method",
            "spectral",
            "--seed",
            str(seed),
            *words,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1]), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--operators", type=int, default=200)
    parser.add_argument("--cases", type=int, default=10)
    asked = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for told in year(Path(folder), asked.operators, asked.cases):
            verdict = "as it should" if told.rightly else "WRONGLY"
            print(f"{told.month.what}: exit {told.code}, {told.seconds:.0f} s, {verdict}")
            for change in told.changes:
                print(f"    {change['said']}")
            if not told.changes:
                print("    nothing" if told.code == 0 else "    the baseline was written")
            wrong += not told.rightly
    print(f"{asked.operators} operators, {len(YEAR)} months: {wrong or 'nothing'} told wrongly")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
