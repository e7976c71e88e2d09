"""gradtest: property-based testing of hand-written derivatives.

The names below are found lazily: importing gradtest imports neither numpy nor hypothesis.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradtest.adapters.recognise import autodiff
    from gradtest.diagnosis.evidence import Finding
    from gradtest.diagnosis.report import Report
    from gradtest.errors import GradientError, Misuse, UndecidedWarning
    from gradtest.properties.network import networks
    from gradtest.properties.strategies import inputs
    from gradtest.run import assert_gradients, check, check_grad, property_of
    from gradtest.settings import Settings
    from gradtest.targets import Target, target

__version__ = "0.1.0"

_HOME = {
    "Finding": "gradtest.diagnosis.evidence",
    "GradientError": "gradtest.errors",
    "Misuse": "gradtest.errors",
    "Report": "gradtest.diagnosis.report",
    "Settings": "gradtest.settings",
    "Target": "gradtest.targets",
    "UndecidedWarning": "gradtest.errors",
    "assert_gradients": "gradtest.run",
    "autodiff": "gradtest.adapters.recognise",
    "check": "gradtest.run",
    "check_grad": "gradtest.run",
    "inputs": "gradtest.properties.strategies",
    "networks": "gradtest.properties.network",
    "property_of": "gradtest.run",
    "target": "gradtest.targets",
}

__all__ = [
    "Finding",
    "GradientError",
    "Misuse",
    "Report",
    "Settings",
    "Target",
    "UndecidedWarning",
    "assert_gradients",
    "autodiff",
    "check",
    "check_grad",
    "inputs",
    "networks",
    "property_of",
    "target",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gradtest' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
