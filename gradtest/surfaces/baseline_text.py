"""What is said of a baseline: the same after a run of the command and of pytest.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gradtest.baseline.gate import Gate
from gradtest.baseline.keeping import Account

__all__ = ["as_data", "said"]


def said(account: Account, gate: Gate, option: str = "--baseline") -> Iterator[tuple[str, str]]:
    """Yield lines and their moods; what belongs to the line before is indented.

    Parameters
    ----------
    account : Account
    gate : Gate
        Says what fails.
    option : str
        By which a baseline is asked for.
    """
    path = account.path
    entries = f"{account.entries} entr{'y' if account.entries == 1 else 'ies'}"
    if account.born:
        yield (
            f"There was no baseline {path}: it was written ({entries}), and this run fails once. Read it, "
            "give the findings in it their reasons, and commit it.",
            "doubtful",
        )
        return
    if account.unwritten:
        yield f"There is no baseline {path}, and none was written: {account.unwritten}.", "doubtful"
        return
    if account.changes:
        yield f"Since the baseline {path} ({entries}):", "strong"
        yield from ((f"  {change}", "bad" if gate.fails(change) else "") for change in account.changes)
    else:
        yield f"Nothing changed since the baseline {path} ({entries}).", "good"
    if account.pruned:
        yield f"Taken out of it: {', '.join(account.pruned)}.", ""
    if account.updated:
        yield f"It was updated: what ran is what it says now ({entries}).", ""
    elif account.changes:
        yield f"To accept what changed, run the same with {option}-update.", "faint"


def as_data(account: Account, gate: Gate) -> dict[str, Any]:
    """Return the same as plain data, for the document of a run."""
    return {
        "file": account.path.as_posix(),
        "entries": account.entries,
        "born": account.born,
        "unwritten": account.unwritten,
        "updated": account.updated,
        "pruned": account.pruned,
        "settled": sorted(account.settled),
        "changes": [
            {
                "kind": change.kind.name.lower().replace("_", " "),
                "target": change.target,
                "parameter": change.parameter,
                "evidence": change.evidence,
                "fails": gate.fails(change),
                "said": str(change),
            }
            for change in account.changes
        ],
    }
