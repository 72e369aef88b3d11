"""One metric of one target: its score with the interval, the score of chance, and the most that can be reached."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from podium.metrics.bootstrap import Judged, effective_groups
from podium.metrics.chance import chance_score, is_computable, perfect_score
from podium.metrics.definition import Metric
from podium.metrics.interval import Interval, bound_without_width, make_interval

__all__ = ["Measured", "measure"]


class Measured(NamedTuple):
    """See `chance_score` and `perfect_score`."""

    interval: Interval
    chance: float
    perfect: float


def measure(
    item: Metric, judged: Judged, resampled: NDArray[np.float64], *, groups: NDArray[np.int64], level: float
) -> Measured:
    """What a metric says of judged rows.

    Args:
        item: One of the metrics of `judged`.
        judged: The rows.
        resampled: Its values in resamples, shape (B,); none without interval.
        groups: Group number of each row that has a label; these groups were resampled, shape (N,).
        level: Confidence level of the interval.
    """
    probs, labels, head = judged.probs, judged.labels, judged.head
    perfect = perfect_score(item, labels, head)
    found = make_interval(
        item.function(probs, labels, head),
        resampled,
        n_groups=len(np.unique(groups)),
        level=level,
        limits=item.limits_for(head),
        n_effective=effective_groups(groups),
    )
    most = perfect if is_computable(item, perfect) else math.nan
    interval = bound_without_width(found, perfect=most, worst=item.worst_for(head))
    return Measured(interval, chance_score(item, labels, head), perfect)
