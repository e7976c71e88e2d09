"""Hundreds of operators of PyTorch and JAX, which their authors have tested: false alarms and misses.

    python tests/benchmarks/operators.py                      # all of it: ten minutes
    python tests/benchmarks/operators.py --library jax --dtype float32 --inputs nasty
    python tests/benchmarks/operators.py --library torch --dtype complex128 --samples 25
    python tests/benchmarks/operators.py --library torch --only softmax --plant

PyTorch's operators and inputs are those of its own tests (`op_db`, which needs expecttest); JAX's are
those of `operators_of_jax.py`.  Every *disagrees* is printed: it is a bug of the library at that point,
or a false alarm of ours.  With ``--plant`` mistakes are planted into the gradients, and those that are
missed are counted.

Printed on 2026-11-22 (2 shared x86-64 cores, torch 2.13.0+cpu) with ``--library torch``, in a minute::

                          operators  points  agrees  disagrees  undecided  raised  median evaluations
    torch float64 generic       524    1008     995          6          3       0                   5
    torch float64 nasty         522    1008     985         12          2       5                   9
    torch float32 generic       524    1008     983          8         13       0                   9
    torch float32 nasty         522    1008     972         13         14       5                   9

(4 of each are no functions.)  All but two are mistakes of PyTorch, by the definition of the operator:
`max_unpool` and `as_strided_scatter` hand a gradient to entries that are overwritten; `hardshrink` and
`softshrink` with lambda 0, and a sparse tensor made dense again, are the identity, and have slope 0 at 0;
`poisson_nll_loss` has NaN at a target of 0; `scatter_reduce` shares the gradient with an input that it
does not include.  The two are `round` to decimals in float32, false alarms of ours.
"""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from tables import provenance, table

import gradtest
from gradtest.case import Case
from gradtest.errors import Misuse
from gradtest.laws.examination import examine
from gradtest.settings import Settings
from gradtest.spaces.containers import flatten

DTYPES = ("float64", "float32")

#: Asked for by name; only PyTorch says what of its operators takes complex numbers.
COMPLEX = {"complex128": "float64", "complex64": "float32"}
INPUTS = ("generic", "nasty")

#: What may become of a point; "no function" is one whose output has no derivative.
WORDS = ("agrees", "disagrees", "undecided", "raised", "crashed", "no function")

#: No point may take longer: it counts as crashed.
MOST_SECONDS = 60
LAW = Settings(laws=("derivative",))

#: So many entries all inputs may have together: the point is the operator, not its size.
MOST_ENTRIES = 400


class Trial(NamedTuple):
    """An operator at a point."""

    name: str
    target: Any
    inputs: tuple[Any, ...]


# -- inputs ---------------------------------------------------------------------------------------


def spoiled(values: Any, rng: np.random.Generator) -> Any:
    """Return an array with small integers, exact zeros, or ties in place of generic entries."""
    values = np.array(values)
    if values.dtype.kind == "c":
        parts = spoiled(values.real, rng) + 1j * spoiled(values.imag, rng)
        return np.asarray(parts, values.dtype)
    if values.dtype.kind != "f" or values.size == 0:
        return values
    kind = rng.integers(3)
    if kind == 0:
        return np.asarray(np.clip(np.round(values), -3, 3))
    flat = values.reshape(-1)
    chosen = rng.random(flat.size) < 0.5
    flat[chosen] = 0 if kind == 1 else flat[0]
    return flat.reshape(values.shape)


# -- PyTorch --------------------------------------------------------------------------------------

#: Draw, or return what nobody has written: no functions.
NO_FUNCTIONS = (
    "empty",
    "new_empty",
    "rand",
    "normal",
    "bernoulli",
    "multinomial",
    "resize",
    "nn.functional.feature_alpha",
)


def of_torch(dtype: str, inputs: str, samples: int, only: str) -> Iterator[Trial]:
    import torch
    from torch.testing._internal.common_methods_invocations import op_db

    torch.set_num_threads(1)
    kind = getattr(torch, dtype)
    for op in op_db:
        name = f"{op.name} {op.variant_test_name}".strip()
        if only not in name or not op.supports_autograd or name.startswith(NO_FUNCTIONS):
            continue
        if not op.supports_dtype(kind, "cpu"):
            continue
        torch.manual_seed(0)
        kept = 0
        for sample in op.sample_inputs("cpu", kind, requires_grad=True):
            trial = _torch_trial(torch, name, op, sample, inputs)
            if trial is not None:
                yield trial
                kept += 1
            if kept == samples:
                break


def _torch_trial(torch: Any, name: str, op: Any, sample: Any, inputs: str) -> Trial | None:
    tree = flatten((sample.input, sample.args, sample.kwargs))
    leaves = tree.leaves
    numbers = [i for i, x in enumerate(leaves) if isinstance(x, torch.Tensor) and x.requires_grad]
    tensors = [leaves[i].detach() for i in numbers]
    if not tensors or not 0 < sum(t.numel() for t in tensors) <= MOST_ENTRIES:
        return None
    if any(t.layout is not torch.strided for t in tensors):
        return None
    if inputs == "nasty":
        rng = np.random.default_rng(len(name))
        tensors = [torch.from_numpy(spoiled(t.resolve_conj().numpy(), rng)) for t in tensors]

    def operator(*moving: Any) -> Any:
        given = list(leaves)
        for i, tensor in zip(numbers, moving, strict=True):
            given[i] = tensor
        first, args, kwargs = tree.build(given)
        out = op.gradcheck_wrapper(op.op, first, *args, **kwargs)
        return sample.output_process_fn_grad(out)

    return Trial(name, gradtest.autodiff(operator, "torch", name=name), tuple(tensors))


# -- JAX ------------------------------------------------------------------------------------------


def of_jax(dtype: str, inputs: str, samples: int, only: str) -> Iterator[Trial]:
    from operators_of_jax import OPERATORS, draw

    for name, function, kinds in OPERATORS:
        if only not in name:
            continue
        for seed in range(samples):
            rng = np.random.default_rng(seed)
            values = [draw(kind, rng) for kind in kinds]
            if inputs == "nasty":
                values = [spoiled(value, rng) for value in values]
            values = [v.astype(dtype) if v.dtype.kind == "f" else v for v in values]
            yield Trial(name, gradtest.autodiff(function, "jax", name=name), tuple(values))


LIBRARIES: dict[str, Callable[[str, str, int, str], Iterator[Trial]]] = {"torch": of_torch, "jax": of_jax}


# -- mistakes -------------------------------------------------------------------------------------


def _host(g: Any) -> Any:
    return np.array(g.detach() if hasattr(g, "detach") else g)


def scaled(by: float) -> Callable[[Any], Any]:
    return lambda g: g * g.dtype.type(by)


def doubled_entry(g: Any) -> Any:
    """Double the largest entry."""
    g = g.copy()
    g.reshape(-1)[int(np.argmax(np.abs(g)))] *= 2
    return g


MISTAKES: dict[str, dict[str, Callable[[Any], Any]]] = {
    "float64": {
        "scaled by 1 + 1e-6": scaled(1 + 1e-6),
        "largest entry doubled": doubled_entry,
        "sign": np.negative,
        "zero": np.zeros_like,
    },
    "float32": {
        "scaled by 1.01": scaled(1.01),
        "largest entry doubled": doubled_entry,
        "sign": np.negative,
        "zero": np.zeros_like,
    },
}


def planted(target: Any, mistake: Callable[[Any], Any]) -> Any:
    """Return the target with a mistake in the first gradient that is not zero."""

    def vjp(cotangent: Any, /, *args: Any) -> Any:
        tree = flatten(target.derivative(cotangent, *args))
        leaves = list(tree.leaves)
        for i, g in enumerate(leaves):
            if g is not None and np.any(_host(g)):
                leaves[i] = mistake(_host(g))
                break
        return tree.build(leaves)

    return dataclasses.replace(target, derivative=vjp)


# -- the run --------------------------------------------------------------------------------------


@dataclasses.dataclass
class Count:
    verdicts: Counter[str] = dataclasses.field(default_factory=Counter)
    reasons: Counter[str] = dataclasses.field(default_factory=Counter)
    evaluations: list[int] = dataclasses.field(default_factory=list)
    alarms: list[str] = dataclasses.field(default_factory=list)
    operators: set[str] = dataclasses.field(default_factory=set)
    missed: Counter[str] = dataclasses.field(default_factory=Counter)
    planted: Counter[str] = dataclasses.field(default_factory=Counter)


def judged(trial: Trial) -> Any:
    signal.alarm(MOST_SECONDS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return examine(Case(trial.target, trial.inputs), LAW)
        finally:
            signal.alarm(0)


def _too_long(*_: Any) -> None:
    raise TimeoutError(f"more than {MOST_SECONDS} s")


signal.signal(signal.SIGALRM, _too_long)


def tried(trials: Iterator[Trial], mistakes: dict[str, Callable[[Any], Any]], show: bool) -> Count:
    count = Count()
    for trial in trials:
        try:
            report = judged(trial)
        except Misuse:
            count.verdicts["no function"] += 1
            continue
        except Exception as error:
            count.verdicts["crashed"] += 1
            print("crashed:", trial.name, type(error).__name__, str(error).splitlines()[0])
            continue
        if report.verdict == "disagrees" and report.findings[0].code == "GT310":
            count.verdicts["raised"] += 1
            if show:
                print("raised:", trial.name, report.findings[0].detail.splitlines()[0][:100])
            continue
        count.operators.add(trial.name)
        count.verdicts[report.verdict] += 1
        count.evaluations.append(report.evaluations)
        if report.verdict == "undecided":
            count.reasons[report.reason.split(": ", 1)[-1].split(":")[0]] += 1
        if report.verdict == "disagrees":
            count.alarms.append(f"{trial.name}: {report}")
            print("disagrees:", trial.name, report.findings[0].what, flush=True)
        if report.verdict != "agrees" or report.resolution == 0.0:
            continue
        for what, mistake in mistakes.items():
            count.planted[what] += 1
            if judged(trial._replace(target=planted(trial.target, mistake))).verdict != "disagrees":
                count.missed[what] += 1
                if show:
                    print("missed:", what, trial.name, f"{report.resolution:.0e}")
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", choices=LIBRARIES, action="append")
    parser.add_argument("--dtype", choices=(*DTYPES, *COMPLEX), action="append")
    parser.add_argument("--inputs", choices=INPUTS, action="append")
    parser.add_argument("--samples", type=int, default=2, help="points for each operator")
    parser.add_argument("--only", default="", help="operators with this in their names")
    parser.add_argument("--plant", action="store_true", help="plant mistakes, too")
    parser.add_argument("--show", action="store_true", help="print what was missed or raised")
    asked = parser.parse_args()
    libraries = asked.library or list(LIBRARIES)
    if "jax" in libraries and set(asked.dtype or ()) & set(COMPLEX):
        parser.error("complex operators are those of --library torch")
    print(provenance("gradtest", "numpy", *libraries))
    rows, all_of = [], {}
    for library in libraries:
        for dtype in asked.dtype or DTYPES:
            for inputs in asked.inputs or INPUTS:
                start = time.perf_counter()
                trials = LIBRARIES[library](dtype, inputs, asked.samples, asked.only)
                count = tried(trials, MISTAKES[COMPLEX.get(dtype, dtype)] if asked.plant else {}, asked.show)
                all_of[library, dtype, inputs] = count
                v = count.verdicts
                spent = count.evaluations or [0]
                rows.append(
                    [f"{library} {dtype} {inputs}", len(count.operators), sum(v.values())]
                    + [
                        v[word]
                        for word in (
                            "agrees",
                            "disagrees",
                            "undecided",
                            "raised",
                            "crashed",
                            "no function",
                        )
                    ]
                    + [f"{np.median(spent):.0f}", max(spent), f"{time.perf_counter() - start:.0f} s"]
                )
                print(rows[-1], flush=True)
    header = ["", "operators", "points", *WORDS]
    print(table("right gradients", [*header, "median evaluations", "most", "time"], rows))
    for key, count in all_of.items():
        if count.reasons:
            print("undecided,", *key, "-", ", ".join(f"{why} {n}" for why, n in count.reasons.most_common()))
        for what, n in count.planted.items():
            print("planted,", *key, "-", what, f"missed {count.missed[what]} of {n}")
    for key, count in all_of.items():
        for alarm in count.alarms:
            print("\n--", *key, "--", alarm)


if __name__ == "__main__":
    main()
