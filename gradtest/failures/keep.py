"""From a report to the folders of its failures."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gradtest.case import Raised
from gradtest.diagnosis.evidence import Finding
from gradtest.diagnosis.report import Report
from gradtest.errors import GradientError, Misuse
from gradtest.matching import BrokenContract
from gradtest.numerics.rounding import EPS64, coarsest
from gradtest.settings import DEFAULT, Settings
from gradtest.spaces.containers import flatten
from gradtest.targets import Target

from .calls import case_of, made_by_target
from .case_file import FOLDER, Failure, identity, write
from .functions import Named, named
from .packing import CannotKeep, pack
from .repro import script

__all__ = ["keep", "keeping", "kept"]


def keep(
    target: Target,
    findings: Sequence[Finding],
    *,
    settings: Settings = DEFAULT,
    base: Path | None = None,
    test: str = "",
    place: str = "",
) -> tuple[Finding, ...]:
    """Write each finding into a folder of its own, and return the findings with how to see them again.

    Parameters
    ----------
    target : Target
        That they were found on.
    findings : sequence of Finding
    settings : Settings, optional
    base : Path, optional
        Below which folder; the current one by default.
    test : str, optional
        The test that failed, as in ``tests/test_layers.py::test_affine`` (from `base`).
    place : str, optional
        What the command was asked to check.

    Returns
    -------
    tuple of Finding
        A folder that cannot be written (a read-only checkout) is no error: `Finding.again` says why.
    """
    base = Path.cwd() if base is None else base
    return tuple(_kept(target, finding, settings, base, test, place) for finding in findings)


def kept(report: Report, *, base: Path | None = None, test: str = "") -> Report:
    """Return a report whose findings were written; others, and those written before, are left alone."""
    if report.judged is None or report.verdict != "disagrees" or any(f.again for f in report.findings):
        return report
    case, settings = report.judged
    findings = keep(case.target, report.findings, settings=settings, base=base, test=test)
    return replace(report, diagnose=lambda *others: findings)


@contextlib.contextmanager
def keeping() -> Iterator[None]:
    """Write the findings of the gradient errors that leave the context.

    Under pytest that is left to its plugin, which knows which errors are failures.
    """
    try:
        yield
    except (GradientError, BaseExceptionGroup) as error:
        if "PYTEST_CURRENT_TEST" not in os.environ:
            for one in _gradient_errors(error):
                if isinstance(one.report, Report):
                    one.report = kept(one.report)
        raise


def _gradient_errors(error: BaseException) -> Iterator[GradientError]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _gradient_errors(inner)
    elif isinstance(error, GradientError):
        yield error


def _kept(target: Target, finding: Finding, settings: Settings, base: Path, test: str, place: str) -> Finding:
    failure = Failure(
        id=_identity(finding, test or place),
        headline=finding.headline,
        code=finding.code,
        target=finding.target,
        parameter=finding.parameter,
        test=test,
        place=place,
        functions=_functions(target),
        wrt=target.wrt,
        conjugate=target.conjugate,
        domains={name: domain.name for name, domain in target.domains.items()},
        settings={name: value for name, value in asdict(settings).items() if value != getattr(DEFAULT, name)},
        entry=None if finding.entry is None else _entry(finding),
    )
    archive: dict[str, NDArray[Any]] = {}
    try:
        inputs = {name: pack(value, name, archive) for name, value in finding.inputs.items()}
        text, arrays, why = _script(target, finding, base, _title(failure))
        home = write(base, replace(failure, inputs=inputs), {**archive, **arrays}, text)
    except (OSError, CannotKeep) as error:
        return replace(finding, again=f"not written to {FOLDER.as_posix()}: {error}")
    return replace(finding, again=_again(failure, home, base, why))


def _functions(target: Target) -> dict[str, Named | None]:
    """Return the names of the functions of a target, by what `gradtest.target` calls them."""
    if made_by_target(target.forward):
        return {target.form: named(target.derivative)}  # value and gradient in one
    if made_by_target(target.derivative):
        return {"value_and_pullback": named(target.forward)}
    return {"forward": named(target.forward), target.form: named(target.derivative)}


def _identity(finding: Finding, origin: str) -> str:
    """Return the same id for the same mistake, whatever else changes in its file; a lambda has its line.

    In another precision it may be another mistake.
    """
    named = "<" not in finding.target
    source = finding.source.partition(":")[0] if named else finding.source
    eps = coarsest(*(getattr(leaf, "dtype", "float64") for leaf in flatten(finding.inputs).leaves))
    precision = "" if eps == EPS64 else str(eps)
    return identity(finding.target, finding.parameter, finding.code, source, origin + precision)


def _entry(finding: Finding) -> dict[str, Any]:
    entry = finding.entry
    assert entry is not None
    numbers = {name: repr(float(getattr(entry, name))) for name in ("analytic", "numeric", "error")}
    return {"index": list(entry.index), **numbers}


def _title(failure: Failure) -> str:
    found = f"Found by {failure.test}. " if failure.test else ""
    return (
        f"{failure.headline}\n\n{found}Exits with 1 while it is there, and with 0 when it is gone.\n"
        "Needs NumPy and the code under test, and neither gradtest nor Hypothesis."
    )


def _script(
    target: Target, finding: Finding, base: Path, title: str
) -> tuple[str, dict[str, NDArray[Any]], str]:
    """Return a script, its arrays, and nothing; or an empty one, and why none can be written."""
    try:
        return *script(case_of(target, finding.inputs), finding, base, title), ""
    except (CannotKeep, Raised, Misuse, BrokenContract) as error:
        return "", {}, str(error)


def _again(failure: Failure, home: Path, base: Path, why: str) -> str:
    again = f"python -m gradtest replay {failure.id}"
    script = home / "repro.py"
    if script.exists():
        return f"{again}   or   python {script.relative_to(base).as_posix()}"
    return f"{again}   (no repro.py: {why or 'it did not fail by itself'})"
