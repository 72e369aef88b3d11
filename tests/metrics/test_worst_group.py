"""The worst part is that of the least share of what can be reached, in the whole and in every resample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from podium.metrics import fitting_metrics, metric, score
from podium.metrics.bootstrap import Judged, number_groups, resample
from podium.metrics.chance import perfect_score
from podium.metrics.comparison import Arm, compare_arms
from podium.metrics.worst_group import number_parts, score_parts, score_worst_group, worst_group
from podium.tables import Head, Predictions, Samples, Task, as_text_array

HEADS = {
    "single": Head("kind", "single", ("a", "b", "c")),
    "ordinal": Head("age", "ordinal", ("a", "b", "c")),
    "multi": Head("tags", "multi", ("a", "b", "c")),
}


def draw(head: Head, seed: int = 0, n: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, labels with some missing, and parts with some rows in none."""
    rng = np.random.default_rng(seed)
    probs = rng.uniform(size=(n, 3))
    labels = rng.integers(0, 2, (n, 3)) if head.is_multi else rng.integers(0, 3, n)
    probs = 0.7 * probs + 0.3 * (labels if head.is_multi else np.eye(3)[labels])
    labels[rng.uniform(size=labels.shape) < 0.1] = -1
    return (probs if head.is_multi else probs / probs.sum(axis=1, keepdims=True)), labels, rng.integers(-1, 4, n)


def worst_by_hand(
    name: str, probs: np.ndarray, labels: np.ndarray, parts: np.ndarray, head: Head, rows: np.ndarray
) -> float:
    """Part after part, by the metric itself; what can be reached is that of all rows."""
    item, found = metric(name), []
    for part in range(4):
        own = rows[parts[rows] == part]
        own = own[(labels[own] >= 0).any(axis=1) if head.is_multi else labels[own] >= 0]
        if len(own):
            value, perfect = score(name, probs[own], labels[own], head), 1.0
            if item.greater_is_better:
                perfect = perfect_score(item, labels[parts == part], head)
            if not np.isnan(value):
                found.append((value / (perfect if perfect > 0 else 1.0) if item.greater_is_better else -value, value))
    return min(found)[1]


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, head in HEADS.items() for name in fitting_metrics(head)]
)
def test_it_is_the_metric_of_the_worst_part_in_the_whole_and_in_every_resample(kind: str, name: str) -> None:
    head = HEADS[kind]
    probs, labels, parts = draw(head)
    item = worst_group(metric(name), parts)
    wanted = worst_by_hand(name, probs, labels, parts, head, np.arange(120))
    assert item.function(probs, labels, head) == pytest.approx(wanted)
    groups, n_groups = number_groups([str(row // 3) for row in range(120)])
    (found,) = resample([Judged(head, probs, labels, (item,))], groups, n_groups, n_resamples=8, seed=3)
    drawn = np.random.default_rng(3).integers(0, n_groups, (8, n_groups))
    rows = [np.concatenate([np.flatnonzero(groups == group) for group in one]) for one in drawn]
    by_hand = [worst_by_hand(name, probs, labels, parts, head, own) for own in rows]
    np.testing.assert_allclose(found.values[item.name], by_hand)


def test_a_part_without_a_class_is_not_worst_for_that() -> None:
    head = HEADS["single"]
    labels, parts = np.array([0, 1, 0, 1, 0, 1, 2, 2]), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    probs = np.eye(3)[[0, 1, 0, 1, 0, 1, 2, 0]]
    values, worst = score_parts(metric("f1_macro"), parts, probs, labels, head)
    assert values[0] == pytest.approx(2 / 3)  # all right, and one class does not occur
    assert worst == 1


def test_arms_are_compared_by_their_worst_part() -> None:
    """One arm is better on average, the other where the first is worst."""
    rng, head = np.random.default_rng(0), Head("kind", "single", ("a", "b"))
    labels, sites = rng.integers(0, 2, 1200), np.where(np.arange(1200) < 1000, "large", "small")
    chances = {"plain": {"large": 0.95, "small": 0.55}, "fair": {"large": 0.85, "small": 0.8}}
    arms = []
    for name, share in chances.items():
        is_right = rng.uniform(size=1200) < [share[site] for site in sites]
        arms.append(Arm(name, (np.eye(2)[np.where(is_right, labels, 1 - labels)],)))
    groups = [str(row) for row in range(1200)]
    mean = compare_arms(arms, labels, groups, metric("accuracy"), head)
    worst = compare_arms(arms, labels, groups, metric("accuracy"), head, parts=[*sites[:-5], *[""] * 5])
    assert (mean.arms[0].verdict, worst.arms[0].verdict) == ("hurts", "helps")
    assert (worst.metric, worst.n) == ("worst_group_accuracy", 1195)
    assert worst.worst["plain"] == "small"
    assert worst.to_dict()["worst"] == dict(worst.worst)
    assert "worst" not in mean.to_dict()


def test_the_interval_has_width_where_all_are_right(tmp_path: Path) -> None:
    head = HEADS["single"]
    task, ids = Task((head,)), as_text_array([f"{row:02}" for row in range(30)])
    labels = np.arange(30) % 3
    samples = Samples(tmp_path, ids, ids, task, {"kind": labels})
    predictions = Predictions(task, ids, np.zeros(30, np.int64), {"kind": np.eye(3)[labels]})
    found = score_worst_group(predictions, samples, ["x", "y", ""] * 10, "accuracy")
    assert found.value == found.high == 1
    assert 0.6 < found.low < 0.95
    assert np.isnan(score_worst_group(predictions, samples, [""] * 30, "accuracy").value)
    assert number_parts([])[1] == []
