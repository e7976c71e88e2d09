"""The section of pytest's report on what was checked.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from gradtest.properties.tally import Tally, session

from .laws_table import laws_text
from .table import mutants_text, number_text, reasons_text

__all__ = ["lines", "merged"]

#: So many targets with undecided cases are named.
MOST_TARGETS = 5


def lines(workers: Sequence[Mapping[str, Mapping[str, Any]]], config: pytest.Config) -> Iterator[str]:
    """Yield the lines of the section.

    Parameters
    ----------
    workers : sequence of mappings
        What the workers of a distributed run counted, by target, as plain data.
    config : pytest.Config
        Knows of seeds.
    """
    tallies = merged(workers)
    total = Tally()
    for tally in tallies.values():
        total.merge(tally)
    yield _first(len(tallies), total)
    undecided = {name: tally for name, tally in tallies.items() if tally.undecided}
    for name in sorted(undecided, key=lambda name: -undecided[name].undecided)[:MOST_TARGETS]:
        tally = undecided[name]
        yield f"  {name}: {tally.undecided} of {number_text(tally.cases)} undecided: {reasons_text(tally)}"
    if len(undecided) > MOST_TARGETS:
        yield f"  and some in {len(undecided) - MOST_TARGETS} more targets"
    if total.resolution:
        yield f"worst resolution {total.resolution:.0e}: a gradient off by that share would be seen"
    if total.laws:
        yield f"laws {laws_text(total.laws, ('undecided',))}"
    yield from _mutants(tallies)
    yield _seed(config)


def _mutants(tallies: Mapping[str, Tally]) -> Iterator[str]:
    """Yield how many wrong versions of the gradients were caught, and which were not."""
    powers = ((name, tally.mutants) for name, tally in tallies.items())
    text, blind = mutants_text((name, power.caught, power.total, power.blind()) for name, power in powers)
    if text:
        yield f"mutants caught {text}: wrong versions of the gradients that agree"
    yield from (f"  not caught: {sentence}" for sentence in blind[:MOST_TARGETS])
    if len(blind) > MOST_TARGETS:
        yield f"  and {len(blind) - MOST_TARGETS} more"


def merged(workers: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, Tally]:
    """Return what was counted in this process and by workers, by target."""
    total: dict[str, Tally] = {}
    for name, tally in session.items():
        total.setdefault(name, Tally()).merge(tally)
    for worker in workers:
        for name, counts in worker.items():
            total.setdefault(name, Tally()).merge(Tally.from_data(counts))
    return total


def _first(targets: int, total: Tally) -> str:
    count = f"{targets} target" + ("" if targets == 1 else "s")
    verdicts = [f"{number_text(total.agrees)} agree"]
    verdicts += [f"{number_text(total.disagrees)} disagree"] if total.disagrees else []
    verdicts += [f"{number_text(total.undecided)} undecided"] if total.undecided else []
    cases = f"{number_text(total.cases)} case" + ("" if total.cases == 1 else "s")
    return f"{count}, {cases}: {', '.join(verdicts)}; {number_text(total.evaluations)} evaluations"


def _seed(config: pytest.Config) -> str:
    import hypothesis

    seed = config.getoption("hypothesis_seed", None)
    default = hypothesis.settings.default
    if default is not None and default.derandomize:
        return "seed: fixed by the Hypothesis profile (derandomize): every run draws the same cases"
    if seed is not None:
        return f"seed: --hypothesis-seed={seed}"
    return "seed: another one each time; --hypothesis-seed=0 draws the same cases every time"
