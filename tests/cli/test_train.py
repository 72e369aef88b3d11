"""podium train beside other processes: what it prints when folds are missing, and what `--processes` accepts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from podium import durable
from podium.store import RunFolder, edit_record
from podium.training import autotune
from soak.command_line import LEAKS, TINY, ask, ask_well, draw_pets


@pytest.mark.long
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


@pytest.mark.long
def test_what_a_score_was_computed_with_stands_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_pets(tmp_path)
    monkeypatch.setattr(autotune, "WORTH_AUTOTUNING", 1)
    autos = ("training.precision=auto", "training.layout=auto", "model.freeze=none")
    words = ("--folds", "2", "--name", "mine", "--reproducible", "--quiet")
    answer = ask_well(tmp_path, "train", "pets", *TINY, "--set", *autos, *words, *LEAKS)
    assert "with     fp32, channels_last (fixed)" in answer.out.splitlines()
    run = RunFolder(tmp_path / "runs" / "mine")
    found = durable.read_json(run.scores_file)["computed_with"]
    assert (found["training.precision"], found["training.layout"]) == ("fp32", "channels_last")
    assert (found["choice"], found["threads"]) == ("fixed", run.n_threads)
    assert run.read()["reproducible"] is True
    assert "fp32, channels_last (fixed)" in run.report_file.read_text("utf-8")
    again = ask("train", "--resume", "mine", "--device", "cpu", "--json", at=tmp_path)
    assert again.record["computed_with"] == found


@pytest.mark.slow
def test_the_number_of_processes_is_checked(tmp_path: Path) -> None:
    draw_pets(tmp_path)
    answer = ask("train", "pets", *TINY, "--processes", "0", at=tmp_path)
    assert answer.code == 2
    assert "--processes: must be at least 1, got 0" in answer.complaint


@pytest.mark.long
def test_a_refit_by_command_predicts_by_command(tmp_path: Path) -> None:
    draw_pets(tmp_path)
    ask_well(tmp_path, "train", "pets", *TINY, "--folds", "2", "--name", "mine", "--quiet", *LEAKS)
    answer = ask("predict", "mine", "pets", "--models", "refit", "--device", "cpu", at=tmp_path)
    assert answer.code == 2
    assert "podium refit mine" in answer.complaint
    answer = ask_well(tmp_path, "refit", "mine", "--device", "cpu")
    assert "one model on all 16 images, 1 epoch; its score is not measured" in answer.out
    assert "podium predict mine FOLDER_OF_TEST_IMAGES --models refit" in answer.out
    shutil.move(tmp_path / "runs", tmp_path / "my runs")
    answer = ask_well(tmp_path, "train", "--resume", "mine", "--runs", "my runs", "--quiet", "--device", "cpu")
    assert "podium predict mine FOLDER_OF_TEST_IMAGES --runs 'my runs'" in answer.out
    answer = ask("train", "pets", "--name", "mine", "--runs", "my runs", at=tmp_path)
    assert "podium train --resume mine --runs 'my runs'" in answer.complaint
    shutil.move(tmp_path / "my runs", tmp_path / "runs")
    answer = ask_well(tmp_path, "predict", "mine", "pets", "--models", "refit", "--device", "cpu", "--json")
    assert answer.record["n_images"] == 16
