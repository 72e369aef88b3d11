"""The score of the worst group: a metric of the hospital, site or age that a model serves least."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.bootstrap import Judged, effective_groups, number_groups, resample_alone
from podium.metrics.chance import perfect_score
from podium.metrics.counts import ClassCounts, count_events
from podium.metrics.definition import Metric
from podium.metrics.interval import Interval, bound_without_width, make_interval
from podium.metrics.registry import metric as find_metric
from podium.tables import Head, Predictions, Samples, as_certain_probs, decide

__all__ = ["number_parts", "score_parts", "score_worst_group", "worst_group"]

Probs = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]
FloatArray = NDArray[np.float64]


def worst_group(item: Metric, parts: NDArray[np.int64]) -> Metric:
    """A metric of all rows that is another metric of the part of them in which it is worst.

    The worst part is the one with the least share of what can be reached there: a macro average that counts an absent
    class as 0 cannot reach 1 in a part without images of that class. In a resample another part may be the worst, so an
    interval allows for the choice; a part of which no row was drawn is not asked.

    Args:
        item: The metric.
        parts: The part of every row, shape (N,), from 0; -1 belongs to none. The made metric takes these rows and no
            others.

    Example:
        >>> from podium.metrics import metric
        >>> head = Head("animal", "single", ("cat", "dog"))
        >>> probs = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.6, 0.4]])
        >>> worst = worst_group(metric("accuracy"), np.array([0, 0, 1, 1]))
        >>> worst.function(probs, np.array([0, 1, 0, 1]), head)
        0.5

    Source:
        Sagawa et al. 2020, "Distributionally Robust Neural Networks for Group Shifts" (worst-group accuracy).
        Koh et al. 2021, "WILDS: A Benchmark of in-the-Wild Distribution Shifts".
    """

    def weighted(probs: Probs, labels: Labels, head: Head, weights: FloatArray) -> FloatArray:
        return _worst_of(_values(item, parts, probs, labels, head, weights), item, parts, labels, head)

    def function(probs: Probs, labels: Labels, head: Head) -> float:
        return float(weighted(probs, labels, head, np.ones((1, len(labels))))[0])

    return replace(
        item,
        name=f"worst_group_{item.name}",
        function=function,
        weighted=weighted,
        from_counts=None,
        totals=None,
        from_totals=None,
        constants=None,
    )


def number_parts(words: Sequence[str]) -> tuple[NDArray[np.int64], list[str]]:
    """Parts by their names: the number of every row, shape (N,), -1 for "", and the names in order.

    Example:
        >>> number_parts(["b", "", "a", "b"])
        (array([ 1, -1,  0,  1]), ['a', 'b'])
    """
    names = sorted(set(words) - {""})
    places = {name: place for place, name in enumerate(names)}
    return np.array([places.get(word, -1) for word in words], dtype=np.int64), names


def score_worst_group(
    predictions: Predictions,
    samples: Samples,
    words: Sequence[str],
    metric: str,
    *,
    n_resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """The score of the main target in the worst part, with an interval that allows for the choice of the part.

    A worst part of one group has no interval: how other images of it would fare cannot be told.

    Args:
        predictions: Predictions of these and no other samples.
        samples: Labels and groups.
        words: The part of every sample, "" for none.
        metric: A metric that fits the main target.
        n_resamples: Resamples of groups; 0 gives a value without interval.
        seed: Seed of the resamples.
        level: Confidence level.
    """
    head, rows = predictions.task.main_target, samples.rows_of(predictions.ids)
    labels, parts = samples.target_labels(head.name)[rows], number_parts(words)[0][rows]
    is_known = (labels >= 0).any(axis=1) if head.is_multi else labels >= 0
    own = np.flatnonzero(is_known & (parts >= 0))
    own = own[np.argsort(rows[own])]
    item = worst_group(find_metric(metric), parts[own])
    groups, n_groups = number_groups(samples.group_keys[rows[own]])
    _, worst = score_parts(find_metric(metric), parts[own], predictions.probs[head.name][own], labels[own], head)
    if len(np.unique(groups[parts[own] == worst])) < 2:
        n_resamples = 0  # other parts may be worse in a resample, but nothing says how this one varies
    judged = Judged(head, predictions.probs[head.name][own], labels[own], (item,))
    values = resample_alone(judged, groups, n_groups, n_resamples=n_resamples, seed=seed)
    found = make_interval(
        item.function(judged.probs, judged.labels, head) if len(own) else math.nan,
        values,
        n_groups=n_groups,
        level=level,
        limits=item.limits_for(head),
        n_effective=effective_groups(groups),
    )
    perfect = item.function(as_certain_probs(np.maximum(judged.labels, 0), head), judged.labels, head)
    return bound_without_width(found, perfect=perfect, worst=item.worst_for(head))


def score_parts(
    item: Metric, parts: NDArray[np.int64], probs: Probs, labels: Labels, head: Head
) -> tuple[FloatArray, int]:
    """The score of every part, shape (P,), nan where it has none, and which is the worst; -1 where none has a score."""
    values = _values(item, parts, probs, labels, head, np.ones((1, len(labels))))
    shares = _shares(values, item, parts, labels, head)[:, 0]
    return values[:, 0], -1 if np.isnan(shares).all() else int(np.nanargmin(shares))


def _values(
    item: Metric, parts: NDArray[np.int64], probs: Probs, labels: Labels, head: Head, weights: FloatArray
) -> FloatArray:
    """The metric of each part under each row of weights, shape (P, B); nan where it has no row of weight."""
    found = np.full((int(parts.max(initial=-1)) + 1, len(weights)), np.nan)
    for part, own in _rows(parts, labels):
        drawn = weights[:, own]
        is_there = drawn.any(axis=1)
        found[part, is_there] = _weighted(item, probs[own], labels[own], head, drawn[is_there])
    return found


def _rows(parts: NDArray[np.int64], labels: Labels) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Labelled rows of each part that has some."""
    is_known = (labels >= 0).any(axis=1) if labels.ndim == 2 else labels >= 0
    for part in range(int(parts.max(initial=-1)) + 1):
        own = np.flatnonzero((parts == part) & is_known)
        if len(own):
            yield part, own


def _weighted(item: Metric, probs: Probs, labels: Labels, head: Head, weights: FloatArray) -> FloatArray:
    """The metric for row weights (B, N), shape (B,), by whichever form it has."""
    if item.weighted is not None:
        return item.weighted(probs, labels, head, weights)
    if item.totals is not None and item.from_totals is not None:
        return item.from_totals(weights @ item.totals(probs, labels, head))
    if item.from_counts is not None:
        events = count_events(decide(probs, head), labels, head)
        table = np.zeros((len(labels), 3 * head.n_classes + 1))
        np.add.at(table, (events.rows, events.columns), events.amounts)
        return item.from_counts(ClassCounts.from_columns(weights @ table))
    drawn = (np.repeat(np.arange(len(labels)), row.astype(np.int64)) for row in weights)
    return np.array([item.function(probs[rows], labels[rows], head) for rows in drawn])


def _shares(values: FloatArray, item: Metric, parts: NDArray[np.int64], labels: Labels, head: Head) -> FloatArray:
    """What is least in the worst part: the share of what can be reached there, or the negative loss."""
    if not item.greater_is_better:
        return -values
    reachable = np.ones((len(values), 1))
    for part, own in _rows(parts, labels):
        perfect = perfect_score(item, labels[own], head)
        reachable[part] = perfect if perfect > 0 else 1.0
    return values / reachable


def _worst_of(values: FloatArray, item: Metric, parts: NDArray[np.int64], labels: Labels, head: Head) -> FloatArray:
    shares = _shares(values, item, parts, labels, head)
    if not len(shares):
        return np.full(values.shape[1], np.nan)
    place = np.where(np.isnan(shares), np.inf, shares).argmin(axis=0)
    return np.asarray(values[place, np.arange(values.shape[1])])
