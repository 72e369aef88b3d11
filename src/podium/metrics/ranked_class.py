"""The ranking of one class against the rest, as the curves that are drawn from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.ranking import ranked_counts
from podium.tables import Head

__all__ = ["RankedClass", "rank_classes"]


@dataclass(frozen=True, eq=False)
class RankedClass:
    """Counts down a ranking, from the highest probability to the lowest.

    Args:
        positives: Images of the class at or above each step, shape (K,).
        negatives: Other images there, shape (K,).
    """

    positives: NDArray[np.float64]
    negatives: NDArray[np.float64]

    @property
    def n_positives(self) -> int:
        """Images of the class."""
        return int(self.positives[-1]) if len(self.positives) else 0

    @property
    def n_negatives(self) -> int:
        """Other images."""
        return int(self.negatives[-1]) if len(self.negatives) else 0

    @property
    def average_precision(self) -> float:
        """Mean precision at each new positive, as scikit-learn's `average_precision_score`."""
        new = np.diff(self.positives, prepend=0.0)
        return float((new * self._precision).sum() / self.n_positives)

    @property
    def roc_auc(self) -> float:
        """Area under the ROC curve, as scikit-learn's `roc_auc_score`."""
        hits, misses = (np.append(0.0, counts) for counts in (self.positives, self.negatives))
        return float(np.trapezoid(hits, misses) / (self.n_positives * self.n_negatives))

    def precision_at(self, recall: NDArray[np.float64]) -> NDArray[np.float64]:
        """Precision where the ranking first reaches a recall; the steps that average precision sums.

        At a recall of 0 it is the precision at the first positive.

        Args:
            recall: Values in [0, 1], any shape.
        """
        wanted = np.maximum(1, np.ceil(np.asarray(recall) * self.n_positives - 1e-9))
        return np.asarray(self._precision[np.searchsorted(self.positives, wanted)])

    def true_positive_rate_at(self, false_positive_rate: NDArray[np.float64]) -> NDArray[np.float64]:
        """The ROC curve; the upper end where it rises at a false positive rate.

        Args:
            false_positive_rate: Values in [0, 1], any shape.
        """
        hits, misses = (np.append(0.0, counts) for counts in (self.positives, self.negatives))
        wanted = np.asarray(false_positive_rate) * self.n_negatives
        last = np.searchsorted(misses, wanted + 1e-9, side="right") - 1
        following = np.minimum(last + 1, len(misses) - 1)
        gap = np.where(following > last, misses[following] - misses[last], 1.0)
        part = np.clip((wanted - misses[last]) / gap, 0, 1)
        return np.asarray((hits[last] + part * (hits[following] - hits[last])) / self.n_positives)

    @property
    def _precision(self) -> NDArray[np.float64]:
        return self.positives / (self.positives + self.negatives)


def rank_classes(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head
) -> Iterator[RankedClass]:
    """The ranking of every class against the rest.

    Args:
        probs: Shape (N, C).
        labels: Shape (N,), for a multi-label head (N, C); -1 is missing.
        head: Fixes the classes.

    Yields:
        One a class. A class without images has no positives; its areas are not defined.
    """
    for positives, negatives in ranked_counts(probs, labels, head, np.ones((1, len(probs)))):
        yield RankedClass(positives[0], negatives[0])
