"""Other people's derivatives: how many agree, disagree and stay undecided, and what disagrees for a reason.

    python tests/benchmarks/field_trial.py autograd|numpy-ml|pytensor|all [--seeds 6] [--only WORD]

Each derivative is checked at generic points, in float64 and in float32.  What disagrees is looked
up among the mistakes that were confirmed in the library's source (`REAL` beside its cases, with the
reason); anything else that disagrees ends the trial with exit code 1.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import sys
import types
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import gradtest
from gradtest.spaces.containers import flatten

TRIALS = {
    "autograd": "field_trial_autograd",
    "numpy-ml": "field_trial_numpy_ml",
    "pytensor": "field_trial_pytensor",
}


def main() -> int:
    """Run the trials that are asked for, print their tables, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", choices=[*TRIALS, "all"])
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    names = list(TRIALS) if asked.library == "all" else [asked.library]
    return max(trial(TRIALS[name], asked.seeds, asked.only) for name in names)


def trial(module: str, seeds: int, only: str) -> int:
    """Check every case of one library in both precisions; 1 where something disagrees for no known reason."""
    known = importlib.import_module(module)
    counts: dict[str, Counter[str]] = {"float64": Counter(), "float32": Counter()}
    alarms = 0
    print(f"{known.NAME}: at {seeds} points each")
    for name, subject, draw in known.cases():
        if only not in name:
            continue
        for dtype, count in counts.items():
            verdict, note = judged(subject, draw, dtype, seeds)
            real = known.REAL.get(name)
            count[verdict] += 1
            if verdict != "agrees":
                alarms += verdict == "disagrees" and real is None
                reason = f"real: {real}" if real and verdict == "disagrees" else note
                print(f"  {name:<48} {dtype}  {verdict:<10} {reason}", flush=True)
    for dtype, count in counts.items():
        told = ", ".join(f"{count[v]} {v}" for v in ("agrees", "disagrees", "undecided", "misused"))
        print(f"  {dtype}: {sum(count.values())} checked: {told}")
    return int(alarms > 0)


def judged(subject: Any, draw: Any, dtype: str, seeds: int) -> tuple[str, str]:
    """Return the verdict over all points, and the first thing to be said about it.

    It disagrees if it does anywhere, and is undecided only if it is everywhere.
    """
    reports = []
    for seed in range(seeds):
        inputs = cast(draw(np.random.default_rng(seed)), dtype)
        np.random.seed(seed)  # weights are made of it
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reports.append(gradtest.check(made(subject), *inputs))
        except gradtest.Misuse as misuse:
            return "misused", str(misuse)[:150]
        except NotMade as error:
            return "disagrees", f"cannot be made: {error}"[:150]
    wrong = [report for report in reports if report.verdict == "disagrees"]
    if wrong:
        said = "; ".join(dict.fromkeys(f"{f.parameter}: {f.what}" for f in wrong[0].findings))
        return "disagrees", f"at {len(wrong)} of {seeds} points; {said}"[:200]
    undecided = [report.reason for report in reports if report.verdict == "undecided"]
    return ("undecided", undecided[0][:150]) if len(undecided) == seeds else ("agrees", "")


class NotMade(Exception):
    """The library's own constructor raised."""


def made(subject: Any) -> Any:
    """Return what a function or a partial without arguments makes; anything else as it is."""
    if not isinstance(subject, (types.FunctionType, functools.partial)):
        return subject
    try:
        return subject()
    except Exception as error:
        raise NotMade(f"{type(error).__name__}: {error}") from error


def cast(inputs: Any, dtype: str) -> Any:
    """Return nested inputs with their real arrays in a precision."""
    tree = flatten(inputs)
    return tree.build([x.astype(dtype) if x.dtype.kind == "f" else x for x in tree.leaves])


if __name__ == "__main__":
    sys.exit(main())
