"""The position of a training: sums by hand, and a record that comes back exactly."""

from __future__ import annotations

import json
import math

import pytest

from podium.engine.state import EpochJudgement, EpochRecord, TrainState


def test_an_epoch_s_loss_is_the_mean_over_its_samples() -> None:
    state = TrainState()
    state.record_step(loss=1.0, lr=0.1, n_samples=4)
    state.record_step(loss=4.0, lr=0.2, n_samples=2)
    assert (state.step, state.offset, state.lr) == (2, 6, 0.2)
    record = state.finish_epoch({"f1": 0.5})
    assert record == EpochRecord(0, 2, 0.2, pytest.approx(2.0), {"f1": 0.5})  # (1 x 4 + 4 x 2) / 6
    assert (state.epoch, state.offset, state.loss_sum, state.step) == (1, 0, 0.0, 2)


def test_the_best_epoch_is_the_first_of_equal_ones_and_never_nan() -> None:
    state, chosen = TrainState(), []
    for score in (math.nan, 0.5, 0.5, math.nan, 0.4, 0.6, 0.1):
        state.finish_epoch({})
        chosen.append(state.note_score(score))
    assert chosen == [False, True, False, False, False, True, False]
    assert (state.best_epoch, state.best_score, state.epochs_since_best) == (5, 0.6, 1)


def test_a_training_that_has_not_begun_is_at_its_start_and_has_no_best_epoch() -> None:
    state = TrainState()
    assert (state.epoch, state.offset, state.step, state.loss_sum, state.history) == (0, 0, 0, 0.0, [])
    assert state.to_dict()["best_score"] is None
    state.finish_epoch({})
    assert state.note_score(-1e300), "any number is better than none"
    assert state.best_epoch == 0


def test_epochs_since_best_count_from_the_start_where_there_is_none() -> None:
    state = TrainState()
    state.finish_epoch({})
    assert state.epochs_since_best == 1


def test_a_state_survives_json_exactly() -> None:
    state = TrainState(lr=0.1 + 0.2, loss_sum=1 / 3)
    assert TrainState.from_dict(json.loads(json.dumps(state.to_dict(), allow_nan=False))) == state
    state.record_step(loss=1e-17, lr=1e-300, n_samples=3)
    state.finish_epoch({"f1": 2 / 3})
    state.note_score(2 / 3)
    assert TrainState.from_dict(json.loads(json.dumps(state.to_dict(), allow_nan=False))) == state


def test_a_score_that_is_no_number_is_null_in_json() -> None:
    record = EpochRecord(0, 1, 0.1, 0.5, {"a": math.nan, "b": 1.0})
    assert record.to_dict()["scores"] == {"a": None, "b": 1.0}
    back = EpochRecord.from_dict(record.to_dict())
    assert math.isnan(back.scores["a"])
    assert back.scores["b"] == 1.0


def test_what_was_judged_survives_and_earlier_journals_have_less() -> None:
    judged = EpochJudgement(math.nan, 0.5, {"a": math.nan, "b": 1 / 3})
    record = EpochRecord(0, 1, 0.1, 0.5, {"a": 1.0}, judged)
    back = EpochRecord.from_dict(json.loads(json.dumps(record.to_dict(), allow_nan=False))).judged
    assert back.plain_train_loss == 0.5
    assert math.isnan(back.valid_loss or 0.0)
    assert math.isnan(back.train_scores["a"])
    assert back.train_scores["b"] == 1 / 3
    old = {"epoch": 0, "step": 1, "lr": 0.1, "train_loss": 0.5, "scores": {"a": 1.0}}
    assert EpochRecord.from_dict(old) == EpochRecord(0, 1, 0.1, 0.5, {"a": 1.0})
    assert EpochRecord.from_dict(old).to_dict() == old
