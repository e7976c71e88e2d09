"""Further cases from the strategy that a failing one was drawn from, to test a suspicion on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis.strategies import SearchStrategy

from gradtest.case import Case
from gradtest.diagnosis.confirm import MOST, Others
from gradtest.errors import Misuse

__all__ = ["further"]


def further(case: Callable[[Mapping[str, Any]], Case], point: SearchStrategy[Any], seed: int = 0) -> Others:
    """Return further cases, which are drawn when they are first asked for.

    There are none inside a Hypothesis test, where nothing else can be drawn.
    """

    @functools.cache
    def drawn() -> list[Case]:
        cases: list[Case] = []

        def collect(point: Mapping[str, Any]) -> None:
            try:
                cases.append(case(point))
            except Misuse:
                return

        settings = hypothesis.settings(
            hypothesis.settings.get_profile("default"),
            max_examples=MOST,
            phases=[Phase.generate],
            database=None,
            derandomize=False,
            deadline=None,
            verbosity=hypothesis.Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )
        hypothesis.seed(seed + 1)(settings(hypothesis.given(point=point)(collect)))()
        return cases

    return Others(lambda: [] if hypothesis.currently_in_test_context() else drawn())
