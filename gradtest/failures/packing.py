"""Inputs as JSON beside an archive of arrays, and back; reading them runs nothing."""

from __future__ import annotations

import dataclasses
import importlib
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtest.spaces import arrays, foreign

__all__ = ["CannotKeep", "libraries", "pack", "spell", "unpack"]

Archive = dict[str, NDArray[Any]]

#: Arrays up to this size are spelled out in a script, larger ones are read from the archive.
FEW = 64


class CannotKeep(Exception):
    """Something that a failure file cannot hold; the message says what and why."""


# -- to data --------------------------------------------------------------------------------------


def pack(value: Any, name: str, archive: Archive) -> Any:
    """Return a value as what JSON has; its arrays are put into `archive`, under their names.

    An array at ``["w"][0]`` of the input ``p`` is called ``p['w'][0]``, as everywhere.

    Raises
    ------
    CannotKeep
        If it holds anything but numbers, strings, None, arrays, and lists, tuples, dicts, named tuples and
        dataclasses of these.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.generic):
        return {"scalar": pack(value.item(), name, archive), "dtype": value.dtype.name}
    if isinstance(value, int):
        return value
    if isinstance(value, (float, complex)):
        return {type(value).__name__: repr(value)}
    if arrays.is_array(value):
        return _packed_array(value, name, archive)
    return _packed_container(value, name, archive)


def _packed_array(value: Any, name: str, archive: Archive) -> dict[str, Any]:
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise CannotKeep(f"{name} is an array of objects")
        archive[name] = value
        return {"array": name, "dtype": value.dtype.name}
    archive[name] = foreign.to_host(value)
    return {"array": name, "dtype": str(value.dtype).rpartition(".")[2], "of": _library(value)}


def _library(value: Any) -> str:
    import array_api_compat

    return str(array_api_compat.array_namespace(value).__name__).removeprefix("array_api_compat.")


def _packed_container(value: Any, name: str, archive: Archive) -> Any:
    def each(items: Any) -> list[Any]:
        return [pack(item, f"{name}[{i}]", archive) for i, item in enumerate(items)]

    kind = type(value)
    if kind is list:
        return each(value)
    if kind is tuple:
        return {"tuple": each(value)}
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {"dict": {key: pack(item, f"{name}[{key!r}]", archive) for key, item in value.items()}}
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        fields = {key: getattr(value, key) for key in kind._fields}
    elif dataclasses.is_dataclass(value):
        fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value) if one.init}
    else:
        raise CannotKeep(f"{name} is a {kind.__name__}, which is no array, number or container of them")
    if "<" in kind.__qualname__:
        raise CannotKeep(f"{name} is a {kind.__name__}, a class that cannot be imported by its name")
    packed = {key: pack(item, f"{name}.{key}", archive) for key, item in fields.items()}
    return {"class": f"{kind.__module__}:{kind.__qualname__}", "fields": packed}


# -- and back -------------------------------------------------------------------------------------


def unpack(data: Any, archive: Mapping[str, NDArray[Any]]) -> Any:
    """Return the value that `pack` made `data` of.

    Raises
    ------
    CannotKeep
        If the data are damaged, or name a class or a library that is not there.
    """
    try:
        return _unpacked(data, archive)
    except (KeyError, TypeError, ValueError, AttributeError, ImportError) as error:
        raise CannotKeep(f"{type(error).__name__}: {error}") from error


def _unpacked(data: Any, archive: Mapping[str, NDArray[Any]]) -> Any:
    if isinstance(data, list):
        return [_unpacked(item, archive) for item in data]
    if not isinstance(data, dict):
        return data
    if "array" in data:
        return _restored(archive[data["array"]], data)
    if "scalar" in data:
        return np.asarray(_unpacked(data["scalar"], archive), dtype=_dtype(data["dtype"]))[()]
    if "tuple" in data:
        return tuple(_unpacked(item, archive) for item in data["tuple"])
    if "dict" in data:
        return {key: _unpacked(item, archive) for key, item in data["dict"].items()}
    if "class" in data:
        module, _, name = data["class"].partition(":")
        kind: Any = importlib.import_module(module)
        for part in name.split("."):
            kind = getattr(kind, part)
        if not (dataclasses.is_dataclass(kind) or hasattr(kind, "_fields")) or not isinstance(kind, type):
            raise TypeError(f"{data['class']} is neither a dataclass nor a named tuple")
        return kind(**{key: _unpacked(item, archive) for key, item in data["fields"].items()})
    ((kind, text),) = data.items()
    return {"float": float, "complex": complex}[kind](text)


def _restored(array: NDArray[Any], data: Mapping[str, str]) -> Any:
    if "of" in data:
        library = importlib.import_module(data["of"])
        made = library.asarray(array)
        return made if str(made.dtype).endswith(data["dtype"]) else made.astype(data["dtype"])
    return array if array.dtype.name == data["dtype"] else array.view(_dtype(data["dtype"]))


def _dtype(name: str) -> np.dtype[Any]:
    try:
        return np.dtype(name)
    except TypeError:
        known: np.dtype[Any] = np.dtype(getattr(importlib.import_module("ml_dtypes"), name))
        return known


# -- as Python ------------------------------------------------------------------------------------

#: Is given the name and the expression of a number or an array, and returns another expression.
Rewrite = Callable[[str, str], str]


def spell(data: Any, name: str, archive: Mapping[str, NDArray[Any]], rewrite: Rewrite) -> str:
    """Return a Python expression for packed `data`; large arrays are read from ``arrays[...]``.

    Raises
    ------
    CannotKeep
        If there is no short expression for it.
    """

    def inside(item: Any, path: str) -> str:
        return spell(item, name + path, archive, rewrite)

    if isinstance(data, list):
        return f"[{', '.join(inside(item, f'[{i}]') for i, item in enumerate(data))}]"
    if not isinstance(data, dict):
        return repr(data)
    if "tuple" in data:
        items = [inside(item, f"[{i}]") for i, item in enumerate(data["tuple"])]
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    if "dict" in data:
        return "{" + ", ".join(f"{k!r}: {inside(v, f'[{k!r}]')}" for k, v in data["dict"].items()) + "}"
    if "class" in data:
        raise CannotKeep(f"{name} is a {data['class']}")
    if "array" in data:
        text = rewrite(name, _spelled_array(archive[data["array"]], data))
        return f"{data['of']}.asarray({text})" if "of" in data else text
    if "scalar" in data:
        return rewrite(name, f"np.{data['dtype']}({inside(data['scalar'], '')})")
    ((kind, text),) = data.items()
    value = complex(text)
    if kind == "complex":
        return f"complex({value.real!r}, {value.imag!r})".replace("nan", "math.nan").replace(
            "inf", "math.inf"
        )
    return rewrite(name, text if math.isfinite(value.real) else f"float({text!r})")


def _spelled_array(array: NDArray[Any], data: Mapping[str, str]) -> str:
    if array.dtype.kind == "V" or array.dtype.name not in np.sctypeDict:
        raise CannotKeep(f"{data['array']} is an array of {data['dtype']}, which NumPy alone does not know")
    if array.size > FEW or array.size == 0 or array.dtype.kind == "c" or not np.isfinite(array).all():
        return f"arrays[{data['array']!r}]"
    given = "" if array.dtype.name in ("float64", "bool") else f", dtype={array.dtype.name!r}"
    return f"np.array({array.tolist()!r}{given})"


def libraries(data: Any) -> Iterator[str]:
    """Yield the libraries, other than NumPy, of the arrays in packed `data`."""
    if isinstance(data, dict) and "of" in data:
        yield data["of"]
    for item in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from libraries(item)
