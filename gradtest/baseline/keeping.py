"""A baseline beside one run: what it accepts beforehand, what happened since, and what is written."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gradtest.campaign import Known, Result
from gradtest.errors import Misuse

from .changes import Change, Kind, compare
from .entries import Entry, Key
from .recording import entry_of, looked_at, name_of, renewed
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
            if entry.target == name
            for one in entry.findings
            if not one.over(self.today)
        )

    def compared(self, results: Sequence[Result], whole: Callable[[str], bool]) -> Account:
        """Return what happened since, and write the file if there was none.

        Parameters
        ----------
        results : sequence of Result
            Of the run.
        whole : callable
            Whether all targets of that name would have been among the results: if one is not, it
            is gone.
        """
        return self._account(_entries(results), results, whole, update=False)

    def updated(self, results: Sequence[Result], whole: Callable[[str], bool]) -> Account:
        """As `compared`, and put what ran in the place of what is recorded of it."""
        return self._account(_entries(results), results, whole, update=True)

    def _account(
        self, new: Entries, results: Sequence[Result], whole: Callable[[str], bool], update: bool
    ) -> Account:
        account = Account(self.path, entries=len(self.entries))
        if not self.missing:
            account.changes = [*self._changes(new), *self._vanished(results, whole)]
            account.settled = {
                e.target for k, e in new.items() if k in self.entries and e.verdict == self.entries[k].verdict
            }
        if self.missing and not _ended(results):
            account.unwritten = "the run did not come to its end"
        elif self.missing or update:
            account.entries = len(rewrite(self.path, lambda now: _merged(now, new, update)))
            account.born, account.updated = self.missing, update and not self.missing
        return account

    def _changes(self, new: Entries) -> Iterable[Change]:
        for key, entry in sorted(new.items()):
            old = self.entries.get(key)
            if old is None:
                yield Change(Kind.NEW, entry.target, evidence=entry.verdict)
            else:
                yield from compare(old, entry, self.today)

    def _vanished(self, results: Sequence[Result], whole: Callable[[str], bool]) -> Iterable[Change]:
        here = {name_of(result.subject) for result in results}
        for target in dict.fromkeys(target for target, _, _ in sorted(self.entries)):
            if target not in here and whole(target):
                yield Change(Kind.VANISHED, target)

    def pruned(self, account: Account, results: Sequence[Result], whole: Callable[[str], bool]) -> Account:
        """Take the targets that are gone out of the file.

        Raises
        ------
        Misuse
            If the run cannot tell which are gone: it did not end, something failed, or only a part
            of the targets was asked for.
        """
        self._check_prunable(results, whole)
        gone = [change.target for change in account.changes if change.kind is Kind.VANISHED]
        gone = [target for target in gone if not any(name_of(result.subject) == target for result in results)]
        kept = rewrite(self.path, lambda now: {key: e for key, e in now.items() if key[0] not in gone})
        account.pruned, account.entries = gone, len(kept)
        account.changes = [c for c in account.changes if not (c.kind is Kind.VANISHED and c.target in gone)]
        return account

    def _check_prunable(self, results: Sequence[Result], whole: Callable[[str], bool]) -> None:
        refused = f"--baseline-prune takes nothing out of {self.path}: "
        if not _ended(results):
            raise Misuse(refused + "the run did not come to its end")
        failing = [r.name for r in results if r.verdict not in ("agrees", "known", "skipped", "undecided")]
        if failing:
            raise Misuse(f"{refused}{failing[0]} {_FAILING}")
        beside = next((target for target, _, _ in sorted(self.entries) if not whole(target)), None)
        if beside is not None:
            raise Misuse(f"{refused}only a part was checked, and {beside} was not; check all of it")


_FAILING = "failed, and may have taken others with it; mend that first"


def _ended(results: Sequence[Result]) -> bool:
    return all(result.verdict not in ("stopped", "waiting") for result in results)


def _entries(results: Sequence[Result]) -> dict[Key, Entry]:
    entries = map(entry_of, filter(looked_at, results))
    return {entry.key: entry for entry in entries}


def _merged(now: Entries, new: Entries, update: bool) -> dict[Key, Entry]:
    """Return the entries of a file with those of a run.

    Another run may have written since: without `update` what is there stays.
    """
    if not update:
        return {**new, **now}
    return {**now, **{key: renewed(now[key], e) if key in now else e for key, e in new.items()}}
