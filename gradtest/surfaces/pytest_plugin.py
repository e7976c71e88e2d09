"""The pytest plugin: a marker, a summary, and failures that show the finding and not our own frames.

It imports pytest and the standard library, and acts only where gradtest was used.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .pytest_baseline import Keeper
    from .pytest_reports import Reporter

__all__: list[str] = []

_TALLY = "gradtest.properties.tally"
_SEARCH = "gradtest.properties.search"

_BASELINE = ("_baseline", "_baseline_update", "_baseline_prune", "_fail_on")
_REPORTS = ("", "_report", "_report_dir")

#: What the workers of a distributed run counted: target -> `Tally.as_data`.
_WORKERS = pytest.StashKey[list[list[tuple[str, str, dict[str, Any]]]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer what there is to ask for."""
    group = parser.getgroup("gradtest")
    group.addoption(
        "--gradtest",
        action="store_true",
        help="Test the targets that [tool.gradtest] of pyproject.toml names, too.",
    )
    group.addoption(
        "--gradtest-baseline",
        metavar="FILE",
        help="Fail only on what got worse since FILE was written; a missing one is written.",
    )
    group.addoption(
        "--gradtest-baseline-update",
        action="store_true",
        help="Accept what is: put what ran in its place in the file.",
    )
    group.addoption(
        "--gradtest-baseline-prune", action="store_true", help="Take what is gone out of the file."
    )
    group.addoption(
        "--gradtest-fail-on",
        action="append",
        default=[],
        metavar="WHAT",
        help="What fails: new, accuracy>10x, unchecked. Repeat. By default all of these.",
    )
    group.addoption(
        "--gradtest-report",
        action="append",
        default=[],
        metavar="KINDS",
        help="Write reports of what was checked: json, md, html, gitlab, with commas between "
        "(JUnit is pytest's own --junitxml).",
    )
    group.addoption(
        "--gradtest-report-dir", metavar="FOLDER", help="Where reports go; gradtest-report by default."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", "gradtest: holds a derivative to its laws; tests made by gradtest.property_of have it."
    )
    config.stash[_WORKERS] = []
    if any(config.getoption(f"gradtest{name}") for name in ("", *_BASELINE)):
        from .pytest_baseline import KEEPER, keeper

        kept = keeper(config)
        if kept is not None:
            config.stash[KEEPER] = kept
    if any(config.getoption(f"gradtest{name}") for name in _REPORTS):
        from .pytest_reports import REPORTER, reporter

        reports = reporter(config)
        if reports is not None:
            config.stash[REPORTER] = reports


def _reporter(config: pytest.Config) -> Reporter | None:
    """Return the reports of this session, if there are some."""
    module = sys.modules.get(f"{__package__}.pytest_reports")
    return config.stash.get(module.REPORTER, None) if module is not None else None


def _keeper(config: pytest.Config) -> Keeper | None:
    """Return the baseline of this session, if there is one."""
    module = sys.modules.get(f"{__package__}.pytest_baseline")
    return config.stash.get(module.KEEPER, None) if module is not None else None


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
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that is marked, or that checked something, and says nothing."""
    if _TALLY not in sys.modules and item.get_closest_marker("gradtest") is None:
        return (yield)
    from .pytest_vacuity import watching

    with watching(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what was found, and of the traceback only what is the user's."""
    if call.excinfo is None or "gradtest.errors" not in sys.modules:
        return (yield)
    from . import pytest_failure

    errors = pytest_failure.ours(call.excinfo.value)
    reports = _reporter(item.config)
    if not errors or item.config.option.fulltrace:
        report = yield
        if reports is not None:
            reports.hear(call.excinfo.value, item, report)
        return report
    if call.when == "call":
        pytest_failure.keep(errors, item)
    theirs = pytest_failure.hide_our_frames(call.excinfo)
    pytest_failure.drop_our_lines(errors)
    report = yield
    pytest_failure.rewrite(report, item, call.excinfo, errors, theirs and len(errors) == 1)
    if reports is not None:
        reports.hear(call.excinfo.value, item, report)
    return report


# -- what was checked -----------------------------------------------------------------------------


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send what a worker counted to where the summary is written; hold all of it against a baseline."""
    terminal = session.config.pluginmanager.getplugin("terminalreporter")
    if terminal is not None and terminal.isatty:  # on a worker there is none, and a file is not folded
        failed = [r for r in terminal.stats.get("failed", ()) if str(r.longrepr).startswith("gradtest")]
        if failed:
            from .pytest_failure import fold

            fold(failed, _width(terminal))
    output, kept = getattr(session.config, "workeroutput", None), _keeper(session.config)
    if output is not None and _TALLY in sys.modules:
        counted = sys.modules[_TALLY].session.items()
        output["gradtest"] = [(*identity, tally.as_data()) for identity, tally in counted]
    reports = _reporter(session.config)
    if output is not None and reports is not None:
        output["gradtest_reports"] = reports.as_data()
    if output is not None and kept is not None:
        output["gradtest_baseline"] = kept.as_data()
    elif kept is not None:
        _close(session, kept)


def _width(terminal: pytest.TerminalReporter) -> int | None:
    """Return the columns of a terminal; None where a file is written to."""
    return shutil.get_terminal_size().columns if terminal.isatty else None


def _close(session: pytest.Session, kept: Keeper) -> None:
    """Let the session fail if something is worse than it was."""
    status = session.exitstatus
    cut = bool(session.shouldstop or session.shouldfail) or status == pytest.ExitCode.INTERRUPTED
    failing = "a test" if status == pytest.ExitCode.TESTS_FAILED else ""
    if kept.close(cut, failing) and status == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take what a worker counted (a hook of pytest-xdist)."""
    output, kept = getattr(node, "workeroutput", {}), _keeper(node.config)
    if output.get("gradtest"):
        node.config.stash[_WORKERS].append(output["gradtest"])
    if kept is not None and "gradtest_baseline" in output:
        kept.take(output["gradtest_baseline"])
    reports = _reporter(node.config)
    if reports is not None:
        reports.take(output.get("gradtest_reports", ()))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Write what was checked, if anything was, and the reports of it."""
    counted, reports = config.stash.get(_WORKERS, []), _reporter(config)
    if counted or (_TALLY in sys.modules and sys.modules[_TALLY].session):
        from .lines import fill
        from .pytest_summary import lines

        terminalreporter.section("gradtest")
        kept = _keeper(config)
        for line in (*lines(counted, config), *(kept.lines() if kept is not None else ())):
            indent = " " * (len(line) - len(line.lstrip()))
            for part in fill(line.lstrip(), _width(terminalreporter), indent, indent + "  "):
                terminalreporter.write_line(part)
    if reports is not None:
        from .pytest_summary import merged

        for line in reports.publish(merged(counted), config, exitstatus):
            terminalreporter.write_line(line)
