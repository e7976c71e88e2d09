"""gradtest beside the gradient checkers that people use: who is right, and what it costs.

    python tests/benchmarks/checkers.py            # all of it, some minutes
    python tests/benchmarks/checkers.py --families 20 --skip-growth

The same right and wrong gradients, written in NumPy, are given to each checker in its own form
(torch.autograd.Function, jax.custom_vjp, an autograd primitive, a flat function for scipy) with
its default tolerances.  What is not installed is skipped, and a line says so.

Printed on 2026-11-22 (2 shared cores under other load, commit 135ee9f), 60 families: the share of right
gradients that are called wrong, and of wrong ones that are found::

                                float64 generic    float64 nasty      float32 generic
                              false   found      false   found        false   found
    gradtest                  0.0 %  100.0 %     0.0 %  100.0 %       0.0 %   98.7 %
    torch gradcheck, slow     3.3 %  100.0 %     5.0 %   98.5 %     100.0 %  100.0 %
    torch gradcheck, fast     3.3 %   92.4 %     6.7 %   94.6 %     100.0 %   99.7 %
    jax check_grads           1.7 %  100.0 %     8.3 %   98.8 %       3.3 %   89.8 %
    autograd check_grads      3.3 %  100.0 %     6.7 %   98.8 %     100.0 %  100.0 %
    scipy check_grad          3.3 %   99.7 %     6.7 %   98.8 %     100.0 %   99.7 %
    PyTensor verify_grad      3.3 %   99.7 %     6.7 %   98.5 %       5.0 %   84.5 %

How the cost grows: evaluations and seconds for a right sum of n terms, memory in copies of x (the function's
own and those of its vjp among them), and the largest n at which one entry that is zero (off by 1 %) among n
was found; gradtest and torch were not asked for 1e7::

                              n = 1e4          n = 1e7                    zero     1 %
    gradtest                  17, 0.013 s      13, 7.4 s, 9.0 copies       1e6     1e6
    torch gradcheck, slow     20002, 1.5 s     > 40 s from 1e5             1e4     1e4
    torch gradcheck, fast     4, 0.010 s       4, 3.2 s, 8.0               1e3     1e1
    jax check_grads           4, 0.15 s        4, 1.8 s, 6.1               1e7     1e5
    autograd check_grads      4, 0.001 s       4, 1.6 s, 5.0               1e7     1e7
    scipy check_grad          10001, 0.49 s    > 40 s from 1e5             1e4     1e4
    PyTensor verify_grad      10001, 0.40 s    > 40 s from 1e5             1e4     1e4
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

import families
import verdicts
from families import FAMILIES, Family, Inputs
from peak_memory import peak
from tables import provenance, table
from verdicts import SETTINGS, Setting, leaves_of, with_leaves

AGREES, DISAGREES, INCONCLUSIVE = "agrees", "disagrees", "inconclusive"

#: scipy's check_grad returns a number and leaves the rest to the user: this is what is asked here.
SCIPY_ALLOWED = 1e-5

#: A checker that took longer than this (seconds) is not asked for a larger problem; and stopped at:
PATIENCE, LIMIT = 2.0, 40.0


class Problem:
    """A gradient to check at a point: as a function of its real arrays alone, with its calls counted."""

    def __init__(self, family: Family, derivative: Callable[..., Any], inputs: Inputs) -> None:
        self.family, self.inputs = family, inputs
        self._derivative = derivative
        self.leaves = [np.asarray(x) for x in leaves_of(family, inputs)]
        self.calls = 0

    def forward(self, *leaves: Any) -> Any:
        self.calls += 1
        filled = [np.array(x) for x in leaves]
        return np.asarray(self.family.forward(**with_leaves(self.family, self.inputs, filled)))

    def backward(self, g: Any, *leaves: Any) -> tuple[Any, ...]:
        filled = with_leaves(self.family, self.inputs, [np.array(x) for x in leaves])
        found = families.gradients(self.family, self._derivative, filled, np.array(g))
        return tuple(np.array(d, order="C") for d in found)

    def target(self) -> Any:
        import gradtest

        return gradtest.target(self.forward, vjp=self._pullback, name=self.family.name)

    def _pullback(self, g: Any, *leaves: Any) -> tuple[Any, ...]:
        return self.backward(g, *leaves)


# -- the checkers ------------------------------------------------------------------------------------


def check_gradtest(problem: Problem) -> str:
    import gradtest

    verdict = gradtest.check(problem.target(), *problem.leaves).verdict
    return INCONCLUSIVE if verdict == "undecided" else verdict


def _torch_function(problem: Problem) -> Any:
    import torch

    class Wrapped(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            ctx.save_for_backward(*tensors)
            return torch.from_numpy(problem.forward(*(t.detach().numpy() for t in tensors)))

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            found = problem.backward(g.numpy(), *(t.detach().numpy() for t in ctx.saved_tensors))
            return tuple(map(torch.from_numpy, found))

    return Wrapped.apply


def _check_torch(fast: bool) -> Callable[[Problem], str]:
    def check(problem: Problem) -> str:
        import torch
        from torch.autograd.gradcheck import GradcheckError

        tensors = tuple(torch.from_numpy(np.array(x)).requires_grad_() for x in problem.leaves)
        try:
            torch.autograd.gradcheck(_torch_function(problem), tensors, fast_mode=fast)
        except GradcheckError:
            return DISAGREES
        return AGREES

    return check


def check_jax(problem: Problem) -> str:
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)

    # Outside jit JAX hands over concrete arrays: no callback is needed, which would be compiled each time.
    @jax.custom_vjp
    def wrapped(*leaves: Any) -> Any:
        return jax.numpy.asarray(problem.forward(*leaves))

    def backward(leaves: Any, g: Any) -> Any:
        return tuple(map(jax.numpy.asarray, problem.backward(g, *leaves)))

    wrapped.defvjp(lambda *leaves: (wrapped(*leaves), leaves), backward)
    try:
        check_grads(wrapped, tuple(map(jax.numpy.asarray, problem.leaves)), order=1, modes=("rev",))
    except AssertionError:
        return DISAGREES
    return AGREES


def check_autograd(problem: Problem) -> str:
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    places = tuple(range(len(problem.leaves)))
    wrapped = primitive(lambda *leaves: problem.forward(*leaves))

    def maker(i: int) -> Any:
        return lambda ans, *leaves: lambda g: problem.backward(g, *leaves)[i]

    defvjp(wrapped, *map(maker, places))
    try:
        check_grads(wrapped, places, modes=["rev"], order=1)(*problem.leaves)
    except AssertionError:
        return DISAGREES
    return AGREES


def _flat(problem: Problem, w: Any) -> tuple[Callable[[Any], float], Callable[[Any], Any], Any]:
    """Return a scalar function of one vector, its gradient, and the vector."""
    sizes = np.cumsum([x.size for x in problem.leaves])[:-1]

    def apart(x: Any) -> list[Any]:
        parts = np.split(np.asarray(x), sizes)
        return [p.reshape(y.shape).astype(y.dtype) for p, y in zip(parts, problem.leaves, strict=True)]

    def phi(x: Any) -> float:
        return float((w * problem.forward(*apart(x))).sum())

    def gradient(x: Any) -> Any:
        return np.concatenate([np.ravel(d) for d in problem.backward(w, *apart(x))])

    return phi, gradient, np.concatenate([np.ravel(x) for x in problem.leaves])


def _projection(problem: Problem, seed: int = 0) -> Any:
    out = problem.forward(*problem.leaves)
    problem.calls = 0
    return (np.random.default_rng(seed).random(out.shape) + 0.5).astype(out.dtype)


def check_scipy(problem: Problem) -> str:
    from scipy.optimize import check_grad

    phi, gradient, x = _flat(problem, _projection(problem))
    allowed = SCIPY_ALLOWED * (1 + float(np.linalg.norm(gradient(x))))
    return AGREES if check_grad(phi, gradient, x) <= allowed else DISAGREES


def check_pytensor_rule(problem: Problem) -> str:
    """The rule of PyTensor's verify_grad: one-sided differences, absolute or relative tolerance."""
    phi, gradient, x = _flat(problem, _projection(problem))
    single = x.dtype == np.float32
    step, allowed = (3e-4, 1e-2) if single else (1e-7, 1e-4)
    analytic, here = gradient(x), phi(x)
    for i, claimed in enumerate(analytic):
        moved = x.copy()
        moved[i] += step
        numeric = (phi(moved) - here) / step
        error = abs(numeric - claimed)
        if not (error <= allowed or error / max(abs(numeric) + abs(claimed), 1e-8) <= allowed):
            return DISAGREES
    return AGREES


CHECKERS: dict[str, tuple[str, Callable[[Problem], str]]] = {
    "gradtest": ("gradtest", check_gradtest),
    "torch gradcheck, slow": ("torch", _check_torch(fast=False)),
    "torch gradcheck, fast": ("torch", _check_torch(fast=True)),
    "jax check_grads": ("jax", check_jax),
    "autograd check_grads": ("autograd", check_autograd),
    "scipy check_grad < 1e-5": ("scipy", check_scipy),
    "pytensor verify_grad rule": ("numpy", check_pytensor_rule),
}


def present() -> dict[str, Callable[[Problem], str]]:
    """Return the checkers whose package is installed; say which are not."""
    found = {}
    for name, (package, check) in CHECKERS.items():
        if importlib.util.find_spec(package) is None:
            print(f"{name}: {package} is not installed, skipped")
        else:
            found[name] = check
    return found


# -- who is right --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What one checker said of one gradient; `wrong` if the gradient is."""

    checker: str
    setting: Setting
    family: str
    wrong: str
    word: str
    evaluations: int
    seconds: float


def ask(name: str, check: Callable[[Problem], str], problem: Problem, setting: Setting, wrong: str) -> Answer:
    start = time.perf_counter()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        np.random.seed(0)  # jax and autograd draw from the global generator
        try:
            word = check(problem)
        except Exception:
            word = INCONCLUSIVE
    seconds = time.perf_counter() - start
    return Answer(name, setting, problem.family.name, wrong, word, problem.calls, seconds)


def problems(
    names: Sequence[str], setting: Setting, seed: int = 0
) -> Iterator[tuple[Family, Inputs, str, Any]]:
    """Yield right gradients, and for the same inputs the wrong ones that show there."""
    for name in names:
        family = FAMILIES[name]
        inputs = families.draw(family, seed, nasty=setting.nasty, dtype=setting.dtype)
        yield family, inputs, "", family.derivative
        for mutant in list(families.mutants(family))[:6]:
            if not mutant.float64_only and shows(family, mutant, inputs, setting):
                yield family, inputs, mutant.kind, mutant.derivative


def shows(family: Family, mutant: families.Mutant, inputs: Inputs, setting: Setting) -> bool:
    """Whether a wrong gradient is wrong by 1e-4 at least, here and beside the point."""
    with np.errstate(all="ignore"):
        out = np.asarray(family.forward(**inputs))
    g = np.random.default_rng(1).uniform(0.5, 1.5, out.shape).astype(out.dtype)
    places = [inputs, verdicts.beside(family, inputs, 0), verdicts.beside(family, inputs, 1)]
    return all(max(verdicts.visibility(family, mutant, place, g)) > 1e-4 for place in places)


def compare(names: Sequence[str], settings: Sequence[Setting]) -> list[Answer]:
    checkers = present()
    answers = []
    for setting in settings:
        for family, inputs, wrong, derivative in problems(names, setting):
            for checker, check in checkers.items():
                answers.append(ask(checker, check, Problem(family, derivative, inputs), setting, wrong))
    return answers


def _share(words: Counter[str], word: str) -> str:
    return f"{100 * words[word] / words.total():.1f} %" if words.total() else "-"


def answers_table(answers: Sequence[Answer], setting: Setting) -> str:
    mine: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.setting == setting:
            mine[answer.checker].append(answer)
    lines = []
    for checker, all_of_them in mine.items():
        right = Counter(a.word for a in all_of_them if not a.wrong)
        wrong = Counter(a.word for a in all_of_them if a.wrong)
        agreeing = [a for a in all_of_them if not a.wrong]
        lines.append(
            (
                checker,
                right.total(),
                _share(right, DISAGREES),
                _share(right, INCONCLUSIVE),
                wrong.total(),
                _share(wrong, DISAGREES),
                _share(wrong, AGREES),
                _share(wrong, INCONCLUSIVE),
                f"{np.median([a.evaluations for a in agreeing]):.0f}",
                f"{np.quantile([a.evaluations for a in agreeing], 0.9):.0f}",
                f"{1e3 * np.median([a.seconds for a in agreeing]):.1f}",
            )
        )
    header = ("checker", "right", "false", "none", "wrong", "found", "missed", "none", "evals", "90 %", "ms")
    return table(f"{setting}: right and wrong gradients", header, lines)


# -- how the cost grows ----------------------------------------------------------------------------------


def growing(n: int, wrong: str) -> Problem:
    """A sum of n terms w_i tanh(x_i); with "one entry zero" or "off by 1 %", a single entry is wrong."""
    rng = np.random.default_rng(n)
    x, w = rng.standard_normal(n), rng.uniform(0.5, 1.5, n)

    def derivative(g: Any, x: Any, w: Any) -> Any:
        d = g * w * (1 - np.tanh(x) ** 2)
        if wrong:
            d[n // 3] *= 0.0 if wrong == "one entry zero" else 1.01
        return (d,)

    def forward(x: Any, w: Any) -> Any:
        return np.dot(w, np.tanh(x))

    family = Family("growing", forward, derivative, ("x",), lambda d: {})
    return Problem(family, derivative, {"x": x, "w": w})


def one(checker: str, n: int) -> dict[str, Any]:
    """Check one problem of n parameters in this process, and return cost and words."""
    check = CHECKERS[checker][1]
    check(growing(10, ""))  # imports, compilation
    problem = growing(n, "")
    before = peak()
    answer = ask(checker, check, problem, SETTINGS[0], "")
    grown = peak() - before
    words = {}
    if answer.seconds < PATIENCE:
        for wrong in ("one entry zero", "one entry off by 1 %"):
            words[wrong] = ask(checker, check, growing(n, wrong), SETTINGS[0], wrong).word
    return {
        "word": answer.word,
        "evaluations": answer.evaluations,
        "seconds": answer.seconds,
        "mib": grown / 2**20,
        **words,
    }


def growth(largest: int) -> Iterator[tuple[Any, ...]]:
    """Yield one row for each checker and size, each measured in a process of its own."""
    for checker, (package, _) in CHECKERS.items():
        if importlib.util.find_spec(package) is None:
            continue
        n = 10
        while n <= largest:
            command = [sys.executable, __file__, "--one", checker, str(n)]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=True)
            except subprocess.TimeoutExpired:
                yield checker, f"{n:.0e}", f"> {LIMIT:.0f} s", "", "", "", "", ""
                break
            cost = json.loads(done.stdout.splitlines()[-1])
            yield (
                checker,
                f"{n:.0e}",
                cost["word"],
                cost["evaluations"],
                f"{cost['seconds']:.4f}",
                f"{cost['mib'] / (8 * n / 2**20):.1f}" if n >= 100_000 else "",
                cost.get("one entry zero", "not asked"),
                cost.get("one entry off by 1 %", "not asked"),
            )
            if cost["seconds"] > PATIENCE:
                break
            n *= 10


def growth_table(largest: int) -> str:
    header = ("checker", "n", "right", "evals", "s", "memory/x", "one entry zero", "one off by 1 %")
    return table("How the cost grows: a sum of n terms (memory in copies of x)", header, growth(largest))


def _even(names: Sequence[str], wanted: int) -> list[str]:
    return [names[i * len(names) // wanted] for i in range(wanted)] if wanted < len(names) else list(names)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", type=int, default=60, help="how many families, evenly chosen")
    parser.add_argument("--largest", type=int, default=10_000_000, help="parameters at most")
    parser.add_argument("--skip-growth", action="store_true")
    parser.add_argument("--list", action="store_true", help="list what gradtest said wrongly")
    parser.add_argument("--one", nargs=2, metavar=("CHECKER", "N"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one[0], int(options.one[1]))))
        return
    packages = ["numpy", "gradtest", "scipy", "torch", "jax", "autograd"]
    print(provenance(*(p for p in packages if importlib.util.find_spec(p))))
    settings = SETTINGS[:3]
    answers = compare(_even(list(FAMILIES), options.families), settings)
    for setting in settings:
        print(answers_table(answers, setting))
    if options.list:
        for a in answers:
            if a.checker == "gradtest" and a.word != (DISAGREES if a.wrong else AGREES):
                print("  ", a.setting, "|", a.family, "|", a.wrong or "right", "|", a.word)
    if not options.skip_growth:
        print(growth_table(options.largest))


if __name__ == "__main__":
    main()
