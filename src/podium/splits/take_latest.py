"""The latest images as the holdout: what a model that is trained now will meet next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.errors import SplitError

__all__ = ["take_latest"]


def take_latest(time: NDArray[np.float64], unit: NDArray[np.int64], fraction: float) -> NDArray[np.bool_]:
    """Mask of the latest images, shape (N,): as many as are nearest to the fraction, units whole.

    A unit is as late as its latest image, so all images of a person who comes again in the holdout are in it. Images of
    one time stay together. Images without a time are never held out.

    Args:
        time: Time of each image, nan where it is not known, shape (N,).
        unit: Number of the unit of each image, shape (N,).
        fraction: Share of the images to take, in (0, 1).

    Raises:
        SplitError: If all images have the same time, or none has one.

    Example:
        >>> take_latest(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 1, 2, 0]), 0.5).tolist()
        [True, False, False, True]
    """
    latest = np.full(int(unit.max()) + 1, -np.inf)
    np.maximum.at(latest, unit, np.where(np.isnan(time), -np.inf, time))
    own = latest[unit]
    borders = np.unique(own[np.isfinite(own)])
    if not np.isinf(own).any():
        borders = borders[1:]  # something has to be earlier
    if not len(borders):
        raise SplitError(
            "no image is later than another, so none can be held out by time.",
            field="time_column",
            fix="Name a column with different times.",
        )
    shares = np.array([(own >= border).mean() for border in borders])
    return np.asarray(own >= borders[np.argmin(np.abs(shares - fraction))])
