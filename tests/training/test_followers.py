from __future__ import annotations

from pathlib import Path

import pytest

import podium
from podium import durable
from podium.callbacks import Callbacks, EpochInfo, TrainingInfo
from podium.engine import EpochJudgement, EpochRecord, TrainState
from podium.training.followers import Clock, Follower, Journalist, open_times, write_journal

RECORD = EpochRecord(0, 3, 0.1, 1.5, {"kind": 0.5}, EpochJudgement(0.75, 0.25, {"kind": 0.875}))


def test_a_journal_goes_on_from_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journalist(write_journal(path, TrainState())).on_epoch(RECORD)
    Journalist(write_journal(path, TrainState(history=[RECORD]))).on_epoch(RECORD)
    assert durable.Journal(path).read() == [RECORD.to_dict()] * 2


def test_the_clock_counts_from_epoch_to_epoch_and_starts_anew_where_its_file_is_torn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, now = tmp_path / "seconds.jsonl", iter((10.0, 12.5, 13.0))
    monkeypatch.setattr("podium.training.followers.monotonic", lambda: next(now))
    clock = Clock(open_times(path), _last=next(now))
    for _ in range(2):
        clock.on_epoch(RECORD)
    assert [item["seconds"] for item in durable.Journal(path).read()] == [2.5, 0.5]
    path.write_bytes(b"torn" + path.read_bytes())
    assert open_times(path).read() == []


def test_a_callback_is_told_all_that_was_found(tmp_path: Path) -> None:
    told: list[EpochInfo] = []

    class Listener(podium.Callback):
        def on_epoch(self, training: TrainingInfo, epoch: EpochInfo) -> None:
            told.append(epoch)

    clock = Clock(open_times(tmp_path / "seconds.jsonl"), seconds=2.5)
    Follower(Callbacks([Listener()]), TrainingInfo(0, "all", 1, 3), clock).on_epoch(RECORD)
    (epoch,) = told
    assert (epoch.train_loss, epoch.valid_loss, epoch.plain_train_loss) == (1.5, 0.75, 0.25)
    assert (dict(epoch.scores), dict(epoch.train_scores), epoch.seconds) == ({"kind": 0.5}, {"kind": 0.875}, 2.5)
