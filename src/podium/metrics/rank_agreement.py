"""Whether recipes come in the same order by two lists of scores, such as on a proxy and on all images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.bootstrap import Judged, number_groups, resample
from podium.metrics.definition import Metric
from podium.metrics.interval import Interval
from podium.tables import Head

__all__ = ["kendall_tau", "rank_agreement", "resampled_scores"]

_Floats = NDArray[np.float64]


def kendall_tau(a: NDArray[np.floating[Any]], b: NDArray[np.floating[Any]]) -> _Floats:
    """Kendall's tau-b of the last axis, shape (...): 1 in the same order, -1 in the opposite one; nan where all tie.

    Args:
        a: Scores, shape (..., K).
        b: Scores of the same K, shape (..., K).

    Source:
        Kendall 1945, "The Treatment of Ties in Ranking Problems".

    Example:
        >>> kendall_tau(np.array([0.1, 0.2, 0.3]), np.array([0.5, 0.7, 0.6])).round(3)
        np.float64(0.333)
    """
    first, second = np.triu_indices(a.shape[-1], k=1)
    x, y = np.sign(a[..., first] - a[..., second]), np.sign(b[..., first] - b[..., second])
    pairs = np.sqrt((x != 0).sum(axis=-1) * (y != 0).sum(axis=-1))
    tau: _Floats = np.divide((x * y).sum(axis=-1), pairs, out=np.full(pairs.shape, np.nan), where=pairs > 0)
    return tau if tau.ndim else np.float64(tau)  # type: ignore[return-value]


def resampled_scores(
    probs: Sequence[Sequence[NDArray[np.floating[Any]]]],
    labels: NDArray[np.integer[Any]],
    group_keys: NDArray[np.object_],
    metric: Metric,
    head: Head,
    *,
    n_resamples: int = 2000,
    seed: int = 0,
) -> tuple[_Floats, _Floats]:
    """Scores of K recipes on the same images, shape (K,), and in the same resamples of groups, shape (B, K).

    Args:
        probs: Per recipe, the probabilities of each of its seeds, shape (N, C); their scores are averaged.
        labels: Shape (N,) or (N, C).
        group_keys: Shape (N,).
        metric: A metric that fits the head.
        head: The target.
        n_resamples: Resamples wanted.
        seed: Seed of the resamples.
    """
    groups, n_groups = number_groups(group_keys)
    judged = [Judged(head, values, labels, (metric,)) for seeds in probs for values in seeds]
    owner = np.repeat(np.arange(len(probs)), [len(seeds) for seeds in probs])
    values = np.array([metric.function(one.probs, labels, head) for one in judged])
    found = resample(judged, groups, n_groups, n_resamples=n_resamples, seed=seed)
    drawn = np.stack([one.values[metric.name] for one in found], axis=1)  # (B, runs)
    member = (owner == np.arange(len(probs))[:, None]) / np.bincount(owner)[:, None]  # (K, runs)
    return member @ values, drawn @ member.T


def rank_agreement(one: tuple[_Floats, _Floats], other: tuple[_Floats, _Floats], *, level: float = 0.95) -> Interval:
    """Kendall's tau of two lists of scores, with a percentile interval over their resamples.

    Both lists are resampled on their own, as if the images were others on both sides. Resampled scores have the noise
    twice, so the interval reaches further towards 0 than it would have to.

    Args:
        one: What `resampled_scores` gives on one set of images.
        other: The same recipes in the same order on another.
        level: Confidence level.
    """
    tau = float(kendall_tau(one[0], other[0]))
    n = min(len(one[1]), len(other[1]))
    drawn = kendall_tau(one[1][:n], other[1][:n])
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn) or math.isnan(tau):
        return Interval(tau, math.nan, math.nan, 0, 0, level)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(tau, min(float(low), tau), max(float(high), tau), n, n, level)
