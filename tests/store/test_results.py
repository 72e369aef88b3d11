"""results.csv says what the journals say; differences name every leaf."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from podium import durable
from podium.store import (
    SECONDS_NAME,
    RunFolder,
    create_run,
    describe_environment,
    digest_results,
    list_differences,
    read_epochs,
    read_seconds,
    write_results,
)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """Journals of folds 0, 2 and 10 in two parts; the scores of the parts have other names."""
    run = create_run(tmp_path, "mine", {"folds": [0]})
    for fold, part, scores in ((10, "all", ("f1",)), (2, "mask", ("f1",)), (2, "age", ("f1", "qwk")), (0, "all", ())):
        journal = durable.Journal(run.training_folder(fold, part) / "journal.jsonl")
        for epoch in range(2):
            values = dict.fromkeys(scores, 1 / (3 + epoch + fold))
            record = {"epoch": epoch, "step": 4 * epoch, "lr": 0.1 / 3, "train_loss": 1 / 7, "scores": values}
            journal.append(record)
    return run


def test_epochs_come_by_fold_part_and_epoch(run: RunFolder) -> None:
    places = [(row.fold, row.model, row.epoch) for row in read_epochs(run)]
    parts = [(0, "all"), (2, "age"), (2, "mask"), (10, "all")]
    assert places == [(fold, part, epoch) for fold, part in parts for epoch in (0, 1)]


def test_results_hold_the_journals_exactly(run: RunFolder) -> None:
    write_results(run)
    with run.results_file.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    first = ["fold", "model", "epoch", "step", "lr", "train/loss", "valid/f1", "valid/qwk"]
    last = ["valid/loss", "train/plain_loss", "train/f1", "train/qwk", "seconds", "parameters"]
    assert list(rows[0]) == [*first, *last]
    assert {row[name] for row in rows for name in last} == {""}  # journals of an earlier version
    for row, epoch in zip(rows, read_epochs(run), strict=True):
        assert (int(row["fold"]), row["model"], int(row["epoch"])) == (epoch.fold, epoch.model, epoch.epoch)
        assert (int(row["step"]), float(row["lr"]), float(row["train/loss"])) == (epoch.step, epoch.lr, 1 / 7)
        told = {name: float(row[f"valid/{name}"]) for name in ("f1", "qwk") if row[f"valid/{name}"]}
        assert told == epoch.scores


def test_seconds_of_all_starts_are_added(run: RunFolder) -> None:
    times = durable.Journal(run.training_folder(2, "mask") / SECONDS_NAME)
    for epoch, seconds in ((0, 1.5), (1, 2.0), (1, 2.25)):
        times.append({"epoch": epoch, "seconds": seconds})
    assert read_seconds(run) == {(2, "mask"): 5.75}


def test_each_epoch_has_what_the_seeds_compare(tmp_path: Path) -> None:
    run = create_run(tmp_path, "mine", {"folds": [0], "parameters": {"all": 1234, "trained": 34}})
    folder = run.training_folder(1, "all")
    record = {"epoch": 0, "step": 9, "lr": 0.1, "train_loss": 1.5, "scores": {"loss": 0.25, "age": None}}
    judged = {"valid_loss": None, "plain_train_loss": 0.75, "train_scores": {"loss": 0.5, "age": 1 / 3}}
    durable.Journal(folder / "journal.jsonl").append(record | judged)
    for seconds in (1.5, 2.25):  # a killed process trained a part of it
        durable.Journal(folder / SECONDS_NAME).append({"epoch": 0, "seconds": seconds})
    write_results(run)
    with run.results_file.open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert {name: value for name, value in row.items() if name not in ("fold", "model", "epoch", "step", "lr")} == {
        "train/loss": "1.5",
        "valid/score of loss": "0.25",
        "valid/age": "",
        "valid/loss": "",
        "train/plain_loss": "0.75",
        "train/score of loss": "0.5",
        "train/age": repr(1 / 3),
        "seconds": "3.75",
        "parameters": "1234",
    }


def test_the_digest_tells_every_change_but_of_the_seconds(run: RunFolder) -> None:
    write_results(run)
    first = digest_results(run.results_file)
    for fold, seconds in ((0, 5.0), (2, 7.5)):
        part = "all" if fold == 0 else "age"
        durable.Journal(run.training_folder(fold, part) / SECONDS_NAME).append({"epoch": 0, "seconds": seconds})
    write_results(run)
    assert digest_results(run.results_file) == first
    text = run.results_file.read_text()
    for old, new in (("0.14", "0.15"), ("age,1", "age,2"), ("parameters", "parameter")):
        run.results_file.write_text(text.replace(old, new, 1))
        assert digest_results(run.results_file) != first
    run.results_file.write_text("fold,epoch\n0,1\n")  # of an earlier version
    assert digest_results(run.results_file) == durable.sha256_file(run.results_file)


def test_a_part_keeps_its_name_whatever_its_folder_is_called(tmp_path: Path) -> None:
    run = create_run(tmp_path, "mine", {"folds": [0]})
    record = {"epoch": 0, "step": 1, "lr": 0.1, "train_loss": 1.0, "scores": {}}
    for part in ("hair colour", "a/b", "100%"):
        durable.Journal(run.training_folder(0, part) / "journal.jsonl").append(record)
    assert [row.model for row in read_epochs(run)] == ["100%", "a/b", "hair colour"]


def test_a_run_without_epochs_has_an_empty_table(tmp_path: Path) -> None:
    run = create_run(tmp_path, "mine", {"folds": [0]})
    write_results(run)
    assert run.results_file.read_text().startswith("fold,model,epoch,step,lr,train/loss,")


def test_differences_name_every_leaf() -> None:
    old = {"a": 1, "b": {"c": [1, 2], "d": None}, "gone": 0}
    new = {"a": 1, "b": {"c": [1, 3], "d": {"e": 1}}, "new": "x"}
    assert list_differences(old, new) == [
        "b.c: [1, 2] -> [1, 3]",
        "b.d: null -> {e: 1}",
        "gone: 0 -> (absent)",
        "new: (absent) -> x",
    ]
    assert list_differences(old, old) == []


def test_the_environment_names_versions_and_is_json() -> None:
    record = describe_environment()
    assert json.loads(json.dumps(record)) == record
    import numpy as np

    assert record["packages"]["numpy"] == np.__version__
    assert record["n_cores"] >= 1
