from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from podium.metrics import Scores, score_folds, score_predictions
from podium.tables import MEAN_OF_FOLDS, Head, Predictions, Samples, Task, as_text_array

HEAD = Head("h", "single", ("a", "b", "c"))


def make(n: int = 120, *, n_groups: int = 30) -> tuple[Predictions, Samples]:
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, n)
    probs = random.dirichlet(np.ones(3), n) + 0.3 * np.eye(3)[labels]
    ids = as_text_array([f"i{row}" for row in range(n)])
    group = as_text_array([f"g{row % n_groups}" for row in range(n)])
    task = Task((HEAD,))
    samples = Samples(Path(), ids, ids, task=task, labels={"h": labels}, group=group)
    probs /= probs.sum(axis=1, keepdims=True)
    return Predictions(task, ids, np.arange(n) % n_groups % 3, {"h": probs}), samples


def part(predictions: Predictions, rows: np.ndarray) -> Predictions:
    probs = {name: values[rows] for name, values in predictions.probs.items()}
    return Predictions(predictions.task, predictions.ids[rows], predictions.fold[rows], probs)


def test_a_fold_has_the_score_and_interval_of_its_own_rows() -> None:
    predictions, samples = make()
    found = score_folds(predictions, samples, "f1_macro", n_resamples=200)
    assert [item.fold for item in found] == [0, 1, 2]
    for item in found:
        rows = np.flatnonzero(predictions.fold == item.fold)
        labels, answers = samples.labels["h"][rows], predictions.probs["h"][rows].argmax(axis=1)
        assert item.n == len(rows) == 40
        assert item.interval.value == pytest.approx(f1_score(labels, answers, average="macro"))
        assert item.interval == score_predictions(part(predictions, rows), samples, n_resamples=200).main


def test_the_order_of_the_rows_changes_nothing() -> None:
    predictions, samples = make()
    shuffled = part(predictions, np.random.default_rng(1).permutation(120))
    assert score_folds(shuffled, samples, "accuracy") == score_folds(predictions, samples, "accuracy")


def test_rows_without_a_label_or_a_fold_are_left_out() -> None:
    predictions, samples = make()
    labels = samples.labels["h"].copy()
    labels[predictions.fold == 1] = -1
    fold = np.where(predictions.fold == 2, MEAN_OF_FOLDS, predictions.fold)
    partly = Predictions(predictions.task, predictions.ids, fold, predictions.probs)
    assert [item.fold for item in score_folds(partly, replace(samples, labels={"h": labels}), "accuracy")] == [0]


def test_a_fold_of_one_group_has_no_interval() -> None:
    predictions, samples = make(n_groups=3)
    for item in score_folds(predictions, samples, "accuracy"):
        assert not item.interval.has_bounds
        assert 0 < item.interval.value <= 1


def test_scores_keep_their_folds() -> None:
    predictions, samples = make()
    scores = score_predictions(predictions, samples, n_resamples=20)
    scores = replace(scores, folds=score_folds(predictions, samples, scores.main_metric, n_resamples=20))
    again = Scores.from_dict(scores.to_dict())
    assert again.folds == scores.folds
    assert len(again.folds) == 3
    older = {name: value for name, value in scores.to_dict().items() if name != "folds"}
    assert Scores.from_dict(older).folds == ()
