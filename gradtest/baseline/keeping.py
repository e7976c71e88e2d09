"""A baseline beside one run: what it accepts beforehand, what happened since, and what is written."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from gradtest.errors import Misuse
from gradtest.plan import Known

from .changes import Change, Kind, compare
from .entries import Entry, Key
from .recording import Seen, renewed
from .store import Entries, read, rewrite

__all__ = ["Account", "Baseline", "covers"]


@dataclass
class Account:
    """What came of a baseline.

    Attributes
    ----------
    path : Path
    changes : list of Change
        Since it was written.
    entries : int
        How many there are in the file now.
    born, updated : bool
        Whether the file was written for the first time, or what ran was merged into it.
    pruned : list of str
        The targets that were taken out.
    unwritten : str
        Why a file was not written for the first time.
    settled : set of str
        The targets that are as undecided as they were.
    """

    path: Path
    changes: list[Change] = field(default_factory=list)
    entries: int = 0
    born: bool = False
    updated: bool = False
    pruned: list[str] = field(default_factory=list)
    unwritten: str = ""
    settled: set[str] = field(default_factory=set)


def covers(place: str, name: str) -> bool:
    """Whether what is checked at a place is all that a name may stand for.

    >>> covers("pkg.mod", "pkg.mod:f"), covers("pkg.mod", "pkg.model:f"), covers("src", "src/a.py::f")
    (True, False, True)
    """
    if place in (".", "./", name):
        return True
    rest = name.removeprefix(place.rstrip("/"))
    return rest != name and rest[0] in ":/. "


class Baseline:
    """The file of a baseline, as it was when the run began.

    Parameters
    ----------
    path : Path
        Need not exist.
    today : datetime.date

    Raises
    ------
    Misuse
        If it is there and cannot be read, before anything is run.
    """

    def __init__(self, path: Path, today: datetime.date) -> None:
        self.path, self.today = path, today
        self.missing = False
        try:
            self.entries = read(path)
        except FileNotFoundError:
            self.entries, self.missing = {}, True
            if not path.parent.is_dir():
                raise Misuse(
                    f"the baseline {path} cannot be written: there is no folder {path.parent}"
                ) from None

    def known(self, name: str) -> tuple[Known, ...]:
        """Return the findings of a target that are accepted today."""
        return tuple(
            one.known()
            for entry in self.entries.values()
            if entry.name == name
            for one in entry.findings
            if not one.over(self.today)
        )

    def verdict(self, name: str) -> str:
        """Return what came of a target when the baseline was written; empty if it is not there."""
        return next((entry.verdict for entry in self.entries.values() if entry.name == name), "")

    def compared(self, run: Seen, whole: Callable[[str], bool]) -> Account:
        """Return what happened since, and write the file if there was none.

        Parameters
        ----------
        run : Seen
        whole : callable
            Whether all targets of that name would have been in the run: if one is not, it is gone.
        """
        return self._account(run, whole, update=False)

    def updated(self, run: Seen, whole: Callable[[str], bool]) -> Account:
        """As `compared`, and put what ran in the place of what is recorded of it."""
        return self._account(run, whole, update=True)

    def _account(self, run: Seen, whole: Callable[[str], bool], update: bool) -> Account:
        account = Account(self.path, entries=len(self.entries))
        new = run.entries
        if not self.missing:
            account.changes = [*self._changes(new), *self._vanished(run, whole)]
            account.settled = {
                e.name for k, e in new.items() if k in self.entries and e.verdict == self.entries[k].verdict
            }
        if self.missing and run.cut:
            account.unwritten = "the run did not come to its end"
        elif self.missing or update:
            account.entries = len(rewrite(self.path, lambda now: _merged(now, new, update)))
            account.born, account.updated = self.missing, update and not self.missing
        return account

    def _changes(self, new: Entries) -> Iterable[Change]:
        for key, entry in sorted(new.items()):
            old = self.entries.get(key)
            if old is None:
                yield Change(Kind.NEW, entry.name, evidence=entry.verdict)
            else:
                yield from compare(old, entry, self.today)

    def _vanished(self, run: Seen, whole: Callable[[str], bool]) -> Iterable[Change]:
        for name in self._names():
            if name not in run.targets and whole(name):
                yield Change(Kind.VANISHED, name)

    def _names(self) -> list[str]:
        return list(dict.fromkeys(entry.name for _, entry in sorted(self.entries.items())))

    def pruned(self, account: Account, run: Seen, whole: Callable[[str], bool]) -> Account:
        """Take the targets that are gone out of the file.

        Raises
        ------
        Misuse
            If the run cannot tell which are gone: it did not end, something failed, or only a part
            of the targets was asked for.
        """
        self._check_prunable(run, whole)
        gone = [c.target for c in account.changes if c.kind is Kind.VANISHED and not c.parameter]
        kept = rewrite(self.path, lambda now: {key: e for key, e in now.items() if e.name not in gone})
        account.pruned, account.entries = gone, len(kept)
        account.changes = [c for c in account.changes if c.kind is not Kind.VANISHED or c.parameter]
        return account

    def _check_prunable(self, run: Seen, whole: Callable[[str], bool]) -> None:
        refused = f"--baseline-prune takes nothing out of {self.path}: "
        if run.cut:
            raise Misuse(refused + "the run did not come to its end")
        if run.failing:
            raise Misuse(f"{refused}{run.failing} failed, and may have taken others with it; mend that first")
        beside = next((name for name in self._names() if not whole(name)), None)
        if beside is not None:
            raise Misuse(f"{refused}only a part was checked, and {beside} was not; check all of it")


def _merged(now: Entries, new: Entries, update: bool) -> dict[Key, Entry]:
    """Return the entries of a file with those of a run.

    Another run may have written since: without `update` what is there stays.
    """
    if not update:
        return {**new, **now}
    return {**now, **{key: renewed(now[key], e) if key in now else e for key, e in new.items()}}
