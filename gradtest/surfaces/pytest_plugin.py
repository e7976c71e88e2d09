"""The pytest plugin: a marker, a summary, and failures that show the finding and not our own frames.

It imports pytest and the standard library, and acts only where gradtest was used.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import Any

import pytest

__all__: list[str] = []

_TALLY = "gradtest.properties.tally"
_SEARCH = "gradtest.properties.search"

#: What the workers of a distributed run counted: target -> `Tally.as_data`.
_WORKERS = pytest.StashKey[list[dict[str, dict[str, Any]]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer what there is to ask for."""
    group = parser.getgroup("gradtest")
    group.addoption(
        "--gradtest",
        action="store_true",
        help="Test the targets that [tool.gradtest] of pyproject.toml names, too.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", "gradtest: holds a derivative to its laws; tests made by gradtest.property_of have it."
    )
    config.stash[_WORKERS] = []


@pytest.hookimpl(tryfirst=True)  # before -k and -m choose
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test for every target of `pyproject.toml`, if asked."""
    if config.getoption("gradtest"):
        from .pytest_targets import collected

        items += collected(session)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that `property_of` made, and say where they stand in the user's own file."""
    if _SEARCH in sys.modules and isinstance(item, pytest.Function) and _is_property(item.obj):
        from .pytest_failure import place_of

        item.add_marker("gradtest")
        if item.path.suffix == ".py":  # those of pyproject.toml stand nowhere else
            item.location = place_of(item)


def _is_property(function: Any) -> bool:
    return getattr(function, "__module__", None) == _SEARCH and hasattr(function, "is_hypothesis_test")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what was found, and of the traceback only what is the user's."""
    if call.excinfo is None or "gradtest.errors" not in sys.modules:
        return (yield)
    from . import pytest_failure

    errors = pytest_failure.ours(call.excinfo.value)
    if not errors or item.config.option.fulltrace:
        return (yield)
    if call.when == "call":
        pytest_failure.keep(errors, item)
    theirs = pytest_failure.hide_our_frames(call.excinfo)
    pytest_failure.drop_our_lines(errors)
    report = yield
    pytest_failure.rewrite(report, item, errors, theirs and len(errors) == 1)
    return report


# -- what was checked -----------------------------------------------------------------------------


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send what a worker counted to where the summary is written."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None and _TALLY in sys.modules:
        output["gradtest"] = {name: tally.as_data() for name, tally in sys.modules[_TALLY].session.items()}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take what a worker counted (a hook of pytest-xdist)."""
    counted = getattr(node, "workeroutput", {}).get("gradtest")
    if counted:
        node.config.stash[_WORKERS].append(counted)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write what was checked, if anything was."""
    counted = config.stash.get(_WORKERS, [])
    if not counted and (_TALLY not in sys.modules or not sys.modules[_TALLY].session):
        return
    from .pytest_summary import lines

    terminalreporter.section("gradtest")
    for line in lines(counted, config):
        terminalreporter.write_line(line)
