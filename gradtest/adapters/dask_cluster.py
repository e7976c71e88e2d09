"""Units of work on a Dask cluster: one of this machine, or one that runs already."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeVar

import dask
from dask.distributed import Client, LocalCluster, as_completed

__all__ = ["carried_out"]

Unit = TypeVar("Unit")
Result = TypeVar("Result")


def carried_out(
    function: Callable[[Unit], Result], units: Iterator[Unit], jobs: int, address: str | None
) -> Iterator[tuple[Unit, Result | Exception]]:
    """Yield units and what the function returns for them, as they end.

    Parameters
    ----------
    function : callable
        Can be imported by its name on the workers, as its units.
    units : iterator
        Is asked for the next when a worker is free.
    jobs : int
        How many processes a local cluster has.
    address : str or None
        That of the scheduler of another one.

    Yields
    ------
    (unit, result)
        Where a worker died of it the result is an exception.
    """
    local: dict[str, Any] = {"n_workers": jobs, "threads_per_worker": 1, "processes": True}
    # A worker holds one unit at a time: who was there when it died has ended it.
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        cluster = address or LocalCluster(**local, dashboard_address=None, silence_logs="CRITICAL")
    try:
        with Client(cluster) as client:
            running: dict[Any, Unit] = {}
            done = as_completed()

            def begin(count: int) -> None:
                for unit in islice(units, count):
                    future = client.submit(function, unit, pure=False)
                    running[future] = unit
                    done.add(future)

            begin(max(1, sum(client.ncores().values())))
            for future in done:
                unit, error = running.pop(future), future.exception()
                yield unit, future.result() if error is None else error
                begin(1)
    finally:
        if not isinstance(cluster, str):
            cluster.close()
