"""The score to expect of a submission: a prediction interval for a test set of so many images in so many groups."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.bootstrap import Judged, number_groups, resample
from podium.metrics.chance import chance_score, is_computable, perfect_score
from podium.metrics.definition import Metric
from podium.metrics.interval import MIN_GROUPS, Interval, bound_without_width, make_interval, nan_if_none, none_if_nan
from podium.metrics.training_gain import TrainingGain
from podium.tables import Head

__all__ = ["ExpectedScore", "expect_score", "perfect_test_low"]

DOUBT = 4.0
"""Chosen by how often ranges hold the score of a test set (benchmarks/submission_interval.py, 2026-11-30): 87 to 94 %
of 200 trials for 90 %, in eight rows of five targets; with 2.5 it was 85.5 to 94.5 %."""


@dataclass(frozen=True)
class ExpectedScore:
    """Where the score of a submission will lie, if the test set is of the same kind as the training set.

    A confidence interval is for a score on infinitely many images; this range also has the luck of one test set.

    Args:
        target: The target.
        metric: Name of the metric.
        value: The score to expect: out of fold, plus the gain.
        low: Lower end; nan where there is no range.
        high: Upper end, as `low`.
        level: Share of test sets whose score lies inside, such as 0.95.
        n_images: Images of the test set, or bags where one answer is for several images.
        n_groups: Groups that they are as good as.
        is_assumed: Whether no test set is known, and one as large as the training set was taken.
        gain: What models on all images, or the mean of all folds' models, are better by than one fold's.
        share: Share of the gain that is in the value.
        unit: What an answer is for: image or bag.
    """

    target: str
    metric: str
    value: float
    low: float
    high: float
    level: float
    n_images: int
    n_groups: int
    is_assumed: bool
    gain: TrainingGain
    share: float = 1.0
    unit: str = "image"

    @property
    def has_bounds(self) -> bool:
        """Whether there is a range around the value."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]" if self.has_bounds else f"{self.value:.4f}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; nan is None."""
        numbers = {name: none_if_nan(getattr(self, name)) for name in ("value", "low", "high")}
        return {**asdict(self), **numbers, "gain": self.gain.to_dict()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> ExpectedScore:
        """What `to_dict` wrote."""
        numbers = {name: nan_if_none(record[name]) for name in ("value", "low", "high")}
        return cls(**{**record, **numbers, "gain": TrainingGain.from_dict(record["gain"])})


def expect_score(
    item: Metric,
    head: Head,
    probs: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    group_keys: NDArray[np.object_],
    gain: TrainingGain,
    *,
    share: float = 1.0,
    n_images: int | None = None,
    n_groups: int | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> ExpectedScore:
    """The range of the score on a test set, from out-of-fold predictions.

    The training set and the test set are drawn from the same groups: the difference of their scores is that of two
    bootstrap samples, one with as many groups as there are and one with those of the test set. Two things are added.
    The score moves by the gain. And the estimate is less sure than its bootstrap says, because the same groups trained
    the models: its variance grows by `DOUBT` times the share of chance's error that is left, at most twofold.

    Test groups count as large as those of the training set: where they have fewer images each, there are as many as
    the images make; where they have more, no more than there are. Both are careful.

    Args:
        item: The metric.
        head: The target.
        probs: Out-of-fold probabilities, shape (N, C).
        labels: Their labels, shape (N,), or (N, C) for several labels; -1 is missing.
        group_keys: Their groups, shape (N,).
        gain: What models on all images are better by than the fold models.
        share: Share of it that the submission has, see `share_of_gain`.
        n_images: Images of the test set; None takes as many as there are labels.
        n_groups: Groups of the test set; None takes as many as its images make.
        n_resamples: Resamples of groups.
        seed: Seed of the resamples.
        level: Share of test sets whose score should lie inside.

    Source:
        Davison and Hinkley 1997, "Bootstrap Methods and their Application", 6.3.3 (prediction from two resamples).
        Bates, Hastie and Tibshirani 2024, "Cross-validation: what does it estimate and how well does it do it?".
    """
    is_known = (labels >= 0).any(axis=1) if head.is_multi else labels >= 0
    judged = Judged(head, probs[is_known], labels[is_known], (item,))
    groups, own_groups = number_groups(group_keys[is_known])
    images = len(groups) if n_images is None else n_images
    drawn = count_test_groups(images, n_groups, per_group=len(groups) / max(own_groups, 1))
    least, most = item.limits_for(head)
    gained = share * gain.value if item.greater_is_better else -share * gain.value
    value = min(max(item.function(judged.probs, judged.labels, head) + gained, least), most)
    found = Interval(value, math.nan, math.nan, own_groups, 0, level)
    if n_resamples and own_groups >= MIN_GROUPS:
        away = _draw_differences(judged, groups, own_groups, drawn, n_resamples, seed)
        if gain.spread * share:
            away += np.random.default_rng((seed, 2)).normal(0.0, gain.spread * share, len(away))
        off = make_interval(0.0, away, n_groups=own_groups, level=level, shifts=False)
        low, high = np.clip([value + off.low, value + off.high], least, most).tolist()
        found = _with_width(Interval(value, low, high, own_groups, len(away), level), judged, drawn)
    return ExpectedScore(
        head.name, item.name, value, found.low, found.high, level, images, drawn, n_images is None, gain, share
    )


def _with_width(found: Interval, judged: Judged, n_drawn: int) -> Interval:
    (item,) = judged.metrics
    perfect = perfect_score(item, judged.labels, judged.head)
    most = perfect if is_computable(item, perfect) else math.nan
    share = perfect_test_low(found.n_groups, n_drawn, level=found.level)
    return bound_without_width(found, perfect=most, worst=item.worst_for(judged.head), share=share)


def count_test_groups(n_images: int, n_groups: int | None, *, per_group: float) -> int:
    """Groups of the training set's size that a test set is as good as, at least 1.

    Example:
        >>> count_test_groups(100, None, per_group=10.0), count_test_groups(100, 4, per_group=10.0)
        (10, 4)
    """
    whole = max(1, round(n_images / max(per_group, 1.0)))
    return whole if n_groups is None else max(1, min(whole, n_groups))


def _draw_differences(
    judged: Judged, groups: NDArray[np.int64], n_groups: int, n_drawn: int, n_resamples: int, seed: int
) -> NDArray[np.float64]:
    """How far a test set's score may lie off the score out of fold, shape (B,)."""
    (item,) = judged.metrics
    (known,) = resample([judged], groups, n_groups, n_resamples=n_resamples, seed=seed)
    (test,) = resample([judged], groups, n_groups, n_resamples=n_resamples, seed=seed + 1, n_drawn=n_drawn)
    n = min(len(known.values[item.name]), len(test.values[item.name]))
    estimate = known.values[item.name][:n]
    middle = float(np.nanmean(estimate)) if np.isfinite(estimate).any() else math.nan
    widened = middle + math.sqrt(1 + _doubt(judged)) * (estimate - middle)
    return np.asarray(test.values[item.name][:n] - widened)


def _doubt(judged: Judged) -> float:
    """What the variance of an out-of-fold score has beyond its bootstrap, as a share of that, in [0, 1]."""
    (item,) = judged.metrics
    perfect = perfect_score(item, judged.labels, judged.head)
    chance = chance_score(item, judged.labels, judged.head)
    left = abs(perfect - item.function(judged.probs, judged.labels, judged.head))
    if not abs(perfect - chance) > 0:  # also where chance is not known
        return 1.0
    return min(1.0, DOUBT * left / abs(perfect - chance))


def perfect_test_low(n_groups: int, n_test: int, *, level: float) -> float:
    """Lower end of the share of test groups without a mistake where none of `n_groups` had one.

    The share of groups with a mistake is taken to follow Beta(1, n_groups).

    Example:
        >>> perfect_test_low(30, 30, level=0.95), perfect_test_low(30, 1000, level=0.95)
        (0.8333333333333334, 0.883)

    Source:
        Geisser 1984, "On Prior Distributions for Binary Trials" (the rule of succession for several trials).
    """
    beyond, wrong = 1.0, 0
    while wrong < n_test:
        beyond *= (n_test - wrong) / (n_test - wrong + n_groups)
        if beyond <= (1 - level) / 2:
            break
        wrong += 1
    return 1 - wrong / n_test
