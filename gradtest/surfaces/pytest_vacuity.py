"""A test that says nothing is red: marked and without a check, or with none that decided anything.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

import pytest

from gradtest.properties.tally import Tally, session

__all__ = ["watching"]


@contextlib.contextmanager
def watching(item: pytest.Item) -> Iterator[None]:
    """Fail a test that returns without having said anything.

    One that has the marker `gradtest` must check something; and where a Hypothesis test has judged several
    cases of a target, they must not all be undecided, or have a gradient of zero.
    """
    before, checks = dict(session), _checks()
    session.clear()
    try:
        yield
    finally:
        own = dict(session)
        session.clear()
        session.update(before)
        for identity, tally in own.items():
            session.setdefault(identity, Tally()).merge(tally)
    if item.get_closest_marker("gradtest") is not None and not own and _checks() == checks:
        pytest.fail(
            f"gradtest: {item.name} is marked gradtest, and returned without a check; call "
            "gradtest.assert_gradients, or take the marker away",
            pytrace=False,
        )
    drawn = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    for identity, tally in own.items() if drawn else ():
        if tally.cases > 1 and tally.vacuous():
            pytest.fail(f"gradtest: {identity.name}: {tally.vacuous()}", pytrace=False)


def _checks() -> int:
    """Return how often `gradtest.check` was called in this process."""
    run = sys.modules.get("gradtest.run")
    return run.calls.total() if run is not None else 0
