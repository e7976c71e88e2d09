"""The domain that a few words describe."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from gradtest.errors import Misuse, nearest

from .discrete import Choice, Integers, Labels, Mask
from .domain import Complex, Domain, Real
from .interval import Interval
from .matrices import LowerTriangular, PositiveDefinite, Symmetric
from .vectors import Simplex, Sphere

__all__ = ["NAMED", "READERS", "read_domain"]

NAMED: dict[str, Domain] = {
    "real": Real(),
    "complex": Complex(),
    "positive": Interval(0, math.inf),
    "nonnegative": Interval(0, math.inf, closed_low=True),
    "negative": Interval(-math.inf, 0),
    "probability": Interval(0, 1),
    "simplex": Simplex(),
    "unit": Sphere(),
    "symmetric": Symmetric(),
    "spd": PositiveDefinite(),
    "lower": LowerTriangular(),
    "integers": Integers(),
    "mask": Mask(),
}
"""The domains that are one word. Add a line here, or a function to `READERS`."""


def _read_named(text: str) -> Domain | None:
    return NAMED.get(text)


_BRACKETS = re.compile(r"([\[(])([^,\[\](){}]*),([^,\[\](){}]*)([\])])")


def _read_interval(text: str) -> Domain | None:
    found = _BRACKETS.fullmatch(text)
    if found is None:
        return None
    left, low, high, right = found.groups()
    return Interval(_read_number(low, text), _read_number(high, text), left == "[", right == "]")


def _read_choice(text: str) -> Domain | None:
    if not (text.startswith("{") and text.endswith("}")):
        return None
    return Choice(tuple(_read_number(word, text) for word in text[1:-1].split(",") if word.strip()))


def _read_ints(text: str) -> Domain | None:
    found = re.fullmatch(r"ints\s+([+-]?\d+)\s+([+-]?\d+)", text)
    return Integers(int(found[1]), int(found[2])) if found else None


def _read_labels(text: str) -> Domain | None:
    found = re.fullmatch(r"(labels|indices)\s+(\w+(?:\[(?:L|\d+)\])?)", text)
    return Labels(found[2], found[1] == "indices") if found else None


READERS: list[Callable[[str], Domain | None]] = [
    _read_named,
    _read_interval,
    _read_choice,
    _read_ints,
    _read_labels,
]
"""Asked in order: each makes a domain of the words, or answers None."""


def _read_number(word: str, text: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise Misuse(
            f"the domain {text!r} has {word.strip()!r} where a number should stand; "
            "write [-2, 2], (0, inf) or {0, 1}"
        ) from None


def read_domain(text: str) -> Domain:
    """Return the domain that a few words describe.

    Parameters
    ----------
    text : str
        A name (`NAMED`), an interval such as ``(0, 1)`` or ``[0, inf)``, a set such as ``{0, 1}``,
        ``ints -3 3``, ``labels k`` or ``indices k``.

    Returns
    -------
    Domain
        Equal words give equal domains.

    Raises
    ------
    Misuse
        If the words describe none; the message names the nearest one that exists.

    >>> read_domain("[-2, 2]").name
    '[-2, 2]'
    >>> read_domain("positive") == read_domain("(0, inf)")
    True
    """
    text = text.strip()
    for reader in READERS:
        domain = reader(text)
        if domain is not None:
            return domain
    if text[:1] in ("(", "[", "{"):
        raise Misuse(
            f"the domain {text!r} has unbalanced or empty brackets; write [-2, 2], (0, inf) or {{0, 1}}"
        )
    word = text.split()[0] if text else text
    known = [*NAMED, "ints", "labels", "indices"]
    if word in known:
        raise Misuse(f"the domain {text!r} is incomplete; write 'ints -3 3', 'labels k' or 'indices k'")
    raise Misuse(f"the domain {text!r} is unknown; {nearest(word, known)}")
