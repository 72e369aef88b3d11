"""The ways to make a metric: each form gives the number that the function gives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from podium.metrics import METRICS
from podium.metrics.accuracy import accuracy
from podium.metrics.counts import count_classes
from podium.metrics.definition import (
    ALL_KINDS,
    ONE_CLASS,
    Metric,
    count_metric,
    mean_metric,
    total_metric,
    weighted_metric,
)
from podium.metrics.interval import UNLIMITED
from podium.tables import Head, decide

HEAD = Head("target", "single", ("a", "b", "c"))
PROBS = np.random.default_rng(0).dirichlet(np.ones(3), 20)
LABELS = np.random.default_rng(1).integers(-1, 3, 20)


def ones_and_counts(probs: NDArray[Any], labels: NDArray[Any], head: Head) -> NDArray[np.float64]:
    return np.stack([probs[:, 0] * (labels >= 0), labels >= 0], axis=1)


def test_a_count_metric_is_its_formula_of_the_decisions() -> None:
    made = count_metric("accuracy", ONE_CLASS, accuracy)
    assert made.function(PROBS, LABELS, HEAD) == accuracy(count_classes(decide(PROBS, HEAD), LABELS, HEAD))
    assert made.from_counts is accuracy
    assert (made.needs, made.greater_is_better, made.best) == ("decisions", True, 1.0)


def test_a_mean_metric_divides_its_two_sums_and_is_nan_over_nothing() -> None:
    made = mean_metric("first", ONE_CLASS, "probs", ones_and_counts, greater_is_better=False)
    assert made.function(PROBS, LABELS, HEAD) == pytest.approx(PROBS[LABELS >= 0, 0].mean())
    assert math.isnan(made.function(PROBS, np.full(20, -1), HEAD))
    assert made.from_totals is not None
    np.testing.assert_array_equal(made.from_totals(np.array([[3.0, 2.0], [0.0, 0.0]])), [1.5, np.nan])
    assert made.best == 0.0


def test_a_total_metric_sums_over_the_samples_before_its_formula() -> None:
    made = total_metric("square", ONE_CLASS, "probs", ones_and_counts, lambda t: t[..., 0] ** 2, greater_is_better=True)
    assert made.function(PROBS, LABELS, HEAD) == pytest.approx(PROBS[LABELS >= 0, 0].sum() ** 2)
    assert made.best == 1.0


def test_a_weighted_metric_counts_every_row_once() -> None:
    made = weighted_metric("sum", ALL_KINDS, lambda probs, labels, head, weights: weights @ probs[:, 0])
    assert made.function(PROBS, LABELS, HEAD) == pytest.approx(PROBS[:, 0].sum())
    assert (made.needs, made.greater_is_better) == ("probs", True)


@pytest.mark.parametrize(
    ("best", "greater", "limits"),
    [(1.0, True, (-math.inf, 1.0)), (0.0, False, (0.0, math.inf)), (None, True, UNLIMITED), (None, False, UNLIMITED)],
)
def test_no_bound_goes_beyond_the_best(best: float | None, greater: bool, limits: tuple[float, float]) -> None:
    made = Metric("own", ALL_KINDS, "probs", greater, lambda probs, labels, head: 0.0, best=best)
    assert made.limits_for(HEAD) == limits
    below = Metric(
        "own", ALL_KINDS, "probs", greater, lambda *_: 0.0, best=best, worst=lambda head: 7.0 - head.n_classes
    )
    expected = {1.0: (7.0 - HEAD.n_classes, 1.0), 0.0: (0.0, 7.0 - HEAD.n_classes), None: UNLIMITED}
    assert below.limits_for(HEAD) == expected[best]


def test_it_fits_the_kinds_it_names() -> None:
    made = count_metric("accuracy", ONE_CLASS, accuracy)
    fits = {kind: made.fits(Head("target", kind, ("a", "b", "c"))) for kind in ALL_KINDS}
    assert fits == {"single": True, "ordinal": True, "multi": False}


def test_at_most_one_shared_form_is_given() -> None:
    for item in METRICS.values():
        assert sum(form is not None for form in (item.from_counts, item.totals, item.weighted)) <= 1, item.name
        assert (item.totals is None) == (item.from_totals is None), item.name
