"""Examples of a strategy, the same in every run."""

from collections import Counter
from random import Random

from hypothesis import HealthCheck, Phase, find, given, settings

from gradtest.properties import example

QUIET = settings(
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def draws(strategy, count=400):
    """Return `count` examples, the same ones in every run."""
    seen = []

    @settings(QUIET, max_examples=count)
    @given(strategy)
    def collect(p):
        seen.append(p)

    collect()
    assert len(seen) >= 0.9 * count
    return seen


def smallest(strategy, predicate, seed=0):
    """Return what Hypothesis shrinks to, the same in every run."""
    return find(strategy, predicate, settings=settings(database=None, max_examples=5000), random=Random(seed))


def share(seen, predicate):
    return sum(map(bool, map(predicate, seen))) / len(seen)


def events_of(monkeypatch, strategy):
    """Count what is told to Hypothesis's statistics."""
    told = Counter()
    monkeypatch.setattr(example, "event", lambda words: told.update([words]))
    draws(strategy, 200)
    return told
