"""The pages of `gradtest explain`: for every code, every law, and what else a report speaks of."""

from __future__ import annotations

from pathlib import Path

from gradtest.errors import Misuse, nearest

__all__ = ["contents", "page"]

_FOLDER = Path(__file__).with_name("pages")


def contents() -> dict[str, str]:
    """Return the name and the title of every page: codes first, then the other words."""
    titles = {}
    for path in _FOLDER.glob("*.md"):
        name, _, title = (
            path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").partition(": ")
        )
        titles[name] = title
    return {name: titles[name] for name in sorted(titles, key=lambda name: (name[:2] != "GT", name))}


def page(name: str) -> str:
    """Return a page: a title, the cause, a wrong and a right example, how to fix it, how to say it is meant.

    Parameters
    ----------
    name : str
        A code or a word, in any case.

    Raises
    ------
    Misuse
        If there is no such page; the nearest is named.
    """
    known = {word.lower(): word for word in contents()}
    found = known.get(name.lower())
    if found is None:
        raise Misuse(f"there is no page {name!r}; {_hint(name, known)}")
    return (_FOLDER / f"{found.replace(' ', '_')}.md").read_text(encoding="utf-8")


def _hint(name: str, known: dict[str, str]) -> str:
    hint = nearest(name.lower(), known)
    if not hint.startswith("did"):
        return "python -m gradtest explain lists them"
    word = hint.split("'")[1]
    return f"did you mean {known[word]!r}?"
