"""The story "CutMix: validation loss down, leaderboard flat".

Mixed and smoothed targets make probabilities less sure, so the loss of the validation images falls while the answers
stay as they are. Both stand beside each other after every epoch, and the score chooses, not the loss.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss

from podium.engine import EpochJudgement, TrainState
from podium.store import read_epochs
from podium.workflows import train
from tiny.contest import make_recipe, make_samples, make_settings


def test_less_sure_answers_have_less_loss_and_the_same_score() -> None:
    labels, answers = np.array([0, 1, 0, 1]), np.array([0, 1, 1, 0])
    sure, less = (np.where(np.arange(2) == answers[:, None], share, 1 - share) for share in (0.99, 0.7))
    assert log_loss(labels, less) < 0.4 * log_loss(labels, sure)
    assert f1_score(labels, less.argmax(axis=1)) == f1_score(labels, sure.argmax(axis=1))


def test_the_score_chooses_the_epoch() -> None:
    state = TrainState()
    for score, loss in ((0.8, 0.9), (0.8, 0.5), (0.79, 0.3)):
        state.finish_epoch({"kind": score}, EpochJudgement(valid_loss=loss))
        state.note_score(score)
    assert state.best_epoch == 0


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_loss_and_score_stand_beside_each_other(shape: str, tmp_path: Path) -> None:
    recipe = make_recipe("model.freeze=none", "mixing=cutmix")
    samples = make_samples(tmp_path / "images", shape)
    run = train(samples, recipe=recipe, folds=2, only_folds=[0], settings=make_settings(tmp_path))
    target = run.scores.main_target
    with run.folder.results_file.open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    epochs = read_epochs(run.folder)
    assert len(table) == len(epochs) == 2
    for row, epoch in zip(table, epochs, strict=True):
        told = [row[name] for name in ("train/loss", "valid/loss", "train/plain_loss", "seconds", "lr", "parameters")]
        assert all(math.isfinite(float(value)) for value in told)
        for name in epoch.scores:
            assert (float(row[f"valid/{name}"]), float(row[f"train/{name}"])) == (
                epoch.scores[name],
                epoch.train_scores[name],
            )
    if target in epochs[-1].scores:
        assert run.scores.folds[0].interval.value == pytest.approx(epochs[-1].scores[target], abs=0.2)
    assert "valid loss over epochs" in run.report().read_text(encoding="utf-8")
