"""Resampling groups: how a score would vary had other people, patients or places been photographed.

Groups are drawn with replacement, whole. Samples of one group resemble each other, so drawing single samples would
make every interval too narrow. Nothing is scored image by image: most metrics are a formula of sums over samples, so
each group is summed once and a resample is a weighted sum of groups.

Source:
    Davison and Hinkley 1997, "Bootstrap Methods and their Application", 3.8 (resampling whole clusters).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.counts import ClassCounts, count_events
from podium.metrics.definition import Metric
from podium.metrics.interval import MIN_GROUPS
from podium.tables import Head, decide

__all__ = [
    "Judged",
    "Resampled",
    "affordable_resamples",
    "effective_groups",
    "number_groups",
    "resample",
    "resample_alone",
]

FloatArray = NDArray[np.float64]

FEWEST_RESAMPLES = 200
"""Large data get fewer resamples, never fewer than this."""
MAX_DRAWS = 50_000_000
"""Groups drawn over all resamples. With more, resamples become fewer: 25,000 groups get all 2,000."""
MAX_WEIGHED_CELLS = 40_000_000
"""Row weights x classes that ranking metrics may walk through."""
CHUNK_CELLS = 500_000
"""Weights held at a time (4 MB): small chunks stay in the CPU's cache, 65 ms against 170 ms for 4,000,000."""
FEWEST_CHUNK_ROWS = 8
"""Resamples held at a time at least, so that very many group sums are not read once for each."""
MAX_DENSE_CELLS = 20_000_000
"""Group sums larger than this (160 MB) are kept sparse."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Probabilities of one target beside its labels, and the metrics to compute.

    Args:
        head: The target.
        probs: Shape (N, C).
        labels: Shape (N,), or (N, C) for a multi-label head; -1 is missing.
        metrics: Metrics that fit the head.
    """

    head: Head
    probs: NDArray[np.floating[Any]]
    labels: NDArray[np.integer[Any]]
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, eq=False)
class Resampled:
    """Values of one target in every resample.

    Args:
        counts: Class counts, leading axis B.
        values: Per metric name, shape (B,); ranking metrics have fewer, from the same first resamples.
    """

    counts: ClassCounts
    values: dict[str, FloatArray]


def number_groups(keys: Sequence[str] | NDArray[np.object_]) -> tuple[NDArray[np.int64], int]:
    """Groups numbered 0 to G-1 in order of appearance: the number of every row, shape (N,), and G.

    Example:
        >>> number_groups(["ann", "bo", "ann"])
        (array([0, 1, 0]), 2)
    """
    numbers: dict[str, int] = {}
    rows = np.fromiter((numbers.setdefault(key, len(numbers)) for key in keys), dtype=np.int64, count=len(keys))
    return rows, len(numbers)


def effective_groups(groups: NDArray[np.int64]) -> float:
    """How many groups of one size say as much as these: (sum n)^2 / sum n^2 of their sizes n; 0 without rows.

    Args:
        groups: Group number of every row, shape (N,), each at least 0.

    Example:
        >>> effective_groups(np.array([0, 1, 2])), effective_groups(np.array([0, 0, 0, 1]))
        (3.0, 1.6)

    Source:
        Kish 1965, "Survey Sampling".
    """
    sizes = np.bincount(groups).astype(np.float64)
    return float(sizes.sum() ** 2 / (sizes**2).sum()) if len(groups) else 0.0


def affordable_resamples(n_resamples: int, cost: int, budget: int) -> int:
    """As many resamples of this cost each as the budget allows, at least FEWEST_RESAMPLES, at most n_resamples."""
    return min(n_resamples, max(FEWEST_RESAMPLES, budget // max(cost, 1)))


def resample(
    targets: Sequence[Judged],
    groups: NDArray[np.int64],
    n_groups: int,
    *,
    n_resamples: int,
    seed: int,
    n_drawn: int | None = None,
) -> list[Resampled]:
    """Values of every target's metrics in the same resamples of groups.

    Args:
        targets: Targets over the same N rows.
        groups: Group number of every row, shape (N,), each in [0, n_groups).
        n_groups: Number of groups G.
        n_resamples: Resamples wanted; large data get fewer, see `affordable_resamples`.
        seed: Same seed and groups, same resamples.
        n_drawn: Groups in a resample; None draws as many as there are.

    Returns:
        One a target. Values of the same place in two targets come from the same resample, so they can be paired.
    """
    n_drawn = n_groups if n_drawn is None else n_drawn
    n_resamples = affordable_resamples(n_resamples, max(n_groups, n_drawn), MAX_DRAWS)
    sums = _GroupSums(targets, groups, n_groups)
    walkers = [_Walker(target, item, n_resamples) for target in targets for item in target.metrics if _must_walk(item)]
    chunks = []
    for weights in _draw_weights(n_groups, n_drawn, n_resamples, seed):
        chunks.append(sums.weighted(weights))
        pending = [walker for walker in walkers if walker.n_left > 0]
        if pending:
            row_weights = weights[: max(walker.n_left for walker in pending), groups]
            for walker in pending:
                walker.walk(row_weights)
    results = sums.split(np.concatenate(chunks))
    for walker in walkers:
        place = next(i for i, target in enumerate(targets) if target is walker.target)
        results[place].values[walker.metric.name] = walker.values
    return results


def resample_alone(
    judged: Judged, groups: NDArray[np.int64], n_groups: int, *, n_resamples: int, seed: int
) -> FloatArray:
    """Values of the only metric of one target, shape (B,); none where no resamples are wanted, or there are fewer than
    two groups to draw from."""
    (item,) = judged.metrics
    if not n_resamples or n_groups < MIN_GROUPS:
        return np.empty(0)
    (found,) = resample([judged], groups, n_groups, n_resamples=n_resamples, seed=seed)
    return found.values[item.name]


def _draw_weights(n_groups: int, n_drawn: int, n_resamples: int, seed: int) -> Iterator[FloatArray]:
    """How often each group is drawn, in chunks (b, G) of `n_resamples` rows in all; every row sums to `n_drawn`."""
    rng = np.random.default_rng(seed)
    n_rows = max(FEWEST_CHUNK_ROWS, CHUNK_CELLS // max(n_groups, n_drawn))
    for start in range(0, n_resamples, n_rows):
        rows = min(n_rows, n_resamples - start)
        draws = rng.integers(0, n_groups, size=(rows, n_drawn), dtype=np.int64)
        draws += np.arange(rows)[:, None] * n_groups
        yield np.bincount(draws.ravel(), minlength=rows * n_groups).reshape(rows, n_groups).astype(np.float64)


def _must_walk(item: Metric) -> bool:
    return item.from_counts is None and item.totals is None


class _GroupSums:
    """Columns of all targets, summed by group: class counts, then the totals of each metric that has them."""

    def __init__(self, targets: Sequence[Judged], groups: NDArray[np.int64], n_groups: int) -> None:
        self._targets = targets
        self._blocks: list[Any] = []
        self._owners: list[tuple[int, Metric | None]] = []
        for place, target in enumerate(targets):
            events = count_events(decide(target.probs, target.head), target.labels, target.head)
            n_columns = 3 * target.head.n_classes + 1
            self._add(
                place, None, _sum_events(groups[events.rows], events.columns, events.amounts, n_groups, n_columns)
            )
            for item in target.metrics:
                if item.totals is not None:
                    totals = item.totals(target.probs, target.labels, target.head)
                    self._add(place, item, _sum_rows(groups, totals, n_groups))

    def _add(self, place: int, item: Metric | None, block: Any) -> None:
        self._blocks.append(block)
        self._owners.append((place, item))

    def weighted(self, weights: FloatArray) -> FloatArray:
        """Sums of all columns in each resample, shape (b, columns)."""
        return np.concatenate([np.asarray((block.T @ weights.T).T) for block in self._blocks], axis=1)

    def split(self, sums: FloatArray) -> list[Resampled]:
        """The resampled values, from the sums of all resamples."""
        results: list[Resampled] = []
        start = 0
        for (place, item), block in zip(self._owners, self._blocks, strict=True):
            columns = sums[:, start : start + block.shape[1]]
            start += block.shape[1]
            if item is None:
                counts = ClassCounts.from_columns(columns)
                metrics = self._targets[place].metrics
                results.append(Resampled(counts, {m.name: m.from_counts(counts) for m in metrics if m.from_counts}))
            elif item.from_totals is not None:
                results[place].values[item.name] = item.from_totals(columns)
        return results


def _sum_events(
    rows: NDArray[np.int64], columns: NDArray[np.int64], amounts: FloatArray, n_rows: int, n_columns: int
) -> Any:
    """The amounts summed into a table (n_rows, n_columns), sparse where it would be large."""
    if n_rows * n_columns <= MAX_DENSE_CELLS:
        flat = np.bincount(rows * n_columns + columns, weights=amounts, minlength=n_rows * n_columns)
        return flat.reshape(n_rows, n_columns)
    from scipy.sparse import coo_array

    return coo_array((amounts, (rows, columns)), shape=(n_rows, n_columns)).tocsr()


def _sum_rows(groups: NDArray[np.int64], totals: FloatArray, n_groups: int) -> FloatArray:
    """Rows of totals (N, K) summed by group, shape (G, K)."""
    return np.stack([np.bincount(groups, weights=column, minlength=n_groups) for column in totals.T], axis=1)


class _Walker:
    """A metric that has to walk through the rows for every resample; it does so for as many as it can afford."""

    def __init__(self, target: Judged, item: Metric, n_resamples: int) -> None:
        self.target = target
        self.metric = item
        cost = len(target.labels) * target.head.n_classes
        self.n_left = affordable_resamples(n_resamples, cost, MAX_WEIGHED_CELLS)
        self._parts: list[FloatArray] = []

    def walk(self, row_weights: FloatArray) -> None:
        """Add the values of the next resamples, given as row weights (b, N)."""
        probs, labels, head = self.target.probs, self.target.labels, self.target.head
        weights = row_weights[: self.n_left]
        self.n_left -= len(weights)
        if self.metric.weighted is not None:
            self._parts.append(self.metric.weighted(probs, labels, head, weights))
            return
        drawn = (np.repeat(np.arange(len(labels)), row.astype(np.int64)) for row in weights)
        self._parts.append(np.array([self.metric.function(probs[rows], labels[rows], head) for rows in drawn]))

    @property
    def values(self) -> FloatArray:
        """The values so far, shape (B,)."""
        return np.concatenate(self._parts)
