"""The few training images that are judged after every epoch, as the validation images are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.data import uniforms
from podium.data.order import count_repeats

__all__ = ["choose_train_sample", "train_sample_size"]

LEAST, SHARE = 32, 24
"""At least so many images, and one of so many: a forward pass is a third to a half of a step."""
_STREAM = 70


def train_sample_size(n: int) -> int:
    """How many of n training samples are judged after each epoch, a class without an image of them aside.

    Example:
        >>> [train_sample_size(n) for n in (20, 500, 2400)]
        [20, 32, 100]
    """
    return min(n, max(LEAST, n // SHARE))


def choose_train_sample(keys: NDArray[np.uint64], labels: NDArray[np.integer[Any]], *, seed: int) -> NDArray[np.int64]:
    """Positions of one in 24 training samples, at least 32, in ascending order; a function of seed and ids.

    The classes have their share of it, and each that occurs at least one image: macro F1 counts a class without
    images as 0, so that a sample without it would be judged too badly. With more classes than places it is drawn
    from all alike.

    Args:
        keys: Keys of the training samples, shape (n,).
        labels: Class indices of the main target, shape (n,), or 0 and 1 (n, C), where an image goes by its rarest
            label; -1 = missing, which is drawn where everything else is taken.
        seed: Seed of the training.
    """
    n = len(keys)
    wanted = train_sample_size(n)
    classes = np.asarray(labels if labels.ndim == 1 else _rarest_label(labels), dtype=np.int64)
    order = np.lexsort((uniforms(seed, 0, keys, _STREAM, 1)[:, 0], classes < 0))
    counts = np.bincount(classes[classes >= 0])
    if not counts.any() or np.count_nonzero(counts) > wanted:
        return np.sort(order[:wanted])
    quota = -(-counts * wanted // max(1, counts.sum()))
    rank = count_repeats(classes[order])
    is_taken = (classes[order] >= 0) & (rank < quota[np.maximum(classes[order], 0)])
    return np.sort(order[is_taken])


def _rarest_label(marks: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """For each image the number of its rarest label; one more than the last without any."""
    counts = np.where(marks == 1, (marks == 1).sum(axis=0), len(marks) + 1)
    has_any = (marks == 1).any(axis=1)
    return np.asarray(np.where(has_any, counts.argmin(axis=1), marks.shape[1]), dtype=np.int64)
