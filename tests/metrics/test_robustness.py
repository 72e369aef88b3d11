"""E9: changes are paired, per group, and hold together; nothing hurts where nothing was corrupted."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, recall_score

from podium.metrics import metric, paired_difference
from podium.metrics.robustness import judge_robustness
from podium.tables import Head

HEAD = Head("mark", "single", ("a", "b", "c"))
TAGS = Head("tags", "multi", ("x", "y"))


def answers(n: int = 240, *, wrong: float = 0.1, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, labels and groups of four."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    told = np.where(rng.random(n) < wrong, (labels + 1) % 3, labels)
    return np.eye(3)[told] * 0.9 + 0.1 / 3, labels, np.repeat(np.arange(n // 4), 4).astype(str).astype(object)


def spoilt(probs: np.ndarray, share: float, seed: int) -> np.ndarray:
    hit = np.random.default_rng(seed).random(len(probs)) < share
    return np.where(hit[:, None], np.roll(probs, 1, axis=1), probs)


def test_values_are_those_of_scikit_learn_and_the_mean_over_severities() -> None:
    clean, labels, groups = answers()
    corrupted = {"fog": [spoilt(clean, s, 1) for s in (0.1, 0.3, 0.6)], "none": [clean, clean, clean]}
    found = judge_robustness(clean, corrupted, labels, groups, metric("accuracy"), HEAD)
    right = accuracy_score(labels, clean.argmax(axis=1))
    fog = [accuracy_score(labels, probs.argmax(axis=1)) for probs in corrupted["fog"]]
    assert found.clean.value == pytest.approx(right)
    assert [one.value for one in found.curves[0].scores] == pytest.approx(fog)
    assert found.curves[0].change.difference.value == pytest.approx(np.mean(fog) - right)
    assert found.mean.difference.value == pytest.approx((np.mean(fog) - right) / 2)
    assert (found.curves[0].change.verdict, found.curves[1].change.verdict) == ("hurts", "cannot tell")
    assert found.harmful == ("fog",)
    assert (found.n, found.n_groups) == (240, 60)
    recall = np.mean([recall_score(labels, p.argmax(axis=1), average=None) for p in corrupted["fog"]], axis=0)
    for line in found.classes:
        number = HEAD.classes.index(line.name)
        own = recall_score(labels, clean.argmax(axis=1), average=None)[number]
        assert line.clean == pytest.approx(own)
        assert line.worst == "fog"
        assert line.worst_recall == pytest.approx(recall[number])
        assert line.change.difference.value == pytest.approx((recall[number] - own) / 2)
    drops = [line.change.difference.value for line in found.classes]
    assert drops == sorted(drops)


def test_one_corruption_of_one_severity_is_a_paired_difference() -> None:
    clean, labels, groups = answers()
    other = spoilt(clean, 0.2, 2)
    found = judge_robustness(
        clean, {"fog": [other]}, labels, groups, metric("f1_macro"), HEAD, level=0.95, n_resamples=2000
    )
    paired = paired_difference(clean, other, labels, groups, "f1_macro", HEAD, n_resamples=2000)
    assert found.curves[0].change.difference.low == pytest.approx(paired.difference.low)
    assert found.mean.difference.high == pytest.approx(paired.difference.high)


def test_losses_several_labels_and_missing_ones() -> None:
    clean, labels, groups = answers()
    worse = judge_robustness(clean, {"fog": [spoilt(clean, 0.4, 3)]}, labels, groups, metric("log_loss"), HEAD)
    assert worse.curves[0].change.difference.value > 0
    assert worse.harmful == ("fog",)  # a greater loss hurts
    truth = np.stack([labels == 0, labels == 1], axis=1).astype(int)
    truth[:4] = -1
    found = judge_robustness(clean[:, :2], {"fog": [1 - clean[:, :2]]}, truth, groups, metric("roc_auc_macro"), TAGS)
    assert (found.n, found.n_groups) == (236, 59)
    assert {line.name for line in found.classes} == {"x", "y"}
    alone = judge_robustness(clean[:8], {"fog": [clean[:8]]}, labels[:8], groups[:8], metric("accuracy"), HEAD)
    assert alone.mean.verdict == "cannot tell"
