"""Chance: what an answer that never looks at the image can score.

It is the score of the best constant answer: one class, one set of labels or one list of probabilities for all images,
whichever this metric likes best on the very labels that are judged. So it is the most that any constant answer can
reach there. One chosen on the training images, as scikit-learn's DummyClassifier does it, scores the same or less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.counts import ClassCounts
from podium.metrics.definition import Metric
from podium.metrics.ratio import divide
from podium.tables import Head, as_certain_probs

__all__ = ["chance_score", "is_computable", "perfect_score"]

Labels = NDArray[np.integer[Any]]
FloatArray = NDArray[np.float64]

_CHUNK_CELLS = 4_000_000
"""Counts held at a time (32 MB); a thousand classes have a million, a count for every class of every answer."""


def chance_score(item: Metric, labels: Labels, head: Head) -> float:
    """The score of the best constant answer on these labels.

    Args:
        item: A metric that fits the head.
        labels: Class indices (N,), or 0 and 1 (N, C) for a multi-label head; -1 (missing) does not count.
        head: Fixes the classes.

    Returns:
        The score; nan where no label is known, where no constant answer has a score, and for metrics of your own
        without `constants`.

    Example:
        >>> from podium.metrics import metric
        >>> head = Head("animal", "single", ("cat", "dog", "owl"))
        >>> chance_score(metric("accuracy"), np.array([0, 1, 0, 2]), head)
        0.5
    """
    is_known = (labels >= 0).any(axis=1) if head.is_multi else labels >= 0
    rows = labels[is_known]
    if not len(rows):
        return float("nan")
    if item.from_counts is not None:
        return _best([item.from_counts(counts) for counts in _constant_counts(rows, head)], item)
    if item.constants is None:
        return float("nan")
    distinct, counts = (rows, np.ones(len(rows))) if head.is_multi else _count_distinct(rows)
    answers = item.constants(distinct, counts, head)
    return _best([np.array([_score_constant(item, answer, distinct, counts, head) for answer in answers])], item)


def perfect_score(item: Metric, labels: Labels, head: Head) -> float:
    """The score of the labels themselves, given with certainty: what no answer can beat on them.

    Args: As in `chance_score`.

    Returns:
        The score; nan where the metric is not defined for these labels, whatever the answers. With a class that does
        not occur it is less than 1 for a macro average that counts such a class as 0.

    Example:
        >>> from podium.metrics import metric
        >>> head = Head("animal", "single", ("cat", "dog", "owl"))
        >>> round(perfect_score(metric("f1_macro"), np.array([0, 1, 0]), head), 4)
        0.6667
    """
    rows = labels if head.is_multi else labels[labels >= 0]
    if not len(rows):
        return float("nan")
    if head.is_multi or (item.from_counts is None and item.totals is None and item.weighted is None):
        return item.function(as_certain_probs(np.maximum(rows, 0), head), rows, head)
    distinct, counts = _count_distinct(rows)
    if item.from_counts is None:
        return _score_rows(item, as_certain_probs(distinct, head), distinct, counts, head)
    actual = np.bincount(rows, minlength=head.n_classes).astype(np.float64)
    return float(item.from_counts(ClassCounts(actual, actual, actual, np.asarray(float(len(rows))))))


def is_computable(item: Metric, perfect: float) -> bool:
    """Whether a metric can tell good answers from bad ones, by its `perfect_score` on the labels.

    It cannot where even the labels themselves have no score, as the ROC AUC of one class, or score no more than 0, as
    the Matthews correlation of one class or the average precision of labels that no image has.
    """
    return math.isfinite(perfect) and not (item.best == 1 and perfect <= 0)


def _best(values: list[FloatArray], item: Metric) -> float:
    found = np.concatenate(values)
    found = found[np.isfinite(found)]
    if not len(found):
        return float("nan")
    return float(found.max() if item.greater_is_better else found.min())


def _constant_counts(labels: Labels, head: Head) -> Iterator[ClassCounts]:
    """Class counts of constant decisions, a leading axis over some of them at a time.

    One class per image: all C classes. Several labels: the k most frequent, for every k. One of these is the best for
    any metric that gains from a label more, the more images have it.
    """
    if head.is_multi:
        actual, n_known = (labels == 1).sum(axis=0), (labels >= 0).sum(axis=0)
        order = np.argsort(-divide(actual, n_known, otherwise=0.0), kind="stable")
        rank = np.empty(head.n_classes, dtype=np.int64)
        rank[order] = np.arange(head.n_classes)
        answers = np.arange(head.n_classes + 1)
    else:
        actual = np.bincount(labels, minlength=head.n_classes)
        n_known = np.full(head.n_classes, len(labels))
        rank, answers = np.arange(head.n_classes), np.arange(head.n_classes)
    n = np.float64(n_known.sum() if head.is_multi else len(labels))
    step = max(1, _CHUNK_CELLS // head.n_classes)
    for start in range(0, len(answers), step):
        some = answers[start : start + step, None]
        is_given = (rank < some if head.is_multi else rank == some).astype(np.float64)
        every = np.broadcast_to(actual.astype(np.float64), is_given.shape)
        yield ClassCounts(is_given * actual, every, is_given * n_known, np.full(len(some), n))


def _count_distinct(labels: Labels) -> tuple[Labels, FloatArray]:
    counts = np.bincount(labels)
    rows = np.flatnonzero(counts)
    return rows, counts[rows].astype(np.float64)


def _score_constant(item: Metric, answer: FloatArray, labels: Labels, counts: FloatArray, head: Head) -> float:
    return _score_rows(item, np.broadcast_to(answer, (len(labels), head.n_classes)), labels, counts, head)


def _score_rows(item: Metric, probs: FloatArray, labels: Labels, counts: FloatArray, head: Head) -> float:
    """The score of rows that occur so often."""
    if item.weighted is not None:
        return float(item.weighted(probs, labels, head, counts[None])[0])
    if item.totals is not None and item.from_totals is not None:
        return float(item.from_totals(counts @ item.totals(probs, labels, head)))
    rows = np.repeat(np.arange(len(labels)), counts.astype(np.int64))
    return item.function(probs[rows], labels[rows], head)
