"""Scores and losses of an epoch against scikit-learn, for each kind of head."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import expit, softmax
from sklearn import metrics

from podium.recipe import build_objective
from podium.tables import Head, Task
from podium.training.judge import Bags, Judge
from tiny.contest import make_recipe

KIND, TAGS = Head("kind", "single", ("a", "b", "c")), Head("tags", "multi", ("x", "y"))
TASK = Task((KIND, TAGS))
RNG = np.random.default_rng(0)
LOGITS = {"kind": RNG.normal(size=(30, 3)).astype(np.float32), "tags": RNG.normal(size=(30, 2)).astype(np.float32)}
LABELS = {"kind": np.arange(30) % 3, "tags": (RNG.random((30, 2)) < 0.5).astype(np.int8)}
CPU = torch.device("cpu")


def judge(*lines: str, labels: dict[str, np.ndarray] = LABELS, targets: dict[str, np.ndarray] | None = None) -> Judge:
    objective = build_objective(make_recipe(*lines).loss, TASK, LABELS, CPU)
    return Judge(TASK, labels, targets or labels, objective, None, CPU)


def test_the_loss_is_the_sum_of_log_losses() -> None:
    kind = metrics.log_loss(LABELS["kind"], softmax(LOGITS["kind"].astype(np.float64), axis=1))
    marks, probs = LABELS["tags"].ravel(), expit(LOGITS["tags"].astype(np.float64)).ravel()
    assert judge().loss(LOGITS) == pytest.approx(kind + metrics.log_loss(marks, probs), rel=1e-5)
    assert judge("loss.head_weights={tags: 3}").loss(LOGITS) == pytest.approx(
        kind + 3 * metrics.log_loss(marks, probs), rel=1e-5
    )


def test_missing_labels_are_left_out_and_shares_are_learnt() -> None:
    labels = LABELS | {"kind": np.where(np.arange(30) < 10, -1, LABELS["kind"]), "tags": np.full((30, 2), -1, np.int8)}
    log_probs = np.log(softmax(LOGITS["kind"].astype(np.float64), axis=1))
    wanted = -log_probs[np.arange(10, 30), LABELS["kind"][10:]].mean()
    assert judge(labels=labels).loss(LOGITS) == pytest.approx(wanted, rel=1e-5)
    shares = RNG.dirichlet(np.ones(3), 30)
    soft = judge(labels=labels, targets={"kind": shares, "tags": labels["tags"]})
    assert soft.loss(LOGITS) == pytest.approx(-(shares * log_probs).sum(axis=1).mean(), rel=1e-5)


def test_the_scores_are_those_of_the_metric() -> None:
    scores = judge().score(LOGITS)
    assert scores["kind"] == pytest.approx(
        metrics.f1_score(LABELS["kind"], LOGITS["kind"].argmax(axis=1), average="macro")
    )
    assert scores["tags"] == pytest.approx(metrics.f1_score(LABELS["tags"], LOGITS["tags"] > 0, average="macro"))


def test_where_several_images_have_one_answer_that_answer_is_scored() -> None:
    """Bags of 3 images: one class each, and every tag that an image of the bag has."""
    numbers = np.arange(30) // 3
    labels = {"kind": LABELS["kind"][numbers], "tags": LABELS["tags"]}
    alone = judge(labels=labels)
    bags = Judge(TASK, labels, labels, alone.objective, None, CPU, Bags(numbers, "max"))
    probs = softmax(LOGITS["kind"].astype(np.float64), axis=1).reshape(10, 3, 3).max(axis=1)
    marks = LABELS["tags"].reshape(10, 3, 2).max(axis=1)
    scores = bags.score(LOGITS)
    assert scores["kind"] == pytest.approx(metrics.f1_score(labels["kind"][::3], probs.argmax(axis=1), average="macro"))
    decided = LOGITS["tags"].reshape(10, 3, 2).max(axis=1) > 0
    assert scores["tags"] == pytest.approx(metrics.f1_score(marks, decided, average="macro"))
    assert bags.loss(LOGITS) == alone.loss(LOGITS), "training minimises the loss of images"
