"""Counts that every decision metric is made of: how often each class is, is predicted, and is predicted rightly.

The classes are those of the task. A class that does not occur still counts, as scikit-learn does it with
`labels=range(C)`; skipping it would make a score look better the fewer classes a valid set holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head

__all__ = ["ClassCounts", "confusion_counts", "count_classes", "count_events"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """Per class: how often it is true, predicted, and both. Leading axes are resamples, if any.

    Args:
        hits: Predicted and true, shape (..., C).
        actual: True, shape (..., C).
        predicted: Predicted, shape (..., C).
        n: Labels counted: samples, or for a multi-label head samples x classes; shape (...).
    """

    hits: FloatArray
    actual: FloatArray
    predicted: FloatArray
    n: FloatArray

    @classmethod
    def from_columns(cls, columns: FloatArray) -> ClassCounts:
        """Counts from columns laid side by side: hits, actual, predicted, n; shape (..., 3 C + 1)."""
        n_classes = (columns.shape[-1] - 1) // 3
        hits, actual, predicted = (columns[..., i * n_classes : (i + 1) * n_classes] for i in range(3))
        return cls(hits, actual, predicted, columns[..., -1])


class CountEvents(NamedTuple):
    """What each row adds to the columns of `ClassCounts.from_columns`; three arrays of one length."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    amounts: FloatArray


def confusion_counts(decisions: NDArray[np.integer[Any]], labels: NDArray[np.integer[Any]], head: Head) -> NDArray[Any]:
    """How often each true class (row) was decided as each class (column). Missing labels (-1) do not count.

    Args:
        decisions: Class indices, shape (N,); for a multi-label head 0 or 1, shape (N, C).
        labels: As decisions; -1 is missing.
        head: Fixes the classes.

    Returns:
        int64 (C, C); for a multi-label head (C, 2, 2), each [[tn, fp], [fn, tp]] as scikit-learn lays it out.
    """
    labels = np.asarray(labels, dtype=np.int64)
    is_known = labels >= 0
    if head.is_multi:
        offset = 4 * np.arange(head.n_classes)
        cells = (2 * labels + decisions + offset)[is_known]
        return np.bincount(cells, minlength=4 * head.n_classes).reshape(-1, 2, 2)
    cells = labels[is_known] * head.n_classes + decisions[is_known]
    return np.bincount(cells, minlength=head.n_classes**2).reshape(head.n_classes, head.n_classes)


def count_events(decisions: NDArray[np.integer[Any]], labels: NDArray[np.integer[Any]], head: Head) -> CountEvents:
    """What each row adds to the class counts, so that they can be summed by group. Arguments as above.

    Summed as sparse events, the counts of a thousand classes need no (C, C) table a group.
    """
    labels = np.asarray(labels, dtype=np.int64)
    decisions = np.asarray(decisions, dtype=np.int64)
    is_known = labels >= 0
    n_classes = head.n_classes
    if head.is_multi:
        is_true, is_decided = labels == 1, (decisions == 1) & is_known
        parts = [table.nonzero() for table in (is_true & is_decided, is_true, is_decided)]
        known_rows, known_amounts = np.arange(len(labels)), is_known.sum(axis=1).astype(np.float64)
    else:
        known_rows = np.flatnonzero(is_known)
        true, decided = labels[known_rows], decisions[known_rows]
        is_hit = true == decided
        parts = [(known_rows[is_hit], true[is_hit]), (known_rows, true), (known_rows, decided)]
        known_amounts = np.ones(len(known_rows))
    rows = np.concatenate([*(part[0] for part in parts), known_rows])
    columns = [part[1] + place * n_classes for place, part in enumerate(parts)]
    columns.append(np.full(len(known_rows), 3 * n_classes))
    amounts = np.concatenate([np.ones(len(rows) - len(known_rows)), known_amounts])
    return CountEvents(rows, np.concatenate(columns).astype(np.int64), amounts)


def count_classes(decisions: NDArray[np.integer[Any]], labels: NDArray[np.integer[Any]], head: Head) -> ClassCounts:
    """The class counts of all rows. Arguments as in `confusion_counts`.

    Example:
        >>> head = Head("animal", "single", ("cat", "dog", "owl"))
        >>> counts = count_classes(np.array([0, 1, 1, 0]), np.array([0, 1, 0, -1]), head)
        >>> counts.hits.tolist(), counts.actual.tolist(), counts.predicted.tolist(), int(counts.n)
        ([1.0, 1.0, 0.0], [2.0, 1.0, 0.0], [1.0, 2.0, 0.0], 3)
    """
    events = count_events(decisions, labels, head)
    sums = np.bincount(events.columns, weights=events.amounts, minlength=3 * head.n_classes + 1)
    return ClassCounts.from_columns(sums.astype(np.float64))
