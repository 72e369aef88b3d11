"""Cohen's kappa: agreement beyond what the class shares give by chance; with squared distances for ordered classes.

Where chance leaves no disagreement at all (one class everywhere) kappa is not defined: nan, as in scikit-learn.

Source:
    Cohen 1960, "A coefficient of agreement for nominal scales"; Cohen 1968, "Weighted kappa".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.counts import ClassCounts
from podium.metrics.ratio import divide
from podium.tables import Head, decide

__all__ = ["cohen_kappa", "quadratic_kappa_from_totals", "quadratic_kappa_totals"]


def cohen_kappa(counts: ClassCounts) -> NDArray[np.float64]:
    """1 - observed / expected disagreement, shape (...)."""
    observed = counts.n * (counts.n - counts.hits.sum(axis=-1))
    expected = counts.n**2 - (counts.actual * counts.predicted).sum(axis=-1)
    return 1 - divide(observed, expected, otherwise=np.nan)


def quadratic_kappa_totals(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head
) -> NDArray[np.float64]:
    """Per sample the sums that quadratic kappa is made of, shape (N, 6); zeros where the label is missing.

    Columns: 1, squared distance, true step, its square, decided step, its square.
    """
    true, decided = np.asarray(labels, dtype=np.float64), decide(probs, head).astype(np.float64)
    columns = [np.ones(len(true)), (true - decided) ** 2, true, true**2, decided, decided**2]
    return np.stack(columns, axis=1) * (labels >= 0)[:, None]


def quadratic_kappa_from_totals(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 - observed / expected squared distance in class steps, shape (...) from (..., 6).

    The expected distance needs no table: the mean of (i - j)^2 over all pairs is E[i^2] + E[j^2] - 2 E[i] E[j].
    """
    n, distance, true, true_squared, decided, decided_squared = np.moveaxis(totals, -1, 0)
    expected = n * (true_squared + decided_squared) - 2 * true * decided
    return 1 - divide(n * distance, expected, otherwise=np.nan)
