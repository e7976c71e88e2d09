"""gradtest check: what there is in a place, over generated inputs, as a table.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import contextlib
import datetime
import os
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from gradtest import __version__
from gradtest.errors import Misuse, nearest
from gradtest.settings import USUAL_DTYPE, Dtype, Method, Settings

from .baseline_options import BASELINE_OPTIONS, baseline_options
from .exit_codes import ExitCode, exit_code
from .lines import Line, Piece, fill, plain
from .report_options import report_options, wanted_reports

if TYPE_CHECKING:
    from gradtest.adapters.subjects import Subject
    from gradtest.campaign import Campaign, Event
    from gradtest.plan import Plan
    from gradtest.record import Ledger
    from gradtest.workers import Where

    from .config import Config
    from .promise import Kept, Promise
    from .reports.document import Document
    from .reports.publishing import Wanted
    from .table import Table
    from .terminal import Paper

__all__ = ["command", "given_shapes"]

METHODS: tuple[Method, ...] = ("spectral", "central", "scipy")


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
    asked = _asked(target, options)
    ctx.exit(_as_json(asked) if as_json else _as_text(asked))


# -- what is asked --------------------------------------------------------------------------------


def _plan(options: Mapping[str, Any]) -> Plan:
    from gradtest.plan import Plan

    method = options["method"]
    settings = Settings(
        seed=_seed(options["seed"]),
        method=method or METHODS[0],
        resolution=options["resolution"],
        laws=_laws(options["laws"]),
    )
    opinions = () if method else METHODS[1:]
    return Plan(
        settings,
        opinions,
        options["max_examples"] or 100,
        given_shapes(options["inputs"]),
        seconds=options["seconds"],
        keep=True,
        draw=options["plot"],
    )


def _seed(asked: int | None) -> int:
    """Return the seed: asked for, else another one each time, but always the same in CI."""
    if asked is not None:
        return asked
    return 0 if os.environ.get("CI") else random.SystemRandom().randrange(100_000)


def _laws(text: str | None) -> tuple[str, ...] | None:
    """Read "derivative,purity"."""
    return _names(text) if text is not None else None


def _dtypes(text: str | None) -> tuple[str, ...]:
    """Read "float64,float32"."""
    names, known = _names(text or ""), get_args(Dtype)
    for name in names:
        if name not in known:
            raise Misuse(f"--dtypes {name!r} is no precision that is asked for; {nearest(name, known)}")
    return tuple(dict.fromkeys(names))


def _names(text: str) -> tuple[str, ...]:
    """Read names with commas between."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def given_shapes(inputs: Sequence[str]) -> dict[str, str]:
    """Return the shapes in "x: batch in" and the like, by name.

    Raises
    ------
    Misuse
        If there is no name before a colon, or no shape behind it.
    """
    from gradtest.properties.shapes import read_shape

    given = {}
    for text in inputs:
        name, colon, dims = (part.strip() for part in text.partition(":"))
        if not colon or not name.isidentifier():
            raise Misuse(
                f'--inputs {text!r} has no name before a colon; write for example --inputs "x: batch in"'
            )
        try:
            read_shape(dims)
        except Misuse as misuse:
            raise Misuse(f"--inputs {text!r}: {misuse}") from None
        given[name] = dims
    return given


def _jobs(options: Mapping[str, Any]) -> int:
    """Return how many processes are asked for."""
    if options["jobs"] is None:
        return 1
    from gradtest.workers import count_of

    return count_of(options["jobs"])


def _again(plan: Plan, options: Mapping[str, Any]) -> Plan:
    """Return the plan with the options by which the same cases are drawn again."""
    words = ["--seed", str(plan.settings.seed)]
    if plan.max_examples != 100:
        words += ["-n", str(plan.max_examples)]
    for name in ("method", "resolution", "laws", "dtypes", "seconds", "vjp", "grad"):
        if options[name] is not None:
            words += [f"--{name}", str(options[name])]
    for text in options["inputs"]:
        words += ["--inputs", text]
    return replace(plan, again=tuple(words))


@dataclass(frozen=True)
class _Asked:
    """What is to be checked, and how: from the command line, or from `pyproject.toml`."""

    place: str
    plan: Plan
    options: Mapping[str, Any]
    reports: Wanted
    config: Config | None = None
    root: Path = Path()
    promise: Promise | None = None
    jobs: int = 1

    def campaign(self) -> Campaign:
        from gradtest.campaign import Campaign

        return Campaign(self._where(), self.plan, self._plan_of)

    def run(self, campaign: Campaign) -> Ledger:
        """Carry a campaign out, in as many processes as were asked for."""
        if self.jobs == 1:
            return campaign.run()
        from gradtest.workers import run

        return run(campaign, self._where, self.jobs)

    @cached_property
    def _where(self) -> Where:
        dtypes = _dtypes(self.options["dtypes"])
        if self.config is None:
            from gradtest.workers import Found

            return Found(self.place, self.options["grad"], self.options["vjp"], dtypes or (USUAL_DTYPE,))
        from .config import Listed

        return Listed(self.root / self.place, dtypes)

    def _plan_of(self, subject: Subject) -> Plan:
        plan = replace(self.plan, draw=self.plan.draw or self.reports.pictures)
        if self.config is not None:
            from .config import plan_of

            plan = _counted(plan_of(self.config, subject, plan, datetime.date.today()), self.options)
        return plan if self.promise is None else self.promise.plan(plan, subject)


def _asked(target: str | None, options: Mapping[str, Any]) -> _Asked:
    if target is not None:
        plan = _again(_plan(options), options)
        promise, jobs = _promise(options, place=target), _jobs(options)
        return _Asked(target, plan, options, wanted_reports(options), promise=promise, jobs=jobs)
    from .config import find_config, plan_for, read_config

    path = find_config(Path.cwd())
    config = read_config(path) if path else None
    if path is None or config is None or not config.targets:
        raise Misuse(
            "say what to check: check pkg.mod, check file.py, check file.py::name, or a folder; or name "
            'targets in pyproject.toml: [tool.gradtest] targets = ["pkg.mod"]'
        )
    for name in ("vjp", "grad"):
        if options[name] is not None:
            raise Misuse(f"--{name} {options[name]} is the derivative of one function; name that one, too")
    if options["seed"] is None:
        options = {**options, "seed": config.seed}
    plan = _again(_counted(plan_for(config, _plan(options)), options), options)
    promise = _promise(_with_baseline_of(config, path.parent, options))
    reports = wanted_reports(options, config, path.parent)
    return _Asked(path.name, plan, options, reports, config, path.parent, promise, _jobs(options))


def _with_baseline_of(config: Config, root: Path, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options with the baseline that the file names where none was asked for."""
    named = root / config.baseline if config.baseline else None
    return {
        **options,
        "baseline": options["baseline"] or named,
        "fail_on": options["fail_on"] or tuple(config.fail_on),
    }


def _promise(options: Mapping[str, Any], place: str = "") -> Promise | None:
    """Return the baseline that was asked for; its file is read before anything is run."""
    if not any(options[name] for name in BASELINE_OPTIONS):
        return None
    from .promise import promise

    return promise(options, place)


def _counted(plan: Plan, options: Mapping[str, Any]) -> Plan:
    """Return the plan with the number of cases that was asked for, if one was."""
    count = options["max_examples"]
    return replace(plan, max_examples=count) if count else plan


# -- how it is shown ------------------------------------------------------------------------------


def _as_text(asked: _Asked) -> ExitCode:
    from . import report_text
    from .laws_table import laws_table
    from .mutants_table import mutants_table
    from .table import Table
    from .terminal import paper

    out = paper(sys.stdout)
    plan, campaign = asked.plan, asked.campaign()
    names = [record.name for record in campaign.ledger.records]
    table = Table(names, plan.opinions, plan.max_examples, out.width)
    out.write(report_text.opening(asked.place, len(names), plan, __version__, out.width))
    out.write([(), *table.header()])
    ledger = _run(asked, campaign, table, out)
    out.write(report_text.findings(ledger, out.width))
    if asked.options["verbose"]:
        out.write(laws_table(ledger, out.width))
    if asked.options["plot"]:
        out.write(_pictures(ledger, out.width or 80))
    if asked.options["mutants"]:
        out.write(mutants_table(ledger, out.width))
    kept = asked.promise.kept(ledger) if asked.promise is not None else None
    if kept is not None:
        out.write(kept.lines(out.width))
    document = _document(asked, ledger, kept)
    out.write(report_text.summary(document, out.width))
    out.write(_published(document, asked, out.width))
    return ExitCode(document.exit_code)


def _run(asked: _Asked, campaign: Campaign, table: Table, out: Paper) -> Ledger:
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
        ledger = asked.run(campaign)
    for record in records[written:]:
        if record.ended or record.tally.cases:
            out.write(table.row(record))
    return ledger


def _pictures(ledger: Ledger, width: int) -> Iterator[Line]:
    """Yield the pictures of every target: of its smallest failing case, or of a case that agrees."""
    from .characters import drawn

    for record in ledger.records:
        for picture in record.pictures:
            yield ()
            yield (Piece(record.name, "faint"),)
            yield from drawn(picture, width)


def _as_json(asked: _Asked) -> ExitCode:
    """Write JSON on stdout; what the code under test prints goes to stderr."""
    from .reports.document import as_json
    from .reports.from_campaign import misuse_of

    try:
        with contextlib.redirect_stdout(sys.stderr):
            ledger = asked.run(asked.campaign())
            kept = asked.promise.kept(ledger) if asked.promise is not None else None
            document = _document(asked, ledger, kept)
    except Misuse as misuse:
        print(as_json(misuse_of(str(misuse), asked.place, ExitCode.MISUSE)), end="")
        raise
    print(as_json(document), end="")
    sys.stderr.writelines(f"{plain(line)}\n" for line in _published(document, asked, None))
    return ExitCode(document.exit_code)


def _document(asked: _Asked, ledger: Ledger, kept: Kept | None) -> Document:
    """Return what came of it, for all reports."""
    from .reports.from_campaign import document_of

    return document_of(
        ledger,
        asked.place,
        code=exit_code(ledger) if kept is None else kept.exit_code,
        baseline=None if kept is None else kept.as_data(),
    )


def _published(document: Document, asked: _Asked, width: int | None) -> Iterator[Line]:
    """Write the reports, and yield what is said of them; annotations go to stderr."""
    from .reports.publishing import publish

    for said in publish(document, asked.reports, sys.stderr):
        yield from ((Piece(line),) for line in fill(said, width, "", "  "))
