"""Matrices in the last two axes: symmetric, positive definite, triangular."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .domain import CAUTION, Array, Domain, cast_like, shortest

__all__ = ["LowerTriangular", "PositiveDefinite", "Symmetric"]


def _transposed(matrix: Array) -> Array:
    return np.swapaxes(matrix, -1, -2)


def _square(array: Array) -> bool:
    return array.ndim >= 2 and array.shape[-1] == array.shape[-2]


def _diagonal(matrix: Array) -> Array:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


@dataclass(frozen=True)
class Symmetric(Domain):
    """Symmetric matrices in the last two axes.

    >>> Symmetric().place(np.array([[1.0, 2.0], [4.0, 1.0]]))
    array([[1., 3.],
           [3., 1.]])
    """

    core: ClassVar[int] = 2

    @property
    def name(self) -> str:
        """The word for it."""
        return "symmetric"

    def contains(self, array: Array) -> bool:
        """Tell whether each matrix equals its transpose, exactly."""
        finite = _square(array) and bool(np.all(np.isfinite(array)))
        return finite and np.array_equal(array, _transposed(array))

    def place(self, array: Array) -> Array:
        """Take the mean of each matrix and its transpose."""
        return cast_like(array, (array + _transposed(array)) / 2)

    def tangent(self, point: Array, direction: Array) -> Array:
        """Return the symmetric part of `direction`."""
        return cast_like(direction, (direction + _transposed(direction)) / 2)


@dataclass(frozen=True)
class PositiveDefinite(Symmetric):
    """Symmetric positive definite matrices in the last two axes.

    `place` gives diagonally dominant ones, which are exact in short decimals and well conditioned.

    >>> PositiveDefinite().place(np.array([[1.0, 2.0], [4.0, 1.0]]))
    array([[4., 3.],
           [3., 4.]])
    """

    @property
    def name(self) -> str:
        """The word for it."""
        return "spd"

    def contains(self, array: Array) -> bool:
        """Tell whether the matrices are symmetric and have a Cholesky factor."""
        if not super().contains(array):
            return False
        try:
            np.linalg.cholesky(array.astype(np.float64))
        except np.linalg.LinAlgError:
            return False
        return True

    def place(self, array: Array) -> Array:
        """Symmetrise, and add the size of the rest of its row to each diagonal entry."""
        if self.contains(array):
            return array
        placed = super().place(array).astype(np.float64)
        k = placed.shape[-1]
        diagonal = np.abs(_diagonal(placed))
        beside = np.abs(placed).sum(axis=-1) - diagonal
        # A margin that rounding to float16 leaves standing.
        diagonal = np.maximum(np.where(diagonal > 0, diagonal, 1.0), beside / 32)
        placed[..., range(k), range(k)] = diagonal + beside
        return cast_like(array, placed)

    def room(self, point: Array, direction: Array) -> float:
        """Return the step at which the first eigenvalue vanishes.

        With X = C Cᵀ, X + tD is positive definite while 1 + tλ > 0 for every eigenvalue λ of C⁻¹DC⁻ᵀ.
        """
        factor = np.linalg.cholesky(point.astype(np.float64))
        half = np.linalg.solve(factor, direction.astype(np.float64))
        whole = np.linalg.solve(factor, _transposed(half))
        largest = float(np.max(np.abs(np.linalg.eigvalsh((whole + _transposed(whole)) / 2)), initial=0.0))
        return CAUTION / largest if largest > 0 else math.inf


@dataclass(frozen=True)
class LowerTriangular(Domain):
    """Invertible lower-triangular matrices in the last two axes: zeros above, none on the diagonal.

    >>> LowerTriangular().place(np.array([[0.0, 2.0], [4.0, 3.0]]))
    array([[1., 0.],
           [4., 3.]])
    """

    core: ClassVar[int] = 2

    @property
    def name(self) -> str:
        """The word for it."""
        return "lower"

    def contains(self, array: Array) -> bool:
        """Tell whether all is zero above the diagonal and nothing on it."""
        if not _square(array) or not np.all(np.isfinite(array)):
            return False
        return np.array_equal(array, np.tril(array)) and bool(np.all(_diagonal(array) != 0))

    def place(self, array: Array) -> Array:
        """Put zeros above the diagonal, and ones for zeros on it."""
        identity = np.eye(array.shape[-1], dtype=bool)
        return cast_like(array, np.where(identity & (array == 0), 1, np.tril(array)))

    def tangent(self, point: Array, direction: Array) -> Array:
        """Return `direction` with zeros above the diagonal."""
        return np.tril(direction)

    def room(self, point: Array, direction: Array) -> float:
        """Return the step to the first zero on the diagonal."""
        return shortest(np.abs(_diagonal(point)), _diagonal(direction))
