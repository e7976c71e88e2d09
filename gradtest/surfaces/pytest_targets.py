"""The targets of ``[tool.gradtest]`` as tests, without any test code: ``pytest --gradtest``.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import datetime
import functools
import warnings
from collections.abc import Callable, Iterator

import pytest

from gradtest.adapters.subjects import Subject
from gradtest.campaign import Plan, accepted
from gradtest.diagnosis.evidence import Finding
from gradtest.diagnosis.report import Report
from gradtest.errors import GradientError, Misuse
from gradtest.guess import inputs_of
from gradtest.properties.search import as_test

from .config import Config, find_config, plan_for, plan_of, read_config

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
            name = (subject.place or subject.target.name).replace("::", ":")  # pytest has its own use for ::
            test: pytest.Function = pytest.Function.from_parent(self, name=name, callobj=_test(subject, own))
            if own.skip:
                test.add_marker(pytest.mark.skip(reason=own.skip))
            yield test


def _test(subject: Subject, plan: Plan) -> Callable[[], None]:
    if plan.skip:
        return lambda: None
    shapes = dict(inputs_of(subject.target, subject.inputs, plan.given).shapes)
    test = as_test(subject.target, settings=plan.settings, max_examples=plan.max_examples, **shapes)
    return _accepting(test, plan) if plan.known else test


def _accepting(test: Callable[[], None], plan: Plan) -> Callable[[], None]:
    """Return the test, expected to fail with findings that are known, and with no others."""

    @functools.wraps(test)
    def run() -> None:
        try:
            test()
        except GradientError as error:
            reasons = accepted(_findings(error), plan.known)
            if not reasons:
                raise
            pytest.xfail("; ".join(f"known {code}: {reason}" for code, reason in sorted(reasons.items())))
        for known in plan.known:
            warnings.warn(
                f"{known.code} was known here ({known.reason}) and is gone: take the override out",
                stacklevel=1,
            )

    return run


def _findings(error: GradientError) -> tuple[Finding, ...]:
    return error.report.findings if isinstance(error.report, Report) else ()
