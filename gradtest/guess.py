"""The shapes of the inputs of a target for which nobody said any: read off annotations, else tried out."""

from __future__ import annotations

import inspect
import typing
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradtest.case import Raised
from gradtest.errors import Misuse
from gradtest.matching import BrokenContract
from gradtest.probe import Probe
from gradtest.properties.drawn_domains import within
from gradtest.properties.pinned import pinned
from gradtest.properties.search import case_of
from gradtest.properties.shapes import read_shape
from gradtest.signatures import signature_of
from gradtest.targets import Target

__all__ = ["Inputs", "inputs_of", "parameters_of", "refused_at"]

#: What all inputs may look like, and then what they may look like in their order; numbers come last.
ALIKE = ("n", "batch n", "n n", "batch channels height width")
IN_ORDER = (
    ("batch in", "in out", "out"),
    ("batch in", "out in", "out"),
    ("out in", "in batch", "out"),
    ("out in", "in", "out"),
    ("in", "in out", "out"),
    ("in out", "batch in", "out"),
    ("batch n", "n", "n"),
    ("batch in", "in", ""),
    ("in", "batch in", "batch"),
    ("batch in", "in", "batch"),
    ("n n", "n", "n"),
    ("n", "n n", "n"),
    ("n", "", ""),
    ("batch n", "", ""),
)
#: Where the entries may have to lie, if the function is finite only there.
DOMAINS = ("", " : positive", " : (0, 1)")
#: Inputs called like this may be integer labels, one for each row of the others.
LABELS = ("y", "Y", "t", "label", "labels", "target", "targets", "y_true", "classes")
#: So many points of a candidate are looked at: a logarithm of one number may be lucky once.
LOOKS = 4

_NOT_FINITE = "it is not finite there"


@dataclass(frozen=True)
class Inputs:
    """How the inputs of a target look, by name and in order, and who says so.

    `origin` is "the table", "--inputs", "annotations" or "a guess".
    """

    shapes: Mapping[str, Any]
    origin: str

    def __str__(self) -> str:
        return ", ".join(
            f"{name}: {str(shape).strip(' :') or 'a number'}" for name, shape in self.shapes.items()
        )


def parameters_of(target: Target) -> list[str]:
    """Return the names of the inputs that a target needs, and those it accepts beside them.

    A ufunc or a builtin that does not say has inputs called x, y, z.
    """
    return [p.name for p in _parameters(target.forward)]


def _parameters(forward: Callable[..., Any]) -> list[inspect.Parameter]:
    count = getattr(forward, "nin", None)
    if isinstance(count, int):
        kind = inspect.Parameter.POSITIONAL_ONLY
        return [inspect.Parameter(name, kind) for name in ("x", "y", "z", "u")[:count]]
    signature = signature_of(forward)
    if signature is None:
        return [inspect.Parameter("x", inspect.Parameter.POSITIONAL_ONLY)]
    found = signature.parameters.values()
    return [p for p in found if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD, p.KEYWORD_ONLY)]


def inputs_of(target: Target, known: Mapping[str, Any] | None, given: Mapping[str, str]) -> Inputs:
    """Return the shapes to draw the inputs of a target from.

    Parameters
    ----------
    target : Target
        Whose inputs they are.
    known : mapping, optional
        The shapes that the module itself states.
    given : mapping of str to str
        What the user says of some or all inputs; it comes first.  Other names are left aside:
        they may belong to another target.

    Raises
    ------
    Misuse
        If nothing that was tried fits, with the words to write instead.

    Notes
    -----
    Calls forward and derivative once for every candidate, some dozens in the worst case.  Sizes
    of different names are different there, so that what fits does not fit by accident.
    """
    given = {name: dims for name, dims in given.items() if name in (known or parameters_of(target))}
    if known is not None:
        return Inputs({**known, **given}, "--inputs" if given else "the table")
    parameters = _parameters(target.forward)
    needed = [p.name for p in parameters if p.default is p.empty or p.name in given]
    if needed and set(needed) <= set(given):
        return Inputs({name: given[name] for name in needed}, "--inputs")
    return _tried(target, needed, given, _annotated(target.forward, needed))


# -- annotations ----------------------------------------------------------------------------------


def _annotated(forward: Callable[..., Any], names: list[str]) -> dict[str, str]:
    """Return the shapes that parameters carry in their annotations, as far as they can be read."""
    try:
        hints = typing.get_type_hints(forward, include_extras=True)
    except Exception:  # names that exist for the type checker only
        hints = dict(getattr(forward, "__annotations__", {}))
    found = {name: _shape_in(hints[name]) for name in names if name in hints}
    return {name: text for name, text in found.items() if text is not None}


def _shape_in(hint: Any) -> str | None:
    """Return the shape in ``Annotated[..., "batch in"]`` or in an object with ``dim_str`` or ``dims``."""
    written = [
        getattr(hint, "dim_str", None),
        getattr(hint, "dims", None),
        *getattr(hint, "__metadata__", ()),
    ]
    for text in written:
        if isinstance(text, str) and _reads(text):
            return text
    return None


def _reads(text: str) -> bool:
    try:
        read_shape(text)
    except Misuse:
        return False
    return True


# -- trying out -----------------------------------------------------------------------------------


def _tried(
    target: Target, names: list[str], given: Mapping[str, str], annotated: Mapping[str, str]
) -> Inputs:
    """Return the first candidate for which both functions run, else one for which forward does."""
    second, reasons = None, list[str]()
    for origin, shapes in _candidates(names, given, annotated):
        fit, reason = _fit(target, shapes)
        numbers = not any(read_shape(dims).dims for dims in shapes.values())
        if fit == 2 and not (numbers and second):  # what takes arrays, too, is asked about arrays
            return Inputs(shapes, origin)
        if fit == 1 and second is None:
            second = Inputs(shapes, origin)
        reasons.append(reason)
    if second is not None:
        return second
    raise Misuse(
        _unknown(target, names, _NOT_FINITE if _NOT_FINITE in reasons else reasons[0] if reasons else "")
    )


def _unknown(target: Target, names: list[str], reason: str) -> str:
    if reason == _NOT_FINITE:
        said = f"{target.name} is not finite at any point that was tried; restrict its inputs to where it is"
        dims = ("n : positive", *["n"] * len(names))
    else:
        why = f" ({reason})" if reason else ""
        said = f"nothing says how the inputs of {target.name} look, and no plain guess fits{why}; say it"
        dims = ("batch in", "in out", "out", *[""] * len(names))
    lines = " ".join(f'--inputs "{name}: {dim}"' for name, dim in zip(names or ["x"], dims, strict=False))
    return f"{said}, for example {lines}"


def _candidates(
    names: list[str], given: Mapping[str, str], annotated: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what the inputs may look like, the plainest first; what is given or annotated stays."""
    if not names:
        return
    if len({**annotated, **given}) == len(names):
        yield "annotations", {name: {**annotated, **given}[name] for name in names}
    labels = [name for name in names if name in LABELS and name not in given]
    if labels and len(names) > len(labels):
        yield (
            "a guess",
            {
                n: given.get(n, "batch : labels k" if n in labels else ("batch k", "k out", "out")[min(i, 2)])
                for i, n in enumerate(names)
            },
        )
    for fixed in [{**annotated, **given}, dict(given)] if annotated else [dict(given)]:
        for domain in DOMAINS:
            for guess in _guesses(len(names)):
                yield (
                    "a guess",
                    {n: fixed.get(n, dims + domain) for n, dims in zip(names, guess, strict=True)},
                )


def _guesses(count: int) -> Iterator[tuple[str, ...]]:
    for dims in ALIKE:
        yield (dims,) * count
    if count > 1:
        for row in IN_ORDER:
            yield (row + (row[-1],) * count)[:count]
    yield ("",) * count


def _fit(target: Target, shapes: Mapping[str, str]) -> tuple[int, str]:
    """Return 2 if both functions run and are finite, 1 if forward does, 0 and the reason if not."""
    target = within(target, shapes)
    looks = [_fit_at(target, pinned(shapes, seed)) for seed in range(LOOKS)]
    return min(looks, key=lambda look: look[0])


def refused_at(target: Target, point: Mapping[str, Any]) -> str:
    """Return why the forward function refuses a point; empty if it does not, or is not finite there."""
    level, reason = _fit_at(target, point)
    return reason if level == 0 and reason != _NOT_FINITE else ""


def _fit_at(target: Target, point: Mapping[str, Any]) -> tuple[int, str]:
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            probe = Probe(case_of(target, point), np.random.default_rng(0))
    except BrokenContract:
        return 1, ""
    except Raised as raised:
        # A pullback that fails may only want other shapes.
        return (0, _first_line(raised)) if raised.role == "forward" else (1, "")
    except Misuse as misuse:
        return 0, _first_line(misuse)
    return (2, "") if probe.finite else (0, _NOT_FINITE)


def _first_line(error: Exception) -> str:
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    return line if len(line) <= 120 else line[:117] + "..."
