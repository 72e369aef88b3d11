"""Learning rates that a sweep suggests: where the smoothed loss falls, from losses over rising learning rates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["minimum_tenth", "smooth_losses", "steepest", "valley"]


def smooth_losses(losses: Sequence[float], *, beta: float = 0.98) -> NDArray[np.float64]:
    """Exponential moving average with the bias of its start taken out, shape (n,).

    Example:
        >>> smooth_losses([2.0, 2.0, 2.0]).round(6).tolist()
        [2.0, 2.0, 2.0]

    Source:
        Smith 2017 as fastai smooths it; the correction is Adam's.
    """
    mean, smoothed = 0.0, np.empty(len(losses))
    for place, loss in enumerate(losses):
        mean = beta * mean + (1 - beta) * loss
        smoothed[place] = mean / (1 - beta ** (place + 1))
    return smoothed


def valley(rates: NDArray[np.float64], losses: NDArray[np.float64]) -> float | None:
    """The rate in the middle of the longest fall; None where no loss is lower than one before it.

    The longest fall is the longest run of ever lower losses, those between passed over; of its length, half is taken.

    Args:
        rates: Ascending learning rates, shape (n,).
        losses: Smoothed loss at each, shape (n,).

    Source:
        fastai's `valley`, by ESRI: a third of the run and half of a third.
    """
    lengths = np.ones(len(losses), dtype=np.int64)
    for place in range(1, len(losses)):
        higher = lengths[:place][losses[:place] > losses[place]]
        lengths[place] = higher.max(initial=0) + 1
    end = int(lengths.argmax())
    if lengths[end] < 2:
        return None
    third = lengths[end] / 3
    return float(rates[end - lengths[end] + int(third) + int(third / 2)])


def steepest(rates: NDArray[np.float64], losses: NDArray[np.float64]) -> float | None:
    """The rate at which the loss falls fastest, over the logarithm of the rate; None where it never falls.

    Source:
        fastai's `steep`.
    """
    slopes = np.diff(losses) / np.diff(np.log(rates))
    if not len(slopes) or slopes.min() >= 0:
        return None
    return float(rates[slopes.argmin()])


def minimum_tenth(rates: NDArray[np.float64], losses: NDArray[np.float64]) -> float:
    """A tenth of the rate with the lowest loss.

    Source:
        fastai's `minimum`.
    """
    return float(rates[losses.argmin()]) / 10
