"""Options of the command line that always come together.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["together"]

Command = TypeVar("Command", bound=Callable[..., object])


def together(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """Return a decorator that gives a command several options of `click`, in this order."""

    def given(command: Command) -> Command:
        return functools.reduce(lambda made, option: option(made), reversed(options), command)

    return given
