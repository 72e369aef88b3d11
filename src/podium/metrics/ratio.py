"""Division where nothing over nothing is a value, not a warning."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["divide"]


def divide(numerator: NDArray[Any], denominator: NDArray[Any], *, otherwise: float) -> NDArray[np.float64]:
    """numerator / denominator, and `otherwise` where the denominator is 0; arrays that broadcast.

    Example:
        >>> divide(np.array([1.0, 0.0]), np.array([2.0, 0.0]), otherwise=0.0).tolist()
        [0.5, 0.0]
    """
    top, bottom = np.broadcast_arrays(np.asarray(numerator, np.float64), np.asarray(denominator, np.float64))
    result = np.full(top.shape, otherwise)
    np.divide(top, bottom, out=result, where=bottom != 0)
    return result
