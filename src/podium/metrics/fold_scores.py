"""The main score of every fold, with an interval from the fold's own groups."""

from __future__ import annotations

import numpy as np

from podium.metrics.bootstrap import Judged, number_groups, resample_alone
from podium.metrics.measured import measure
from podium.metrics.registry import metric as find_metric
from podium.metrics.scores import FoldScore
from podium.tables import Predictions, Samples

__all__ = ["score_folds"]


def score_folds(
    predictions: Predictions,
    samples: Samples,
    metric: str,
    *,
    n_resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[FoldScore, ...]:
    """The score of each fold's model on the images that it has not seen.

    Folds differ by chance too: where their intervals overlap, no fold is known to be better.

    Args:
        predictions: Out-of-fold predictions; rows that are a mean of folds are left out.
        samples: Labels and groups of these and maybe other samples.
        metric: A metric that fits the main target.
        n_resamples: Resamples of a fold's groups; 0 gives values without intervals.
        seed: Seed of the resamples.
        level: Confidence level of the intervals.

    Returns:
        One a fold that has images with a label of the main target, by its number.
    """
    head, item = predictions.task.main_target, find_metric(metric)
    rows = samples.rows_of(predictions.ids)
    labels = samples.target_labels(head.name)[rows]
    is_known = (labels >= 0).any(axis=1) if head.is_multi else labels >= 0
    found = []
    for fold in sorted(set(predictions.fold[is_known & (predictions.fold >= 0)].tolist())):
        own = np.flatnonzero(is_known & (predictions.fold == fold))
        own = own[np.argsort(rows[own])]  # so that intervals do not depend on the order of the predictions
        judged = Judged(head, predictions.probs[head.name][own], labels[own], (item,))
        groups, n_groups = number_groups(samples.group_keys[rows[own]])
        values = resample_alone(judged, groups, n_groups, n_resamples=n_resamples, seed=seed)
        interval, chance, _ = measure(item, judged, values, groups=groups, level=level)
        found.append(FoldScore(fold, len(own), interval, chance))
    return tuple(found)
