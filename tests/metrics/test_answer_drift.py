"""Drift is a distance of shares, and luck is what test sets of the same kind have."""

from __future__ import annotations

import numpy as np
import pytest

from podium.metrics import measure_drift

CLASSES = ("a", "b", "c")


def rows(labels: np.ndarray) -> np.ndarray:
    return labels[:, None] == np.arange(3)


def drift_of(counts: list[int], labels: np.ndarray, groups: np.ndarray, *, is_multi: bool = False):
    shown = rows(labels)
    return measure_drift("t", CLASSES, np.array(counts), shown, shown, groups, n_images=sum(counts), is_multi=is_multi)


def test_it_is_the_total_variation_distance() -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    found = drift_of([20, 30, 50], labels, np.arange(100).astype(object))
    assert found.distance == pytest.approx(0.3)
    assert (found.answered, found.out_of_fold, found.labelled) in {(0.2, 0.5, 0.5), (0.5, 0.2, 0.2)}
    assert found.is_beyond_luck
    assert drift_of([50, 30, 20], labels, np.arange(100).astype(object)).distance == 0


@pytest.mark.long
def test_luck_covers_19_in_20_test_sets_of_the_same_groups() -> None:
    rng = np.random.default_rng(0)
    group_class = rng.integers(0, 3, 400)  # all images of a group are of one class
    labels, groups = np.repeat(group_class, 5), np.repeat(np.arange(400), 5).astype(str).astype(object)
    beyond = 0
    for _ in range(60):
        drawn = rng.integers(0, 400, 40)
        counts = np.bincount(np.repeat(group_class[drawn], 5), minlength=3).tolist()
        beyond += drift_of(counts, labels, groups).is_beyond_luck
    assert beyond <= 9  # 3 expected; 10 or more have a chance of 1 in 1,000
