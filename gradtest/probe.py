"""A case restricted to lines: what is claimed along a direction, and phi to measure it by."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradtest.case import Case, Raised, own
from gradtest.errors import MisusedType
from gradtest.numerics.chebyshev import coefficients, nodes
from gradtest.numerics.line import Line
from gradtest.numerics.rounding import (
    accumulated,
    coarsest,
    decimal,
    epsilon,
    grain,
    of_a_format,
    power_of_two,
)
from gradtest.numerics.spectrum import SAFETY
from gradtest.spaces import arrays, inside
from gradtest.spaces.containers import Tree, flatten

__all__ = ["Claim", "Direction", "Probe"]

_SHORT = 13  # bits of a cotangent, by which a gradient is multiplied

#: A direction in the space of all inputs: leaf number -> tangent; other leaves stand still.
Direction = Mapping[int, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """The slope that the target claims along one direction.

    `size` is sum |g_i v_i|, what the slope would be had nothing cancelled; `rounding` is what
    the precision of the gradient allows it to be off.
    """

    value: float
    size: float
    rounding: float


def _claim(value: float, size: float, rounding: float) -> Claim:
    finite = math.isfinite(value) and math.isfinite(size)
    return Claim(value, size if finite else 0.0, rounding * size if finite else 0.0)


class Probe:
    """One case with one cotangent: the claimed gradient, and lines to measure it along.

    Parameters
    ----------
    case : Case
    rng : numpy.random.Generator
        Draws the cotangent.

    Raises
    ------
    Raised
        If the target raises at the point.
    BrokenContract
        If the claimed gradient does not fit the inputs.
    MisusedType
        If the forward function returns nothing that could be differentiated.
    """

    def __init__(self, case: Case, rng: np.random.Generator) -> None:
        self.case = case
        self.leaves = list(case.leaves)
        returned = case.raw()
        self.out = flatten(case.primal(returned))
        self._check_output()
        self.cotangents = self._cotangents(rng)
        self.origin = self._contract(self.out)
        self.magnitude = self._magnitude()
        self.eps = coarsest(
            *(getattr(self.leaves[i], "dtype", "float64") for i in case.real),
            *(getattr(self.out.leaves[i], "dtype", "float64") for i in self.cotangents),
        )
        self.gradients: dict[int, Any] = {}
        if case.target.form != "jvp":
            self.gradients = case.pull_back(returned, self.whole_cotangent())

    @property
    def blocks(self) -> list[int]:
        """The leaves for which something is claimed."""
        if self.case.target.form == "jvp":
            return list(self.case.movable)
        return sorted(self.gradients)

    @property
    def finite(self) -> bool:
        """Whether the function itself is finite at the point."""
        return math.isfinite(self.origin)

    # -- outputs ------------------------------------------------------------------------------

    def _check_output(self) -> None:
        if any(arrays.is_differentiable(leaf) for leaf in self.out.leaves):
            return
        name = self.case.target.name
        first = self.out.leaves[0] if self.out.leaves else None
        dtype = getattr(first, "dtype", type(first).__name__)
        raise MisusedType(
            f"{name} returned {dtype}, which has no derivative; expected a real number or an array of them "
            "(or a container of arrays)"
        )

    def _cotangents(self, rng: np.random.Generator) -> dict[int, Any]:
        """Draw a cotangent for every output of real or complex numbers; 1 for a gradient, which has none."""
        real = [i for i, leaf in enumerate(self.out.leaves) if arrays.is_differentiable(leaf)]
        scalar = sum(arrays.real_size(self.out.leaves[i]) for i in real) == 1
        if self.case.target.form in ("grad", "value_and_grad") and scalar:
            return {i: arrays.zeros(self.out.leaves[i]) + 1 for i in real}
        return {i: arrays.cotangent(self.out.leaves[i], rng) for i in real}

    def whole_cotangent(self, cotangents: Mapping[int, Any] | None = None) -> Any:
        """Return the cotangent in the structure of the output (None beside what is not real)."""
        parts = self.cotangents if cotangents is None else cotangents
        return self.out.build([parts.get(i) for i in range(len(self.out.leaves))])

    def _magnitude(self) -> float:
        """Return the size of the terms that are added up to give phi."""
        return math.hypot(*(arrays.magnitude(w, self.out.leaves[i]) for i, w in self.cotangents.items()))

    def _contract(self, out: Tree) -> float:
        """Return <w, out>; NaN where the output has another structure than at the point."""
        if len(out.leaves) != len(self.out.leaves):
            return math.nan
        for i, w in self.cotangents.items():
            leaf = out.leaves[i]
            if arrays.shape(leaf) != arrays.shape(w) or (
                arrays.is_complex(leaf) and not arrays.is_complex(w)
            ):
                return math.nan
        return math.fsum(arrays.inner(w, out.leaves[i]) for i, w in self.cotangents.items())

    def single_outputs(self, most: int) -> list[Probe]:
        """Return this probe once for every coordinate of the output, with the unit cotangent of that.

        Empty where there are more than `most` of them.
        """
        places = [(i, k) for i, w in self.cotangents.items() for k in range(arrays.real_size(w))]
        if len(places) > most:
            return []
        probes = []
        for i, k in places:
            units = {j: arrays.zeros(w) for j, w in self.cotangents.items()}
            flat = np.zeros(arrays.real_size(units[i]))
            flat[k] = 1.0
            probes.append(self.at(self.leaves, units | {i: arrays.like(units[i], flat)}))
        return probes

    # -- lines --------------------------------------------------------------------------------

    def line(
        self,
        direction: Direction,
        see: Callable[[float, Tree], None] | None = None,
        hint: tuple[float, int] | None = None,
    ) -> Line:
        """Return phi(t) = <w, f(x + t v)>; t = 1 changes the inputs by about their own size.

        Of `v` the part is meant that stays within the domains, and phi is never asked beyond them.
        `see` is told every t that phi is asked at, and the whole output there.
        """
        direction = self._within(direction)
        widest = max(arrays.largest(v) for v in direction.values())
        room = self._room(direction)
        return Line(
            self._phi(direction, room, see),
            eps=self.eps,
            magnitude=self.magnitude,
            origin=self.origin,
            widest=min(room, 4 / min(1.0, widest) if widest > 0 else 4.0),
            hint=hint,
            grain=lambda t: self._grain(direction, min(t, room / 2)),
        )

    def _within(self, direction: Direction) -> Direction:
        """Return the part of a direction that is tangent to the domains; see `spaces.inside`."""
        domains = self.case.domains
        if domains.keys().isdisjoint(direction):
            return direction
        return {i: inside.tangent(domains.get(i), self.leaves[i], v) for i, v in direction.items()}

    def _room(self, direction: Direction) -> float:
        """Return how far one may go along a direction before a domain ends."""
        domains = self.case.domains
        rooms = (inside.room(domains.get(i), self.leaves[i], v) for i, v in direction.items())
        return min(rooms, default=math.inf)

    def _moved(self, direction: Direction, t: float) -> list[Any]:
        leaves, domains = list(self.leaves), self.case.domains
        for i, v in direction.items():
            leaves[i] = inside.moved(domains.get(i), leaves[i], v, t)
        return leaves

    def _grain(self, direction: Direction, t: float) -> float:
        """Return the rounding that the outputs show at x + t v (one evaluation)."""
        outputs = self._outputs(direction, t)
        return min(map(grain, outputs), default=self.eps)

    def decimal(self, direction: Direction, t: float) -> bool:
        """Return whether the outputs at x + t v are short decimals (one evaluation)."""
        outputs = self._outputs(direction, t)
        return bool(outputs) and all(map(decimal, outputs))

    def of_a_format(self, direction: Direction) -> bool:
        """Return whether outputs around x are as long as the numbers of a short format (16 evaluations)."""
        outputs = [self._outputs(direction, t) for t in (math.pi / 32 * k for k in range(-8, 9)) if t]
        return of_a_format([value for some in outputs for out in some for value in np.ravel(out).tolist()])

    def _outputs(self, direction: Direction, t: float) -> list[Any]:
        """Return some entries of every output at x + t v, of none where the function has no value."""
        leaves = self._moved(direction, t)
        try:
            out = flatten(self.case.primal(self.case.call(leaves)))
        except Exception:
            return []
        return [arrays.few(out.leaves[i]) for i in self.cotangents]

    def _phi(
        self, direction: Direction, room: float, see: Callable[[float, Tree], None] | None = None
    ) -> Callable[[float], float]:
        base, call, primal, contract = self.leaves, self.case.call, self.case.primal, self._contract
        moving = [(i, v, self.case.domains.get(i)) for i, v in direction.items()]
        moved = inside.moved

        def phi(t: float) -> float:
            if abs(t) > room:
                return math.nan
            leaves = list(base)
            for i, v, domain in moving:
                leaves[i] = moved(domain, base[i], v, t)
            try:
                out = flatten(primal(call(leaves)))
                if see is not None:
                    see(t, out)
                return contract(out)
            except Exception:
                return math.nan  # asked outside of its domain: nobody but the probe goes there

        return phi

    def claim(self, direction: Direction) -> Claim:
        """Return what the target claims along `direction`, as far as that stays within the domains."""
        direction = self._within(direction)
        if self.case.target.form == "jvp":
            return self._claim_forward(direction)
        claim = self._claim_back(direction)
        return self._averaged(direction, claim) if claim.rounding > 0.01 * claim.size else claim

    def _claim_back(self, direction: Direction) -> Claim:
        value, size, n, eps = 0.0, 0.0, 0, self.eps
        for i, v in direction.items():
            g = self.gradients[i]
            value += arrays.inner(g, v)
            size += arrays.sizes(g, v)
            n += arrays.real_size(v)
            eps = max(eps, epsilon(getattr(g, "dtype", "float64")))
        return _claim(value, size, accumulated(eps, n))

    def claim_as_rounded(self, direction: Direction, claim: Claim) -> Claim | None:
        """Return the claim with the rounding of float32 if the gradient shows that, None if it does not.

        A gradient may be computed in less than it is returned in.  It is asked a little way off, by
        no short number: what fits float32 there (times a short cotangent) was rounded to it; what is
        shorter still tells nothing.  Costs one gradient.
        """
        beside = self.along(direction, math.pi / 256) if self.gradients else None
        if beside is None:
            return None
        single = epsilon("float32")
        blocks = [beside.gradients[i] for i in direction if i in beside.gradients]
        if self.eps >= single or any(grain(arrays.few(g), _SHORT) != single for g in blocks):
            return None
        return replace(claim, rounding=accumulated(single, max(map(arrays.size, blocks))) * claim.size)

    def _averaged(self, direction: Direction, alone: Claim) -> Claim:
        """Return the claim as the value at 0 of a parabola through claims along the line.

        In half precision one gradient is a blunt claim; nine of them, which are noisy by
        rounding each on its own, are a sharper one, and say how noisy they are.
        """
        step = power_of_two(self.eps ** (1 / 6))
        values = []
        for t in nodes(8):
            beside = self.along(direction, step * t)
            values.append(math.nan if beside is None else beside._claim_back(direction).value)
        c = coefficients(values)
        noise = math.hypot(*c[5:]) / math.sqrt(len(c[5:])) * math.sqrt(3)
        rounding = SAFETY * noise + 2 * self.eps * alone.size
        if not rounding < alone.rounding:
            return alone
        return Claim(float(c[0] - c[2] + c[4]), alone.size, rounding)

    def _claim_forward(self, direction: Direction) -> Claim:
        tangents = self.case.push_forward(direction, self.out)
        value = size = 0.0
        for i, w in self.cotangents.items():
            value += arrays.inner(w, tangents[i])
            size += arrays.sizes(w, tangents[i])
        return _claim(value, size, accumulated(self.eps, 1))

    # -- directions ---------------------------------------------------------------------------

    def towards(self, block: int, rng: np.random.Generator, like: Probe | None = None) -> Direction:
        """Return a random direction within one block, mostly uphill by the claim.

        Its entries have the size of those of the point, or of the point of another probe.
        """
        return {block: self._direction(block, rng, along=self.gradients.get(block), like=like)}

    def _direction(
        self, block: int, rng: np.random.Generator, along: Any = None, like: Probe | None = None
    ) -> Any:
        x, domain = self.leaves[block], self.case.domains.get(block)
        v = arrays.direction((like or self).leaves[block], rng, along=along)
        return inside.tangent(domain, x, inside.shortened(domain, x, v))

    def coordinate(self, block: int, index: tuple[int, ...]) -> tuple[Direction, float]:
        """Return the direction that moves one coordinate of a block, and its size; see `arrays.coordinate`.

        Where the domain forbids that it moves alone the others follow: on the simplex the rest makes
        room for one probability, in a symmetric matrix its mirror image moves too.
        """
        x, domain = self.leaves[block], self.case.domains.get(block)
        v, step = arrays.coordinate(x, index)
        short = inside.shortened(domain, x, v)
        if domain is not None:
            step = arrays.inner(v, short) / step
        return {block: inside.tangent(domain, x, short)}, step

    def separable(self, block: int) -> bool:
        """Whether the entries of a block can move by themselves: no simplex, no symmetric matrix."""
        domain = self.case.domains.get(block)
        return domain is None or domain.core == 0

    def on_edge(self, block: int) -> bool:
        """Whether some entry of a block sits on the end of its domain, and cannot move to both sides."""
        return inside.on_edge(self.case.domains.get(block), self.leaves[block])

    def unseen(self, block: int, direction: Direction, tolerance: float) -> Iterator[Direction]:
        """Yield directions for the entries whose error the first one, at `tolerance`, could not see.

        First those whose claimed gradient is zero; then all, with the large contributions
        scaled down to the median, where entries differ by orders of magnitude.  Nothing where
        the first look would have seen a tenth of a typical entry.
        """
        if block not in self.gradients:
            return
        gradient, v = self.gradients[block], direction[block]
        typical, largest = arrays.spread(gradient, v)
        if tolerance <= 0.1 * typical or largest == 0.0:
            return
        still = arrays.flat(gradient) == 0.0
        if still.any():
            yield self._within({block: arrays.scaled(v, still)})
        if largest > 100 * typical:
            yield self._within({block: arrays.evened(v, gradient, typical)})

    def everywhere(self, rng: np.random.Generator, alike: bool = False) -> Direction:
        """Return a random direction of the whole space for which something is claimed.

        With `alike` a block of small entries moves by about 1, as one of large entries may.
        """
        direction = {i: self._direction(i, rng) for i in self.blocks}
        if not alike:
            return direction
        sizes = {i: arrays.largest(v) for i, v in direction.items()}
        return {i: v if not 0 < sizes[i] < 1 else v / power_of_two(sizes[i]) for i, v in direction.items()}

    def nearby(self, rng: np.random.Generator, distance: float) -> Probe | None:
        """Return the same probe at a generic point near by, with the same cotangent.

        Every entry for which something is claimed is shifted by about `distance` of its size.
        None where the function is not finite in any of a few such places.
        """
        for leaves in self.leaves_nearby(rng, distance):
            try:
                probe = self.at(leaves)
            except Raised:
                continue
            if probe.finite:
                return probe
        return None

    def leaves_nearby(self, rng: np.random.Generator, distance: float) -> Iterator[list[Any]]:
        """Yield a few places as `nearby` tries them; what nothing is claimed for stays the very same."""
        for attempt in range(4):
            leaves = list(self.leaves)
            for i in self.blocks:
                leaves[i] = self._shifted(i, rng, distance, attempt)
            yield leaves

    def _shifted(self, i: int, rng: np.random.Generator, distance: float, attempt: int) -> Any:
        v = arrays.direction(self.leaves[i], rng)
        if attempt in (1, 2):  # at the edge of a domain one sign leads inside: all up, then all down
            v = arrays.upwards(v)
            v = -v if attempt == 2 else v
        return inside.beside(self.case.domains.get(i), self.leaves[i], v, distance)

    def along(self, direction: Direction, t: float) -> Probe | None:
        """Return the probe at x + t v; None where the function has no value, or a domain ends."""
        direction = self._within(direction)
        if abs(t) > self._room(direction):
            return None
        try:
            beside = self.at(self._moved(direction, t))
        except Raised:
            return None
        return beside if beside.finite else None

    def claim_along(self, direction: Direction, t: float, of: Direction | None = None) -> Claim | None:
        """Return what is claimed at x + t v along the same v, or another; None as for `along`.

        Costs a gradient; and an evaluation, unless the gradient is a function by itself, which needs none.
        """
        if self.case.target.form not in ("grad", "value_and_grad"):
            beside = self.along(direction, t)
            return None if beside is None else beside.claim(of or direction)
        direction = self._within(direction)
        if abs(t) > self._room(direction):
            return None
        leaves, cotangent = self._moved(direction, t), self.whole_cotangent()
        given = [leaf if i in direction else own(leaf) for i, leaf in enumerate(leaves)]
        beside = copy.copy(self)
        beside.leaves, beside.case = leaves, self.case.at(leaves)
        try:
            beside.gradients = beside.case.pull_back(self.out.build(self.out.leaves), cotangent, given=given)
        except Raised:
            return None
        return beside.claim(of or direction)

    def otherwise(self) -> Probe | None:
        """Return the same probe with the claim read by the other convention for complex numbers.

        None where there are no complex numbers, or the derivative is a jvp: then there is but one.
        Where a claim disagrees and this one agrees, `conjugate` of `gradtest.target` is what is wrong.
        Costs one evaluation and one gradient.
        """
        involved = (*(self.leaves[i] for i in self.blocks), *(self.out.leaves[i] for i in self.cotangents))
        if self.case.target.form == "jvp" or not any(map(arrays.is_complex, involved)):
            return None
        other = copy.copy(self)
        other.case = self.case.otherwise()
        return other.at(self.leaves)

    def at(self, leaves: list[Any], cotangents: dict[int, Any] | None = None) -> Probe:
        """Return the probe of the same target at other leaves, with the same cotangent or another."""
        other = object.__new__(Probe)
        case = self.case.at(leaves)
        returned = case.raw()
        other.case, other.leaves = case, leaves
        other.out = flatten(case.primal(returned))
        other.cotangents = self.cotangents if cotangents is None else cotangents
        other.eps = self.eps
        other.origin = other._contract(other.out)
        other.magnitude = other._magnitude() if other.finite else math.nan
        other.gradients = {}
        if other.finite and case.target.form != "jvp":
            other.gradients = case.pull_back(returned, other.whole_cotangent())
        return other
