"""Is one run better than another, or can these samples not tell?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.errors import UsageError
from podium.listing import count_of
from podium.metrics.bootstrap import Judged, effective_groups, number_groups, resample
from podium.metrics.definition import Metric
from podium.metrics.interval import Interval, make_interval
from podium.metrics.registry import metric as find_metric
from podium.metrics.registry import score
from podium.metrics.simultaneous import simultaneous_level
from podium.tables import Head

__all__ = ["PairedDifference", "Verdict", "paired_difference", "paired_differences", "verdict_of"]

Verdict = Literal["helps", "hurts", "cannot tell"]


@dataclass(frozen=True)
class PairedDifference:
    """What changing from run a to run b does.

    Args:
        metric: Name of the metric.
        difference: Score of b minus score of a, with its interval.
        verdict: "helps" if b is better beyond the interval, "hurts" if it is worse, else "cannot tell"; always that
            with so few groups (5 at 95 %) that all may favour one run by chance.
    """

    metric: str
    difference: Interval
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """The difference as JSON-ready data."""
        return {"metric": self.metric, "difference": self.difference.to_dict(), "verdict": self.verdict}


def paired_difference(
    probs_a: NDArray[np.floating[Any]],
    probs_b: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    groups: Sequence[str] | NDArray[np.object_],
    metric: str | Metric,
    head: Head,
    *,
    n_resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> PairedDifference:
    """The difference b minus a on the same samples, both judged on the same resamples of groups.

    Two runs stumble over the same hard images, so the difference varies far less than either score: two intervals
    that overlap may still hide a clear difference.

    Args:
        probs_a: Probabilities of the run to compare with, shape (N, C).
        probs_b: Probabilities of the changed run, rows in the same order, shape (N, C).
        labels: Labels of these rows; -1 is missing.
        groups: Group of every row, shape (N,); see `Samples.group_keys`.
        metric: Name of the metric, or a metric of your own.
        head: The target.
        n_resamples: Resamples of groups.
        seed: Seed of the resamples.
        level: Confidence level of the interval.

    Raises:
        UsageError: If the metric does not fit the head or the shapes disagree.
    """
    found = paired_differences(
        probs_a, [probs_b], labels, groups, metric, head, n_resamples=n_resamples, seed=seed, level=level
    )
    return found[0]


def paired_differences(
    probs_a: NDArray[np.floating[Any]],
    others: Sequence[NDArray[np.floating[Any]]],
    labels: NDArray[np.integer[Any]],
    groups: Sequence[str] | NDArray[np.object_],
    metric: str | Metric,
    head: Head,
    *,
    n_resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> list[PairedDifference]:
    """As `paired_difference`, of several runs minus the same one; all intervals hold together at the level."""
    chosen = metric if isinstance(metric, Metric) else find_metric(metric)
    value = score(chosen, probs_a, labels, head)
    differences = [score(chosen, probs, labels, head) - value for probs in others]
    if len(groups) != len(labels):
        raise UsageError(
            f"{count_of(len(groups), 'group is', 'groups are')} given for {count_of(len(labels), 'label')}."
        )
    # A group without any label says nothing of either run, and must not count as one that was asked.
    is_known = (labels >= 0).any(axis=1) if head.is_multi else labels >= 0
    numbers, n_groups = number_groups(np.asarray(groups, dtype=object)[is_known])
    targets = [Judged(head, probs[is_known], labels[is_known], (chosen,)) for probs in (probs_a, *others)]
    values = np.empty((0, len(others)))
    if n_resamples and n_groups:
        drawn = resample(targets, numbers, n_groups, n_resamples=n_resamples, seed=seed)
        values = np.stack([item.values[chosen.name] - drawn[0].values[chosen.name] for item in drawn[1:]], axis=1)
    bound = partial(
        make_interval,
        n_groups=n_groups,
        level=simultaneous_level(values, level),
        shifts=False,
        n_effective=effective_groups(numbers),
    )
    intervals = [bound(difference, values[:, place]) for place, difference in enumerate(differences)]
    return [
        PairedDifference(chosen.name, interval, verdict_of(interval, greater_is_better=chosen.greater_is_better))
        for interval in intervals
    ]


def verdict_of(difference: Interval, *, greater_is_better: bool) -> Verdict:
    """What an interval of a difference says: "helps" or "hurts" beyond it, else "cannot tell"."""
    # Where all groups agree by chance alone more often than the level allows, resamples cannot contradict them.
    if 2.0 ** (1 - difference.n_groups) > 1 - difference.level:
        return "cannot tell"
    if difference.low > 0:
        return "helps" if greater_is_better else "hurts"
    if difference.high < 0:
        return "hurts" if greater_is_better else "helps"
    return "cannot tell"
