"""What the command is asked: options, and `pyproject.toml`, as a plan and the place of the targets.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import datetime
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from gradtest.errors import Misuse, nearest
from gradtest.settings import USUAL_DTYPE, Dtype, Method, Settings

from .baseline_options import BASELINE_OPTIONS
from .report_options import wanted_reports

if TYPE_CHECKING:
    from gradtest.campaign import Campaign
    from gradtest.plan import Plan
    from gradtest.record import Ledger
    from gradtest.shards import Shard
    from gradtest.subjects.subject import Subject
    from gradtest.workers import Where

    from .config import Config
    from .promise import Promise
    from .reports.publishing import Wanted

__all__ = ["METHODS", "Asked", "asked", "dtypes_in", "given_shapes", "searched_again", "seed_for"]

METHODS: tuple[Method, ...] = ("spectral", "central", "scipy")


def _plan(options: Mapping[str, Any]) -> Plan:
    from gradtest.plan import Plan

    method = options["method"]
    settings = Settings(
        seed=seed_for(options["seed"]),
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


def seed_for(asked: int | None) -> int:
    """Return the seed: asked for, else another one each time, but always the same in CI."""
    if asked is not None:
        return asked
    return 0 if os.environ.get("CI") else random.SystemRandom().randrange(100_000)


def _laws(text: str | None) -> tuple[str, ...] | None:
    """Read "derivative,purity"."""
    return _names(text) if text is not None else None


def dtypes_in(text: str | None) -> tuple[str, ...]:
    """Return the precisions in a text such as "float64,float32".

    Raises
    ------
    Misuse
        If one is not known.
    """
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


def _shard(options: Mapping[str, Any]) -> Shard | None:
    """Return the part that is asked for."""
    if options["shard"] is None:
        return None
    from gradtest.shards import Shard

    return Shard.read(options["shard"])


def searched_again(plan: Plan, options: Mapping[str, Any]) -> Plan:
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
class Asked:
    """What is to be checked, and how: from the command line, or from `pyproject.toml`.

    Attributes
    ----------
    place : str
        Where the targets are; the name of the file where that names them.
    plan : Plan
        For all of them, before it is parted.
    options : mapping
        What was given.
    reports : Wanted
    config : Config or None
    root : Path
        The folder of the file.
    promise : Promise or None
        The baseline.
    jobs : int
        How many processes.
    shard : Shard or None
        The part of the cases that is looked at.
    """

    place: str
    plan: Plan
    options: Mapping[str, Any]
    reports: Wanted
    config: Config | None = None
    root: Path = Path()
    promise: Promise | None = None
    jobs: int = 1
    shard: Shard | None = None

    @property
    def title(self) -> str:
        """What is checked, in words."""
        return self.place if self.shard is None else f"{self.place}, shard {self.shard}"

    def campaign(self) -> Campaign:
        """Return all that is to be looked at."""
        from gradtest.campaign import Campaign

        plan = self.plan if self.shard is None else self.shard.part(self.plan)
        return Campaign(self.where(), plan, self._plan_of)

    def run(self, campaign: Campaign) -> Ledger:
        """Carry a campaign out, in as many processes as were asked for."""
        if self.jobs == 1:
            return campaign.run()
        from gradtest.workers import run

        return run(campaign, self.where, self.jobs)

    @cached_property
    def where(self) -> Where:
        """Finds the targets."""
        dtypes = dtypes_in(self.options["dtypes"])
        if self.config is None:
            from gradtest.workers import Found

            return Found(self.place, self.options["grad"], self.options["vjp"], dtypes or (USUAL_DTYPE,))
        from .config import Listed

        return Listed(self.root / self.place, dtypes)

    def _plan_of(self, subject: Subject) -> Plan:
        plan = self._whole_plan_of(subject)
        return searched_again(plan if self.shard is None else self.shard.part(plan), self.options)

    def _whole_plan_of(self, subject: Subject) -> Plan:
        plan = replace(self.plan, draw=self.plan.draw or self.reports.pictures)
        if self.config is not None:
            from .config import plan_of

            plan = _counted(plan_of(self.config, subject, plan, datetime.date.today()), self.options)
        return plan if self.promise is None else self.promise.plan(plan, subject)

    # -- as one part ------------------------------------------------------------------------------

    @property
    def shard_file(self) -> Path:
        """Where to write what the part came to."""
        assert self.shard is not None
        name = f"shard-{self.shard.number}-of-{self.shard.count}.jsonl"
        return self.options["shard_file"] or self.reports.folder / name

    def write_shard(self, campaign: Campaign) -> str:
        """Write what the part came to, and return where that is."""
        from gradtest import __version__
        from gradtest.shards import asking_of, write

        assert self.shard is not None
        plans = map(self._whole_plan_of, campaign.subjects)
        asking = asking_of(self.place, self.config is not None, __version__, self.plan, plans)
        write(self.shard_file, self.shard, asking, campaign.ledger)
        return f"Written: {self.shard_file} (gradtest merge makes one of all {self.shard.count})"


def asked(target: str | None, options: Mapping[str, Any]) -> Asked:
    """Return what is asked, before anything is run.

    Parameters
    ----------
    target : str, optional
        A place; by default what `pyproject.toml` names.
    options : mapping
        Those of the command.

    Raises
    ------
    Misuse
        If it cannot be carried out.
    """
    what = _asked(target, options)
    if what.shard is not None:
        from gradtest.shards import refuse_foreign

        if what.options["seed"] is None and not os.environ.get("CI"):
            raise Misuse(f"--shard {what.shard} needs a seed, the same for all shards; add --seed 0")
        refuse_foreign(what.shard_file)
    elif options["shard_file"] is not None:
        raise Misuse(f"--shard-file {options['shard_file']} is where a shard goes; say which: --shard 1/4")
    return what


def _asked(target: str | None, options: Mapping[str, Any]) -> Asked:
    if target is not None:
        return Asked(
            target,
            _plan(options),
            options,
            wanted_reports(options),
            promise=_promise(options, place=target),
            jobs=_jobs(options),
            shard=_shard(options),
        )
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
    plan = _counted(plan_for(config, _plan(options)), options)
    promise = _promise(_with_baseline_of(config, path.parent, options))
    reports = wanted_reports(options, config, path.parent)
    jobs, shard = _jobs(options), _shard(options)
    return Asked(path.name, plan, options, reports, config, path.parent, promise, jobs, shard)


def _with_baseline_of(config: Config, root: Path, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options with the baseline that the file names where none was asked for."""
    named = Path(os.path.relpath(root / config.baseline)) if config.baseline else None
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
