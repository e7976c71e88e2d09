"""The domains from which the inputs of a target are drawn, as the target itself names them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gradtest.signatures import bind
from gradtest.targets import Target

from .points import placed
from .shapes import Shape, read_shape
from .strategies import domains_of

__all__ = ["within"]


def within(target: Target, shapes: Mapping[str, Any]) -> Target:
    """Return a target that knows the domains from which its inputs are drawn, and their axis of examples.

    Domains that it states itself come first.

    >>> import gradtest
    >>> entropy = gradtest.target(lambda p: 0.0, grad=lambda p: p)
    >>> within(entropy, {"p": "batch k : simplex"}).domains["p"].name
    'simplex'
    """
    domains = {path: domain for path, domain in domains_of(shapes).items() if not domain.free}
    batch = {name: axis for name, shape in shapes.items() if (axis := _batch_axis(shape)) is not None}
    if not domains and not batch:
        return target
    called = _called(target, shapes)
    named = {
        called[name] + path: domain
        for (name, path), domain in zip(map(_split, domains), domains.values(), strict=True)
    }
    axes = {called[name]: axis for name, axis in batch.items()}
    return replace(target, domains={**named, **target.domains}, batch={**axes, **target.batch})


def _batch_axis(shape: Any) -> int | None:
    """Return the axis that a named shape calls batch; None where there is none."""
    if isinstance(shape, str):
        shape = read_shape(shape)
    names = [dim.name for dim in shape.dims] if isinstance(shape, Shape) else []
    return names.index("batch") if "batch" in names and not shape.leading else None


def _split(path: str) -> tuple[str, str]:
    """Return the name of an input, and the place in it.

    >>> _split("layer['w'][0]")
    ('layer', "['w'][0]")
    """
    name = re.split(r"[\[.]", path, maxsplit=1)[0]
    return name, path[len(name) :]


def _called(target: Target, shapes: Mapping[str, Any]) -> dict[str, str]:
    """Return what the target calls each input: another name where it is given by position only."""
    marks = {name: object() for name in shapes}
    args, kwargs = placed(target, marks)
    if target.made_for is not None:
        return {name: name for name in shapes}  # its inputs are known beside their values only
    bound = bind(target.forward, args, {**target.parameters, **kwargs})
    called = {id(value): name for name, value in zip(bound.names, bound.values, strict=True)}
    return {name: called[id(mark)] for name, mark in marks.items()}
