"""A function as a metric: what it judges is read off its signature, and it must pass the contract."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, hamming_loss

from podium.errors import UsageError
from podium.metrics import METRICS
from podium.testing.given_metric import name_metric
from podium.workflows import train
from tiny.contest import make_recipe, make_samples, make_settings


def share_right(y_true: Any, y_pred: Any) -> float:
    return float(accuracy_score(y_true, y_pred))


def mean_gap_error(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Of one class per image; several labels have no class numbers to look up."""
    assert y_true.ndim == 1
    return float(1 - y_score[np.arange(len(y_true)), y_true].mean())


@pytest.mark.slow
def test_kinds_needs_and_direction_are_found() -> None:
    assert name_metric("f1_macro") == "f1_macro"
    assert name_metric(share_right) == "share_right"
    found = METRICS["share_right"]
    assert (found.kinds, found.needs, found.greater_is_better) == (("single", "ordinal", "multi"), "decisions", True)
    assert name_metric(mean_gap_error) == "mean_gap_error"
    found = METRICS["mean_gap_error"]
    assert (found.kinds, found.needs, found.greater_is_better) == (("single", "ordinal"), "probs", False)
    assert name_metric(hamming_loss) == "hamming_loss"
    assert not METRICS["hamming_loss"].greater_is_better
    assert name_metric(share_right) == "share_right"  # again


def backwards(y_true: Any, y_pred: Any) -> float:
    return -float(accuracy_score(y_true, y_pred))


def by_another_name(a: Any, b: Any) -> float:
    return 0.0


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (backwards, "cannot judge any kind"),
        (by_another_name, "expected y_true and y_pred"),
        (lambda y_true, y_pred: 0.0, "function that has a name"),
        (functools.partial(share_right), "function that has a name"),
        (3, "function that has a name"),
    ],
)
def test_what_cannot_judge_is_refused(metric: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        name_metric(metric)


def test_the_name_of_an_own_metric_of_podium_is_refused() -> None:
    def log_loss(y_true: Any, y_pred: Any) -> float:
        return float((np.asarray(y_true) != np.asarray(y_pred)).mean())

    with pytest.raises(UsageError, match="cannot be called 'log_loss'"):
        name_metric(log_loss)


@pytest.mark.long
def test_a_training_is_judged_by_it(tmp_path: Path) -> None:
    run = train(
        make_samples(tmp_path / "images", "single"),
        recipe=make_recipe(),
        metric=share_right,
        folds=2,
        settings=make_settings(tmp_path),
    )
    assert run.scores.main_metric == "share_right"
    assert run.scores.main.value == pytest.approx(run.scores.targets["mask"].metrics["accuracy"].value)
