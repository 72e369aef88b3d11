"""All metrics of Podium pass the contract; one that breaks a rule is told which."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from podium.metrics import METRICS, Metric, metric
from podium.testing import check_metric


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_passes_the_contract(name: str) -> None:
    check_metric(METRICS[name])


def of_first_row(probs: Any, labels: Any, _head: Any) -> float:
    return float(probs[0].max() == probs[0, labels[0]])


ACCURACY = metric("accuracy")
BROKEN: dict[str, tuple[Metric, str]] = {
    "of the first row": (Metric("first", ("single",), "probs", True, of_first_row), "order of the rows"),
    "the wrong way round": (replace(ACCURACY, greater_is_better=False, best=None, worst=None), "greater_is_better"),
    "its best is another": (replace(ACCURACY, best=2.0), "best value"),
    "decisions that are none": (replace(metric("log_loss"), needs="decisions", totals=None), "looks at probabilities"),
    "a quick form that errs": (
        replace(ACCURACY, from_counts=lambda counts: 0.9 * metric("accuracy").from_counts(counts)),  # type: ignore[misc]
        "`from_counts`",
    ),
    "an array": (
        Metric("each", ("single",), "probs", True, lambda probs, labels, head: np.ones(3)),  # type: ignore[arg-type,return-value]
        "not a number",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_named(name: str) -> None:
    broken, reason = BROKEN[name]
    with pytest.raises(AssertionError, match=reason):
        check_metric(broken)
