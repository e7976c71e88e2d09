"""Many targets in several processes at once: a unit of work is data, and its result one line of JSON."""

from __future__ import annotations

import contextlib
import functools
import importlib
import pkgutil
import re
import signal
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from hypothesis.errors import HypothesisDeprecationWarning

from gradtest import adapters
from gradtest.errors import Misuse
from gradtest.settings import USUAL_DTYPE
from gradtest.subjects.places import find
from gradtest.subjects.subject import Subject

from .baseline.recording import name_of
from .campaign import Begun, Campaign, Ended, look
from .plan import Plan
from .record import Ledger, Record

__all__ = ["Engine", "Found", "Unit", "Where", "backends", "count_of", "results", "run"]

#: The processes of joblib, by the name that it gives them.
LOKY = "loky"
#: What the adapters of other engines end with.
_CLUSTER = "_cluster"

Results = Generator[tuple[int, Record], None, None]
#: Finds the targets, in the same order in every process: a frozen dataclass that can be called.
Where = Callable[[], Sequence[Subject]]


@dataclass(frozen=True)
class Found:
    """What `gradtest.subjects.places.find` finds in a place."""

    place: str
    grad: str | None = None
    vjp: str | None = None
    dtypes: tuple[str, ...] = (USUAL_DTYPE,)

    def __call__(self) -> list[Subject]:
        """Return the targets, each in every precision."""
        found = find(self.place, grad=self.grad, vjp=self.vjp)
        return [one for subject in found for one in subject.at(self.dtypes)]


@dataclass(frozen=True)
class Unit:
    """A piece of work as data: one target, found again where it lies, and how to look at it.

    Attributes
    ----------
    number : int
        By which its result is known again.
    where : callable
        Finds all targets.
    index : int
        Which of them it is.
    plan : Plan
    blank : Record
        What is known of it beforehand.
    dtype : str
        The precision to look at it in; empty for its own.
    """

    number: int
    where: Where
    index: int
    plan: Plan
    blank: Record
    dtype: str = ""


# -- in a worker ----------------------------------------------------------------------------------


@functools.cache
def _subjects(where: Where) -> Sequence[Subject]:
    return where()


def _carried_out(unit: Unit) -> tuple[int, str]:
    """Return the number of a unit, and the line of what became of it; whatever happens is in there."""
    with contextlib.suppress(ValueError):  # in a thread of its own (Dask)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted, and ends its workers
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        # The worker of a cluster has threads of its own, and they may use `random` meanwhile.
        warnings.filterwarnings("ignore", "Do not use the `random` module", HypothesisDeprecationWarning)
        try:
            subjects = _subjects(unit.where)
            subject = subjects[unit.index] if unit.index < len(subjects) else None
            if subject is None or name_of(subject) != unit.blank.key:
                why = f"a worker does not find {unit.blank.name}; did its file change meanwhile?"
                record = replace(unit.blank, misuse=why)
            else:
                record = look(subject if not unit.dtype else replace(subject, dtype=unit.dtype), unit.plan)
        except Exception as error:
            record = replace(unit.blank, crash=f"{type(error).__name__}: {error}")
    return unit.number, record.as_line()


# -- in the parent --------------------------------------------------------------------------------


def count_of(jobs: str) -> int:
    """Return the number of workers that ``-j`` asks for.

    Raises
    ------
    Misuse
        If it is no number from 1 upwards, nor "auto"; or if there shall be several, and joblib is
        not installed.

    >>> count_of("1")
    1
    """
    if jobs != "auto" and not (jobs.isdecimal() and int(jobs) > 0):
        raise Misuse(f"-j {jobs} is no number of workers; give a number from 1 upwards, or auto")
    if jobs == "1":
        return 1
    joblib = _joblib(f"-j {jobs}")
    return int(joblib.cpu_count()) if jobs == "auto" else int(jobs)


def _joblib(option: str) -> Any:
    try:
        return importlib.import_module("joblib")
    except ImportError:
        raise Misuse(
            f"{option} needs joblib, which is not installed: python -m pip install 'gradtest[fuzz]'"
        ) from None


@dataclass(frozen=True)
class Engine:
    """What carries units out.

    Attributes
    ----------
    jobs : int
        How many processes of this machine.
    backend : str
        "loky", the processes of joblib, or one of `backends`.
    address : str or None
        Of a cluster that runs already.
    """

    jobs: int
    backend: str = LOKY
    address: str | None = None

    def __post_init__(self) -> None:
        if self.address is not None and self.backend == LOKY:
            others = " or ".join(f"--backend {name}" for name in backends() if name != LOKY)
            raise Misuse(f"--scheduler {self.address} is about a cluster; say which: {others}")
        if self.backend != LOKY:
            self.cluster()

    def cluster(self) -> Any:
        """Return the adapter of a cluster.

        Raises
        ------
        Misuse
            If its library is not installed.
        """
        try:
            return importlib.import_module(f"gradtest.adapters.{self.backend}{_CLUSTER}")
        except ImportError as error:
            raise Misuse(
                f"--backend {self.backend} needs {error.name}, which is not installed: "
                "python -m pip install 'gradtest[clusters]'"
            ) from None


def backends() -> tuple[str, ...]:
    """Return what there is to carry units out with: joblib's processes, and the clusters of the adapters."""
    found = (module.name for module in pkgutil.iter_modules(adapters.__path__))
    return LOKY, *sorted(name.removesuffix(_CLUSTER) for name in found if name.endswith(_CLUSTER))


def run(campaign: Campaign, where: Where, jobs: int) -> Ledger:
    """Carry out a campaign in several processes; return when all is done, or at a KeyboardInterrupt.

    Parameters
    ----------
    campaign : Campaign
        Of what `where` finds.  It hears of targets as they end, in whatever order.
    where : callable
    jobs : int
        How many processes.

    Returns
    -------
    Ledger
        That of `Campaign.run`, but for the time that it took.
    """
    start, ledger = time.perf_counter(), campaign.ledger
    units = [Unit(i, where, i, campaign.plans[i], blank) for i, blank in enumerate(ledger.records)]
    begun: dict[int, Unit] = {}
    campaign.hear(Begun(_names(units, jobs)))
    try:
        with contextlib.closing(results(units, Engine(jobs), begun)) as arriving:
            for i, record in arriving:
                ledger.records[i] = record
                campaign.hear(Ended(record))
                campaign.hear(Begun(_names(begun.copy().values(), jobs)))
    except KeyboardInterrupt:
        ledger.interrupted = True
        for i in begun:
            ledger.records[i].begun = True
    ledger.seconds = time.perf_counter() - start
    return ledger


def _names(units: Iterable[Unit], jobs: int) -> str:
    """Return which units are in work: the first of those that have begun, as many as there are processes."""
    return ", ".join(unit.blank.name for unit in islice(units, jobs))


def results(units: Iterable[Unit], engine: Engine, begun: dict[int, Unit]) -> Results:
    """Yield the number of each unit and what became of it, as they end; `begun` holds what has not.

    A worker that dies (it ends the process, or is killed) takes the pool with it.  What had begun is
    then carried out again, each unit alone, and one that dies alone is known by that: what is said
    of it does not depend on who was its neighbour.
    """
    waiting = _noted(units, begun)
    if engine.backend != LOKY:
        yield from _on_a_cluster(waiting, engine, begun)
        return
    while True:
        try:
            yield from _pool(waiting, engine.jobs, begun)
            return
        except BrokenProcessPool:
            for unit in list(begun.values()):
                yield unit.number, _alone(unit)
                begun.pop(unit.number)


def _pool(units: Iterator[Unit], jobs: int, begun: dict[int, Unit]) -> Results:
    joblib = _joblib(f"-j {jobs}")

    # One thread each for BLAS: as many processes as cores keep them busy.
    with joblib.parallel_config("loky", n_jobs=max(2, jobs), inner_max_num_threads=1):
        parallel = joblib.Parallel(
            return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs", max_nbytes=None
        )
        arriving = parallel(joblib.delayed(_carried_out)(unit) for unit in units)
    try:
        for number, line in arriving:
            begun.pop(number, None)
            yield number, Record.from_line(line)
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that what was running is given up, which is known
            arriving.close()


def _noted(units: Iterable[Unit], begun: dict[int, Unit]) -> Iterator[Unit]:
    for unit in units:
        begun[unit.number] = unit
        yield unit


def _on_a_cluster(units: Iterator[Unit], engine: Engine, begun: dict[int, Unit]) -> Results:
    found = engine.cluster().carried_out(_carried_out, units, engine.jobs, engine.address)
    with contextlib.closing(found) as arriving:
        for unit, result in arriving:
            begun.pop(unit.number)
            record = _died(unit, result) if isinstance(result, Exception) else Record.from_line(result[1])
            yield unit.number, record


def _alone(unit: Unit) -> Record:
    try:
        ((_, record),) = _pool(iter([unit]), 2, {})
    except BrokenProcessPool as error:
        return _died(unit, error)
    return record


def _died(unit: Unit, error: Exception) -> Record:
    codes = re.search(r"exit codes of the workers are \{(.+)\}", str(error))
    how = f" (exit code {codes[1]})" if codes else ""
    why = "it was killed, used more memory than there is, or ended the program"
    return replace(unit.blank, misuse=f"{unit.blank.name} ended its process{how}: {why}")
