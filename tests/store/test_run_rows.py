from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import podium
from podium import durable
from podium.errors import PodiumError, UsageError
from podium.store import RunFolder, check_scores, create_run, list_run_rows


def make_run(root: Path, name: str, value: float | None, *, metric: str = "f1_macro") -> RunFolder:
    """A run with a score, or without."""
    run = create_run(root, name, {"folds": [0, 1]})
    durable.write_text(run.recipe_file, "preset: quick\nmodel:\n  name: resnet18\n")
    if value is not None:
        durable.write_bytes(run.oof_file, b"")
        interval = {"value": value, "low": None, "high": None, "n_groups": 1, "n_resamples": 0, "level": 0.95}
        record: dict[str, Any] = {"main_target": "label", "main_metric": metric}
        durable.write_json(run.scores_file, record | {"targets": {"label": {"metrics": {metric: interval}}}})
    return run


def test_the_best_comes_first_and_every_metric_has_its_own_direction(tmp_path: Path) -> None:
    scores = {"a": 0.5, "b": None, "c": 0.9, "d": 0.7}
    for name, value in scores.items():
        make_run(tmp_path, name, value)
    for name, value in {"e": 0.3, "f": 0.2}.items():
        make_run(tmp_path, name, value, metric="log_loss")
    assert [row.name for row in list_run_rows(tmp_path)] == list("abcdef")
    assert [row.name for row in list_run_rows(tmp_path, "score")] == list("cdafeb")
    assert podium.list_runs(tmp_path, sort="score") == list_run_rows(tmp_path, "score")


def test_a_row_says_recipe_time_and_what_is_missing(tmp_path: Path) -> None:
    run = make_run(tmp_path, "a", None)
    for fold, seconds in ((0, [1.0, 2.0]), (1, [4.0])):
        journal = durable.Journal(run.training_folder(fold, "all") / "seconds.jsonl")
        for epoch, value in enumerate(seconds):
            journal.append({"epoch": epoch, "seconds": value})
    durable.write_bytes(run.predictions_file("oof", 1), b"")
    (row,) = list_run_rows(tmp_path)
    assert (row.preset, row.model, row.seconds, row.folds, row.score) == ("quick", "resnet18", 7.0, (0, 1), None)
    assert row.state == "1 of 2 folds trained; `podium.resume('a')` goes on"
    assert row.created == run.read()["created"]


def test_a_damaged_run_is_a_row_too(tmp_path: Path) -> None:
    make_run(tmp_path, "sound", 0.5)
    make_run(tmp_path, "torn", 0.5).scores_file.write_text('{"main_target": "label"}')
    make_run(tmp_path, "broken", 0.5).run_file.write_text("{")
    make_run(tmp_path, "odd", 0.5).recipe_file.write_text("model: [1]\n")
    rows = {row.name: row for row in list_run_rows(tmp_path, "score")}
    assert rows["sound"].state == rows["odd"].state == "finished"
    assert (rows["odd"].preset, rows["odd"].model) == ("", "")
    assert "scores.json: these are not the scores of a run: 'main_metric' is missing" in rows["torn"].state
    assert rows["broken"].state.startswith("cannot be read: ")


def test_scores_that_a_crash_cut_off_are_damaged_and_made_again(tmp_path: Path) -> None:
    run = make_run(tmp_path, "torn", 0.5)
    run.scores_file.write_bytes(run.scores_file.read_bytes()[:20])
    (row,) = list_run_rows(tmp_path)
    assert row.state == "scores.json is damaged; `podium.resume('torn')` scores again"
    with pytest.raises(UsageError, match=r"scores\.json is damaged: it ends too early") as caught:
        check_scores(run)
    assert caught.value.fix == "Score the run again with `podium.resume('torn')`."


def test_an_unknown_order_is_named(tmp_path: Path) -> None:
    with pytest.raises(PodiumError, match="sort: unknown order 'best'"):
        podium.list_runs(tmp_path, sort="best")  # type: ignore[arg-type]
