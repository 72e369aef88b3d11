"""Scores of decided answers beside scikit-learn on the same answers; probabilities keep their scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score

from podium.decisions import DecisionRules, decided_scores, differing_scores
from podium.metrics import score_predictions
from podium.tables import Composite, Head, Predictions, Samples, Task, as_text_array

RNG = np.random.default_rng(3)
N = 60
IDS = as_text_array([f"{i}.png" for i in range(N)])
TAGS = Head("tags", "multi", ("red", "green", "blue"))


def predictions_of(task: Task, probs: dict[str, np.ndarray]) -> Predictions:
    return Predictions(task, IDS, np.full(N, -1), probs)


def test_several_labels_follow_their_thresholds() -> None:
    task, labels, probs = Task((TAGS,)), RNG.integers(0, 2, (N, 3)).astype(np.int8), RNG.random((N, 3))
    samples = Samples(Path(), IDS, IDS, task=task, labels={"tags": labels})
    predictions, rules = predictions_of(task, {"tags": probs}), DecisionRules.of_task(task, {"red": 0.2, "blue": 0.8})
    plain = score_predictions(predictions, samples)
    scores = decided_scores(predictions, samples, rules, plain)
    answers = (probs >= [0.2, 0.5, 0.8]).astype(int)
    found = scores.targets["tags"]
    assert found.metrics["f1_macro"].value == pytest.approx(f1_score(labels, answers, average="macro"))
    assert found.metrics["average_precision_macro"] == plain.targets["tags"].metrics["average_precision_macro"]
    assert scores.main.value == pytest.approx(average_precision_score(labels, probs))
    assert found.confusion[:, :, 1].sum() == answers.sum()
    assert found.metrics["f1_macro"].low < found.metrics["f1_macro"].value < found.metrics["f1_macro"].high
    (line,) = differing_scores(scores, plain)
    assert f"{found.metrics['f1_macro'].value:.4f} as the run decides" in line or "label_accuracy" in line


def test_nothing_decided_is_nothing_changed() -> None:
    task, labels = Task((TAGS,)), RNG.integers(0, 2, (N, 3)).astype(np.int8)
    samples = Samples(Path(), IDS, IDS, task=task, labels={"tags": labels})
    predictions = predictions_of(task, {"tags": RNG.random((N, 3))})
    plain = score_predictions(predictions, samples)
    assert decided_scores(predictions, samples, DecisionRules(), plain) is plain
    same = decided_scores(predictions, samples, DecisionRules({"tags": (0.5, 0.5, 0.4999999)}), plain)
    assert differing_scores(same, plain) == []


def test_attributes_follow_the_class() -> None:
    mask, age = Head("mask", "single", ("yes", "no")), Head("age", "single", ("young", "old"))
    task = Task((mask, age), Composite.from_heads({"mask": mask.classes, "age": age.classes}))
    probs = {name: RNG.dirichlet(np.ones(n), N) for name, n in (("mask", 2), ("age", 2), ("class", 4))}
    labels = {"mask": RNG.integers(0, 2, N), "age": RNG.integers(0, 2, N)}
    samples = Samples(Path(), IDS, IDS, task=task, labels=labels)
    predictions = predictions_of(task, probs)
    plain = score_predictions(predictions, samples)
    scores = decided_scores(predictions, samples, DecisionRules(composite="class_first"), plain)
    number = probs["class"].argmax(axis=1)  # mask * 2 + age
    for name, answers in (("mask", number // 2), ("age", number % 2)):
        value = scores.targets[name].metrics["f1_macro"].value
        assert value == pytest.approx(f1_score(labels[name], answers, average="macro"))
    assert scores.main == plain.main
    assert [line.split(":")[0] for line in differing_scores(scores, plain)] == ["mask", "age"]
