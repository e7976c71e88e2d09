"""gradtest fuzz: round after round, farther out than `check` looks, for as long as there is time.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradtest import __version__
from gradtest.errors import Misuse
from gradtest.settings import USUAL_DTYPE

from .asked import asked, dtypes_in, searched_again, seed_for
from .exit_codes import ExitCode
from .lines import Line, Piece, fill
from .report_options import report_options
from .reports.summary import counted
from .telling import Telling, refused

if TYPE_CHECKING:
    from gradtest.fuzzing import Journal
    from gradtest.record import Ledger, Record

    from .asked import Asked
    from .terminal import Paper

__all__ = ["command"]

#: What `check` can be asked, and this cannot.
_UNASKED: Mapping[str, Any] = {
    **dict.fromkeys(("max_examples", "seconds", "shard", "shard_file", "baseline")),
    **dict.fromkeys(("baseline_update", "baseline_prune", "plot", "mutants"), False),
    "fail_on": (),
    "method": None,
    "dtypes": USUAL_DTYPE,
}


@click.command()
@click.argument("target", required=False)
@click.option("--time", "budget", metavar="TIME", help="How long: 90s, 10m, 1h30m. [default: 10m]")
@click.option(
    "--cases", type=click.IntRange(1), help="Instead, or sooner: after so many cases, earlier runs included."
)
@click.option("--seed", type=click.IntRange(0), help="Which cases are drawn. [default: that of the journal]")
@click.option(
    "-j", "--jobs", metavar="N", default="auto", help="So many processes. [default: one for each core]"
)
@click.option(
    "--backend", metavar="NAME", default="loky", help="What carries it out: loky (this machine), dask or ray."
)
@click.option("--scheduler", metavar="ADDRESS", help="Of a cluster that runs already.")
@click.option(
    "--inputs", multiple=True, metavar='"NAME: DIMS"', help="How an input looks, as for check. Repeat."
)
@click.option("--vjp", metavar="NAME", help="The backward function of TARGET, if its name does not tell.")
@click.option("--grad", metavar="NAME", help="The gradient of TARGET, if its name does not tell.")
@click.option("--resolution", type=float, help="The relative error that must be seen.")
@click.option("--laws", metavar="NAMES", help="What to hold the derivatives to, with commas between; or all.")
@click.option(
    "--dtypes", "precisions", metavar="NAMES", help="No other precisions than these, with commas between."
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where it is written down what was decided. [default: a file in .gradtest/fuzz]",
)
@click.option(
    "--continue/--afresh", "go_on", default=True, help="Go on where an earlier run ended; or do not."
)
@click.option("--round", "only", type=click.IntRange(0), help="One round only, as a finding names it.")
@report_options
@click.option("-v", "--verbose", is_flag=True, help="Show which laws were held in how many cases.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON on stdout, and nothing else.")
@click.pass_context
def command(ctx: click.Context, /, target: str | None, as_json: bool, **options: Any) -> None:
    """Look farther out than check, for as long as there is time.

    Round after round: other seeds, larger shapes, scales from 1e-6 to 1e6, float32 and float16 where they
    are taken. TARGET is that of check. What is found is kept in .gradtest/failures, and the next run
    judges it again before anything else. A run that was stopped is gone on with.

    \b
    Exit codes: 0 nothing was found, 1 a derivative disagrees, 2 interrupted, 3 gradtest failed,
    4 misuse, 5 nothing was decided.
    """
    place = target or "pyproject.toml"
    try:
        ctx.exit(_as_json(target, options) if as_json else _as_text(target, options))
    except Misuse as misuse:
        if as_json:
            refused(misuse, place)
        raise


def _as_text(target: str | None, options: Mapping[str, Any]) -> ExitCode:
    from .table import Table
    from .terminal import paper

    out = paper(sys.stdout)
    run = _Run(target, options)
    out.write(_filled(run.opening(), out.width, "strong"))
    failed = run.judge_again(out)
    ledger = run.carry_out(out)
    names = [record.name for record in ledger.records]
    table = Table(names, (), max(record.tally.cases for record in ledger.records), out.width)
    out.write([(), *table.header()])
    for record in ledger.records:
        out.write(table.row(record))
    return _code(run.telling().in_words(ledger, out), ledger, failed)


def _as_json(target: str | None, options: Mapping[str, Any]) -> ExitCode:
    """Write JSON on stdout; all else goes to stderr."""
    from .terminal import Paper

    with contextlib.redirect_stdout(sys.stderr):
        run, out = _Run(target, options), Paper(sys.stderr)
        failed = run.judge_again(out)
        ledger = run.carry_out(out)
    return _code(run.telling().as_json(ledger), ledger, failed)


def _code(code: ExitCode, ledger: Ledger, failed: bool) -> ExitCode:
    """Return what a campaign ends with; undecided far out is no fault, if something was decided."""
    if failed and code in (ExitCode.AGREES, ExitCode.NOTHING_DECIDED):
        return ExitCode.DISAGREES
    agrees = any(record.tally.agrees for record in ledger.records)
    return ExitCode.AGREES if code is ExitCode.NOTHING_DECIDED and agrees else code


def _filled(text: str, width: int | None, mood: str = "") -> Iterator[Line]:
    yield from ((Piece(line, mood),) for line in fill(text, width, "", "  "))


class _Run:
    """What is asked, and how far it is; what is wrong with it is said before anything is looked at."""

    def __init__(self, target: str | None, options: Mapping[str, Any]) -> None:
        from gradtest.fuzzing import Fuzzing, heading_of, seconds_of
        from gradtest.workers import Engine, count_of

        self.options = options
        _check_backend(options["backend"])
        self.engine = Engine(count_of(options["jobs"]), options["backend"], options["scheduler"])
        self.seconds = None if options["only"] is not None else seconds_of(options["budget"] or "10m")
        if options["cases"] is not None and options["budget"] is None:
            self.seconds = None
        dtypes = dtypes_in(options["precisions"])
        what = asked(target, {**_UNASKED, **options})
        journal = self._journal(what)
        seed = options["seed"]
        if seed is None:
            there = journal.heading if options["go_on"] else None
            seed = there.seed if there is not None else seed_for(None)
        self.what = _seeded(what, seed)
        campaign = self.what.campaign()
        again = {**self.what.options, "dtypes": options["precisions"]}
        campaign.plans = [searched_again(plan, again) for plan in campaign.plans]
        heading = heading_of(__version__, what.place, campaign)
        if options["go_on"]:
            journal.check(heading)
        journal.open(heading, afresh=not options["go_on"])
        self.journal = journal
        self.fuzzing = Fuzzing(campaign, self.what.where, journal, dtypes)
        self.before = self.fuzzing.units

    def _journal(self, what: Asked) -> Journal:
        from gradtest.fuzzing import Journal, heading_of, journal_path

        if self.options["only"] is not None:
            return Journal(None)
        path = self.options["journal"]
        heading = heading_of(__version__, what.place, what.campaign())
        return Journal(path or journal_path(Path.cwd(), heading))

    def opening(self) -> str:
        """Return the first line: what is about to be looked at, and for how long."""
        engine, count = self.engine, len(self.fuzzing.blanks)
        on = "1 process" if engine.jobs == 1 else f"{engine.jobs} processes"
        budget = f"{self.seconds:.0f} s" if self.seconds is not None else f"{self.options['cases']} cases"
        if self.options["only"] is not None:
            budget = f"round {self.options['only']}"
        text = (
            f"gradtest {__version__} fuzzes {self.what.place}: {counted(count, 'derivative')}, {budget}, {on}"
        )
        if self.before:
            text += f"; goes on after {counted(self.before, 'unit')} of {self.journal.path}"
        return text

    def judge_again(self, out: Paper) -> bool:
        """Judge what earlier runs found; return whether some of it is still there, and not accepted."""
        from gradtest.fuzzing import failures_of
        from gradtest.plan import accepted
        from gradtest.replay import replay

        if self.options["only"] is not None:
            return False
        failed, campaign = False, self.fuzzing.campaign
        excuses = {
            subject.place: plan.known for subject, plan in zip(campaign.subjects, campaign.plans, strict=True)
        }
        for id, place in failures_of(campaign.subjects, Path.cwd()):
            again = replay(id, Path.cwd())
            word = again.word
            if word == "FAILED" and again.report and accepted(again.report.findings, excuses.get(place, ())):
                word = "KNOWN"
            failed |= word == "FAILED"
            out.write(
                _filled(f"{id}  {word:<9} {again.headline}", out.width, "bad" if word == "FAILED" else "")
            )
        return failed

    def carry_out(self, out: Paper) -> Ledger:
        """Carry units out, saying what is found as it is found, and now and then how far it is."""
        start = time.perf_counter()
        cases = self.options["cases"]
        with out.status() as say:

            def hear(unit: int, record: Record) -> None:
                for finding in record.findings:
                    said = f"{record.name}, round {unit // len(self.fuzzing.blanks)}: {finding.headline}"
                    out.write(_filled(said, out.width, "bad"))
                spent = time.perf_counter() - start
                of = f" of {self.seconds:.0f}" if self.seconds is not None else ""
                looked = f"{self.fuzzing.cases}" + (f" of {cases}" if cases is not None else "")
                say(f"{spent:.0f}{of} s, {counted(self.fuzzing.units, 'unit')}, {looked} cases")

            self.fuzzing.hear = hear
            try:
                return self.fuzzing.run(self.engine, self.seconds, cases, self.options["only"])
            finally:
                self.journal.close()

    def telling(self) -> Telling:
        """Return what to say in the end."""
        return Telling(self.what.place, self.what.reports, laws=self.options["verbose"])


def _seeded(what: Asked, seed: int) -> Asked:
    plan = replace(what.plan, settings=what.plan.settings.but(seed=seed), opinions=())
    return replace(what, options={**what.options, "seed": seed}, plan=plan)


def _check_backend(backend: str) -> None:
    from gradtest.errors import nearest
    from gradtest.workers import backends

    if backend not in backends():
        raise Misuse(f"--backend {backend} is not known; {nearest(backend, backends())}")
