"""gradtest merge: what the shards of a run came to together.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradtest import __version__
from gradtest.errors import Misuse

from .baseline_options import BASELINE_OPTIONS, baseline_options
from .exit_codes import ExitCode
from .report_options import report_options, wanted_reports
from .telling import Telling, refused

if TYPE_CHECKING:
    from gradtest.record import Ledger
    from gradtest.shards import Merged

    from .promise import Promise

__all__ = ["command"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@baseline_options
@report_options
@click.option("--mutants", is_flag=True, help="Show which wrong versions would have been caught.")
@click.option("--plot", is_flag=True, help="Draw what was measured, if the shards were told to.")
@click.option("-v", "--verbose", is_flag=True, help="Show which laws were held in how many cases.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON on stdout, and nothing else.")
@click.pass_context
def command(ctx: click.Context, /, files: Sequence[Path], as_json: bool, **options: Any) -> None:
    """Say what the shards of a run came to together.

    FILES are what check --shard has written, or folders with such files. Counts are added, the smallest
    failing cases kept; the end is that of one run. A shard that is missing is said, and no success.

    \b
    Exit codes: those of check.
    """
    try:
        ctx.exit(_merged(list(_files(files)), as_json, options))
    except Misuse as misuse:
        if as_json:
            refused(misuse, "shards")
        raise


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the files that are named, and those in folders that are."""
    for path in paths:
        found = sorted(path.rglob("shard-*-of-*.jsonl")) if path.is_dir() else [path]
        if not found:
            raise Misuse(f"there is no shard-K-of-N.jsonl in {path}; name the files that hold the shards")
        yield from found


def _merged(files: Sequence[Path], as_json: bool, options: dict[str, Any]) -> ExitCode:
    from gradtest.shards import merged

    reports = wanted_reports(options)
    run = merged(files)
    promise = _promise(options, run)
    ledger = run.ledger if promise is None else _accepting(run.ledger, promise)
    telling = Telling(
        run.asking.checked,
        reports,
        promise,
        laws=options["verbose"],
        pictures=options["plot"],
        mutants=options["mutants"],
        partial=_missing(run),
    )
    return telling.as_json(ledger) if as_json else _in_words(run, ledger, telling)


def _in_words(run: Merged, ledger: Ledger, telling: Telling) -> ExitCode:
    from . import report_text
    from .table import Table
    from .terminal import paper

    out = paper(sys.stdout)
    title = f"{run.asking.checked} in {run.count} shards"
    names = [record.name for record in ledger.records]
    table = Table(names, ledger.plan.opinions, ledger.plan.max_examples, out.width)
    out.write(report_text.opening(title, len(names), ledger.plan, __version__, out.width))
    out.write([(), *table.header()])
    for record in ledger.records:
        out.write(table.row(record))
    return telling.in_words(ledger, out)


def _promise(options: dict[str, Any], run: Merged) -> Promise | None:
    """Return the baseline that was asked for."""
    if not any(options[name] for name in BASELINE_OPTIONS):
        return None
    if 1 in run.missing:
        raise Misuse("what a baseline holds was measured in shard 1, which is missing; run it again")
    from .promise import promise

    return promise(options, "" if run.asking.whole else run.asking.checked)


def _accepting(ledger: Ledger, promise: Promise) -> Ledger:
    """Return a ledger with the findings that a baseline accepts."""
    return replace(ledger, records=[promise.accepting(record) for record in ledger.records])


def _missing(run: Merged) -> str:
    """Return what is to be said of the shards that are not there."""
    if not run.missing:
        return ""
    those = ", ".join(map(str, run.missing))
    shards = f"Shard {those} of {run.count} is" if len(run.missing) == 1 else f"Shards {those} are"
    return f"{shards} missing: not all cases were looked at, and this is no success."
