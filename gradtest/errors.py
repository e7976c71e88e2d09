"""Two families that never meet: misuse of gradtest, and a gradient that is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["GradientError", "Misuse", "MisusedType", "UndecidedWarning", "nearest"]


class Misuse(ValueError):
    """The call cannot be carried out as it stands; the message says what to change.

    Raised before anything is measured, with one sentence: the name, its value, what was
    expected, and the next step.  Never raised for a wrong gradient.
    """


class MisusedType(Misuse, TypeError):
    """A `Misuse` in which the kind of a value, not the value itself, is the matter."""


class GradientError(AssertionError):
    """A derivative disagrees with what was measured.

    Attributes
    ----------
    report : Report
        The evidence: its ``findings`` say where, how much and, if that was tested, why.

    Notes
    -----
    An `AssertionError`, so that test runners show it as a failure of the code under test.
    Subclasses tell parameters, codes and gross from marginal errors apart, so that
    Hypothesis shrinks each of them by itself (`gradtest.properties.search`).
    """

    def __init__(self, report: object = None, *, brief: str = "") -> None:
        super().__init__()
        self.report = report
        self.brief = brief  # said in place of the report by a search that has not come to its end

    def __str__(self) -> str:
        return self.brief or str(self.report)  # made when it is read: a diagnosis takes its time


class UndecidedWarning(UserWarning):
    """An assertion neither held nor failed: the point could not be judged; the message says why.

    Given by `assert_gradients` outside of Hypothesis tests.  Where being undecided is to fail, let
    warnings be errors.
    """


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a phrase that names the known word most like `word`, or lists them all.

    >>> nearest("derivativ", ["derivative", "purity"])
    "did you mean 'derivative'?"
    """
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
