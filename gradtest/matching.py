"""What a derivative returned, matched to the leaves of the inputs."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradtest.spaces import arrays
from gradtest.spaces.containers import Part, Tree, flatten, parts

from .signatures import meant

__all__ = ["BrokenContract", "Input", "Matcher", "as_array"]


class BrokenContract(Exception):
    """What the derivative returned does not fit the inputs; `code` is the page of `explain`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Input:
    """One input, taken apart.

    Attributes
    ----------
    name : str
    value : Any
        As it was given; at other points only its structure counts.
    leaves : tuple
        Its leaves; `paths` says where in the value each of them is.
    paths : tuple of str
    first : int
        The number that its first leaf has among those of all inputs.
    still : frozenset of int
        Numbers of leaves that cannot be differentiated by, though they hold real numbers.
    """

    name: str
    value: Any
    leaves: tuple[Any, ...]
    paths: tuple[str, ...]
    first: int
    still: frozenset[int] = frozenset()

    @property
    def real(self) -> list[int]:
        """The numbers of its leaves that can be differentiated by."""
        numbered = enumerate(self.leaves, self.first)
        return [i for i, leaf in numbered if arrays.is_differentiable(leaf) and i not in self.still]

    @property
    def differentiable(self) -> bool:
        """Whether any of its leaves has a derivative."""
        return bool(self.real)


def as_array(piece: Any) -> Any:
    """Return a gradient as an array, also of nested lists of numbers, or sparse; else None."""
    if arrays.is_array(piece):
        return np.asarray(piece) if isinstance(piece, (int, float, complex)) else piece
    if hasattr(piece, "toarray"):
        return piece.toarray()  # of scipy.sparse
    if hasattr(piece, "matmat") and len(getattr(piece, "shape", ())) == 2:
        return piece.matmat(np.eye(piece.shape[1]))  # a LinearOperator
    if not isinstance(piece, (list, tuple)):
        return None
    try:
        array = np.asarray(piece)
    except (TypeError, ValueError):
        return None  # ragged
    return array if array.dtype.kind in "fiubc" else None


class Matcher:
    """Reads what one derivative returns, and complains in its name.

    Parameters
    ----------
    claimant : str
        What to call the derivative.
    inputs : sequence of Input
        All of them, in order.
    wrt : sequence of str, optional
        The inputs for which it claims a derivative; by default what comes back tells.
    jacobians : bool
        Whether what comes back may be Jacobians, which have the axes of the output in front.
    """

    def __init__(
        self,
        claimant: str,
        inputs: Sequence[Input],
        wrt: Sequence[str] | None = None,
        *,
        jacobians: bool = False,
    ) -> None:
        self.claimant = claimant
        self.inputs = {one.name: one for one in inputs}
        self.strict, self.jacobians = wrt is not None, jacobians
        self._known: dict[Hashable, list[int | None]] = {}  # of what came back before: whose each leaf is
        self.wanted = [one.name for one in inputs if one.differentiable] if wrt is None else list(wrt)

    def match(self, result: Any) -> dict[int, Any]:
        """Return what came back for each leaf; leaves for which nothing is claimed are absent.

        A result may be read in several ways (is a list of two arrays the gradients of two inputs,
        or of the one input that is a list?).  The first in which all shapes fit is meant, or else
        the first in which the structure does.

        Raises
        ------
        BrokenContract
            If the structure fits in none.
        """
        if result is None:
            raise BrokenContract("GT302", f"{self.claimant} returned None; is a return statement missing?")
        tree = flatten(result)
        kind = (tree.structure, tuple(None if leaf is None else arrays.shape(leaf) for leaf in tree.leaves))
        if kind not in self._known:
            found = self._read(result)
            whose = {id(piece): number for number, piece in found.items()}
            numbers = [whose.get(id(leaf)) for leaf in tree.leaves]
            if sorted(n for n in numbers if n is not None) != sorted(found):
                return found  # some piece is no leaf of the result, but made of several
            self._known[kind] = numbers
        pairs = zip(self._known[kind], tree.leaves, strict=True)
        return {number: leaf for number, leaf in pairs if number is not None}

    def _read(self, result: Any) -> dict[int, Any]:
        fitting: list[dict[int, Any]] = []
        complaints: list[BrokenContract] = []
        for reading in self._readings(result):
            try:
                found = [leaf for name, piece in reading.items() for leaf in self._aligned(name, piece)]
            except BrokenContract as complaint:
                complaints.append(complaint)
                continue
            fitting.append({number: piece for number, _, piece in found})
            if all(_shape(piece) == arrays.shape(leaf) for _, leaf, piece in found):
                return self._complete(fitting[-1])
        if fitting:
            return self._complete(fitting[0])
        raise self._miscounted(result) or complaints[0 if len(self.wanted) > 1 else -1]

    # -- which input is meant -----------------------------------------------------------------

    def _readings(self, result: Any) -> Iterator[dict[str, Any]]:
        """Yield the ways to read a result, as input -> piece, the likeliest first."""
        wanted, several = self.wanted, isinstance(result, (tuple, list))
        named = {part.key: part.value for part in parts(result) or () if part.key is not None}
        if named:
            yield from self._by_name(named)
        if several and len(result) == len(wanted):
            yield dict(zip(wanted, result, strict=True))
        elif several and len(result) == len(self.inputs):
            yield dict(zip(self.inputs, result, strict=True))
        yield {wanted[0]: result}
        if several and len(result) < len(wanted) and not self.strict:
            yield dict(zip(wanted, result, strict=False))
        if len(wanted) > 1 and isinstance(result, np.ndarray) and result.shape[:1] == (len(wanted),):
            yield dict(zip(wanted, result, strict=True))  # stacked

    def _by_name(self, named: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Read gradients by their keys: of inputs (W, dW, grad_W, ...), or of what inputs hold.

        Keys that mean nothing may be there as long as no input goes without (the gradients of
        hidden layers, say).  Nothing is yielded where no key means anything: then the whole may
        belong to one input.
        """
        homes = {
            part.key: one.name
            for one in self.inputs.values()
            for part in parts(one.value) or ()
            if part.key is not None
        }
        pieces: dict[str, Any] = {}
        unknown: dict[str, Any] = {}
        for key, piece in named.items():
            name, part = meant(key, list(self.inputs)), meant(key, list(homes))
            if name is not None:
                pieces[name] = piece
            elif part is not None:
                pieces.setdefault(homes[part], {})[key] = piece
            else:
                unknown[key] = piece
        if pieces:
            yield pieces if set(self.wanted) <= set(pieces) else pieces | unknown

    # -- which leaf is meant ------------------------------------------------------------------

    def _aligned(self, name: str, piece: Any) -> Iterator[tuple[int, Any, Any]]:
        """Yield the number and the value of each leaf of an input, with what came back for it."""
        if name not in self.inputs:
            raise BrokenContract(
                "GT301",
                f"{self.claimant} returned a gradient called {name!r}, but there is no such input; "
                f"the inputs are {', '.join(self.inputs)}",
            )
        one = self.inputs[name]
        numbers = {path: one.first + i for i, path in enumerate(one.paths)}
        real = set(one.real)
        for path, leaf, found in self._paired(one.value, piece, name, ""):
            if numbers[path] in real:
                yield numbers[path], leaf, found

    def _paired(self, value: Any, piece: Any, name: str, path: str) -> Iterator[tuple[str, Any, Any]]:
        """Walk down a value and what came back for it, side by side."""
        if piece is None:
            return
        inside = parts(value)
        if inside is None:
            if not self._may_be_array(piece, value):
                raise self._unlike(name + path, "an array", piece)
            yield path, value, piece
            return
        for part, found in self._siblings(value, inside, piece, name + path):
            yield from self._paired(part.value, found, name, path + part.path)

    def _siblings(self, value: Any, inside: list[Part], piece: Any, where: str) -> list[tuple[Part, Any]]:
        """Pair the parts of a container with those of what came back: by key, or else in order."""
        given = parts(piece)
        if arrays.is_array(piece) and all(
            arrays.shape(part.value) == arrays.shape(piece)[1:] for part in inside
        ):
            given = [Part(None, "", row) for row in piece] if arrays.shape(piece) else None
        if given is None or (isinstance(value, Mapping) and any(part.key is None for part in given)):
            raise self._unlike(where, f"a {type(value).__name__}", piece)
        if any(part.key is None for part in (*inside, *given)):
            if isinstance(piece, Mapping):
                raise self._unlike(where, f"a {type(value).__name__}", piece)
            if len(given) != len(inside):
                raise BrokenContract(
                    "GT301",
                    f"{self.claimant} returned {len(given)} gradients for `{where}`, which has "
                    f"{len(inside)} parts",
                )
            return [(part, other.value) for part, other in zip(inside, given, strict=True)]
        mine = {str(part.key): part for part in inside}
        pairs = []
        for other in given:
            key = meant(str(other.key), list(mine))
            if key is None:
                raise BrokenContract(
                    "GT301",
                    f"{self.claimant} returned a gradient for `{where}{other.path}`, but {where} has no such "
                    f"part; its parts are {', '.join(where + part.path for part in inside[:8])}",
                )
            pairs.append((mine[key], other.value))
        return pairs

    def _may_be_array(self, piece: Any, leaf: Any) -> bool:
        """Whether a piece can be the gradient of one array: a tuple of arrays is rather several gradients."""
        if not isinstance(piece, (list, tuple)):
            return not isinstance(piece, Mapping)
        if self.jacobians or _shape(piece) == arrays.shape(leaf):
            return True
        return all(arrays.is_array(entry) and arrays.shape(entry) == () for entry in flatten(piece).leaves)

    # -- complaints ---------------------------------------------------------------------------

    def _complete(self, found: dict[int, Any]) -> dict[int, Any]:
        """Return what was found, once no input that `wrt` names is passed over."""
        for name in self.wanted if self.strict else ():
            one = self.inputs[name]
            if not any(one.first <= i < one.first + len(one.leaves) for i in found):
                raise BrokenContract(
                    "GT302", f"{self.claimant} returned nothing for `{name}`, which wrt= names"
                )
        return found

    def _miscounted(self, result: Any) -> BrokenContract | None:
        if not isinstance(result, (tuple, list)) or len(result) in (len(self.wanted), len(self.inputs)):
            return None
        if len(self.wanted) > 1:
            return BrokenContract(
                "GT301",
                f"{self.claimant} returned {len(result)} gradients, but the differentiable inputs are "
                f"{', '.join(self.wanted)}; return one for each, in this order, or name them with wrt=",
            )
        if parts(self.inputs[self.wanted[0]].value) is not None:
            return None
        return BrokenContract(
            "GT301",
            f"{self.claimant} returned {len(result)} gradients, but the only input to differentiate by is "
            f"{self.wanted[0]}",
        )

    def _unlike(self, where: str, expected: str, piece: Any) -> BrokenContract:
        return BrokenContract(
            "GT302",
            f"{self.claimant} returned {type(piece).__name__} as the gradient for `{where}`; "
            f"expected {expected}",
        )

    # -- one gradient -------------------------------------------------------------------------

    def contracted(self, name: str, leaf: Any, out: Any, cotangent: Any, piece: Any) -> Any:
        """Contract a gradient, an elementwise derivative or a Jacobian with the cotangent.

        The derivative J of a complex output is a complex one, dy = J dx (for complex x the function
        is then holomorphic).  The pullback of w is J^H w, since Re(conj(w) J v) = Re(conj(J^H w) v);
        of that, only the real part can be seen where x is real.
        """
        g = self._numbers(name, piece)
        taken, given = arrays.shape(leaf), arrays.shape(out)
        if arrays.is_complex(out):
            g = arrays.conjugated(g)
        if arrays.size(out) == 1 and (given == () or g.shape != given + taken):
            pulled = g * np.asarray(cotangent).item()
        elif g.shape == given + taken:
            pulled = np.tensordot(np.asarray(cotangent), np.asarray(g), axes=len(given))
        elif g.shape == given == taken:
            pulled = g * cotangent
        else:
            raise self._no_jacobian(name, g, given, taken)
        seen = arrays.is_complex(leaf) or not (arrays.is_complex(out) and arrays.is_complex(pulled))
        return pulled if seen else arrays.real_part(pulled)

    def _no_jacobian(
        self, name: str, g: Any, given: tuple[int, ...], taken: tuple[int, ...]
    ) -> BrokenContract:
        return BrokenContract(
            "GT301",
            f"{self.claimant} returned shape {g.shape} for `{name}`, where the output has shape {given} and "
            f"the input {taken}; expected a Jacobian of shape {given + taken}"
            + (f", or an elementwise derivative of shape {taken}" if taken == given else ""),
        )

    def fitted(self, name: str, leaf: Any, piece: Any) -> Any:
        """Return a gradient as an array of the shape of its leaf.

        Raises
        ------
        BrokenContract
            If it has another shape, is not made of numbers, or is complex where the leaf is real.
        """
        g = self._numbers(name, piece)
        found, needed = tuple(g.shape), arrays.shape(leaf)
        if not _fills(g, needed):
            raise BrokenContract(
                "GT301",
                f"{self.claimant} returned a gradient for `{name}` of shape {found}, but `{name}` has shape "
                f"{needed}.{_hint(found, needed)}",
            )
        return self._of_kind(f"a gradient for `{name}`", g if found == needed else g.reshape(needed), leaf)

    def _of_kind(self, what: str, g: Any, leaf: Any) -> Any:
        """Return an array as complex as a leaf is: a claim for real numbers has no imaginary part.

        Up to rounding it may have one, as what was computed by Fourier transforms.
        """
        if arrays.is_complex(leaf):
            return g if arrays.is_complex(g) else g + 0j
        if not arrays.is_complex(g):
            return g
        real = arrays.real_part(g)
        imaginary = arrays.largest(g - real)
        if imaginary > math.sqrt(arrays.precision(g)) * arrays.largest(real):
            raise BrokenContract(
                "GT302",
                f"{self.claimant} returned {what} that is complex (imaginary part up to {imaginary:.3g}), "
                "where real numbers are needed; return its real part",
            )
        return real

    def tangents(self, result: Any, out: Tree) -> dict[int, Any]:
        """Return the tangent of each real leaf of the output, from a tangent or ``(out, tangent)``.

        Raises
        ------
        BrokenContract
            If neither is like the output.
        """
        real = [i for i, leaf in enumerate(out.leaves) if arrays.is_differentiable(leaf)]
        needed = {i: arrays.shape(out.leaves[i]) for i in real}
        for reading in (result, result[1] if isinstance(result, tuple) and len(result) == 2 else result):
            pieces = [reading] if len(out.leaves) == 1 else flatten(reading).leaves
            given = dict(enumerate(map(as_array, pieces)))
            if len(given) == len(out.leaves) and all(_fills(given[i], shape) for i, shape in needed.items()):
                return {
                    i: self._of_kind("a tangent", given[i].reshape(shape), out.leaves[i])
                    for i, shape in needed.items()
                }
        found = " and ".join(str(_shape(leaf) or type(leaf).__name__) for leaf in flatten(result).leaves)
        raise BrokenContract(
            "GT301",
            f"{self.claimant} returned a tangent of shape {found}, where the output has shape "
            f"{' and '.join(map(str, needed.values()))}",
        )

    def _numbers(self, name: str, piece: Any) -> Any:
        g = as_array(piece)
        if g is None:
            raise self._unlike(name, "an array", piece)
        counts = getattr(g.dtype, "kind", "i") in tuple("iub")  # other libraries' arrays hold numbers
        if not (counts or arrays.is_differentiable(g)):
            raise BrokenContract(
                "GT302",
                f"{self.claimant} returned a gradient for `{name}` of dtype {g.dtype}; expected real numbers",
            )
        return g


def _shape(piece: Any) -> tuple[int, ...] | None:
    g = as_array(piece)
    return None if g is None else tuple(g.shape)


def _fills(array: Any, shape: tuple[int, ...]) -> bool:
    """Whether an array has a shape, or is one number where there is one, and either of them bare."""
    if array is None or tuple(array.shape) == shape:
        return array is not None
    return arrays.size(array) == math.prod(shape) == 1 and () in (tuple(array.shape), shape)


def _hint(found: tuple[int, ...], needed: tuple[int, ...]) -> str:
    """Return a guess at what was forgotten, beginning with a blank, or nothing."""
    if found == needed[::-1]:
        return " Was the result left transposed?"
    if np.prod(found) == np.prod(needed):
        return f" The entries are as many: .reshape{needed} would give them its shape."
    try:
        common = np.broadcast_shapes(found, needed)
    except ValueError:
        return ""
    if common == found:
        return " Was the sum over a broadcast axis forgotten?"
    return " Was it summed over an axis too many?" if common == needed else ""
