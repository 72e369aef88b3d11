"""Inner folds of a training part: what a head's kind and strength are chosen by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import SplitError
from podium.splits import make_folds
from podium.tables import Head, Samples, Task

__all__ = ["MOST_ROWS", "deal_inner_parts"]

MANY = 1000
"""Up to so many samples five inner folds cost little; beyond, three do."""
MOST_ROWS = 6000
"""Samples that take part at most: a choice among three kinds and a strength needs no more."""
MOST_WORK = 1.5e9
"""Samples times features times classes that take part at most: some seconds of logistic regression."""
FEWEST_ROWS = 2000


def deal_inner_parts(
    head: Head,
    ids: NDArray[np.object_],
    groups: NDArray[np.object_],
    labels: NDArray[np.integer[Any]],
    n_features: int,
    *,
    seed: int,
) -> NDArray[np.int64] | None:
    """Inner fold of every sample, shape (n,); -1 for those that take no part; None where there are too few.

    Groups stay whole, and the folds are as stratified as they allow. The same whatever the order of the samples.

    Args:
        head: What is learnt.
        ids: Ids of the samples, shape (n,).
        groups: Their groups, shape (n,).
        labels: Their labels, shape (n,), or (n, C) for several labels.
        n_features: D.
        seed: Of the draw.
    """
    most = int(np.clip(MOST_WORK / (n_features * head.n_classes), FEWEST_ROWS, MOST_ROWS))
    taken = _draw(ids, labels, most, seed)
    samples = Samples(Path(), ids[taken], ids[taken], Task((head,)), {head.name: labels[taken]}, group=groups[taken])
    for n_parts in (5 if len(taken) <= MANY else 3, 2):
        try:
            folds = make_folds(samples, folds=n_parts, split_seed=seed % 2**32)
        except SplitError:  # fewer groups than folds
            continue
        part = np.full(len(ids), -1, dtype=np.int64)
        part[taken] = folds.fold
        return part
    return None


def _draw(ids: NDArray[np.object_], labels: NDArray[np.integer[Any]], most: int, seed: int) -> NDArray[np.int64]:
    """Rows of at most about `most` samples, the same share of every class, at least five of each; by id."""
    order = np.argsort(ids.astype(str), kind="stable")
    if len(ids) <= most:
        return np.asarray(np.sort(order), dtype=np.int64)
    shuffled = np.random.default_rng([seed % 2**32, 2]).permutation(order)
    if labels.ndim == 2:
        return np.asarray(np.sort(shuffled[:most]), dtype=np.int64)
    kept = []
    for number in np.unique(labels):
        own = shuffled[labels[shuffled] == number]
        kept.append(own[: max(5, round(len(own) * most / len(ids)))])
    return np.asarray(np.sort(np.concatenate(kept)), dtype=np.int64)
