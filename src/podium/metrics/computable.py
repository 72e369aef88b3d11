"""Refusing, before anything is trained, a metric that the labels to be judged give no value."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import LabelError
from podium.metrics.chance import is_computable, perfect_score
from podium.metrics.definition import Metric
from podium.metrics.registry import METRICS, fitting_metrics
from podium.tables import Head

__all__ = ["check_metric_computable"]


def check_metric_computable(chosen: Metric, labels: NDArray[np.integer[Any]], head: Head, *, where: str) -> None:
    """Raise unless the metric can tell good answers from bad ones on these labels.

    Args:
        chosen: A metric that fits the head.
        labels: The labels that it will judge by; -1 is missing.
        head: The target.
        where: Which images these are, for the error, such as "the validation images of fold 0".

    Raises:
        LabelError: If even perfect answers would have no score; lists the metrics that can be computed.
    """
    if is_computable(chosen, perfect_score(chosen, labels, head)):
        return
    names = fitting_metrics(head)
    computable = [name for name in names if is_computable(METRICS[name], perfect_score(METRICS[name], labels, head))]
    fix = "Validate on images of several classes, by other folds or more of them"
    raise LabelError(
        f"metric {chosen.name!r} cannot be computed for {where}: {_describe(labels, head)}.",
        fix=f"{fix}; or choose a metric that can be computed: {', '.join(computable)}." if computable else f"{fix}.",
    )


def _describe(labels: NDArray[np.integer[Any]], head: Head) -> str:
    if not (labels >= 0).any():
        return f"none of them has a label of {head.name!r}"
    if head.is_multi:
        return f"none of the labels of {head.name!r} is on some of them and not on others"
    (name,) = (head.classes[place] for place in np.unique(labels[labels >= 0]))
    return f"all of them are {head.name}={name}"
