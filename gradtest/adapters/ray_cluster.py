"""Units of work on a Ray cluster: one of this machine, or one that runs already."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeVar

import ray

__all__ = ["carried_out"]

Unit = TypeVar("Unit")
Result = TypeVar("Result")


def carried_out(
    function: Callable[[Unit], Result], units: Iterator[Unit], jobs: int, address: str | None
) -> Iterator[tuple[Unit, Result | Exception]]:
    """Yield units and what the function returns for them, as they end.

    Parameters, and what is yielded, as in `gradtest.adapters.dask_cluster.carried_out`; joblib's own
    backend for Ray gives nothing before all is done.
    """
    local: dict[str, Any] = {"num_cpus": jobs, "include_dashboard": False}
    ray.init(address, log_to_driver=False, logging_level="ERROR", **({} if address else local))
    try:
        task = ray.remote(max_retries=0)(function)
        running = {
            task.remote(unit): unit for unit in islice(units, max(1, int(ray.cluster_resources()["CPU"])))
        }
        while running:
            (done, *_), _ = ray.wait(list(running), num_returns=1)
            unit = running.pop(done)
            try:
                result: Result | Exception = ray.get(done)
            except ray.exceptions.RayError as error:
                result = error
            yield unit, result
            running |= {task.remote(unit): unit for unit in islice(units, 1)}
    finally:
        ray.shutdown()
