"""The section of pytest's report on what was checked.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from gradtest.properties.tally import Identity, Tally, session, titles

from .laws_table import laws_text
from .table import mutants_text, number_text, reasons_text

__all__ = ["Counted", "lines", "merged"]

#: What a worker counted: name and place of a target, and its tally as plain data.
Counted = Iterable[tuple[str, str, Mapping[str, Any]]]

#: So many targets with undecided cases are named.
MOST_TARGETS = 5


def lines(workers: Sequence[Counted], config: pytest.Config) -> Iterator[str]:
    """Yield the lines of the section.

    Parameters
    ----------
    workers : sequence of iterables
        What the workers of a distributed run counted.
    config : pytest.Config
        Knows of seeds.
    """
    found = merged(workers)
    tallies = {title: found[identity] for identity, title in titles(found).items()}
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


def merged(workers: Sequence[Counted]) -> dict[Identity, Tally]:
    """Return what was counted in this process and by workers."""
    total: dict[Identity, Tally] = {}
    for identity, tally in session.items():
        total.setdefault(identity, Tally()).merge(tally)
    for worker in workers:
        for name, place, counts in worker:
            total.setdefault(Identity(name, place), Tally()).merge(Tally.from_data(counts))
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
