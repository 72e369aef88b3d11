from __future__ import annotations

from podium.callbacks import EpochInfo, TrainingInfo
from podium.crossval.time_left import TimeLeft
from tiny.contest import Notes


def test_the_pace_of_the_epochs_tells_what_is_left() -> None:
    now, left, notes = [0.0], [3], Notes()
    follower = TimeLeft(lambda: left[0], notes, clock=lambda: now[0])
    for fold in range(3):
        training = TrainingInfo(fold, "all", n_epochs=4, n_steps=40)
        follower.on_training_start(training)
        for number in range(4):
            now[0] += 60.0
            follower.on_epoch(training, EpochInfo(number, 10 * number, 0.1, 0.5, {}))
        left[0] -= 1
        follower.on_training_end(training)
    assert notes.notes == [
        "About 11 minutes left, 3 trainings to finish.",
        "About 8 minutes left, 2 trainings to finish.",
        "About 4 minutes left, 1 training to finish.",
    ]


def test_a_resumed_training_goes_by_its_own_epochs() -> None:
    now, notes = [0.0], Notes()
    follower = TimeLeft(lambda: 1, notes, clock=lambda: now[0])
    training = TrainingInfo(0, "all", n_epochs=10, n_steps=100, epochs_done=6)
    follower.on_training_start(training)
    now[0] = 120.0
    follower.on_epoch(training, EpochInfo(6, 70, 0.1, 0.5, {}))
    assert notes.notes == ["About 6 minutes left, 1 training to finish."]


def test_little_time_is_not_told() -> None:
    notes = Notes()
    follower = TimeLeft(lambda: 2, notes, clock=lambda: 0.0)
    training = TrainingInfo(0, "all", n_epochs=10, n_steps=100)
    follower.on_training_start(training)
    follower.on_epoch(training, EpochInfo(0, 10, 0.1, 0.5, {}))
    follower.on_training_end(training)
    assert notes.notes == []
