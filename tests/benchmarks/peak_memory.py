"""The largest memory of this process so far."""

from __future__ import annotations

import resource
from pathlib import Path

__all__ = ["peak"]

_STATUS = Path("/proc/self/status")


def peak() -> int:
    """Return the largest resident memory of this process so far, in bytes.

    On Linux that of this program alone: what `getrusage` says begins with that of the process which
    started it.
    """
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
