"""podium train beside other processes: what it prints when folds are missing, and what `--processes` accepts."""

from __future__ import annotations

from pathlib import Path

from podium import durable
from podium.store import RunFolder, edit_record
from soak.command_line import LEAKS, TINY, ask, ask_well, draw_pets


def test_a_fold_that_another_process_trains_is_named_and_its_end_awaited_by_nobody(tmp_path: Path) -> None:
    draw_pets(tmp_path)
    words = ("--folds", "2", "--name", "mine", "--only-folds", "0", "--quiet")
    ask_well(tmp_path, "train", "pets", *TINY, *words, *LEAKS)
    run = RunFolder(tmp_path / "runs" / "mine")
    with edit_record(run) as record:  # as a process does that was asked for fold 1
        record["folds"] = [0, 1]
    with durable.hold_lock(run.training_folder(1, "all")):
        answer = ask("train", "--resume", "mine", "--only-folds", "0", "--device", "cpu", at=tmp_path)
        assert (answer.code, "fold 1" in answer.out, "podium train --resume mine" in answer.out) == (0, True, True)
        answer = ask("train", "--resume", "mine", "--only-folds", "0", "--device", "cpu", "--json", at=tmp_path)
        assert (answer.record["folds_left"], answer.record["scores"]) == ([1], None)
    answer = ask("train", "--resume", "mine", "--device", "cpu", "--json", at=tmp_path)
    assert answer.record["folds_left"] == []
    assert answer.record["scores"]["targets"]["label"]["n"] == 16


def test_the_number_of_processes_is_checked(tmp_path: Path) -> None:
    draw_pets(tmp_path)
    answer = ask("train", "pets", *TINY, "--processes", "0", at=tmp_path)
    assert answer.code == 2
    assert "--processes: must be at least 1, got 0" in answer.complaint
