"""gradtest check: what there is in a place, over generated inputs, as a table.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradtest import __version__
from gradtest.errors import Misuse

from .asked import METHODS, asked
from .baseline_options import baseline_options
from .exit_codes import ExitCode
from .lines import Piece, fill
from .report_options import report_options
from .telling import Telling, refused, reported

if TYPE_CHECKING:
    from gradtest.campaign import Campaign, Event
    from gradtest.record import Ledger

    from .asked import Asked
    from .table import Table
    from .terminal import Paper

__all__ = ["command"]


@click.command()
@click.argument("target", required=False)
@click.option(
    "-n",
    "--max-examples",
    type=click.IntRange(1),
    help="Cases for each derivative. [default: 100, or what pyproject.toml says]",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    help="Which cases are drawn. [default: another one each time, 0 where CI is set]",
)
@click.option(
    "--method",
    type=click.Choice(METHODS),
    help="What measures, alone. [default: spectral, with the other two as second opinions]",
)
@click.option(
    "--inputs",
    multiple=True,
    metavar='"NAME: DIMS"',
    help='How an input looks, e.g. "x: batch in" or "p: n : (0, 1)". Repeat.',
)
@click.option("--vjp", metavar="NAME", help="The backward function of TARGET, if its name does not tell.")
@click.option("--grad", metavar="NAME", help="The gradient of TARGET, if its name does not tell.")
@click.option(
    "--resolution",
    type=float,
    help="The relative error that must be seen. [default: what the precision allows]",
)
@click.option(
    "--mutants",
    is_flag=True,
    help="Show which wrong versions of the gradients that agree would have been caught, and which not.",
)
@click.option(
    "--plot",
    is_flag=True,
    help="Draw what was measured, in plain characters: of what disagrees, or was seen least sharply.",
)
@click.option(
    "-j",
    "--jobs",
    metavar="N",
    help="Look at N targets at a time, each in a process of its own; auto: one for each core.",
)
@click.option(
    "--shard",
    metavar="K/N",
    help="Look at one of N parts of the cases, and write what came of it to a file for gradtest merge.",
)
@click.option(
    "--shard-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Which file. [default: gradtest-report/shard-K-of-N.jsonl]",
)
@baseline_options
@report_options
@click.option(
    "--laws",
    metavar="NAMES",
    help="What to hold the derivatives to, with commas between; or all. [default: see gradtest laws]",
)
@click.option(
    "--dtypes",
    metavar="NAMES",
    help="The precisions of the inputs, with commas between, e.g. float64,float32. [default: float64]",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    help="When a derivative has taken so long, no further case of it is begun.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show which laws were held in how many cases.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON on stdout, and nothing else.")
@click.pass_context
def command(ctx: click.Context, /, target: str | None, as_json: bool, **options: Any) -> None:
    """Check derivatives over generated inputs.

    TARGET is a module (pkg.mod), a file (layers.py), a folder, or one function of these
    (pkg.mod:affine, layers.py::affine). The derivative of f is found by its name: f_backward, f_vjp,
    df, f_grad, ...; a module may also list its derivatives in a table DERIVATIVES. Without TARGET, what
    [tool.gradtest] of pyproject.toml names is checked, as it says there.

    \b
    Exit codes: 0 all agree, 1 a derivative disagrees, 2 interrupted, 3 gradtest failed,
    4 misuse, 5 nothing was decided.
    """
    what = asked(target, options)
    with reported(what.title, what.reports):
        code = _as_json(what) if as_json else _as_text(what)
    ctx.exit(code)


def _as_text(what: Asked) -> ExitCode:
    from . import report_text
    from .table import Table
    from .terminal import paper

    out = paper(sys.stdout)
    campaign = what.campaign()
    plan = campaign.ledger.plan
    names = [record.name for record in campaign.ledger.records]
    table = Table(names, plan.opinions, plan.max_examples, out.width)
    out.write(report_text.opening(what.title, len(names), plan, __version__, out.width))
    out.write([(), *table.header()])
    ledger = _run(what, campaign, table, out)
    code = _telling(what).in_words(ledger, out)
    if what.shard is None:
        return code
    out.write((Piece(line),) for line in fill(what.write_shard(campaign), out.width, "", "  "))
    return _of_a_shard(code)


def _of_a_shard(code: ExitCode) -> ExitCode:
    """Return what a shard ends with: whether enough was decided is known when all are merged."""
    return ExitCode.AGREES if code is ExitCode.NOTHING_DECIDED else code


def _run(what: Asked, campaign: Campaign, table: Table, out: Paper) -> Ledger:
    """Carry it out, writing the rows in their order as their targets end, and one that was interrupted."""
    from gradtest.campaign import Ended

    records, written = campaign.ledger.records, 0
    with out.progress(len(records), campaign.ledger.plan.max_examples) as bar:

        def hear(event: Event) -> None:
            nonlocal written
            bar(event)
            while isinstance(event, Ended) and written < len(records) and records[written].ended:
                out.write(table.row(records[written]))
                written += 1

        campaign.hear = hear
        ledger = what.run(campaign)
    for record in records[written:]:
        if record.ended or record.tally.cases:
            out.write(table.row(record))
    return ledger


def _as_json(what: Asked) -> ExitCode:
    """Write JSON on stdout; what the code under test prints goes to stderr."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            campaign = what.campaign()
            ledger = what.run(campaign)
            said = what.write_shard(campaign) if what.shard is not None else ""
        code = _telling(what).as_json(ledger)
        if said:
            print(said, file=sys.stderr)
        return _of_a_shard(code) if said else code
    except Misuse as misuse:
        refused(misuse, what.title)


def _telling(what: Asked) -> Telling:
    options = what.options
    return Telling(
        what.title,
        what.reports,
        what.promise if what.shard is None else None,
        laws=options["verbose"],
        pictures=options["plot"],
        mutants=options["mutants"],
    )
