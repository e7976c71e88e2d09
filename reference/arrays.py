"""What the values are made of: real arrays of any precision, a batch as columns."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Scalar: TypeAlias = np.floating[Any]
Array: TypeAlias = npt.NDArray[np.floating[Any]]
Labels: TypeAlias = npt.NDArray[np.floating[Any] | np.integer[Any] | np.bool_]
"""Targets y: 0 or 1 in any dtype, or soft labels in [0, 1]. They never decide a precision."""
