"""The folder of one failure: what is written into it, and what is read out of it again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .functions import Named
from .packing import CannotKeep
from .repro import fails

__all__ = ["FOLDER", "Failure", "failures", "identity", "read", "write"]

#: Where failures lie, below the folder in which the tests run.
FOLDER = Path(".gradtest") / "failures"

FORMAT = 1


@dataclass(frozen=True)
class Failure:
    """One failure, as it is written down.

    Attributes
    ----------
    id : str
        Six letters: the same for the same target, parameter and code.
    headline, code, target, parameter : str
        Those of the finding.
    test, place : str
        The test that failed (a node id of pytest), what the command was asked to check; or empty.
    functions : dict of str to Named or None
        By what `gradtest.target` calls them.
    wrt, conjugate
        Those of the target.
    domains : dict of str to str
        Where its inputs lie, in words.
    settings : dict
        That differ from the default.
    inputs : dict
        As `values.pack` has them.
    entry : dict or None
        The worst entry: index, analytic, numeric, error.
    """

    id: str
    headline: str
    code: str
    target: str
    parameter: str
    test: str = ""
    place: str = ""
    functions: dict[str, Named | None] = field(default_factory=dict)
    wrt: tuple[str, ...] | None = None
    conjugate: bool = False
    domains: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    entry: dict[str, Any] | None = None


def identity(*words: str) -> str:
    """Return six letters and digits that depend on all words.

    >>> identity("affine", "w", "GT101") == identity("affine", "b", "GT101")
    False
    """
    number = int.from_bytes(hashlib.blake2b("\0".join(words).encode(), digest_size=8).digest())
    letters = "abcdefghijkmnpqrstuvwxyz23456789"  # without those that look like others
    return "".join(letters[number // len(letters) ** i % len(letters)] for i in range(6))


# -- writing --------------------------------------------------------------------------------------


def write(base: Path, failure: Failure, archive: Mapping[str, NDArray[Any]], repro: str) -> Path:
    """Write a failure below a folder and return its own folder; one of the same id is replaced.

    The script `repro` is kept only if it is seen to fail there.

    Raises
    ------
    OSError
        If it cannot be written.
    CannotKeep
        If what lies there under its name is damaged: that is left as it is.
    """
    home = base / FOLDER / failure.id
    if home.exists():
        _readable(home)
    home.parent.mkdir(parents=True, exist_ok=True)
    ignore = home.parent.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("# made by gradtest\n*\n", encoding="utf-8")
    fresh = Path(tempfile.mkdtemp(prefix=f".{failure.id}.", dir=home.parent))
    try:
        data = {"format": FORMAT, **asdict(failure)}
        (fresh / "case.json").write_text(
            json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        with (fresh / "arrays.npz").open("wb") as file:
            np.savez_compressed(file, **_bare(archive))
        if repro:
            (fresh / "repro.py").write_text(repro, encoding="utf-8")
            if not fails(fresh / "repro.py"):
                (fresh / "repro.py").unlink()
        _replace(fresh, home)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return home


def _bare(archive: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Return arrays in dtypes that NumPy alone can read back: those of ml_dtypes as raw bytes."""
    return {
        name: a if a.dtype.isbuiltin == 1 else a.view(f"u{a.dtype.itemsize}") for name, a in archive.items()
    }


def _replace(fresh: Path, home: Path) -> None:
    """Put a folder in the place of another, file by file: each is old or new, and never half."""
    home.mkdir(exist_ok=True)
    for name in ("arrays.npz", "case.json", "repro.py"):
        if (fresh / name).exists():
            os.replace(fresh / name, home / name)
        else:
            (home / name).unlink(missing_ok=True)


# -- reading --------------------------------------------------------------------------------------


def failures(base: Path) -> Iterator[str]:
    """Yield the ids of what lies below a folder, in order."""
    home = base / FOLDER
    if home.is_dir():
        yield from sorted(path.name for path in home.iterdir() if path.is_dir() and path.name[0] != ".")


def read(base: Path, id: str) -> tuple[Failure, dict[str, NDArray[Any]]]:
    """Return a failure and its arrays; runs nothing.

    Raises
    ------
    CannotKeep
        If it is damaged, or was written by a later gradtest.
    """
    return _readable(base / FOLDER / id)


def _readable(home: Path) -> tuple[Failure, dict[str, NDArray[Any]]]:
    place = (FOLDER / home.name).as_posix()
    try:
        data = json.loads((home / "case.json").read_text(encoding="utf-8"))
        if data.pop("format") != FORMAT:
            raise CannotKeep(
                f"{place} was written by another version of gradtest; delete it, or use that one"
            )
        functions = {role: Named(**place) if place else None for role, place in data.pop("functions").items()}
        wrt = data.pop("wrt")
        failure = Failure(**data, functions=functions, wrt=None if wrt is None else tuple(wrt))
        with (home / "arrays.npz").open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = dict(archive)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        reason = f"{type(error).__name__}: {error}"
        raise CannotKeep(f"{place} is damaged ({reason}); delete it to have it written anew") from error
    return failure, arrays
