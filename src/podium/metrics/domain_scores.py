"""The main score of every domain, with an interval from the domain's own groups, and which domain is the worst."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from podium.metrics.bootstrap import Judged, number_groups, resample_alone
from podium.metrics.interval import Interval, nan_if_none, none_if_nan
from podium.metrics.measured import measure
from podium.metrics.registry import metric as find_metric
from podium.tables import Predictions, Samples

__all__ = ["DomainScore", "score_domains", "worst_domain"]


@dataclass(frozen=True)
class DomainScore:
    """How well the images of one domain are predicted.

    Args:
        name: The domain.
        n: Images with a label of the main target.
        interval: Main score of the main target.
        chance: What the best answer that is the same for every image scores; nan where there is none.
        perfect: What the labels themselves score: a macro average that counts an absent class as 0 cannot reach 1.
    """

    name: str
    n: int
    interval: Interval
    chance: float = math.nan
    perfect: float = math.nan

    def to_dict(self) -> dict[str, Any]:
        """The domain's score as JSON-ready data."""
        numbers = {"chance": none_if_nan(self.chance), "perfect": none_if_nan(self.perfect)}
        return {"name": self.name, "n": self.n, "interval": self.interval.to_dict(), **numbers}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> DomainScore:
        """The domain's score that `to_dict` wrote."""
        chance, perfect = (nan_if_none(record.get(name)) for name in ("chance", "perfect"))
        return cls(record["name"], record["n"], Interval.from_dict(record["interval"]), chance, perfect)


def score_domains(
    predictions: Predictions,
    samples: Samples,
    metric: str,
    *,
    n_resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[DomainScore, ...]:
    """The score of each domain's images; under leave-one-domain-out, by models that never saw the domain.

    Args:
        predictions: Predictions of these and no other samples.
        samples: Labels, groups and domains of these and maybe other samples.
        metric: A metric that fits the main target.
        n_resamples: Resamples of a domain's groups; 0 gives values without intervals.
        seed: Seed of the resamples.
        level: Confidence level of the intervals.

    Returns:
        One a domain that has images with a label of the main target, by name; none where samples have no domains.
    """
    if samples.domain is None:
        return ()
    head, item = predictions.task.main_target, find_metric(metric)
    rows = samples.rows_of(predictions.ids)
    labels, domain = samples.target_labels(head.name)[rows], samples.domain[rows]
    is_known = (labels >= 0).any(axis=1) if head.is_multi else labels >= 0
    found = []
    for name in sorted(set(domain[is_known].tolist()) - {""}):
        own = np.flatnonzero(is_known & (domain == name))
        own = own[np.argsort(rows[own])]  # so that intervals do not depend on the order of the predictions
        judged = Judged(head, predictions.probs[head.name][own], labels[own], (item,))
        groups, n_groups = number_groups(samples.group_keys[rows[own]])
        values = resample_alone(judged, groups, n_groups, n_resamples=n_resamples, seed=seed)
        interval, chance, perfect = measure(item, judged, values, groups=groups, level=level)
        found.append(DomainScore(name, len(own), interval, chance, perfect))
    return tuple(found)


def worst_domain(domains: Sequence[DomainScore], metric: str) -> DomainScore | None:
    """The domain with the worst score, as a share of what can be reached there; None without domains.

    A domain without images of a class can reach less by a macro average, and is not worse for that.
    """
    known = [domain for domain in domains if not math.isnan(domain.interval.value)]
    if not known:
        return None
    if not find_metric(metric).greater_is_better:
        return max(known, key=lambda domain: domain.interval.value)
    return min(known, key=lambda domain: domain.interval.value / (domain.perfect if domain.perfect > 0 else 1.0))
