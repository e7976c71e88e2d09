"""What a specimen of the zoo is: a wrong gradient that really happened, or could have, and its fixed twin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis.strategies import SearchStrategy

import gradtest

__all__ = ["Specimen", "Trap", "imagined"]


@dataclass(frozen=True)
class Specimen:
    """One mistake.

    Attributes
    ----------
    name : str
        What was done wrong, in words that a file could have.
    ticket : str
        Where it happened; empty for one that merely could have.
    forward, wrong, right : callable
        The map, the derivative with the mistake in it, and the one without.
    inputs : strategy
        Draws what the mistake needs in order to show, and inputs without it.
    at : str
        The input whose gradient is wrong (the first of them, if there are several).
    code : str
        The code it must earn; several, separated by blanks, where each would be true.
    words : str
        What the headline must say of it; alternatives are separated by ``|``.
    form : str
        The argument of `gradtest.target` that the derivatives are given as.
    law : str
        The law that sees it and is asked for by name only; empty for one of those that always are.
    """

    name: str
    ticket: str
    forward: Callable[..., Any]
    wrong: Callable[..., Any]
    right: Callable[..., Any]
    inputs: SearchStrategy[Any]
    at: str
    code: str
    words: str
    form: str = "vjp"
    law: str = ""

    @property
    def settings(self) -> gradtest.Settings:
        """What to ask: the defaults, or those and a law by its name."""
        return gradtest.Settings(laws=("derivative", "contract", self.law) if self.law else None)

    def target(self) -> gradtest.Target:
        """Return the wrong one."""
        return gradtest.target(self.forward, name=self.name, **{self.form: self.wrong})

    def twin(self) -> gradtest.Target:
        """Return the fixed one."""
        return gradtest.target(self.forward, name=f"{self.name}, fixed", **{self.form: self.right})

    def judged(self, code: str, what: str) -> str:
        """Return what a finding's suspicion is worth: right, where, unknown or wrong.

        *where* is a true statement of where the gradient is wrong that does not say why.
        """
        if code in self.code.split() and any(words in what for words in self.words.split("|")):
            return "unknown" if code == "GT100" else "right"
        return {"GT100": "unknown", "GT123": "where", "GT124": "where"}.get(code, "wrong")


def imagined(name, forward, wrong, right, drawn, at, code, words, form="vjp") -> Specimen:
    """Return a specimen that merely could have happened."""
    return Specimen(name, "", forward, wrong, right, drawn, at, code, words, form)


@dataclass(frozen=True)
class Trap:
    """A correct derivative that checkers have called wrong.

    Attributes
    ----------
    name : str
    forward, derivative : callable
    inputs : strategy
    form : str
        As of a `Specimen`.
    domains : dict of str to str
        As of `gradtest.target`, where the derivative is claimed along them only.
    mostly : {"agrees", ""}
        What most cases must come to; empty where being undecided is the honest answer.
    """

    name: str
    forward: Callable[..., Any]
    derivative: Callable[..., Any]
    inputs: SearchStrategy[Any]
    form: str = "vjp"
    domains: dict[str, str] = field(default_factory=dict)
    mostly: str = "agrees"

    def target(self) -> gradtest.Target:
        """Return it as a target."""
        claimed = {self.form: self.derivative}
        return gradtest.target(self.forward, name=self.name, domains=self.domains, **claimed)
