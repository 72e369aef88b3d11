"""Which images of a large set are compared with each other: whole classes, or runs of neighbours in the table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["RUN", "choose_compared"]

RUN = 1000
"""Images in a run of neighbours."""


def choose_compared(kinds: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Rows of at most `most` images, in order, in which images of one object stay together as far as can be.

    Whole classes, by lot, as long as they fit. Where not even half of `most` is reached so, as with two large classes,
    runs of 1,000 neighbours in the table, spread evenly: files of one object stand beside each other, by name or time.

    Args:
        kinds: Class of each image, shape (N,).
        most: Most images.

    Example:
        >>> choose_compared(np.repeat([0, 1, 2], 4), 9).tolist()
        [0, 1, 2, 3, 8, 9, 10, 11]
    """
    if len(kinds) <= most:
        return np.arange(len(kinds))
    numbers, size = np.unique(kinds, return_counts=True)
    taken, n = [], 0
    for place in np.random.default_rng(0).permutation(len(numbers)):
        if n + size[place] <= most:
            taken.append(numbers[place])
            n += int(size[place])
    if 2 * n >= most:
        return np.flatnonzero(np.isin(kinds, taken))
    length = min(RUN, most)
    starts = np.linspace(0, len(kinds) - length, max(1, most // length)).round().astype(np.int64)
    return np.unique(np.concatenate([np.arange(start, start + length) for start in starts]))
