"""The file of a baseline: read strictly, the same bytes for the same run, never half written."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from gradtest.errors import Misuse

from .entries import Entry, Key
from .number import Number

__all__ = ["FORMAT", "Entries", "as_plain", "from_plain", "read", "replace_whole", "rewrite", "written"]

#: Is raised when what is written means something else than before.
FORMAT = 1
#: So long another run may be writing.
PATIENCE = 30.0

Entries = Mapping[Key, Entry]


class _File(Struct, forbid_unknown_fields=True):
    gradtest_baseline: Annotated[int, Meta(ge=1)]
    entries: list[Entry]


# -- reading --------------------------------------------------------------------------------------


def read(path: Path) -> dict[Key, Entry]:
    """Return the entries of a file; nothing of it is run.

    Raises
    ------
    FileNotFoundError
        If there is none.
    Misuse
        If it is damaged, or of another version: such a file is never written over.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Misuse(f"the baseline {path} cannot be read: {error.strerror}") from None
    try:
        version = msgspec.json.decode(text, type=_Version).gradtest_baseline
        if version != FORMAT:
            raise Misuse(
                f"the baseline {path} has format {version}, and this gradtest reads format {FORMAT}; "
                "use the gradtest that wrote it, or delete the file and write it anew"
            )
        file = msgspec.json.decode(text, type=_File, dec_hook=_decoded)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Misuse(_damaged(path, text, error)) from None
    entries: dict[Key, Entry] = {}
    for entry in file.entries:
        if entries.setdefault(entry.key, entry) is not entry:
            raise Misuse(f"the baseline {path} has two entries for {', '.join(entry.key)}; take one out")
    return entries


class _Version(Struct):
    gradtest_baseline: int


def _decoded(kind: type, value: Any) -> Any:
    if kind is Number:
        return Number.read(value)
    raise NotImplementedError(f"nothing is known of {kind}")


def _damaged(path: Path, text: bytes, error: Exception) -> str:
    if b"<<<<<<<" in text:
        why = "it holds the marks of a merge that was not finished"
    else:
        said, _, where = str(error).partition(" - at ")
        why = f"{where.strip('`').removeprefix('$.')}: {said}" if where else said
    return (
        f"the baseline {path} cannot be read: {why}; mend it, take it from version control again, or "
        "delete it and write it anew"
    )


# -- writing --------------------------------------------------------------------------------------


def rewrite(path: Path, change: Callable[[Entries], Entries]) -> dict[Key, Entry]:
    """Read a file, change its entries and write it, as one step that no other run can come between.

    Parameters
    ----------
    path : Path
        Of a file that need not exist yet.
    change : callable
        Is given the entries that are there now, and returns those that shall be.

    Returns
    -------
    dict
        The entries that are there then.

    Raises
    ------
    Misuse
        If the file is damaged, or cannot be written.
    """
    try:
        with _locked(path):
            try:
                old: Entries = read(path)
            except FileNotFoundError:
                old = {}
            new = dict(change(old))
            text = written(new)
            if not path.exists() or path.read_bytes() != text:
                replace_whole(path, text)
    except OSError as error:
        raise Misuse(f"the baseline {path} cannot be written: {error.strerror}") from None
    return new


def as_plain(entry: Entry) -> dict[str, Any]:
    """Return an entry as plain data, for another process."""
    plain: dict[str, Any] = msgspec.to_builtins(entry, enc_hook=str)
    return plain


def from_plain(plain: Mapping[str, Any]) -> Entry:
    """Return the entry that `as_plain` made so."""
    return msgspec.convert(plain, Entry, dec_hook=_decoded)


def written(entries: Entries) -> bytes:
    """Return the bytes of a file: sorted, no time and no place in it, a line for each number."""
    file = _File(FORMAT, [entries[key] for key in sorted(entries)])
    plain = msgspec.to_builtins(file, enc_hook=str)
    return (json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def replace_whole(path: Path, text: bytes) -> None:
    """Put a whole file in the place of another at once, so that an interrupted run leaves the old one.

    Raises
    ------
    OSError
        If it cannot be written; then nothing has changed.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file beside `path` that only one run can make."""
    lock = path.with_name(f".{path.name}.lock")
    until = time.monotonic() + PATIENCE
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            if time.monotonic() > until:
                raise Misuse(
                    f"another run has been writing {path} for {PATIENCE:.0f} seconds; if there is none, "
                    f"delete {lock}"
                ) from None
            time.sleep(0.02)
    try:
        yield
    finally:
        lock.unlink()
