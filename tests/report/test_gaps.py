"""Sentences about what scores cannot say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics import Scores, score_predictions
from podium.report import summary_lines
from podium.report.gaps import describe_gaps
from podium.tables import Head, Predictions, Samples, Task, as_text_array


def scores_of(
    labels: NDArray[Any], probs: NDArray[Any], head: Head, *, n_resamples: int = 50, metric: str | None = None
) -> Scores:
    task, ids = Task((head,)), as_text_array([f"{row}.png" for row in range(len(labels))])
    samples = Samples(Path(), ids, ids, task, {head.name: labels})
    predictions = Predictions(task, ids, np.zeros(len(labels), dtype=np.int64), {head.name: probs})
    return score_predictions(predictions, samples, metric=metric, n_resamples=n_resamples)


def words_of(scores: Scores) -> dict[str, str]:
    return {gap.name: gap.words for gap in describe_gaps(scores)}


def test_scores_of_all_classes_have_no_gap() -> None:
    labels = np.arange(60) % 3
    probs = np.random.default_rng(0).dirichlet(np.ones(3), 60)
    assert describe_gaps(scores_of(labels, probs, Head("h", "single", ("a", "b", "c")))) == ()


def test_an_absent_class_is_named_with_what_it_costs_and_where_it_is_left_out() -> None:
    labels = np.arange(60) % 2
    words = words_of(scores_of(labels, np.eye(3)[labels], Head("h", "single", ("a", "b", "c"))))
    assert words == {
        "Absent classes": "No evaluated image has the class c. It counts as 0, so the most that any answer can reach is"
        " macro F1 0.667. Balanced accuracy leaves absent classes out."
    }


def test_labels_that_no_image_has_are_named() -> None:
    labels = np.zeros((40, 3), dtype=np.int8)
    labels[::2, 0] = 1
    random = np.random.default_rng(1).random((40, 3))
    words = words_of(scores_of(labels, random, Head("tags", "multi", ("r", "g", "b"))))
    assert words["Absent classes"].startswith("No evaluated image has the labels g, b. They count as 0")
    assert "macro average precision 0.333 and macro F1 0.333." in words["Absent classes"]


def test_one_class_alone_is_told_and_so_is_a_value_without_interval() -> None:
    labels = np.zeros(40, dtype=np.int64)
    probs = np.full((40, 2), 0.2) + 0.6 * np.eye(2)[labels]
    scores = scores_of(labels, probs, Head("h", "single", ("a", "b")), metric="roc_auc_macro")
    words = words_of(scores)
    assert words["Not defined"] == (
        "Macro ROC AUC and Matthews correlation cannot be computed: the evaluated images do not differ in their labels."
    )
    assert words["No interval"].startswith("Log loss has no interval: every resample gives the same value")
    assert set(summary_lines(scores)) >= set(words.values())


def test_no_interval_is_missed_where_none_was_asked_for() -> None:
    labels = np.arange(40) % 2
    scores = scores_of(labels, np.full((40, 2), 0.5), Head("h", "single", ("a", "b")), n_resamples=0)
    assert "No interval" not in words_of(scores)
