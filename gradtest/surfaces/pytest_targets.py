"""The targets of ``[tool.gradtest]`` as tests, without any test code: ``pytest --gradtest``.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import datetime
import functools
import warnings
from collections.abc import Callable, Iterator

import pytest

from gradtest.errors import GradientError, Misuse
from gradtest.guess import inputs_of
from gradtest.plan import Plan, accepted
from gradtest.properties.search import Vacuous, as_test
from gradtest.subjects.subject import Subject

from .config import Config, find_config, plan_for, plan_of, read_config
from .pytest_baseline import KEEPER, Keeper
from .pytest_failure import findings_of

__all__ = ["collected"]


def collected(session: pytest.Session) -> list[pytest.Item]:
    """Return a test for every target that `pyproject.toml` names.

    Raises
    ------
    pytest.UsageError
        If it names none, or says of them what cannot be carried out.
    """
    try:
        path = find_config(session.config.rootpath)
        config = read_config(path) if path else Config()
        if path is None or not config.targets:
            raise Misuse(
                'no targets are named; write in pyproject.toml: [tool.gradtest] targets = ["pkg.mod"]'
            )
        targets: Targets = Targets.from_parent(session, name=path.name, nodeid=path.name)
        targets.given(config, config.subjects(path.parent))
        items: list[pytest.Item] = list(targets.collect())
    except Misuse as misuse:
        raise pytest.UsageError(f"--gradtest: {misuse}") from None
    for item in items:
        item.ihook.pytest_itemcollected(item=item)
    return items


class Targets(pytest.Collector):
    """What `pyproject.toml` names, one test each."""

    config_of_gradtest: Config
    subjects: list[Subject]

    def given(self, config: Config, subjects: list[Subject]) -> None:
        """Take what there is to collect."""
        self.config_of_gradtest, self.subjects = config, subjects

    def collect(self) -> Iterator[pytest.Function]:
        """Yield a test for each target."""
        plan = plan_for(self.config_of_gradtest, Plan())
        for subject in self.subjects:
            own = plan_of(self.config_of_gradtest, subject, plan, datetime.date.today())
            name = subject.in_precision(subject.place or subject.target.name)
            name = name.replace("::", ":")  # pytest has its own use for ::
            test: pytest.Function = pytest.Function.from_parent(
                self, name=name, callobj=_test(subject, own, self.config.stash.get(KEEPER, None))
            )
            if own.skip:
                test.add_marker(pytest.mark.skip(reason=own.skip))
            yield test


def _test(subject: Subject, plan: Plan, keeper: Keeper | None) -> Callable[[], None]:
    if keeper is not None:
        keeper.expect(subject, plan)
    if plan.skip:
        return lambda: None
    inputs = inputs_of(subject.target, subject.inputs, plan.given)
    test = as_test(
        subject.target,
        inputs.shapes,
        settings=plan.settings,
        max_examples=plan.max_examples,
        seconds=plan.seconds,
        dtype=subject.dtype,
    )
    undecided = False
    if keeper is not None:
        plan = keeper.accepting(plan, subject)
        undecided = keeper.was_undecided(subject)
        test = keeper.recording(test, subject, inputs, plan)
    return _accepting(test, plan, undecided) if plan.known or undecided else test


def _accepting(test: Callable[[], None], plan: Plan, undecided: bool) -> Callable[[], None]:
    """Return the test, expected to fail with findings that are known, and with no others.

    Or, where it was `undecided` before, expected not to be decided.
    """

    @functools.wraps(test)
    def run() -> None:
        try:
            test()
        except (GradientError, BaseExceptionGroup) as error:
            reasons = accepted(findings_of(error), plan.known)
            if not reasons:
                raise
            pytest.xfail("; ".join(f"known {code}: {reason}" for code, reason in sorted(reasons.items())))
        except Vacuous as vacuous:
            if not undecided:
                raise
            pytest.xfail(f"no more decided than before: {vacuous}")
        for known in plan.known:
            if known.recorded:
                continue  # the baseline says so itself
            warnings.warn(
                f"{known.code} was known here ({known.reason}) and is gone: take the override out",
                stacklevel=1,
            )

    return run
